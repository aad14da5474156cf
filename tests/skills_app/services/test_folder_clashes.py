"""What lies in the way of a change-set in the library folder is told before it is applied, and nothing else is."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from skills_app.domain.change_sets.conflicts import Conflict, Reason
from skills_app.domain.change_sets.operations import MergeSkills, Move, Operation, Rename, Split
from skills_app.domain.change_sets.operations import Part as NewPart
from skills_app.domain.change_sets.rows import TOP, Kind
from skills_app.domain.enums import Role
from skills_app.domain.errors import PublishingError
from skills_app.models import Category, PlacementChange, Skill
from skills_app.services.apply_change import apply_change
from skills_app.services.draft_change import draft_change, preview_change
from skills_app.services.make_skill import make_skill
from tests.skills_app.review_makers import person
from tests.skills_app.services.folder_state import check_folder, write_folder

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben() -> User:
    return person("ben", Role.CURATOR)


@pytest.fixture
def root(root: Path) -> Path:
    for path in ("a/x", "a/n/q", "b/x", "c/i"):
        make_skill(path=path)
    write_folder(root)
    return root


def place(path: str) -> str:
    return Category.objects.get(path=path).key


def skill(path: str) -> str:
    return Skill.objects.get(path=path).key


def looked_at(actor: User, *operations: Operation) -> tuple[PlacementChange, tuple[Conflict, ...]]:
    change = draft_change(operations=operations, actor=actor)
    return change, preview_change(change=change).conflicts


def refused(actor: User, change: PlacementChange) -> bool:
    """Say whether the folder refuses what was shown."""
    try:
        apply_change(change=change, actor=actor, expected_digest=change.digest)
    except PublishingError:
        return True
    return False


Steps = Callable[[], list[Operation]]
CLASHES: list[tuple[str, Steps, str, int]] = [
    ("c/q/notes.txt", lambda: [Move(place("c"), skills=(skill("a/n/q"),))], "c/q/notes.txt", 0),
    ("c/q", lambda: [Move(place("c"), skills=(skill("a/n/q"),))], "c/q", 0),
    ("z", lambda: [Rename(Kind.SKILL, skill("c/i"), "j"), Rename(Kind.CATEGORY, place("a"), "z")], "z", 1),
    ("w", lambda: [Split(place("a"), (NewPart("kk", TOP, "w", "", (), (skill("a/x"),)),))], "w", 0),
    (
        "a/y/mine.txt",
        lambda: [Move(place("a"), skills=(skill("c/i"),), renames=((skill("c/i"), "y"),))],
        "a/y/mine.txt",
        0,
    ),
]


@pytest.mark.parametrize(("file", "make", "named", "step"), CLASHES)
def test_what_lies_in_the_way_is_named_before_and_can_be_left_out(
    root: Path, ben: User, file: str, make: Steps, named: str, step: int
) -> None:
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    (root / file).write_text("mine")
    change, (conflict,) = looked_at(ben, *make())
    assert (conflict.reason, conflict.operation) == (Reason.FOLDER_TAKEN, step)
    assert f"'{named}' lies there" in conflict.message
    assert refused(ben, change)
    (way,) = conflict.ways_out
    steps = make()
    assert looked_at(ben, *steps[:step], *way.instead, *steps[step + 1 :])[1] == ()


def test_a_link_on_the_way_is_named(root: Path, ben: User, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (root / "c/d").symlink_to(tmp_path / "elsewhere")
    make_skill(path="c/d/e")
    change, (conflict,) = looked_at(ben, Move(place("c/d"), skills=(skill("a/x"),)))
    assert "'c/d' lies there" in conflict.message
    assert refused(ben, change)


FREE: list[tuple[str, Steps]] = [
    ("c/q", lambda: [Move(place("c"), skills=(skill("a/n/q"),))]),
    ("a/n/more", lambda: [Rename(Kind.CATEGORY, place("a"), "z")]),
    (
        "b",
        lambda: [
            Rename(Kind.CATEGORY, place("b"), "t"),
            Rename(Kind.CATEGORY, place("a"), "b", takes=("b", "b/x")),
        ],
    ),
    (
        "b/x/empty",
        lambda: [
            MergeSkills((skill("b/x"),), skill("a/x")),
            Move(place("b"), (), (skill("c/i"),), ((skill("c/i"), "x"),), ("b/x",)),
        ],
    ),
]


@pytest.mark.parametrize(("folder", "make"), FREE)
def test_what_is_empty_or_goes_away_itself_is_in_nobodys_way(
    root: Path, ben: User, folder: str, make: Steps
) -> None:
    (root / folder).mkdir(parents=True, exist_ok=True)
    change, conflicts = looked_at(ben, *make())
    assert conflicts == ()
    assert not refused(ben, change)
    check_folder(root)


def test_the_page_of_the_draft_says_it_and_offers_no_apply(root: Path, ben: User, client: Client) -> None:
    (root / "c/q").mkdir()
    (root / "c/q/notes.txt").write_text("mine")
    client.force_login(ben)
    change, _ = looked_at(ben, Move(place("c"), skills=(skill("a/n/q"),)))
    page = client.get(change.get_absolute_url()).content.decode()
    assert "&#x27;c/q/notes.txt&#x27; lies there" in page
    assert ">Apply<" not in page
    (root / "c/q/notes.txt").unlink()
    assert ">Apply<" in client.get(change.get_absolute_url()).content.decode()
