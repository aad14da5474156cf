"""The pages of sources: by role, as page and as fragment, with the same number of queries for few rows and many."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from fleet_site.celery import app
from runs_app.models import ImportProblem, Run, Source
from runs_app.services.claim_source import claim_source
from runs_app.services.sync_source import sync_source
from skills_app.models import RoleGrant
from tests.runs_app.trees import make_run

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


def person(name: str, role: str = "") -> Client:
    user = User.objects.create_user(name)
    if role:
        RoleGrant.objects.create(user=user, role=role)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def dan() -> Client:
    """Dan only reads."""
    return person("dan", "reader")


@pytest.fixture
def carol() -> Client:
    """Carol manages."""
    return person("carol", "manager")


@pytest.fixture
def source(tmp_path: Path) -> Source:
    make_run(tmp_path / "mlruns", "a" * 32, name="one", artifacts={"plan.json": "{broken"})
    made = Source.objects.create(name="the records", kind="mlruns_folder", address=str(tmp_path / "mlruns"))
    sync_source(source=made, who="test")
    return made


def url(name: str, source: Source) -> str:
    return reverse(f"runs:source_{name}", args=[source.pk])


def text(response: Any) -> str:
    return str(response.content.decode())


@pytest.mark.parametrize("name", ["detail", "progress", "remove"])
def test_an_anonymous_visitor_sees_nothing(source: Source, client: Client, name: str) -> None:
    for address in (url(name, source), reverse("runs:source_list")):
        response = client.get(address)
        assert response.status_code == 302
        assert "sign" in response["Location"]


@pytest.mark.parametrize(
    ("name", "role", "status"),
    [
        ("sync", "reader", 403),
        ("sync", "launcher", 302),
        ("enable", "launcher", 403),
        ("enable", "curator", 302),
        ("remove", "launcher", 403),
        ("remove", "manager", 302),
        ("remove", "reviewer", 403),
    ],
)
def test_each_change_needs_its_role(
    source: Source, name: str, role: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "send_task", lambda name, **message: None)

    response = person("eve", role).post(url(name, source), {"enabled": "0"})

    assert response.status_code == status


@pytest.mark.parametrize("name", ["sync", "enable", "add"])
def test_changes_are_never_made_by_a_get(source: Source, carol: Client, name: str) -> None:
    address = reverse("runs:source_add") if name == "add" else url(name, source)

    assert carol.get(address).status_code == 405


def test_the_list_shows_health_and_no_form_to_a_reader(source: Source, dan: Client) -> None:
    page = text(dan.get(reverse("runs:source_list")))

    assert "the records" in page
    assert "Current" in page
    assert source.address in page
    assert "Add a source" not in page


@pytest.mark.parametrize(("minutes", "is_due"), [(-3, True), (3, False)])
def test_a_source_whose_time_has_come_is_not_tried_in_the_past(
    source: Source, dan: Client, minutes: int, is_due: bool
) -> None:
    Source.objects.update(next_try_at=timezone.now() + timedelta(minutes=minutes))

    for address in (reverse("runs:source_list"), url("detail", source)):
        page = text(dan.get(address))
        assert ("as soon as a worker is free" in page) is is_due
        assert ("from now" in page) is not is_due


def test_the_list_without_sources_says_what_to_do(dan: Client, carol: Client) -> None:
    assert "A curator or a manager can add" in text(dan.get(reverse("runs:source_list")))
    assert "Add a source" in text(carol.get(reverse("runs:source_list")))


def test_no_page_shows_the_password_of_an_address(dan: Client, carol: Client) -> None:
    hidden = Source.objects.create(
        name="db", kind="mlflow_sql", address="postgresql+psycopg://ada:s3cret@db/m"
    )

    for address in (reverse("runs:source_list"), url("detail", hidden), url("remove", hidden)):
        assert "s3cret" not in text(carol.get(address))


def test_the_number_of_queries_does_not_grow_with_the_rows(carol: Client) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def count(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert carol.get(address).status_code == 200
        return len(captured)

    def add(first: int, last: int) -> None:
        now = timezone.now()
        for number in range(first, last):
            made = Source.objects.create(name=f"s{number}", kind="mlflow_http", address=f"http://h{number}")
            ImportProblem.objects.create(
                source=Source.objects.order_by("pk")[0],
                path=f"p{made.pk}",
                reason="missing_file",
                message="gone.",
                remedy="restore.",
                first_seen_at=now,
                last_seen_at=now,
            )

    add(0, 2)
    detail = url("detail", Source.objects.order_by("pk")[0])
    few = count(reverse("runs:source_list")), count(detail)
    add(2, 20)

    assert (count(reverse("runs:source_list")), count(detail)) == few


def test_a_source_shows_its_problems_with_what_to_do(source: Source, dan: Client) -> None:
    page = text(dan.get(url("detail", source)))

    assert f"7/{'a' * 32}/artifacts/plan.json" in page
    assert "JSON that cannot be read" in page
    assert "mend its JSON" in page
    assert "Sync now" not in page


def test_closed_problems_stand_behind_a_filter(source: Source, dan: Client) -> None:
    assert "No problem was closed yet" in text(dan.get(url("detail", source) + "?problems=closed"))
    (Path(source.address) / "7" / ("a" * 32) / "artifacts" / "plan.json").write_text("{}")
    sync_source(source=source, who="test", is_full=True)

    assert "No open problems" in text(dan.get(url("detail", source)))
    assert "plan.json" in text(dan.get(url("detail", source) + "?problems=closed"))


def test_the_problems_come_alone_to_htmx_and_whole_to_history(source: Source, dan: Client) -> None:
    fragment = dan.get(url("detail", source), **HTMX)
    restored = dan.get(url("detail", source), HTTP_HX_HISTORY_RESTORE_REQUEST="true", **HTMX)

    assert text(fragment).strip().startswith('<section id="source-problems"')
    assert "<html" in text(restored)
    assert "HX-Request" in fragment["Vary"]


def test_progress_is_polled_only_while_there_is_some(source: Source, dan: Client) -> None:
    at_rest = text(dan.get(url("progress", source), **HTMX))
    claim_source(source=source, who="the worker")
    Source.objects.update(stage="runs", progress_done=1500, progress_total=20_000)
    busy = text(dan.get(url("progress", source), **HTMX))

    assert "hx-trigger" not in at_rest
    assert 'hx-trigger="every 2s"' in busy
    assert "1,500 of 20,000" in busy
    assert "by the worker on" in busy
    plain = dan.get(url("progress", source))
    assert (plain.status_code, plain["Location"]) == (302, url("detail", source))


def test_a_sync_whose_process_died_is_not_shown_as_running(source: Source, dan: Client) -> None:
    claim_source(source=source, who="the worker")
    Source.objects.update(lease_until=timezone.now())

    page = text(dan.get(url("detail", source)))

    assert "ended without a word" in page
    assert "every 2s" not in page


def test_sync_now_asks_a_worker_and_says_who_is_at_it(
    source: Source, carol: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(app, "send_task", lambda name, **message: sent.append(message))

    plain = carol.post(url("sync", source), follow=True)
    fragment = carol.post(url("sync", source), {"full": "1"}, **HTMX)
    claim_source(source=source, who="the worker")
    refused = carol.post(url("sync", source), **HTMX)

    assert [message["kwargs"]["is_full"] for message in sent] == [False, True]
    assert "will be read as soon as a worker is free" in text(plain)
    assert "Waiting for a worker" in text(fragment)
    assert text(fragment).strip().startswith('<section id="source-health"')
    assert "is being synchronised already, by the worker" in text(refused)


def test_a_wrong_address_answers_422_with_the_sentence_at_the_field(carol: Client) -> None:
    for headers in ({}, HTMX):
        response = carol.post(reverse("runs:source_add"), {"address": "/no/such/folder"}, **headers)
        page = text(response)
        assert response.status_code == 422
        assert "There is no folder or file /no/such/folder." in page
        assert 'aria-invalid="true"' in page
        assert "autofocus" in page
        assert ("<html" in page) is (headers == {})
    assert carol.post(reverse("runs:source_add"), {"address": ""}).status_code == 422
    assert not Source.objects.exists()


def test_a_right_address_leads_to_the_new_source(carol: Client, tmp_path: Path) -> None:
    make_run(tmp_path / "one", "a" * 32)
    make_run(tmp_path / "two", "a" * 32)

    plain = carol.post(reverse("runs:source_add"), {"address": str(tmp_path / "one"), "name": "mine"})
    fragment = carol.post(reverse("runs:source_add"), {"address": str(tmp_path / "two")}, **HTMX)

    mine, other = Source.objects.order_by("pk")
    assert (plain.status_code, plain["Location"], mine.name) == (302, mine.get_absolute_url(), "mine")
    assert fragment["HX-Redirect"] == other.get_absolute_url()


def test_switching_off_keeps_what_was_read(source: Source, carol: Client) -> None:
    page = text(carol.post(url("enable", source), {"enabled": "0"}, follow=True))

    assert "Switched off" in page
    assert "Sync now" not in page
    assert Run.objects.count() == 1
    assert "Sync now" in text(carol.post(url("enable", source), {"enabled": "1"}, follow=True))


def test_removing_asks_first_and_waits_for_a_sync(source: Source, carol: Client) -> None:
    question = text(carol.get(url("remove", source)))
    assert "1 mirrored run" in question
    assert Source.objects.exists()

    lease = claim_source(source=source, who="the worker")
    busy = carol.post(url("remove", source))
    assert (busy.status_code, "the worker" in text(busy)) == (409, True)
    Source.objects.filter(lease_owner=lease.owner).update(lease_owner="", lease_until=None)

    done = carol.post(url("remove", source), follow=True)
    assert "were removed" in text(done)
    assert not Run.objects.exists()
    assert carol.get(url("detail", source)).status_code == 404
