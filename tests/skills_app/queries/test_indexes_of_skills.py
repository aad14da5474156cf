"""The indexes of skills: what pages look up has one, and a branch that moves writes no others."""

import pytest
from django.db import connection

from skills_app.models import Category, Skill
from skills_app.services.make_skill import make_skill

pytestmark = pytest.mark.django_db

postgresql_only = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one kind of index")


def indexed(table: str) -> list[tuple[str, ...]]:
    """Return the columns of each index of a table, in order."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, table)
    kinds = ("index", "unique", "primary_key")
    return sorted(tuple(one["columns"]) for one in found.values() if any(one[kind] for kind in kinds))


def test_each_skill_that_moves_is_written_into_these_indexes() -> None:
    columns = ("category_id", "external_id", "id", "key", "name", "path", "status")
    assert indexed(Skill._meta.db_table) == [(column,) for column in columns]


@postgresql_only
def test_one_index_serves_branches_addresses_and_the_order_of_paths() -> None:
    make_skill(path="a/b/c")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
    for model in (Skill, Category):
        name = f"{model._meta.db_table}_path_key"
        for rows in (
            model.objects.filter(path__startswith="a/b/"),
            model.objects.filter(path="a/b"),
        ):
            plan = rows.order_by().explain()
            assert name in plan, plan
            assert "Index Cond" in plan, plan
        plan = model.objects.order_by("path").explain()
        assert name in plan, plan
        assert "Sort" not in plan, plan


@postgresql_only
def test_skills_of_a_rare_status_are_looked_up_in_an_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = Skill.objects.filter(status="draft").order_by().explain()
    assert "Index Cond: ((status)" in plan, plan
    assert "Seq Scan" in Skill.objects.filter(status="active").order_by().explain()


def test_paths_stand_in_the_order_of_their_bytes() -> None:
    paths = ["a/b", "a/b-c/x", "a/b_c/x", "a/bc/x", "a/b0/x", "a-b/x", "ab/x", "a/b-c-d"]
    for path in paths:
        make_skill(path=path)
    assert [*Skill.objects.order_by("path").values_list("path", flat=True)] == sorted(paths)
    places = {path.rpartition("/")[0] for path in paths}
    assert [*Category.objects.order_by("path").values_list("path", flat=True)] == sorted(places)
