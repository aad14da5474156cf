"""Every address that a change-set changes can be read on its page, before it is applied and after."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from skills_app.domain.change_sets.operations import MergeSkills, Move
from skills_app.models import Category, PlacementChange, RoleGrant, Skill
from skills_app.services.apply_change import apply_change
from skills_app.services.draft_change import draft_change, drop_change, preview_change
from skills_app.services.make_skill import make_skill

pytestmark = pytest.mark.django_db


@pytest.fixture
def change(client: Client) -> PlacementChange:
    """A draft of ben that moves 105 skills and one category, and merges one more skill."""
    for path in ("b/heir", "c/gone", *(f"wide/s{number:03}" for number in range(105))):
        make_skill(path=path)
    ben = User.objects.create_user("ben")
    RoleGrant.objects.create(user=ben, role="curator")
    client.force_login(ben)
    wide, place = (Category.objects.get(path=path).key for path in ("wide", "b"))
    gone, heir = (Skill.objects.get(path=path).key for path in ("c/gone", "b/heir"))
    steps = [Move(place, (wide,)), MergeSkills((gone,), heir)]
    return draft_change(operations=steps, actor=ben)


def rows(client: Client, change: PlacementChange, query: str = "") -> list[tuple[str, str]]:
    page = client.get(f"{change.get_absolute_url()}{query}").content.decode()
    table = page.split('<details id="addresses"')[1].split("</details>")[0]
    return re.findall(r"<tr><td>([^<]*)</td><td>([^<]*)</td></tr>", table)


def test_all_addresses_have_pages_and_are_found_before_and_after_it_is_applied(
    client: Client, change: PlacementChange
) -> None:
    skills = [("c/gone", "merged into b/heir")]
    skills += [(f"wide/s{number:03}", f"b/wide/s{number:03}") for number in range(105)]
    everything = [("wide", "b/wide"), *skills]

    def check() -> None:
        assert rows(client, change) == everything[:100]
        assert rows(client, change, "?addresses=2") == everything[100:]
        assert rows(client, change, "?address=S104") == [("wide/s104", "b/wide/s104")]
        assert rows(client, change, "?address=heir") == [("c/gone", "merged into b/heir")]
        assert len(rows(client, change, "?address=wide/s&addresses=2")) == 5

    check()
    ben = User.objects.get(username="ben")
    change.refresh_from_db()
    apply_change(change=change, actor=ben, expected_digest=change.digest)
    check()


def test_the_table_is_open_where_it_was_asked_for_and_says_when_nothing_is_found(
    client: Client, change: PlacementChange
) -> None:
    url = change.get_absolute_url()
    page = client.get(url).content.decode()
    assert '<details id="addresses"><summary>Addresses that change: 107</summary>' in page
    assert 'rel="next" href="?addresses=2"' in page
    nothing = client.get(f"{url}?address=nowhere").content.decode()
    assert '<details id="addresses" open>' in nothing
    assert "No address that changes has “nowhere” in it." in nothing
    assert f'href="{url}?addresses=1#addresses">Show all' in nothing
    more = client.get(f"{url}?address=wide/s").content.decode()
    assert 'rel="next" href="?address=wide%2Fs&amp;addresses=2"' in more


def test_of_a_dropped_change_set_is_said_how_much_is_known(client: Client, change: PlacementChange) -> None:
    preview_change(change=change)
    drop_change(change=change, actor=User.objects.get(username="ben"))
    page = client.get(change.get_absolute_url()).content.decode()
    assert "Addresses that change: 107" in page
    assert "These 51 were shown before it was dropped." in page
