"""Every row of the tables of an impact can be read on the page of its change-set, before it is applied and after."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from skills_app.domain.change_sets.operations import Move, Operation, Refacet
from skills_app.domain.enums import DependencyKind, SkillStatus
from skills_app.models import Category, PlacementChange, RoleGrant, Skill, SkillDependency
from skills_app.queries.impact_tables import impact_tables
from skills_app.services.apply_change import apply_change, undo_change
from skills_app.services.draft_change import draft_change, drop_change, preview_change
from skills_app.services.make_skill import make_skill

pytestmark = pytest.mark.django_db
NUMBER = 105


@pytest.fixture
def ben(client: Client) -> User:
    ben = User.objects.create_user("ben")
    RoleGrant.objects.create(user=ben, role="curator")
    client.force_login(ben)
    return ben


@pytest.fixture
def change(ben: User) -> PlacementChange:
    """A draft that moves and facets 105 active skills, each in a category of its own, each required by one other skill."""
    for path in ("b/user", *(f"wide/c{number:03}/s" for number in range(NUMBER))):
        make_skill(path=path)
    Skill.objects.update(status=SkillStatus.ACTIVE)
    user, moved = Skill.objects.get(path="b/user"), Skill.objects.filter(path__startswith="wide/")
    SkillDependency.objects.bulk_create(
        SkillDependency(skill=user, target=skill, target_path=skill.path, kind=DependencyKind.SEE_ALSO)
        for skill in moved
    )
    wide, place = (Category.objects.get(path=path).key for path in ("wide", "b"))
    steps: list[Operation] = [
        Move(place, (wide,)),
        Refacet(tuple(moved.order_by("path").values_list("key", flat=True)), (("lang", "go"),)),
    ]
    return draft_change(operations=steps, actor=ben)


def first_cells(client: Client, change: PlacementChange, table: str, query: str = "") -> list[str]:
    page = client.get(f"{change.get_absolute_url()}{query}").content.decode()
    rows = page.split(f'id="{table}"')[1].split("</table>")[0].split("<tbody>")[1]
    return re.findall(r"<tr>\s*<t[dh][^>]*>([^<]*)<", rows)


def paths(ending: str = "") -> list[str]:
    return [f"wide/c{number:03}{ending}" for number in range(NUMBER)]


def check(client: Client, change: PlacementChange) -> None:
    moved = sorted(["wide", *paths(), *paths("/s")])
    for page in (1, 2, 3):
        at = slice((page - 1) * 100, page * 100)
        assert first_cells(client, change, "aliases", f"?aliases={page}") == moved[at]
    assert first_cells(client, change, "differences") == paths("/s")[:100]
    assert first_cells(client, change, "differences", "?differences=2") == paths("/s")[100:]
    assert first_cells(client, change, "links", "?links=2") == ["b/user"] * 5
    branches = [f"{path}, becomes b/{path}" for path in ("wide", *paths())]
    assert first_cells(client, change, "budgets") == ["b", *branches][:100]
    assert first_cells(client, change, "budgets", "?budgets=2") == ["b", *branches][100:]


def test_every_row_has_a_page_before_and_after_it_is_applied_and_undone(
    client: Client, change: PlacementChange, ben: User
) -> None:
    check(client, change)
    change.refresh_from_db()
    assert len(change.impact["links"]) == 100
    apply_change(change=change, actor=ben, expected_digest=change.digest)
    check(client, change)
    undo_change(change=change, actor=ben)
    check(client, change)


def test_the_pages_of_one_table_keep_those_of_another_and_lead_to_it(
    client: Client, change: PlacementChange
) -> None:
    page = client.get(f"{change.get_absolute_url()}?links=2&address=wide").content.decode()
    assert '<details id="links" open>' in page
    assert '<details id="aliases">' in page
    assert 'rel="prev" href="?address=wide&amp;links=1#links"' in page
    assert 'rel="next" href="?address=wide&amp;links=2&amp;aliases=2#aliases"' in page
    assert 'rel="next" href="?address=wide&amp;links=2&amp;addresses=2"' in page


def test_a_row_beyond_the_first_hundred_that_changed_is_kept_anew(change: PlacementChange, ben: User) -> None:
    preview_change(change=change)
    SkillDependency.objects.filter(target__path=paths("/s")[-1]).update(target_path="as/written")
    preview_change(change=PlacementChange.objects.get(pk=change.pk))
    kept = PlacementChange.objects.get(pk=change.pk)
    assert "as/written" in {one["written"] for one in kept.tables["links"]}
    assert set(kept.tables) == {"links", "budgets"}


def test_of_a_dropped_change_set_is_said_how_much_was_kept(
    client: Client, change: PlacementChange, ben: User
) -> None:
    preview_change(change=change)
    drop_change(change=change, actor=ben)
    assert first_cells(client, change, "links", "?links=2") == ["b/user"] * 5
    page = client.get(change.get_absolute_url()).content.decode()
    assert "Of 211, no more than 100 were kept." in page


@pytest.mark.parametrize(("name", "number"), [("taken", "num_taken"), ("stale_reviews", "num_stale")])
def test_what_is_kept_beside_the_impact_has_pages_too(name: str, number: str) -> None:
    rows: list[Any] = [{"pk": n} for n in range(130)]
    change = PlacementChange(status="applied", impact={name: rows[:100], number: 130}, tables={name: rows})
    table = impact_tables(change, None, {name: "2"})[name]
    assert (list(table.rows), table.number, table.num_lost) == (rows[100:], 130, 0)
    change.tables = {}
    table = impact_tables(change, None, {})[name]
    assert (list(table.rows), table.num_lost) == (rows[:100], 30)
