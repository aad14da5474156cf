"""Two people with one change-set in the same moment: the first is done, the second is told by whom, and nothing is lost."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from skills_app.domain.change_sets.operations import Operation, Rename, operations_data, operations_from
from skills_app.domain.change_sets.rows import Kind
from skills_app.domain.errors import ChangeNotOpen, ChangeOvertaken
from skills_app.models import AuditEntry, Category, Notice, PlacementChange
from skills_app.queries.change_preview import preview_operations
from skills_app.services.apply_change import accept_change, apply_change, undo_change
from skills_app.services.draft_change import (
    draft_change,
    drop_change,
    pick_up_draft,
    preview_change,
    propose_change,
)
from skills_app.services.make_skill import make_skill

Act = Callable[[PlacementChange], object]


def person(name: str) -> User:
    return User.objects.get_or_create(username=name)[0]


def rename(slug: str) -> Operation:
    return Rename(Kind.CATEGORY, Category.objects.get(path="a").key, slug)


def apply(change: PlacementChange) -> object:
    return apply_change(change=change, actor=person("ben"), expected_digest=change.digest)


def accept(change: PlacementChange) -> object:
    return accept_change(
        change=change, actor=person("carol"), may_curate=["", "a"], expected_digest=change.digest
    )


def withdraw(change: PlacementChange) -> object:
    return drop_change(change=change, actor=person("ben"))


def decline(change: PlacementChange) -> object:
    return drop_change(change=change, actor=person("dan"), reason="no")


def add_step(change: PlacementChange) -> object:
    operations = [Rename(Kind.CATEGORY, operations_from(change.operations)[0].key, "other")]  # type: ignore[union-attr]
    return draft_change(operations=operations, actor=person("ben"), change=change, title=change.title)


def take_back(change: PlacementChange) -> object:
    return pick_up_draft(change=change, actor=person("ben"))


def undo(change: PlacementChange) -> object:
    return undo_change(change=change, actor=person("carol"))


@pytest.fixture
def draft(db: None) -> PlacementChange:
    make_skill(path="a/x")
    change = draft_change(operations=[rename("b")], actor=person("ben"), title="Shorter")
    preview_change(change=change)
    return change


@pytest.fixture
def proposal(draft: PlacementChange) -> PlacementChange:
    return propose_change(change=draft, actor=person("ben"), may_curate=[])


def said_of(act: Act, change: PlacementChange) -> str:
    """Do it; return nothing, or why not."""
    try:
        act(change)
    except (ChangeNotOpen, ChangeOvertaken) as error:
        return str(error)
    return ""


SECOND: list[tuple[str, Act, Act, str]] = [
    ("draft", apply, apply, "ben applied this change-set ("),
    ("draft", apply, withdraw, "ben applied this change-set ("),
    ("draft", apply, add_step, "ben applied this change-set ("),
    ("proposal", accept, decline, "carol applied this change-set ("),
    ("proposal", accept, take_back, "carol applied this change-set ("),
    ("proposal", accept, accept, "carol applied this change-set ("),
    ("proposal", decline, accept, "dan dropped this change-set ("),
    ("proposal", take_back, accept, "ben keeps this change-set as a draft ("),
    ("proposal", take_back, decline, "ben keeps this change-set as a draft ("),
    ("draft", withdraw, apply, "ben dropped this change-set ("),
    ("draft", withdraw, add_step, "ben dropped this change-set ("),
    ("draft", add_step, take_back, "The steps of this change-set were changed meanwhile."),
]


@pytest.mark.parametrize(("which", "first", "second", "said"), SECOND)
def test_who_comes_second_is_told_whose_step_was_first(
    which: str, first: Act, second: Act, said: str, request: pytest.FixtureRequest
) -> None:
    change = request.getfixturevalue(which)
    seen = PlacementChange.objects.get(pk=change.pk)
    assert not said_of(first, change)
    kept = PlacementChange.objects.filter(pk=change.pk).values().get()
    assert said_of(second, seen).startswith(said)
    assert PlacementChange.objects.filter(pk=change.pk).values().get() == kept


def test_a_change_set_that_was_undone_says_by_whom(draft: PlacementChange) -> None:
    apply(draft)
    undo(draft)
    assert said_of(undo, draft).startswith("carol undid this change-set (")
    assert said_of(propose, draft).endswith("so it cannot be proposed.")


def propose(change: PlacementChange) -> object:
    return propose_change(change=change, actor=person("ben"), may_curate=[])


AT_ONCE: list[tuple[str, Act, Act, str]] = [
    ("draft", apply, withdraw, "cannot be dropped"),
    ("draft", apply, apply, "cannot be applied"),
    ("draft", apply, add_step, "cannot be changed"),
    ("draft", apply, propose, "cannot be proposed"),
    ("proposal", accept, decline, "cannot be dropped"),
    ("proposal", accept, take_back, "cannot be changed"),
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite in memory has one writer; PostgreSQL has many"
)
@pytest.mark.parametrize(("which", "first", "second", "said"), AT_ONCE)
def test_a_step_that_comes_while_another_is_taken_waits_for_it(
    which: str,
    first: Act,
    second: Act,
    said: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_skill(path="z/z")
    oldest = draft_change(operations=[], actor=person("ben"))
    change = request.getfixturevalue(which)
    assert oldest.pk < change.pk  # the lock of all is another row than that of this change-set
    is_under_way, may_go_on = threading.Event(), threading.Event()

    def stop_there(*args: Any, **kwargs: Any) -> Any:
        is_under_way.set()
        assert may_go_on.wait(20)
        return preview_operations(*args, **kwargs)

    monkeypatch.setattr("skills_app.services.apply_change.preview_operations", stop_there)
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(in_a_connection, first, PlacementChange.objects.get(pk=change.pk))
        assert is_under_way.wait(20)
        two = pool.submit(in_a_connection, second, PlacementChange.objects.get(pk=change.pk))
        wait_until_done_or_held_up(two)
        may_go_on.set()
        assert one.result() == ""
        told = two.result()

    assert told.startswith(f"{'carol' if which == 'proposal' else 'ben'} applied this change-set (")
    assert said in told
    row = PlacementChange.objects.get(pk=change.pk)
    assert (row.status, row.operations) == ("applied", change.operations)
    assert Category.objects.filter(path="b").exists()
    assert not AuditEntry.objects.filter(target_key=row.key, verb="dropped_change").exists()
    assert not Notice.objects.filter(title__contains="declined").exists()


def in_a_connection(act: Act, change: PlacementChange) -> str:
    try:
        return said_of(act, change)
    finally:
        connection.close()


def wait_until_done_or_held_up(step: Future[str]) -> None:
    """Wait until a step is over, or the database lets it wait for a lock."""
    until = time.monotonic() + 20
    while not step.done() and time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)


def test_steps_that_were_changed_in_another_window_are_not_lost(draft: PlacementChange) -> None:
    here = PlacementChange.objects.get(pk=draft.pk)
    add_step(draft)
    with pytest.raises(ChangeOvertaken):
        draft_change(operations=[], actor=person("ben"), change=here)
    assert PlacementChange.objects.get(pk=draft.pk).operations == operations_data([rename("other")])
