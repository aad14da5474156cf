"""Insert many plain rows at once, where making an object of each would take longer than the database does."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Model

_AS_THEY_ARE = frozenset({str, int, bool, type(None)})


def insert_rows(model: type[Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Insert ``rows`` into the table of ``model``; return how many. ``names`` are columns, in the order of each row.

    Numbers, text and None as they are, mappings and lists as JSON, times with their zone. Nothing is filled in: name every
    column that has no default in the database. Constraints raise as for any statement; no signal is sent.
    """
    plain = _plainer()
    values = [[one if type(one) in _AS_THEY_ARE else plain(one) for one in row] for row in rows]
    if not values:
        return 0
    quoted = connection.ops.quote_name
    table, columns = quoted(model._meta.db_table), ", ".join(quoted(name) for name in names)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # One stream of rows: thousands of statements would take several times as long.
            with connection.wrap_database_errors, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in values:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(names))
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)  # noqa: S608
    return len(values)


def _plainer() -> Callable[[Any], Any]:
    """Return what makes a value one that the database takes; each time is looked at once."""
    times: dict[datetime, Any] = {}

    def plain(value: Any) -> Any:
        if isinstance(value, datetime):
            if value not in times:
                times[value] = connection.ops.adapt_datetimefield_value(value)
            return times[value]
        return json.dumps(value) if isinstance(value, dict | list) else value

    return plain
