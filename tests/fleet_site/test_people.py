"""Changes of people: written down, and never without an admin left."""

import pytest
from django.contrib.auth.models import User

from fleet_site.people import (
    LastAdmin,
    PeopleError,
    activate_person,
    admins,
    deactivate_person,
    grant_role,
    invite_person,
    revoke_role,
    revoke_superuser,
)
from skills_app.domain.enums import Role
from skills_app.models import AuditEntry, Category, RoleGrant

pytestmark = pytest.mark.django_db


@pytest.fixture
def root() -> User:
    return User.objects.create_superuser("root")


def entries() -> list[tuple[str, str, str]]:
    return list(AuditEntry.objects.order_by("pk").values_list("actor_name", "verb", "target_key"))


def test_an_invited_person_has_a_role_and_no_password(root: User) -> None:
    branch = Category.objects.create(slug="data", path="data")

    user = invite_person(
        actor=root, username="dan", full_name="Dan de Vries", role=Role.READER, branch=branch
    )

    assert (user.first_name, user.last_name) == ("Dan", "de Vries")
    assert not user.has_usable_password()
    assert list(user.role_grants.values_list("role", "category__path")) == [("reader", "data")]
    assert entries() == [("root", "invited_person", "dan")]


def test_nobody_gets_a_name_that_differs_only_by_capitals(root: User) -> None:
    User.objects.create_user("Dan")

    with pytest.raises(PeopleError, match="Somebody is called dan already"):
        invite_person(actor=root, username="dan", role=Role.READER, branch=None)
    assert User.objects.count() == 2
    assert entries() == []


def test_a_role_is_given_once(root: User) -> None:
    dan = User.objects.create_user("dan")

    assert grant_role(actor=root, user=dan, role=Role.LAUNCHER, branch=None)
    assert not grant_role(actor=root, user=dan, role=Role.LAUNCHER, branch=None)

    assert RoleGrant.objects.count() == 1
    assert entries() == [("root", "granted_role", "dan")]


def test_a_role_that_is_taken_back_is_written_down(root: User) -> None:
    dan = User.objects.create_user("dan")
    grant_role(actor=root, user=dan, role=Role.LAUNCHER, branch=None)

    revoke_role(actor=root, grant=RoleGrant.objects.get())

    assert not RoleGrant.objects.exists()
    entry = AuditEntry.objects.get(verb="revoked_role")
    assert entry.before == {"role": "launcher", "branch": ""}


def test_the_last_admin_stays_whatever_is_tried(root: User) -> None:
    carol = User.objects.create_user("carol")
    RoleGrant.objects.create(user=carol, role=Role.ADMIN)
    revoke_superuser(actor=root, user=root)
    assert list(admins()) == [carol]
    before = entries()

    with pytest.raises(LastAdmin, match="Make somebody else an admin first"):
        revoke_role(actor=carol, grant=carol.role_grants.get())
    with pytest.raises(LastAdmin):
        deactivate_person(actor=root, user=carol)

    carol.refresh_from_db()
    assert carol.is_active
    assert carol.role_grants.count() == 1
    assert entries() == before


def test_the_last_superuser_keeps_the_rights(root: User) -> None:
    with pytest.raises(LastAdmin):
        revoke_superuser(actor=root, user=root)

    root.refresh_from_db()
    assert root.is_superuser


def test_a_deactivated_admin_and_one_of_a_branch_do_not_count(root: User) -> None:
    branch = Category.objects.create(slug="data", path="data")
    ben, carol = User.objects.create_user("ben"), User.objects.create_user("carol", is_active=False)
    RoleGrant.objects.create(user=ben, role=Role.ADMIN, category=branch)
    RoleGrant.objects.create(user=carol, role=Role.ADMIN)

    assert list(admins()) == [root]


def test_nobody_deactivates_themselves(root: User) -> None:
    User.objects.create_superuser("other")

    with pytest.raises(PeopleError, match="cannot deactivate yourself"):
        deactivate_person(actor=root, user=root)


def test_only_a_superuser_changes_a_superuser(root: User) -> None:
    carol = User.objects.create_user("carol")
    RoleGrant.objects.create(user=carol, role=Role.ADMIN)

    for change in (revoke_superuser, deactivate_person):
        with pytest.raises(PeopleError, match="Only a superuser"):
            change(actor=carol, user=root)


def test_a_deactivated_person_can_come_back(root: User) -> None:
    dan = User.objects.create_user("dan")

    deactivate_person(actor=root, user=dan)
    assert not User.objects.get(pk=dan.pk).is_active
    activate_person(actor=root, user=dan)

    assert User.objects.get(pk=dan.pk).is_active
    assert [verb for _, verb, _ in entries()] == ["deactivated_person", "activated_person"]
