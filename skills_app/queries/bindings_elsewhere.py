"""What verdicts would be bound to if skills, branches and gates had other addresses."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from skills_app.domain.documents import parse_document
from skills_app.domain.gate_outcome import Judged
from skills_app.domain.gates import Waiver as GateWaiver
from skills_app.domain.judging import MOST_FINDINGS, findings_again, judgement_key
from skills_app.domain.paths import lineage
from skills_app.domain.profiles import PROFILES, Rule, rules_of_address
from skills_app.domain.reviewing.verdicts import Binding, binding_of
from skills_app.domain.rules import Subject
from skills_app.models import SkillVersion
from skills_app.queries.gate_of_version import GateInForce, gate_waiver
from skills_app.queries.review_grounds import Known, asked_profiles, gates_by_branch, known_of, nearest_gate


@dataclass(frozen=True, slots=True)
class BoundVersion:
    """What is read of a version under verdicts, and where its skill lies now; its text is read only if it is judged again."""

    pk: int
    digest: str
    number: int
    parent_id: int | None
    skill_id: int
    skill_key: str
    path: str


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The addresses that things would have: ``category`` gives that of a key (empty: it is gone), ``skills`` are by key."""

    category: Callable[[str], str]
    skills: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """Gates and waivers at the addresses that they would have: those of a branch by its path, those of a skill by its key."""

    gates: Mapping[str, GateInForce]
    of_branches: Mapping[str, Sequence[GateWaiver]]
    of_skills: Mapping[int, Sequence[GateWaiver]]
    found: dict[str, GateInForce] = field(default_factory=dict)

    def gate_at(self, branch: str) -> GateInForce:
        if branch not in self.found:
            self.found[branch] = nearest_gate(self.gates, branch)
        return self.found[branch]

    def waivers_for(self, version: BoundVersion, branch: str) -> Iterator[GateWaiver]:
        yield from self.of_skills.get(version.skill_id, ())
        for above in lineage(branch):
            yield from self.of_branches.get(above, ())


@dataclass(frozen=True, slots=True)
class _Asked:
    """A version whose gate is asked at the address ``path``, with what is known of it and of its parent."""

    version: BoundVersion
    path: str
    in_force: GateInForce
    judged: Judged
    parent: Judged | None

    def rules_to_judge(self) -> dict[str, tuple[Rule, ...]]:
        """Return by profile the rules that may find something else at ``path`` than what is known, and that the gate looks at."""
        key, version = self.judged.key, self.version
        if key == judgement_key(version.digest, self.path):
            return {}
        was = version.path if key == judgement_key(version.digest, version.path) else None
        names = asked_profiles(self.in_force.gate, has_parent=self.parent is not None)
        known = self.judged.findings
        return {
            name: rules if len(known[name]) < MOST_FINDINGS else PROFILES[name].rules
            for name in sorted(names & PROFILES.keys() & known.keys())
            if (rules := rules_of_address(name, was, self.path))
        }


def known_of_bound(versions: Iterable[BoundVersion]) -> Known:
    """Read what the bindings of ``versions`` rest on, wherever they live; it serves for several addresses."""
    return known_of(pk for version in versions for pk in (version.pk, version.parent_id) if pk)


def bindings_elsewhere(
    versions: Sequence[BoundVersion],
    known: Known,
    elsewhere: Elsewhere,
    *,
    given: Mapping[int, Collection[Binding]],
    today: date,
) -> dict[int, Binding]:
    """Return what verdicts on each version would be bound to, by its key, once everything had the addresses ``elsewhere``.

    Versions are judged there as far as a gate looks at it, in one query for their texts, and nothing is stored. ``given`` is
    what verdicts are bound to by the key of their version: the gate of a version is not asked where none of them is bound to
    that gate and that content, since then none of them counts, however it comes out, and the binding says only which gate
    it is.
    """
    around = _surroundings(known, elsewhere)
    found: dict[int, Binding] = {}
    asked: list[_Asked] = []
    for version in versions:
        judged, path, label = known.judged.get(version.pk), elsewhere.skills[version.skill_key], ""
        if judged is not None:
            in_force = around.gate_at(path.rpartition("/")[0])
            label = in_force.label
            if any((one.digest, one.gate) == (version.digest, label) for one in given[version.pk]):
                asked.append(_Asked(version, path, in_force, judged, known.parent_of(version.parent_id)))
                continue
        found[version.pk] = binding_of(version.digest, version.number, label, None, None)
    for one, judged in _judged_there(asked):
        version = one.version
        waivers = list(around.waivers_for(version, one.path.rpartition("/")[0]))
        outcome = known.trusts.judge(
            one.in_force.gate, judged, today=today, parent=one.parent, waivers=waivers
        )
        found[version.pk] = binding_of(version.digest, version.number, one.in_force.label, outcome, judged)
    return found


def _surroundings(known: Known, elsewhere: Elsewhere) -> _Surroundings:
    of_branches: dict[str, list[GateWaiver]] = {}
    of_skills: dict[int, list[GateWaiver]] = {}
    for row in known.waivers:
        if row.category is None:
            of_skills.setdefault(row.skill_id or 0, []).append(gate_waiver(row))
        elif branch := elsewhere.category(row.category.key):
            of_branches.setdefault(branch, []).append(gate_waiver(row))
    gates = gates_by_branch(known.gates, elsewhere.category)
    return _Surroundings(gates, of_branches, of_skills)


def _judged_there(asked: Iterable[_Asked]) -> Iterator[tuple[_Asked, Judged]]:
    """Yield what would be known of each version at its address: of all that is, only findings in its text may change.

    Only those of the rules that look at what is another part of the address, in profiles that the gate looks at, are
    judged; the others stay as they are, and so do all of what was judged at that very address.
    """
    again = {one.version.pk: rules for one in asked if (rules := one.rules_to_judge())}
    texts = (
        dict(SkillVersion.objects.filter(pk__in=list(again)).values_list("pk", "content")) if again else {}
    )
    for one in asked:
        if one.version.pk not in again:
            yield one, one.judged
            continue
        rules, document = again[one.version.pk], parse_document(texts[one.version.pk])
        subject = Subject(document, folder_name=one.path.rpartition("/")[2], skill_path=one.path)
        found = {
            name: findings_again(one.judged.findings[name], each, subject) for name, each in rules.items()
        }
        yield one, replace(one.judged, findings={**one.judged.findings, **found})
