"""Ask for a skill or for many: the look at what there is, the start, and what is refused."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from runs_app.domain.generation import GenerationOptions, GenerationRequest, options_from_data
from runs_app.domain.prompts import PromptKind
from runs_app.models import Generation, GenerationBatch, GenerationEvent
from runs_app.services import wake_workers
from runs_app.services.request_generation import request_batch, request_generation
from runs_app.views.generation_new import _digest
from skills_app.domain.enums import Role
from skills_app.models import AuditEntry
from tests.runs_app.generation_makers import HTMX, client_of, generation, person
from tests.skills_app.skill_makers import skill

pytestmark = pytest.mark.django_db
NEW, BATCH = "/generations/new/", "/generations/batch/"
TASK = "Cleaning of CSV files"
USUAL = {"style": "comprehensive", "num_candidates": "1", "asking": "strategy"}
START = USUAL | {"task": TASK, "seen": _digest(TASK)}


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """No queue here."""
    monkeypatch.setattr(wake_workers, "_send", lambda: None)


@pytest.fixture
def ada() -> Client:
    """Ada launches."""
    return client_of(person("ada", "launcher"))


def text(response: Any) -> str:
    return str(response.content.decode())


@pytest.mark.parametrize("address", [NEW, BATCH])
def test_only_those_who_may_launch_see_the_form(client: Client, ada: Client, address: str) -> None:
    dan = client_of(person("dan", "reader"))

    assert client.get(address)["Location"].startswith("/sign-in/")
    assert dan.get(address).status_code == dan.post(address, START).status_code == 403
    assert ada.get(address).status_code == 200
    assert not Generation.objects.exists()


def test_a_ceiling_that_cannot_stop_a_model_is_told_before_the_start_and_at_it(
    ada: Client, settings: Any
) -> None:
    settings.FLEET_MODEL = "house/own"
    said = "The cost of house/own is unknown, so the ceiling of $2.00 cannot stop it."
    wanted = START | {"ceiling_usd": "2"}

    assert said not in text(ada.post(NEW, START | {"seen": ""}))
    assert said in text(ada.post(NEW, wanted | {"seen": ""}))
    ada.post(NEW, wanted)

    assert said in GenerationEvent.objects.get().message


def test_the_first_start_shows_what_there_is_and_the_second_starts(ada: Client) -> None:
    skill("data/csv-cleaning")
    first = ada.post(NEW, START | {"seen": ""})

    assert first.status_code == 200
    assert "data/csv-cleaning" in text(first)
    assert "Look at these first" in text(first)
    assert not Generation.objects.exists()
    second = ada.post(NEW, START)
    one = Generation.objects.get()
    assert second["Location"] == one.get_absolute_url()
    assert (one.task, one.requested_by_name, one.is_rehearsal) == (TASK, "ada", True)
    assert AuditEntry.objects.filter(verb="requested_generation").exists()


def test_checking_starts_nothing_even_when_it_was_seen(ada: Client) -> None:
    response = ada.post(NEW, START | {"check": "1"})

    assert "No skill of the library shares" in text(response)
    assert not Generation.objects.exists()


def test_htmx_checks_while_one_types_and_faults_elsewhere_do_not_matter(ada: Client) -> None:
    response = ada.post(NEW, {"task": TASK, "check": "1"}, HTTP_HX_TARGET="generation-check", **HTMX)

    assert response.status_code == 200
    assert text(response).strip().startswith('<section id="generation-check"')
    assert _digest(TASK) in text(response)


def test_the_button_that_checks_leaves_the_form_where_it_is(ada: Client) -> None:
    response = ada.post(NEW, START | {"check": "1"}, HTTP_HX_TARGET="generation-form", **HTMX)

    assert text(response).strip().startswith('<form id="generation-form"')
    assert TASK in text(response)
    assert "No skill of the library shares" in text(response)


def test_the_estimate_comes_from_runs_with_the_same_model_and_says_when_there_are_none(ada: Client) -> None:
    assert "nothing to estimate from" in text(ada.post(NEW, START | {"check": "1"}))
    generation(model="rehearsal/fleet", status="completed", worked_seconds=80, prompt_tokens=4_000)

    page = text(ada.post(NEW, START | {"check": "1"}))

    assert "1 min 20 s" in page
    assert "4,000" in page
    assert "The middle of 1 finished generation with" in page


def test_the_rehearsal_is_named_as_such(ada: Client) -> None:
    assert "only rehearses; no real model" in text(ada.get(NEW))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"task": ""}, "Say in words what the skill is for."),
        ({"task": "x" * 8_001}, "at most 8000 characters"),
        ({"num_candidates": "99"}, "less than or equal to 5"),
        ({"asking": "chosen"}, "Choose at least one point"),
        ({"model": "nobody/knows"}, "Select a valid choice"),
        ({"ceiling_usd": "-1"}, "greater than or equal to 0.01"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(ada: Client, given: dict[str, str], words: str) -> None:
    response = ada.post(NEW, START | given, **HTMX)

    assert response.status_code == 422
    assert words in text(response)
    assert text(response).strip().startswith('<form id="generation-form"')
    assert not Generation.objects.exists()


def test_a_missing_key_is_said_before_anything_starts(ada: Client, settings: Any, tmp_path: Any) -> None:
    settings.FLEET_MODELS_FILE = tmp_path / "models.yaml"
    settings.FLEET_MODELS_FILE.write_text(
        "models: {default: openai/x, registry: {openai/x: {env: NO_SUCH_API_KEY}}}"
    )

    assert "NO_SUCH_API_KEY" in text(ada.post(NEW, START | {"check": "1"}))
    response = ada.post(NEW, START)

    assert response.status_code == 422
    assert "NO_SUCH_API_KEY" in text(response)


def test_a_broken_file_of_models_is_told_on_the_form(ada: Client, settings: Any, tmp_path: Any) -> None:
    settings.FLEET_MODELS_FILE = tmp_path / "nothing.yaml"

    assert "cannot be read" in text(ada.get(NEW))


def test_all_choices_reach_the_generation(ada: Client) -> None:
    ada.post(
        NEW,
        START
        | {
            "examples": "one\n\ntwo",
            "constraints": "short",
            "placement_hint": "data",
            "style": "minimal",
            "model": "rehearsal/fleet",
            "num_candidates": "3",
            "asking": "chosen",
            "checkpoints": ["confirm", "preview"],
            "ceiling_usd": "0.5",
        },
    )

    one = Generation.objects.get()
    assert one.request["examples"] == ["one", "two"]
    assert one.request["placement_hint"] == "data"
    assert one.options["checkpoints"] == ["confirm", "preview"]
    assert one.options["num_candidates"] == 3
    assert one.options["ceiling_usd"] == 0.5
    assert one.options["models"] == {"": "rehearsal/fleet"}


def test_never_asking_is_auto_approval(ada: Client) -> None:
    ada.post(NEW, START | {"asking": "never"})

    assert Generation.objects.get().options["is_auto_approved"] is True


@pytest.mark.parametrize("address", [NEW, BATCH])
def test_who_may_not_leave_people_out_is_told_and_cannot(ada: Client, settings: Any, address: str) -> None:
    settings.FLEET_AUTO_APPROVE = frozenset({Role.MANAGER})
    carol = client_of(person("carol", "manager"))

    page = text(ada.get(address))
    assert "Leaving people out is not open to you here. This needs the role manager." in page
    assert 'value="never"' not in page
    assert 'value="never"' in text(carol.get(address))
    sent = START | {"tasks": TASK, "asking": "never", "confirmed": "1"}
    response = ada.post(address, sent)
    assert response.status_code == 422
    assert "People have to be asked. This needs the role manager." in text(response)
    assert not Generation.objects.exists()
    carol.post(address, sent)
    assert Generation.objects.get().options["is_auto_approved"] is True


def test_where_the_site_always_asks_is_told_and_goes_with_the_generation(ada: Client, settings: Any) -> None:
    settings.FLEET_ALWAYS_ASK = frozenset({PromptKind.PREVIEW, PromptKind.CONFIRM})

    assert "this site asks at: Confirm the plan; Look at the draft." in text(ada.get(NEW))
    ada.post(NEW, START | {"asking": "never"})

    one = Generation.objects.get()
    assert options_from_data(one.options).required == (PromptKind.CONFIRM, PromptKind.PREVIEW)
    assert "always, as this site wants it: Confirm the plan; Look at the draft" in text(
        ada.get(one.get_absolute_url())
    )


def test_the_words_of_another_generation_begin_the_form(ada: Client) -> None:
    other = generation("Old words")

    assert "Old words" in text(ada.get(f"{NEW}?again={other.key}"))


def test_a_form_that_is_sent_twice_begins_one_generation_and_leads_to_it_again(ada: Client) -> None:
    sent = START | {"nonce": "n1"}
    first = ada.post(NEW, sent)
    second = ada.post(NEW, sent, follow=True)

    one = Generation.objects.get()
    assert first["Location"] == one.get_absolute_url()
    assert second.redirect_chain[0][0] == one.get_absolute_url()
    assert "nothing was begun a second time" in text(second)


@pytest.mark.parametrize("other", [{"nonce": "n2"}, {"nonce": "n1", "constraints": "short"}])
def test_a_fresh_form_or_one_with_other_words_begins_another(ada: Client, other: dict[str, str]) -> None:
    ada.post(NEW, START | {"nonce": "n1"})
    ada.post(NEW, START | other)

    assert Generation.objects.count() == 2


def test_the_nonce_of_one_person_leads_nobody_else_to_their_generation(ada: Client) -> None:
    ada.post(NEW, START | {"nonce": "n1"})
    client_of(person("ben", "launcher")).post(NEW, START | {"nonce": "n1"})

    assert sorted(Generation.objects.values_list("requested_by_name", flat=True)) == ["ada", "ben"]


def test_two_requests_with_one_key_that_pass_the_look_together_make_one_generation() -> None:
    asked = GenerationRequest(TASK)
    made = [request_generation(request=asked, options=GenerationOptions(), key="abc") for _ in range(2)]
    batches = [
        request_batch(tasks=["x", "y"], request=asked, options=GenerationOptions(), key="b") for _ in range(2)
    ]

    assert made[0] == made[1]
    assert batches[0] == batches[1]
    assert Generation.objects.count() == 3
    assert AuditEntry.objects.filter(verb="requested_generation").count() == 3


def test_each_form_has_a_nonce_of_its_own_and_keeps_it_while_it_is_looked_at(ada: Client) -> None:
    nonces = {ada.get(address).context["form"]["nonce"].value() for address in (NEW, NEW, BATCH)}
    looked = ada.post(NEW, START | {"check": "1", "nonce": "n1"})

    assert len(nonces) == 3
    assert '<input type="hidden" name="nonce" value="n1"' in text(looked)


class TestMadeAnew:
    def test_the_page_of_a_skill_leads_to_the_form_with_what_is_known_of_it(self, ada: Client) -> None:
        one = skill("data/csv-cleaning")
        address = f"{NEW}?skill={one.key}"

        assert address in text(ada.get(one.get_absolute_url()))
        assert address not in text(client_of(person("dan", "reader")).get(one.get_absolute_url()))
        page = text(ada.get(address))
        assert "A new version of data/csv-cleaning" in page
        assert one.description in page
        generation("The words of the last time", skill=one)
        assert "The words of the last time" in text(ada.get(address))

    def test_the_new_version_is_of_that_skill_unless_one_of_its_own_is_wanted(self, ada: Client) -> None:
        one = skill("data/csv-cleaning")
        looked = ada.post(f"{NEW}?skill={one.key}", START | {"check": "1", "becomes": "version"})
        ada.post(f"{NEW}?skill={one.key}", START | {"becomes": "version"})
        ada.post(f"{NEW}?skill={one.key}", START | {"becomes": "skill"})

        assert "No skill of the library shares" in text(looked)
        found = Generation.objects.order_by("pk").values_list("skill__path", flat=True)
        assert list(found) == ["data/csv-cleaning", None]
        made = Generation.objects.order_by("pk")[0]
        assert "a new version of" in text(ada.get(made.get_absolute_url()))

    def test_a_skill_that_is_not_there_is_not_found(self, ada: Client) -> None:
        assert ada.get(f"{NEW}?skill=nothing").status_code == 404


class TestBatch:
    def test_a_confirmation_that_is_sent_twice_begins_one_batch(self, ada: Client) -> None:
        first = ada.post(BATCH, USUAL | {"tasks": "one\ntwo", "nonce": "n1"})
        assert '<input type="hidden" name="nonce" value="n1">' in text(first)
        sent = USUAL | {"tasks": "one\ntwo", "nonce": "n1", "confirmed": "1"}
        answers = [ada.post(BATCH, sent) for _ in range(2)]

        batch = GenerationBatch.objects.get()
        assert {one["Location"] for one in answers} == {batch.get_absolute_url()}
        assert Generation.objects.count() == 2

    def test_tasks_of_the_field_and_the_file_are_confirmed_once_and_started(self, ada: Client) -> None:
        file = SimpleUploadedFile("tasks.txt", b"\xef\xbb\xbfthree\n\nfour\n")
        first = ada.post(BATCH, USUAL | {"name": "spring", "tasks": "one\ntwo", "file": file})

        assert "Start 4 generations?" in text(first)
        assert not Generation.objects.exists()
        second = ada.post(
            BATCH, USUAL | {"name": "spring", "tasks": "one\ntwo\nthree\nfour", "confirmed": "1"}
        )
        batch = GenerationBatch.objects.get()
        assert second["Location"] == batch.get_absolute_url()
        assert list(batch.generations.order_by("pk").values_list("task", flat=True)) == [
            "one",
            "two",
            "three",
            "four",
        ]
        assert batch.name == "spring"

    def test_a_batch_of_one_is_told_as_one(self, ada: Client) -> None:
        answer = ada.post(BATCH, USUAL | {"tasks": "one", "confirmed": "1"}, follow=True)

        assert "One generation was asked for; it begins as soon as it can." in text(answer)

    @pytest.mark.parametrize(
        ("tasks", "words"),
        [
            ("", "Give at least one task"),
            ("one\n" * 101, "at most 100 tasks; these are 101"),
            ("good\n" + "x" * 8_001, "Task 2:"),
        ],
    )
    def test_what_cannot_be_started_is_said(self, ada: Client, tasks: str, words: str) -> None:
        response = ada.post(BATCH, USUAL | {"tasks": tasks})

        assert response.status_code == 422
        assert words in text(response)

    def test_a_file_that_is_no_text_is_refused(self, ada: Client) -> None:
        response = ada.post(BATCH, USUAL | {"file": SimpleUploadedFile("x.txt", b"\xff\xfe\x00")})

        assert response.status_code == 422
        assert "not UTF-8" in text(response)
