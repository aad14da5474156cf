"""The list of generations and the inbox: filters, who may see and do what, equal queries for few rows and many."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from runs_app.models import GenerationBatch
from skills_app.models import AuditEntry
from tests.runs_app.generation_makers import HTMX, client_of, generation, person, prompt

pytestmark = pytest.mark.django_db
LIST = "/generations/"
INBOX = "/generations/inbox/"


@pytest.fixture
def dan() -> Client:
    """Dan only reads."""
    return client_of(person("dan", "reader"))


@pytest.fixture
def ada() -> Client:
    """Ada reviews, so she may answer."""
    return client_of(person("ada", "reviewer"))


def text(response: Any) -> str:
    return str(response.content.decode())


def num_queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


@pytest.mark.parametrize("address", [LIST, INBOX])
def test_an_anonymous_visitor_sees_nothing(client: Client, address: str) -> None:
    assert client.get(address)["Location"].startswith("/sign-in/")


def test_an_empty_list_says_what_to_do_to_those_who_may(dan: Client, ada: Client) -> None:
    assert "describe a skill" in text(ada.get(LIST)).lower()
    page = text(dan.get(LIST))
    assert "can ask for the first one" in page
    assert "New generation" not in page


def test_each_row_says_who_is_waited_for(ada: Client) -> None:
    prompt(generation("Waits for anybody"))
    prompt(generation("Waits for ben"), claimed_by=person("ben"))

    page = text(ada.get(LIST))

    assert "anybody," in page
    assert "ben," in page
    assert "Waiting for an answer" in page


def test_the_address_narrows_the_list(ada: Client) -> None:
    own = generation("Mine", requested_by_id=ada.session["_auth_user_id"])
    batch = GenerationBatch.objects.create(name="spring", num_tasks=1)
    generation("Failed one", status="failed", batch=batch)
    generation("Other model", model="other/y", status="completed")

    for query, expected in (
        ({"mine": "1"}, {"Mine"}),
        ({"status": "failed"}, {"Failed one"}),
        ({"model": "other/y"}, {"Other model"}),
        ({"batch": batch.key}, {"Failed one"}),
        ({"q": "other"}, {"Other model"}),
        ({"status": "nonsense", "page": "x"}, {"Mine", "Failed one", "Other model"}),
    ):
        page = text(ada.get(LIST, query))
        assert {name for name in ("Mine", "Failed one", "Other model") if f">{name}</a>" in page} == expected
    assert own.get_absolute_url() in text(ada.get(LIST))


def test_a_draft_that_is_ready_says_who_is_waited_for(ada: Client) -> None:
    generation("Drafted", status="pending_review", finished_at=timezone.now() - timedelta(hours=3))

    assert "anybody who takes the draft over" in text(ada.get(LIST))


def test_each_row_of_a_batch_leads_to_the_others_of_it(ada: Client) -> None:
    batch = GenerationBatch.objects.create(name="spring", num_tasks=1)
    generation(batch=batch)

    assert f'href="{LIST}?batch={batch.key}">batch spring</a>' in text(ada.get(LIST))
    assert "Only the batch <strong>spring</strong>, 1 task" in text(ada.get(LIST, {"batch": batch.key}))


def test_a_rehearsal_has_no_cost_and_a_model_without_a_name_is_no_choice(ada: Client) -> None:
    generation(is_rehearsal=True, model="")

    page = text(ada.get(LIST))

    assert "$" not in page
    assert page.count("<option") == 1


def test_a_list_filtered_to_nothing_leads_back(ada: Client) -> None:
    generation()

    assert "Show all generations" in text(ada.get(LIST, {"q": "zebra"}))


def test_the_list_answers_htmx_with_the_results_only(ada: Client) -> None:
    page = text(ada.get(LIST, **HTMX))

    assert page.strip().startswith('<div id="generation-results"')
    assert "<html" not in page
    restored = ada.get(LIST, **HTMX, HTTP_HX_HISTORY_RESTORE_REQUEST="true")
    assert "<html" in text(restored)


@pytest.mark.parametrize("address", [LIST, INBOX])
def test_the_number_of_queries_does_not_grow_with_the_rows(ada: Client, address: str) -> None:
    people = [person(f"p{number}") for number in range(20)]
    for number in range(2):
        prompt(generation(requested_by=people[number]), claimed_by=people[number])
    few = num_queries(ada, address)
    for number in range(2, 20):
        prompt(generation(requested_by=people[number]), claimed_by=people[number])

    assert num_queries(ada, address) == few


def test_the_inbox_shows_a_reader_only_questions_of_own_generations(dan: Client, ada: Client) -> None:
    prompt(generation("Of somebody"), title="Foreign question")
    own = generation("Of dan", requested_by_id=dan.session["_auth_user_id"])
    prompt(own, title="Own question")

    assert "Foreign question" in text(ada.get(INBOX))
    page = text(dan.get(INBOX))
    assert "Own question" in page
    assert "Foreign question" not in page


def test_the_inbox_without_questions_says_so(ada: Client) -> None:
    assert "Nothing waits for you" in text(ada.get(INBOX))


def test_the_bar_counts_what_nobody_else_looks_after(ada: Client) -> None:
    prompt(generation())
    prompt(generation(), claimed_by=person("ben"))

    assert '<span class="count-badge">1<' in text(ada.get(LIST))


def test_a_question_is_claimed_taken_over_and_handed_on(ada: Client) -> None:
    asked = prompt(generation())
    ben = person("ben", "curator")
    care = f"/generations/{asked.generation.key}/prompts/clarify/"

    ada.post(f"{care}claim/", {"next": INBOX})
    asked.refresh_from_db()
    assert asked.claimed_by is not None
    assert asked.claimed_by.username == "ada"
    response = client_of(ben).post(f"{care}claim/", follow=True)
    assert "ada looks after this question" in text(response)
    client_of(ben).post(f"{care}claim/", {"take_over": "1"})
    asked.refresh_from_db()
    assert asked.claimed_by == ben
    ada.post(f"{care}hand-over/", {"to": ""})
    asked.refresh_from_db()
    assert (asked.claimed_by, asked.handed_by_name) == (None, "ada")
    assert AuditEntry.objects.filter(verb="handed_over_prompt").exists()


def test_a_question_is_not_handed_to_somebody_who_may_not_answer(ada: Client) -> None:
    asked = prompt(generation())
    person("eve", "reader")

    response = ada.post(
        f"/generations/{asked.generation.key}/prompts/clarify/hand-over/", {"to": "eve"}, follow=True
    )

    asked.refresh_from_db()
    assert asked.claimed_by is None
    assert "Nobody of that name may answer" in text(response)


def test_a_reader_claims_nothing_of_others(dan: Client) -> None:
    asked = prompt(generation())

    response = dan.post(f"/generations/{asked.generation.key}/prompts/clarify/claim/", follow=True)

    asked.refresh_from_db()
    assert asked.claimed_by is None
    assert "This needs the role" in text(response)


def test_changes_are_never_made_by_a_get_and_never_lead_elsewhere(ada: Client) -> None:
    asked = prompt(generation())
    care = f"/generations/{asked.generation.key}/prompts/clarify/"

    assert ada.get(f"{care}claim/").status_code == 405
    assert ada.get(f"{care}hand-over/").status_code == 405
    away = ada.post(f"{care}claim/", {"next": "https://elsewhere.example/"})
    assert away["Location"] == asked.get_absolute_url()
