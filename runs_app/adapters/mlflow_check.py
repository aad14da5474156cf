"""Look at a database before MLflow does: MLflow would create or migrate what it finds."""

import functools
import os
import sqlite3
from urllib.parse import quote

from runs_app.domain.addresses import shown_address, sqlite_path
from runs_app.domain.errors import SourceUnreachable, SourceUnsuitable

_TABLES = frozenset({"experiments", "runs", "params", "tags", "latest_metrics", "alembic_version"})


def check_store(uri: str, *, timeout_seconds: int) -> None:
    """Make sure that ``uri`` is an MLflow database of the version that is installed here.

    Raises:
        SourceUnreachable: there is no such file or database, or it does not answer.
        SourceUnsuitable: it is something else, or of another MLflow version.
    """
    if uri.startswith("sqlite"):
        tables, revision = _look_at_sqlite(uri)
    else:
        tables, revision = _look_at_server(uri, timeout_seconds)
    if not tables >= _TABLES:
        raise SourceUnsuitable(
            f"{shown_address(uri)} is a database, but it has no MLflow tables.",
            remedy="Give the address of the store that the tracking server uses (mlflow server --backend-store-uri).",
        )
    expected = _installed_revision()
    if revision != expected:
        raise SourceUnsuitable(
            f"{shown_address(uri)} has the MLflow schema {revision or 'of no known version'}; "
            f"this site reads {expected}. It was left as it is.",
            remedy="Back it up and run `mlflow db upgrade` on it, or mirror it through its tracking server.",
        )


@functools.cache
def _installed_revision() -> str:
    """Return the schema that the installed MLflow reads; finding out means compiling all its migrations."""
    from mlflow.store.db.utils import _get_latest_schema_revision

    return str(_get_latest_schema_revision())


def count_rows(uri: str) -> int | None:
    """Return the number of runs in a database, or None when it does not say at once."""
    import sqlalchemy
    from sqlalchemy.exc import SQLAlchemyError

    engine = sqlalchemy.create_engine(uri, poolclass=sqlalchemy.pool.NullPool)
    try:
        with engine.connect() as connection:
            return int(connection.execute(sqlalchemy.text("SELECT count(*) FROM runs")).scalar_one())
    except SQLAlchemyError:
        return None
    finally:
        engine.dispose()


def _look_at_sqlite(uri: str) -> tuple[set[str], str]:
    path = sqlite_path(uri)
    if not os.path.isfile(path):
        raise SourceUnreachable(
            f"There is no file {path or '(none given)'}.",
            remedy="Check the path: sqlite:///relative/path.db, or sqlite:////absolute/path.db with four slashes.",
        )
    try:
        database = sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, timeout=5)
        try:
            tables = {
                row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            }
            rows = (
                database.execute("SELECT version_num FROM alembic_version").fetchall()
                if "alembic_version" in tables
                else []
            )
        finally:
            database.close()
    except sqlite3.DatabaseError as error:
        raise SourceUnsuitable(
            f"{path} is not a SQLite database that can be read: {error}.",
            remedy="Check the path, and that the file may be read.",
        ) from error
    return tables, str(rows[0][0]) if rows else ""


def _look_at_server(uri: str, timeout_seconds: int) -> tuple[set[str], str]:
    import sqlalchemy
    from sqlalchemy.exc import ArgumentError, SQLAlchemyError

    from runs_app.adapters.mlflow_errors import translate

    try:
        engine = sqlalchemy.create_engine(
            uri, poolclass=sqlalchemy.pool.NullPool, connect_args={"connect_timeout": timeout_seconds}
        )
        with engine.connect() as connection:
            tables = set(sqlalchemy.inspect(connection).get_table_names())
            revision = (
                connection.execute(sqlalchemy.text("SELECT version_num FROM alembic_version")).scalar()
                if "alembic_version" in tables
                else ""
            )
    except ArgumentError as error:
        raise SourceUnsuitable(f"{shown_address(uri)} is not a database address.") from error
    except SQLAlchemyError as error:
        raise translate(error, uri=uri) from error
    return tables, str(revision or "")
