"""A skill's relations as a picture, with what is wrong, and its line of time."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from skills_app.domain.change_sets.operations import Move
from skills_app.domain.enums import DependencyKind
from skills_app.models import Category, Skill, SkillDependency
from skills_app.services.apply_change import apply_change, undo_change
from skills_app.services.draft_change import draft_change, preview_change
from skills_app.services.record_audit import record_audit
from tests.skills_app.skill_makers import skill

pytestmark = pytest.mark.django_db


def tie(source: Skill, target: Skill | None, kind: str = "required", written: str = "") -> None:
    SkillDependency.objects.create(
        skill=source,
        kind=DependencyKind(kind),
        target=target,
        target_path=written or (target.path if target else ""),
    )


def about(client: Client, one: Skill) -> str:
    return client.get(f"{one.get_absolute_url()}?tab=about").content.decode()


def test_relations_are_drawn_with_links_and_what_is_missing_is_marked(dan: Client) -> None:
    one, two, three = skill("a/one"), skill("a/two"), skill("b/three")
    tie(one, two)
    tie(three, one, "see_also")
    tie(one, None, "recommended", "no/where")
    page = about(dan, one)
    picture = page.split('<svg class="relation-graph')[1].split("</svg>")[0]
    assert picture.count("<line ") == 3
    assert f'href="{two.get_absolute_url()}?tab=about" aria-label="a/two"' in picture
    assert "no/where, not in the library" in picture
    assert "The recommended skill" in page


def test_the_second_step_stands_in_a_table_too(dan: Client) -> None:
    one, two, three = skill("a/one"), skill("a/two"), skill("b/three")
    tie(one, two)
    assert "Two steps away" not in about(dan, one)
    tie(two, three, "see_also")
    tie(two, None, "recommended", "no/where")
    table = about(dan, one).split("<h2>Two steps away</h2>")[1].split("</section>")[0]
    rows = [re.sub(r"<[^>]*>|\s+", " ", row).split() for row in table.split("<tr>")[2:]]
    assert rows == [
        ["a/two", "see", "also", "b/three"],
        ["a/two", "recommended", "no/where", "not", "in", "the", "library"],
    ]
    assert f'href="{three.get_absolute_url()}?tab=about">b/three' in table


def test_a_cycle_is_said_as_the_way_that_closes_it(dan: Client) -> None:
    one, two = skill("a/one"), skill("a/two")
    tie(one, two)
    tie(two, one)
    assert "The skill requires itself: a/one → a/two → a/one." in about(dan, one)


def test_a_skill_without_relations_has_no_picture(dan: Client) -> None:
    page = about(dan, skill("a/one"))
    assert "relation-graph" not in page
    assert "It needs no other skill." in page


def test_the_line_of_time_tells_moves_of_the_branch_too_and_one_kind_alone(dan: Client) -> None:
    one = skill("a/n/one")
    skill("b/two")
    actor = User.objects.create_user("ben")
    branch, into = Category.objects.get(path="a/n"), Category.objects.get(path="b")
    change = draft_change(operations=[Move(into.key, (branch.key,))], actor=actor, reason="It is b.")
    preview_change(change=change)
    apply_change(change=change, actor=actor, expected_digest=change.digest)
    undo_change(change=change, actor=actor)
    address = f"{one.get_absolute_url()}?tab=history"
    page = dan.get(address).content.decode()
    told = ["Moved back from b/n/one to a/n/one.", "Moved from a/n/one to b/n/one.", "Version 1 was read"]
    places = [page.index(text) for text in [*told, "Made at a/n/one"]]
    assert places == sorted(places)
    page = dan.get(f"{address}&what=place").content.decode()
    assert "Moved from a/n/one" in page
    assert page.count(f'href="{change.get_absolute_url()}"') == 2
    assert page.count("<td>It is b.</td>") == 1, "the undoing has a reason of its own"
    assert "Made at a/n/one" not in page
    assert "Nothing of this kind" in dan.get(f"{address}&what=review").content.decode()


@pytest.mark.parametrize("tab", ["about", "history"])
def test_many_relations_need_as_many_queries_as_few(
    dan: Client, tab: str, django_assert_max_num_queries: Any
) -> None:
    one = skill("a/one")
    for number in range(20):
        tie(one, skill(f"b/s{number}"))
    with django_assert_max_num_queries(26):
        dan.get(f"{one.get_absolute_url()}?tab={tab}")


def test_a_kind_of_the_line_of_time_is_found_behind_many_others_and_has_pages(
    dan: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skills_app.queries.skill_timeline.PER_PAGE", 3)
    one = skill("a/one")
    for number in range(7):
        record_audit(verb="set_facets", target_kind="skill", target_key=one.key, reason=f"because {number}")
    record_audit(verb="did_a_rare_thing", target_kind="skill", target_key=one.key, reason="rare")
    address = f"{one.get_absolute_url()}?tab=history"
    assert "Made at a/one" in dan.get(f"{address}&what=made").content.decode()
    page = dan.get(f"{address}&what=other").content.decode()
    assert [words in page for words in ("rare", "because 6", "because 4", "Made at")] == [
        True,
        True,
        False,
        False,
    ]
    assert "1 to 3 of 8" in page
    assert 'href="?tab=history&amp;what=other&amp;page=2"' in page
    assert "because 0" in dan.get(f"{address}&what=other&page=3").content.decode()
