"""Read the facts of one day: of its generations from the mirror, of its versions from their standings."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q, QuerySet

from runs_app.domain.enums import Phase, RunKind
from runs_app.domain.trends.facts import Dims, PhaseFact, RunFact, VersionFact
from runs_app.models import Run, RunParam, VersionStanding
from skills_app.domain.enums import SkillStatus

PROGRAM, PROGRAM_VERSION = "program", "program_version"
_CHUNK = 900
_PHASES = frozenset(phase.value for phase in Phase)
_COLUMNS = (
    "pk",
    "status",
    "rolled_status",
    "rolled_cost_usd",
    "rolled_tokens",
    "duration_seconds",
    "model",
    "user",
    "has_document",
    "outcome__version_id",
    "outcome__version__skill__category__path",
    "outcome__version__skill__skill_type",
    "outcome__version__skill__status",
    "outcome__version__standing__gate",
    "outcome__version__standing__is_approved",
)


def counted_runs() -> QuerySet[Run]:
    """Return the runs that trends count: generations that were not deleted and are not part of another one."""
    runs = Run.objects.filter(kind=RunKind.GENERATION, lifecycle_stage="active")
    return runs.exclude(parent__kind=RunKind.GENERATION)


def runs_of_day(day: date) -> QuerySet[Run]:
    """Return the counted runs that started on ``day``; those without a time count on the day they were first seen."""
    first, after = bounds_of(day)
    started = Q(started_at__gte=first, started_at__lt=after)
    seen = Q(started_at=None, first_seen_at__gte=first, first_seen_at__lt=after)
    return counted_runs().filter(started | seen)


def bounds_of(day: date) -> tuple[datetime, datetime]:
    """Return the first moment of ``day`` in the site's time zone, and that of the day after."""
    zone = ZoneInfo(settings.TIME_ZONE)
    return (
        datetime.combine(day, time.min, tzinfo=zone),
        datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone),
    )


def run_facts_of(runs: QuerySet[Run]) -> list[RunFact]:
    """Return the facts of these runs, in no order."""
    rows = list(runs.order_by().values_list(*_COLUMNS))
    pks = [row[0] for row in rows]
    phases, programs = _phases_below(pks), programs_of(pks)
    return [
        RunFact(
            dims=Dims(path or "", kind or "", model, programs.get(pk, ""), user),
            status=rolled or status,
            cost_usd=cost,
            tokens=tokens,
            seconds=seconds,
            is_generated=version is not None or has_document,
            is_passed=gate == "passed",
            is_approved=bool(approved),
            is_active=state == SkillStatus.ACTIVE,
            phases=tuple(phases.get(pk, ())),
        )
        for (
            pk,
            status,
            rolled,
            cost,
            tokens,
            seconds,
            model,
            user,
            has_document,
            version,
            path,
            kind,
            state,
            gate,
            approved,
        ) in rows
    ]


def programs_of(run_pks: Collection[int]) -> dict[int, str]:
    """Return the program of each run that names one, with its version."""
    names: dict[int, dict[str, str]] = defaultdict(dict)
    for part in _parts(run_pks):
        rows = RunParam.objects.filter(run_id__in=part, key__in=(PROGRAM, PROGRAM_VERSION))
        for pk, key, value in rows.values_list("run_id", "key", "value"):
            names[pk][key] = value.strip()
    return {
        pk: f"{told[PROGRAM]} {told.get(PROGRAM_VERSION, '')}".strip()[:256]
        for pk, told in names.items()
        if told.get(PROGRAM)
    }


def version_facts_of_day(day: date) -> list[VersionFact]:
    """Return the facts of the versions that were made on ``day``."""
    return [fact_of(standing) for standing in VersionStanding.objects.filter(day=day)]


def fact_of(standing: VersionStanding) -> VersionFact:
    """Return a standing as the domain reads it."""
    return VersionFact(
        dims=Dims(standing.branch, standing.type, standing.model, standing.program, standing.author),
        gate=standing.gate,
        scores={(scorer, version): value for scorer, version, value in standing.scores},
        rules=standing.rules,
    )


def _phases_below(run_pks: Collection[int]) -> dict[int, list[PhaseFact]]:
    found: dict[int, list[PhaseFact]] = defaultdict(list)
    for part in _parts(run_pks):
        rows = Run.objects.filter(parent_id__in=part, lifecycle_stage="active", phase__in=_PHASES)
        for parent, phase, seconds, tokens, cost in rows.values_list(
            "parent_id", "phase", "duration_seconds", "rolled_tokens", "rolled_cost_usd"
        ):
            found[parent or 0].append(PhaseFact(Phase(phase), seconds, tokens, cost))
    return found


def _parts(pks: Collection[int]) -> Iterable[list[int]]:
    ordered = sorted(pks)
    return (ordered[start : start + _CHUNK] for start in range(0, len(ordered), _CHUNK))
