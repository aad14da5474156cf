"""Keep the rollups: only the days that were touched are added up again. Also all of them, and a proof that they hold."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Max, Min
from django.db.models.functions import Coalesce
from django.utils import timezone

from runs_app.models import (
    DailyRollup,
    MonthlyRollup,
    RollupState,
    Run,
    RunOutcome,
    TouchedDay,
    TrendEvent,
    VersionStanding,
)
from runs_app.queries.trend_facts import counted_runs, programs_of, runs_of_day
from runs_app.queries.version_standings import Rulers, stale_versions, standings_of
from runs_app.services.add_up_days import add_up_touched_days, wrong_days, wrong_months
from runs_app.services.touch_days import run_days, touch_days
from skills_app.models import QualityAssessment, SkillVersion, ValidationReport

_VERSIONS_AT_ONCE = 400
_FIELDS = (
    "number",
    "day",
    "branch",
    "type",
    "model",
    "program",
    "author",
    "is_approved",
    "skill_status",
    "gate",
    "ruler",
    "scores",
    "rules",
    "skill",
)
_STOOD = ("version__standing__model", "version__standing__program")


@dataclass(frozen=True, slots=True)
class Updated:
    """How many versions were looked at again and how many days were added up again."""

    num_versions: int
    num_days: int


def update_rollups(*, now: datetime | None = None) -> Updated:
    """Look again at the versions that may stand otherwise, then add up every touched day; nothing else is read.

    Each part is a transaction of its own, so that nobody waits long; what is broken off is taken up by the next call.
    """
    moment = now or timezone.now()
    state, _ = RollupState.objects.get_or_create(pk=RollupState.SINGLE)
    if state.updated_at is None or state.time_zone != settings.TIME_ZONE:
        _touch_everything()
    report = ValidationReport.objects.aggregate(last=Max("pk"))["last"] or 0
    assessment = QualityAssessment.objects.aggregate(last=Max("pk"))["last"] or 0
    rulers = Rulers(today=moment.astimezone(ZoneInfo(settings.TIME_ZONE)).date())
    digest = rulers.digest
    stale = sorted(stale_versions(state, rulers) | _made_otherwise())
    for start in range(0, len(stale), _VERSIONS_AT_ONCE):
        _stand(stale[start : start + _VERSIONS_AT_ONCE], rulers)
    if stale:
        _note_scorers()
    _touch_miscounted_days()
    num_days = add_up_touched_days()
    RollupState.objects.filter(pk=state.pk).update(
        time_zone=settings.TIME_ZONE,
        last_report=report,
        last_assessment=assessment,
        rulers=digest,
        updated_at=moment,
    )
    return Updated(len(stale), num_days)


def rebuild_rollups(*, now: datetime | None = None) -> Updated:
    """Work out every standing and every day anew; pages show the old figures of a day until its new ones are there."""
    _touch_everything()
    rulers = Rulers(today=(now or timezone.now()).astimezone(ZoneInfo(settings.TIME_ZONE)).date())
    pks = list(SkillVersion.objects.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(pks), _VERSIONS_AT_ONCE):
        _stand(pks[start : start + _VERSIONS_AT_ONCE], rulers)
    TrendEvent.objects.all().delete()
    _note_scorers()
    updated = update_rollups(now=now)
    return Updated(len(pks), updated.num_days)


def check_rollups(*, now: datetime | None = None) -> list[str]:
    """Work everything out from the raw rows and compare; return a sentence for each thing that differs, changing nothing."""
    rulers = Rulers(today=(now or timezone.now()).astimezone(ZoneInfo(settings.TIME_ZONE)).date())
    problems = []
    pks = list(SkillVersion.objects.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(pks), _VERSIONS_AT_ONCE):
        part = pks[start : start + _VERSIONS_AT_ONCE]
        kept = {row.version_id: row for row in VersionStanding.objects.filter(version_id__in=part)}
        for fresh in standings_of(part, rulers):
            old = kept.get(fresh.version_id)
            if old is None or _values(old) != _values(fresh):
                problems.append(f"Version {fresh.version_id} stands otherwise than its reports say.")
    every = _every_day()
    problems += wrong_days(every)
    return problems + wrong_months({(subject, day.replace(day=1)) for subject, day in every})


def _made_otherwise() -> set[int]:
    """Return versions whose run, on a touched day, names another model or program than their standing says."""
    stale = set()
    for day in set(TouchedDay.objects.filter(subject="run").values_list("day", flat=True)):
        made = RunOutcome.objects.filter(run__in=runs_of_day(day), version__isnull=False)
        rows = list(made.values_list("version_id", "run_id", "run__model", *_STOOD))
        programs = programs_of([run for _, run, *_ in rows])
        for version, run, model, *stood in rows:
            if version and [model, programs.get(run, "")] != stood:
                stale.add(version)
    return stale


def _touch_everything() -> None:
    for subject in ("run", "version"):
        touch_days(subject=subject, days={day for about, day in _every_day() if about == subject})


def _every_day() -> set[tuple[str, date]]:
    """Return each subject with each day that it has rows or rollups of."""
    days = {("run", day) for day in run_days(counted_runs())}
    days |= {("version", day) for day in VersionStanding.objects.values_list("day", flat=True).distinct()}
    days |= set(DailyRollup.objects.values_list("subject", "day").distinct())
    return days | set(MonthlyRollup.objects.values_list("subject", "day").distinct())


def _stand(version_pks: list[int], rulers: Rulers) -> None:
    """Write the standings of these versions, and touch the days of those that changed, old and new."""
    with transaction.atomic():
        kept = {row.version_id: row for row in VersionStanding.objects.filter(version_id__in=version_pks)}
        changed = []
        days = set()
        for fresh in standings_of(version_pks, rulers):
            old = kept.get(fresh.version_id)
            if old is not None and _values(old) == _values(fresh):
                continue
            changed.append(fresh)
            days |= {fresh.day} | ({old.day} if old else set())
        VersionStanding.objects.bulk_create(
            changed, update_conflicts=True, unique_fields=["version"], update_fields=_FIELDS, batch_size=100
        )
        touch_days(subject="version", days=days)
        made = Run.objects.filter(outcome__version__in=[row.version_id for row in changed])
        touch_days(subject="run", days=run_days(made))


def _values(row: VersionStanding) -> tuple[Any, ...]:
    return (row.skill_id, *(getattr(row, name) for name in _FIELDS[:-1]))


def _note_scorers() -> None:
    """Keep the day on which each version of a scorer judged first."""
    zone = ZoneInfo(settings.TIME_ZONE)
    known = set(TrendEvent.objects.filter(kind="scorer").values_list("name", flat=True))
    rows = QualityAssessment.objects.order_by().values_list("scorer", "scorer_version")
    # What was taken over from elsewhere says itself when it was made; it may lie years before it came here.
    judged_first = Min(Coalesce("made_at", "created_at"))
    missing = [pair for pair in rows.distinct() if " ".join(pair).strip() not in known]
    for scorer, version in missing:
        first = rows.filter(scorer=scorer, scorer_version=version).aggregate(first=judged_first)["first"]
        TrendEvent.objects.get_or_create(
            kind="scorer",
            name=f"{scorer} {version}".strip(),
            defaults={"day": first.astimezone(zone).date()},
        )


def _touch_miscounted_days() -> None:
    """Touch the days whose versions are not as many as their rollup says: versions may have been deleted."""
    there = dict(VersionStanding.objects.order_by().values_list("day").annotate(num=Count("pk")))
    rows = DailyRollup.objects.filter(subject="version", grain="all").values_list("day", "data__n")
    said = dict(rows)
    touch_days(
        subject="version",
        days=[day for day in there.keys() | said.keys() if there.get(day, 0) != said.get(day, 0)],
    )
