"""Work out where versions stand, from reports, assessments, gates and waivers; and which standings no longer hold."""

import math
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import F, Max, Prefetch, Q

from runs_app.models import RollupState, RunOutcome, VersionStanding
from runs_app.queries.trend_facts import programs_of
from skills_app.domain.digests import digest_of
from skills_app.domain.gate_outcome import Judged, judge_gate
from skills_app.domain.judging import JUDGE_VERSION
from skills_app.domain.reviewing.verdicts import Decision
from skills_app.models import (
    GateRevision,
    QualityAssessment,
    Skill,
    SkillVersion,
    ValidationReport,
    Verdict,
    Waiver,
)
from skills_app.queries.gate_of_version import GateInForce, gate_in_force, gate_waiver, judged_from
from skills_app.queries.reviewer_agreement import Trusts

# Rows of the last minutes are looked at again: one with a lower key may have been committed after one with a higher.
OVERLAP_ROWS = 500
OVERLAP = timedelta(minutes=2)


class Rulers:
    """The gate of every branch and the waivers that count today, each read once."""

    def __init__(self, *, today: date) -> None:
        self.today = today
        self.gates: dict[str, GateInForce] = {}
        self.trusts = Trusts()
        rows = Waiver.objects.filter(withdrawn_at=None, until__gte=today).select_related("category")
        self.waivers = list(rows.order_by("pk"))

    @property
    def digest(self) -> str:
        """What changes whenever any version may have to be judged anew."""
        newest = GateRevision.objects.aggregate(newest=Max("pk"))["newest"]
        branches = sorted(
            GateRevision.objects.values_list("gate__category__path", flat=True).distinct(), key=str
        )
        doubted = [self._doubted(branch or "") for branch in [None, *branches]]
        waivers = [row.pk for row in self.waivers]
        return digest_of(f"{JUDGE_VERSION} {newest} {branches} {waivers} {doubted}")[:64]

    def gate_of(self, branch: str) -> GateInForce:
        """Return the gate that holds in ``branch``."""
        if branch not in self.gates:
            self.gates[branch] = gate_in_force(branch or None)
        return self.gates[branch]

    def waivers_of(self, skill_pk: int, branch: str) -> list[Waiver]:
        """Return the waivers that reach a skill."""
        return [
            row
            for row in self.waivers
            if row.skill_id == skill_pk
            or (row.category is not None and f"{branch}/".startswith(f"{row.category.path}/"))
        ]

    def label(self, skill_pk: int, branch: str) -> str:
        """Return the gate, its revision, the rules and the waivers that a version of a skill is judged with."""
        waivers = ",".join(str(row.pk) for row in self.waivers_of(skill_pk, branch))
        told = f"{JUDGE_VERSION} {waivers} {self._doubted(branch)}".rstrip()
        return f"{self.gate_of(branch).label} · {digest_of(told)[:24]}"

    def _doubted(self, branch: str) -> str:
        """Return the scores that may only advise there; a gate that blocks on none of them is judged as before."""
        doubted = self.trusts.of(self.gate_of(branch).gate).doubted
        return " ".join("/".join(key) for key in doubted)


def standings_of(version_pks: Collection[int], rulers: Rulers) -> list[VersionStanding]:
    """Return the standings of these versions, not saved."""
    rows = list(_judged_rows(version_pks))
    parents = {row.parent_id for row in rows if row.parent_id} - {row.pk for row in rows}
    behind = list(_judged_rows(parents)) if parents else []
    known = {row.pk: _judged(row) for row in [*rows, *behind]}
    documents = {row.pk for row in [*rows, *behind] if row.content_kind == "markdown"}
    runs = _runs_behind([row.pk for row in rows])
    return [
        _standing(row, known, row.parent_id in documents, runs.get(row.pk, ("", "")), rulers) for row in rows
    ]


def stale_versions(state: RollupState, rulers: Rulers) -> set[int]:
    """Return the versions whose standing is missing or may have changed since ``state``."""
    versions = SkillVersion.objects.order_by()
    stale = set(versions.filter(standing=None).values_list("pk", flat=True))
    reports = ValidationReport.objects.filter(_recent(state, state.last_report), version__isnull=False)
    assessments = QualityAssessment.objects.filter(
        _recent(state, state.last_assessment), version__isnull=False
    )
    judged = {pk for rows in (reports, assessments) for pk in rows.values_list("version_id", flat=True) if pk}
    stale |= judged
    stale |= set(versions.filter(parent_id__in=judged).values_list("pk", flat=True))
    return stale | _moved() | (_judged_otherwise(rulers) if rulers.digest != state.rulers else set())


def _recent(state: RollupState, last: int) -> Q:
    if state.updated_at is None:
        return Q(pk__gt=last)
    late = Q(pk__gt=last - OVERLAP_ROWS, created_at__gte=state.updated_at - OVERLAP)
    return Q(pk__gt=last) | late


def _moved() -> set[int]:
    """Return versions whose skill has another home, type or status, or whose run came or went, since they were looked at."""
    rows = VersionStanding.objects.order_by()
    homeless = rows.filter(skill__category=None).exclude(branch="")
    elsewhere = rows.filter(skill__category__isnull=False).exclude(branch=F("skill__category__path"))
    retyped = rows.exclude(type=F("skill__skill_type"))
    turned = rows.exclude(skill_status=F("skill__status"))
    approvals = Verdict.objects.filter(decision=Decision.APPROVE, undone_at=None).values("version")
    approved = rows.filter(is_approved=False, version__in=approvals)
    refused = rows.filter(is_approved=True).exclude(version__in=approvals)
    linked = rows.filter(model="", version__run_outcomes__run__model__gt="")
    orphaned = rows.exclude(model="", program="").filter(version__run_outcomes=None)
    moved = (homeless, elsewhere, retyped, turned, approved, refused, linked, orphaned)
    return {pk for found in moved for pk in found.values_list("version_id", flat=True)}


def _judged_otherwise(rulers: Rulers) -> set[int]:
    """Return versions that were judged with another gate, other rules or other waivers than hold now."""
    places: Mapping[int, str] = {
        pk: path or "" for pk, path in Skill.objects.values_list("pk", "category__path")
    }
    rows = VersionStanding.objects.values_list("version_id", "skill_id", "ruler").iterator(chunk_size=5_000)
    labels: dict[int, str] = {}
    found = set()
    for version, skill, ruler in rows:
        if skill not in labels:
            labels[skill] = rulers.label(skill, places.get(skill, ""))
        if labels[skill] != ruler:
            found.add(version)
    return found


def _judged_rows(version_pks: Collection[int]) -> Any:
    reports = ValidationReport.objects.filter(is_own=True).defer("raw").prefetch_related("findings")
    assessments = QualityAssessment.objects.defer("raw", "rationale").order_by("pk")
    rows = SkillVersion.objects.filter(pk__in=version_pks).select_related("skill__category")
    return rows.defer("content", "front_matter", "metadata").prefetch_related(
        Prefetch("verdicts", queryset=Verdict.objects.filter(decision=Decision.APPROVE)),
        Prefetch("validation_reports", queryset=reports),
        Prefetch("quality_assessments", queryset=assessments),
    )


def _judged(row: SkillVersion) -> Judged | None:
    return judged_from(list(row.validation_reports.all()), list(row.quality_assessments.all()))


def _runs_behind(version_pks: Collection[int]) -> dict[int, tuple[str, str]]:
    """Return model and program of the first run that made each version."""
    rows = RunOutcome.objects.filter(version_id__in=version_pks).order_by("-run_id")
    runs = {
        version: (run, model)
        for version, run, model in rows.values_list("version_id", "run_id", "run__model")
    }
    programs = programs_of([run for run, _ in runs.values()])
    return {version or 0: (model, programs.get(run, "")) for version, (run, model) in runs.items()}


def _standing(
    row: SkillVersion,
    known: Mapping[int, Judged | None],
    has_parent: bool,
    run: tuple[str, str],
    rulers: Rulers,
) -> VersionStanding:
    branch = row.skill.category.path if row.skill.category else ""
    judged = known[row.pk]
    gate = ""
    if judged is not None:
        parent = (known[row.parent_id or 0] or Judged()) if has_parent else None
        waivers = [gate_waiver(one) for one in rulers.waivers_of(row.skill_id, branch)]
        in_force = rulers.gate_of(branch).gate
        trust = rulers.trusts.of(in_force)
        outcome = judge_gate(
            in_force, judged, today=rulers.today, parent=parent, waivers=waivers, trust=trust
        )
        gate = outcome.verdict.value
    return VersionStanding(
        version=row,
        skill_id=row.skill_id,
        number=row.number,
        day=row.made_at.astimezone(ZoneInfo(settings.TIME_ZONE)).date(),
        branch=branch,
        type=row.skill.skill_type,
        model=run[0],
        program=run[1],
        author=row.author_name,
        skill_status=row.skill.status,
        is_approved=any(verdict.undone_at is None for verdict in row.verdicts.all()),
        gate=gate,
        ruler=rulers.label(row.skill_id, branch),
        scores=_scores(row),
        rules=_rules(row),
    )


def _scores(row: SkillVersion) -> list[list[Any]]:
    """Return the score of each scorer: of ours what they computed, of others the quality that they gave."""
    found: dict[tuple[str, str], float] = {}
    for one in row.quality_assessments.all():
        value = one.deterministic_score if one.is_own else one.quality_score
        if value is not None and math.isfinite(value):
            found[one.scorer, one.scorer_version] = value
    return [[scorer, version, found[scorer, version]] for scorer, version in sorted(found)]


def _rules(row: SkillVersion) -> dict[str, int]:
    """Return the number of findings by rule; several profiles may report the same one, so the most of any counts."""
    most: Counter[str] = Counter()
    for report in row.validation_reports.all():
        if report.details.get("judge") == JUDGE_VERSION:
            most |= Counter(finding.rule_id for finding in report.findings.all() if not finding.is_passed)
    return dict(sorted(most.items()))
