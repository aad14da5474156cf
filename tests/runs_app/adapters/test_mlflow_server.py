"""A real tracking server on loopback."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from runs_app.adapters import mlflow_errors
from runs_app.adapters.sources import open_source
from runs_app.domain.errors import SourceUnreachable
from runs_app.models import ImportProblem, Run, RunArtifact
from runs_app.services.add_source import add_source
from runs_app.services.mirror_artifacts import address_of
from runs_app.services.refresh_run import refresh_run
from runs_app.services.sync_source import sync_source
from tests.runs_app.stores import MlflowDatabase

pytestmark = [pytest.mark.mlflow_server, pytest.mark.slow, pytest.mark.django_db]


class Server:
    """A tracking server that a test may stop."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.uri = f"http://127.0.0.1:{self.port}"
        self.log = open(folder / "server.log", "wb")  # noqa: SIM115
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "mlflow",
                "server",
                "--host",
                "127.0.0.1",
                "--port",
                str(self.port),
                "--workers",
                "1",
            ]
            + [
                "--backend-store-uri",
                f"sqlite:///{folder}/mlflow.db",
                "--artifacts-destination",
                str(folder / "files"),
            ],
            env=os.environ
            | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
            | {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1"},
            cwd=folder,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def wait(self) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"{self.uri}/health", timeout=1) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        pytest.fail("the tracking server did not start in a minute")

    def stop(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, 15)
            self.process.wait(20)
        self.log.close()


@pytest.fixture
def server(empty_mlflow_file: Path, tmp_path: Path) -> Iterator[Server]:
    shutil.copy(empty_mlflow_file, tmp_path / "mlflow.db")
    started = Server(tmp_path)
    try:
        started.wait()
        yield started
    finally:
        started.stop()


def make_client(server: Server) -> MlflowDatabase:
    """Write through the server, whose artifacts it hands out itself."""
    from mlflow import MlflowClient

    store = MlflowDatabase.__new__(MlflowDatabase)
    store.uri = server.uri
    store.client = MlflowClient(tracking_uri=server.uri)
    store.experiment_id = store.client.create_experiment("skills")
    return store


def test_a_server_is_mirrored_with_its_artifacts_and_outlives_it(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mlflow_errors, "FIRST_PAUSE_SECONDS", 0.05)
    store = make_client(server)
    parent = store.log(
        "task", artifacts={"skill_content.md": "# A skill", "deep/plan.json": "{}", "big.bin": "x"}
    )
    store.log("phase1_task_analysis", parent=parent, metrics={"quality_score": 0.5})
    source = add_source(address=f"{server.uri}/")

    first = sync_source(source=source, who="test")
    second = sync_source(source=source, who="test")

    assert (first.num_new, first.num_artifacts, second.has_changes) == (2, 3, False)
    run = Run.objects.get(run_id=parent)
    assert run.artifact_uri.startswith("mlflow-artifacts:")
    texts = dict(RunArtifact.objects.filter(run=run).values_list("path", "text"))
    assert texts == {"skill_content.md": "# A skill", "deep/plan.json": "{}", "big.bin": None}
    reader = open_source(source)
    assert b"".join(reader.stream_artifact(address_of(run), "big.bin")) == b"x"

    store.client.set_tag(parent, "late", "edit")
    assert refresh_run(run=run)
    assert run.tags.get(key="late").value == "edit"

    server.stop()
    with pytest.raises(SourceUnreachable, match="nothing listens there"):
        sync_source(source=source, who="test")
    source.refresh_from_db()
    assert (source.state, Run.objects.count()) == ("stale", 2)
    assert ImportProblem.objects.get(closed_at__isnull=True, reason="unreachable").remedy
