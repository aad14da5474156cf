"""Samples for a new judging model, as their page shows them, and what they cost in a period."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet, Sum

from runs_app.domain.judging_models import JudgementState, SampleState
from runs_app.domain.trends.trend_filter import TrendFilter
from runs_app.models import JudgeSample, JudgeSampleVersion
from runs_app.queries.trend_facts import bounds_of
from runs_app.queries.trends import branches_below

MOST_SAMPLES, MOST_FAULTS = 20, 5
# The badge that stands for each state.
_BADGES = {
    SampleState.WAITING: "scheduled",
    SampleState.RUNNING: "running",
    SampleState.DONE: "finished",
    SampleState.CANCELLED: "killed",
    SampleState.STOPPED: "failed",
}


@dataclass(frozen=True, slots=True)
class SampleLine:
    """A sample, how many of its versions were judged or could not be, what it cost (None: not known), and its first faults."""

    sample: JudgeSample
    num_judged: int
    num_failed: int
    cost_usd: float | None
    faults: tuple[JudgeSampleVersion, ...]

    @property
    def badge(self) -> str:
        """The status that the badge shows."""
        return _BADGES[SampleState(self.sample.state)]

    @property
    def num_done(self) -> int:
        """How many versions were dealt with, one way or the other."""
        return self.num_judged + self.num_failed

    @property
    def num_more_faults(self) -> int:
        """How many could not be judged beyond those that are named."""
        return self.num_failed - len(self.faults)


@dataclass(frozen=True, slots=True)
class SampleCosts:
    """What samples cost in a period and in the one before, in US dollars, as far as prices are known."""

    now: float
    before: float

    @property
    def is_any(self) -> bool:
        """Whether anything was spent in either."""
        return bool(self.now or self.before)


def sample_lines() -> list[SampleLine]:
    """Return the newest samples, at most 20."""
    judged, failed = (Q(versions__state=state) for state in (JudgementState.JUDGED, JudgementState.FAILED))
    unknown = Q(versions__isnull=False, versions__cost_usd__isnull=True)
    rows = list(
        JudgeSample.objects.annotate(
            num_judged=Count("versions", filter=judged),
            num_failed=Count("versions", filter=failed),
            num_unknown=Count("versions", filter=unknown),
            cost=Sum("versions__cost_usd"),
        )[:MOST_SAMPLES]
    )
    faults = _faults([row.pk for row in rows if row.num_failed])
    return [
        SampleLine(
            row,
            row.num_judged,
            row.num_failed,
            None if row.num_unknown else row.cost or 0.0,
            tuple(faults.get(row.pk, ())),
        )
        for row in rows
    ]


def _faults(sample_pks: Sequence[int]) -> dict[int, list[JudgeSampleVersion]]:
    found: dict[int, list[JudgeSampleVersion]] = {}
    rows = JudgeSampleVersion.objects.filter(sample__in=sample_pks, state=JudgementState.FAILED)
    for row in rows.select_related("version__skill").defer("version__content"):
        if len(named := found.setdefault(row.sample_id, [])) < MOST_FAULTS:
            named.append(row)
    return found


def sample_costs(chosen: TrendFilter) -> SampleCosts:
    """Return what was spent on samples in a filter's period and the one before, narrowed by the versions that were judged."""
    return SampleCosts(_cost_of(chosen), _cost_of(chosen.before))


def _cost_of(chosen: TrendFilter) -> float:
    first, after = bounds_of(chosen.period.first)[0], bounds_of(chosen.period.last)[1]
    rows: QuerySet[JudgeSampleVersion] = JudgeSampleVersion.objects.filter(at__gte=first, at__lt=after)
    for name, value in chosen.chosen.items():
        rows = (
            rows.filter(version__standing__branch__in=branches_below(value))
            if name == "branch"
            else rows.filter(**{f"version__standing__{name}": value})
        )
    return float(rows.aggregate(total=Sum("cost_usd"))["total"] or 0.0)
