"""What a change did, as data; and the way back."""

import pytest

from skills_app.domain.change_sets.applying import apply_operations
from skills_app.domain.change_sets.conflicts import Reason
from skills_app.domain.change_sets.effect import Effect, effect_from, effect_of, undo
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
from skills_app.domain.change_sets.rows import TOP, Home, Kind, Target
from skills_app.domain.change_sets.tree import Tree
from tests.skills_app.domain.change_sets.small_tree import addresses, check, fresh, snapshot, tree_of

EACH: list[tuple[Operation, ...]] = [
    (Move("b", categories=("a/n",)),),
    (Move(TOP, skills=("a/y",)), Move("b", skills=("a/y",))),
    (Rename(Kind.CATEGORY, "a", "new", "New"),),
    (MergeCategories(("a",), "b", (Choice("a/x", Act.FOLD, "b/x"),)),),
    (MergeSkills(("a/x",), "b/x"),),
    (Split("a", (Part("k", TOP, "web", "Web", ("a/n",), ("a/y",)),)),),
    (Refacet(("a/x",), (("l", "go"),)),),
    (Rename(Kind.SKILL, "b/x", "taken", takes=("b/taken",)),),
]


def library() -> Tree:
    return tree_of("a/x", "a/y", "a/n/q", "b/x", "c/i", aliases={"old": "a", "b/taken": "c/i", "b/y": "a/y"})


def done(tree: Tree, *operations: Operation) -> Effect:
    assert apply_operations(tree, operations) == []
    return effect_from(effect_of(tree).as_data())


@pytest.mark.parametrize("operations", EACH, ids=lambda each: type(each[0]).__name__)
def test_undo_brings_back_every_row_and_alias_and_keeps_the_addresses_between(
    operations: tuple[Operation, ...],
) -> None:
    before = library()
    changed = fresh(before)
    effect = done(changed, *operations)
    assert effect == effect_of(changed)
    back = fresh(changed)
    assert undo(back, effect) == []
    check(back)
    assert snapshot(back)[:2] == snapshot(before)[:2]
    assert before.aliases.items() <= back.aliases.items()
    between = {pair[1] for pair in effect.addresses.values()} - {""}
    assert back.aliases.keys() - before.aliases.keys() <= between
    assert all(back.resolve(path) is not None for path in between)


def test_an_effect_names_the_places_that_are_asked_for_consent() -> None:
    assert done(library(), Move("b", categories=("a/n",))).touched == {"a", "b"}
    assert done(library(), Rename(Kind.CATEGORY, "a", "new")).touched == {TOP}
    assert done(library(), Split("a", (Part("k", "a", "k", skills=("a/x",)),))).touched == {"a"}


def test_equal_changes_have_equal_digests_and_others_do_not() -> None:
    first, same = done(library(), Move("b", skills=("a/y", "c/i"), takes=("b/y",))), library()
    assert done(same, Move("b", skills=("c/i", "a/y"), takes=("b/y",))).digest == first.digest
    assert done(library(), Move("b", skills=("c/i",))).digest != first.digest


def test_a_later_change_of_the_same_row_keeps_the_undo_from_being_done() -> None:
    tree = library()
    effect = done(tree, Move("b", categories=("a/n",)))
    tree = fresh(tree)
    done(tree, Move("c", categories=("a/n",)))
    before = snapshot(tree)
    found = undo(tree, effect)
    assert [(each.reason, each.target) for each in found] == [
        (Reason.OVERTAKEN, Target(Kind.CATEGORY, "a/n"))
    ]
    assert snapshot(tree) == before


def test_a_later_change_of_something_else_about_the_row_stays() -> None:
    tree = library()
    effect = done(tree, Move("b", skills=("c/i",)))
    tree = fresh(tree)
    done(tree, Refacet(("c/i",), (("l", "go"),)), Rename(Kind.CATEGORY, "c", "c2"))
    assert undo(tree, effect) == []
    assert tree.homes["c/i"] == Home("c", "i", facets=frozenset({("l", "go")}))
    assert addresses(tree)["c/i"] == "c2/i"
    assert tree.resolve("c/i") == tree.resolve("b/i") == Target(Kind.SKILL, "c/i")
    check(tree)


def test_a_split_is_not_undone_while_somebody_elses_skill_lives_in_it() -> None:
    tree = library()
    effect = done(tree, Split("a", (Part("k", TOP, "web", skills=("a/x",)),)))
    tree = fresh(tree)
    done(tree, Move("k", skills=("c/i",)))
    found = undo(tree, effect)
    assert [(each.reason, each.target) for each in found] == [(Obstacle.NOT_EMPTY, Target(Kind.SKILL, "c/i"))]


def test_an_undo_does_not_push_out_who_lives_there_now() -> None:
    tree = library()
    effect = done(tree, Move("b", skills=("c/i",)))
    tree = fresh(tree)
    done(tree, Rename(Kind.SKILL, "a/x", "i"), Move("c", skills=("a/x",), takes=("c/i",)))
    found = undo(tree, effect)
    assert [(each.reason, each.target) for each in found] == [
        (Obstacle.NAME_TAKEN, Target(Kind.SKILL, "a/x"))
    ]


PAIR: list[tuple[tuple[Operation, ...], str]] = [
    ((MergeSkills(("b/c", "b/c/y"), "a/x"), Rename(Kind.CATEGORY, "b/c", "b")), "a/x"),
    ((Rename(Kind.CATEGORY, "b/c", "b"), MergeSkills(("b/c",), "a/x")), "a/x"),
    ((MergeSkills(("b/c",), "a/x"), Rename(Kind.CATEGORY, "b", "z")), "a/x"),
    ((Move("a", skills=("b/c",)), Rename(Kind.CATEGORY, "b/c", "k")), "b/c"),
]


@pytest.mark.parametrize(("operations", "leads_to"), PAIR)
def test_an_address_of_a_skill_and_a_category_leads_to_the_skill_and_both_get_it_back(
    operations: tuple[Operation, ...], leads_to: str
) -> None:
    before = tree_of("a/x", "b/c", "b/c/y", "b/x")
    changed = fresh(before)
    effect = done(changed, *operations)
    check(changed)
    assert changed.resolve("b/c") == Target(Kind.SKILL, leads_to)
    back = fresh(changed)
    assert undo(back, effect) == []
    check(back)
    assert snapshot(back)[:2] == snapshot(before)[:2]


def test_the_undo_of_a_merge_leads_the_old_address_back_even_after_the_branch_was_renamed() -> None:
    tree = tree_of("top/a/x", "top/b/y")
    effect = done(tree, MergeCategories(("top/a",), "top/b"))
    tree = fresh(tree)
    done(tree, Rename(Kind.CATEGORY, "top", "first"))
    assert undo(tree, effect) == []
    check(tree)
    assert tree.resolve("top/a") == tree.resolve("first/a") == Target(Kind.CATEGORY, "top/a")
    assert tree.resolve("top/a/x") == Target(Kind.SKILL, "top/a/x")
