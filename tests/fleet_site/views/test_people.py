"""The people pages: for admins only, and what each form does."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from skills_app.domain.enums import Role
from skills_app.models import AuditEntry, Category, RoleGrant

pytestmark = pytest.mark.django_db
ClientOf = Callable[[str], Client]


@pytest.mark.parametrize("name", ["ada", "ben", "carol", "dan", "eve"])
def test_only_admins_see_or_change_people(client_of: ClientOf, cast: dict[str, User], name: str) -> None:
    client, pk = client_of(name), cast["dan"].pk

    answers = [
        client.get("/people/"),
        client.post("/people/", {"username": "x", "role": "admin"}),
        client.get(f"/people/{pk}/"),
        client.post(f"/people/{pk}/roles/", {"role": "admin"}),
        client.post(f"/people/{pk}/state/", {"change": "deactivate"}),
        client.post(f"/people/{pk}/link/"),
    ]

    assert {answer.status_code for answer in answers} == {403}
    assert "Ask an admin" in answers[0].content.decode()
    assert not User.objects.filter(username="x").exists()
    assert User.objects.get(pk=pk).is_active


def test_an_invitation_shows_its_link_once_and_the_link_works(client_of: ClientOf) -> None:
    Category.objects.create(slug="data", path="data")
    admin = client_of("root")

    response = admin.post(
        "/people/",
        {"username": "finn", "full_name": "Finn", "role": "curator", "branch": "data"},
        follow=True,
    )
    again = admin.get(response.redirect_chain[0][0])

    link = response.context["new_link"]
    assert link in response.content.decode()
    assert link not in again.content.decode()
    finn = Client()
    finn.post(link.removeprefix("http://testserver"))
    assert finn.get("/account/password/").status_code == 200
    assert RoleGrant.objects.get(user__username="finn").category.path == "data"


def test_an_invitation_without_a_name_is_answered_with_422_and_the_field(client_of: ClientOf) -> None:
    response = client_of("root").post("/people/", {"username": "", "role": "reader"})

    assert response.status_code == 422
    assert 'aria-invalid="true"' in response.content.decode()


def test_a_role_is_given_and_taken_back(client_of: ClientOf, cast: dict[str, User]) -> None:
    admin, dan = client_of("root"), cast["dan"]

    admin.post(f"/people/{dan.pk}/roles/", {"role": "launcher", "branch": ""})
    grant = RoleGrant.objects.get(user=dan, role=Role.LAUNCHER)
    page = admin.get(f"/people/{dan.pk}/").content.decode()
    admin.post(f"/people/{dan.pk}/roles/{grant.pk}/revoke/")
    twice = admin.post(f"/people/{dan.pk}/roles/{grant.pk}/revoke/", follow=True)

    assert "granted role: launcher, in the whole library" in page
    assert not RoleGrant.objects.filter(pk=grant.pk).exists()
    assert "had been taken back already" in twice.content.decode()


def test_a_role_that_does_not_exist_is_refused(client_of: ClientOf, cast: dict[str, User]) -> None:
    response = client_of("root").post(f"/people/{cast['dan'].pk}/roles/", {"role": "owner"})

    assert response.status_code == 422


def test_the_last_admin_is_told_why_the_role_stays(client_of: ClientOf, cast: dict[str, User]) -> None:
    grant = RoleGrant.objects.get(user=cast["root"])

    response = client_of("root").post(f"/people/{cast['root'].pk}/roles/{grant.pk}/revoke/", follow=True)

    assert "Make somebody else an admin first" in response.content.decode()
    assert RoleGrant.objects.filter(pk=grant.pk).exists()


def test_a_deactivated_person_is_out_at_once(client_of: ClientOf, cast: dict[str, User]) -> None:
    dan = client_of("dan")
    assert dan.get("/keys/").status_code == 200

    client_of("root").post(f"/people/{cast['dan'].pk}/state/", {"change": "deactivate"})

    assert dan.get("/keys/").status_code == 302
    assert AuditEntry.objects.get(verb="deactivated_person").target_key == "dan"


def test_a_link_for_a_deactivated_person_is_not_made(client_of: ClientOf, cast: dict[str, User]) -> None:
    User.objects.filter(username="dan").update(is_active=False)

    response = client_of("root").post(f"/people/{cast['dan'].pk}/link/", follow=True)

    assert "Activate the account first" in response.content.decode()
    assert response.context["new_link"] == ""


def test_an_admin_cannot_become_a_superuser_by_a_link(client_of: ClientOf) -> None:
    boss = User.objects.create_superuser("boss")

    response = client_of("root").post(f"/people/{boss.pk}/link/", follow=True)

    assert "Only a superuser" in response.content.decode()
    assert response.context["new_link"] == ""


def test_the_list_takes_as_many_queries_for_two_people_as_for_twenty(client_of: ClientOf) -> None:
    admin = client_of("root")
    admin.get("/people/")
    with CaptureQueriesContext(connection) as few:
        admin.get("/people/")
    for number in range(20):
        user = User.objects.create_user(f"person{number}")
        RoleGrant.objects.create(user=user, role=Role.READER)
    with CaptureQueriesContext(connection) as many:
        admin.get("/people/")

    assert len(many) == len(few)
