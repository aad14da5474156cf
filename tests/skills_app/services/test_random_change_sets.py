"""Whatever two curators do, in whatever order: one tree in tables, folder and index, and every address leads where it led."""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.test import Client, override_settings
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from skills_app.domain.change_sets.conflicts import Reason
from skills_app.domain.change_sets.operations import (
    Act,
    MergeCategories,
    MergeSkills,
    Operation,
    operations_from,
)
from skills_app.domain.errors import ChangeConflicts, ChangeOvertaken
from skills_app.models import Category, PathAlias, PlacementChange, Skill, SkillFacet
from skills_app.queries.taxonomy_files import index_file
from skills_app.services.apply_change import accept_change, apply_change, undo_change
from skills_app.services.draft_change import (
    consents_missing,
    draft_change,
    drop_change,
    preview_change,
    propose_change,
)
from skills_app.services.import_taxonomy import import_taxonomy
from skills_app.services.make_skill import make_skill
from skills_app.services.scan_library import scan_library
from tests.skills_app.domain.change_sets.test_random_changes import operation
from tests.skills_app.services.folder_state import check_folder, make_one_file, write_folder
from tests.skills_app.services.taxonomy_state import aliases, check_rows, lead, leads, state

PEOPLE = ("ben", "carol")
OTHER = {"ben": "carol", "carol": "ben"}
STEPS = (
    "apply",
    "apply",
    "apply",
    "undo",
    "undo",
    "draft",
    "propose",
    "drop",
    "undo_earlier",
    "look",
    "take_in",
)
ROOMS: dict[str, tuple[str, Any]] = {"skill": ("skills", Skill), "category": ("categories", Category)}
Leads = dict[str, tuple[str, str]]


class RandomChangeSets(TestCase):
    """A small library with a one-file skill, where a skill and a category share an address, known to its folder; as many times as examples."""

    @classmethod
    def setUpTestData(cls) -> None:
        """Make the rows, the folder and what a first look at it adds; keys are the same each time, for the draws."""
        for path in ("a/x", "a/y", "a/b/x", "b/x", "b/c/y", "c/x", "b/c"):
            make_skill(path=path)
        for model, letter in ((Category, "c"), (Skill, "s")):
            for number, row in enumerate(model.objects.order_by("path")):
                model.objects.filter(pk=row.pk).update(key=f"{letter}{number}")
        make_one_file("_core/r", "s7")
        Category.objects.filter(path="_core").update(key="c5")
        for name in PEOPLE:
            User.objects.create(username=name)
        cls.template = Path(cls.enterClassContext(tempfile.TemporaryDirectory())) / "library"
        write_folder(cls.template)
        with override_settings(FLEET_LIBRARY_DIR=cls.template):
            scan_library()

    @settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.generate])
    @given(st.data())
    def test_two_curators_at_once_keep_one_tree_and_every_address(self, data: st.DataObject) -> None:
        with tempfile.TemporaryDirectory() as folder, self.settings(FLEET_LIBRARY_DIR=f"{folder}/library"):
            root = Path(shutil.copytree(self.template, f"{folder}/library"))
            curation = Curation(data, root)
            for name in PEOPLE:
                curation.draft(name)
            for _ in range(data.draw(st.integers(2, 7))):
                step, name = data.draw(st.sampled_from(STEPS)), data.draw(st.sampled_from(PEOPLE))
                getattr(curation, step)(name)
                check_rows()
                check_folder(root)
            check_pages(curation.known)

    @settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.generate])
    @given(st.data())
    def test_an_earlier_change_is_taken_back_to_the_row_or_not_at_all(self, data: st.DataObject) -> None:
        with tempfile.TemporaryDirectory() as folder, self.settings(FLEET_LIBRARY_DIR=f"{folder}/none"):
            curation = Curation(data, Path(folder))
            for name in (*PEOPLE, *PEOPLE):
                curation.drafts.clear()  # what met a conflict is not tried again
                curation.apply(name)
            curation.undo_earlier("ben")
            check_rows()


@dataclass(frozen=True)
class Done:
    """A change-set that was applied, and what was so before it."""

    change: PlacementChange
    rows: dict[str, Any]
    aliases: dict[str, Any]
    known: Leads


class Curation:
    """Two curators, each with a draft of their own, what was applied, and what every address led to last."""

    def __init__(self, data: st.DataObject, root: Path) -> None:
        self.data, self.root = data, root
        self.people = {name: User.objects.get(username=name) for name in PEOPLE}
        self.drafts: dict[str, PlacementChange] = {}
        self.done: list[Done] = []
        self.known = leads()
        self.out = index_file()
        self.number = 0

    def draft(self, name: str) -> None:
        """Write one's open change-set anew, or begin one, and look at what it would do."""
        self.number += 1
        places = sorted(Category.objects.values_list("key", flat=True))
        homes = sorted(Skill.objects.values_list("key", flat=True))
        if not places:
            return
        count = self.data.draw(st.integers(1, 2))
        old = sorted(PathAlias.objects.values_list("path", flat=True))
        chosen = [self.data.draw(operation(places, homes, f"k{self.number}-{n}", old)) for n in range(count)]
        change = draft_change(operations=chosen, actor=self.people[name], change=self.drafts.get(name))
        conflicts = preview_change(change=change).conflicts
        assert Reason.FOLDER_TAKEN not in [one.reason for one in conflicts], "nothing else lies in the folder"
        self.drafts[name] = change

    def apply(self, name: str) -> None:
        """Apply one's change-set as it was shown, perhaps long ago; the other accepts it when it is proposed."""
        if name not in self.drafts:
            self.draft(name)
        change = self.drafts.get(name)
        if change is None:
            return
        before = Done(change, state(), aliases(), self.known)
        try:
            try:
                applied = self._finished(change, name)
            except ChangeOvertaken:
                self._check_kept(before)
                preview_change(change=change)
                applied = self._finished(change, name)
        except ChangeConflicts:
            self._check_kept(before)
            return
        del self.drafts[name]
        self.done.append(before)
        self._addresses_lead_on(applied)

    def _finished(self, change: PlacementChange, name: str) -> PlacementChange:
        digest = change.digest
        if change.status == "draft":
            return apply_change(change=change, actor=self.people[name], expected_digest=digest)
        other = self.people[OTHER[name]]
        accepted = accept_change(
            change=change, actor=other, may_curate=consents_missing(change), expected_digest=digest
        )
        assert accepted.status == "applied"
        return accepted

    def _check_kept(self, before: Done) -> None:
        """Fail unless nothing changed, neither the library nor the work."""
        kept = PlacementChange.objects.get(pk=before.change.pk)
        assert (kept.status, kept.operations) == (before.change.status, before.change.operations)
        assert (state(), aliases()) == (before.rows, before.aliases)

    def _addresses_lead_on(self, change: PlacementChange) -> None:
        operations = operations_from(change.operations)
        stand_in = heirs_of(operations, change.effect["heirs"])
        taken = {path for one in operations for path in getattr(one, "takes", ())}
        now, lives = leads(), living()
        for path, target in self.known.items():
            if path in change.effect.get("retired", {}):
                assert path not in now or path in lives
                continue
            assert path in now, f"{path} leads nowhere"
            if path not in lives and path not in taken:
                wanted = stand_in(target)
                assert now[path] in wanted, f"{path} leads to {now[path]}, not to {target} or who stands in"
        self.known = now

    def undo(self, name: str) -> None:
        """Undo what was applied last: rows and the addresses of before are as they were, and those between lead on."""
        if not self.done:
            return
        last = self.done.pop()
        undo_change(change=last.change, actor=self.people[name])
        assert state() == last.rows
        assert last.aliases.items() <= aliases().items()
        now = leads()
        assert last.known.items() <= now.items()
        self._check_the_others(now, set(last.known))

    def undo_earlier(self, name: str) -> None:
        """Undo what later changes may stand in the way of: it is done, or nothing is."""
        if len(self.done) < 2:
            return
        one = self.done[self.data.draw(st.integers(0, len(self.done) - 2))]
        before, rows = (state(), aliases()), own_rows()
        try:
            undone = undo_change(change=one.change, actor=self.people[name])
        except ChangeConflicts:
            assert (state(), aliases()) == before
            return
        assert own_rows() == taken_back(rows, undone.effect)
        self.done = []  # what came after was made on another tree
        self._check_the_others(leads(), set(one.known))

    def _check_the_others(self, now: Leads, settled: set[str]) -> None:
        """Fail unless every known address leads on, and those that are not ``settled`` to what they led to, if it is there."""
        lives = living()
        for path, target in self.known.items():
            assert path in now, f"{path} leads nowhere"
            if path not in settled and path not in lives and exists(target, lives):
                assert now[path] == target, f"{path} leads to {now[path]} and not to {target}"
        self.known = now

    def propose(self, name: str) -> None:
        """Ask the other for consent, where nothing is in the way."""
        change = self.drafts.get(name)
        if change is None or change.status != "draft":
            return
        before = Done(change, state(), aliases(), self.known)
        try:
            propose_change(change=change, actor=self.people[name], may_curate=[])
        except ChangeConflicts:
            self._check_kept(before)
        else:
            assert change.status == "proposed"
            self._check_kept(before)

    def drop(self, name: str) -> None:
        """Give up one's own open change-set; the library stays as it is."""
        change = self.drafts.pop(name, None)
        if change is not None:
            before = (state(), aliases())
            drop_change(change=change, actor=self.people[name], reason="not now")
            assert PlacementChange.objects.get(pk=change.pk).status == "dropped"
            assert (state(), aliases()) == before

    def take_in(self, name: str) -> None:
        """Take in the index as it went out at first: what would move is a draft, and every address leads where it led."""
        before = state()
        report = import_taxonomy(index=self.out, actor=self.people[name])
        if report.change is not None:
            self.drafts[name] = report.change
        if state() != before or report.aliases:
            self.done = []  # what was before is not what an undo brings back any more
        self._check_the_others(leads(), set())

    def look(self, _name: str) -> None:
        """Look at the library folder: it says nothing that is not known."""
        before = (state(), aliases())
        found = scan_library()
        assert (found.created, found.updated, found.num_new_categories) == ((), (), 0)
        assert (state(), aliases()) == before


def own_rows() -> dict[str, dict[str, dict[str, Any]]]:
    """Return what each category and skill holds itself, by key, as an effect names it; addresses follow from it."""
    facets: dict[str, list[list[str]]] = {}
    for key, name, value in SkillFacet.objects.order_by("name", "value").values_list(
        "skill__key", "name", "value"
    ):
        facets.setdefault(key, []).append([name, value])
    places = Category.objects.values_list("key", "parent__key", "slug", "title")
    homes = Skill.objects.values_list("key", "category__key", "slug", "status", "external_id")
    return {
        "places": {key: {"parent": above or "", "slug": s, "title": t} for key, above, s, t in places},
        "homes": {
            key: {
                "category": above or "",
                "slug": slug,
                "status": status,
                "external_id": known,
                "facets": facets.get(key, []),
            }
            for key, above, slug, status, known in homes
        },
    }


def taken_back(
    rows: dict[str, dict[str, dict[str, Any]]], effect: dict[str, Any]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return what ``rows`` are once an effect is taken back: what it changed is as it was, all else as it is."""
    found = {room: {key: dict(row) for key, row in rows[room].items()} for room in rows}
    for room, table in found.items():
        for key, (was, left) in effect[room].items():
            if was is None:
                del table[key]
            elif left is None:
                table[key] = dict(was)
            else:
                table[key] |= {n: was[n] for n in was if n != "facets" and was[n] != left[n]}
                if room == "homes":
                    had, got, now = ([tuple(one) for one in row["facets"]] for row in (was, left, table[key]))
                    new = (set(now) - (set(got) - set(had))) | (set(had) - set(got))
                    table[key]["facets"] = [list(one) for one in sorted(new)]
    return found


def heirs_of(
    operations: Sequence[Operation], ended: Iterable[Sequence[str]]
) -> Callable[[tuple[str, str]], set[tuple[str, str]]]:
    """Return what tells who may answer for a target: itself, unless it was merged or ended, or whoever stands in for it."""
    pairs = [((kind, gone), (to, heir)) for kind, gone, to, heir in ended]
    for one in operations:
        if isinstance(one, MergeSkills):
            pairs += [(("skill", gone), ("skill", one.into)) for gone in one.sources]
        elif isinstance(one, MergeCategories):
            folded = (choice for choice in one.choices if choice.act is Act.FOLD)
            pairs += [(("skill", choice.skill), ("skill", choice.value)) for choice in folded]

    def stand_in(target: tuple[str, str]) -> set[tuple[str, str]]:
        found, waiting = {target}, [target]
        while waiting:
            at = waiting.pop()
            new = {heir for gone, heir in pairs if gone == at} - found
            found |= new
            waiting += new
        is_heir = any(heir == target for _, heir in pairs)
        return found if is_heir or len(found) == 1 else found - {target}

    return stand_in


def living() -> Leads:
    """Return who lives at which address, or is known by it."""
    known = Skill.objects.exclude(external_id="").values_list("external_id", "key")
    found = {index_id: ("skill", key) for index_id, key in known}
    found |= {path: ("category", key) for path, key in Category.objects.values_list("path", "key")}
    return found | {path: ("skill", key) for path, key in Skill.objects.values_list("path", "key")}


def exists(target: tuple[str, str], lives: Leads) -> bool:
    """Say whether something still lives somewhere."""
    return target in lives.values()


def check_pages(known: Leads) -> None:
    """Fail unless pages and API lead from each old address to the very thing, and the API finds some where they are now."""
    reader = Client()
    reader.force_login(User.objects.get(username="ben"))
    paths = {kind: dict(model.objects.values_list("key", "path")) for kind, (_, model) in ROOMS.items()}
    homes = []
    for address, (kind, key) in known.items():
        assert lead(address) == (kind, key)
        path, url = paths[kind][key], f"/api/v1/{ROOMS[kind][0]}"
        if address == path:
            homes.append((f"{url}/{path}/", key))
            continue
        response = reader.get(f"{url}/{address}/")
        assert response.status_code == 308, address
        assert response["Location"] == f"http://testserver{url}/{path}/"
    for home, key in (homes[0], homes[-1]):  # the answer for a skill judges it anew, which takes its time
        assert reader.get(home).json()["key"] == key
