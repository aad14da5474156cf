"""What verdicts on many versions are bound to today, in a number of queries that does not grow with the versions."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from skills_app.domain.gate_outcome import Judged
from skills_app.domain.gates import Gate, Kind, gate_from_data
from skills_app.domain.paths import lineage
from skills_app.domain.reviewing.verdicts import binding_of
from skills_app.models import Category, SkillVersion, Waiver
from skills_app.models import Gate as GateRow
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

    def parent_of(self, parent_id: int | None) -> Judged | None:
        """Return what is known of the parent of a version, which may be nothing yet; None without a document to compare with."""
        if parent_id is None or parent_id not in self.judged:
            return None
        return self.judged[parent_id] or Judged()


def known_of(versions: Iterable[int]) -> Known:
    """Read what the grounds of versions with these keys rest on; those of their parents are among them.

    Of what was found in them only that is read which some gate looks at.
    """
    keys = sorted(set(versions))
    if not keys:
        return Known({}, [], [], Trusts())
    gates = _gates()
    written = [one.gate for one in [*gates, _built_in()]]
    profiles = {name for gate in written for name in asked_profiles(gate)}
    has_dimensions = any(one.dimension for gate in written for one in gate.conditions)
    waivers = list(Waiver.objects.filter(withdrawn_at=None).select_related("category"))
    return Known(judged_versions(keys, profiles, has_dimensions=has_dimensions), gates, waivers, Trusts())


def grounds_of(versions: Sequence[SkillVersion], *, today: date) -> dict[int, Ground]:
    """Return the ground of each version by its key; the same as ``ground_of``, which reads one.

    The versions come with ``skill__category``; their texts are not read.
    """
    known = known_of(pk for version in versions for pk in (version.pk, version.parent_id) if pk)
    gates = gates_by_branch(known.gates)
    return {version.pk: _ground(version, known, gates, today) for version in versions}


def _ground(version: SkillVersion, known: Known, gates: Mapping[str, GateInForce], today: date) -> Ground:
    judged = known.judged.get(version.pk)
    if judged is None:
        return Ground(binding_of(version.digest, version.number, "", None, None), None)
    in_force = nearest_gate(gates, version.skill.category.path if version.skill.category else "")
    parent = known.parent_of(version.parent_id)
    reaching = [gate_waiver(row) for row in known.waivers if waiver_reaches(row, version.skill)]
    outcome = known.trusts.judge(in_force.gate, judged, today=today, parent=parent, waivers=reaching)
    binding = binding_of(version.digest, version.number, in_force.label, outcome, judged)
    return Ground(binding, GateView(in_force, outcome))


def asked_profiles(gate: Gate, *, has_parent: bool = True) -> set[str]:
    """Return the profiles whose findings ``gate`` looks at; without a parent those that are new have nothing to compare."""
    kinds = (Kind.FINDINGS, Kind.NEW_FINDINGS) if has_parent else (Kind.FINDINGS,)
    return {one.subject for one in gate.conditions if one.kind in kinds}


def gates_by_branch(
    gates: Iterable[GateInForce], path_of: Callable[[str], str] | None = None
) -> dict[str, GateInForce]:
    """Return the gates by the path of their branch; "" is the library's. Those of a branch that is gone are left out.

    ``path_of`` gives the path of a category (empty: it is gone) by its key; without it, it is where it lies now.
    """
    found: dict[str, GateInForce] = {}
    for one in gates:
        category: Category | None = one.row.category if one.row else None
        path = "" if category is None else path_of(category.key) if path_of else category.path
        if path or category is None:
            found[path] = one
    return found


def nearest_gate(gates: Mapping[str, GateInForce], path: str) -> GateInForce:
    """Return the gate of the nearest branch at or above ``path``, else that of the library, else the built-in one."""
    for one in reversed(lineage(path)):
        if found := gates.get(one):
            return found
    return gates.get("") or _built_in()


def _gates() -> list[GateInForce]:
    """Return each gate that was written, in its last revision."""
    found = []
    for row in GateRow.objects.select_related("category").prefetch_related("revisions"):
        revision = max(row.revisions.all(), key=lambda one: one.number, default=None)
        if revision is not None:
            found.append(GateInForce(gate_from_data(revision.data), revision.number, row))
    return found


def _built_in() -> GateInForce:
    return GateInForce(built_in_gate(), BUILT_IN, None)
