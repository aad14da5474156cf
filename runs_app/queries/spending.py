"""What was spent, for the ceilings that stop a call: of one generation, of a person today, of everybody today."""

from datetime import datetime

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone

from runs_app.domain.generation import GenerationOptions, GenerationStatus
from runs_app.domain.judging_models import SampleState
from runs_app.domain.spending import Ceiling, DayLimit
from runs_app.models import Generation, JudgeSample, JudgeSampleVersion, StepResult


def ceilings_of(*, generation: Generation, options: GenerationOptions) -> dict[str, Ceiling]:
    """Return the ceilings that hold for a generation, with what counts against each; by scope: its own, a person's, all."""
    found = {}
    own = [one for one in (options.ceiling_usd, settings.FLEET_SPEND_PER_GENERATION_USD) if one is not None]
    if own:
        found[f"generation {generation.pk}"] = Ceiling("this generation", min(own), generation.cost_usd)
    for limit in day_limits(user_id=generation.requested_by_id, user_name=generation.requested_by_name):
        spent = spent_usd(since=start_of_day(), user_id=limit.user_id)
        found[limit.scope] = Ceiling(limit.whose, limit.limit_usd, spent)
    return found


def day_limits(*, user_id: int | None, user_name: str) -> tuple[DayLimit, ...]:
    """Return the ceilings of a day that hold for what a person asks for; none where none is set."""
    found = []
    if settings.FLEET_SPEND_PER_USER_DAY_USD is not None and user_id is not None:
        found.append(DayLimit(f"{user_name} today", settings.FLEET_SPEND_PER_USER_DAY_USD, user_id))
    if settings.FLEET_SPEND_PER_DAY_USD is not None:
        found.append(DayLimit("everybody today", settings.FLEET_SPEND_PER_DAY_USD))
    return tuple(found)


def spent_usd(*, since: datetime, user_id: int | None = None) -> float:
    """Return what calls are known to have cost since then, in US dollars; those of steps that failed count too.

    Those of samples that a new judging model judged are counted, too. What a generation cost beyond its finished steps is counted on the day on which it was last changed.
    """
    steps = StepResult.objects.filter(finished_at__gte=since)
    changed = Generation.objects.filter(updated_at__gte=since)
    if user_id is not None:
        steps = steps.filter(generation__requested_by_id=user_id)
        changed = changed.filter(requested_by_id=user_id)
    whole = changed.aggregate(total=Sum("cost_usd"))["total"] or 0.0
    stored = (
        StepResult.objects.filter(generation__in=changed).aggregate(total=Sum("cost_usd"))["total"] or 0.0
    )
    judged = JudgeSampleVersion.objects.filter(at__gte=since)
    if user_id is not None:
        judged = judged.filter(sample__requested_by_id=user_id)
    told = sum(rows.aggregate(total=Sum("cost_usd"))["total"] or 0.0 for rows in (steps, judged))
    return float(told) + max(0.0, whole - stored)


def reserved_usd(*, now: datetime, user_id: int | None = None) -> float:
    """Return what workers have set aside for calls, in US dollars; what a worker that is lost had set aside is free again."""
    generations = Generation.objects.filter(status=GenerationStatus.RUNNING, lease_until__gte=now)
    samples = JudgeSample.objects.filter(state=SampleState.RUNNING, lease_until__gte=now)
    if user_id is not None:
        generations = generations.filter(requested_by_id=user_id)
        samples = samples.filter(requested_by_id=user_id)
    held = (rows.aggregate(total=Sum("reserved_usd"))["total"] or 0.0 for rows in (generations, samples))
    return float(sum(held))


def start_of_day() -> datetime:
    """Return when today began, in the site's time zone."""
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
