"""Random change-sets on a small tree with few names, so that everything meets everything."""

from collections.abc import Sequence
from typing import Any

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from skills_app.domain.change_sets.applying import apply_operations
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
    Retire,
    Split,
    operations_data,
    operations_from,
)
from skills_app.domain.change_sets.rows import TOP, Kind, Target
from skills_app.domain.change_sets.tree import Tree
from tests.skills_app.domain.change_sets.small_tree import check, fresh, snapshot, tree_of

SLUGS = st.sampled_from(["a", "b", "c", "x", "y"])
FACETS = st.lists(st.tuples(st.sampled_from("lt"), st.sampled_from("12")), max_size=2).map(tuple)


def start() -> Tree:
    tree = tree_of(
        "a/x", "a/y", "a/b/x", "b/x", "b/c/y", "c/x", "b/c", aliases={"a/old": "b/x", "c/b": "a/b"}
    )
    tree.homes["c/x"] = tree.homes["c/x"]._replace(external_id="a/c")
    tree.ids["a/c"] = {"c/x"}
    return tree


@st.composite
def operation(
    draw: Any, places: list[str], homes: list[str], new_key: str, aliases: Sequence[str] = ()
) -> Operation:
    some_places = st.lists(st.sampled_from(places), max_size=2, unique=True).map(tuple)
    some_homes = st.lists(st.sampled_from(homes), max_size=3, unique=True).map(tuple)
    sources = st.lists(st.sampled_from(places), min_size=1, max_size=2, unique=True).map(tuple)
    folded = st.lists(st.sampled_from(homes), min_size=1, max_size=2, unique=True).map(tuple)
    place, home = st.sampled_from(places), st.sampled_from(homes)
    takes = draw(st.sampled_from([(), (), ("a/old",), ("a/c", "c/b")]))
    choices = st.builds(Choice, home, st.just(Act.MOVE) | st.just(Act.FOLD), home) | st.builds(
        Choice, home, st.just(Act.RENAME), SLUGS
    )
    choices |= st.builds(Choice, home, st.just(Act.ELSEWHERE), place)
    target = place | st.just(TOP)
    move = st.tuples(target, some_places, some_homes).flatmap(
        lambda each: moved(*each, [*places, *homes], takes)
    )
    part = st.builds(Part, st.just(new_key), target, SLUGS, SLUGS, some_places, some_homes)
    # A second part may lie in the first one.
    other = st.builds(
        Part, st.just(f"{new_key}b"), target | st.just(new_key), SLUGS, SLUGS, some_places, some_homes
    )
    parts: st.SearchStrategy[tuple[Part, ...]] = part.map(lambda each: (each,)) | st.tuples(part, other)
    retired = st.lists(st.sampled_from(aliases or ["a/none"]), min_size=1, max_size=2, unique=True)
    one = st.one_of(
        move,
        st.builds(Retire, retired.map(tuple)),
        st.builds(Rename, st.just(Kind.SKILL), home, SLUGS, st.none(), st.just(takes)),
        st.builds(Rename, st.just(Kind.CATEGORY), place, SLUGS, st.none() | SLUGS, st.just(takes)),
        st.builds(
            MergeCategories,
            sources,
            place,
            st.lists(choices, max_size=2, unique_by=lambda each: each.skill).map(tuple),
            st.just(takes),
        ),
        st.builds(MergeSkills, folded, home, st.just(takes)),
        st.builds(Split, place, parts, st.just(takes)),
        # What is made at the top and holds nothing has nobody who answers for it once it is undone.
        st.builds(Split, st.just(TOP), parts.filter(_hold_something), st.just(takes)),
        st.builds(Refacet, some_homes, FACETS, FACETS),
    )
    return draw(one)


def _hold_something(parts: tuple[Part, ...]) -> bool:
    return all(one.categories or one.skills for one in parts)


def moved(
    target: str, places: tuple[str, ...], homes: tuple[str, ...], every: list[str], takes: tuple[str, ...]
) -> st.SearchStrategy[Move]:
    """Return moves of these that perhaps rename some of them, or of what (by its first address) comes along with them."""
    along = [
        key for key in every if key in {*places, *homes} or key.startswith(tuple(f"{one}/" for one in places))
    ]
    if not along:
        return st.just(Move(target, places, homes, (), takes))
    renames = st.lists(st.tuples(st.sampled_from(along), SLUGS), max_size=2, unique_by=lambda each: each[0])
    return renames.map(lambda pairs: Move(target, places, homes, tuple(pairs), takes))


class RandomChanges(RuleBasedStateMachine):
    """Apply and undo whatever comes, and hold on to every address that ever answered."""

    def __init__(self) -> None:
        super().__init__()
        self.tree = start()
        self.done: list[tuple[Effect, Any]] = []
        self.known: dict[str, Target] = {}
        self.number = 0
        self._learn()

    def _learn(self) -> None:
        for path in (*self.tree.holders[Kind.SKILL], *self.tree.holders[Kind.CATEGORY], *self.tree.aliases):
            self.known[path] = self.tree.resolve(path)  # type: ignore[assignment]

    @rule(data=st.data(), length=st.integers(1, 3))
    def apply(self, data: st.DataObject, length: int) -> None:
        self.number += 1
        places, homes = sorted(self.tree.places), sorted(self.tree.homes)
        if not places:
            return
        chosen = [
            data.draw(operation(places, homes, f"k{self.number}-{n}", sorted(self.tree.aliases)))
            for n in range(length)
        ]
        assert list(operations_from(operations_data(chosen))) == chosen
        before, changed = snapshot(self.tree), fresh(self.tree)
        conflicts = apply_operations(changed, chosen)
        check(changed)
        if conflicts:
            self._hold_ways_out(conflicts, chosen)
            return
        self.tree = fresh(changed)
        self.done.append((effect_from(effect_of(changed).as_data()), before))
        taken = any(getattr(each, "takes", ()) for each in chosen)
        self._addresses_lead_on(self.done[-1][0], taken)

    def _hold_ways_out(self, conflicts: list[Any], chosen: list[Operation]) -> None:
        for conflict in conflicts:
            assert conflict.ways_out
            for way in conflict.ways_out:
                if any(self._is_ambiguous(one) for one in way.instead):
                    continue
                at = conflict.operation
                mended = fresh(self.tree)
                again = apply_operations(mended, [*chosen[:at], *way.instead])
                found = [(each.reason, each.target, each.path) for each in again if each.operation >= at]
                assert (conflict.reason, conflict.target, conflict.path) not in found, way

    def _is_ambiguous(self, one: Operation) -> bool:
        """Say whether a move renames by a key that here, unlike in a library, a skill and a category share."""
        both = self.tree.places.keys() & self.tree.homes.keys()
        return isinstance(one, Move) and any(key in both for key, _ in one.renames)

    def _addresses_lead_on(self, effect: Effect, taken: bool) -> None:
        for path, target in self.known.items():
            found = self.tree.resolve(path)
            if path in effect.retired:
                assert found != target or path in self.tree.paths.values()
                continue
            assert found is not None, f"{path} leads nowhere"
            shared = self.tree.holders[Kind.CATEGORY].get(path)
            is_folded = target.key in effect.homes and effect.homes[target.key][1].status == "archived"
            if not taken and shared is None and target not in effect.heirs and not is_folded:
                assert found == target, f"{path} leads to {found} and not to {target}"
        self.known = {path: target for path, target in self.known.items() if path not in effect.retired}
        self._learn()

    @rule()
    def undo_last(self) -> None:
        if not self.done:
            return
        effect, (places, homes, aliases) = self.done.pop()
        back = fresh(self.tree)
        assert undo(back, effect) == []
        assert (back.places, back.homes) == (places, homes)
        assert aliases.items() <= back.aliases.items()
        self.tree = back = fresh(back)
        self.known = {path: back.resolve(path) for path in self.known if back.resolve(path)}  # type: ignore[misc]
        between = {pair[1] for pair in effect.addresses.values()} - {""}
        assert between <= self.known.keys()

    @rule(data=st.data())
    def undo_some_other(self, data: st.DataObject) -> None:
        if len(self.done) < 2:
            return
        at = data.draw(st.integers(0, len(self.done) - 2))
        before, back = snapshot(self.tree), fresh(self.tree)
        if undo(back, self.done[at][0]):
            assert snapshot(back) == before
            return
        known = set(self.known)
        self.tree = fresh(back)
        # What came after was made on another tree: its exact undo is asked for no more.
        self.done = []
        assert all(self.tree.resolve(path) is not None for path in known)
        self.known = {path: self.tree.resolve(path) for path in known}  # type: ignore[misc]
        self._learn()

    @invariant()
    def the_tree_is_a_tree(self) -> None:
        check(self.tree)


TestRandomChanges = RandomChanges.TestCase
TestRandomChanges.settings = settings(
    max_examples=60, stateful_step_count=12, deadline=None, phases=[Phase.explicit, Phase.generate]
)
