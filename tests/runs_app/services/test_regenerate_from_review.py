"""From the open comments of a review to a new version under it, with what it does about each of them."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from runs_app.domain.errors import RequestInvalid
from runs_app.domain.generation import GenerationOptions, GenerationStatus
from runs_app.models import Generation
from runs_app.queries.regeneration import review_of_generation
from runs_app.services import advance_generation, wake_workers
from runs_app.services.advance_generations import run_due_generations
from runs_app.services.regenerate_from_review import (
    Regenerated,
    comments_to_meet,
    regenerate_from_review,
)
from runs_app.services.steer_generation import cancel_generation
from skills_app.domain.errors import ReviewEnded, ReviewMoved, ReviewRefused
from skills_app.domain.reviewing.answers import Answer
from skills_app.domain.reviewing.comments import CommentState
from skills_app.domain.reviewing.standing import ReviewStatus
from skills_app.domain.reviewing.verdicts import Decision
from skills_app.models import AuditEntry, Comment, Review, SkillVersion
from skills_app.queries.regenerations import regenerations_of
from skills_app.queries.review_standing import stops_of_version
from skills_app.queries.reviews_for_queue import queue_of
from skills_app.services.compare_comments import compare_comments
from skills_app.services.move_comment import move_comment
from skills_app.services.open_review import end_review, move_review
from tests.runs_app.pipeline.scripted_models import ScriptedModels
from tests.skills_app import review_makers as made
from tests.skills_app.skill_makers import text_file

pytestmark = pytest.mark.django_db(transaction=True)
AUTO = GenerationOptions(is_auto_approved=True)
ASKS = GenerationOptions(checkpoints=())
VAGUE = "The second sentence says too little."
BETTER = "The second sentence now says 42."


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> None:
    """No queue and no record here: the tests do the worker's part themselves."""
    monkeypatch.setattr(wake_workers, "_send", lambda: None)
    monkeypatch.setattr("runs_app.services.record_generation.record_due_generations", lambda: 0)
    monkeypatch.setattr(
        "runs_app.services.advance_generations.is_work_waiting",
        lambda: Generation.objects.due(timezone.now()).exists(),
    )
    settings.DATA_DIR = tmp_path


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> ScriptedModels:
    scripted = ScriptedModels(changes_made=[[]], unaddressed_feedback=[[]])
    monkeypatch.setattr(advance_generation, "ConfiguredModels", lambda *_, **__: scripted)
    return scripted


@pytest.fixture
def version(olga: User) -> SkillVersion:
    return made.draft(author=olga, files=(text_file("scripts/run.py", "print(1)\n"),))


@pytest.fixture
def review(version: SkillVersion, olga: User, ada: User, bea: User) -> Review:
    """A review with a comment of Ada, which blocks, and one of Bea; both are sent."""
    found = made.review(version, olga, ada, bea)
    made.comment(found, ada, "Say how much.", quote=VAGUE, is_blocking=True)
    made.send(found, ada, Decision.REQUEST_CHANGES, "see there")
    made.comment(found, bea, "Is this true?", quote="second item")
    made.send(found, bea)
    return Review.objects.get(pk=found.pk)


def ids(review: Review) -> list[int]:
    return list(review.comments.filter(thread=None).order_by("pk").values_list("pk", flat=True))


def ask(review: Review, user: User, options: GenerationOptions = AUTO, **fields: Any) -> Regenerated:
    usual = {"comment_ids": ids(review), "seen_number": 2}
    return regenerate_from_review(review=review, options=options, user=user, **usual | fields)


def work(generation: Generation) -> Generation:
    run_due_generations()
    return Generation.objects.select_related("version__skill").get(pk=generation.pk)


def written(models: ScriptedModels, version: SkillVersion, old: str = VAGUE, new: str = BETTER) -> None:
    """Let the model change the document in one place."""
    models.engine.fields["refined_content"] = [version.content.replace(old, new)]


def test_two_comments_become_a_version_that_meets_one_and_not_the_other(
    models: ScriptedModels, review: Review, version: SkillVersion, olga: User, ada: User, bea: User
) -> None:
    written(models, version)
    first, second = ids(review)
    models.engine.fields["unaddressed_feedback"] = [[f"[C{second}] No source is known."]]

    generation = work(ask(review, olga).generation)

    assert generation.status == GenerationStatus.COMPLETED, generation.message
    new = generation.version
    assert new is not None
    assert new.content == version.content.replace(VAGUE, BETTER)
    assert (new.number, new.parent_id) == (3, version.pk)
    assert list(new.files.values_list("path", flat=True)) == ["scripts/run.py"]
    review.refresh_from_db()
    assert (review.version_id, review.status) == (new.pk, ReviewStatus.OPEN)
    rows = compare_comments(base=version, head=new).rows
    assert [(row.comment.pk, row.answered.answer) for row in rows] == [
        (first, Answer.MET),
        (second, Answer.NOT_MET),
    ]
    assert (rows[0].answered.before, rows[0].answered.passage) == (VAGUE, BETTER)
    assert [one.body for one in rows[1].sayings] == ["Not met: No source is known."]
    assert rows[0].sayings == ()
    assert all(row.is_open for row in rows)
    mine = queue_of(ada, now=timezone.now(), today=timezone.localdate()).mine
    assert [row.why for row in mine] == [
        "Your blocking comment is older than this version. Say whether it is met now."
    ]
    assert not queue_of(olga, now=timezone.now(), today=timezone.localdate()).mine


def test_only_the_commenter_or_a_manager_closes_what_was_made_and_it_is_opened_again(
    models: ScriptedModels, review: Review, version: SkillVersion, olga: User, ada: User, bea: User
) -> None:
    written(models, version)
    work(ask(review, olga).generation)
    blocking = Comment.objects.get(author=ada, thread=None)
    move = {"comment": blocking, "now": made.NOON, "today": made.TODAY}

    for other in (olga, bea):
        with pytest.raises(ReviewRefused):
            move_comment(state=CommentState.FIXED, actor=other, **move)  # type: ignore[arg-type]
    move_comment(state=CommentState.FIXED, actor=ada, **move)  # type: ignore[arg-type]
    move_comment(state=CommentState.OPEN, actor=ada, **move)  # type: ignore[arg-type]

    blocking.refresh_from_db()
    assert blocking.state == CommentState.OPEN


def test_whoever_asks_is_a_maker_and_earlier_verdicts_are_stale(
    models: ScriptedModels, review: Review, version: SkillVersion, bea: User
) -> None:
    written(models, version)

    work(ask(review, bea).generation)
    sent = made.send(review, bea, Decision.APPROVE)

    assert review.makers.filter(pk=bea.pk).exists()
    assert sent.standing.num_approvals == 0
    assert sent.standing.status is ReviewStatus.OPEN


def test_the_form_sent_twice_makes_one_generation(
    models: ScriptedModels, review: Review, version: SkillVersion, olga: User, ada: User
) -> None:
    written(models, version)
    first = ask(review, olga)
    again = ask(review, ada)
    work(first.generation)
    late = ask(review, olga)

    assert first.is_new
    assert {again.generation.pk, late.generation.pk} == {first.generation.pk}
    assert not again.is_new
    assert not late.is_new
    assert Generation.objects.count() == 1


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite in memory has one writer; PostgreSQL has many"
)
def test_the_form_sent_four_times_at_the_same_moment_makes_one_generation(review: Review, olga: User) -> None:
    start = threading.Barrier(4)

    def send(_number: int) -> bool:
        start.wait()
        try:
            return ask(review, olga).is_new
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        told = sorted(pool.map(send, range(4)))

    assert told == [False, False, False, True]
    assert Generation.objects.count() == 1


def test_a_second_generation_is_asked_for_knowingly(
    models: ScriptedModels, review: Review, version: SkillVersion, olga: User
) -> None:
    first = ask(review, olga).generation
    cancel_generation(generation=first, user=olga)

    second = ask(review, olga, seen_last=first.key)

    assert second.is_new
    assert [one.status for one in regenerations_of(review)] == ["pending", "cancelled"]


def test_the_request_holds_the_chosen_comments_and_what_the_person_adds(
    models: ScriptedModels, review: Review, version: SkillVersion, olga: User
) -> None:
    written(models, version)
    first, second = ids(review)

    generation = work(ask(review, olga, comment_ids=[first], instruction="Keep it short.").generation)

    assert "Keep it short." in generation.task
    prompt = models.engine.prompts[models.engine.calls.index("refined_content")]
    assert f"[C{first}]" in prompt
    assert f"[C{second}]" not in prompt
    assert "Keep it short." in prompt
    found = review_of_generation(generation)
    assert found is not None
    assert (found.number, found.comment_numbers, found.is_carried) == (review.pk, (first,), True)
    assert AuditEntry.objects.filter(verb="regenerated_from_review", actor=olga).count() == 1


def test_a_rejected_review_is_regenerated_and_opens_again_with_its_comments(
    models: ScriptedModels, review: Review, version: SkillVersion, olga: User, bea: User
) -> None:
    written(models, version)
    made.send(review, bea, Decision.REJECT, "not like this")
    review.refresh_from_db()
    assert review.status == ReviewStatus.REJECTED

    generation = work(ask(review, olga).generation)

    new = generation.version
    assert new is not None
    review.refresh_from_db()
    assert (review.version_id, review.status) == (new.pk, ReviewStatus.OPEN)
    rows = compare_comments(base=version, head=new).rows
    assert [row.answered.answer for row in rows] == [Answer.MET, Answer.NOT_MET]
    assert [stop.kind for stop in stops_of_version(made.version_of(version.pk), today=made.TODAY)]


def close_all(review: Review, _version: SkillVersion, _olga: User) -> None:
    review.comments.update(state=CommentState.FIXED)


def end(review: Review, _version: SkillVersion, olga: User) -> None:
    end_review(review=review, actor=olga, status=ReviewStatus.WITHDRAWN, reason="no", now=made.NOON)


def go_on(review: Review, version: SkillVersion, olga: User) -> None:
    other = made.next_draft(version, "Other words.", olga)
    move_review(review=review, version=other, actor=olga, now=made.NOON, today=made.TODAY)


@pytest.mark.parametrize(
    ("before", "error", "words"),
    [
        (close_all, ReviewRefused, "No comment of this review is open"),
        (end, ReviewEnded, "withdrawn"),
        (go_on, ReviewMoved, "took the place of version 2"),
    ],
)
def test_what_changed_meanwhile_is_said_and_nothing_is_asked_for(
    review: Review, version: SkillVersion, olga: User, before: Any, error: type[Exception], words: str
) -> None:
    before(review, version, olga)

    with pytest.raises(error, match=words):
        ask(review, olga)

    assert not Generation.objects.exists()


def test_a_comment_on_a_file_is_met_in_that_file_and_all_others_stay(
    models: ScriptedModels, review: Review, version: SkillVersion, olga: User, ada: User
) -> None:
    made.comment(review, ada, "Print two.", file="scripts/run.py", quote="print(1)")
    made.send(review, ada)
    first, second, third = ids(review)
    models.engine.fields["refined_content"] = [version.content.replace(VAGUE, BETTER), "print(2)\n"]
    models.engine.fields["changes_made"] = [[f"[C{first}] A number."], [f"[C{third}] Two."]]

    generation = work(ask(review, olga).generation)

    new = generation.version
    assert new is not None, generation.message
    assert new.content == version.content.replace(VAGUE, BETTER)
    file = new.files.get()
    assert (file.path, file.text, file.size_bytes) == ("scripts/run.py", "print(2)\n", 9)
    assert version.files.get().text == "print(1)\n"
    rows = compare_comments(base=version, head=new).rows
    assert [row.answered.answer for row in rows] == [Answer.MET, Answer.NOT_MET, Answer.MET]
    assert (rows[2].answered.before, rows[2].answered.passage) == ("print(1)", "print(2)")
    assert [one.body for one in rows[2].sayings] == ["Changed: Two."]


def test_comments_on_files_alone_leave_the_document_as_it_is(
    models: ScriptedModels, review: Review, version: SkillVersion, olga: User, ada: User
) -> None:
    made.comment(review, ada, "Print two.", file="scripts/run.py")
    made.send(review, ada)
    models.engine.fields["refined_content"] = ["print(2)\n"]

    generation = work(ask(review, olga, comment_ids=[ids(review)[-1]]).generation)

    assert generation.version is not None, generation.message
    assert generation.version.content == version.content
    assert generation.version.files.get().text == "print(2)\n"


def test_the_rehearsal_leaves_a_script_as_it_is_and_says_that_the_comment_is_not_met(
    review: Review, version: SkillVersion, olga: User, ada: User
) -> None:
    made.comment(review, ada, "Print two.", file="scripts/run.py")
    made.send(review, ada)

    generation = work(ask(review, olga).generation)

    assert generation.version is not None
    assert generation.version.files.get().text == "print(1)\n"
    last = compare_comments(base=version, head=generation.version).rows[-1]
    assert last.answered.answer is Answer.NOT_MET
    assert [one.body for one in last.sayings] == ["Not met: scripts/run.py came back as it was."]


def test_comments_on_files_that_are_no_text_and_those_of_another_review_do_not_go_in(
    review: Review, version: SkillVersion, olga: User, ada: User
) -> None:
    made.comment(review, ada, "Why this?", file="scripts/run.py")
    made.send(review, ada)
    version.files.update(text=None)
    other = made.review(made.draft("tools/two", author=olga), olga, ada)
    made.comment(other, ada, "Elsewhere.")
    made.send(other, ada)

    able, left_out = comments_to_meet(review=review)
    assert [row.pk for row in able] == ids(review)[:2]
    assert [(one.comment.pk, one.reason) for one in left_out] == [(ids(review)[2], "it is no text")]
    with pytest.raises(ReviewRefused, match="Choose at least one"):
        ask(review, olga, comment_ids=[ids(review)[-1], *ids(other)])


def test_a_file_that_is_too_long_or_gone_is_left_out_with_the_reason(
    review: Review, version: SkillVersion, ada: User
) -> None:
    made.comment(review, ada, "Why this?", file="scripts/run.py")
    made.send(review, ada)
    version.files.update(text="x" * 60_001)
    assert "60,001 characters" in comments_to_meet(review=review)[1][0].reason
    version.files.all().delete()
    assert comments_to_meet(review=review)[1][0].reason == "it is not in this version"


def test_too_much_is_refused(review: Review, olga: User) -> None:
    with pytest.raises(RequestInvalid, match="at most 4,000"):
        ask(review, olga, instruction="x" * 4_001)
    assert not Generation.objects.exists()


@pytest.mark.parametrize("meanwhile", [end, go_on])
def test_a_review_that_ended_or_went_on_meanwhile_is_left_alone(
    models: ScriptedModels, review: Review, version: SkillVersion, olga: User, meanwhile: Any
) -> None:
    written(models, version)
    generation = ask(review, olga, ASKS).generation
    meanwhile(review, version, olga)
    review.refresh_from_db()
    before = (review.version_id, review.status)

    generation = work(generation)

    review.refresh_from_db()
    assert (review.version_id, review.status) == before
    assert generation.status == GenerationStatus.PENDING_REVIEW
    assert generation.version is not None
    found = review_of_generation(generation)
    assert found is not None
    assert not found.is_carried
    assert not Comment.objects.filter(author=None).exists()


def test_a_text_that_came_out_as_it_was_makes_no_version(
    models: ScriptedModels, review: Review, version: SkillVersion, olga: User
) -> None:
    models.engine.fields["refined_content"] = [version.content]

    generation = work(ask(review, olga, ASKS).generation)

    assert generation.version_id == version.pk
    assert SkillVersion.objects.filter(skill=version.skill_id).count() == 2
    review.refresh_from_db()
    assert review.version_id == version.pk
    found = review_of_generation(generation)
    assert found is not None
    assert found.compare_query == ""


def test_the_rehearsal_meets_a_suggested_edit_and_no_other_comment(
    review: Review, version: SkillVersion, olga: User, ada: User
) -> None:
    made.comment(review, ada, "Better so.", quote="first item", suggestion="first thing")
    made.send(review, ada)

    generation = work(ask(review, olga).generation)

    assert generation.is_rehearsal
    new = generation.version
    assert new is not None
    answers = [row.answered.answer for row in compare_comments(base=version, head=new).rows]
    assert answers == [Answer.NOT_MET, Answer.PARTLY, Answer.MET]
    # Whoever suggested words that were taken over made the version too, and so did who asked.
    assert set(review.makers.values_list("username", flat=True)) == {"olga", "ada"}
