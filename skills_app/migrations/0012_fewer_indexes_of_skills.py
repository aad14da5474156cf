"""Drop indexes for LIKE that nothing asks: on PostgreSQL, each row of a branch that moves writes an entry into every index."""

from typing import Any

from django.db import migrations

_FIND = (
    "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema() AND tablename = 'skills_app_skill' "
    "AND indexdef LIKE '%_pattern_ops)%' AND indexdef !~ '\\(path '"
)
_COLUMNS = ("key", "name", "external_id", "status")


def drop_like_indexes(apps: Any, schema_editor: Any) -> None:
    """Drop what Django makes beside each indexed text column but the path, whose branches are looked up by it."""
    if schema_editor.connection.vendor != "postgresql":
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(_FIND)
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP INDEX {schema_editor.quote_name(name)}")


def make_like_indexes(apps: Any, schema_editor: Any) -> None:
    """Make them again."""
    if schema_editor.connection.vendor != "postgresql":
        return
    model = apps.get_model("skills_app", "Skill")
    for column in _COLUMNS:
        statement = schema_editor._create_like_index_sql(model, model._meta.get_field(column))
        if statement is not None:
            schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [
        ("skills_app", "0010_addresses_apart_and_notices"),
    ]

    operations = [migrations.RunPython(drop_like_indexes, make_like_indexes)]
