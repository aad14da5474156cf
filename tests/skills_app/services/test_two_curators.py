"""Two curators at work on the same skill: one is first, the other is told by whom, and loses nothing."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.db import connection

from skills_app.domain.change_sets.operations import Move, Operation, Refacet, Rename, operations_from
from skills_app.domain.change_sets.rows import Kind
from skills_app.domain.errors import ChangeOvertaken
from skills_app.models import AuditEntry, Category, PlacementChange, Skill
from skills_app.services.apply_change import apply_change
from skills_app.services.draft_change import draft_change, preview_change
from skills_app.services.make_skill import make_skill


@pytest.fixture
def moves(db: None) -> list[tuple[User, PlacementChange]]:
    """Ben's and carol's drafts, looked at: both send the one skill away, each to another place."""
    for path in ("a/x", "b/y", "c/z"):
        make_skill(path=path)
    skill = Skill.objects.get(path="a/x").key
    return [
        drafted("ben", Move(key_of("b"), skills=(skill,))),
        drafted("carol", Move(key_of("c"), (), (skill,))),
    ]


def key_of(path: str) -> str:
    return Category.objects.get(path=path).key


def drafted(name: str, *operations: Operation) -> tuple[User, PlacementChange]:
    person, _ = User.objects.get_or_create(username=name)
    change = draft_change(operations=operations, actor=person, title=f"{name}'s", reason="so")
    preview_change(change=change)
    return person, change


def applied(actor: User, change: PlacementChange) -> str:
    """Apply what was shown; return the status, or why not."""
    try:
        return apply_change(change=change, actor=actor, expected_digest=change.digest).status
    except ChangeOvertaken as error:
        return str(error)


def check_second(actor: User, change: PlacementChange, *, first: str) -> None:
    """Fail unless the draft is as it was, and does after another look what it was made for."""
    kept = PlacementChange.objects.get(pk=change.pk)
    assert (kept.status, kept.title, kept.reason, kept.operations) == (
        "draft",
        change.title,
        "so",
        change.operations,
    )
    (move,) = operations_from(kept.operations)
    assert isinstance(move, Move)
    home = Category.objects.get(key=move.target).path
    assert preview_change(change=kept).impact["addresses"] == [[first, f"{home}/x"]]
    assert applied(actor, kept) == "applied"
    assert Skill.objects.get(key=move.skills[0]).path == f"{home}/x"
    assert AuditEntry.objects.filter(target_key=move.skills[0], verb="applied_change_of_place").count() == 2


def test_the_second_sees_the_change_of_the_first_and_keeps_the_work(
    moves: list[tuple[User, PlacementChange]],
) -> None:
    (ben, his), (carol, hers) = moves
    assert applied(ben, his) == "applied"
    said = applied(carol, hers)
    assert said.startswith("“ben's” by ben (")
    assert ") came first." in said
    assert "kept as it is" in said
    check_second(carol, hers, first="b/x")


def test_a_change_of_something_else_about_the_skill_does_not_stop_the_second(
    moves: list[tuple[User, PlacementChange]],
) -> None:
    (ben, his), _ = moves
    key = Skill.objects.get(path="a/x").key
    assert applied(*drafted("carol", Refacet((key,), (("l", "go"),)))) == "applied"
    assert applied(ben, his) == "applied"
    assert applied(*drafted("carol", Rename(Kind.SKILL, key, "xx"))) == "applied"
    assert Skill.objects.get(path="b/xx").facets.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite in memory has one writer; PostgreSQL has many"
)
def test_at_the_very_same_moment_one_is_first_and_the_other_is_told(
    moves: list[tuple[User, PlacementChange]],
) -> None:
    start = threading.Barrier(2)

    def try_it(one: tuple[User, PlacementChange]) -> str:
        start.wait()
        try:
            return applied(*one)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(try_it, moves))

    winner = said.index("applied")
    first, second = moves[winner], moves[1 - winner]
    assert f"“{first[1].title}” by {first[0].username} (" in said[1 - winner]
    check_second(*second, first=Skill.objects.get(slug="x").path)
