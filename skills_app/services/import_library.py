"""Bring a folder of skills into the library, as often as one likes."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import transaction

from skills_app.adapters.library_folder import (
    FoundSkill,
    LibraryFolder,
    LibraryScan,
    LibrarySkill,
    SkillReading,
)
from skills_app.domain.digests import digest_of, version_digest
from skills_app.domain.enums import SkillStatus, VersionOrigin
from skills_app.domain.errors import AliasLoops, PathTaken, SkillsError
from skills_app.domain.library_problems import LibraryProblem, LibraryReason, conflict_at, merged_problems
from skills_app.domain.paths import clean_path, disk_path
from skills_app.domain.taxonomy_index import IndexedSkill, claimed_places
from skills_app.models import Category, Skill
from skills_app.queries.library_state import (
    HeldSkill,
    ended_addresses,
    held_addresses,
    held_dependencies,
    held_facets,
    held_skills,
)
from skills_app.queries.published import version_on_disk
from skills_app.queries.resolve_path import resolve_path
from skills_app.services.add_alias import add_alias
from skills_app.services.add_version import add_version
from skills_app.services.import_categories import CategoryImport
from skills_app.services.link_dependencies import link_dependencies
from skills_app.services.make_skill import make_skill
from skills_app.services.place_skill import place_skill
from skills_app.services.record_audit import record_audit
from skills_app.services.set_dependencies import dependencies_once, set_dependencies
from skills_app.services.set_facets import set_facets, storable_facets

ACTOR = "library scan"


@dataclass(frozen=True, slots=True)
class LibraryImport:
    """What an import did, by the paths of the skills, and all that could not be read.

    ``stated_total`` is what the library's own statistics say, None when they say nothing; ``num_other_files`` lie in no
    skill and were left out.
    """

    created: tuple[str, ...]
    updated: tuple[str, ...]
    unchanged: tuple[str, ...]
    problems: tuple[LibraryProblem, ...]
    num_new_categories: int
    stated_total: int | None
    num_other_files: int
    is_dry_run: bool

    @property
    def num_skills(self) -> int:
        """How many skills were read, whatever became of them."""
        return len(self.created) + len(self.updated) + len(self.unchanged)


def import_library(
    *,
    root: Path,
    index: Path | None = None,
    is_dry_run: bool = False,
    within: Collection[str] | None = None,
) -> LibraryImport:
    """Import every skill below ``root``; what cannot be read is a problem and stops nothing.

    ``index`` is a taxonomy index that lies elsewhere. A skill's home is the canonical path that the index gives it, else
    its place on disk; its place on disk and its own id become aliases. A skill that was moved here since stays where it
    is. Nothing is deleted. Two imports at once make nothing twice. A dry run writes nothing and says what would happen.
    With ``within``, only skills that live in these branches, and new ones that would, are taken in; what the index says of
    other places is left alone.

    Raises:
        LibraryUnreadable: the folder itself cannot be listed.
    """
    folder = LibraryFolder(root, limit_bytes=settings.FLEET_LIBRARY_FILE_BYTES, index=index)
    scan = folder.scan()
    readings: Iterator[tuple[FoundSkill, SkillReading]] = (
        (found, folder.read_skill(found)) for found in scan.skills
    )
    if not is_dry_run:
        return _Import(scan, is_dry_run=False, within=within).run(readings)
    kept = iter(list(readings))  # all is read before the transaction begins
    with transaction.atomic():
        result = _Import(scan, is_dry_run=True, within=within).run(kept)
        transaction.set_rollback(True)
    return result


@dataclass(slots=True)
class _Placed:
    """A skill that was read, with its row, its entry in the index, and what was done to it."""

    read: LibrarySkill
    entry: IndexedSkill | None
    skill: Skill
    is_new: bool
    is_changed: bool = False

    def addresses(self, skill: HeldSkill | Skill, ended: Collection[str]) -> tuple[str, ...]:
        """Return the other addresses that index, folder and document give the skill, each once.

        What a document says of itself brings none of ``ended`` back, for a move leaves it as it was.
        """
        said = disk_path(self.read.metadata.skill_id)
        wanted = [*(self.entry.aliases if self.entry else ()), self.read.path, "" if said in ended else said]
        return tuple(one for one in dict.fromkeys(wanted) if one not in {"", skill.path, skill.external_id})


@dataclass(slots=True)
class _Import:
    """One pass over a library: homes and versions first, then aliases and dependencies, which need every home.

    What the library holds is read at once before each of the two, so that a skill that is as it was asks for nothing by itself.
    """

    scan: LibraryScan
    is_dry_run: bool
    within: Collection[str] | None = None
    problems: list[LibraryProblem] = field(default_factory=list)
    placed: list[_Placed] = field(default_factory=list)
    taken: dict[int, str] = field(default_factory=dict)
    claims: dict[str, str] = field(default_factory=dict)
    entries: dict[str, IndexedSkill] = field(default_factory=dict)
    aliases: frozenset[str] = frozenset()
    held: dict[str, HeldSkill] = field(default_factory=dict)
    facets: dict[int, frozenset[tuple[str, str]]] = field(default_factory=dict)

    def run(self, readings: Iterator[tuple[FoundSkill, SkillReading]]) -> LibraryImport:
        self.problems += self.scan.problems
        num_before = Category.objects.count()
        categories = CategoryImport(self.scan.index, self._reaches, ACTOR, self.problems)
        if self.within is None:
            categories.make()
        self.claims = claimed_places(self.scan.index, {found.path for found in self.scan.skills})
        for entry in self.scan.index.skills:
            if entry.index_id in self.claims:
                self.entries.setdefault(self.claims[entry.index_id], entry)
        self.aliases = frozenset(alias for entry in self.scan.index.skills for alias in entry.aliases)
        self.held = {skill.path: skill for skill in held_skills()}
        self.facets = held_facets()
        for _, reading in readings:
            self.problems += reading.problems
            if reading.skill is not None:
                self._take(reading.skill)
        self._describe_all()
        categories.add_aliases()
        link_dependencies()
        self._note_missing()
        categories.note_old()
        return self._result(Category.objects.count() - num_before)

    def _reaches(self, path: str) -> bool:
        """Whether a path lies where this import may take something in."""
        return self.within is None or any(path.startswith(f"{branch}/") for branch in self.within)

    def _result(self, num_new_categories: int) -> LibraryImport:
        return LibraryImport(
            created=tuple(one.skill.path for one in self.placed if one.is_new),
            updated=tuple(one.skill.path for one in self.placed if one.is_changed and not one.is_new),
            unchanged=tuple(one.skill.path for one in self.placed if not one.is_changed and not one.is_new),
            problems=merged_problems([one for one in self.problems if self._reaches(one.path)]),
            num_new_categories=num_new_categories,
            stated_total=self.scan.stated_total,
            num_other_files=self.scan.num_other_files,
            is_dry_run=self.is_dry_run,
        )

    def _take(self, read: LibrarySkill) -> None:
        """Give a skill its home and its version."""
        entry = self._entry_of(read)
        home = entry.canonical_path if entry else clean_path(read.path)
        if not home:
            message = (
                f"The place {read.path[:200]} cannot be a skill's address, so the skill was not imported."
            )
            remedy = "Rename its folders: letters, digits, - and _, at most 64 characters each."
            self.problems.append(LibraryProblem(read.path[:1024], LibraryReason.WRONG_SHAPE, message, remedy))
            return
        if not self._reaches(home) or self._is_as_it_was(read, entry, home):
            return
        try:
            with transaction.atomic():
                self._write(read, entry, home)
        except SkillsError as error:
            self._conflict(read.path, str(error))

    def _entry_of(self, read: LibrarySkill) -> IndexedSkill | None:
        """Return the entry of the index for a skill: by its place, else by what it says of itself if that is free."""
        index = self.scan.index
        if read.path in self.entries:
            return self.entries[read.path]
        by_place = index.entry_for(read.path)
        if by_place is not None and by_place.index_id in self.claims:
            other = self.claims[by_place.index_id]
            self._conflict(read.path, f"{read.path} and {other} are both '{by_place.index_id}' in the index.")
            return None
        said = by_place or index.entry_for(
            disk_path(read.metadata.skill_id), disk_path(read.metadata.taxonomy_path)
        )
        if said is None or said.index_id in self.claims:
            return None
        self.claims[said.index_id] = read.path
        self.entries[read.path] = said
        return said

    def _is_as_it_was(self, read: LibrarySkill, entry: IndexedSkill | None, home: str) -> bool:
        """Return whether a skill lives at home as index and folder have it, and take it as placed if so."""
        held = self.held.get(home)
        if held is None or held.pk in self.taken:
            return False
        if entry is not None:
            # What is archived may have given its id away: that is looked up.
            if held.external_id != entry.index_id or self._is_given_away(entry):
                return False
            if (entry.status or held.status) != held.status:
                return False
            stated = None if entry.facets is None else storable_facets(entry.facets)
            if stated is not None and stated != self.facets.get(held.pk, frozenset()):
                return False
        if read.is_complete or not held.num_versions:
            files = [(file.path, file.digest) for file in read.files]
            if held.digest != version_digest(digest_of(read.content), files):
                return False
        self.taken[held.pk] = read.path
        self.placed.append(_Placed(read, entry, Skill(pk=held.pk, path=held.path), False))
        return True

    def _write(self, read: LibrarySkill, entry: IndexedSkill | None, home: str) -> None:
        known = self._known(read, entry, home)
        if known is not None and not self._reaches(known.path):
            return
        skill, is_new = self._identify(known, read, entry, home)
        if skill.pk in self.taken:
            self._conflict(read.path, _taken_twice(read, self.taken[skill.pk], skill))
            return
        one = _Placed(read, entry, skill, is_new)
        one.is_changed = self._settle(one)
        # A known skill stays as it is when the disk withholds a file: its lack is no change of the skill.
        if read.is_complete or not skill.num_versions:
            one.is_changed |= self._add_version(skill, read)
        self.taken[skill.pk] = read.path
        self.placed.append(one)

    def _add_version(self, skill: Skill, read: LibrarySkill) -> bool:
        """Add what was read as a version; return whether it is new.

        What people changed on disk since the skill was promoted is offered as a draft; what was promoted stays current. Its
        parent is what stood there, so that drafts that were made here meanwhile go their own way.
        """
        is_promoted = skill.promotions.standing().exists()
        added = add_version(
            skill=skill,
            content=read.content,
            content_kind=read.content_kind,
            files=read.files,
            metadata=read.stated_metadata,
            origin=VersionOrigin.LIBRARY,
            made_at=read.made_at,
            message=f"{'Changed on disk' if is_promoted else 'Found in the library'} at {read.path}",
            author_name=ACTOR,
            parent=version_on_disk(skill),
            becomes_current=not is_promoted,
        )
        if added.version.pk != skill.disk_version_id:
            Skill.objects.filter(pk=skill.pk).update(disk_version=added.version)
        return added.is_new

    def _known(self, read: LibrarySkill, entry: IndexedSkill | None, home: str) -> Skill | None:
        """Return the skill that was read, if it is known: at home, else by its id or its old place."""
        at_home = _skill_at(home)
        if at_home is not None:
            return at_home
        known = [Skill.objects.filter(external_id=entry.index_id).first()] if entry else []
        known += [_skill_at(address) for address in (*(entry.aliases if entry else ()), read.path)]
        return next((skill for skill in known if skill is not None and skill.pk not in self.taken), None)

    def _identify(
        self, known: Skill | None, read: LibrarySkill, entry: IndexedSkill | None, home: str
    ) -> tuple[Skill, bool]:
        """Return the skill's row and whether it is new; one that is known by its id or its old place is moved home."""
        if known is not None:
            if known.path != home and not known.aliases.filter(path=home).exists():
                place_skill(skill=known, path=home, actor_name=ACTOR, reason="the index says so")
                known.refresh_from_db()
            return known, False
        return make_skill(
            path=home,
            name=read.metadata.name,
            external_id=entry.index_id if entry and not self._is_given_away(entry) else "",
            status=(entry.status if entry else None) or SkillStatus.ACTIVE,
            actor_name=ACTOR,
        )

    def _settle(self, one: _Placed) -> bool:
        """Bring id, status and facets in line with the index; return whether that changed anything."""
        skill, entry = one.skill, one.entry
        if entry is None:
            return False
        before = {"external_id": skill.external_id, "status": str(skill.status)}
        status = entry.status or SkillStatus(skill.status)
        after = {"external_id": self._id_of(skill, entry, status), "status": status.value}
        if before != after:
            skill.external_id, skill.status = after["external_id"], after["status"]
            skill.save(update_fields=["external_id", "status", "updated_at"])
            record_audit(
                verb="indexed_skill",
                target_kind="skill",
                target_key=skill.key,
                actor_name=ACTOR,
                before=before,
                after=after,
            )
        if entry.facets is None:
            return before != after
        return set_facets(skill=skill, facets=entry.facets, actor_name=ACTOR) or before != after

    def _id_of(self, skill: Skill, entry: IndexedSkill, status: SkillStatus) -> str:
        """Return the id that the index gives a skill, but none that leads to the one that stands in for it."""
        if self._is_given_away(entry):
            return ""
        if status is SkillStatus.ARCHIVED and not skill.external_id:
            found = resolve_path(entry.index_id)
            if found is not None and found.skill != skill:
                return ""
        return entry.index_id

    def _is_given_away(self, entry: IndexedSkill) -> bool:
        is_alias = entry.index_id in self.aliases and entry.index_id not in entry.aliases
        return is_alias and entry.status is SkillStatus.ARCHIVED

    def _describe_all(self) -> None:
        """Add aliases and dependencies, now that every skill has its home, where there are others than the library holds."""
        skills = held_skills()
        addresses, dependencies, ended = held_addresses(skills), held_dependencies(), ended_addresses()
        by_pk = {skill.pk: skill for skill in skills}
        for one in self.placed:
            held = by_pk.get(one.skill.pk)
            if held is None:
                continue
            others = [address for address in one.addresses(held, ended) if self._reaches(address)]
            stated = dependencies_once(one.read.metadata.dependencies)
            reasons = {key: record.reason for key, record in stated.items()}
            if not all(addresses.leads(address, held.pk) for address in others):
                self._add_aliases(one, ended)
            if reasons != dependencies.get(held.pk, {}):
                skill = Skill.objects.get(pk=held.pk)
                one.is_changed |= set_dependencies(
                    skill=skill, dependencies=stated.values(), actor_name=ACTOR
                )

    def _add_aliases(self, one: _Placed, ended: Collection[str]) -> None:
        skill = Skill.objects.get(pk=one.skill.pk)
        for alias in one.addresses(skill, ended):
            if not self._reaches(alias):
                continue
            try:
                one.is_changed |= add_alias(path=alias, skill=skill, actor_name=ACTOR)
            except AliasLoops:
                continue
            except SkillsError as error:
                # What an archived skill says of itself still names the addresses that another took over.
                if not (isinstance(error, PathTaken) and skill.status == SkillStatus.ARCHIVED):
                    self._conflict(one.read.path, str(error))

    def _note_missing(self) -> None:
        for entry in self.scan.index.skills:
            if entry.index_id not in self.claims:
                message = f"The index names '{entry.index_id}' at {entry.canonical_path}, but no such skill lies there."
                remedy = "Restore the skill, or remove its entry from the index."
                path = f"index#skills/{entry.index_id}"[:1024]
                self.problems.append(LibraryProblem(path, LibraryReason.MISSING_FILE, message, remedy))

    def _conflict(self, path: str, message: str) -> None:
        self.problems.append(conflict_at(path, message))


def _taken_twice(read: LibrarySkill, other: str, skill: Skill) -> str:
    """Say what to do about two places of one skill; a JSON file often stays beside the folder that was written from it."""
    if read.content_kind == "json" and other == read.path:
        return f"{read.path}.json lies beside the folder of the same skill; the folder was read. Remove the file."
    return f"{read.path} and {other} are both the skill {skill.path}."


def _skill_at(path: str) -> Skill | None:
    return Skill.objects.filter(path=path).first() or Skill.objects.filter(aliases__path=path).first()
