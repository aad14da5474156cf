"""The page that asks for a new version from a review: who may, what it shows, what it refuses, and the links both ways."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.urls import reverse

from runs_app.models import Generation
from runs_app.services import wake_workers
from skills_app.domain.enums import Role
from skills_app.domain.reviewing.comments import CommentState
from skills_app.domain.reviewing.standing import ReviewStatus
from skills_app.domain.reviewing.verdicts import Decision
from skills_app.models import Comment, Review
from skills_app.services.open_review import end_review
from tests.runs_app.generation_makers import client_of
from tests.skills_app import review_makers as made
from tests.skills_app.skill_makers import text_file

pytestmark = pytest.mark.django_db
VAGUE = "The second sentence says too little."


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> None:
    monkeypatch.setattr(wake_workers, "_send", lambda: None)
    settings.DATA_DIR = tmp_path


@pytest.fixture
def cast() -> dict[str, User]:
    return {
        "olga": made.person("olga", Role.CURATOR),
        "ada": made.person("ada", Role.REVIEWER),
        "dan": made.person("dan", Role.READER),
        "carol": made.person("carol", Role.MANAGER),
    }


@pytest.fixture
def review(cast: dict[str, User]) -> Review:
    version = made.draft(author=cast["olga"], files=(text_file("scripts/run.py", "print(1)\n"),))
    found = made.review(version, cast["olga"], cast["ada"])
    made.comment(found, cast["ada"], "Say <b>how much</b>.", quote=VAGUE, is_blocking=True)
    made.comment(found, cast["ada"], "Why this file?", file="scripts/run.py")
    made.send(found, cast["ada"])
    return Review.objects.get(pk=found.pk)


def address(review: Review) -> str:
    return reverse("runs:review_regenerate", args=[review.pk])


def about_document(review: Review) -> Comment:
    return review.comments.get(path="")


def post(user: User, review: Review, **fields: Any) -> HttpResponse:
    usual = {"comments": [about_document(review).pk], "number": 2, "last": "", "asking": "never"}
    sent = {key: value for key, value in (usual | fields).items() if value is not None}
    return client_of(user).post(address(review), sent)


@pytest.mark.parametrize(("name", "status"), [("olga", 200), ("ada", 200), ("dan", 403), ("carol", 403)])
def test_who_may_start_and_may_ask_for_a_review_sees_the_page(
    review: Review, cast: dict[str, User], name: str, status: int
) -> None:
    assert client_of(cast[name]).get(address(review)).status_code == status
    assert post(cast[name], review).status_code == (302 if status == 200 else 403)
    assert Generation.objects.exists() is (status == 200)


def test_the_page_shows_the_request_and_what_is_left_out(review: Review, cast: dict[str, User]) -> None:
    row = about_document(review)

    text = client_of(cast["olga"]).get(address(review)).content.decode()

    assert "Say &lt;b&gt;how much&lt;/b&gt;." in text
    assert f"[C{row.pk}]" in text
    assert f'value="{row.pk}" checked' in text
    on_file = review.comments.exclude(path="").get()
    assert f'value="{on_file.pk}" checked' in text
    assert f"[C{on_file.pk}] The file scripts/run.py, should be met, by ada:" in text
    assert "Left out" not in text
    review.version.files.update(text=None)
    without = client_of(cast["olga"]).get(address(review)).content.decode()
    assert f'name="comments" value="{on_file.pk}"' not in without
    assert "on scripts/run.py, because it is no text." in without
    assert "only rehearses" in text


def test_the_start_leads_to_the_generation_and_a_second_press_to_the_same(
    review: Review, cast: dict[str, User]
) -> None:
    first = post(cast["olga"], review, instruction="Keep it short.")
    second = post(cast["olga"], review)

    generation = Generation.objects.get()
    assert first["Location"] == second["Location"] == generation.get_absolute_url()
    assert generation.options["is_auto_approved"] is True
    assert generation.request["revision"]["comment_numbers"] == [about_document(review).pk]
    assert "Keep it short." in generation.task


def test_the_links_go_both_ways(review: Review, cast: dict[str, User]) -> None:
    olga = client_of(cast["olga"])
    before = olga.get(review.get_absolute_url()).content.decode()
    post(cast["olga"], review)
    generation = Generation.objects.get()

    after = olga.get(review.get_absolute_url()).content.decode()
    page = olga.get(generation.get_absolute_url()).content.decode()
    form = olga.get(address(review)).content.decode()

    assert "Regenerate from 2 open comments…" in before
    assert "Generated from this review" not in before
    assert "A new version is being made of version 2 and 1 comment" in after
    assert generation.get_absolute_url() in after
    assert reverse("reviews:comment", args=[review.pk, about_document(review).pk]) in page
    assert "at work already" in form
    assert "Start the generation" not in form


def test_a_reader_gets_the_words_of_the_request_instead(review: Review, cast: dict[str, User]) -> None:
    text = client_of(cast["dan"]).get(review.get_absolute_url()).content.decode()

    assert "Regenerate from" not in text
    assert reverse("reviews:request", args=[review.pk]) in text


def test_the_request_is_shown_anew_without_a_start(review: Review, cast: dict[str, User]) -> None:
    response = post(cast["olga"], review, check="1", instruction="Mind <i>this</i>.")

    assert response.status_code == 200
    assert "The person who asks adds: Mind &lt;i&gt;this&lt;/i&gt;." in response.content.decode()
    assert not Generation.objects.exists()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"comments": []}, "Choose at least one comment"),
        ({"comments": ["nine"]}, "Select a valid choice"),
        ({"number": 1}, "took the place of version 1"),
        ({"instruction": "x" * 4_001}, "at most 4000 characters"),
        ({"asking": "chosen"}, "Choose at least one point"),
        ({"model": "none/such"}, "Select a valid choice"),
        ({"instruction": "\x00"}, "Null characters are not allowed"),
    ],
)
def test_what_cannot_be_started_is_said_and_what_was_typed_stays(
    review: Review, cast: dict[str, User], fields: dict[str, Any], words: str
) -> None:
    response = post(cast["olga"], review, **fields)

    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Generation.objects.exists()


def test_a_review_without_open_comments_offers_nothing(review: Review, cast: dict[str, User]) -> None:
    review.comments.filter(path="").update(state=CommentState.FIXED)
    review.version.files.update(text=None)
    olga = client_of(cast["olga"])
    only_files = olga.get(address(review)).content.decode()
    review.comments.update(state=CommentState.FIXED)
    none = olga.get(address(review)).content.decode()

    assert "are about files that a model does not rewrite" in only_files
    assert "No comment of this review is open." in none
    assert "Start the generation" not in only_files + none
    assert "Regenerate from" not in olga.get(review.get_absolute_url()).content.decode()


def test_an_ended_review_offers_nothing(review: Review, cast: dict[str, User]) -> None:
    end_review(review=review, actor=cast["olga"], status=ReviewStatus.WITHDRAWN, reason="no", now=made.NOON)
    row = about_document(review)

    shown = client_of(cast["olga"]).get(address(review)).content.decode()
    sent = post(cast["olga"], review, comments=[row.pk])

    assert "This review ended" in shown
    assert "Ask for another review of version 2" in shown
    assert sent.status_code == 422
    assert not Generation.objects.exists()


def test_a_rejected_review_offers_the_generation_that_opens_it_again(
    review: Review, cast: dict[str, User]
) -> None:
    made.send(review, cast["ada"], Decision.REJECT, "not like this")
    row = about_document(review)

    shown = client_of(cast["olga"]).get(address(review)).content.decode()
    sent = post(cast["olga"], review, comments=[row.pk])

    assert "Version 2 is rejected; the review opens again with the new one." in shown
    assert sent["Location"] == Generation.objects.get().get_absolute_url()


def test_a_review_that_is_not_there(cast: dict[str, User]) -> None:
    assert client_of(cast["olga"]).get(reverse("runs:review_regenerate", args=[999])).status_code == 404
