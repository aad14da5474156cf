"""A skill that is one JSON file goes only where such a file is a skill, in tables, folder and index alike."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from skills_app.domain.change_sets.conflicts import Conflict, Reason
from skills_app.domain.change_sets.operations import (
    MergeCategories,
    MergeSkills,
    Move,
    Operation,
    Part,
    Rename,
    Split,
)
from skills_app.domain.change_sets.rows import TOP, Kind
from skills_app.domain.enums import Role, VersionOrigin
from skills_app.domain.errors import ChangeConflicts, PublishingConflict
from skills_app.domain.one_file_skills import FOLDERS_STAY, SKILLS_STAY
from skills_app.models import Category, PathAlias, PlacementChange, Skill
from skills_app.queries.drafted_tree import DraftedTree
from skills_app.queries.merge_targets import merge_targets
from skills_app.queries.move_targets import move_refusals, move_targets
from skills_app.services.add_version import add_version
from skills_app.services.apply_change import apply_change, undo_change
from skills_app.services.draft_change import draft_change, preview_change
from skills_app.services.make_skill import make_skill
from skills_app.services.scan_library import scan_library
from tests.skills_app.review_makers import person
from tests.skills_app.services.folder_state import MADE_AT, check_folder, folders, make_one_file, write_folder
from tests.skills_app.services.taxonomy_state import aliases, lead, state

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben() -> User:
    return person("ben", Role.CURATOR)


@pytest.fixture
def root(root: Path) -> Path:
    for path in ("a/x", "b/x", "c/z", "_core/md"):
        make_skill(path=path)
    for path in ("_core/reasoning", "_core/other", "memory_blocks/person"):
        make_one_file(path)
    write_folder(root)
    return root


def place(path: str) -> str:
    return Category.objects.get(path=path).key


def skill(path: str) -> str:
    return Skill.objects.get(path=path).key


def looked_at(actor: User, *operations: Operation) -> tuple[PlacementChange, tuple[Conflict, ...]]:
    change = draft_change(operations=operations, actor=actor)
    return change, preview_change(change=change).conflicts


def done(actor: User, *operations: Operation) -> PlacementChange:
    change, conflicts = looked_at(actor, *operations)
    assert conflicts == ()
    return apply_change(change=change, actor=actor, expected_digest=change.digest)


Steps = Callable[[], list[Operation]]
ASTRAY: list[tuple[Steps, str, str, int]] = [
    (lambda: [Move(place("b"), skills=(skill("_core/reasoning"),))], "skill _core/reasoning", SKILLS_STAY, 0),
    (lambda: [Move(TOP, skills=(skill("_core/reasoning"),))], "skill _core/reasoning", SKILLS_STAY, 0),
    (
        lambda: [
            Move(place("b"), skills=(skill("a/x"), skill("_core/other")), renames=((skill("a/x"), "y"),))
        ],
        "skill _core/other",
        SKILLS_STAY,
        0,
    ),
    (
        lambda: [Split(place("_core"), (Part("kk", place("_core"), "in", "", (), (skill("_core/other"),)),))],
        "skill _core/other",
        SKILLS_STAY,
        0,
    ),
    (
        lambda: [Rename(Kind.SKILL, skill("a/x"), "y"), Rename(Kind.CATEGORY, place("_core"), "core")],
        "category _core",
        FOLDERS_STAY,
        1,
    ),
    (lambda: [Move(place("a"), (place("memory_blocks"),))], "category memory_blocks", FOLDERS_STAY, 0),
    (
        lambda: [
            MergeCategories((place("a"),), place("_core")),
            MergeCategories((place("_core"), place("c")), place("memory_blocks")),
        ],
        "category _core",
        FOLDERS_STAY,
        1,
    ),
]


@pytest.mark.parametrize(("make", "named", "why", "step"), ASTRAY)
def test_what_would_leave_the_folders_is_in_the_way_and_can_be_left_out(
    root: Path, ben: User, make: Steps, named: str, why: str, step: int
) -> None:
    change, (conflict,) = looked_at(ben, *make())
    assert (conflict.reason, conflict.operation) == (Reason.STAYS, step)
    assert conflict.message == f"The {named} cannot leave its place. {why}"
    with pytest.raises(ChangeConflicts):
        apply_change(change=change, actor=ben, expected_digest=change.digest)
    check_folder(root)
    (way,) = conflict.ways_out
    steps = make()
    assert looked_at(ben, *steps[:step], *way.instead, *steps[step + 1 :])[1] == ()


def test_without_a_library_folder_they_stay_as_well(ben: User) -> None:
    make_one_file("_core/reasoning")
    make_skill(path="b/x")
    _, (conflict,) = looked_at(ben, Move(place("b"), skills=(skill("_core/reasoning"),)))
    assert conflict.reason is Reason.STAYS


FOLLOWED: list[Steps] = [
    lambda: [Rename(Kind.SKILL, skill("_core/reasoning"), "thinking")],
    lambda: [Move(place("memory_blocks"), skills=(skill("_core/reasoning"), skill("a/x")))],
    lambda: [MergeSkills((skill("_core/reasoning"),), skill("b/x"))],
    lambda: [
        Rename(Kind.SKILL, skill("_core/reasoning"), "t"),
        Rename(Kind.SKILL, skill("_core/other"), "reasoning", takes=("_core/reasoning",)),
        Rename(Kind.SKILL, skill("_core/reasoning"), "other", takes=("_core/other",)),
    ],
    lambda: [Rename(Kind.CATEGORY, place("_core"), "_core", "Always loaded")],
    lambda: [MergeCategories((place("a"),), place("_core"))],
]


@pytest.mark.parametrize("make", FOLLOWED)
def test_what_stays_in_the_folders_goes_along_on_disk_and_comes_back(
    root: Path, ben: User, make: Steps
) -> None:
    scan_library()
    before, lying = state(), folders(root)
    change = done(ben, *make())
    check_folder(root)
    found = scan_library()
    assert (found.created, found.updated, found.num_new_categories) == ((), (), 0)
    undo_change(change=change, actor=ben)
    check_folder(root)
    assert (state(), folders(root)) == (before, lying)


def test_an_empty_library_finds_the_skill_at_its_new_name_and_by_its_old_one(root: Path, ben: User) -> None:
    done(ben, Rename(Kind.SKILL, skill("_core/reasoning"), "thinking"))
    PathAlias.objects.all().delete()
    Skill.objects.all().delete()
    Category.objects.all().delete()
    scan_library()
    assert lead("_core/reasoning") == lead("_core/thinking") == ("skill", skill("_core/thinking"))
    assert not (root / "_core/reasoning.json").exists()


def test_a_file_at_the_new_name_is_named_and_never_written_over(root: Path, ben: User) -> None:
    (root / "_core/thinking.json").write_text("mine")
    rename = Rename(Kind.SKILL, skill("_core/reasoning"), "thinking")
    change, (conflict,) = looked_at(ben, rename)
    assert conflict.reason is Reason.FOLDER_TAKEN
    assert "'_core/thinking.json' lies there" in conflict.message
    before, old = state(), aliases()
    with pytest.raises(PublishingConflict, match="lies something already"):
        apply_change(change=change, actor=ben, expected_digest=change.digest)
    assert (state(), aliases()) == (before, old)
    assert (root / "_core/thinking.json").read_text() == "mine"
    assert (root / "_core/reasoning.json").exists()


def test_an_undo_that_would_lead_a_file_astray_is_refused(root: Path, ben: User) -> None:
    make_skill(path="core/y")
    write_folder(root)
    change = done(ben, Rename(Kind.CATEGORY, place("core"), "mcp_capabilities"))
    make_one_file("mcp_capabilities/web")
    write_folder(root)
    with pytest.raises(ChangeConflicts, match="cannot be undone. The category mcp_capabilities cannot leave"):
        undo_change(change=change, actor=ben)
    check_folder(root)


def test_a_folder_for_one_file_skills_that_holds_none_goes_where_it_likes_and_back(
    root: Path, ben: User
) -> None:
    make_skill(path="core/y")
    write_folder(root)
    change = done(ben, Rename(Kind.CATEGORY, place("core"), "mcp_capabilities"))
    assert undo_change(change=change, actor=ben).status == "undone"
    check_folder(root)
    refused, _ = move_refusals(DraftedTree(), categories=[place("core")], skills=[])
    assert FOLDERS_STAY not in refused.values()


def test_the_picker_and_the_drag_say_why(root: Path) -> None:
    reasoning, person_key = skill("_core/reasoning"), place("memory_blocks")
    refused, _ = move_refusals(DraftedTree(), categories=[], skills=[reasoning])
    assert refused[place("b")] == refused[TOP] == SKILLS_STAY
    assert refused[place("_core")] == "It is there already."
    assert person_key not in refused
    shown, _ = move_targets(DraftedTree(), categories=[], skills=[reasoning, skill("a/x")], text="b")
    assert {one.path: one.reason for one in shown} == {"b": SKILLS_STAY, "memory_blocks": ""}
    assert move_refusals(DraftedTree(), categories=[place("_core")], skills=[])[0][place("b")] == FOLDERS_STAY
    plain, _ = move_refusals(DraftedTree(), categories=[], skills=[skill("_core/md")])
    assert SKILLS_STAY not in plain.values()
    merged, _ = merge_targets(DraftedTree(), categories=[place("_core")], skills=[], text="b")
    assert {one.path: one.reason for one in merged} == {"b": FOLDERS_STAY, "memory_blocks": FOLDERS_STAY}


def test_one_that_is_a_folder_by_now_may_go_anywhere(root: Path, ben: User) -> None:
    row = Skill.objects.get(path="_core/reasoning")
    add_version(skill=row, content="now a folder", origin=VersionOrigin.EDIT, made_at=MADE_AT)
    assert looked_at(ben, Move(place("b"), skills=(row.key,)))[1] == ()


@pytest.mark.parametrize("has_folder", [True, False])
def test_one_without_a_file_comes_back_from_the_folders_by_undo(
    request: pytest.FixtureRequest, ben: User, has_folder: bool
) -> None:
    if has_folder:
        request.getfixturevalue("root")
    for path in ("_core/md", "core/md"):
        make_skill(path=path)
    for path in ("a/mirrored", "core/mirrored"):
        make_one_file(path)
    before = state()
    moves: list[Operation] = [
        Move(place("_core"), skills=(skill("a/mirrored"),)),
        Rename(Kind.CATEGORY, place("core"), "mcp_capabilities"),
    ]
    change = done(ben, *moves)
    assert Skill.objects.filter(path__in=["_core/mirrored", "mcp_capabilities/mirrored"]).count() == 2
    undo_change(change=change, actor=ben)
    assert state() == before


def test_one_whose_file_came_meanwhile_stays(root: Path, ben: User) -> None:
    make_one_file("a/mirrored")
    change = done(ben, Move(place("_core"), skills=(skill("a/mirrored"),)))
    (root / "_core/mirrored.json").write_text("{}")
    with pytest.raises(ChangeConflicts, match="The skill _core/mirrored cannot leave its place."):
        undo_change(change=change, actor=ben)
