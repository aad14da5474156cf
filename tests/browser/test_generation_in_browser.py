"""The whole way in a real browser, with the real site, worker and a model server on loopback: ask, answer, watch, reload, read."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from runs_app.domain.pipeline_items import EventKind
from runs_app.domain.prompts import PromptKind
from runs_app.services import wake_workers
from runs_app.services.answer_prompt import answer_prompt, hand_over_prompt
from tests.browser.pages import Open, assert_sound, violations
from tests.browser.test_site import open_page  # noqa: F401
from tests.browser.waiting import expect, wait_until
from tests.fleet_site.management.test_up import Started
from tests.model_server import Act, model_server, rehearsed
from tests.runs_app.generation_makers import event, generation, person, prompt, step
from tests.skills_app.skill_makers import skill

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TASK = "Review slow queries of a PostgreSQL database"
PATIENCE = 240_000
LIVE = "#generation-progress [data-live=content] .live-text"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The site with its worker; the model answers as the rehearsal does, and holds its breath in the middle of the text."""

    def answer(request: dict[str, Any]) -> Act:
        text = rehearsed(request).text
        return Act(text, stalls_seconds=4.0 if "[[ ## skill_content ## ]]" in text else 0.1)

    folder = tmp_path_factory.mktemp("site")
    with model_server(answer=answer) as server:
        models = {"openai/scripted": {"base_url": server.address, "timeout": 60}}
        file = folder / "models.yaml"
        file.write_text(json.dumps({"models": {"default": "openai/scripted", "registry": models}}))
        up = Started(folder / "data", "--port", "0", "--no-sample", FLEET_MODELS_FILE=str(file))
        try:
            said = up.wait_for("Sign in once")
            up.wait_for("Ctrl-C")
            found = re.search(r"within the hour: (http\S+)", said) or re.search(
                r"(http\S+/sign-in/\S+)", up.text
            )
            assert found
            yield found[1]
        finally:
            up.end()


@pytest.fixture(scope="module")
def state(chromium: Any, site: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The address of the site, and the cookies of somebody who signed in by the one-time link."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(site)
    page.get_by_role("button", name="Sign in as").click()
    kept = tmp_path_factory.mktemp("browser") / "state.json"
    context.storage_state(path=str(kept))
    context.close()
    return site.partition("/sign-in/")[0], kept


@pytest.fixture
def browse(chromium: Any, state: tuple[str, Path]) -> Iterator[Any]:
    """Make a signed-in context; every message of the console but that of a 422 or of a lost line is a failure."""
    contexts, said = [], []

    def make(**options: Any) -> Any:
        context = chromium.new_context(base_url=state[0], storage_state=str(state[1]), **options)
        contexts.append(context)
        context.on("console", lambda message: said.append(message.text))
        context.on("weberror", lambda error: said.append(str(error.error)))
        context.set_default_timeout(PATIENCE)
        return context

    yield make
    for context in contexts:
        context.close()
    allowed = (
        "status of 422",
        "ERR_INTERNET_DISCONNECTED",
        "ERR_NETWORK",
        "htmx:sendError",
        "htmx:sendAbort",
        "htmx:afterRequest",
    )
    assert [one for one in said if not any(words in one for words in allowed)] == []


def ask(page: Any, task: str) -> None:
    page.goto("/generations/new/")
    page.get_by_label("What is the skill for?").fill(task)
    page.get_by_text(re.compile(r"No skill of the library shares|shares \d+ % of")).first.wait_for()
    page.get_by_role("button", name="Start").click()
    page.get_by_role("heading", name=task, level=1).wait_for()


def answer_questions(page: Any) -> None:
    page.get_by_label("People new to it").check()
    page.get_by_label("No", exact=True).check()
    page.get_by_role("button", name="Answer and go on").click()


def see(page: Any, *, is_hidden: bool) -> None:
    """Let the page believe that its tab is, or is no longer, hidden."""
    page.evaluate(
        "(value) => { Object.defineProperty(document, 'hidden', { value, configurable: true });"
        " document.dispatchEvent(new Event('visibilitychange')); }",
        is_hidden,
    )


def test_from_a_request_to_a_draft_with_two_answers_live_text_a_reload_and_a_second_tab(browse: Any) -> None:
    context = browse(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    ask(page, TASK)
    page.get_by_role("heading", name="Before the analysis, a few questions").wait_for()
    assert violations(page) == []

    page.get_by_role("button", name="Answer and go on").click()
    page.get_by_text("This needs an answer.").first.wait_for()
    wait_until(page, "document.activeElement.name === 'q.q1'")
    answer_questions(page)
    page.get_by_role("heading", name="Is this what you want?").wait_for()
    wait_until(page, 'document.activeElement.textContent.includes("Is this what you want?")')
    second = context.new_page()
    second.goto(page.url)
    page.get_by_role("button", name="Go on").click()

    # The text comes in pieces while the step is at work, in both tabs, and is there again after a reload.
    wait_until(page, f"document.querySelector('{LIVE}')?.textContent.length > 20", tries=1200)
    early = page.locator(LIVE).first.inner_text()
    assert violations(page) == []
    wait_until(second, f"document.querySelector('{LIVE}')?.textContent.length > 20")
    page.reload()
    wait_until(page, f"document.querySelector('{LIVE}')?.textContent.length > 20")
    again = page.locator(LIVE).first.inner_text()
    assert again.startswith(early[:20])
    assert again.count("## When to Use") <= 1

    for tab in (page, second):
        tab.get_by_role("heading", name="The draft is ready").wait_for()
        tab.get_by_role("heading", name="Quick Start").wait_for()
    page.reload()
    assert violations(page) == []
    page.locator("summary", has_text="What people said").click()
    page.get_by_text("People new to it").wait_for()
    page.locator("summary", has_text="What happened").click()
    numbers = [int(one) for one in page.locator(".trail-table td[data-label='No.']").all_inner_texts()]
    assert numbers == sorted(set(numbers), reverse=True)
    page.get_by_role("link", name="Read it with its reports").click()
    page.wait_for_url(re.compile(r"/skills/\w+/"))
    page.get_by_role("heading", name="Quick Start").wait_for()


def test_a_lost_connection_is_taken_up_again_with_nothing_missed_or_doubled(browse: Any) -> None:
    context = browse()
    page = context.new_page()
    ask(page, "Plan a garden of herbs for the kitchen")
    page.get_by_role("heading", name="Before the analysis, a few questions").wait_for()
    streams: list[str] = []
    page.on("request", lambda request: streams.append(request.url) if "/events/" in request.url else None)
    context.set_offline(True)
    page.wait_for_timeout(500)
    context.set_offline(False)
    see(page, is_hidden=True)
    page.wait_for_timeout(3500)
    num_before = len(streams)
    see(page, is_hidden=False)
    answer_questions(page)
    page.get_by_role("heading", name="Is this what you want?").wait_for()
    page.get_by_role("button", name="Go on").click()
    wait_until(page, f"document.querySelector('{LIVE}')?.textContent.length > 20", tries=1200)
    context.set_offline(True)
    page.wait_for_timeout(1500)
    context.set_offline(False)

    page.get_by_role("heading", name="The draft is ready").wait_for()
    assert len(streams) > num_before
    steps = page.locator("[data-step]").evaluate_all("all => all.map(one => one.dataset.step)")
    assert len(steps) == len(set(steps))
    assert {"readiness", "requirements", "synthesis", "content", "assessment"} <= set(steps)
    expect(page.locator("[data-step][data-state=running]")).to_have_count(0)


def test_the_whole_way_works_without_javascript(browse: Any) -> None:
    page = browse(java_script_enabled=False).new_page()
    page.goto("/generations/new/")
    page.get_by_label("What is the skill for?").fill("Write a packing list for a week of hiking")
    page.get_by_role("button", name="Start").click()
    page.get_by_text("Look at these first").or_(page.get_by_text("No skill of the library")).first.wait_for()
    page.get_by_role("button", name="Start").click()

    # The page loads itself again until a person is asked.
    page.get_by_role("heading", name="Before the analysis, a few questions").wait_for()
    page.get_by_role("button", name="Answer and go on").click()
    expect(page.get_by_text("This needs an answer.")).to_have_count(2)
    answer_questions(page)
    page.get_by_role("heading", name="Is this what you want?").wait_for()
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("heading", name="The draft is ready").wait_for()
    page.get_by_role("button", name="Take the draft over").click()

    page.get_by_text("The draft was taken over").wait_for()


@pytest.mark.django_db(transaction=True)
def test_what_somebody_types_is_not_taken_away_when_something_changes(open_page: Open) -> None:  # noqa: F811
    asked = prompt(generation("Asked"))
    page = open_page(asked.generation.get_absolute_url())
    words = page.get_by_label("Anything else?")

    words.press_sequentially("half a thou")
    page.evaluate("htmx.trigger(document.body, 'generation-changed')")
    page.get_by_text("Something changed here meanwhile").wait_for()
    words.press_sequentially("ght")

    expect(words).to_have_value("half a thought")
    page.get_by_role("link", name="Load it again").click()
    expect(page.get_by_text("Something changed here meanwhile")).to_be_hidden()
    expect(words).to_have_value("")


@pytest.mark.django_db(transaction=True)
def test_taking_a_question_on_and_coming_too_late_lose_no_typed_word(
    open_page: Open,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wake_workers, "_send", lambda: None)
    asked = prompt(generation("Asked"))
    page = open_page(asked.generation.get_absolute_url())
    words, care = page.get_by_label("Anything else?"), page.locator("#prompt-care")

    page.get_by_label("Beginners").check()
    page.get_by_label("Yes").check()
    words.press_sequentially("half a thou")
    page.get_by_role("button", name="I look after it").click()
    care.get_by_text("You look after it").wait_for()
    hand_over_prompt(prompt=asked, to=None, user=person("ben", "curator"))
    page.evaluate("htmx.trigger(document.body, 'generation-moved')")
    care.get_by_text("handed over by ben").wait_for()
    words.press_sequentially("ght")
    given = {"action": "proceed", "values": {"q1": "Experts", "q2": "no"}}
    answer_prompt(prompt=asked, given=given, user=User.objects.get(username="ben"))
    page.get_by_role("button", name="Answer and go on").click()

    page.get_by_text("ben has answered this already").wait_for()
    page.get_by_text("It waits for a worker").or_(page.get_by_text("No worker has been heard of")).wait_for()
    expect(page.locator("#generation-missed").get_by_text("half a thought")).to_be_visible()
    expect(page.locator("#generation-missed").get_by_text("Experts")).to_be_visible()
    assert violations(page) == []


@pytest.mark.django_db(transaction=True)
def test_the_button_that_cancels_goes_when_the_state_ends(open_page: Open) -> None:  # noqa: F811
    one = generation("Nearly done", status="running", phase="validate")
    page = open_page(one.get_absolute_url())
    page.get_by_text("Cancel…").wait_for()
    one.status, one.version = "pending_review", skill("data/csv").current_version
    one.save()
    event(one, EventKind.COMPLETED)
    page.evaluate("htmx.trigger(document.body, 'generation-moved')")

    page.get_by_role("heading", name="The draft is ready").wait_for()
    expect(page.get_by_text("Cancel…")).to_have_count(0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 400)])
def test_no_page_has_a_violation_or_scrolls_sideways(
    open_page: Open,  # noqa: F811
    theme: str,
    width: int,
) -> None:
    made = skill("data/csv").current_version
    failed = generation("Failed " + "verylongword" * 20, status="failed", message="No.", failed_raw="{" * 300)
    done = generation("Done", status="pending_review", version=made, phase="validate", is_rehearsal=True)
    step(done, "readiness")
    step(done, "content", phase="generate", result={"skill_content": "# Hi"})
    asked = prompt(generation("Asked"), PromptKind.PREVIEW, title="This is what was written")
    clarify = prompt(generation("Clarify"))

    paths = (
        "/generations/",
        "/generations/?q=nothing",
        "/generations/inbox/",
        "/generations/new/",
        "/generations/batch/",
        *(one.get_absolute_url() for one in (failed, done, asked.generation, clarify.generation)),
    )
    assert_sound(open_page, paths, theme=theme, width=width, unfold="main details.fold")
