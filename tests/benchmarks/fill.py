"""Fill our own tables directly with many mirrored runs."""

import random
from datetime import UTC, datetime

from django.db import connection, transaction

from runs_app.domain.enums import RunKind, RunStatus, SourceKind, SyncState
from runs_app.models import Experiment, Run, RunMetric, RunParam, RunTag, Source
from runs_app.services.bulk_rows import insert_rows
from runs_app.services.count_runs import rebuild_run_counts
from tests.benchmarks.mlflow_fill import METRICS, START_MS, TEAMS

_CHUNK = 20_000
_COLUMNS = (
    "source_id",
    "experiment_id",
    "run_id",
    "name",
    "status",
    "rolled_status",
    "kind",
    "phase",
    "lifecycle_stage",
    "user",
    "artifact_uri",
    "parent_run_id",
    "is_top",
    "num_children",
    "num_traces",
    "model",
    "skill_name",
    "quality_score",
    "cost_usd",
    "started_at",
    "ended_at",
    "duration_seconds",
    "has_document",
    "has_problems",
    "digest",
    "is_history_current",
    "are_artifacts_current",
    "first_seen_at",
    "synced_at",
)


def fill_runs(
    num_runs: int, *, num_metrics: int = 2, num_params: int = 1, num_tags: int = 2, seed: int = 2
) -> Source:
    """Add a source with ``num_runs`` mirrored runs, a minute apart, with exact counts; return it.

    Metrics are the last of ``METRICS``, the first tag is ``team``, the first param ``model``.
    """
    rng = random.Random(seed)
    source = Source.objects.create(
        name=f"{num_runs:,} runs",
        kind=SourceKind.MLFLOW_SQL,
        address=f"sqlite:////nowhere/{num_runs}.db",
        state=SyncState.CURRENT,
        is_enabled=False,
        last_synced_at=datetime.now(UTC),
        last_swept_at=datetime.now(UTC),
    )
    experiments = [
        Experiment.objects.create(source=source, experiment_id=str(number), name=f"experiment {number}")
        for number in range(3)
    ]
    first = (Run.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
    keys = METRICS[-num_metrics:]
    for start in range(0, num_runs, _CHUNK):
        numbers = range(start, min(start + _CHUNK, num_runs))
        with transaction.atomic():
            _insert(source, experiments, numbers, first, keys, num_params, num_tags, rng)
    rebuild_run_counts(source=source)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return source


def _insert(
    source: Source,
    experiments: list[Experiment],
    numbers: range,
    first: int,
    keys: tuple[str, ...],
    num_params: int,
    num_tags: int,
    rng: random.Random,
) -> None:
    now = datetime.now(UTC)
    statuses = (RunStatus.FINISHED.value, RunStatus.FAILED.value, RunStatus.KILLED.value)
    runs = []
    for number in numbers:
        began = (START_MS + number * 60_000) / 1000
        status = rng.choices(statuses, (92, 6, 2))[0]
        runs.append(
            (
                first + number,
                source.pk,
                rng.choice(experiments).pk,
                f"{rng.getrandbits(128):032x}",
                f"run-{number:06d}",
                status,
                status,
                RunKind.GENERATION.value,
                "",
                "active",
                "bench",
                "",
                "",
                True,
                0,
                0,
                f"model-{rng.randrange(6)}",
                f"area-{rng.randrange(8)}/skill-{rng.randrange(50):02d}",
                rng.random(),
                rng.random(),
                datetime.fromtimestamp(began, tz=UTC),
                datetime.fromtimestamp(began + 40, tz=UTC),
                40.0,
                False,
                False,
                "0" * 64,
                True,
                True,
                now,
                now,
            )
        )
    insert_rows(model=Run, columns=("id", *_COLUMNS), rows=runs)
    pks = [run[0] for run in runs]
    insert_rows(
        model=RunMetric,
        columns=("run_id", "key", "value", "special", "step", "timestamp_ms"),
        rows=[(pk, key, rng.random(), "", 0, START_MS) for pk in pks for key in keys],
    )
    insert_rows(
        model=RunParam,
        columns=("run_id", "key", "value"),
        rows=[
            (pk, f"param_{index:02d}", str(rng.randrange(1000))) for pk in pks for index in range(num_params)
        ],
    )
    insert_rows(
        model=RunTag,
        columns=("run_id", "key", "value"),
        rows=[
            (pk, "team" if index == 0 else f"tag_{index}", rng.choice(TEAMS))
            for pk in pks
            for index in range(num_tags)
        ],
    )
