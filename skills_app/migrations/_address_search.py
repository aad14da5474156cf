"""The index over ``SkillAddresses``: SQL for each vendor, run by a migration (this file is not one)."""

from typing import Any

_TABLE = "skills_app_skilladdresses"
_INDEX = f"{_TABLE}_fts"
_FORGET = f"INSERT INTO {_INDEX} ({_INDEX}, rowid, text) VALUES ('delete', old.skill_id, old.text);"  # noqa: S608
_LEARN = f"INSERT INTO {_INDEX} (rowid, text) VALUES (new.skill_id, new.text);"  # noqa: S608
_ALIASES = "(SELECT {join} FROM skills_app_pathalias alias WHERE alias.skill_id = skill.id)"
_FILL = (
    f"INSERT INTO {_TABLE} (skill_id, text) SELECT skill.id, skill.path || coalesce({_ALIASES}, '') "  # noqa: S608
    "FROM skills_app_skill skill WHERE skill.id IN (SELECT skill_id FROM skills_app_skilltext)"
)

SQLITE = (
    f"""CREATE VIRTUAL TABLE {_INDEX} USING fts5(
        text, content='{_TABLE}', content_rowid='skill_id', tokenize="unicode61 remove_diacritics 2")""",
    f"CREATE TRIGGER {_INDEX}_insert AFTER INSERT ON {_TABLE} BEGIN {_LEARN} END",
    f"CREATE TRIGGER {_INDEX}_delete AFTER DELETE ON {_TABLE} BEGIN {_FORGET} END",
    f"CREATE TRIGGER {_INDEX}_update AFTER UPDATE ON {_TABLE} BEGIN {_FORGET} {_LEARN} END",
    _FILL.format(join="char(10) || group_concat(alias.path, char(10))"),
)
SQLITE_BACK = (
    f"DROP TRIGGER IF EXISTS {_INDEX}_insert",
    f"DROP TRIGGER IF EXISTS {_INDEX}_delete",
    f"DROP TRIGGER IF EXISTS {_INDEX}_update",
    f"DROP TABLE IF EXISTS {_INDEX}",
)
# Addresses are made of names, so no word of them is left out or bent; they are parted as SQLite's tokenizer parts them.
POSTGRESQL = (
    f"ALTER TABLE {_TABLE} ADD COLUMN vector tsvector GENERATED ALWAYS AS "
    "(to_tsvector('simple', translate(left(text, 100000), '-_/.<>&@:', '         '))) STORED",
    f"CREATE INDEX {_TABLE}_vector ON {_TABLE} USING gin (vector)",
    _FILL.format(join="chr(10) || string_agg(alias.path, chr(10))"),
)
POSTGRESQL_BACK = (f"ALTER TABLE {_TABLE} DROP COLUMN vector",)


def create_address_search(apps: Any, schema_editor: Any) -> None:
    """Create the index that this database's vendor has, and fill it."""
    _run(schema_editor, SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL)


def drop_address_search(apps: Any, schema_editor: Any) -> None:
    """Take it away again."""
    _run(schema_editor, SQLITE_BACK if schema_editor.connection.vendor == "sqlite" else POSTGRESQL_BACK)


def _run(schema_editor: Any, statements: tuple[str, ...]) -> None:
    with schema_editor.connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
