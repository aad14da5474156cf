"""Drop indexes of skills that no page asks for, and on PostgreSQL let one index of paths do what two did.

Each skill of a branch that moves is written into every index. Nothing is sorted by ``updated_at``, and a current version is
looked up from its skill. On PostgreSQL a path in the order of a language needs a second index for the branches below it; in
the order of its bytes one serves for both, and paths stand in the same order as on SQLite. Most skills are active, so that an
index is of use for the others alone.
"""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

_TABLES = {"skills_app_skill": "skill", "skills_app_category": "category"}
_FIND = (
    "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema() AND tablename = %s "
    "AND strpos(indexdef, %s) > 0"
)


def write_fewer_indexes(apps: Any, schema_editor: Any) -> None:
    """Give paths the order of their bytes on PostgreSQL, with one index, and leave active skills out of that of the status."""
    if schema_editor.connection.vendor != "postgresql":
        return
    for table in _TABLES:
        _drop_index(schema_editor, table, "(path varchar_pattern_ops)")
        _sort_paths(schema_editor, table, "C")
    name = _drop_index(schema_editor, "skills_app_skill", "(status)")
    schema_editor.execute(f"CREATE INDEX {name} ON skills_app_skill (status) WHERE status <> 'active'", None)


def write_all_indexes(apps: Any, schema_editor: Any) -> None:
    """Make them again as they were."""
    if schema_editor.connection.vendor != "postgresql":
        return
    for table, model_name in _TABLES.items():
        model = apps.get_model("skills_app", model_name)
        _sort_paths(schema_editor, table, "default")
        schema_editor.execute(schema_editor._create_like_index_sql(model, model._meta.get_field("path")))
    name = _drop_index(schema_editor, "skills_app_skill", "(status)")
    schema_editor.execute(f"CREATE INDEX {name} ON skills_app_skill (status)", None)


def _drop_index(schema_editor: Any, table: str, columns: str) -> str:
    """Drop the index over ``columns`` of ``table`` if it is still there; return its name, else a free one, quoted."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(_FIND, [table, columns])
        found = cursor.fetchone()
    name = str(schema_editor.quote_name(found[0] if found else f"{table}_again"))
    schema_editor.execute(f"DROP INDEX IF EXISTS {name}", None)
    return name


def _sort_paths(schema_editor: Any, table: str, order: str) -> None:
    schema_editor.execute(f'ALTER TABLE {table} ALTER COLUMN path TYPE varchar(512) COLLATE "{order}"', None)
    # What the planner knew of the column went with its old order.
    schema_editor.execute(f"ANALYZE {table} (path)", None)


class Migration(migrations.Migration):
    dependencies = [("skills_app", "0015_tables_of_changes")]

    operations = [
        migrations.AlterField(
            model_name="skill",
            name="current_version",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="skills_app.skillversion",
            ),
        ),
        migrations.AlterField(
            model_name="skill",
            name="updated_at",
            field=models.DateTimeField(auto_now=True),
        ),
        migrations.RunPython(write_fewer_indexes, write_all_indexes),
    ]
