"""The overview, trends and comparisons in a real browser: axe in both themes and widths, filters by keyboard, without JavaScript."""

import re
from typing import Any

import pytest

from runs_app.models import Run
from runs_app.services.update_rollups import update_rollups
from tests.browser.pages import Open, violations
from tests.browser.waiting import expect
from tests.runs_app.trend_rows import LAST, fill

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
UNTIL = f"until={LAST.date().isoformat()}&days=91"


@pytest.fixture
def filled() -> None:
    fill(num_runs=60, num_skills=20)
    update_rollups(now=LAST)


@pytest.mark.parametrize(("theme", "width"), [("light", 1400), ("dark", 400)])
def test_no_page_of_trends_has_a_violation_or_scrolls_sideways(
    open_page: Open,
    filled: Any,
    theme: str,
    width: int,
) -> None:
    runs = "&".join(
        f"run={pk}" for pk in Run.objects.filter(kind="generation").values_list("pk", flat=True)[:6]
    )
    compared = (f"/compare/runs/?{runs}", "/compare/many/?kind=generation&x=tokens&y=cost")
    for address in (
        *compared,
        f"/overview/?{UNTIL}",
        f"/trends/?{UNTIL}",
        f"/trends/rows/?of=versions&{UNTIL}",
    ):
        page = open_page(address, theme=theme, width=width)
        for table in page.locator("details.chart-table summary").all():
            table.click()

        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address


def test_a_filter_narrows_the_page_and_stands_in_its_address(open_page: Open, filled: Any) -> None:
    page = open_page(f"/overview/?{UNTIL}")
    page.get_by_label("Model").select_option("large")
    page.wait_for_url("**model=large**")

    expect(page.get_by_role("heading", level=1)).to_have_text("Overview: model large")
    expect(page.get_by_label("Model")).to_have_value("large")


def test_without_javascript_the_form_and_the_tables_work(open_page: Open, filled: Any) -> None:
    page = open_page(f"/overview/?{UNTIL}", java_script_enabled=False)
    page.get_by_label("Model").select_option("small")
    page.get_by_role("button", name="Show").click()
    page.locator("details.chart-table summary").first.click()
    page.locator("details.chart-table table a").first.click()

    expect(page).to_have_title(re.compile(re.escape("behind a figure")))
    expect(page).to_have_url(re.compile(re.escape("model=small")))
