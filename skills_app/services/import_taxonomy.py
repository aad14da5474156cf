"""Bring the library in line with a ``taxonomy_index.json``: places and addresses at once, moves as a draft to look at."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from skills_app.domain.change_sets.operations import Move, Operation, Refacet, Rename
from skills_app.domain.change_sets.rows import TOP, Kind
from skills_app.domain.errors import AliasLoops, PathInvalid, PathTaken
from skills_app.domain.library_problems import LibraryProblem
from skills_app.domain.paths import is_path, lineage, parent_of, set_aside
from skills_app.domain.storable import storable_text
from skills_app.domain.taxonomy_files import meta_differences
from skills_app.domain.taxonomy_index import IndexedSkill, TaxonomyIndex, read_index
from skills_app.models import Category, PathAlias, PlacementChange, Skill
from skills_app.queries.resolve_path import skill_keys_by_address
from skills_app.queries.taxonomy_files import meta_file
from skills_app.services.add_alias import add_alias, add_category_alias
from skills_app.services.draft_change import draft_change, preview_change
from skills_app.services.make_category import make_category

_LONGEST = 80
_CHUNK = 400


@dataclass(slots=True)
class TaxonomyImport:
    """What an import did or, as a dry run, would do; ``missing`` are ids whose skill is not in the library.

    ``followed`` are categories of the index that have another address here by now, with that address; ``titles`` are
    paths with the title here and the one in the index. ``emptied`` are skills with facets here that have none in the index;
    of an index that does not speak of facets, none are taken. ``descriptions`` are paths with the one that they got, ``kept`` paths
    that have another one here, which stays. ``change`` is the draft that holds moves, titles and facets, None
    when none is needed or in a dry run.
    """

    categories: list[str] = field(default_factory=list)
    aliases: list[tuple[str, str]] = field(default_factory=list)
    moves: list[tuple[str, str]] = field(default_factory=list)
    facets: list[str] = field(default_factory=list)
    emptied: list[str] = field(default_factory=list)
    titles: list[tuple[str, str, str]] = field(default_factory=list)
    descriptions: list[tuple[str, str]] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    followed: list[tuple[str, str]] = field(default_factory=list)
    statuses: list[tuple[str, str, str]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    problems: list[LibraryProblem] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    change: PlacementChange | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to take in."""
        made = self.categories or self.descriptions or self.aliases
        return not (made or self.moves or self.facets or self.titles)

    @property
    def is_same(self) -> bool:
        """Whether the library is as the index says already: nothing to take in, and nothing that is only told."""
        told = self.kept or self.statuses or self.missing or self.problems or self.refused
        return self.is_empty and not told


def import_taxonomy(*, index: Any, meta: Any = None, actor: User, is_dry_run: bool = False) -> TaxonomyImport:
    """Take in ``index`` (parsed JSON) and compare ``meta`` with what is counted here.

    Missing categories, descriptions and aliases are added at once, for nothing changes by them; what would move, or get another name,
    title or facets, becomes one draft of ``actor``, whose effect is looked at before it is applied and can be undone. Skills
    are neither made nor ended: a status that differs is only told. An old address of a category means that category, and
    one of a skill is left to it: no address that answers here is taken away. A dry run writes nothing.

    Raises:
        ChangeDataError: the moves are more steps than a change-set takes; import a part of the index.
    """
    read, problems = read_index(index, path="taxonomy_index.json")
    with transaction.atomic():
        report = TaxonomyImport(problems=list(problems))
        _Taking(read, report, actor).run()
        if is_dry_run:
            report.change = None
            transaction.set_rollback(True)
    if meta is not None:
        report.differences = list(meta_differences(meta, meta_file()))
    return report


@dataclass(slots=True)
class _Taking:
    index: TaxonomyIndex
    report: TaxonomyImport
    actor: User
    led: dict[str, str] = field(default_factory=dict)

    def run(self) -> None:
        name = self.actor.get_username()
        self._make_categories(name)
        pairs = self._pairs()
        operations = [*self._titles(), *self._moves(pairs), *self._facets(pairs)]
        if operations:
            change = draft_change(operations=operations, actor=self.actor, title="Import of a taxonomy index")
            self.report.conflicts = [one.message for one in preview_change(change=change).conflicts]
            self.report.change = change
        self._add_aliases(pairs, name)
        self._add_category_aliases(name)

    def _make_categories(self, name: str) -> None:
        """Make the categories that are missing, each at the address that it has here by now."""
        known = set(Category.objects.values_list("path", flat=True))
        before = set(known)
        skills = set(Skill.objects.values_list("path", flat=True))
        aliases = PathAlias.objects.values_list("path", "category__path", "skill__path")
        old = {path: (category, skill) for path, category, skill in aliases}
        titles = dict(self.index.titles)
        said = dict(Category.objects.values_list("path", "description"))
        wanted = {parent_of(entry.canonical_path): "" for entry in self.index.skills} | dict(
            self.index.categories
        )
        for path in sorted(filter(None, wanted)):
            home = self._home(path, known, skills, old)
            if not home:
                continue
            if home != path:
                self.led[path] = home
                self.report.followed.append((path, home))
            make_category(path=home, description=wanted[path], title=titles.get(path, ""), actor_name=name)
            known.update(lineage(home))
            self._tell_description(home, said.get(home, ""), storable_text(wanted[path]))
            said[home] = said.get(home) or wanted[path]
        self.report.categories = sorted(known - before)

    def _tell_description(self, path: str, ours: str, theirs: str) -> None:
        if theirs and not ours:
            self.report.descriptions.append((path, theirs))
        elif theirs and theirs != ours:
            self.report.kept.append(path)

    def _home(
        self,
        path: str,
        known: Collection[str],
        skills: Collection[str],
        old: Mapping[str, tuple[str | None, str | None]],
    ) -> str:
        """Return where a category of the index is here: its path, or by the old address at or above it; empty: refused."""
        while at := next((one for one in lineage(path) if one in old and one not in known), ""):
            category, skill = old[at]
            if category is None:
                told = f"{path} was not made a category, because {at} is an old address of the skill {skill}."
                self.report.refused.append(told)
                return ""
            path = category + path.removeprefix(at)
        if not is_path(path):
            self.report.refused.append(f"{path} was not made a category: it is too long or too deep.")
            return ""
        if why := set_aside(path):
            self.report.refused.append(f"{path} was not made a category. {why}")
            return ""
        if any(one in skills and one not in known for one in lineage(path)):
            told = f"{path} was not made a category, because a skill lives there or above it."
            self.report.refused.append(told)
            return ""
        return path

    def _titles(self) -> list[Operation]:
        columns = ("path", "key", "slug", "title")
        rows = {path: row for path, *row in Category.objects.values_list(*columns)}
        found: list[Operation] = []
        for stated, title in self.index.titles:
            path = self.led.get(stated, stated)
            if path in rows and rows[path][2] != title:
                key, slug, ours = rows[path]
                self.report.titles.append((path, ours, title))
                found.append(Rename(Kind.CATEGORY, key, slug, title))
        return found

    def _pairs(self) -> list[tuple[IndexedSkill, Skill]]:
        """Return each entry with its skill: by id, canonical path or alias, each skill once."""
        entries = self.index.skills
        addresses = {a for e in entries for a in (e.index_id, e.canonical_path, *e.aliases)}
        pks = skill_keys_by_address(addresses)
        skills: dict[int, Skill] = {}
        ids = sorted(set(pks.values()))
        for start in range(0, len(ids), _CHUNK):
            rows = Skill.objects.filter(pk__in=ids[start : start + _CHUNK]).select_related("category")
            skills |= {row.pk: row for row in rows.prefetch_related("facets")}
        found, taken = [], set[int]()
        by_key = dict(
            Skill.objects.filter(key__in=[e.index_id for e in entries][:5_000]).values_list("key", "pk")
        )
        for entry in entries:
            known = [pks.get(entry.index_id), by_key.get(entry.index_id), pks.get(entry.canonical_path)]
            known += [pks.get(alias) for alias in entry.aliases]
            pk = next((one for one in known if one is not None and one not in taken), None)
            if pk is None:
                self.report.missing.append(entry.index_id)
                continue
            taken.add(pk)
            row = skills.get(pk) or Skill.objects.select_related("category").get(pk=pk)
            found.append((entry, row))
            if entry.status is not None and entry.status != row.status:
                self.report.statuses.append((row.path, row.status, entry.status.value))
        return found

    def _moves(self, pairs: list[tuple[IndexedSkill, Skill]]) -> list[Operation]:
        keys = dict(Category.objects.values_list("path", "key"))
        arriving: dict[str, list[tuple[Skill, str]]] = {}
        renamed: list[Operation] = []
        for entry, skill in pairs:
            stated, _, slug = entry.canonical_path.rpartition("/")
            above = self.led.get(stated, stated)
            path = f"{above}/{slug}" if above else slug
            if path == skill.path or (above and above not in keys):
                continue
            self.report.moves.append((skill.path, path))
            if parent_of(skill.path) == above:
                renamed.append(Rename(Kind.SKILL, skill.key, slug))
            else:
                arriving.setdefault(keys[above] if above else TOP, []).append((skill, slug))
        moved = [
            Move(
                target,
                (),
                tuple(skill.key for skill, _ in group),
                tuple((skill.key, slug) for skill, slug in group if slug != skill.slug),
            )
            for target, group in arriving.items()
        ]
        return [*renamed, *moved]

    def _facets(self, pairs: list[tuple[IndexedSkill, Skill]]) -> list[Operation]:
        grouped: dict[tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]], list[str]] = {}
        for entry, skill in pairs:
            if entry.facets is None:
                continue
            held = {(facet.name, facet.value) for facet in skill.facets.all()}
            add, remove = sorted(set(entry.facets) - held), sorted(held - set(entry.facets))
            if add or remove:
                self.report.facets.append(skill.path)
                if not entry.facets:
                    self.report.emptied.append(skill.path)
                grouped.setdefault((tuple(add), tuple(remove)), []).append(skill.key)
        return [Refacet(tuple(keys), add, remove) for (add, remove), keys in grouped.items()]

    def _add_aliases(self, pairs: list[tuple[IndexedSkill, Skill]], name: str) -> None:
        going = {old for old, _ in self.report.moves}
        coming = {new for _, new in self.report.moves}
        for entry, skill in pairs:
            for alias in entry.aliases:
                if alias in going or alias in coming:
                    continue  # the move itself sees to it
                try:
                    if add_alias(path=alias, skill=skill, actor_name=name):
                        self.report.aliases.append((alias, skill.path))
                except AliasLoops:
                    continue
                except (PathTaken, PathInvalid) as error:
                    self.report.refused.append(str(error))

    def _add_category_aliases(self, name: str) -> None:
        coming = {new for _, new in self.report.moves}
        for alias, stated in self.index.category_aliases:
            category = Category.objects.filter(path=self.led.get(stated, stated)).first()
            if category is None or alias in coming:
                continue
            try:
                if add_category_alias(path=alias, category=category, actor_name=name):
                    self.report.aliases.append((alias, category.path))
            except AliasLoops:
                continue
            except (PathTaken, PathInvalid) as error:
                self.report.refused.append(str(error))


def as_lines(report: TaxonomyImport, *, is_dry_run: bool) -> list[str]:
    """Return the report in sentences, the numbers first and then each thing, for a command."""
    verb = "would be" if is_dry_run else "were"
    numbers: Mapping[str, int] = {
        f"categories {verb} made": len(report.categories),
        f"categories {verb} described": len(report.descriptions),
        f"aliases {verb} added": len(report.aliases),
        f"skills {verb} moved by the draft": len(report.moves),
        f"skills {verb} given other facets by the draft": len(report.facets),
        f"categories {verb} given other titles by the draft": len(report.titles),
        "entries have no skill here": len(report.missing),
    }
    lines = [f"{number} {words}." for words, number in numbers.items()]
    lines += [f"Category: {path}" for path in report.categories]
    lines += [f"Description: {path} gets “{_short(text)}”" for path, text in report.descriptions]
    lines += [f"Description: {path} has another one here, which stays" for path in report.kept]
    lines += [f"Alias: {alias} leads to {path}" for alias, path in report.aliases]
    lines += [f"Move: {old} to {new}" for old, new in report.moves]
    emptied = set(report.emptied)
    lines += [
        f"Facets: {path}{' loses all of its facets' if path in emptied else ''}" for path in report.facets
    ]
    lines += [
        f"Title: {path} is “{ours}” here, “{theirs}” in the index" for path, ours, theirs in report.titles
    ]
    lines += [f"Followed: the category {old} is at {path} here" for old, path in report.followed]
    lines += [
        f"Status: {path} is {ours} here, {theirs} in the index" for path, ours, theirs in report.statuses
    ]
    lines += [f"No skill: {index_id}" for index_id in report.missing]
    lines += [f"In the way: {text}" for text in report.conflicts]
    lines += [f"Left out: {text}" for text in report.refused]
    lines += [f"Problem: {problem.path}: {problem.message}" for problem in report.problems]
    lines += [f"Meta: {text}" for text in report.differences]
    return lines


def _short(text: str) -> str:
    """Return a text in one line of at most ``_LONGEST`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
