"""The index of a library: a tree of categories, and where each skill lives, by its id."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from skills_app.domain.enums import SkillStatus
from skills_app.domain.library_problems import LibraryProblem, LibraryReason
from skills_app.domain.paths import DEEPEST, clean_path, clean_segment, disk_path
from skills_app.domain.storable import storable_text

LONGEST_TITLE = 128
_SHAPE_REMEDY = "Mend this entry of the index; the rest of it is used."
_CONFLICT_REMEDY = "Keep one of the two in the index; until then the first one counts."


@dataclass(frozen=True, slots=True)
class IndexedSkill:
    """One entry: the id, the canonical path, other addresses, and the facets as name and value and the status if they are given.

    No facets at all are another thing than None: there, the index does not speak of them.
    """

    index_id: str
    canonical_path: str
    aliases: tuple[str, ...] = ()
    facets: tuple[tuple[str, str], ...] | None = None
    status: SkillStatus | None = None


@dataclass(frozen=True, slots=True)
class TaxonomyIndex:
    """Categories as path and description, parents first, and the entries by id; both in the order of the file.

    ``titles`` are path and title of the categories that state one, ``category_aliases`` other addresses and the paths of
    the categories that they lead to.
    """

    categories: tuple[tuple[str, str], ...] = ()
    skills: tuple[IndexedSkill, ...] = ()
    titles: tuple[tuple[str, str], ...] = ()
    category_aliases: tuple[tuple[str, str], ...] = ()

    def entry_for(self, *addresses: str) -> IndexedSkill | None:
        """Return the entry that one of ``addresses`` names: by canonical path or id first, then by alias."""
        wanted = [address for address in addresses if address]
        return next(
            (s for a in wanted for s in self.skills if a in {s.canonical_path, s.index_id}),
            next((s for a in wanted for s in self.skills if a in s.aliases), None),
        )


def claimed_places(index: TaxonomyIndex, places: Collection[str]) -> dict[str, str]:
    """Return which of ``places`` on disk each entry of the index means, by its id: the canonical path before the aliases in their order."""
    claims: dict[str, str] = {}
    for entry in index.skills:
        place = next((path for path in (entry.canonical_path, *entry.aliases) if path in places), None)
        if place is not None:
            claims[entry.index_id] = place
    return claims


def read_index(value: Any, *, path: str) -> tuple[TaxonomyIndex, tuple[LibraryProblem, ...]]:
    """Return the index that ``value`` (parsed JSON) holds and what is wrong with it, under ``path``; never raises."""
    reader = _IndexReader(path)
    if not isinstance(value, Mapping):
        reader.complain("The index is not an object with taxonomy_tree and skills.")
        return TaxonomyIndex(), tuple(reader.problems)
    categories = tuple(reader.categories(value.get("taxonomy_tree"), "", 0))
    skills = reader.skills(value.get("skills"))
    skills = reader.with_top_aliases(skills, value.get("aliases"), {path for path, _ in categories})
    skills = list(reader.without_conflicts(skills))
    index = TaxonomyIndex(
        categories, tuple(skills), tuple(reader.titles.items()), tuple(reader.category_aliases.items())
    )
    return index, tuple(reader.problems)


class _IndexReader:
    def __init__(self, path: str) -> None:
        self.path = path
        self.problems: list[LibraryProblem] = []
        self.titles: dict[str, str] = {}
        self.category_aliases: dict[str, str] = {}

    def complain(
        self, message: str, *, at: str = "", reason: LibraryReason = LibraryReason.WRONG_SHAPE
    ) -> None:
        remedy = _CONFLICT_REMEDY if reason is LibraryReason.CONFLICT else _SHAPE_REMEDY
        where = f"{self.path}#{storable_text(at)}" if at else self.path
        if all((problem.path, problem.reason) != (where, reason) for problem in self.problems):
            self.problems.append(LibraryProblem(where, reason, storable_text(message), remedy))

    def categories(self, tree: Any, above: str, depth: int) -> Iterator[tuple[str, str]]:
        if tree is None:
            return
        if not isinstance(tree, Mapping) or depth >= DEEPEST:
            at = f"taxonomy_tree/{above}"
            self.complain(
                f"The categories at '{above or 'the top'}' are not an object, or lie too deep.", at=at
            )
            return
        for key, node in tree.items():
            path = clean_path(f"{above}/{clean_segment(str(key))}") if clean_segment(str(key)) else ""
            if not path:
                self.complain(
                    f"'{str(key)[:80]}' cannot be the name of a category.", at=f"taxonomy_tree/{key}"[:500]
                )
                continue
            if not isinstance(node, Mapping):
                self.complain(f"The category '{path}' is not an object.", at=f"taxonomy_tree/{path}")
                yield path, ""
                continue
            description, title = node.get("description"), node.get("title")
            if isinstance(title, str) and title.strip():
                self.titles[path] = storable_text(title.strip(), longest=LONGEST_TITLE)
            yield path, storable_text(description) if isinstance(description, str) else ""
            yield from self.categories(node.get("children"), path, depth + 1)

    def skills(self, value: Any) -> list[IndexedSkill]:
        if value is None:
            return []
        if not isinstance(value, Mapping):
            self.complain("The skills of the index are not an object.", at="skills")
            return []
        return [entry for key, item in value.items() if (entry := self._skill(storable_text(str(key)), item))]

    def _skill(self, index_id: str, item: Any) -> IndexedSkill | None:
        at = f"skills/{index_id}"[:500]
        if not isinstance(item, Mapping):
            self.complain(f"The entry '{index_id[:80]}' is not an object.", at=at)
            return None
        stated = item.get("canonical_path")
        canonical = clean_path(stated) if isinstance(stated, str) else ""
        if not canonical:
            self.complain(f"The entry '{index_id[:80]}' has no canonical_path that can be used.", at=at)
            return None
        return IndexedSkill(
            index_id[:512],
            canonical,
            tuple(self._aliases(item.get("aliases"), at)),
            self._facets(item.get("facets"), at),
            self._status(item.get("status"), at),
        )

    def _aliases(self, value: Any, at: str) -> Iterator[str]:
        if value is None:
            return
        for alias in value if isinstance(value, list) else [value]:
            address = disk_path(alias) if isinstance(alias, str) else ""
            if address and len(address) <= 512 and ".." not in address.split("/"):
                yield storable_text(address)
            else:
                self.complain("An alias is not a path that can be used.", at=f"{at}/aliases")

    def _facets(self, value: Any, at: str) -> tuple[tuple[str, str], ...] | None:
        """Return the facets that can be read; None where none are given, and where none of those given can be read."""
        if value is None:
            return None
        if not isinstance(value, Mapping):
            self.complain("The facets are not an object of names and values.", at=f"{at}/facets")
            return None
        pairs = [
            (str(name), one)
            for name, stated in value.items()
            for one in (stated if isinstance(stated, list) else [stated])
        ]
        found: list[tuple[str, str]] = []
        for name, one in pairs:
            if isinstance(one, str | int | float) and name.strip() and str(one).strip():
                found.append((storable_text(name, longest=64), storable_text(str(one), longest=256)))
            else:
                self.complain(f"The facet '{name[:40]}' is not a word.", at=f"{at}/facets")
        return tuple(found) if found or not pairs else None

    def _status(self, value: Any, at: str) -> SkillStatus | None:
        if value is None:
            return None
        if isinstance(value, str) and value.lower() in set(SkillStatus):
            return SkillStatus(value.lower())
        self.complain(
            f"'{str(value)[:40]}' is not a status: use draft, active, deprecated or archived.",
            at=f"{at}/status",
        )
        return None

    def with_top_aliases(
        self, skills: list[IndexedSkill], value: Any, categories: Collection[str]
    ) -> list[IndexedSkill]:
        """Add the aliases that the index keeps apart: address to id or canonical path, or to the path of a category.

        Those of categories are noted beside. A skill with that id goes before; where a skill and a category share the path,
        it is the category that is meant, for a skill has a list of its own.
        """
        if value is None:
            return skills
        if not isinstance(value, Mapping):
            self.complain("The aliases of the index are not an object.", at="aliases")
            return skills
        by_id: dict[str, IndexedSkill] = {}
        by_path: dict[str, IndexedSkill] = {}
        for skill in skills:
            by_id.setdefault(skill.index_id, skill)
            by_path.setdefault(skill.canonical_path, skill)
        extra: dict[str, list[str]] = {}
        for alias, stated in value.items():
            target = stated if isinstance(stated, str) else ""
            entry = by_id.get(target)
            if entry is None and target not in categories:
                entry = by_path.get(target)
            addresses = list(self._aliases(alias, f"aliases/{alias}"[:500]))
            if entry is None and target in categories:
                self.category_aliases.update(dict.fromkeys(addresses, target))
            elif entry is None:
                self.complain(
                    f"The alias '{str(alias)[:80]}' leads to no skill or category of the index.",
                    at=f"aliases/{alias}"[:500],
                )
            else:
                extra.setdefault(entry.index_id, []).extend(addresses)
        return [
            IndexedSkill(
                s.index_id, s.canonical_path, s.aliases + tuple(extra.get(s.index_id, ())), s.facets, s.status
            )
            for s in skills
        ]

    def without_conflicts(self, skills: list[IndexedSkill]) -> Iterator[IndexedSkill]:
        """Drop what names an address that is taken: a canonical path goes before every alias, the first before the next."""
        homes: dict[str, str] = {}
        kept: list[IndexedSkill] = []
        for skill in skills:
            if skill.canonical_path in homes:
                other = homes[skill.canonical_path]
                message = (
                    f"'{skill.index_id}' and '{other}' both have the canonical path '{skill.canonical_path}'."
                )
                self.complain(message, at=f"skills/{skill.index_id}", reason=LibraryReason.CONFLICT)
                continue
            homes[skill.canonical_path] = skill.index_id
            kept.append(skill)
        given: dict[str, str] = {}
        for skill in kept:
            aliases: list[str] = []
            for alias in dict.fromkeys(skill.aliases):
                owner = homes.get(alias) or given.get(alias)
                if owner is not None and owner != skill.index_id:
                    message = f"The alias '{alias}' of '{skill.index_id}' already leads to '{owner}'."
                    at = f"skills/{skill.index_id}/aliases/{alias}"[:900]
                    self.complain(message, at=at, reason=LibraryReason.CONFLICT)
                elif alias != skill.canonical_path:
                    given[alias] = skill.index_id
                    aliases.append(alias)
            yield IndexedSkill(
                skill.index_id, skill.canonical_path, tuple(aliases), skill.facets, skill.status
            )
