"""Syncs in processes of their own: killed, interrupted, and two at once."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.runs_app.stores import MlflowDatabase

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[3]
NUM_RUNS = 3_000


class Site:
    """A data folder of its own, with a database and the command line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = os.environ | {
            "FLEET_DATA_DIR": str(folder),
            "FLEET_IGNORE_ENV_FILE": "1",
            "PYTHONUNBUFFERED": "1",
        }
        self.env.pop("FLEET_DATABASE_URL", None)

    def start(self, *words: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *words: str) -> tuple[int, str]:
        process = self.start(*words)
        output, _ = process.communicate(timeout=120)
        return process.returncode, output

    def ask(self, query: str) -> list[tuple[object, ...]]:
        database = sqlite3.connect(self.folder / "fleet.sqlite3", timeout=20)
        try:
            return database.execute(query).fetchall()
        finally:
            database.close()

    def num_runs(self) -> int:
        return int(str(self.ask("SELECT count(*) FROM runs_app_run")[0][0]))

    def wait_for_runs(self, process: "subprocess.Popen[str]") -> None:
        until = time.monotonic() + 60
        while self.num_runs() < 500:
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < until
            time.sleep(0.02)


@pytest.fixture(scope="module")
def many_runs(empty_mlflow_file: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store whose first sync takes a few seconds."""
    path = tmp_path_factory.mktemp("many") / "mlflow.db"
    shutil.copy(empty_mlflow_file, path)
    store = MlflowDatabase(uri=f"sqlite:///{path}", artifacts=path.parent / "artifacts")
    with sqlite3.connect(path) as database:
        ids = [f"{number:032x}" for number in range(NUM_RUNS)]
        database.executemany(
            "INSERT INTO runs (run_uuid, name, source_type, user_id, status, start_time, end_time, lifecycle_stage,"
            " artifact_uri, experiment_id) VALUES (?, 'run', 'LOCAL', 'ada', 'FINISHED', ?, ?, 'active', '', ?)",
            [(run, 1000 * n, 1000 * n + 500, int(store.experiment_id)) for n, run in enumerate(ids)],
        )
        database.executemany(
            "INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)",
            [(f"p{key}", "value", run) for run in ids for key in range(10)],
        )
    return store.uri


@pytest.fixture(scope="module")
def empty_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose database has its tables: they take seconds to make."""
    made = Site(tmp_path_factory.mktemp("empty") / "data")
    code, output = made.run("migrate", "-v0")
    assert code == 0, output
    return made.folder


@pytest.fixture
def site(empty_folder: Path, tmp_path: Path) -> Site:
    return Site(shutil.copytree(empty_folder, tmp_path / "data"))


def assert_everything_is_there_once(site: Site) -> None:
    assert site.ask("SELECT count(*), count(DISTINCT run_id) FROM runs_app_run") == [(NUM_RUNS, NUM_RUNS)]
    assert site.ask("SELECT count(*) FROM runs_app_runparam") == [(NUM_RUNS * 10,)]
    assert site.ask("SELECT sum(num_runs) FROM runs_app_runcount") == [(NUM_RUNS,)]
    assert site.ask("SELECT state, lease_owner FROM runs_app_source") == [("current", "")]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_sync_that_is_killed_is_carried_on_by_the_next(
    site: Site, many_runs: str, how: signal.Signals
) -> None:
    first = site.start("sync", many_runs)
    site.wait_for_runs(first)
    os.killpg(first.pid, how)
    output, _ = first.communicate(timeout=60)
    num_before = site.num_runs()
    if how is signal.SIGINT:
        assert "goes on from there" in output
        assert first.returncode == 130
    assert 0 < num_before < NUM_RUNS, "the test must interrupt the sync in the middle"

    code, output = site.run("sync", "1")

    assert code == 0, output
    assert_everything_is_there_once(site)


def test_two_syncs_at_once_double_nothing(site: Site, many_runs: str) -> None:
    first = site.start("sync", many_runs)
    site.wait_for_runs(first)

    code, said = site.run("sync", "1")
    output, _ = first.communicate(timeout=120)

    assert first.returncode == 0, output
    # On a busy machine the second starts only after the first has ended; then it simply finds nothing new.
    if code:
        assert "is being synchronised already, by command on" in said
        assert f"process {first.pid}" in said
    assert_everything_is_there_once(site)
