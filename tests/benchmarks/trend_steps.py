"""Steps of the benchmark of trends: ``python -m tests.benchmarks.trend_steps STEP [VALUE]``, an answer in JSON."""

import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from tests.benchmarks.servers import environment

if TYPE_CHECKING:
    from runs_app.domain.trends.trend_filter import TrendFilter

# The last moment that has rows, and the days before it that have some.
LAST = datetime(2026, 11, 16, 18, tzinfo=UTC)
NUM_DAYS = 730
_DAYS_AT_ONCE = 28
_SAID, _SAY_SECONDS = "… ", 15


def do(step: str, value: str = "", *, data_dir: Path, say: Callable[[str], None] | None = None) -> Any:
    """Run one step in a process of its own and return its answer; ``say`` is told how far it is, four times a minute.

    Raises:
        RuntimeError: it failed; the message holds the end of what it said.
    """
    command = [sys.executable, "-m", "tests.benchmarks.trend_steps", step, value]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        process = subprocess.Popen(
            command, env=environment(data_dir), stdout=subprocess.PIPE, stderr=errors, text=True
        )
        lines = []
        for line in process.stdout or ():
            lines.append(line)
            if line.startswith(_SAID) and say is not None:
                say(f"  {line.removeprefix(_SAID).strip()}")
        if process.wait() != 0:
            errors.seek(0)
            raise RuntimeError(f"The step {step} failed: {errors.read()[-3000:]}")
    return json.loads(lines[-1])


@contextlib.contextmanager
def _saying(how_far: Callable[[], str]) -> Iterator[None]:
    """Print now and then how far the rows are, from a thread with a connection of its own."""
    is_over = threading.Event()

    def say() -> None:
        from django.db import connection

        while not is_over.wait(_SAY_SECONDS):
            sys.stdout.write(f"{_SAID}{how_far()}\n")
            sys.stdout.flush()
        connection.close()

    thread = threading.Thread(target=say, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _fill(numbers: str) -> dict[str, str]:
    """Fill with runs and versions over two years, and say which day is the last."""
    from django.db.models import Max

    from runs_app.models import Run
    from skills_app.models import SkillVersion
    from tests.benchmarks.fill_trend_people import add_people
    from tests.benchmarks.fill_trend_runs import add_source_with_runs, tie_runs
    from tests.benchmarks.fill_trends import fill_versions

    def how_far() -> str:
        runs, versions = (
            table.objects.aggregate(last=Max("pk"))["last"] or 0 for table in (Run, SkillVersion)
        )
        return f"{runs:,} runs and {versions:,} versions are there"

    num_runs, num_versions = (int(part) for part in numbers.split(","))
    with _saying(how_far):
        add_source_with_runs(num_runs, last=LAST, num_days=NUM_DAYS)
        fill_versions(num_versions, last=LAST, num_days=NUM_DAYS)
        add_people(last=LAST, num_days=NUM_DAYS)
        tie_runs()
    return {"last": LAST.date().isoformat()}


def _build(_: str) -> float:
    """Add everything up for the first time; return the seconds."""
    from runs_app.models import TouchedDay, VersionStanding
    from runs_app.services.update_rollups import update_rollups

    def how_far() -> str:
        num_left = TouchedDay.objects.values("subject", "day").distinct().count()
        return f"{VersionStanding.objects.count():,} versions were looked at, {num_left:,} days are left"

    began = time.perf_counter()
    with _saying(how_far):
        update_rollups()
    return time.perf_counter() - began


def _more(number: str) -> dict[str, float]:
    """Add runs of the last day as a sync does, then bring the rollups up to date; return the seconds and the days.

    Nothing else may be stale, or its cost would be told as that of a day: all is up to date before, and this is proved.
    """
    from django.db import transaction

    from runs_app.models import Source
    from runs_app.queries.version_standings import OVERLAP_ROWS
    from runs_app.services.count_runs import recount_runs
    from runs_app.services.update_rollups import update_rollups
    from tests.benchmarks.fill_trend_runs import add_runs

    update_rollups()
    before = update_rollups()
    if before.num_days or before.num_versions > OVERLAP_ROWS * 2:
        raise RuntimeError(f"something is stale before the new runs come: {before}")
    source = Source.objects.get()
    day = timedelta(hours=12)
    times = [LAST - day * (1 - place / int(number)) for place in range(int(number))]
    with transaction.atomic():
        recount_runs(run_pks=add_runs(source, times, random.Random(11)))
    began, busy = time.perf_counter(), time.process_time()
    updated = update_rollups()
    seconds = time.perf_counter() - began
    busy = time.process_time() - busy
    return {
        "seconds": seconds,
        "cpu_seconds": busy,
        "days": updated.num_days,
        "versions": updated.num_versions,
    }


def _raw(query: str) -> dict[str, float]:
    """Make the totals of a page from the rows themselves; return the seconds and the numbers.

    Raises:
        RuntimeError: the rollups say something else.
    """
    from runs_app.domain.trends.totals import RunTotals, VersionTotals
    from runs_app.models import VersionStanding
    from runs_app.queries.overview import narrowed
    from runs_app.queries.trend_facts import fact_of, run_facts_of
    from runs_app.queries.trend_run_rows import run_rows
    from runs_app.queries.trends import trend_of

    chosen = _chosen(query)
    began = time.perf_counter()
    found = []
    for period in (chosen.period, chosen.period.before):
        runs, versions = RunTotals(), VersionTotals()
        # Some weeks at a time, or two years of runs would stand in memory at once.
        for first in range(period.first.toordinal(), period.last.toordinal() + 1, _DAYS_AT_ONCE):
            last = min(first + _DAYS_AT_ONCE - 1, period.last.toordinal())
            some = chosen.between(date.fromordinal(first), date.fromordinal(last))
            for fact in run_facts_of(run_rows(some)):
                runs.add(fact)
        days = VersionStanding.objects.filter(day__gte=period.first, day__lte=period.last)
        for standing in narrowed(days, chosen):
            versions.add(fact_of(standing))
        found.append((runs.as_data(), versions.as_data()))
    seconds = time.perf_counter() - began
    trend = trend_of(chosen)
    pairs = ((trend.runs, trend.versions), (trend.runs_before, trend.versions_before))
    if [(runs.as_data(), versions.as_data()) for runs, versions in pairs] != found:
        raise RuntimeError("the rollups differ from the rows")
    return {"seconds": seconds, "num_runs": trend.runs.num, "num_versions": trend.versions.num}


def _raw_rows(query: str) -> dict[str, float]:
    """Count generations and read the last page of them without rollups; return the seconds and how many there are.

    Raises:
        RuntimeError: with rollups there are others.
    """
    from runs_app.domain.trends.row_choice import read_run_choice
    from runs_app.queries.trend_run_rows import RunRows, run_rows
    from runs_app.views.trend_rows import ROWS_PER_PAGE

    chosen, choice = _chosen(query), read_run_choice(dict(parse_qsl(query)))
    began = time.perf_counter()
    rows = run_rows(chosen, choice)
    num = rows.count()
    start = max(num - 1, 0) // ROWS_PER_PAGE * ROWS_PER_PAGE
    page = [row.pk for row in rows[start : start + ROWS_PER_PAGE]]
    seconds = time.perf_counter() - began
    with_rollups = RunRows(chosen, choice)
    if with_rollups.count() != num or [row.pk for row in with_rollups[start:num]] != page:
        raise RuntimeError("the rollups lead to other rows")
    return {"seconds": seconds, "num_runs": num}


# What somebody would write who has neither rollups nor our code: the gate of the benchmark asks for this one score.
_GATE_BY_MONTH = """
SELECT strftime('%%Y-%%m', v.made_at) AS month, count(*), count(CASE WHEN a.deterministic_score >= 0.4 THEN 1 END),
avg(a.deterministic_score) FROM skills_app_skillversion v JOIN skills_app_qualityassessment a ON a.version_id = v.id
WHERE a.id = (SELECT max(b.id) FROM skills_app_qualityassessment b WHERE b.version_id = v.id AND b.is_own AND b.scorer = 'fleet-1')
AND EXISTS (SELECT 1 FROM skills_app_validationreport r WHERE r.version_id = v.id AND r.is_own)
AND date(v.made_at) BETWEEN %s AND %s GROUP BY 1
"""


def _sql_gate(query: str) -> dict[str, float]:
    """Count by month the versions that pass their gate in one plain SQL query; return the seconds and how many there are.

    Raises:
        RuntimeError: the rollups say something else.
    """
    from django.db import connection

    from runs_app.queries.trends import trend_of

    chosen = _chosen(query)
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(_GATE_BY_MONTH, [chosen.period.first, chosen.period.last])
        months = cursor.fetchall()
    seconds = time.perf_counter() - began
    num, passed = (sum(month[place] for month in months) for place in (1, 2))
    gates = trend_of(chosen).versions.gates
    if (gates["passed"], gates["passed"] + gates["blocked"]) != (passed, num):
        raise RuntimeError(f"the rollups say {dict(gates)}, SQL {passed} of {num}")
    return {"seconds": seconds, "num_versions": num}


def _chosen(query: str) -> "TrendFilter":
    from runs_app.domain.trends.trend_filter import parse_trend_filter

    return parse_trend_filter(dict(parse_qsl(query)), today=LAST.date())


STEPS = {
    "fill": _fill,
    "build": _build,
    "more": _more,
    "raw": _raw,
    "raw_rows": _raw_rows,
    "sql_gate": _sql_gate,
}

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleet_site.settings")
    import django

    django.setup()
    sys.stdout.write(json.dumps(STEPS[sys.argv[1]](sys.argv[2])) + "\n")
