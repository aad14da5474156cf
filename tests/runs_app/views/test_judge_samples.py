"""The page of samples for a new judging model: cost before the order, who may order, progress and cancel."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from runs_app.domain.judging_models import SampleState
from runs_app.domain.rehearsal import NAME as REHEARSAL
from runs_app.models import JudgeSample, JudgeSampleVersion
from runs_app.services import judge_sample as offering
from runs_app.services import wake_workers
from runs_app.services.judge_sample import offer_sample, order_sample
from runs_app.services.update_rollups import update_rollups
from skills_app.domain.enums import Role
from skills_app.models import QualityAssessment
from tests.runs_app.generation_makers import client_of, person
from tests.runs_app.trend_rows import LAST, fill

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Versions that an old model has judged."""
    monkeypatch.setattr(wake_workers, "_send_judges", lambda: None)
    fill(num_runs=2, num_skills=4)
    QualityAssessment.objects.filter(scorer="model").update(scorer_version="zeta/judge")
    update_rollups(now=LAST)


@pytest.fixture
def carol() -> Client:
    return client_of(person("carol", Role.MANAGER))


@pytest.fixture
def dan() -> Client:
    return client_of(person("dan"))


def offered(client: Client, **typed: str) -> Any:
    return client.get(reverse("trends:samples"), {"model": REHEARSAL, "size": "2", **typed})


def order(client: Client, page: Any, **typed: str) -> Any:
    fields = {"model": REHEARSAL, "size": "2", "told": page.context["told"], "key": page.context["key"]}
    return client.post(reverse("trends:sample_order"), {**fields, **typed})


def test_a_manager_sees_size_and_cost_and_then_orders(carol: Client) -> None:
    trends = carol.get(reverse("trends:list"), {"until": LAST.date().isoformat()}).content.decode()
    assert (
        f'<a class="button" href="{reverse("trends:samples")}">Let a new model judge a sample</a>' in trends
    )
    page = offered(carol)

    text = page.content.decode()
    num = offer_sample(model=REHEARSAL).num_due
    assert f"<strong>2 of {num}</strong> versions" in text
    assert "<strong>at most $0" in text
    assert ">Judge 2 versions</button>" in text
    assert not JudgeSample.objects.exists()
    assert order(carol, page, ceiling="0.50").status_code == 302
    assert order(carol, page).status_code == 302
    sample = JudgeSample.objects.get()
    assert (sample.state, sample.num_versions, sample.ceiling_usd) == (SampleState.WAITING, 2, 0.5)
    assert sample.requested_by_name == "carol"
    assert "0 of 2" in carol.get(reverse("trends:samples")).content.decode()


def test_a_reader_sees_the_samples_and_can_neither_order_nor_cancel(carol: Client, dan: Client) -> None:
    page = offered(carol)
    order(carol, page)
    sample = JudgeSample.objects.get()

    seen = offered(dan).content.decode()
    assert "0 of 2" in seen
    assert 'action="/trends/samples' not in seen
    trends = dan.get(reverse("trends:list"), {"until": LAST.date().isoformat()}).content.decode()
    assert "Let a new model judge a sample" not in trends
    assert order(dan, page).status_code == 403
    assert dan.post(reverse("trends:sample_cancel", args=[sample.key])).status_code == 403
    assert carol.get(reverse("trends:sample_order")).status_code == 405


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"size": "0"}, "Choose from 1 to 500"),
        ({"size": "9999"}, "Choose from 1 to 500"),
        ({"model": " "}, "Choose the model"),
        ({"ceiling": "much"}, "Give the ceiling in US dollars"),
        ({"ceiling": "-1"}, "Give the ceiling in US dollars"),
        ({"model": "openai/gpt-4o"}, "OPENAI_API_KEY"),
    ],
)
def test_what_cannot_be_ordered_is_said_with_422(
    carol: Client, monkeypatch: pytest.MonkeyPatch, typed: dict[str, str], said: str
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    answer = order(carol, offered(carol), **typed)

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not JudgeSample.objects.exists()
    if "ceiling" not in typed:
        assert said in offered(carol, **typed).content.decode()


def test_an_offer_that_costs_more_by_now_is_shown_anew(
    carol: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = offered(carol)
    dearer = offering.offered_model("x", role="", model=REHEARSAL)
    dearer = type(dearer)(dearer.name, offering_price(0.001), 100)
    monkeypatch.setattr(offering, "offered_model", lambda *_, **__: dearer)

    answer = order(carol, page)

    assert answer.status_code == 422
    assert "it is now 2 versions for at most $" in answer.content.decode()
    assert not JudgeSample.objects.exists()
    assert order(carol, answer).status_code == 302


def offering_price(usd: float) -> Any:
    from runs_app.domain.spending import Price

    return Price(usd, usd)


def test_the_page_asks_again_while_a_sample_is_live_and_stops_then(carol: Client) -> None:
    assert b"every 3s" not in carol.get(reverse("trends:samples")).content
    order(carol, offered(carol))
    assert b"every 3s" in carol.get(reverse("trends:samples")).content
    progress = reverse("trends:samples_progress")
    part = carol.get(progress, headers=HTMX)
    assert part.status_code == 200
    assert b"<html" not in part.content
    assert b"Waiting" in part.content
    assert carol.get(progress).status_code == 302

    cancelled = carol.post(reverse("trends:sample_cancel", args=[JudgeSample.objects.get().key]), follow=True)

    assert b"It is cancelled; what is judged is kept." in cancelled.content
    assert b"Cancelled by carol." in cancelled.content
    assert carol.get(progress, headers=HTMX).status_code == 286
    again = carol.post(reverse("trends:sample_cancel", args=[JudgeSample.objects.get().key]), follow=True)
    assert b"there is nothing to stop" in again.content


def test_the_cost_of_samples_stands_beside_the_other_costs(dan: Client) -> None:
    order_sample(sample=offer_sample(model=REHEARSAL, size=2))
    pages = [reverse("trends:overview"), reverse("trends:list")]
    assert not any(b"udging" in dan.get(page).content.partition(b"Spent")[2][:900] for page in pages)
    JudgeSampleVersion.objects.update(cost_usd=0.75, at=timezone.now())

    overview, trends = (dan.get(page).content.decode() for page in pages)

    assert "Spent on judging samples, beside that" in overview
    assert ">$1.50</a>" in overview
    assert "Samples for a new judging model cost" in trends
    assert ">$1.50</a>" in trends


def test_many_samples_take_as_many_queries_as_two(carol: Client) -> None:
    counts = []
    for size in (2, 18):
        for number in range(size):
            sample = JudgeSample.objects.create(
                model="m", judge=f"m{size}-{number}", num_versions=1, state=SampleState.DONE
            )
            JudgeSampleVersion.objects.create(sample=sample, position=1, state="failed", message="no")
        with CaptureQueriesContext(connection) as queries:
            page = carol.get(reverse("trends:samples"))
        counts.append((len(queries), len(page.context["lines"])))

    assert counts[0][0] == counts[1][0]
    assert (counts[0][1], counts[1][1]) == (2, 20)
