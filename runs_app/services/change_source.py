"""Switch a source on or off, and take it out with all that was mirrored from it."""

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Model, Q
from django.utils import timezone

from runs_app.domain.addresses import shown_address
from runs_app.domain.errors import SyncBusy
from runs_app.models import (
    Experiment,
    ImportProblem,
    MetricPoint,
    Run,
    RunArtifact,
    RunCount,
    RunMetric,
    RunOutcome,
    RunParam,
    RunTag,
    Source,
)
from runs_app.services.claim_source import holder_of
from runs_app.services.touch_days import touch_source_days
from skills_app.services.record_audit import record_audit

_DETAILS: tuple[type[Model], ...] = (RunMetric, MetricPoint, RunParam, RunTag, RunArtifact, RunOutcome)


@transaction.atomic
def enable_source(*, source: Source, is_enabled: bool, actor: User | None = None) -> bool:
    """Switch reading on or off; return whether that changed anything. What was mirrored stays either way."""
    changed = Source.objects.filter(pk=source.pk, is_enabled=not is_enabled).update(
        is_enabled=is_enabled, next_try_at=None
    )
    if changed:
        record_audit(
            actor=actor,
            verb="enabled_source" if is_enabled else "disabled_source",
            target_kind="source",
            target_key=str(source.pk),
            before={"is_enabled": not is_enabled},
            after={"is_enabled": is_enabled},
        )
    return bool(changed)


@transaction.atomic
def remove_source(*, source: Source, actor: User | None = None, reason: str = "") -> int:
    """Delete a source and its mirrored runs; return how many runs went. Skills and versions made from them stay.

    Raises:
        SyncBusy: a sync is writing into it now.
    """
    now = timezone.now()
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    # Taking the row first keeps a sync from starting while the runs are deleted.
    if not Source.objects.filter(free, pk=source.pk).update(
        is_enabled=False, lease_owner="", lease_until=None
    ):
        raise SyncBusy(
            f"{source.name} is being synchronised by {holder_of(source)}; remove it when that is done."
        )
    num_runs = Run.objects.filter(source=source).count()
    touch_source_days(source=source)
    for model in _DETAILS:
        _delete(model, "run_id IN (SELECT id FROM runs_app_run WHERE source_id = %s)", source.pk)
    for model in (RunCount, ImportProblem, Run, Experiment):
        _delete(model, "source_id = %s", source.pk)
    record_audit(
        actor=actor,
        verb="removed_source",
        target_kind="source",
        target_key=str(source.pk),
        before={"name": source.name, "address": shown_address(source.address), "num_runs": num_runs},
        reason=reason,
    )
    source.delete()
    return num_runs


def _delete(model: type[Model], condition: str, source_pk: int) -> None:
    """Delete in the database itself: a million rows would not pass through Python."""
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE {condition}", [source_pk])  # noqa: S608
