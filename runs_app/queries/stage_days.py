"""Read when generations of a period came to each stage of the funnel, and where they stopped."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Min, QuerySet

from runs_app.domain.enums import RunStatus
from runs_app.domain.trends.stage_days import Course, Courses, courses_of
from runs_app.domain.trends.trend_filter import TrendFilter
from runs_app.models import Generation, Run
from runs_app.queries.trend_run_rows import RunRows
from skills_app.domain.enums import SkillStatus
from skills_app.domain.judging import JUDGE_VERSION
from skills_app.domain.reviewing.verdicts import Decision
from skills_app.models import Promotion, ValidationReport, Verdict

MOST = 2_000
_CHUNK = 500
_COLUMNS = (
    "status",
    "rolled_status",
    "started_at",
    "first_seen_at",
    "ended_at",
    "has_document",
    "outcome__version_id",
    "outcome__version__standing__gate",
    "outcome__version__standing__is_approved",
    "outcome__version__skill__status",
)
_UNFINISHED = {
    RunStatus.FAILED.value: "failed",
    RunStatus.KILLED.value: "stopped",
    RunStatus.RUNNING.value: "still running",
    RunStatus.SCHEDULED.value: "not begun",
}
_DECIDED = {
    Decision.REJECT.value: "rejected",
    Decision.REQUEST_CHANGES.value: "changes requested",
}


def courses_in(chosen: TrendFilter) -> Courses:
    """Return the courses of the generations of a filter, at most its newest 2,000, and their days against the period before.

    Requested is the request, or the start of a run that nobody asked for here; generated is the end of the run; passed is our
    first judgement of a version that passes today; approved is its first approval that stands; active is its publication, or
    the approval where the skill is active without one.
    """
    courses, is_cut = _read(chosen)
    before, _ = _read(chosen.before)
    return courses_of(courses, is_cut=is_cut, before=before)


def _read(chosen: TrendFilter) -> tuple[list[Course], bool]:
    """Return the courses of the newest generations of a filter, and whether there are more."""
    pks = RunRows(chosen).newest_pks(MOST + 1)
    kept: list[Any] = []
    for part in _parts(pks[:MOST]):
        kept += Run.objects.filter(pk__in=part).values_list(*_COLUMNS)
    moments = _Moments([row[6] for row in kept if row[6]])
    return [_course(row, moments) for row in kept], len(pks) > MOST


class _Moments:
    """When versions were asked for, judged, decided and published; by the key of the version."""

    def __init__(self, version_pks: list[int]) -> None:
        pks = sorted(set(version_pks))
        standing = Verdict.objects.filter(undone_at=None)
        approvals = standing.filter(decision=Decision.APPROVE)
        judged = ValidationReport.objects.filter(is_own=True, details__judge=JUDGE_VERSION)
        published = Promotion.objects.exclude(published_at=None)
        self.requested = _firsts(Generation.objects.all(), "created_at", pks)
        self.judged = _firsts(judged, "made_at", pks)
        self.approved = _firsts(approvals, "given_at", pks)
        self.published = _firsts(published, "published_at", pks)
        self.decisions: dict[int, str] = {}
        for part in _parts(pks):
            told = standing.filter(version__in=part).order_by("pk")
            self.decisions.update(told.values_list("version_id", "decision"))


def _course(row: Any, moments: _Moments) -> Course:
    status, rolled, started, seen, ended, has_document, version, gate, is_approved, state = row
    reached: list[datetime | None] = [moments.requested.get(version) or started or seen]
    if version is None and not has_document:
        return Course(tuple(reached), _UNFINISHED.get(rolled or status, "ended without a document"))
    reached.append(ended)
    if gate != "passed":
        if version is None:
            why = "its document is in no skill"
        else:
            why = "blocked by its gate" if gate else "not judged"
        return Course(tuple(reached), why)
    reached.append(moments.judged.get(version))
    if not is_approved:
        decision = moments.decisions.get(version, "")
        return Course(tuple(reached), _DECIDED.get(decision, "no verdict yet"))
    reached.append(moments.approved.get(version))
    if state != SkillStatus.ACTIVE:
        return Course(tuple(reached), f"skill is {state}".replace("_", " "))
    reached.append(moments.published.get(version) or moments.approved.get(version))
    return Course(tuple(reached))


def _firsts(rows: QuerySet[Any], column: str, version_pks: list[int]) -> dict[int, datetime]:
    found: dict[int, datetime] = {}
    for part in _parts(version_pks):
        told = rows.filter(version__in=part).order_by().values_list("version_id").annotate(first=Min(column))
        found.update((pk, first) for pk, first in told if first is not None)
    return found


def _parts(pks: list[int]) -> Iterable[list[int]]:
    return (pks[start : start + _CHUNK] for start in range(0, len(pks), _CHUNK))
