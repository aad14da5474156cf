"""Bring runs that we recorded ourselves into our tables at once, without waiting for the next look at their source."""

import contextlib
import logging
from collections.abc import Sequence

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import F
from django.utils import timezone

from runs_app.adapters.sources import open_source
from runs_app.domain.errors import AddressInvalid, RunsError, SourceExists
from runs_app.models import Run, Source
from runs_app.services.add_source import add_source, resolve_address
from runs_app.services.mirror_artifacts import mirror_artifacts
from runs_app.services.mirror_runs import mirror_experiments, mirror_runs

logger = logging.getLogger(__name__)
NAME = "Generations of this site"


def own_source() -> Source | None:
    """Return the source of our own runs, made if it is missing; None when its address cannot be mirrored."""
    try:
        _, address = resolve_address(settings.FLEET_MLFLOW_URI)
        known = Source.objects.filter(address=address).first()
        return known or add_source(address=settings.FLEET_MLFLOW_URI, name=NAME)
    except SourceExists as error:
        return Source.objects.get(pk=error.source_id)
    except AddressInvalid as error:
        logger.warning("our own runs cannot be mirrored: %s", error)
        return None


def mirror_recorded(*, run_ids: Sequence[str]) -> int:
    """Mirror these runs of our own store; return how many were new or changed. A failure is left to the next sync."""
    source = own_source()
    if source is None or not source.is_enabled:
        return 0
    now = timezone.now()
    try:
        with contextlib.closing(
            open_source(source, timeout_seconds=settings.FLEET_MLFLOW_TIMEOUT_SECONDS)
        ) as reader:
            mirror_experiments(source=source, experiments=reader.experiments().experiments)
            page = reader.runs_by_id(list(run_ids))
            with transaction.atomic():
                done = mirror_runs(source=source, records=page.runs, now=now)
                if done.touched:
                    Source.objects.filter(pk=source.pk).update(revision=F("revision") + 1)
            stale = Run.objects.filter(pk__in=done.touched, are_artifacts_current=False)
            keys = list(stale.values_list("pk", flat=True))
            mirror_artifacts(source=source, reader=reader, run_pks=keys, now=now)
    except (RunsError, DatabaseError) as error:
        logger.warning("our own runs are mirrored by the next sync: %s", error)
        return 0
    return len(done.touched)
