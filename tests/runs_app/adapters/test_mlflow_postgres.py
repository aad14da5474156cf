"""An MLflow store in PostgreSQL, in a database of the test's own."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from runs_app.adapters.mlflow_store import open_store
from runs_app.domain.enums import SourceKind
from runs_app.domain.errors import SourceUnreachable, SourceUnsuitable
from runs_app.models import Run, Source
from runs_app.services.add_source import add_source
from runs_app.services.sync_source import sync_source
from tests.runs_app.stores import MlflowDatabase

pytestmark = pytest.mark.postgres
SERVER = os.environ.get(
    "TEST_POSTGRES_URL", "postgresql+psycopg:///postgres?host=/var/run/postgresql&user=postgres"
)


@pytest.fixture
def database_uri() -> Iterator[str]:
    """Create a scratch database, and drop it afterwards."""
    import sqlalchemy

    name = f"mlflow_test_{secrets.token_hex(4)}"
    server = sqlalchemy.create_engine(SERVER, isolation_level="AUTOCOMMIT")
    try:
        with server.connect() as connection:
            connection.execute(sqlalchemy.text(f"CREATE DATABASE {name}"))
    except sqlalchemy.exc.OperationalError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"PostgreSQL is not there: {error}")
        pytest.skip(f"PostgreSQL is not there: {error}")
    yield sqlalchemy.engine.make_url(SERVER).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(sqlalchemy.text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


def test_an_empty_database_is_refused_and_left_empty(database_uri: str) -> None:
    import sqlalchemy

    with pytest.raises(SourceUnsuitable, match="no MLflow tables"):
        open_store(kind=SourceKind.MLFLOW_SQL, uri=database_uri, timeout_seconds=5)

    engine = sqlalchemy.create_engine(database_uri)
    assert sqlalchemy.inspect(engine).get_table_names() == []
    engine.dispose()


def test_a_database_that_is_not_there_is_said_in_a_sentence(database_uri: str) -> None:
    with pytest.raises(SourceUnreachable, match=r"does not answer: .*\."):
        open_store(
            kind=SourceKind.MLFLOW_SQL,
            uri=f"{database_uri}".replace("mlflow_test_", "gone_"),
            timeout_seconds=5,
        )


@pytest.mark.django_db
def test_runs_come_from_postgresql(database_uri: str, tmp_path: Path) -> None:
    store = MlflowDatabase(uri=database_uri, artifacts=tmp_path)
    parent = store.log("task", artifacts={"notes.md": "# Notes"})
    store.log("phase1_task_analysis", parent=parent, metrics={"quality_score": 0.5}, params={"model": "m"})
    source = add_source(address=database_uri.replace("postgresql+psycopg:", "postgres:"))

    first = sync_source(source=source, who="test")
    second = sync_source(source=source, who="test")

    assert (first.num_new, second.has_changes) == (2, False)
    assert Source.objects.get().address == database_uri
    child = Run.objects.get(name="phase1_task_analysis")
    assert (child.parent.run_id if child.parent else "", child.quality_score, child.model) == (
        parent,
        0.5,
        "m",
    )
    assert Run.objects.get(run_id=parent).artifacts.get().text == "# Notes"
