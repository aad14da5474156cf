"""Agreement, stages, alerts and saved views in a real browser: axe in both themes and widths, keyboard, shared links, print."""

from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.test import Client

from runs_app.models import SavedView
from runs_app.services.update_rollups import update_rollups
from skills_app.models import SkillVersion, Verdict
from tests.browser.pages import Open, assert_sound
from tests.browser.waiting import expect
from tests.runs_app.trend_rows import LAST, fill, review_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
UNTIL = f"until={LAST.date().isoformat()}&days=91"


@pytest.fixture
def filled() -> None:
    fill(num_runs=40, num_skills=16)
    update_rollups(now=LAST)


@pytest.mark.parametrize(("theme", "width"), [("light", 1400), ("dark", 400)])
def test_scores_stages_alerts_and_views_have_no_violation_and_do_not_scroll_sideways(
    open_page: Open,
    filled: Any,
    theme: str,
    width: int,
) -> None:
    for number, one in enumerate(SkillVersion.objects.order_by("pk")[:15]):
        decision = "approve" if number % 3 else "reject"
        Verdict.objects.create(
            review=review_of(one), version=one, decision=decision, given_at=LAST, binding={}
        )
    addresses = (
        f"/trends/agreement/?{UNTIL}",
        f"/trends/funnel/?{UNTIL}",
        "/alerts/",
        "/views/",
        "/gates/",
    )
    assert_sound(open_page, addresses, theme=theme, width=width, unfold="details.chart-table")


def test_a_rule_is_made_by_keyboard_and_a_mistake_keeps_what_was_typed(open_page: Open, filled: Any) -> None:
    page = open_page(f"/alerts/?query={quote(UNTIL)}", width=400)
    page.get_by_label("Name").focus()
    page.keyboard.type("Too dear")
    page.get_by_label("When it").select_option("above")
    page.get_by_role("button", name="Add the rule").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Give the limit as a number")
    expect(page.get_by_label("Name")).to_have_value("Too dear")
    expect(page.get_by_label("Limit")).to_be_focused()
    page.keyboard.type("0.5")
    page.keyboard.press("Enter")

    expect(page.get_by_role("rowheader", name="Too dear")).to_be_visible()


def test_a_view_is_kept_and_its_shared_link_shows_another_person_the_same(
    open_page: Open,
    filled: Any,
) -> None:
    page = open_page(f"/trends/?model=large&{UNTIL}")
    page.get_by_text("Keep this view").click()
    page.get_by_label("Name").fill("Large ones")
    page.get_by_label("Share its link").check()
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Trends: model large")

    dan = Client()
    dan.force_login(User.objects.create_user("dan"))
    answer = dan.get(f"/views/{SavedView.objects.get().key}/")
    assert answer["Location"].startswith("/trends/?")
    assert "model=large" in answer["Location"]


def test_trends_print_without_what_is_only_for_the_screen(open_page: Open, filled: Any) -> None:
    page = open_page(f"/trends/?{UNTIL}", theme="dark")
    page.emulate_media(media="print")

    expect(page.get_by_role("heading", level=1)).to_be_visible()
    for name in (".trend-filter", ".chart-links", ".page-actions", ".chart-table"):
        expect(page.locator(name).first).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    assert page.pdf(print_background=True).startswith(b"%PDF")
