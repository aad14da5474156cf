"""What verdicts on many versions are bound to today, in a number of queries that does not grow with the versions."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from skills_app.domain.documents import parse_document
from skills_app.domain.gate_outcome import Judged
from skills_app.domain.gates import Gate, Kind, gate_from_data
from skills_app.domain.judging import judgement_key
from skills_app.domain.paths import lineage
from skills_app.domain.profiles import PROFILES, judge_all
from skills_app.domain.reviewing.verdicts import Binding, binding_of
from skills_app.domain.rules import Subject
from skills_app.models import Gate as GateRow
from skills_app.models import SkillVersion, Waiver
from skills_app.queries.gate_of_version import BUILT_IN, GateInForce, GateView, built_in_gate, gate_waiver
from skills_app.queries.gates import judged_versions, waiver_reaches
from skills_app.queries.review_standing import Ground
from skills_app.queries.reviewer_agreement import Trusts


@dataclass(frozen=True, slots=True)
class Known:
    """What grounds of versions rest on, wherever they live: read once, it serves for several addresses."""

    judged: Mapping[int, Judged | None]
    gates: Sequence[GateInForce]
    waivers: Sequence[Waiver]
    trusts: Trusts


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The addresses that things would have: ``category`` gives that of a key (empty: it is gone), ``skills`` are by key."""

    category: Callable[[str], str]
    skills: Mapping[str, str]


def known_of(versions: Sequence[SkillVersion]) -> Known:
    """Read what the grounds of ``versions`` rest on; of what was found in them only that which some gate looks at."""
    keys = sorted({pk for version in versions for pk in (version.pk, version.parent_id) if pk})
    if not keys:
        return Known({}, [], [], Trusts())
    gates = _gates()
    profiles = {name for one in [*gates, _built_in()] for name in _profiles_of(one.gate)}
    waivers = list(Waiver.objects.filter(withdrawn_at=None).select_related("category"))
    return Known(judged_versions(keys, profiles), gates, waivers, Trusts())


def grounds_of(
    versions: Sequence[SkillVersion],
    *,
    today: date,
    elsewhere: Elsewhere | None = None,
    known: Known | None = None,
    given: Mapping[int, Collection[Binding]] | None = None,
) -> dict[int, Ground]:
    """Return the ground of each version by its key; the same as ``ground_of``, which reads one.

    The versions come with ``skill__category``; their texts are not read. With ``elsewhere`` they are: then it is the ground
    that they would have once everything had these addresses and they were judged there. Nothing is stored. With ``given``,
    what verdicts are bound to by the key of their version, the gate of a version is not asked where none of them is bound to
    that gate and that content: then none of them counts, however it comes out, and the ground says only which gate it is.
    """
    known = known_of(versions) if known is None else known
    gates = _by_branch(known.gates, elsewhere)
    return {
        version.pk: _ground(
            version, known, gates, today, elsewhere, None if given is None else given[version.pk]
        )
        for version in versions
    }


def _ground(
    version: SkillVersion,
    known: Known,
    gates: Mapping[str, GateInForce],
    today: date,
    elsewhere: Elsewhere | None,
    given: Collection[Binding] | None,
) -> Ground:
    of_it = known.judged.get(version.pk)
    if of_it is None:
        return Ground(binding_of(version.digest, version.number, "", None, None), None)
    if elsewhere is None:
        path = ""
        in_force = _nearest(gates, version.skill.category.path if version.skill.category else "")
    else:
        path = elsewhere.skills[version.skill.key]
        in_force = _nearest(gates, path.rpartition("/")[0])
    if given is not None and (version.digest, in_force.label) not in {(b.digest, b.gate) for b in given}:
        return Ground(binding_of(version.digest, version.number, in_force.label, None, None), None)
    parent_id = version.parent_id or 0
    parent = (known.judged[parent_id] or Judged()) if parent_id in known.judged else None
    if elsewhere is None:
        reaching = [gate_waiver(row) for row in known.waivers if waiver_reaches(row, version.skill)]
    else:
        reaching = [gate_waiver(row) for row in known.waivers if _would_reach(row, version, path, elsewhere)]
        of_it = _judged_at(path, version, of_it, in_force.gate)
    outcome = known.trusts.judge(in_force.gate, of_it, today=today, parent=parent, waivers=reaching)
    binding = binding_of(version.digest, version.number, in_force.label, outcome, of_it)
    return Ground(binding, GateView(in_force, outcome))


def _judged_at(path: str, version: SkillVersion, judged: Judged, gate: Gate) -> Judged:
    """Return what would be known of a version at another address: of all that is, only findings in its text may change.

    Only the profiles that the gate looks at are judged; the findings of others stay as they are, and so do all of what was
    judged at that very address.
    """
    names = sorted(_profiles_of(gate) & PROFILES.keys() & judged.findings.keys())
    if not names or judged.key == judgement_key(version.digest, path):
        return judged
    folder = path.rpartition("/")[2]
    subject = Subject(parse_document(version.content), folder_name=folder, skill_path=path)
    found = {report.profile: report.findings for report in judge_all(subject, names).reports}
    return replace(judged, findings={**judged.findings, **found})


def _profiles_of(gate: Gate) -> set[str]:
    return {one.subject for one in gate.conditions if one.kind in (Kind.FINDINGS, Kind.NEW_FINDINGS)}


def _would_reach(waiver: Waiver, version: SkillVersion, path: str, elsewhere: Elsewhere) -> bool:
    if waiver.category is None:
        return waiver.skill_id == version.skill_id
    branch = elsewhere.category(waiver.category.key)
    return bool(branch) and path.startswith(f"{branch}/")


def _gates() -> list[GateInForce]:
    """Return each gate that was written, in its last revision."""
    found = []
    for row in GateRow.objects.select_related("category").prefetch_related("revisions"):
        revision = max(row.revisions.all(), key=lambda one: one.number, default=None)
        if revision is not None:
            found.append(GateInForce(gate_from_data(revision.data), revision.number, row))
    return found


def _by_branch(gates: Iterable[GateInForce], elsewhere: Elsewhere | None) -> dict[str, GateInForce]:
    """Return the gates by the path of their branch; "" is the library's. Those of a branch that is gone are left out."""
    found: dict[str, GateInForce] = {}
    for one in gates:
        category = one.row.category if one.row else None
        path = ""
        if category is not None:
            path = elsewhere.category(category.key) if elsewhere else category.path
        if path or category is None:
            found[path] = one
    return found


def _built_in() -> GateInForce:
    return GateInForce(built_in_gate(), BUILT_IN, None)


def _nearest(gates: Mapping[str, GateInForce], path: str) -> GateInForce:
    for one in reversed(lineage(path)):
        if found := gates.get(one):
            return found
    return gates.get("") or _built_in()
