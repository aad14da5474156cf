"""Alerts and saved views on their pages: each person's own, shared by link."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from runs_app.models import Alert, AlertRule, Run, SavedView
from runs_app.services.alert_rules import check_alerts
from runs_app.services.saved_views import PAGES
from runs_app.services.update_rollups import update_rollups
from tests.runs_app.trend_rows import LAST, fill


@pytest.fixture
def people(db: Any) -> dict[str, Client]:
    found = {}
    for name in ("carol", "dan"):
        found[name] = Client()
        found[name].force_login(User.objects.create_user(name))
    return found


def add(client: Client, **fields: str) -> Any:
    values = {"name": "Gate", "measure": "gate", "test": "below", "limit": "0.99", "query": "branch=web"}
    return client.post(reverse("trends:alerts"), {**values, **fields})


def test_a_rule_is_added_and_shown_to_its_owner_alone(people: dict[str, Client]) -> None:
    answer = add(people["carol"])

    assert answer.status_code == 302
    assert AlertRule.objects.get().query == "branch=web"
    assert b"branch=web" in people["carol"].get(reverse("trends:alerts")).content
    assert b"You have no rule" in people["dan"].get(reverse("trends:alerts")).content


@pytest.mark.parametrize(
    ("fields", "id_"),
    [({"limit": "much"}, "rule-limit"), ({"limit": "nan"}, "rule-limit"), ({"name": ""}, "rule-name")],
)
def test_what_is_wrong_is_said_at_the_field_with_422(
    people: dict[str, Client], fields: dict[str, str], id_: str
) -> None:
    answer = add(people["carol"], **fields)

    assert answer.status_code == 422
    text = answer.content.decode()
    assert f'id="{id_}"' in text.split('aria-invalid="true"')[0].rpartition("<")[2]
    assert not AlertRule.objects.exists()


def test_nobody_removes_the_rule_or_the_view_of_another(people: dict[str, Client]) -> None:
    add(people["carol"])
    people["carol"].post(reverse("trends:view_save"), {"name": "Mine", "page": "list", "query": ""})
    rule, view = AlertRule.objects.get(), SavedView.objects.get()

    assert people["dan"].post(reverse("trends:alert_rule_remove", args=[rule.pk])).status_code == 404
    assert people["dan"].post(reverse("trends:view_remove", args=[view.key])).status_code == 404
    assert people["carol"].post(reverse("trends:alert_rule_remove", args=[rule.pk])).status_code == 302
    assert people["carol"].post(reverse("trends:view_remove", args=[view.key])).status_code == 302
    assert not AlertRule.objects.exists()
    assert not SavedView.objects.exists()


def test_new_alerts_are_announced_on_the_overview_until_they_are_seen(people: dict[str, Client]) -> None:
    fill(num_runs=40, num_skills=15)
    update_rollups(now=LAST)
    add(people["carol"], query="")
    check_alerts(now=LAST)

    assert b"1 new alert" in people["carol"].get(reverse("trends:overview")).content
    assert b"new alert" not in people["dan"].get(reverse("trends:overview")).content
    people["carol"].post(reverse("trends:alerts_seen"))
    assert Alert.objects.filter(seen_at=None).count() == 0


def test_the_link_of_a_shared_view_shows_the_same_to_everybody_and_a_private_one_to_nobody_else(
    people: dict[str, Client],
) -> None:
    for name, shared in (("Ours", "on"), ("Mine", "")):
        people["carol"].post(
            reverse("trends:view_save"),
            {"name": name, "page": "list", "query": "branch=web&days=91", "is_shared": shared},
        )
    ours, mine = SavedView.objects.get(name="Ours"), SavedView.objects.get(name="Mine")

    answer = people["dan"].get(reverse("trends:view_open", args=[ours.key]))
    assert answer["Location"] == "/trends/?branch=web&days=91"
    assert people["dan"].get(reverse("trends:view_open", args=[mine.key])).status_code == 404
    listed = people["dan"].get(reverse("trends:views")).content
    assert b"Ours" in listed
    assert b"Mine" not in listed


def test_a_view_of_no_page_leads_nowhere_and_the_same_name_replaces(people: dict[str, Client]) -> None:
    save = reverse("trends:view_save")
    people["carol"].post(save, {"name": "X", "page": "//elsewhere.example", "query": ""})
    assert not SavedView.objects.exists()
    people["carol"].post(save, {"name": "X", "page": "list", "query": "days=7"})
    people["carol"].post(save, {"name": "X", "page": "overview", "query": "days=365"})

    assert [(view.page, view.query) for view in SavedView.objects.all()] == [("overview", "days=365")]


@pytest.mark.parametrize(
    ("page", "query", "kept"),
    [
        ("funnel", "branch=web&days=91&x=1", "branch=web&days=91"),
        ("people", "days=91&model=small", "model=small&days=91"),
        ("agreement", "days=91&x=fleet/1/&y=model//", "days=91&x=fleet%2F1%2F&y=model%2F%2F"),
        ("compare_runs", "run=1&run=2&baseline=2&all=1", "run=1&run=2&baseline=2&all=1"),
        ("compare_versions", "version=3&version=4", "version=3&version=4"),
        ("compare_many", "kind=generation&x=tokens&y=cost", "kind=generation&x=tokens&y=cost"),
        ("compare_many_versions", "author=ben&gate=blocked&x=cost", "author=ben&gate=blocked&x=cost"),
    ],
)
def test_funnel_agreement_and_comparisons_are_kept_with_what_they_show(
    people: dict[str, Client], page: str, query: str, kept: str
) -> None:
    people["carol"].post(reverse("trends:view_save"), {"name": "X", "page": page, "query": query})

    view = SavedView.objects.get()
    answer = people["carol"].get(reverse("trends:view_open", args=[view.key]))
    assert answer["Location"] == f"{reverse(f'trends:{page}')}?{kept}"
    assert PAGES[page] in people["carol"].get(reverse("trends:views")).content.decode()
    assert people["carol"].get(answer["Location"]).status_code == 200


def test_a_view_whose_address_is_too_long_is_refused(people: dict[str, Client]) -> None:
    query = "&".join(f"run={number}" for number in range(400))
    answer = people["carol"].post(
        reverse("trends:view_save"), {"name": "X", "page": "compare_runs", "query": query}, follow=True
    )

    assert not SavedView.objects.exists()
    assert "too long" in answer.content.decode()


def test_the_pages_that_can_be_kept_offer_it_with_their_own_query(people: dict[str, Client]) -> None:
    fill(num_runs=10, num_skills=8)
    update_rollups(now=LAST)
    runs = [*Run.objects.filter(kind="generation").values_list("pk", flat=True)[:2]]
    days = {"until": LAST.date().isoformat(), "days": "91"}
    asked: dict[str, dict[str, Any]] = {
        "funnel": days,
        "people": days,
        "compare_runs": {"run": runs},
        "compare_many": {"kind": "generation"},
        "compare_many_versions": days,
    }

    for page, parameters in asked.items():
        answer = people["carol"].get(reverse(f"trends:{page}"), parameters)
        text = answer.content.decode()
        assert f'name="page" value="{page}"' in text
        assert f'name="query" value="{escape(answer.context["query"])}"' in text
        assert ("Alert me about this" in text) is (page in ("funnel", "people"))
