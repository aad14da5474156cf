"""Fill an MLflow SQLite store by bulk SQL: MLflow makes its own schema, and its client would need minutes for the rows."""

import random
import sqlite3
from pathlib import Path

NUM_METRICS, NUM_PARAMS, NUM_TAGS = 20, 15, 10
TEAMS = ("amber", "birch", "cedar", "dune", "ember", "fjord", "grove", "heath", "inlet", "juniper")
START_MS = 1_750_000_000_000
_CHUNK = 2_000
_OWN_METRICS = ("quality_score", "calibrated_score", "deterministic_score", "validation_score", "cost_usd")
METRICS = (*_OWN_METRICS, *(f"metric_{number:02d}" for number in range(NUM_METRICS - len(_OWN_METRICS))))


def make_store(path: Path) -> str:
    """Let MLflow make an empty store at ``path`` and return its address."""
    from runs_app.adapters.mlflow_log import open_log

    uri = f"sqlite:///{path}"
    log = open_log(uri, artifact_folder=path.parent / "artifacts")
    log.experiment("benchmark", artifact_folder=path.parent / "artifacts" / "1", tags={})
    log.client._tracking_client.store.engine.dispose()
    return uri


def fill_store(path: Path, *, num_runs: int, seed: int = 1) -> str:
    """Add ``num_runs`` runs, a minute apart, to the experiment of ``make_store``; return the experiment's id.

    Each has 20 metrics, 15 params and 10 tags; the run named ``run-000000`` is the oldest. No statistics are gathered:
    the store is left as MLflow leaves it.
    """
    rng = random.Random(seed)
    connection = sqlite3.connect(path)
    (experiment_id,) = connection.execute("SELECT max(experiment_id) FROM experiments").fetchone()
    folder = path.parent / "artifacts" / "1"
    for start in range(0, num_runs, _CHUNK):
        numbers = range(start, min(start + _CHUNK, num_runs))
        with connection:
            _insert(connection, [_Run(number, rng) for number in numbers], experiment_id, folder.as_uri())
    connection.close()
    return str(experiment_id)


class _Run:
    """One run's values."""

    def __init__(self, number: int, rng: random.Random) -> None:
        self.run_id = f"{rng.getrandbits(128):032x}"
        self.name = f"run-{number:06d}"
        self.started_ms = START_MS + number * 60_000
        self.status = rng.choices(("FINISHED", "FAILED", "KILLED"), (92, 6, 2))[0]
        self.metrics = [(key, rng.random()) for key in METRICS]
        self.params = [
            ("model", f"model-{rng.randrange(6)}"),
            *((f"param_{index:02d}", str(rng.randrange(1000))) for index in range(NUM_PARAMS - 1)),
        ]
        self.tags = [
            ("mlflow.runName", self.name),
            ("mlflow.user", "bench"),
            ("team", rng.choice(TEAMS)),
            ("skill_fleet.skill", f"area-{rng.randrange(8)}/skill-{rng.randrange(50):02d}"),
            *((f"tag_{index}", str(rng.randrange(100))) for index in range(NUM_TAGS - 4)),
        ]


def _insert(connection: sqlite3.Connection, runs: list[_Run], experiment_id: int, folder: str) -> None:
    connection.executemany(
        "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time,"
        " end_time, source_version, lifecycle_stage, artifact_uri, experiment_id)"
        " VALUES (?, ?, 'UNKNOWN', '', '', 'bench', ?, ?, ?, '', 'active', ?, ?)",
        [
            (
                run.run_id,
                run.name,
                run.status,
                run.started_ms,
                run.started_ms + 40_000,
                f"{folder}/{run.run_id}/artifacts",
                experiment_id,
            )
            for run in runs
        ],
    )
    points = [(key, value, run.started_ms + 39_000, run.run_id) for run in runs for key, value in run.metrics]
    for table in ("metrics", "latest_metrics"):
        connection.executemany(
            f"INSERT INTO {table} (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, 0, 0)",
            points,
        )
    for table, pairs in (("params", "params"), ("tags", "tags")):
        connection.executemany(
            f"INSERT INTO {table} (key, value, run_uuid) VALUES (?, ?, ?)",
            [(key, value, run.run_id) for run in runs for key, value in getattr(run, pairs)],
        )
