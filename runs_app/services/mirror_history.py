"""Mirror the whole history of metrics: a later stage, so that runs can be browsed before it is done."""

from collections.abc import Callable, Sequence

from django.db import transaction

from runs_app.adapters.sources import RunSource
from runs_app.domain.records import MetricRecord
from runs_app.domain.storable import LONGEST_KEY, storable_number, storable_text
from runs_app.models import MetricPoint, Run, RunMetric
from runs_app.services.bulk_rows import insert_rows
from runs_app.services.mirror_artifacts import address_of


def mirror_history(
    *, run: Run, reader: RunSource, is_complete: bool = False, fence: Callable[[], None] | None = None
) -> int:
    """Replace the stored points of one run's metrics by the source's; return how many there are.

    Keys whose latest step is above 0 are read, every key with ``is_complete`` (a metric that was logged often at step 0
    shows its points only then). ``fence`` is called inside the transaction.

    Raises:
        SourceUnreachable, SourceRefused: nothing was written.
    """
    metrics = RunMetric.objects.filter(run=run).order_by("-step", "key")
    if not is_complete:
        metrics = metrics.filter(step__gt=0)
    address = address_of(run)
    keys = list(metrics.values_list("key", flat=True))
    points = {key: reader.metric_history(address, key) for key in keys}
    with transaction.atomic():
        if fence:
            fence()
        MetricPoint.objects.filter(run=run, key__in=keys).delete()
        insert_rows(
            model=MetricPoint,
            columns=("run_id", "key", "step", "timestamp_ms", "value", "special"),
            rows=[_row(run.pk, key, point) for key, found in points.items() for point in found],
        )
        Run.objects.filter(pk=run.pk).update(is_history_current=True)
    return sum(len(found) for found in points.values())


def _row(run_pk: int, key: str, point: MetricRecord) -> Sequence[object]:
    value, special = storable_number(point.value)
    return run_pk, storable_text(key, longest=LONGEST_KEY), point.step, point.timestamp_ms, value, special
