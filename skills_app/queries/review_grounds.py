"""What verdicts on many versions are bound to today, in a number of queries that does not grow with the versions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from skills_app.domain.documents import parse_document
from skills_app.domain.gate_outcome import Judged
from skills_app.domain.gates import Gate, Kind, gate_from_data
from skills_app.domain.paths import lineage
from skills_app.domain.profiles import PROFILES, judge_all
from skills_app.domain.reviewing.verdicts import binding_of
from skills_app.domain.rules import Subject
from skills_app.models import Gate as GateRow
from skills_app.models import SkillVersion, Waiver
from skills_app.queries.gate_of_version import BUILT_IN, GateInForce, GateView, built_in_gate, gate_waiver
from skills_app.queries.gates import judged_versions, waiver_reaches
from skills_app.queries.review_standing import Ground
from skills_app.queries.reviewer_agreement import Trusts


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The addresses that things would have: ``category`` gives that of a key (empty: it is gone), ``skills`` are by key."""

    category: Callable[[str], str]
    skills: Mapping[str, str]


def grounds_of(
    versions: Sequence[SkillVersion], *, today: date, elsewhere: Elsewhere | None = None
) -> dict[int, Ground]:
    """Return the ground of each version by its key; the same as ``ground_of``, which reads one.

    The versions come with ``skill__category``; their texts are not read. With ``elsewhere`` they are: then it is the ground
    that they would have once everything had these addresses and they were judged there. Nothing is stored.
    """
    keys = {pk for version in versions for pk in (version.pk, version.parent_id) if pk}
    judged = judged_versions(sorted(keys)) if keys else {}
    gates = _gates_by_branch(elsewhere) if keys else {}
    trusts = Trusts()
    waivers = list(Waiver.objects.filter(withdrawn_at=None).select_related("category")) if keys else []
    return {
        version.pk: _ground(version, judged, gates, waivers, trusts, today, elsewhere) for version in versions
    }


def _ground(
    version: SkillVersion,
    judged: dict[int, Judged | None],
    gates: dict[str, GateInForce],
    waivers: list[Waiver],
    trusts: Trusts,
    today: date,
    elsewhere: Elsewhere | None,
) -> Ground:
    of_it = judged.get(version.pk)
    if of_it is None:
        return Ground(binding_of(version.digest, version.number, "", None, None), None)
    parent_id = version.parent_id
    parent = (judged[parent_id] or Judged()) if parent_id in judged else None
    if elsewhere is None:
        in_force = _nearest(gates, version.skill.category.path if version.skill.category else "")
        reaching = [gate_waiver(row) for row in waivers if waiver_reaches(row, version.skill)]
    else:
        path = elsewhere.skills[version.skill.key]
        in_force = _nearest(gates, path.rpartition("/")[0])
        reaching = [gate_waiver(row) for row in waivers if _would_reach(row, version, path, elsewhere)]
        of_it = _judged_at(path, version, of_it, in_force.gate)
    outcome = trusts.judge(in_force.gate, of_it, today=today, parent=parent, waivers=reaching)
    binding = binding_of(version.digest, version.number, in_force.label, outcome, of_it)
    return Ground(binding, GateView(in_force, outcome))


def _judged_at(path: str, version: SkillVersion, judged: Judged, gate: Gate) -> Judged:
    """Return what would be known of a version at another address: of all that is, only findings in its text may change.

    Only the profiles that the gate looks at are judged; the findings of others stay as they are.
    """
    looked_at = {one.subject for one in gate.conditions if one.kind in (Kind.FINDINGS, Kind.NEW_FINDINGS)}
    names = sorted(looked_at & PROFILES.keys() & judged.findings.keys())
    if not names:
        return judged
    folder = path.rpartition("/")[2]
    subject = Subject(parse_document(version.content), folder_name=folder, skill_path=path)
    found = {report.profile: report.findings for report in judge_all(subject, names).reports}
    return replace(judged, findings={**judged.findings, **found})


def _would_reach(waiver: Waiver, version: SkillVersion, path: str, elsewhere: Elsewhere) -> bool:
    if waiver.category is None:
        return waiver.skill_id == version.skill_id
    branch = elsewhere.category(waiver.category.key)
    return bool(branch) and path.startswith(f"{branch}/")


def _gates_by_branch(elsewhere: Elsewhere | None) -> dict[str, GateInForce]:
    """Return each gate that was written, in its last revision, by the path of its branch; "" is the library's."""
    found: dict[str, GateInForce] = {}
    for row in GateRow.objects.select_related("category").prefetch_related("revisions"):
        revision = max(row.revisions.all(), key=lambda one: one.number, default=None)
        path = ""
        if row.category is not None:
            path = elsewhere.category(row.category.key) if elsewhere else row.category.path
            if not path:
                continue
        if revision is not None:
            found[path] = GateInForce(gate_from_data(revision.data), revision.number, row)
    return found


def _nearest(gates: dict[str, GateInForce], path: str) -> GateInForce:
    for one in reversed(lineage(path)):
        if found := gates.get(one):
            return found
    return gates.get("") or GateInForce(built_in_gate(), BUILT_IN, None)
