"""Fill the mirror with many runs over two years for the benchmark of trends, and tie some of them to versions.

Of ten runs in a row one is a generation with three phases, and six are generations without. Each generation names the
program that made it and its version.
"""

import bisect
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from runs_app.domain.enums import Phase, RunKind, RunStatus, SourceKind, SyncState
from runs_app.models import Experiment, Run, RunOutcome, RunParam, Source
from runs_app.queries.trend_facts import PROGRAM, PROGRAM_VERSION
from runs_app.services.bulk_rows import insert_rows
from skills_app.models import SkillVersion

PEOPLE = tuple(f"person-{number:02d}" for number in range(20))
MODELS = tuple(f"model-{number}" for number in range(6))
PROGRAMS = (("planner", "1"), ("planner", "2"), ("writer", "1"), ("writer", "2"), ("writer", "3"))
GROUP = 10
_PHASES = tuple(phase.value for phase in Phase)
_STATUSES = (RunStatus.FINISHED.value, RunStatus.FAILED.value, RunStatus.KILLED.value)
_CHUNK = 20_000
_COLUMNS = (
    "id",
    "run_id",
    "name",
    "status",
    "rolled_status",
    "kind",
    "phase",
    "parent_id",
    "parent_run_id",
    "is_top",
    "num_children",
    "user",
    "model",
    "rolled_cost_usd",
    "rolled_tokens",
    "started_at",
    "duration_seconds",
)
# What is the same in every row, beside the source and the experiment.
_ALIKE: dict[str, Any] = {
    "lifecycle_stage": "active",
    "artifact_uri": "",
    "skill_name": "",
    "num_traces": 0,
    "has_document": False,
    "has_problems": False,
    "digest": "0" * 64,
    "is_history_current": True,
    "are_artifacts_current": True,
}


def add_source_with_runs(num_runs: int, *, last: datetime, num_days: int, seed: int = 2) -> Source:
    """Add a source with ``num_runs`` runs, evenly over ``num_days`` days up to ``last``; return it."""
    source = Source.objects.create(
        name=f"{num_runs:,} runs",
        kind=SourceKind.MLFLOW_SQL,
        address=f"sqlite:////nowhere/{num_runs}.db",
        state=SyncState.CURRENT,
        is_enabled=False,
        last_synced_at=datetime.now(UTC),
        last_swept_at=datetime.now(UTC),
    )
    Experiment.objects.create(source=source, experiment_id="1", name="experiment 1")
    times = [last - timedelta(days=num_days) * (1 - place / num_runs) for place in range(1, num_runs + 1)]
    for start in range(0, num_runs, _CHUNK):
        with transaction.atomic():
            add_runs(source, times[start : start + _CHUNK], random.Random(seed + start))
    return source


def add_runs(source: Source, times: Sequence[datetime], rng: random.Random) -> list[int]:
    """Add one run for each of ``times`` in groups of ten and return their keys, in this order."""
    newest = Run.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    experiment = source.experiments.order_by("pk").values_list("pk", flat=True)[0]
    now = datetime.now(UTC)
    alike = {
        **_ALIKE,
        "source_id": source.pk,
        "experiment_id": experiment,
        "first_seen_at": now,
        "synced_at": now,
    }
    rows = [_run(newest + 1 + place, place % GROUP, at, rng) for place, at in enumerate(times)]
    same = tuple(alike.values())
    insert_rows(model=Run, columns=(*_COLUMNS, *alike), rows=((*row, *same) for row in rows))
    generations = [row[0] for row in rows if row[5] == RunKind.GENERATION.value]
    insert_rows(model=RunParam, columns=("run_id", "key", "value"), rows=_programs(generations, rng))
    return [row[0] for row in rows]


def tie_runs(*, share: float = 0.3, seed: int = 8) -> int:
    """Let about ``share`` of the versions come from the generation that began right before; return how many were tied."""
    rng = random.Random(seed)
    runs = Run.objects.filter(kind=RunKind.GENERATION, started_at__isnull=False).order_by("started_at", "pk")
    found = list(runs.values_list("started_at", "pk"))
    times = [started.timestamp() for started, _ in found if started is not None]
    made = SkillVersion.objects.order_by("made_at").values_list("pk", "made_at")
    taken: set[int] = set()
    rows = []
    for version, made_at in made:
        place = bisect.bisect(times, made_at.timestamp()) - 1
        if place >= 0 and place not in taken and rng.random() < share:
            taken.add(place)
            rows.append((found[place][1], version, "", "", {}, "", []))
    columns = ("run_id", "version_id", "skill_name", "skill_path", "metadata", "input_digest", "problems")
    with transaction.atomic():
        insert_rows(model=RunOutcome, columns=columns, rows=rows)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return len(rows)


def _run(key: int, place: int, at: datetime, rng: random.Random) -> tuple[Any, ...]:
    """Return the values of ``_COLUMNS``; the runs at places 1 to 3 are phases of the one at place 0."""
    phase = _PHASES[place - 1] if 1 <= place <= len(_PHASES) else ""
    status = rng.choices(_STATUSES, (92, 6, 2))[0]
    return (
        key,
        f"{key:032x}",
        f"run-{key:07d}",
        status,
        status,
        (RunKind.PHASE if phase else RunKind.GENERATION).value,
        phase,
        key - place if phase else None,
        f"{key - place:032x}" if phase else "",
        not phase,
        0 if place else len(_PHASES),
        rng.choice(PEOPLE),
        rng.choice(MODELS),
        rng.random(),
        rng.randrange(5_000, 60_000),
        at,
        rng.uniform(5, 900),
    )


def _programs(generations: Sequence[int], rng: random.Random) -> Iterator[tuple[int, str, str]]:
    for key in generations:
        name, version = rng.choice(PROGRAMS)
        yield key, PROGRAM, name
        yield key, PROGRAM_VERSION, version
