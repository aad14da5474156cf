"""A manager orders a sample for a new judging model in a real browser and sees it judged; axe in both themes and widths."""

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from runs_app.domain.rehearsal import NAME as REHEARSAL
from runs_app.services import wake_workers
from runs_app.services.judge_due_samples import judge_due_samples
from runs_app.services.judge_sample import cancel_sample, offer_sample, order_sample
from runs_app.services.update_rollups import update_rollups
from skills_app.models import QualityAssessment
from tests.browser.pages import Open, assert_sound
from tests.browser.waiting import expect
from tests.runs_app.trend_rows import LAST, add_people, fill

pytest.importorskip("dspy")
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def judged(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(wake_workers, "_send_judges", lambda: None)
    fill(num_runs=4, num_skills=8)
    add_people(random.Random(3), last=LAST)
    QualityAssessment.objects.filter(scorer="model").update(scorer_version="zeta/judge")
    update_rollups(now=LAST)


@pytest.mark.parametrize(("theme", "width"), [("light", 1400), ("dark", 400)])
def test_neither_the_page_nor_the_lists_of_waiting_have_a_violation_or_scroll_sideways(
    open_page: Open, theme: str, width: int
) -> None:
    cancel_sample(sample=order_sample(sample=offer_sample(model=REHEARSAL, size=2)))
    order_sample(sample=offer_sample(model=REHEARSAL, size=2))
    days = f"until={LAST.date().isoformat()}&days=91"
    addresses = (
        f"/trends/samples/?model={REHEARSAL}&size=3",
        "/trends/samples/?model=openai/nobody",
        f"/trends/rows/?of=reviews&{days}",
        f"/trends/rows/?of=reviews&wait=decided&{days}",
        f"/trends/rows/?of=questions&{days}",
    )
    assert_sound(open_page, addresses, theme=theme, width=width)


def judged_by_a_worker() -> int:
    try:
        return judge_due_samples()
    finally:
        connection.close()


@pytest.mark.parametrize("is_scripted", [True, False])
def test_a_sample_is_ordered_and_its_end_is_seen(open_page: Open, is_scripted: bool) -> None:
    page = open_page("/trends/samples/", java_script_enabled=is_scripted)
    page.get_by_label("Judging model").fill(REHEARSAL)
    page.get_by_label("Versions, at most 500").fill("2")
    page.get_by_role("button", name="Work out the cost").click()
    expect(page.get_by_role("status").filter(has_text="for at most $0")).to_be_visible()
    page.get_by_role("button", name="Judge 2 versions").click()
    line = page.get_by_role("row").filter(has_text=REHEARSAL)
    expect(line).to_contain_text("0 of 2")
    expect(line.get_by_role("button", name="Cancel")).to_be_visible()

    # Beside the loop that drives the browser, as a worker is.
    with ThreadPoolExecutor(1) as worker:
        assert worker.submit(judged_by_a_worker).result() == 2

    if not is_scripted:
        page.reload()
    expect(line).to_contain_text("Done")
    expect(line).to_contain_text("2 of 2")
    expect(line.get_by_role("button", name="Cancel")).to_have_count(0)
