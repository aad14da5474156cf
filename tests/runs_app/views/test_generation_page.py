"""The page of one generation: by state and by role, its fragments, answers in place, and what is done to it."""

import html
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from runs_app.domain.generation import GenerationStatus
from runs_app.domain.pipeline_items import EventKind
from runs_app.domain.prompts import EFFECTS, WHY, PromptKind
from runs_app.models import Generation, GenerationEvent, HumanPrompt, Run, Source
from runs_app.queries.generation_page import made_so_far
from runs_app.queries.generation_progress import state_of
from runs_app.services import wake_workers
from runs_app.services.generation_store import end_generation
from skills_app.models import AuditEntry
from tests.runs_app.generation_makers import HTMX, client_of, event, generation, person, prompt, step
from tests.skills_app.skill_makers import skill

pytestmark = pytest.mark.django_db
GOOD = {"q.q1": "Beginners", "q.q2": "yes", "action": "proceed"}


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """No queue here."""
    monkeypatch.setattr(wake_workers, "_send", lambda: None)


@pytest.fixture
def dan() -> Client:
    """Dan only reads."""
    return client_of(person("dan", "reader"))


@pytest.fixture
def ada() -> Client:
    """Ada launches."""
    return client_of(person("ada", "launcher"))


def text(response: Any) -> str:
    return str(response.content.decode())


def address(of: Generation, part: str = "") -> str:
    return f"{of.get_absolute_url()}{part}"


def answer_at(asked: HumanPrompt) -> str:
    return address(asked.generation, f"prompts/{asked.key}/")


@pytest.mark.parametrize("part", ["", "progress/", "events/", "cancel/", "retry/", "complete/"])
def test_an_anonymous_visitor_sees_nothing(client: Client, part: str) -> None:
    one = generation()

    assert client.get(address(one, part)).status_code in (302, 405)
    assert client.post(address(one, part)).status_code in (302, 405)
    one.refresh_from_db()
    assert one.status == "pending"


def test_a_generation_that_does_not_exist_is_not_found(ada: Client) -> None:
    assert ada.get("/generations/nothing/").status_code == 404


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("pending", "No worker has been heard of lately"),
        ("running", "At work"),
        ("failed", "Retry from that step"),
        ("cancelled", "Ask again with the same words"),
    ],
)
def test_each_state_says_what_it_needs(ada: Client, status: str, words: str) -> None:
    one = generation(status=status, message="It broke.", failed_key="synthesis", failed_raw="not json")

    assert words in text(ada.get(address(one)))


def test_a_failure_keeps_what_the_model_said_and_a_reader_cannot_retry(dan: Client) -> None:
    one = generation(status="failed", message="It broke.", failed_key="synthesis", failed_raw="<b>not json")

    page = text(dan.get(address(one)))

    assert "It broke." in page
    assert "&lt;b&gt;not json" in page
    assert "Retry from that step" not in page


def test_a_finished_one_leads_to_its_version_and_reports(ada: Client) -> None:
    made = skill("data/csv")
    one = generation(status="pending_review", version=made.current_version, skill=made, is_rehearsal=True)

    page = text(ada.get(address(one)))

    assert "The draft is ready" in page
    assert made.current_version.get_absolute_url() in page
    assert "A rehearsal." in page
    assert "Take the draft over" in page
    assert "Cancel the generation" not in page


def test_steps_show_time_tokens_cost_and_reasons(dan: Client) -> None:
    one = generation(status="running", phase="understand")
    step(one, "readiness")
    event(one, EventKind.STEP_STARTED, key="requirements", phase="understand", message="Gather requirements")
    event(one, EventKind.TOKENS, key="requirements", data={"field": "domain", "text": "data <i>"})
    event(one, EventKind.TOKENS, key="requirements", data={"field": "domain", "text": " work"})

    page = text(dan.get(address(one)))

    assert "Do readiness" in page
    assert "123" in page
    assert "$0.0123" in page
    assert "Because of readiness." in page
    assert "Gather requirements" in page
    assert ">data &lt;i&gt; work</pre>" in page


def test_a_rehearsal_has_no_price_in_any_place(dan: Client) -> None:
    one = generation(status="running", phase="understand", is_rehearsal=True)
    step(one, "readiness")

    page = text(dan.get(address(one)))

    assert page.count("no price") == 2
    assert "$" not in page


def test_a_question_stands_between_the_steps_where_it_was_asked(dan: Client) -> None:
    found = generation()
    began = timezone.now() - timedelta(hours=1)
    for minutes, key in ((0, "first"), (20, "second")):
        at = began + timedelta(minutes=minutes)
        step(found, key, title=f"The {key} step", started_at=at, finished_at=at)
    prompt(found, title="In between?", asked_at=began + timedelta(minutes=10))

    page = text(dan.get(address(found)))

    course = page[page.index("course-title") :]
    assert course.index("The first step") < course.index("In between?") < course.index("The second step")


def test_an_answer_that_began_anew_voids_what_was_shown(dan: Client) -> None:
    one = generation(status="running", phase="understand")
    event(one, EventKind.STEP_STARTED, key="requirements", phase="understand", message="Gather")
    event(one, EventKind.TOKENS, key="requirements", data={"field": "domain", "text": "void text"})
    event(
        one,
        EventKind.TOKENS,
        key="requirements",
        data={"field": "domain", "text": "fresh", "is_restart": True},
    )

    page = text(dan.get(address(one)))

    assert "void text" not in page
    assert "fresh" in page


def test_the_plan_and_the_text_so_far_are_shown_safely(dan: Client) -> None:
    one = generation(status="running", phase="generate")
    step(
        one,
        "synthesis",
        result={
            "skill_metadata": {"name": "csv-cleaning", "description": "Use when CSV is dirty."},
            "content_plan": ["Look", "Clean"],
            "success_criteria": ["No row is lost"],
            "estimated_length": "short",
        },
    )
    step(one, "content", phase="generate", result={"skill_content": "# Hello\n\n<script>alert(1)</script>"})

    page = text(dan.get(address(one)))

    assert "csv-cleaning" in page
    assert "No row is lost" in page
    assert ">Hello</h" in page
    assert "<script>alert" not in page


PLAN = {"skill_metadata": {"name": "csv-cleaning", "description": "Use when CSV is dirty."}}


@pytest.mark.parametrize(
    "said", [{"place": "house/tables/csv"}, {"place": "other", "place.other": "house/tables/csv"}], ids=str
)
def test_the_plan_is_at_the_place_that_a_person_picked(dan: Client, said: dict[str, str]) -> None:
    one = generation(status="running", phase="generate")
    step(one, "placement", result={"recommended_path": "guessed/place"})
    step(one, "structure", result={"name": "tidy", "description": "Use it.", "is_said": True})
    step(one, "synthesis", result=PLAN)
    guessed = made_so_far(one).plan
    prompt(one, PromptKind.CONFIRM, state="answered", answer={"values": said}, answered_at=timezone.now())

    plan = made_so_far(one).plan

    assert guessed is not None
    assert plan is not None
    assert guessed.place == "guessed/place"
    assert (plan.name, plan.description, plan.place) == ("tidy", "Use it.", "house/tables/tidy")


def test_the_plan_of_what_is_done_is_the_one_that_it_went_by(dan: Client) -> None:
    kept = {"name": "csv-tidying", "description": "Use when CSV is untidy.", "path": "house/csv-tidying"}
    one = generation(status="completed", result={"plan": kept})
    step(one, "placement", result={"recommended_path": "guessed/place"})
    step(one, "synthesis", result=PLAN)

    page = text(dan.get(address(one)))

    assert "house/csv-tidying" in page
    assert "Use when CSV is untidy." in page
    assert "guessed/place" not in page


def test_what_a_model_said_last_is_there_after_a_retry(ada: Client) -> None:
    one = generation(status="running")
    end_generation(
        generation_id=one.pk, status=GenerationStatus.FAILED, message="It broke.", failed_raw="<b>not json"
    )
    ada.post(address(one, "retry/"))

    one.refresh_from_db()
    assert (one.status, one.failed_raw) == ("pending", "")
    assert "&lt;b&gt;not json" in text(ada.get(address(one)))


def test_the_record_and_its_lateness_are_told(dan: Client) -> None:
    source = Source.objects.create(name="own", kind="mlflow_sql", address="sqlite:///x")
    run = Run.objects.create(
        source=source,
        run_id="a" * 32,
        experiment=source.experiments.create(experiment_id="1", name="e"),
        status="running",
        digest="x",
        synced_at=timezone.now(),
    )
    one = generation(run_id=run.run_id, record_state="late")

    page = text(dan.get(address(one)))

    assert run.get_absolute_url() in page
    assert "MLflow could not be reached; kept, and told later" in page


def test_the_page_reloads_itself_without_javascript_only_while_something_works(ada: Client) -> None:
    assert '<noscript><meta http-equiv="refresh"' in text(ada.get(address(generation(status="running"))))
    asked = prompt(generation())
    assert "http-equiv" not in text(ada.get(address(asked.generation)))


@pytest.mark.parametrize("kind", PromptKind)
def test_a_question_says_why_it_is_asked_and_what_each_button_changes(ada: Client, kind: PromptKind) -> None:
    asked = prompt(generation(), kind)

    page = html.unescape(text(ada.get(address(asked.generation))))

    assert page.index(WHY[kind]) < page.index('id="answer"')
    for action, effect in EFFECTS[kind].items():
        assert f'<span id="effect-{action}">{effect}</span>' in page
        assert f'value="{action}" aria-describedby="effect-{action}"' in page
    assert WHY[kind] in html.unescape(text(ada.get("/generations/inbox/")))


class TestProgress:
    def test_nothing_new_is_204_and_something_new_the_course(self, dan: Client) -> None:
        one = generation(status="running", phase="understand")
        event(one, EventKind.TAKEN_UP)
        progress = address(one, "progress/")

        fresh = dan.get(f"{progress}?after=0&state=", **HTMX)
        assert fresh.status_code == 200
        assert text(fresh).strip().startswith('<section id="generation-progress"')
        assert fresh["HX-Trigger"] == "generation-changed"
        same = dan.get(f"{progress}?after=1&state=running-0", **HTMX)
        assert same.status_code == 204
        more = dan.get(f"{progress}?after=0&state=running-0", **HTMX)
        assert "HX-Trigger" not in more

    def test_a_claim_changes_only_who_looks_after_it(self, dan: Client) -> None:
        asked = prompt(generation())
        one = asked.generation
        state, care = state_of(one)
        asked.claimed_by = person("ben")
        asked.save()
        query = {"after": one.num_events, "state": state, "care": care}

        response = dan.get(address(one, "progress/"), query, **HTMX)

        assert response["HX-Trigger"] == "care-changed"
        part = text(dan.get(address(one, "progress/?part=care"), **HTMX))
        assert part.strip().startswith('<div id="prompt-care"')
        assert "ben looks after it" in part
        assert (
            dan.get(address(one, "progress/"), query | {"care": state_of(one)[1]}, **HTMX).status_code == 204
        )
        assert dan.get(address(generation(), "progress/?part=care"), **HTMX).status_code == 204

    def test_the_button_that_cancels_goes_with_the_state_and_comes_back_with_it(self, ada: Client) -> None:
        one = generation(status="pending_review")
        event(one, EventKind.COMPLETED)

        def header(state: str) -> str:
            page = text(ada.get(address(one, "progress/"), {"after": "0", "state": state}, **HTMX))
            return page.partition('id="generation-actions" hx-swap-oob="true">')[2]

        assert header("running-0").split() == ["</div>"]
        assert header("pending_review-0") == ""
        one.status = "running"
        one.save()
        assert "Cancel the generation" in header("failed-0")
        assert header("pending-0") == ""

    def test_polling_stops_when_it_is_over(self, dan: Client) -> None:
        running = text(dan.get(f"{address(generation(status='running'), 'progress/')}?after=-", **HTMX))
        over = text(dan.get(f"{address(generation(status='completed'), 'progress/')}?after=-", **HTMX))

        assert 'hx-trigger="every 2s' in running
        assert "every" not in over
        assert 'data-events=""' in over

    @pytest.mark.parametrize("part", ["now", "made", "trail"])
    def test_each_part_comes_alone(self, dan: Client, part: str) -> None:
        page = text(dan.get(f"{address(generation(), 'progress/')}?part={part}", **HTMX))

        assert page.strip().startswith(f'<section id="generation-{part}"')

    def test_without_htmx_it_leads_to_the_page(self, dan: Client) -> None:
        one = generation()

        assert dan.get(address(one, "progress/"))["Location"] == address(one)

    def test_the_number_of_queries_does_not_grow_with_the_steps(self, dan: Client) -> None:
        one = generation(status="running", phase="understand")

        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                dan.get(address(one))
            return len(captured)

        for number in range(2):
            step(one, f"content/{number}")
            event(one, EventKind.STEP_STARTED, key=f"synthesis.{number}", phase="understand")
        few = queries()
        for number in range(2, 20):
            step(one, f"content/{number}")
            event(one, EventKind.STEP_STARTED, key=f"synthesis.{number}", phase="understand")

        assert queries() == few


class TestAnswers:
    def test_an_answer_lets_it_go_on_and_is_kept_with_who_gave_it(self, ada: Client) -> None:
        asked = prompt(generation())

        response = ada.post(answer_at(asked), GOOD | {"q.q3": ["CSV", "JSON"], "q.q4": "no"})

        assert response["Location"] == address(asked.generation)
        asked.refresh_from_db()
        assert asked.answered_by_name == "ada"
        assert asked.said == {"q1": "Beginners", "q2": "yes", "q3": ["CSV", "JSON"], "q4": "no"}
        assert Generation.objects.get().status == "pending"
        page = text(ada.get(address(asked.generation)))
        assert "What people said" in page
        assert "CSV, JSON" in page

    def test_another_answer_is_taken_in_its_own_words(self, ada: Client) -> None:
        asked = prompt(generation())

        ada.post(answer_at(asked), {"q.q1.other": "Testers", "q.q2": "no", "action": "proceed"})

        assert "Testers" in text(ada.get(address(asked.generation)))

    def test_faults_come_back_in_place_with_what_was_typed(self, ada: Client) -> None:
        asked = prompt(generation())

        response = ada.post(answer_at(asked), {"q.q4": "typed <b>", "action": "proceed"}, **HTMX)

        assert response.status_code == 422
        page = text(response)
        assert page.strip().startswith('<section id="generation-now"')
        assert page.count("This needs an answer.") == 2
        assert 'aria-invalid="true"' in page
        assert "typed &lt;b&gt;" in page
        asked.refresh_from_db()
        assert asked.state == "open"

    def test_faults_come_back_with_the_whole_page_without_htmx(self, ada: Client) -> None:
        response = ada.post(answer_at(prompt(generation())), {"action": "proceed"})

        assert response.status_code == 422
        assert "<html" in text(response)

    def test_htmx_gets_the_fresh_part_and_the_course_is_told(self, ada: Client) -> None:
        response = ada.post(answer_at(prompt(generation())), GOOD, **HTMX)

        assert response.status_code == 200
        assert "A few questions" not in text(response)
        assert response["HX-Trigger"] == "generation-moved"

    def test_revising_needs_words(self, ada: Client) -> None:
        asked = prompt(generation(), PromptKind.CONFIRM)

        response = ada.post(answer_at(asked), {"action": "revise"}, **HTMX)

        assert response.status_code == 422
        assert "Say what should be different." in text(response)

    @pytest.mark.parametrize("headers", [{}, HTMX])
    def test_a_second_person_is_told_who_answered_what_and_keeps_their_own_words(
        self, ada: Client, headers: dict[str, str]
    ) -> None:
        asked = prompt(generation())
        ada.post(answer_at(asked), GOOD | {"q.q4": "From ada"})
        typed = {"q.q1.other": "Testers", "q.q2": "no", "q.q4": "My own <b>words", "action": "proceed"}

        response = client_of(person("ben", "curator")).post(answer_at(asked), typed, **headers)

        page = text(response)
        assert response.status_code == (200 if headers else 409)
        assert "ada has answered this already. Your answer was not taken." in page
        assert page.index("What was answered") < page.index("From ada") < page.index("What you had typed")
        assert page.index("What you had typed") < page.index("Testers") < page.index("My own &lt;b&gt;words")
        assert ('hx-swap-oob="beforeend:#generation-missed"' in page) is bool(headers)
        # A page that answers a form is not loaded anew by itself, for the words would be gone.
        assert "http-equiv" not in page
        asked.refresh_from_db()
        assert (asked.answered_by_name, asked.said["q4"]) == ("ada", "From ada")

    def test_the_same_form_of_the_same_person_sent_twice_is_taken_once(self, ada: Client) -> None:
        asked = prompt(generation())
        answers = [ada.post(answer_at(asked), GOOD) for _ in range(2)]

        assert [one.status_code for one in answers] == [302, 302]
        assert GenerationEvent.objects.filter(kind=EventKind.PROMPT_ANSWERED).count() == 1
        assert ada.post(answer_at(asked), GOOD | {"q.q2": "no"}).status_code == 409

    def test_an_answer_to_a_generation_that_was_stopped_is_shown_again(self, ada: Client) -> None:
        asked = prompt(generation())
        ada.post(address(asked.generation, "cancel/"))

        page = text(ada.post(answer_at(asked), GOOD | {"q.q4": "My own words"}))

        assert "The generation was stopped before anybody answered this." in page
        assert "My own words" in page
        assert "What was answered" not in page

    def test_taking_a_question_on_leaves_a_half_typed_answer_where_it_is(self, ada: Client) -> None:
        asked = prompt(generation())
        care = address(asked.generation, f"prompts/{asked.key}/claim/")

        fragment = text(ada.post(care, {"q.q4": "half a tho"}, **HTMX))
        assert fragment.strip().startswith('<div id="prompt-care"')
        assert "You look after it" in fragment
        response = ada.post(care, {"q.q4": "half a tho", "q.q2": "no", "action": ""})
        assert response.status_code == 200
        assert ">half a tho</textarea>" in text(response)
        assert 'value="no" checked' in text(response)
        assert ada.post(care, {"q.q4": ""}).status_code == 302

    def test_a_question_that_was_answered_meanwhile_cannot_be_taken_on_and_no_word_is_lost(
        self, ada: Client
    ) -> None:
        asked = prompt(generation())
        ada.post(answer_at(asked), GOOD)
        care = address(asked.generation, f"prompts/{asked.key}/claim/")

        assert "ada has answered this already." in text(ada.post(care, follow=True))
        page = text(ada.post(care, {"q.q4": "half a tho"}))
        assert "What you had typed" in page
        assert "half a tho" in page
        assert "ada has answered this already." in text(ada.post(care, **HTMX))

    def test_a_form_that_came_back_with_a_fault_counts_as_typed(self, ada: Client) -> None:
        asked = prompt(generation())

        assert "data-typed" not in text(ada.get(address(asked.generation)))
        assert "data-typed" in text(
            ada.post(answer_at(asked), {"q.q4": "words", "action": "proceed"}, **HTMX)
        )

    def test_a_reader_answers_only_what_they_asked_for(self, dan: Client) -> None:
        foreign = prompt(generation())
        own = prompt(generation(requested_by_id=dan.session["_auth_user_id"]))

        assert dan.post(answer_at(foreign), GOOD).status_code == 403
        assert "You may read this, and not answer it" in text(dan.get(address(foreign.generation)))
        assert dan.post(answer_at(own), GOOD).status_code == 302

    def test_an_answer_is_never_taken_from_a_get(self, ada: Client) -> None:
        assert ada.get(answer_at(prompt(generation()))).status_code == 405


class TestSteering:
    def test_whoever_cancels_reads_at_once_what_is_kept_though_the_worker_may_be_dead(
        self, ada: Client
    ) -> None:
        own = generation(
            status="running", lease_owner="w", lease_until=timezone.now() + timedelta(seconds=300)
        )

        ada.post(address(own, "cancel/"), {"reason": "wrong"})

        page = " ".join(text(ada.get(address(own))).split())
        own.refresh_from_db()
        assert own.status == "running"
        assert "No step was finished, so there is nothing to keep." in page
        assert f"when its lease ends at {timezone.localtime(own.lease_until):%H:%M:%S}" in page

    def test_whoever_asked_may_cancel_and_another_reader_may_not(self, dan: Client) -> None:
        own = generation(requested_by_id=dan.session["_auth_user_id"])
        foreign = generation()

        assert dan.post(address(foreign, "cancel/")).status_code == 403
        said = text(dan.post(address(own, "cancel/"), {"reason": "wrong"}, follow=True))

        own.refresh_from_db()
        assert own.status == "cancelled"
        assert "Cancelled by dan: wrong." in said
        assert AuditEntry.objects.filter(verb="cancelled_generation").exists()

    def test_a_failed_one_is_taken_up_again(self, ada: Client, dan: Client) -> None:
        one = generation(status="failed", failed_key="content", finished_at=timezone.now())

        assert dan.post(address(one, "retry/")).status_code == 403
        ada.post(address(one, "retry/"))

        one.refresh_from_db()
        assert one.status == "pending"

    def test_what_cannot_be_done_is_said(self, ada: Client) -> None:
        one = generation(status="completed")

        for part in ("retry/", "cancel/", "complete/"):
            page = text(ada.post(address(one, part), follow=True))
            assert 'data-kind="warning"' in page
        one.refresh_from_db()
        assert one.status == "completed"

    def test_a_draft_is_taken_over(self, ada: Client) -> None:
        one = generation(status="pending_review", version=skill("data/csv").current_version)

        ada.post(address(one, "complete/"))

        one.refresh_from_db()
        assert one.status == "completed"

    @pytest.mark.parametrize("part", ["cancel/", "retry/", "complete/"])
    def test_nothing_is_done_by_a_get(self, ada: Client, part: str) -> None:
        assert ada.get(address(generation(), part)).status_code == 405


def test_a_server_that_cannot_stream_tells_the_browser_to_ask_no_more(dan: Client) -> None:
    assert dan.get(address(generation(), "events/")).status_code == 204
