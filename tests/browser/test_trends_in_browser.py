"""The overview, trends and comparisons in a real browser: axe in both themes and widths, filters by keyboard, without JavaScript."""

import random
import re
from typing import Any

import pytest

from runs_app.models import Run
from runs_app.services.update_rollups import update_rollups
from skills_app.models import SkillVersion, Verdict
from tests.browser.pages import Open, assert_sound
from tests.browser.waiting import expect
from tests.runs_app.trend_rows import LAST, add_people, fill, review_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
UNTIL = f"until={LAST.date().isoformat()}&days=91"


@pytest.fixture
def filled() -> None:
    fill(num_runs=60, num_skills=20)
    add_people(random.Random(5), last=LAST)
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
    versions = "&".join(f"version={pk}" for pk in SkillVersion.objects.values_list("pk", flat=True)[:6])
    compared = (
        f"/compare/runs/?{runs}",
        f"/compare/versions/?{versions}",
        "/compare/many/?kind=generation&x=tokens&y=cost",
        f"/compare/many-versions/?{UNTIL}",
    )
    others = (f"/overview/?{UNTIL}", f"/trends/?{UNTIL}", f"/trends/people/?{UNTIL}")
    listed = ("versions", "runs", "skills", "reviews", "questions")
    lists = [f"/trends/rows/?of={of}&{UNTIL}" for of in listed]
    assert_sound(
        open_page, (*compared, *others, *lists), theme=theme, width=width, unfold="details.chart-table"
    )


def test_a_filter_narrows_the_page_and_stands_in_its_address(open_page: Open, filled: Any) -> None:
    page = open_page(f"/overview/?{UNTIL}")
    page.get_by_label("Model").select_option("large")
    page.wait_for_url("**model=large**")

    expect(page.get_by_role("heading", level=1)).to_have_text("Overview: model large")
    expect(page.get_by_label("Model")).to_have_value("large")


def test_without_javascript_the_form_and_the_tables_work(open_page: Open, filled: Any) -> None:
    page = open_page(f"/overview/?{UNTIL}", java_script_enabled=False)
    page.get_by_label("Model").select_option("small")
    page.get_by_role("button", name="Show", exact=True).click()
    page.locator("details.chart-table summary").first.click()
    page.locator("details.chart-table table a").first.click()

    expect(page).to_have_title(re.compile(re.escape("behind a figure")))
    expect(page).to_have_url(re.compile(re.escape("model=small")))


def test_the_table_of_a_chart_is_opened_and_followed_to_its_rows_by_keys(
    open_page: Open, filled: Any
) -> None:
    page = open_page(f"/trends/?{UNTIL}")
    chart = page.locator("#chart-gate")
    table = chart.locator("table")
    expect(table).to_be_hidden()

    chart.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(table).to_be_visible()
    page.keyboard.press("Tab")
    expect(chart.get_by_role("region", name="Versions that pass their gate, table")).to_be_focused()
    page.keyboard.press("Tab")
    link = chart.locator("tbody a").first
    expect(link).to_be_focused()
    count = chart.locator("tbody tr").first.locator("td").last.inner_text()
    page.keyboard.press("Enter")

    expect(page).to_have_title(re.compile(re.escape("Versions behind a figure")))
    expect(page.get_by_role("heading", level=1)).to_have_text(
        f"{count} version" if count == "1" else f"{count} versions"
    )


def test_without_javascript_every_table_of_trends_stands_and_leads_on(open_page: Open, filled: Any) -> None:
    for number, one in enumerate(SkillVersion.objects.order_by("pk")[:15]):
        decision = "approve" if number % 3 else "reject"
        Verdict.objects.create(
            review=review_of(one), version=one, decision=decision, given_at=LAST, binding={}
        )
    page = open_page(f"/trends/?{UNTIL}", java_script_enabled=False)
    for chart in page.locator("figure.trend-chart").all():
        chart.locator("summary").click()
        expect(chart.locator("tbody tr").first).to_be_visible()
    for name in ("Stages", "Table of agreement", "Table of findings by rule"):
        expect(page.get_by_role("region", name=name, exact=True).locator("tbody tr").first).to_be_visible()
    page.get_by_role("region", name="Stages").locator("tbody a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("60 generations")

    page.goto(f"/trends/funnel/?{UNTIL}")
    expect(page.get_by_role("region", name="Stages").locator("tbody tr")).to_have_count(5)
    page.goto(f"/trends/people/?{UNTIL}")
    expect(page.get_by_role("region", name="Table of reviews").locator("tbody tr")).to_have_count(2)
    page.locator("#chart-decided summary").click()
    expect(page.locator("#chart-decided tbody tr").first).to_be_visible()
    page.goto(f"/trends/agreement/?{UNTIL}")
    page.locator("#chart-scatter summary").click()
    expect(page.locator("#chart-scatter tbody tr").first).to_be_visible()
    page.get_by_label("Up", exact=True).select_option(index=0)
    page.get_by_role("button", name="Draw").click()
    expect(page).to_have_url(re.compile("y="))

    page.goto(f"/compare/many-versions/?{UNTIL}")
    for box in page.get_by_role("checkbox", name=re.compile("^Compare ")).all()[:2]:
        box.check()
    page.get_by_role("button", name="Compare the chosen versions").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare 2 versions")
    expect(page.get_by_role("region", name="Comparison").locator("tbody tr").first).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_dot_has_the_colour_that_its_legend_names(open_page: Open, filled: Any, theme: str) -> None:
    for number, run in enumerate(Run.objects.filter(kind="generation")):
        Run.objects.filter(pk=run.pk).update(model=f"model {number % 5}", rolled_cost_usd=number)
    page = open_page("/compare/many/?kind=generation&x=tokens&y=cost", theme=theme)

    colours = page.evaluate(
        "[1, 2, 3, 4, 5].map(n => [[`circle[data-series='${n}']`, 'fill'], [`.swatch[data-series='${n}']`, "
        "'backgroundColor']].map(([what, name]) => getComputedStyle(document.querySelector(what))[name]))"
    )

    assert all(dot == swatch for dot, swatch in colours), colours
    assert len({dot for dot, _ in colours}) == 5
