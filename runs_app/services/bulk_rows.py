"""Write many rows at once. The ORM's own bulk methods cost ten times as much at the size of a first sync."""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any

from django.db import connection
from django.db.models import DateTimeField, JSONField, Model

_MOST_VALUES = 3_000


def insert_rows(*, model: type[Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert ``rows``, whose values stand in the order of ``columns`` (attribute names such as ``run_id``).

    PostgreSQL takes them by COPY, SQLite by one prepared statement. Values go in as they are: defaults, validation and
    signals of the model are not applied. Call it inside a transaction.

    Raises:
        django.db.IntegrityError: a row breaks a constraint.
    """
    fields = [model._meta.get_field(name) for name in columns]
    prepared = _prepare(model, columns, rows)
    if not prepared:
        return
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    names = ", ".join(quote(str(field.column)) for field in fields)  # type: ignore[union-attr]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in prepared:
                    copy.write_row(row)
        else:
            marks = f"({', '.join(['%s'] * len(fields))})"
            size = max(min(_MOST_VALUES // len(fields), len(prepared)), 1)
            for start in range(0, len(prepared), size):
                part = prepared[start : start + size]
                rows_sql = ", ".join([marks] * len(part))
                cursor.execute(
                    f"INSERT INTO {table} ({names}) VALUES {rows_sql}",  # noqa: S608
                    list(chain.from_iterable(part)),
                )


def update_rows(*, model: type[Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Update rows by key: each of ``rows`` holds the values of ``columns`` and, last, the primary key."""
    prepared = _prepare(model, [*columns, "id"], rows)
    if not prepared:
        return
    quote = connection.ops.quote_name
    settings = ", ".join(f"{quote(str(model._meta.get_field(name).column))} = %s" for name in columns)  # type: ignore[union-attr]
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {quote(model._meta.db_table)} SET {settings} WHERE {quote('id')} = %s",  # noqa: S608
            prepared,
        )


def _prepare(
    model: type[Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> list[Sequence[Any]]:
    """Bring times and JSON into the form that the database's driver takes."""
    changed = {
        position: convert
        for position, name in enumerate(columns)
        if (convert := _converter(model, name)) is not None
    }
    if not changed:
        return list(rows)
    prepared: list[Sequence[Any]] = []
    for row in rows:
        values = list(row)
        for position, convert in changed.items():
            if values[position] is not None:
                values[position] = convert(values[position])
        prepared.append(values)
    return prepared


def _converter(model: type[Model], name: str) -> Callable[[Any], Any] | None:
    field = model._meta.get_field(name)
    if isinstance(field, DateTimeField):
        return connection.ops.adapt_datetimefield_value
    if isinstance(field, JSONField):
        return lambda value: field.get_db_prep_save(value, connection)
    return None
