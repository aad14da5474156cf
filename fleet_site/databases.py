"""Turn a database address into Django's setting."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16000;"
)


def database_setting(url: str, *, data_dir: Path) -> dict[str, Any]:
    """Return one entry of ``DATABASES`` for ``url`` (``sqlite:///path``, ``postgresql://user:key@host/name``).

    An empty ``url`` is a SQLite file in the data folder. SQLite takes its write lock when a transaction begins and
    waits 20 s for it, so that two processes never fail with "database is locked".

    Raises:
        ValueError: the scheme is not one of the two.
    """
    if not url:
        return _sqlite(str(data_dir / "fleet.sqlite3"))
    parts = urlsplit(url)
    scheme = parts.scheme.split("+")[0]
    if scheme == "sqlite":
        return _sqlite(
            unquote(parts.path).removeprefix("/") if parts.path.startswith("//") is False else parts.path[1:]
        )
    if scheme in {"postgresql", "postgres"}:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": unquote(parts.hostname or ""),
            "PORT": str(parts.port or ""),
            "OPTIONS": dict(parse_qsl(parts.query)),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
        }
    raise ValueError(f"FLEET_DATABASE_URL begins with '{parts.scheme}:'; use sqlite:/// or postgresql://.")


def _sqlite(name: str) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": name,
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": SQLITE_PRAGMAS},
    }
