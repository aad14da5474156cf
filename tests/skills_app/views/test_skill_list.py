"""The list of skills over HTTP."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from skills_app.models import Skill, SkillFacet
from tests.skills_app import skill_makers as make

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def test_anonymous_visitor_is_sent_to_sign_in(anyone: Client) -> None:
    make.skill("a/secret-skill")

    answer = anyone.get("/skills/")

    assert answer.status_code == 302
    assert "sign-in" in answer["Location"]


def test_page_shows_rows_total_facets_and_sample_label(dan: Client) -> None:
    make.skill("tech/one", is_sample=True, calibrated_score=0.65, facets=[("lang", "python")])
    make.skill("tech/two", description="Use when <b>bold</b>.")

    page = dan.get("/skills/").content.decode()

    assert "<html" in page
    assert "<strong>2</strong> skills" in page
    assert page.count('data-status="sample"') == 1
    assert "0.65" in page
    assert "?facet=lang%3Apython" in page
    assert "?branch=tech" in page
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert "<b>bold" not in page


def test_keys_of_files_are_shown_as_words(dan: Client) -> None:
    made = make.skill("tech/one", facets=[("audience", "backend")])
    Skill.objects.filter(pk=made.pk).update(skill_type="task_focus")

    page = dan.get("/skills/").content.decode()

    assert '<td data-label="Type">task focus</td>' in page
    assert '<span class="name">task focus</span>' in page
    assert "<summary>Audience</summary>" in page
    assert "?type=task_focus" in page


def test_fragment_is_the_results_alone_and_a_restored_page_is_whole(dan: Client) -> None:
    make.skill("tech/one")

    fragment = dan.get("/skills/", headers=HTMX)
    restored = dan.get("/skills/", headers={**HTMX, "HX-History-Restore-Request": "true"})
    boosted = dan.get("/skills/", headers={**HTMX, "HX-Boosted": "true"})

    assert fragment.content.decode().strip().startswith('<div id="skill-results"')
    assert "HX-Request" in fragment["Vary"]
    assert "<html" in restored.content.decode()
    assert "<html" in boosted.content.decode()


def test_rows_remember_the_list_that_they_stand_in(dan: Client) -> None:
    one = make.skill("tech/one")

    page = dan.get("/skills/?q=one&status=active").content.decode()

    assert f"{reverse('skills:detail', args=[one.key])}?from=q%3Done%26status%3Dactive" in page


def test_snippet_marks_the_hit_and_escapes_the_rest(dan: Client) -> None:
    make.skill("x/evil", "Before <img src=x onerror=alert(1)> zanzibar after.")

    page = dan.get("/skills/?q=zanzi").content.decode()

    assert "<mark>zanzibar</mark>" in page
    assert "<img src=x" not in page


def test_search_box_keeps_the_other_choices(dan: Client) -> None:
    make.skill("x/a", facets=[("lang", "go")])

    page = dan.get("/skills/?status=active&facet=lang:go").content.decode()

    assert '<input type="hidden" name="status" value="active">' in page
    assert '<input type="hidden" name="facet" value="lang:go">' in page


def test_nothing_yet_and_filtered_to_nothing_are_two_states(dan: Client) -> None:
    assert "No skills yet" in dan.get("/skills/").content.decode()

    make.skill("a/b")
    page = dan.get("/skills/?q=nowhere").content.decode()

    assert "No skill matches" in page
    assert "Show all skills" in page


def test_bad_parameters_are_said_and_the_list_is_still_shown(dan: Client) -> None:
    make.skill("a/b")

    page = dan.get("/skills/?sort=size&page=x&band=great&facet=q")

    text = page.content.decode()
    assert page.status_code == 200
    assert "is not an order of this list" in text
    assert "is not a page number" in text
    assert "is not written as name:value" in text


@pytest.mark.parametrize(
    "query", ["q=%00", "q=%ff", "page=99999999", "branch=%00", "facet=%00:%00", "q=" + "%22" * 200]
)
def test_hostile_addresses_are_answered(dan: Client, query: str) -> None:
    make.skill("a/b")

    assert dan.get(f"/skills/?{query}").status_code == 200


@pytest.mark.parametrize("query", ["", "?q=advice", "?sort=quality&status=active&facet=lang:python"])
def test_queries_do_not_grow_with_rows(dan: Client, query: str) -> None:
    def queries(number: int) -> int:
        dan.get(f"/skills/{query}")
        with CaptureQueriesContext(connection) as captured:
            page = dan.get(f"/skills/{query}").content.decode()
        assert f"<strong>{number}</strong>" in page
        return len(captured)

    for number in range(2):
        make.skill(f"a/s{number}", facets=[("lang", "python")])
    few = queries(2)
    for number in range(2, 20):
        make.skill(f"b{number}/s{number}", facets=[("lang", "python")])
    assert SkillFacet.objects.count() == 20

    assert queries(20) == few
    assert few <= 20


def test_only_reading_is_allowed_here(dan: Client) -> None:
    assert dan.post("/skills/").status_code == 405
