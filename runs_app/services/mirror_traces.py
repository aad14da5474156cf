"""Give runs the tokens and the cost that their traces tell, where the runs themselves say nothing."""

from collections.abc import Mapping

from django.db import transaction

from runs_app.domain.headline import METRIC_NAMES
from runs_app.domain.records import TraceTotals
from runs_app.models import Run, RunMetric
from runs_app.services.bulk_rows import update_rows
from runs_app.services.claim_source import hold_source
from runs_app.services.link_runs import roll_up_runs
from runs_app.services.read_runs import OVERLAP_MS, Sync

_COLUMNS = ("num_traces", "prompt_tokens", "completion_tokens", "total_tokens", "cost_usd")


def mirror_traces(sync: Sync) -> int:
    """Store the totals of every run with a trace since the last look; return how many runs changed.

    Raises:
        SourceUnreachable, SourceRefused: nothing was written.
    """
    since = max(sync.source.traced_watermark_ms - OVERLAP_MS, 0) if sync.source.traced_watermark_ms else 0
    report = sync.reader.trace_totals(since_ms=since)
    newest = max(sync.source.traced_watermark_ms, min(report.newest_ms, sync.now_ms))
    with transaction.atomic():
        hold_source(lease=sync.lease, traced_watermark_ms=newest)
        return _write(sync, report.totals)


def _write(sync: Sync, totals: Mapping[str, TraceTotals]) -> int:
    logged = _logged(sync, totals)
    rows = []
    ids = sorted(totals)
    for start in range(0, len(ids), 500):
        runs = Run.objects.filter(source=sync.source, run_id__in=ids[start : start + 500])
        for pk, run_id, *old in runs.values_list("pk", "run_id", *_COLUMNS):
            total = totals[run_id]
            told = (
                total.prompt_tokens,
                total.completion_tokens,
                total.total_tokens,
                total.cost_usd,
            )
            own = logged.get(run_id, frozenset())
            values: list[int | float | None] = [total.num_traces]
            for name, before, now in zip(_COLUMNS[1:], old[1:], told, strict=True):
                values.append(before if now is None or name in own else now)
            if values != old:
                rows.append((*values, pk))
    update_rows(model=Run, columns=_COLUMNS, rows=rows)
    roll_up_runs(run_pks=[row[-1] for row in rows])
    return len(rows)


def _logged(sync: Sync, totals: Mapping[str, TraceTotals]) -> dict[str, frozenset[str]]:
    """Return by run id the columns that the run logged as metrics itself: they count more than its traces."""
    column_of = {name: column for column in _COLUMNS[1:] for name in METRIC_NAMES[column]}
    found: dict[str, set[str]] = {}
    ids = sorted(totals)
    for start in range(0, len(ids), 500):
        rows = RunMetric.objects.filter(
            run__source=sync.source,
            run__run_id__in=ids[start : start + 500],
            key__in=column_of,
            value__isnull=False,
        ).values_list("run__run_id", "key")
        for run_id, key in rows:
            found.setdefault(run_id, set()).add(column_of[key])
    return {run_id: frozenset(columns) for run_id, columns in found.items()}
