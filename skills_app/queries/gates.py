"""Gates and waivers for their pages, and what a gate would say of the skills that it holds for."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.conf import settings
from django.db.models import F, Q

from skills_app.domain.agreement import Agreement
from skills_app.domain.gate_outcome import GateOutcome, Judged
from skills_app.domain.gates import Condition, Gate, Kind, gate_from_data
from skills_app.domain.paths import lineage
from skills_app.models import Category, Finding, Skill, SkillVersion, ValidationReport, Waiver
from skills_app.models import Gate as GateRow
from skills_app.queries.gate_of_version import OwnReport, gate_in_force, gate_waiver, is_present, judged_of
from skills_app.queries.reviewer_agreement import Trusts, assessments_of

MOST_PREVIEWED = 300
MOST_WAIVERS = 500
# A profile that every document is judged by: with its report come the facts.
_ALWAYS_JUDGED = "spec"


@dataclass(frozen=True, slots=True)
class ConditionView:
    """A condition with how far its score agrees with the reviewers, and whether it only advises for that reason.

    ``agreement`` is None for a condition on no score, one that only advises anyway, and while nobody judged a version; it is
    of the ``version`` of the scorer that people judged most.
    """

    condition: Condition
    agreement: Agreement | None
    is_doubted: bool
    least: float
    version: str = ""

    @property
    def is_of_a_score(self) -> bool:
        """Whether agreement with the reviewers decides if it may block."""
        return (
            self.condition.blocks and self.condition.kind in (Kind.SCORE, Kind.SCORE_DROP) and self.least > 0
        )


@dataclass(frozen=True, slots=True)
class GateRowView:
    """A gate with what its newest revision asks for, and the branch that it holds for (empty: the whole library)."""

    row: GateRow
    gate: Gate
    revision: int
    branch: str
    conditions: tuple["ConditionView", ...]


@dataclass(frozen=True, slots=True)
class Previewed:
    """A skill under a gate that is being written: its outcome now and then."""

    skill: Skill
    now: GateOutcome
    then: GateOutcome

    @property
    def is_change(self) -> bool:
        """Whether the verdict would be another."""
        return self.now.verdict is not self.then.verdict


@dataclass(frozen=True, slots=True)
class Preview:
    """What a gate would say: how many pass now and then, the skills whose verdict changes, how many were looked at."""

    num_skills: int
    num_passed_now: int
    num_passed_then: int
    changes: tuple[Previewed, ...]
    is_cut: bool
    num_unjudged: int


class StoredFinding(NamedTuple):
    """What a gate reads of a finding that was kept."""

    rule_id: str
    severity: str
    message: str


def gates_for_list() -> list[GateRowView]:
    """Return every gate that somebody wrote, that of the library first."""
    rows = GateRow.objects.select_related("category").prefetch_related("revisions")
    views = []
    trusts = Trusts()
    for row in rows:
        revision = next(iter(row.revisions.all()), None)
        if revision is not None:
            branch = row.category.path if row.category else ""
            gate = gate_from_data(revision.data)
            views.append(GateRowView(row, gate, revision.number, branch, conditions_of(gate, trusts)))
    return sorted(views, key=lambda view: view.branch)


def conditions_of(gate: Gate, trusts: Trusts) -> tuple[ConditionView, ...]:
    """Return the conditions of a gate that is in force, each with what the reviewers make of its score."""
    trust = trusts.of(gate)
    return tuple(
        ConditionView(
            one,
            trust.of(one.subject, one.dimension),
            trust.doubt(one.subject, one.dimension) is not None,
            settings.FLEET_LEAST_AGREEMENT,
            key.version if (key := trust.most_judged(one.subject, one.dimension)) else "",
        )
        for one in gate.conditions
    )


def waivers_for_list(*, place: str = "") -> list[Waiver]:
    """Return at most 500 waivers, those that were not withdrawn first, the newest of them first.

    ``place`` is the path of a skill or a branch: only the waivers of it, of what lies below, and of the branches above,
    which reach it too.
    """
    rows = Waiver.objects.select_related("skill__category", "category", "owner")
    if place:
        here = Q(skill__path=place) | Q(skill__path__startswith=f"{place}/")
        rows = rows.filter(
            here | Q(category__path__startswith=f"{place}/") | Q(category__path__in=lineage(place))
        )
    newest = F("withdrawn_at").desc(nulls_first=True)
    return list(rows.order_by(newest, "-made_at", "-pk")[:MOST_WAIVERS])


def preview_gate(gate: Gate, *, category: Category | None, today: date) -> Preview:
    """Return what ``gate`` would say of the current versions in its branch, beside the gate in force there now.

    At most ``MOST_PREVIEWED`` skills are looked at, in the order of their paths; their number does not change that of the queries.
    """
    skills = Skill.objects.exclude(current_version=None).order_by("path")
    if category is not None:
        skills = skills.filter(Q(category=category) | Q(category__path__startswith=f"{category.path}/"))
    rows = list(skills.select_related("current_version", "category")[: MOST_PREVIEWED + 1])
    kept = rows[:MOST_PREVIEWED]
    versions = judged_versions([pk for row in kept for pk in _versions_of(row)])
    live = list(Waiver.objects.filter(withdrawn_at=None).select_related("category"))
    before = {path: gate_in_force(path or None) for path in {_branch(row) for row in kept}}
    trusts = Trusts()
    found = []
    num_unjudged = 0
    for row in kept:
        version = row.current_version
        judged = versions.get(version.pk) if version else None
        if version is None or judged is None:
            num_unjudged += 1
            continue
        before_it = version.parent_id
        parent = (versions[before_it] or Judged()) if before_it in versions else None
        waivers = [gate_waiver(one) for one in live if waiver_reaches(one, row)]
        now, then = (
            trusts.judge(one, judged, today=today, parent=parent, waivers=waivers)
            for one in (before[_branch(row)].gate, gate)
        )
        found.append(Previewed(row, now, then))
    return Preview(
        len(found),
        sum(one.now.is_passed for one in found),
        sum(one.then.is_passed for one in found),
        tuple(one for one in found if one.is_change),
        len(rows) > MOST_PREVIEWED,
        num_unjudged,
    )


def _versions_of(skill: Skill) -> list[int]:
    version = skill.current_version
    return [pk for pk in (version.pk, version.parent_id) if pk] if version else []


def _branch(skill: Skill) -> str:
    return skill.category.path if skill.category else ""


def waiver_reaches(waiver: Waiver, skill: Skill) -> bool:
    """Say whether a waiver is for the skill or for a branch above it."""
    if waiver.category is None:
        return waiver.skill_id == skill.pk
    path = waiver.category.path
    return _branch(skill) == path or _branch(skill).startswith(f"{path}/")


def judged_versions(
    pks: Collection[int], profiles: Collection[str] | None = None, *, has_dimensions: bool = True
) -> dict[int, Judged | None]:
    """Return what is known of those versions that are documents; None for those that were not judged yet.

    With ``profiles`` other findings than theirs are not read; a version that was judged was judged by each of them. Four
    queries for bare values: a version has a dozen rows, and instances of them would take most of the time.
    """
    documents = list(
        SkillVersion.objects.filter(pk__in=pks, content_kind="markdown").values_list("pk", flat=True)
    )
    reports = _own_reports(documents, profiles)
    scores = assessments_of(documents, has_dimensions=has_dimensions)
    return {
        pk: judged_of(reports.get(pk, ()), scores.get(pk, ()), has_dimensions=has_dimensions)
        for pk in documents
    }


def _own_reports(pks: Collection[int], profiles: Collection[str] | None) -> dict[int, list[OwnReport]]:
    """Return the reports on each version by our present rules, newest first."""
    reports = ValidationReport.objects.filter(version__in=pks, is_own=True)
    if profiles is not None:
        reports = reports.filter(validator__in={*profiles, _ALWAYS_JUDGED})
    rows = [
        (pk, version or 0, validator, details)
        for pk, version, validator, details in reports.order_by("-made_at", "-pk").values_list(
            "pk", "version_id", "validator", "details"
        )
        if is_present(details)
    ]
    findings: dict[int, list[StoredFinding]] = {pk: [] for pk, *_ in rows}
    in_order = Finding.objects.filter(report__in=list(findings)).order_by("position")
    for report, *found in in_order.values_list("report_id", "rule_id", "severity", "message"):
        findings[report].append(StoredFinding(*found))
    by_version: dict[int, list[OwnReport]] = {}
    for pk, version, validator, details in rows:
        by_version.setdefault(version, []).append(OwnReport(validator, details, findings[pk]))
    return by_version
