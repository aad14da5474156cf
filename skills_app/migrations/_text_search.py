"""The full-text index over ``SkillText``: SQL for each vendor, run by a migration (this file is not one)."""

from typing import Any

_COLUMNS = "name, description, keywords, body, files"
_NEW = "new.skill_id, new.name, new.description, new.keywords, new.body, new.files"
_OLD = "old.skill_id, old.name, old.description, old.keywords, old.body, old.files"
_TABLE = "skills_app_skilltext"
_INDEX = "skills_app_skilltext_fts"
_FORGET = f"INSERT INTO {_INDEX} ({_INDEX}, rowid, {_COLUMNS}) VALUES ('delete', {_OLD});"  # noqa: S608
_LEARN = f"INSERT INTO {_INDEX} (rowid, {_COLUMNS}) VALUES ({_NEW});"  # noqa: S608

SQLITE = (
    f"""CREATE VIRTUAL TABLE {_INDEX} USING fts5(
        {_COLUMNS}, content='{_TABLE}', content_rowid='skill_id',
        tokenize="porter unicode61 remove_diacritics 2", prefix='2 3 4')""",
    f"CREATE TRIGGER {_INDEX}_insert AFTER INSERT ON {_TABLE} BEGIN {_LEARN} END",
    f"CREATE TRIGGER {_INDEX}_delete AFTER DELETE ON {_TABLE} BEGIN {_FORGET} END",
    f"CREATE TRIGGER {_INDEX}_update AFTER UPDATE ON {_TABLE} BEGIN {_FORGET} {_LEARN} END",
    f"INSERT INTO {_INDEX} ({_INDEX}) VALUES ('rebuild')",  # noqa: S608
)
SQLITE_BACK = (
    f"DROP TRIGGER IF EXISTS {_INDEX}_insert",
    f"DROP TRIGGER IF EXISTS {_INDEX}_delete",
    f"DROP TRIGGER IF EXISTS {_INDEX}_update",
    f"DROP TABLE IF EXISTS {_INDEX}",
)


def _weighted(column: str, weight: str) -> str:
    # These part words here as they do in SQLite's tokenizer; PostgreSQL's own parser would keep paths and addresses
    # whole and pass over all that stands in a tag. A tsvector holds 1 MB at most.
    words = f"translate(left({column}, 400000), '-_/.<>&@:', '         ')"
    return f"setweight(to_tsvector('english', {words}), '{weight}')"


POSTGRESQL = (
    f"ALTER TABLE {_TABLE} ADD COLUMN vector tsvector GENERATED ALWAYS AS ("
    + " || ".join(
        _weighted(column, weight)
        for column, weight in (
            ("name", "A"),
            ("description", "B"),
            ("keywords", "B"),
            ("body", "C"),
            ("files", "D"),
        )
    )
    + ") STORED",
    f"CREATE INDEX {_TABLE}_vector ON {_TABLE} USING gin (vector)",
)
POSTGRESQL_BACK = (f"ALTER TABLE {_TABLE} DROP COLUMN vector",)


def create_text_search(apps: Any, schema_editor: Any) -> None:
    """Create the index that this database's vendor has."""
    _run(schema_editor, SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL)


def drop_text_search(apps: Any, schema_editor: Any) -> None:
    """Take it away again."""
    _run(schema_editor, SQLITE_BACK if schema_editor.connection.vendor == "sqlite" else POSTGRESQL_BACK)


def _run(schema_editor: Any, statements: tuple[str, ...]) -> None:
    with schema_editor.connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
