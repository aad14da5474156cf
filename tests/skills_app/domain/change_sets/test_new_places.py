"""Who answers for a category that a split made, once it is undone, and until then."""

import pytest

from skills_app.domain.change_sets.applying import apply_operations
from skills_app.domain.change_sets.effect import effect_of, undo
from skills_app.domain.change_sets.operations import MergeCategories, Operation, Part, Split
from skills_app.domain.change_sets.rows import TOP, Kind, Target
from skills_app.domain.change_sets.tree import Tree
from tests.skills_app.domain.change_sets.small_tree import check, fresh, tree_of


def done(*operations: Operation) -> Tree:
    tree = tree_of("a/x", "b/y", "lone")
    assert apply_operations(tree, operations) == []
    check(tree)
    return tree


def back(tree: Tree) -> Tree:
    found = fresh(tree)
    assert undo(found, effect_of(tree)) == []
    check(found)
    return fresh(found)


LONE, A = Target(Kind.SKILL, "lone"), Target(Kind.CATEGORY, "a")
HEIRS = [
    ("its source", Split("a", (Part("k", TOP, "new", skills=("a/x",)),)), "new", A),
    ("what was at the top", Split(TOP, (Part("k", TOP, "new", "", ("a",), ("lone",)),)), "new", LONE),
    ("a branch of the top", Split(TOP, (Part("k", "b", "new", "", ("a",)),)), "b/new", A),
    (
        "what lies further down",
        Split(TOP, (Part("k", TOP, "new"), Part("l", "k", "in", "", (), ("lone",)))),
        "new",
        LONE,
    ),
    ("what is above it", Split(TOP, (Part("k", "a", "new"),)), "a/new", A),
    ("nothing", Split(TOP, (Part("k", TOP, "new"),)), "new", None),
]


@pytest.mark.parametrize(("name", "split", "path", "heir"), HEIRS, ids=[one[0] for one in HEIRS])
def test_a_new_category_that_is_undone_leads_to(
    name: str, split: Split, path: str, heir: Target | None
) -> None:
    tree = done(split)
    assert tree.resolve(path) == Target(Kind.CATEGORY, "k")
    # An address that somebody gave it meanwhile goes the same way.
    tree.aliases["other"] = Target(Kind.CATEGORY, "k")
    found = back(tree)
    assert (found.resolve(path), found.resolve("other")) == (heir, heir)


def test_what_is_split_off_again_leads_to_what_was_there_before() -> None:
    tree = done(
        Split(TOP, (Part("k", TOP, "new", "", (), ("lone",)),)),
        Split("k", (Part("l", TOP, "two", "", (), ("lone",)),)),
    )
    tree.aliases["other"] = Target(Kind.CATEGORY, "l")
    found = back(tree)
    assert [found.resolve(path) for path in ("new", "two", "other")] == [LONE] * 3


def test_what_is_merged_into_a_new_category_leads_there() -> None:
    tree = done(Split("a", (Part("k", TOP, "new", "", (), ("a/x",)),)), MergeCategories(("b",), "k"))
    assert tree.resolve("b") == tree.last_heir(Target(Kind.CATEGORY, "b")) == Target(Kind.CATEGORY, "k")
