"""The library folder goes along with a change-set, or neither does anything."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User

from skills_app.adapters.published_library import PublishedLibrary
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
from skills_app.domain.errors import PublishingConflict, PublishingError
from skills_app.domain.library_problems import LibraryReason
from skills_app.models import Category, PathAlias, PlacementChange, Promotion, Skill
from skills_app.services.apply_change import apply_change, undo_change
from skills_app.services.draft_change import draft_change, preview_change
from skills_app.services.follow_change import LibraryFollower
from skills_app.services.make_skill import make_skill
from skills_app.services.prepare_promotion import Lying, prepare_promotion
from skills_app.services.scan_library import scan_library
from skills_app.services.settle_promotions import settle_promotions
from tests.skills_app import promotion_makers as made
from tests.skills_app.services.folder_state import INDEX, check_folder, folders, index_of, write_folder
from tests.skills_app.services.taxonomy_state import aliases, lead, state

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben() -> User:
    return User.objects.create_user("ben")


@pytest.fixture
def root(root: Path) -> Path:
    for path in ("a/x", "a/y", "a/n/q", "b/x", "c/i"):
        make_skill(path=path)
    write_folder(root)
    return root


def place_key(path: str) -> str:
    return Category.objects.get(path=path).key


def done(actor: User, *operations: Operation) -> PlacementChange:
    change = draft_change(operations=operations, actor=actor, reason="tidier", title="Tidy up")
    preview_change(change=change)
    return apply_change(change=change, actor=actor, expected_digest=change.digest)


def move_n(actor: User) -> PlacementChange:
    return done(actor, Move(place_key("b"), (place_key("a/n"),)))


def test_folders_go_along_and_come_back_with_what_else_lies_in_them(root: Path, ben: User) -> None:
    (root / "a/n/README.md").write_text("of n")
    change = move_n(ben)
    check_folder(root)
    assert (root / "b/n/README.md").read_text() == "of n"
    change.refresh_from_db()
    assert change.folder == {"commit": "", "problem": "", "num_folders": 1}
    undo_change(change=change, actor=ben)
    check_folder(root)
    assert (root / "a/n/README.md").read_text() == "of n"
    assert not (root / "b/n").exists()


def test_a_published_skill_is_known_to_lie_at_its_new_place(
    tmp_path: Path, settings: LazySettings, ben: User
) -> None:
    settings.FLEET_LIBRARY_DIR = root = tmp_path / "library"
    made.people()
    version = made.ready()
    made.promote(version)
    path = version.skill.path
    make_skill(path="other/x")
    change = done(ben, Move(place_key("other"), skills=(version.skill.key,)))
    moved = Skill.objects.get(pk=version.skill_id).path
    promotion = Promotion.objects.standing().get()
    assert promotion.path == moved != path
    assert PublishedLibrary(root).state_of(moved).digest == promotion.folder_digest
    version.refresh_from_db()
    version.skill.refresh_from_db()
    assert prepare_promotion(version, today=made.NOW.date()).place.lying is Lying.EXPECTED
    undo_change(change=change, actor=ben)
    assert Promotion.objects.standing().get().path == path


def test_a_merged_skill_is_archived_in_the_index_and_names_the_other(root: Path, ben: User) -> None:
    gone, other = Skill.objects.get(path="a/x"), Skill.objects.get(path="b/x")
    change = done(ben, MergeSkills((gone.key,), other.key))
    check_folder(root)
    assert '"replaced_by": "b/x"' in (root / INDEX).read_text()
    undo_change(change=change, actor=ben)
    check_folder(root)
    assert "replaced_by" not in (root / INDEX).read_text()


PAIR: list[Callable[[], list[Operation]]] = [
    lambda: [
        MergeSkills((skill_key("b/c"), skill_key("b/c/y")), skill_key("a/x")),
        Rename(Kind.CATEGORY, place_key("b/c"), "b", "C"),
    ],
    lambda: [MergeSkills((skill_key("b/c"),), skill_key("a/x")), Rename(Kind.CATEGORY, place_key("b"), "z")],
    lambda: [Move(place_key("c"), skills=(skill_key("b/c"),)), Rename(Kind.CATEGORY, place_key("b/c"), "k")],
]


@pytest.mark.parametrize("make", PAIR)
def test_a_skill_leaves_the_address_that_it_shares_with_a_category_and_both_come_back(
    root: Path, ben: User, make: Callable[[], list[Operation]]
) -> None:
    for path in ("b/c", "b/c/y"):
        make_skill(path=path)
    write_folder(root)
    before = state()
    change = done(ben, *make())
    check_folder(root)
    undo_change(change=change, actor=ben)
    assert state() == before
    check_folder(root)


def conflicts() -> list[str]:
    """Look at the folder and return what is in conflict, having changed nothing."""
    before, old = state(), aliases()
    found = scan_library()
    assert (found.created, found.updated, found.num_new_categories) == ((), (), 0)
    assert (state(), aliases()) == (before, old)
    return [one.message for one in found.problems if one.reason is LibraryReason.CONFLICT]


def written(root: Path) -> dict[str, Any]:
    """Return what the index says apart from aliases, which grow by an undo, too."""
    index = index_of(root)
    index.pop("aliases", None)
    entries = {
        key: {name: value for name, value in one.items() if name != "aliases"}
        for key, one in index["skills"].items()
    }
    return {**index, "skills": entries}


def skill_key(path: str) -> str:
    return Skill.objects.get(path=path).key


def merge_a(actor: User) -> PlacementChange:
    return done(actor, MergeCategories((place_key("a/n"), place_key("a")), place_key("c")))


def merge_x(actor: User) -> PlacementChange:
    return done(actor, MergeSkills((skill_key("a/x"),), skill_key("b/x")))


def test_after_a_merge_of_categories_a_look_at_the_folder_leaves_the_old_addresses_alone(
    root: Path, ben: User
) -> None:
    Category.objects.filter(path="a/n").update(description="Of n.")
    write_folder(root)
    scan_library()
    before, rows = written(root), state()
    target = ("category", place_key("c"))
    change = merge_a(ben)
    check_folder(root)
    assert conflicts() == []
    assert lead("a") == lead("a/n") == target
    assert lead("a/n/q") == ("skill", skill_key("c/q"))
    undo_change(change=change, actor=ben)
    check_folder(root)
    assert (written(root), state()) == (before, rows)
    assert conflicts() == []


def test_the_category_of_a_split_leaves_the_folder_when_it_is_undone(root: Path, ben: User) -> None:
    scan_library()
    before, rows = written(root), state()
    part = Part("kk", TOP, "web", "Web", (), (skill_key("a/y"),))
    change = done(ben, Split(place_key("a"), (part, Part("ee", "kk", "empty", "Empty"))))
    check_folder(root)
    assert conflicts() == []
    undo_change(change=change, actor=ben)
    check_folder(root)
    assert (written(root), state()) == (before, rows)
    assert conflicts() == []
    assert lead("web/y") == ("skill", skill_key("a/y"))
    assert not Category.objects.filter(path="web").exists()


def test_after_a_merge_of_skills_a_look_at_the_folder_leads_to_the_other(root: Path, ben: User) -> None:
    (root / "a/x/metadata.json").write_text(json.dumps({"skill_id": "a/x"}))
    scan_library()
    before, rows = written(root), state()
    gone, other = skill_key("a/x"), ("skill", skill_key("b/x"))
    change = merge_x(ben)
    check_folder(root)
    assert conflicts() == []
    assert lead("a/x") == lead(gone) == other
    entry = index_of(root)["skills"]
    assert (entry[gone]["aliases"], sorted(entry[other[1]]["aliases"])) == ([], sorted(["a/x", gone]))
    undo_change(change=change, actor=ben)
    check_folder(root)
    assert (written(root), state()) == (before, rows)
    assert conflicts() == []
    assert lead("a/x") == lead(gone) == ("skill", gone)


@pytest.mark.parametrize("merged_id", ["id-of-x", "a/x"])
def test_an_empty_library_takes_a_merged_skill_from_the_folder_as_it_was(
    root: Path, ben: User, merged_id: str
) -> None:
    index = index_of(root)
    index["skills"][merged_id] = index["skills"].pop(skill_key("a/x"))
    (root / INDEX).write_text(json.dumps(index))
    scan_library()
    merge_x(ben)
    PathAlias.objects.all().delete()
    Skill.objects.all().delete()
    Category.objects.update(parent=None)
    Category.objects.all().delete()
    scan_library()
    assert conflicts() == []
    assert lead("a/x") == lead(merged_id) == ("skill", skill_key("b/x"))


def test_an_index_that_names_what_was_merged_takes_no_address_away(root: Path, ben: User) -> None:
    scan_library()
    stale = index_of(root)["taxonomy_tree"]
    gone, heir, place = skill_key("a/x"), ("skill", skill_key("b/x")), ("category", place_key("c"))
    merge_x(ben)
    merge_a(ben)
    index = index_of(root)
    index["taxonomy_tree"] = stale
    index["skills"][gone]["aliases"] = ["a/x"]
    index["skills"][heir[1]]["aliases"] = []
    (root / INDEX).write_text(json.dumps(index))
    first, second = conflicts()
    assert first == "The index still names the category 'a', but 'a' leads to c now, so it was not made."
    assert second.startswith("The index still names the category 'a/n', but 'a' leads to c now")
    assert lead("a") == lead("a/n") == place
    assert lead("a/x") == lead(gone) == heir


def test_a_skill_that_people_put_at_an_old_address_makes_its_category_there(root: Path, ben: User) -> None:
    scan_library()
    stale = index_of(root)["taxonomy_tree"]
    merge_a(ben)
    (root / INDEX).write_text(json.dumps({**index_of(root), "taxonomy_tree": stale}))
    (root / "a/new").mkdir(parents=True)
    (root / "a/new/SKILL.md").write_text("new")
    found = scan_library()
    assert (found.created, found.num_new_categories) == (("a/new",), 1)
    assert lead("a") == ("category", place_key("a"))
    assert lead("a/n") == ("category", place_key("c"))


def test_what_was_applied_before_nodes_were_kept_comes_back_with_its_description(
    root: Path, ben: User
) -> None:
    Category.objects.filter(path="a/n").update(description="Of n.")
    change = merge_a(ben)
    change.refresh_from_db()
    del change.kept["nodes"]
    change.save()
    undo_change(change=change, actor=ben)
    check_folder(root)
    node = index_of(root)["taxonomy_tree"]["a"]["children"]["n"]
    assert node == {"description": "Of n.", "children": {}}


def test_a_work_tree_gets_a_commit_with_renames(root: Path, ben: User) -> None:
    def git(*words: str) -> str:
        names = ("-c", "user.name=n", "-c", "user.email=e@localhost")
        return subprocess.run(
            ["git", *names, *words], cwd=root, check=True, capture_output=True, text=True
        ).stdout

    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message=start")
    change = move_n(ben)
    change.refresh_from_db()
    told = git("show", "--name-status", "--find-renames", "--format=%H%n%B", "HEAD")
    assert told.startswith(change.folder["commit"])
    assert "Apply “Tidy up”" in told
    assert "tidier" in told
    assert "R100\ta/n/q/SKILL.md\tb/n/q/SKILL.md" in told
    undo_change(change=change, actor=ben)
    assert "R100\tb/n/q/SKILL.md\ta/n/q/SKILL.md" in git("show", "--name-status", "-M", "HEAD")
    assert not git("status", "--porcelain")


def test_what_lies_in_the_way_is_named_and_neither_changes(root: Path, ben: User) -> None:
    (root / "c/q").mkdir()
    (root / "c/q/notes.txt").write_text("mine")
    before, old, lying = state(), aliases(), folders(root)
    with pytest.raises(PublishingConflict, match="lies something already"):
        done(ben, Move(place_key("c"), skills=(Skill.objects.get(path="a/n/q").key,)))
    assert (state(), aliases(), folders(root)) == (before, old, lying)
    assert PlacementChange.objects.get().status == "draft"
    (root / "c/q/notes.txt").unlink()
    change = PlacementChange.objects.get()
    assert apply_change(change=change, actor=ben, expected_digest=change.digest).status == "applied"
    check_folder(root)


def test_a_folder_that_may_not_be_written_stops_only_what_would_move_in_it(
    root: Path, ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> object:
        raise PublishingError("It may not be written.")

    monkeypatch.setattr("skills_app.services.follow_change.held_library", refuse)
    before = state()
    with pytest.raises(PublishingError, match="may not be written"):
        move_n(ben)
    assert state() == before
    (root / INDEX).unlink()
    make_skill(path="d/only-here")
    done(ben, Rename(Kind.CATEGORY, place_key("d"), "dd"))
    assert Skill.objects.filter(path="dd/only-here").exists()


class Crash(BaseException):
    """What a killed process leaves behind: nothing runs after it."""


def test_a_crash_before_the_end_of_the_transaction_takes_the_folders_back(
    root: Path, ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, follow = state(), LibraryFollower.follow

    def crash(self: LibraryFollower) -> None:
        follow(self)
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(LibraryFollower, "follow", crash)
        patch.setattr(PublishedLibrary, "take_back", lambda *_: None)
        with pytest.raises(Crash):
            move_n(ben)
    assert "b/n/q" in folders(root)
    settle_promotions()
    assert state() == before
    check_folder(root)


def test_a_crash_after_the_transaction_keeps_the_folders(
    root: Path, ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(PublishedLibrary, "end_move", crash)
        with pytest.raises(Crash):
            move_n(ben)
    assert PublishedLibrary(root).is_unfinished
    settle_promotions()
    assert Skill.objects.filter(path="b/n/q").exists()
    check_folder(root)
    assert PlacementChange.objects.get().folder == {"commit": "", "problem": ""}
