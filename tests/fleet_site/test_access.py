"""Who may do what: a table of roles and actions, and the reach of a branch."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from fleet_site.access import (
    ACTIONS,
    allowed_actions,
    branches_where,
    may,
    may_somewhere,
    may_with,
    people_who_may,
    refusal,
    require,
    roles_of,
)
from skills_app.domain.enums import Role
from skills_app.models import Category, RoleGrant

pytestmark = pytest.mark.django_db

TABLE = {
    Role.READER: {"read"},
    Role.LAUNCHER: {
        "read",
        "sync_source",
        "ask_review",
        "comment",
        "launch",
        "answer_prompts",
        "auto_approve",
    },
    Role.REVIEWER: {
        "read",
        "edit_skill",
        "waive",
        "ask_review",
        "comment",
        "decide_review",
        "launch",
        "answer_prompts",
        "auto_approve",
    },
    Role.CURATOR: {
        "read",
        "sync_source",
        "manage_sources",
        "edit_skill",
        "curate",
        "ask_review",
        "comment",
        "promote",
        "take_in_folder",
        "launch",
        "answer_prompts",
        "auto_approve",
    },
    Role.MANAGER: {
        "read",
        "sync_source",
        "manage_sources",
        "edit_gates",
        "judge_samples",
        "waive",
        "comment",
        "steer_review",
        "promote",
        "take_in_folder",
        "override_promotion",
        "launch",
        "answer_prompts",
        "auto_approve",
    },
    Role.ADMIN: set(ACTIONS),
}


def person(role: Role | None = None, branch: str | None = None) -> User:
    user = User.objects.create_user(f"{role}-{branch}")
    if role is not None:
        place = Category.objects.create(slug=branch, path=branch) if branch else None
        RoleGrant.objects.create(user=user, role=role, category=place)
    return user


@pytest.mark.parametrize("role", list(Role))
def test_each_role_may_do_its_own_and_nothing_else(role: Role) -> None:
    assert allowed_actions(person(role)) == TABLE[role]


def test_without_a_role_one_reads() -> None:
    assert allowed_actions(person()) == {"read"}


def test_an_anonymous_or_deactivated_person_may_do_nothing() -> None:
    gone = person(Role.ADMIN)
    gone.is_active = False

    assert allowed_actions(AnonymousUser()) == allowed_actions(gone) == frozenset()


def test_a_superuser_holds_every_role() -> None:
    boss = User.objects.create_superuser("boss")

    assert roles_of(boss) == frozenset(Role)
    assert allowed_actions(boss) == set(ACTIONS)


@pytest.mark.parametrize(
    ("branch", "expected"),
    [
        ("data", True),
        ("data/analysis", True),
        ("data/a/b", True),
        ("database", False),
        ("other/data", False),
        (None, False),
    ],
)
def test_a_role_for_a_branch_reaches_the_branch_and_all_below(branch: str | None, expected: bool) -> None:
    assert may(person(Role.CURATOR, "data"), "edit_skill", branch=branch) is expected


@pytest.mark.parametrize("action", ["manage_users", "manage_sources", "sync_source", "edit_gates"])
def test_an_admin_of_a_branch_has_no_power_over_the_site(action: str) -> None:
    user = person(Role.ADMIN, "data")

    assert not may(user, action)
    assert not may(user, action, branch="data")
    assert not may_somewhere(user, action)


def test_branches_where_one_may_are_those_of_the_roles_that_allow_it() -> None:
    user = person(Role.CURATOR, "data")
    RoleGrant.objects.create(
        user=user, role=Role.READER, category=Category.objects.create(slug="docs", path="docs")
    )

    assert branches_where(user, "take_in_folder") == ("data",)
    assert branches_where(person(Role.CURATOR), "take_in_folder") is None
    assert branches_where(person(), "take_in_folder") == ()


def test_the_door_of_a_view_opens_to_those_who_may_act_in_some_branch() -> None:
    assert may_somewhere(person(Role.REVIEWER, "data"), "edit_skill")
    assert not may_somewhere(person(Role.READER, "docs"), "edit_skill")


def test_a_refusal_names_the_role_and_whom_to_ask(rf: RequestFactory) -> None:
    @require("edit_skill")
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("done")

    request = rf.get("/")
    request.user = person(Role.LAUNCHER)
    with pytest.raises(PermissionDenied, match="the role curator or reviewer. Ask an admin"):
        view(request)
    request.user = person(Role.CURATOR)
    assert view(request).content == b"done"


def test_an_unknown_action_is_a_fault_and_not_a_no() -> None:
    with pytest.raises(KeyError):
        may(person(Role.ADMIN), "fly")


def test_all_questions_of_one_request_take_one_query(
    django_assert_num_queries: Callable[[int], CaptureQueriesContext],
) -> None:
    user = User.objects.get(pk=person(Role.CURATOR, "data").pk)

    with django_assert_num_queries(1):
        allowed_actions(user)
        may(user, "edit_skill", branch="data")
        may_somewhere(user, "waive")


def test_one_may_cancel_and_answer_what_one_asked_for_and_nothing_else_of_it() -> None:
    reader = person(Role.READER)

    assert may_with(reader, "cancel_generation", owner_id=reader.pk)
    assert may_with(reader, "answer_prompts", owner_id=reader.pk)
    assert not may_with(reader, "launch", owner_id=reader.pk)
    assert not may_with(reader, "cancel_generation", owner_id=reader.pk + 1)
    assert not may_with(reader, "answer_prompts", owner_id=None)
    assert not may_with(AnonymousUser(), "answer_prompts", owner_id=None)
    assert may_with(person(Role.LAUNCHER), "cancel_generation", owner_id=reader.pk)


def test_people_who_may_are_active_and_hold_a_role_for_the_whole_library() -> None:
    launcher, boss = person(Role.LAUNCHER), User.objects.create_superuser("boss")
    person(Role.READER)
    person(Role.REVIEWER, "data")
    gone = person(Role.CURATOR)
    gone.is_active = False
    gone.save()

    assert set(people_who_may("answer_prompts")) == {launcher, boss}


def test_a_setting_says_who_may_leave_people_out_and_an_admin_always_may(settings: Any) -> None:
    settings.FLEET_AUTO_APPROVE = frozenset({Role.CURATOR})

    assert [may(person(role), "auto_approve") for role in (Role.LAUNCHER, Role.CURATOR, Role.ADMIN)] == [
        False,
        True,
        True,
    ]
    assert "This needs the role curator." in refusal("auto_approve")
    settings.FLEET_AUTO_APPROVE = frozenset()
    assert "This needs the role admin." in refusal("auto_approve")
