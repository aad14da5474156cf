"""Real MLflow stores to read from: made once, copied for each test."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from runs_app.models import Source
from tests.runs_app.stores import MlflowDatabase


@pytest.fixture(scope="session")
def empty_mlflow_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database without runs: its tables take a second or two to make."""
    from mlflow import MlflowClient

    path = tmp_path_factory.mktemp("mlflow") / "empty.db"
    MlflowClient(tracking_uri=f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def mlflow_db(empty_mlflow_file: Path, tmp_path: Path) -> MlflowDatabase:
    """A database of this test's own, written through MLflow's client."""
    path = tmp_path / "mlflow.db"
    shutil.copy(empty_mlflow_file, path)
    return MlflowDatabase(uri=f"sqlite:///{path}", artifacts=tmp_path / "artifacts")


@pytest.fixture
def sql_source(db: Any, mlflow_db: MlflowDatabase) -> Source:
    """The source of that database."""
    return Source.objects.create(name="store", kind="mlflow_sql", address=mlflow_db.uri)
