"""The taxonomy as an open draft would leave it, in which its next step is looked at, and what a typed address means there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from skills_app.domain.change_sets.applying import apply_operations
from skills_app.domain.change_sets.operations import Operation, operations_from
from skills_app.domain.change_sets.rows import Kind, Target
from skills_app.domain.change_sets.tree import Tree
from skills_app.models import Category, Skill
from skills_app.queries.draft_marks import open_draft
from skills_app.queries.resolve_path import category_at
from skills_app.queries.taxonomy_rows import TaxonomyRows, read_taxonomy

MADE = "new:"
"""Before the key of a category that the draft itself makes, in place of a path: two may share one while the draft is open."""


class DraftedPlace(NamedTuple):
    """A category for a page: how a form names it, its address today, its title, and what the draft does with it, in words."""

    key: str
    value: str
    path: str
    title: str
    note: str


def steps_of_draft(user: Any) -> tuple[Operation, ...]:
    """Return the steps of the draft that a person works on; none without one."""
    draft = open_draft(user)
    return operations_from(draft.operations) if draft else ()


@dataclass(frozen=True)
class DraftedTree:
    """The taxonomy with ``operations`` applied; those in conflict change nothing. It is read when it is first asked for."""

    operations: Sequence[Operation] = ()

    @cached_property
    def rows(self) -> TaxonomyRows:
        """The tree as it would be, and the primary keys of what is there today."""
        rows = read_taxonomy()
        apply_operations(rows.tree, self.operations)
        return rows

    @property
    def tree(self) -> Tree:
        """The tree as it would be."""
        return self.rows.tree

    def category(self, address: str) -> str | None:
        """Return the key of the category at an address: as it is today, then as the draft would have it, then an old one."""
        path = address.strip().strip("/")
        if path.startswith(MADE):
            key = path.removeprefix(MADE)
            return key if self.is_made(key) else None
        today = Category.objects.filter(path=path).values_list("key", flat=True).first() if path else None
        if today is None and self.operations:
            today = self.tree.holders[Kind.CATEGORY].get(path)
        if today is None and (old := category_at(path)):
            return old.key
        return today

    def skill(self, address: str) -> str | None:
        """Return the key of the skill at an address, as it is today or as the draft would have it."""
        path = address.strip().strip("/")
        today = Skill.objects.filter(path=path).values_list("key", flat=True).first()
        return self.tree.holders[Kind.SKILL].get(path) if today is None and self.operations else today

    def made_places(self, keys: Iterable[str]) -> list[DraftedPlace]:
        """Return those of the categories with these keys that the draft makes; reads nothing where there are none."""
        wanted = [key for key in dict.fromkeys(keys) if key] if self.operations else []
        made = [(key, self.path_today(Kind.CATEGORY, key)) for key in wanted if self.is_made(key)]
        return [
            DraftedPlace(key, f"{MADE}{key}", path, self.tree.places[key].title, "Your draft makes it.")
            for key, path in made
        ]

    def is_made(self, key: str) -> bool:
        """Say whether the draft makes this category."""
        return key in self.tree.places and self.tree.first_places.get(key, self.tree.places[key]) is None

    def ending_of(self, kind: Kind, key: str) -> str:
        """Return in words that the draft ends a category, or lets another skill stand in; empty where it does neither."""
        tree, target = self.tree, Target(kind, key)
        heir = tree.last_heir(target)
        if heir == target or (kind is Kind.CATEGORY and key in tree.places):
            return ""
        return f"Your draft merges it into {tree.paths.get(heir, heir.key)}."

    def endings(self, categories: Iterable[str], skills: Iterable[str]) -> list[str]:
        """Return which of a selection the draft ends, each in a sentence."""
        chosen = [(Kind.CATEGORY, key) for key in categories] + [(Kind.SKILL, key) for key in skills]
        found = ((self.path_today(kind, key), self.ending_of(kind, key)) for kind, key in chosen)
        return [f"{path}: {told}" for path, told in found if told]

    def path_today(self, kind: Kind, key: str) -> str:
        """Return the address of what has this key as it is in the tables; of what the draft makes, the one that it gets."""
        target, tree = Target(kind, key), self.tree
        is_made = kind is Kind.CATEGORY and self.is_made(key)
        return (
            tree.paths.get(target, "")
            if is_made
            else tree.first_paths.get(target) or tree.paths.get(target, "")
        )

    def places_with(self, text: str) -> list[DraftedPlace]:
        """Return the categories with ``text`` in an address or title, by path: those of today, and those that the draft makes."""
        wanted = text.strip().lower()
        tree = self.tree
        ended = {key: old for key, old in tree.first_places.items() if old and key not in tree.places}
        found = []
        for key, place in [*tree.places.items(), *ended.items()]:
            path, then = self.path_today(Kind.CATEGORY, key), tree.paths.get(Target(Kind.CATEGORY, key), "")
            is_made = self.is_made(key)
            note = (
                "Your draft makes it."
                if is_made
                else f"{then} in your draft."
                if then not in (path, "")
                else ""
            )
            if wanted in path.lower() or wanted in then.lower() or wanted in place.title.lower():
                found.append(DraftedPlace(key, f"{MADE}{key}" if is_made else path, path, place.title, note))
        return sorted(found, key=lambda one: (one.path, one.key))
