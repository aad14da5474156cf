"""Many rows at once are the same rows as one by one."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from skills_app.models import AuditEntry, PathAlias
from skills_app.services.insert_rows import insert_rows
from skills_app.services.make_skill import make_skill

pytestmark = pytest.mark.django_db

COLUMNS = ("at", "actor_id", "actor_name", "verb", "target_kind", "target_key", "before", "after", "reason")
AT = datetime(2026, 2, 3, 4, 5, 6, 7, tzinfo=UTC)


def test_times_json_and_what_is_missing_come_back_as_they_were() -> None:
    row = (AT, None, "ada", "moved", "skill", "k", {"path": "ü/“x”"}, {"list": ["a", 1]}, "")
    assert insert_rows(AuditEntry, COLUMNS, [row]) == 1
    entry = AuditEntry.objects.get(target_key="k")
    assert (entry.at, entry.actor, entry.before, entry.after) == (AT, None, row[6], row[7])
    assert AuditEntry.objects.filter(before__path="ü/“x”", at=AT).exists()


def test_no_rows_need_no_statement(django_assert_num_queries: pytest.FixtureRequest) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert insert_rows(AuditEntry, COLUMNS, []) == 0


def test_a_constraint_refuses_a_row_as_ever() -> None:
    made, _ = make_skill(path="a/x")
    names, row = ("path", "skill_id", "category_id", "created_at"), ("old/x", made.pk, None, AT)
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows(PathAlias, names, [row, row])
    assert not PathAlias.objects.exists()
