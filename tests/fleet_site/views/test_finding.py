"""Search, documents, health and the first page."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from fleet_site import health
from fleet_site.docs import all_docs
from runs_app.models import Experiment, Run, Source, WorkerBeat
from skills_app.models import Category
from tests.runs_app.generation_makers import generation
from tests.skills_app.skill_makers import skill

pytestmark = pytest.mark.django_db
ClientOf = Callable[[str], Client]


def make_run(name: str, run_id: str) -> Run:
    source, _ = Source.objects.get_or_create(
        address="http://user:s3cret@tracking:5000", defaults={"name": "Tracking", "kind": "mlflow_http"}
    )
    experiment, _ = Experiment.objects.get_or_create(
        source=source, experiment_id="7", defaults={"name": "Bake-off"}
    )
    return Run.objects.create(
        source=source,
        experiment=experiment,
        run_id=run_id,
        name=name,
        status="finished",
        started_at=timezone.now(),
        synced_at=timezone.now(),
    )


def labels(client: Client, text: str, address: str = "/search/") -> dict[str, list[str]]:
    groups = client.get(address, {"q": text}).context["groups"]
    return {group.title: [hit.label for hit in group.hits] for group in groups}


def test_one_search_finds_every_kind(client_of: ClientOf) -> None:
    skill("data/zebra-counting")
    Category.objects.get_or_create(path="zebra-care", defaults={"slug": "zebra-care", "title": "Zebra care"})
    make_run("zebra run", "abcdef0123456789")
    Experiment.objects.update(name="Zebra trials")
    Source.objects.update(name="Zebra store")
    generation("Count zebras from photos")

    found = labels(client_of("dan"), "zebra")

    assert found["Skills"] == ["zebra-counting"]
    assert found["Runs"] == ["zebra run"]
    assert found["Generations"] == ["Count zebras from photos"]
    assert found["Categories"] == ["Zebra care"]
    assert found["Experiments"] == ["Zebra trials"]
    assert found["Sources"] == ["Zebra store"]


def test_a_run_is_found_by_the_start_of_its_id(client_of: ClientOf) -> None:
    make_run("first", "abcdef0123456789")
    make_run("second", "abcf000000000000")

    assert labels(client_of("dan"), "ABCD")["Runs"] == ["first"]
    assert labels(client_of("dan"), "abc") == {}


def test_the_address_of_a_source_is_shown_without_its_password(client_of: ClientOf) -> None:
    make_run("x", "1" * 16)

    page = client_of("dan").get("/search/", {"q": "Tracking"}).content.decode()

    assert "s3cret" not in page
    assert "user:•••@tracking" in page


def test_the_box_gets_a_short_list_and_a_way_to_all(client_of: ClientOf) -> None:
    for number in range(6):
        make_run(f"zebra {number}", f"{number}" * 16)

    response = client_of("dan").get("/search/results/", {"q": "zebra"}, headers={"HX-Request": "true"})

    page = response.content.decode()
    assert page.count("<li") == 4
    assert "Show all that matches" in page
    assert "<html" not in page


def test_an_empty_box_closes_the_list(client_of: ClientOf) -> None:
    assert client_of("dan").get("/search/results/", {"q": "  "}).content == b""


@pytest.mark.parametrize(
    "text", ["", "%", "_", "'", '"', "\x00", "a" * 5000, "<script>", "AND OR NOT (", "🦓"]
)
def test_no_text_breaks_the_search(client_of: ClientOf, text: str) -> None:
    for address in ("/search/", "/search/results/"):
        response = client_of("dan").get(address, {"q": text})
        assert response.status_code == 200
        assert "<script>" not in response.content.decode()


def test_every_document_opens_and_is_found(client_of: ClientOf) -> None:
    client = client_of("dan")
    assert len(all_docs()) >= 5

    for doc in all_docs():
        page = client.get(doc.url)
        assert page.status_code == 200
        assert doc.title in page.content.decode()
    assert labels(client, all_docs()[0].title)["Docs"][0] == all_docs()[0].title


@pytest.mark.parametrize(
    "path", ["../../settings", "how_to/../../../pyproject", "/etc/passwd", "%2e%2e/settings"]
)
def test_no_document_lies_outside_of_its_folder(client_of: ClientOf, path: str) -> None:
    assert client_of("dan").get(f"/docs/{path}/").status_code == 404


def test_health_tells_a_stranger_one_word(client: Client) -> None:
    WorkerBeat.objects.create(name="w", started_at=timezone.now(), beat_at=timezone.now())

    response = client.get("/health/")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_health_tells_a_reader_each_part(client_of: ClientOf) -> None:
    make_run("x", "1" * 16)
    Source.objects.update(last_synced_at=timezone.now() - timedelta(minutes=2), state="stale")

    response = client_of("dan").get("/health/")

    report = response.json()
    assert response.status_code == 503
    assert report["status"] == "not ok"
    assert report["database"]["is_ok"]
    assert report["broker"]["is_ok"]
    assert report["workers"]["message"].startswith("No worker lives")
    assert report["sources"][0]["age_seconds"] in range(119, 130)
    assert not report["sources"][0]["is_ok"]


def test_a_worker_that_went_silent_does_not_count(client: Client) -> None:
    then = timezone.now() - health.SILENT_AFTER - timedelta(seconds=1)
    WorkerBeat.objects.create(name="w", started_at=then, beat_at=then)

    assert client.get("/health/").status_code == 503


def test_a_database_that_does_not_answer_is_said_and_breaks_nothing(
    client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of("dan")

    def refuse(*arguments: object) -> None:
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", refuse)
        response = client.get("/health/")

    assert (response.status_code, response.json()) == (503, {"status": "not ok"})


def test_a_queue_that_does_not_answer_is_said(client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    from fleet_site.celery import app

    closed = app.connection_for_write("redis://127.0.0.1:1/0")
    monkeypatch.setattr(app.conf, "broker_url", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(app, "connection_for_write", lambda **options: closed)

    broker = client_of("dan").get("/health/").json()["broker"]

    assert not broker["is_ok"]
    assert "redis" in broker["message"]


def test_the_first_page_says_that_nothing_needs_one_and_leads_on(client_of: ClientOf) -> None:
    text = client_of("dan").get("/").content.decode()

    assert "Nothing needs you now" in text
    assert 'href="/runs/"' in text
