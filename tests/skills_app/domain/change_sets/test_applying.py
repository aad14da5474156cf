"""Operations on a small tree: what they do, and what stands in their way."""

from typing import Any

import pytest

from skills_app.domain.change_sets.applying import apply_operations
from skills_app.domain.change_sets.conflicts import Reason
from skills_app.domain.change_sets.operations import (
    Act,
    Choice,
    MergeCategories,
    MergeSkills,
    Move,
    Operation,
    Part,
    Refacet,
    Rename,
    Split,
)
from skills_app.domain.change_sets.rewriting import Obstacle
from skills_app.domain.change_sets.rows import TOP, Kind, Target
from skills_app.domain.change_sets.tree import Tree
from tests.skills_app.domain.change_sets.small_tree import addresses, check, fresh, snapshot, tree_of


def applied(tree: Tree, *operations: Operation) -> Tree:
    assert apply_operations(tree, operations) == []
    check(tree)
    return tree


def reasons(tree: Tree, *operations: Operation) -> list[tuple[Any, str]]:
    return [(found.reason, found.path) for found in apply_operations(tree, operations)]


def test_a_moved_branch_takes_all_below_it_along_and_old_addresses_lead_to_them() -> None:
    tree = applied(tree_of("a/b/x", "a/b/c/y", "z/w"), Move("z", categories=("a/b",)))
    assert addresses(tree) == {"a/b/x": "z/b/x", "a/b/c/y": "z/b/c/y", "z/w": "z/w"}
    assert tree.aliases == {
        "a/b": Target(Kind.CATEGORY, "a/b"),
        "a/b/c": Target(Kind.CATEGORY, "a/b/c"),
        "a/b/x": Target(Kind.SKILL, "a/b/x"),
        "a/b/c/y": Target(Kind.SKILL, "a/b/c/y"),
    }


def test_what_is_selected_together_with_its_branch_stays_inside_it() -> None:
    tree = applied(tree_of("a/b/x", "z/w"), Move("z", categories=("a", "a/b"), skills=("a/b/x",)))
    assert addresses(tree)["a/b/x"] == "z/a/b/x"


def test_a_selection_from_several_branches_moves_at_once() -> None:
    tree = applied(tree_of("a/x", "b/c/y", "b/c/z", "t/w"), Move("t", ("b/c",), ("a/x",)))
    assert set(addresses(tree).values()) == {"t/x", "t/c/y", "t/c/z", "t/w"}


def test_a_new_name_that_hosts_refuse_is_in_the_way_for_a_skill_and_not_for_a_category() -> None:
    (found,) = apply_operations(tree_of("a/x"), [Rename(Kind.SKILL, "a/x", "claude--x")])
    assert (found.reason, found.ways_out[0].label) == (Reason.BAD_NAME, "Call it 'x'")
    applied(tree_of("a/x"), *found.ways_out[0].instead)
    applied(tree_of("a/x"), Rename(Kind.CATEGORY, "a", "claude--x"))


def test_a_skill_moved_to_the_top_has_no_category() -> None:
    assert addresses(applied(tree_of("a/x"), Move(TOP, skills=("a/x",)))) == {"a/x": "x"}


def test_a_way_back_leaves_no_alias_on_the_address_itself() -> None:
    tree = fresh(applied(tree_of("a/x", "b/y"), Move("b", skills=("a/x",))))
    applied(tree, Move("a", skills=("a/x",)))
    assert tree.aliases == {"b/x": Target(Kind.SKILL, "a/x")}


def test_an_address_between_two_steps_of_one_change_set_is_not_kept() -> None:
    tree = applied(tree_of("a/x", "b/y"), Move(TOP, skills=("a/x",)), Move("b", skills=("a/x",)))
    assert tree.aliases == {"a/x": Target(Kind.SKILL, "a/x")}


def test_a_category_is_renamed_with_its_title() -> None:
    tree = applied(tree_of("a/x"), Rename(Kind.CATEGORY, "a", "b", "Bees"))
    assert (tree.places["a"].title, addresses(tree)) == ("Bees", {"a/x": "b/x"})


def test_a_merge_joins_equal_categories_and_lets_old_addresses_lead_to_what_is_left() -> None:
    tree = applied(tree_of("a/n/x", "a/m/y", "b/n/z", aliases={"old-a": "a"}), MergeCategories(("a",), "b"))
    assert set(addresses(tree).values()) == {"b/n/x", "b/m/y", "b/n/z"}
    assert "a" not in tree.places
    assert "a/n" not in tree.places
    assert tree.resolve("a") == tree.resolve("old-a") == Target(Kind.CATEGORY, "b")
    assert tree.resolve("a/n") == Target(Kind.CATEGORY, "b/n")
    assert tree.resolve("a/m/y") == Target(Kind.SKILL, "a/m/y")


def test_a_merge_of_a_branch_and_what_is_in_it_ends_both() -> None:
    tree = applied(tree_of("a/n/x", "b/z"), MergeCategories(("a", "a/n"), "b"))
    assert sorted(tree.places) == ["b"]
    assert addresses(tree)["a/n/x"] == "b/x"


def test_a_merge_does_with_each_skill_what_was_chosen() -> None:
    tree = tree_of("a/w", "a/x", "a/y", "a/z", "b/y", "c/q")
    choices = (
        Choice("a/x", Act.RENAME, "x2"),
        Choice("a/y", Act.FOLD, "b/y"),
        Choice("a/z", Act.ELSEWHERE, "c"),
    )
    applied(tree, MergeCategories(("a",), "b", choices))
    found = addresses(tree)
    assert (found["a/w"], found["a/x"], found["a/z"]) == ("b/w", "b/x2", "c/z")
    assert tree.homes["a/y"].status == "archived"
    assert tree.resolve("a/y") == Target(Kind.SKILL, "b/y")


def test_a_merged_skill_is_archived_and_its_addresses_and_id_lead_to_the_other() -> None:
    tree = tree_of("a/x", "a/y", aliases={"old": "a/x"})
    tree.homes["a/x"] = tree.homes["a/x"]._replace(external_id="id-x")
    tree.ids["id-x"] = {"a/x"}
    applied(tree, MergeSkills(("a/x",), "a/y"))
    assert {tree.resolve(path) for path in ("a/x", "old", "id-x")} == {Target(Kind.SKILL, "a/y")}
    assert tree.homes["a/x"].status == "archived"
    assert tree.resolve(addresses(tree)["a/x"]) == Target(Kind.SKILL, "a/x")


def test_a_split_makes_categories_and_leaves_the_rest() -> None:
    parts = (Part("k1", TOP, "web", "Web", skills=("a/x",)), Part("k2", "k1", "deep", categories=("a/n",)))
    tree = applied(tree_of("a/x", "a/y", "a/n/z"), Split("a", parts))
    assert addresses(tree) == {"a/x": "web/x", "a/y": "a/y", "a/n/z": "web/deep/n/z"}
    assert tree.places["k1"].title == "Web"


def test_facets_are_added_and_taken_away() -> None:
    tree = applied(
        tree_of("a/x"), Refacet(("a/x",), (("l", "go"), ("l", "c"))), Refacet(("a/x",), (), (("l", "c"),))
    )
    assert tree.homes["a/x"].facets == {("l", "go")}


def test_things_may_change_places_within_one_step() -> None:
    tree = applied(
        tree_of("a/x", "b/x"),
        MergeCategories(("a",), "b", (Choice("a/x", Act.RENAME, "x2"),)),
    )
    assert set(addresses(tree).values()) == {"b/x", "b/x2"}


CONFLICTS: list[tuple[str, Operation, list[tuple[Any, str]]]] = [
    ("a taken name", Move("b", skills=("a/x",)), [(Obstacle.NAME_TAKEN, "b/x")]),
    ("a taken branch", Move("b", categories=("a/n",)), [(Obstacle.NAME_TAKEN, "b/n")]),
    ("an alias of another", Rename(Kind.SKILL, "a/x", "old"), [(Obstacle.ALIAS_TAKEN, "a/old")]),
    ("the id of another", Rename(Kind.SKILL, "a/x", "id"), [(Obstacle.ID_TAKEN, "a/id")]),
    ("the name of a category", Rename(Kind.SKILL, "a/x", "n"), [(Obstacle.NAME_TAKEN, "a/n")]),
    ("into itself", Move("a", categories=("a",)), [(Reason.INTO_ITSELF, "")]),
    ("a cycle", Move("a/n", categories=("a",)), [(Reason.INTO_ITSELF, "")]),
    ("a cycle of merges", MergeCategories(("a",), "a/n"), [(Reason.INTO_ITSELF, "")]),
    ("a skill into itself", MergeSkills(("a/x",), "a/x"), [(Reason.INTO_ITSELF, "")]),
    ("something gone", Move("b", skills=("nobody",)), [(Reason.GONE, "")]),
    ("a target gone", Move("nowhere", skills=("a/x",)), [(Reason.GONE, "")]),
    ("a bad name", Rename(Kind.SKILL, "a/x", "Über x"), [(Reason.BAD_NAME, "")]),
    ("a stranger in a split", Split("a", (Part("k", TOP, "k", skills=("b/x",)),)), [(Reason.NOT_INSIDE, "")]),
    ("a key in use", Split("a", (Part("b", TOP, "k"),)), [(Reason.KEY_TAKEN, "")]),
    ("a part in itself", Split("a", (Part("k", "a/n", "k", categories=("a/n",)),)), [(Obstacle.CYCLE, "")]),
    (
        "a skill to an ended home",
        MergeCategories(("a",), "b", (Choice("a/x", Act.ELSEWHERE, "a"),)),
        [(Obstacle.NOT_EMPTY, "a")],
    ),
    (
        "folds in a ring",
        MergeCategories(("a",), "b", (Choice("a/x", Act.FOLD, "a/n/q"), Choice("a/n/q", Act.FOLD, "a/x"))),
        [(Reason.BAD_CHOICE, ""), (Reason.BAD_CHOICE, "")],
    ),
]


def troubled() -> Tree:
    tree = tree_of("a/x", "a/n/q", "b/x", "b/n/r", "c/i", aliases={"a/old": "b/x"})
    tree.homes["c/i"] = tree.homes["c/i"]._replace(external_id="a/id")
    tree.ids["a/id"] = {"c/i"}
    return tree


@pytest.mark.parametrize(("what", "operation", "expected"), CONFLICTS, ids=[each[0] for each in CONFLICTS])
def test_a_conflict_is_told_and_leaves_the_tree_as_it_was(
    what: str, operation: Operation, expected: list[tuple[Any, str]]
) -> None:
    tree = troubled()
    before = snapshot(tree)
    found = reasons(tree, operation)
    if what == "a part in itself":
        assert {reason for reason, _ in found} >= {expected[0][0]}
    else:
        assert found == expected
    assert snapshot(tree) == before
    check(tree)


@pytest.mark.parametrize(("what", "operation", "expected"), CONFLICTS, ids=[each[0] for each in CONFLICTS])
def test_every_conflict_has_a_way_out_and_each_ends_it(
    what: str, operation: Operation, expected: list[tuple[Any, str]]
) -> None:
    for conflict in apply_operations(troubled(), [operation]):
        assert conflict.message.endswith(".")
        assert conflict.ways_out
        for way in conflict.ways_out:
            after = apply_operations(troubled(), way.instead)
            assert (conflict.reason, conflict.target) not in [(each.reason, each.target) for each in after]


def test_a_taken_over_address_leads_to_its_new_holder() -> None:
    tree = applied(troubled(), Rename(Kind.SKILL, "a/x", "old", takes=("a/old",)))
    assert tree.resolve("a/old") == Target(Kind.SKILL, "a/x")
    tree = applied(fresh(troubled()), Rename(Kind.SKILL, "a/x", "id", takes=("a/id",)))
    assert tree.homes["c/i"].external_id == ""


def test_all_conflicts_are_told_at_once_and_what_follows_is_tried() -> None:
    tree = troubled()
    found = apply_operations(tree, [Move("b", skills=("a/x",)), Move("c", skills=("a/n/q",))])
    assert [each.operation for each in found] == [0]
    assert addresses(tree)["a/n/q"] == "c/q"


def test_a_skill_that_shares_the_address_of_a_category_moves_along_with_it() -> None:
    tree = applied(tree_of("a/b", "a/b/x", "c/y"), Move("c", categories=("a/b",), skills=("a/b",)))
    assert addresses(tree) == {"a/b": "c/b", "a/b/x": "c/b/x", "c/y": "c/y"}


def test_an_address_that_would_be_too_deep_is_refused() -> None:
    deep = "/".join("abcdefghijklmno")
    assert reasons(tree_of(f"{deep}/x", "z/z/y"), Move(deep, categories=("z",)))[0][0] is Obstacle.BAD_PATH


def test_what_is_left_out_of_a_move_keeps_its_name() -> None:
    tree = tree_of("a/x", "b/x", "c/z")
    move = Move("c", skills=("a/x", "b/x"), renames=(("a/x", "n"), ("b/x", "n")))
    (conflict,) = apply_operations(fresh(tree), [move])
    assert conflict.target == Target(Kind.SKILL, "b/x")
    ways = {way.label: way.instead for way in conflict.ways_out}
    left = Move("c", skills=("a/x",), renames=(("a/x", "n"),))
    assert ways["Leave it out of this change"] == (left,)
    assert addresses(applied(fresh(tree), left)) == {"a/x": "c/n", "b/x": "b/x", "c/z": "c/z"}


def test_a_move_gives_no_new_name_to_what_stays() -> None:
    tree = tree_of("a/x", "a/n/q", "b/y")
    renames = (("a/x", "never"), ("b", "never"), ("a/n/q", "other"))
    moved = applied(tree, Move("b", categories=("a/n",), renames=renames))
    assert addresses(moved) == {"a/x": "a/x", "a/n/q": "b/n/other", "b/y": "b/y"}


@pytest.mark.parametrize("name", ["_drafts", "_templates", "_analytics"])
def test_the_folders_that_hold_no_skills_are_no_categories(name: str) -> None:
    rename = Rename(Kind.CATEGORY, "a", name)
    found = apply_operations(tree_of("a/x", "b/y"), [rename])
    assert [one.reason for one in found] == [Obstacle.BAD_PATH]
    assert f"'{name}' is no category" in found[0].message
    deeper = applied(tree_of("a/b/x"), Rename(Kind.CATEGORY, "a/b", name))
    assert addresses(deeper) == {"a/b/x": f"a/{name}/x"}
