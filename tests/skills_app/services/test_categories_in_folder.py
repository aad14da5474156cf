"""Other addresses and titles of categories are in the folder's index as they are in the tables, and are read from it."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from skills_app.domain.change_sets.operations import MergeCategories, Move, Operation, Part, Rename, Split
from skills_app.domain.change_sets.rows import TOP, Kind
from skills_app.domain.library_problems import LibraryReason
from skills_app.models import Category, PathAlias, PlacementChange, Skill
from skills_app.queries.taxonomy_files import index_file
from skills_app.services.add_alias import add_category_alias
from skills_app.services.apply_change import apply_change, undo_change
from skills_app.services.draft_change import draft_change, preview_change
from skills_app.services.make_skill import make_skill
from skills_app.services.scan_library import scan_library
from tests.skills_app.services.folder_state import INDEX, check_folder, index_of, index_titles, write_folder
from tests.skills_app.services.taxonomy_state import aliases, lead, state

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben() -> User:
    return User.objects.create_user("ben")


@pytest.fixture
def root(root: Path) -> Path:
    for path in ("a/x", "a/n/q", "b/x", "c/i"):
        make_skill(path=path)
    Category.objects.filter(path="a/n").update(title="The N")
    write_folder(root)
    return root


def key_of(path: str) -> str:
    return Category.objects.get(path=path).key


def done(actor: User, *operations: Operation) -> PlacementChange:
    change = draft_change(operations=operations, actor=actor)
    preview_change(change=change)
    return apply_change(change=change, actor=actor, expected_digest=change.digest)


def exported() -> tuple[dict[str, str], dict[str, Any]]:
    """Return aliases of categories and titles as the page's export has them."""
    data = index_file()
    return data.get("aliases", {}), dict(titles_in(data["taxonomy_tree"], ""))


def titles_in(tree: dict[str, Any], above: str) -> list[tuple[str, str]]:
    found = [(f"{above}{slug}", node["title"]) for slug, node in tree.items() if "title" in node]
    return found + [
        one for slug, node in tree.items() for one in titles_in(node["children"], f"{above}{slug}/")
    ]


def empty_library() -> None:
    PathAlias.objects.all().delete()
    Skill.objects.all().delete()
    Category.objects.update(parent=None)
    Category.objects.all().delete()


def test_a_second_library_that_reads_the_folder_knows_the_old_addresses(root: Path, ben: User) -> None:
    done(ben, Move(key_of("b"), (key_of("a"),)))
    assert index_of(root)["aliases"] == exported()[0] == {"a": "b/a", "a/n": "b/a/n"}
    check_folder(root)
    empty_library()
    found = scan_library()
    assert [one for one in found.problems if one.reason is LibraryReason.CONFLICT] == []
    assert lead("a") == ("category", key_of("b/a"))
    assert lead("a/n") == ("category", key_of("b/a/n"))
    assert lead("a/x") == ("skill", Skill.objects.get(path="b/a/x").key)
    assert Category.objects.get(path="b/a/n").title == "The N"
    before = (state(), aliases())
    scan_library()
    assert (state(), aliases()) == before


def test_undo_takes_them_back_and_keeps_those_that_were_in_use_between(root: Path, ben: User) -> None:
    add_category_alias(path="once/a", category=Category.objects.get(path="a"))
    write_folder(root)
    change = done(ben, Move(key_of("b"), (key_of("a"),)))
    assert index_of(root)["aliases"] == {"once/a": "b/a", "a": "b/a", "a/n": "b/a/n"}
    undo_change(change=change, actor=ben)
    assert index_of(root)["aliases"] == {"once/a": "a", "b/a": "a", "b/a/n": "a/n"}
    check_folder(root)


def test_a_merge_gives_them_to_the_other_and_back(root: Path, ben: User) -> None:
    change = done(ben, MergeCategories((key_of("a"),), key_of("c")))
    assert index_of(root)["aliases"] == exported()[0]
    assert index_of(root)["aliases"]["a"] == "c"
    check_folder(root)
    undo_change(change=change, actor=ben)
    check_folder(root)


def test_titles_follow_a_rename_and_a_split_and_come_back(root: Path, ben: User) -> None:
    before = index_of(root)["taxonomy_tree"]
    skill = Skill.objects.get(path="b/x").key
    change = done(
        ben,
        Rename(Kind.CATEGORY, key_of("a"), "web", "The web"),
        Rename(Kind.CATEGORY, key_of("c"), "see"),
        Split(key_of("b"), (Part("kk", TOP, "new", "All that is new", (), (skill,)),)),
    )
    assert index_titles(root) == exported()[1]
    assert index_titles(root)["web"] == "The web"
    assert index_titles(root)["new"] == "All that is new"
    check_folder(root)
    undo_change(change=change, actor=ben)
    assert index_of(root)["taxonomy_tree"] == before
    check_folder(root)


def test_a_title_alone_follows(root: Path, ben: User) -> None:
    change = done(ben, Rename(Kind.CATEGORY, key_of("a/n"), "n", "Another N"))
    assert index_titles(root) == {"a/n": "Another N"}
    undo_change(change=change, actor=ben)
    assert index_titles(root) == {"a/n": "The N"}


def test_an_address_that_leads_elsewhere_here_is_told_and_stays(root: Path) -> None:
    scan_library()
    add_category_alias(path="taken", category=Category.objects.get(path="a"))
    index = {**index_of(root), "aliases": {"taken": "b", "b/x": "c", "free": "c"}}
    (root / INDEX).write_text(json.dumps(index))
    found = scan_library()
    told = {one.path: one.message for one in found.problems if one.reason is LibraryReason.CONFLICT}
    assert told["index#aliases/taken"].startswith("'taken' already leads to a")
    assert "is the path of a skill" in told["index#aliases/b/x"]
    assert lead("taken") == ("category", key_of("a"))
    assert lead("free") == ("category", key_of("c"))


def test_who_looks_at_a_branch_takes_in_its_addresses_only(root: Path) -> None:
    index = {**index_of(root), "aliases": {"a/old": "a/n", "old": "a/n", "a/other": "c"}}
    (root / INDEX).write_text(json.dumps(index))
    scan_library(within=["a"])
    assert lead("a/old") == ("category", key_of("a/n"))
    assert lead("old") is lead("a/other") is None


def test_a_category_that_shares_its_path_with_a_skill_keeps_its_addresses_to_itself(
    root: Path, ben: User
) -> None:
    for path in ("b/n", "b/n/z"):
        make_skill(path=path)
    add_category_alias(path="once", category=Category.objects.get(path="b/n"))
    write_folder(root)
    scan_library()
    done(ben, Move(key_of("c"), (key_of("b"),)))
    check_folder(root)
    found = scan_library()
    assert [one.message for one in found.problems if one.reason is LibraryReason.CONFLICT] == []
    assert lead("once") == ("category", key_of("c/b/n"))
    assert lead("c/b/n") == ("skill", Skill.objects.get(path="c/b/n").key)
