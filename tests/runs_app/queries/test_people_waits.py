"""Waits of reviews and questions, against hand-made rows."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from runs_app.domain.trends.change import Called
from runs_app.domain.trends.trend_filter import parse_trend_filter
from runs_app.models import Experiment, Generation, HumanPrompt, Run, RunParam, Source, VersionStanding
from runs_app.queries.people_waits import waits_of
from skills_app.models import Review, Skill, SkillVersion, Verdict
from tests.skills_app import skill_makers as make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 18, 12, tzinfo=timezone.get_default_timezone())
DAYS = timedelta(days=1)


def review(version: SkillVersion, opened: datetime, *verdicts: tuple[str, datetime, bool]) -> Review:
    made = Review.objects.create(
        skill=version.skill, version=version, opened_at=opened, version_at=opened, tier="low", num_needed=1
    )
    for decision, given, is_undone in verdicts:
        Verdict.objects.create(
            review=made,
            version=version,
            decision=decision,
            binding={},
            given_at=given,
            undone_at=given if is_undone else None,
        )
        made.status = "closed"
    made.save()
    return made


def waits(**parameters: str) -> Any:
    return waits_of(parse_trend_filter(parameters, today=NOW.date()), now=NOW)


def test_the_time_to_a_first_verdict_is_the_median_and_undone_ones_do_not_count() -> None:
    for number, days in enumerate((1, 2, 6)):
        version = make.skill(f"web/skill-{number}").current_version
        opened = NOW - 10 * DAYS
        review(
            version,
            opened,
            ("approve", opened + timedelta(hours=1), True),
            ("request_changes", opened + days * DAYS, False),
            ("approve", opened + 9 * DAYS, False),
        )
    review(make.skill("data/old").current_version, NOW - 60 * DAYS, ("approve", NOW - 50 * DAYS, False))

    found = waits()

    assert (found.decided.num_now, found.decided.now, found.decided.called) == (3, 2.0, Called.TOO_FEW)
    assert (found.decided.num_before, found.decided.before) == (1, 10.0)
    assert waits(branch="data").decided.num_now == 0
    assert waits(branch="web").decided.num_now == 3


def test_the_queue_has_an_age() -> None:
    review(make.skill("web/one").current_version, NOW - 3 * DAYS)
    review(make.skill("web/two").current_version, NOW - 1 * DAYS)

    found = waits()

    assert (found.queue.num_now, found.queue.now, found.oldest_days) == (2, 2.0, 3.0)
    assert (found.queue.num_before, found.oldest_days_before) == (0, None)


def test_the_queue_of_the_day_when_the_period_began_is_told_from_what_happened_since() -> None:
    begun = NOW.replace(hour=0) - 27 * DAYS

    def one(name: str, *verdicts: tuple[str, datetime, bool], **fields: Any) -> Review:
        made = review(make.skill(f"web/{name}").current_version, begun - 4 * DAYS, *verdicts)
        Review.objects.filter(pk=made.pk).update(**fields)
        return made

    after, earlier = begun + DAYS, begun - DAYS
    one("still-open", status="open", version_at=begun - 3 * DAYS)
    one("decided-since", ("approve", after, False), status="approved", decided_at=after)
    one("decided-before", ("approve", earlier, False), status="approved", decided_at=earlier)
    one("taken-back", ("reject", earlier, True), status="rejected", decided_at=after)
    one("one-of-two", ("approve", earlier, False), status="approved", decided_at=after, num_needed=2)
    one("held-up", ("request_changes", earlier, False), status="approved", decided_at=after)
    changed_mind = ("request_changes", earlier - DAYS, False), ("approve", earlier, False)
    one("changed-mind", *changed_mind, status="closed", decided_at=after, num_needed=2)
    one("moved-since", ("reject", earlier - DAYS, False), status="open", decided_at=after, version_at=after)
    other = one("other-version", ("reject", earlier - DAYS, False), status="closed", decided_at=after)
    newer = make.next_version(other.skill, "Newer.").current_version
    Review.objects.filter(pk=other.pk).update(version=newer, version_at=earlier)
    review(make.skill("web/later").current_version, after)

    found = waits()

    # Open then: still-open, decided-since, taken-back, one-of-two, changed-mind, other-version.
    assert found.queue.num_before == 6
    assert found.queue.before == 4.0
    assert found.oldest_days_before == 4.0
    assert found.queue.num_now == 3


def test_a_shorter_wait_is_better_only_beyond_its_interval() -> None:
    for number in range(12):
        for name, opened, days in (("new", NOW - 20 * DAYS, 1), ("old", NOW - 50 * DAYS, 9)):
            version = make.skill(f"web/{name}-{number}").current_version
            review(version, opened, ("approve", opened + (days + number / 10) * DAYS, False))

    found = waits().decided

    assert (found.called, found.num_now, found.num_before) == (Called.BETTER, 12, 12)
    assert found.interval is not None
    assert found.interval[1] < -7


def test_questions_are_counted_by_kind_with_their_wait_and_what_they_changed() -> None:
    generation = Generation.objects.create(task="a task", model="m", queued_at=NOW)
    rows = [
        ("confirm", 10, "proceed"),
        ("confirm", 30, "revise"),
        ("confirm", None, ""),
        ("clarify", 50, "proceed"),
    ]
    for number, (kind, seconds, action) in enumerate(rows):
        asked = NOW - 2 * DAYS
        HumanPrompt.objects.create(
            generation=generation,
            key=f"p{number}",
            step="s",
            phase="understand",
            kind=kind,
            prompt={},
            asked_at=asked,
            answered_at=asked + timedelta(seconds=seconds) if seconds else None,
            answer={"action": action} if action else {},
            state="answered" if seconds else "open",
        )

    clarify, confirm = waits().questions

    assert (confirm.kind, confirm.num_asked, confirm.num_answered) == ("confirm", 3, 2)
    assert (confirm.wait.now, confirm.num_changed, confirm.num_changed_before) == (20.0, 1, 0)
    assert (clarify.num_asked, clarify.num_changed, clarify.changed.num_now) == (1, 0, 0)


@pytest.mark.parametrize(
    ("action", "questions", "values", "changed"),
    [
        ("proceed", [("q1", "yes")], {"q1": True}, (0, 1)),
        ("proceed", [("q1", "yes")], {"q1": "no"}, (1, 1)),
        ("proceed", [("q1", "New people"), ("q2", "")], {"q1": "new people ", "q2": "anything"}, (0, 1)),
        ("proceed", [("q1", "a, b")], {"q1": ["a", "b"]}, (0, 1)),
        ("proceed", [("q1", "a"), ("q2", "b")], {"q1": "a", "q2": "other", "q2.other": "c"}, (1, 1)),
        ("proceed", [("q1", "a")], {}, (0, 1)),
        ("proceed", [("q1", "")], {"q1": "b"}, (0, 0)),
        ("cancel", [("q1", "")], {}, (1, 1)),
    ],
)
def test_a_clarifying_answer_counts_by_what_would_have_been_taken_without_it(
    action: str, questions: list[tuple[str, str]], values: dict[str, object], changed: tuple[int, int]
) -> None:
    generation = Generation.objects.create(task="a task", model="m", queued_at=NOW)
    HumanPrompt.objects.create(
        generation=generation,
        key="p",
        step="s",
        phase="understand",
        kind="clarify",
        prompt={"questions": [{"key": key, "assumed": assumed} for key, assumed in questions]},
        asked_at=NOW - 2 * DAYS,
        answered_at=NOW - DAYS,
        answer={"action": action, "values": values},
        state="answered",
    )

    (found,) = waits().questions

    assert (found.num_changed, found.changed.num_now) == changed


def ask(generation: Generation, number: int, asked: datetime, action: str) -> None:
    HumanPrompt.objects.create(
        generation=generation,
        key=f"q{number}",
        step="s",
        phase="understand",
        kind="preview",
        prompt={},
        asked_at=asked,
        answered_at=asked + timedelta(minutes=1),
        answer={"action": action},
        state="answered",
    )


def test_answers_that_change_the_way_more_often_are_neither_better_nor_worse() -> None:
    generation = Generation.objects.create(task="a task", model="m", queued_at=NOW)
    for number in range(20):
        ask(generation, number, NOW - 2 * DAYS, "revise" if number else "proceed")
        ask(generation, 100 + number, NOW - 40 * DAYS, "proceed" if number else "revise")

    (found,) = waits().questions

    assert (found.num_asked, found.num_asked_before, found.num_answered_before) == (20, 20, 20)
    assert (found.changed.called, found.changed.now, found.changed.before) == (Called.MORE, 0.95, 0.05)
    assert found.wait.called is Called.NO_EVIDENCE


@pytest.mark.parametrize(
    "narrow",
    [
        {"model": "small"},
        {"author": "ada"},
        {"type": "tool"},
        {"branch": "web"},
        {"program": "creator 2"},
        {"model": "small", "program": "creator 2"},
    ],
)
def test_questions_follow_every_choice_of_the_page(narrow: dict[str, str]) -> None:
    source = Source.objects.create(name="s", kind="mlruns_folder", address="/nowhere")
    experiment = Experiment.objects.create(source=source, experiment_id="1", name="e")
    for number, (model, who, path, kind, program) in enumerate(
        (("small", "ada", "web/a", "tool", "2"), ("large", "ben", "data/b", "technical", "3"))
    ):
        skill = make.skill(path)
        Skill.objects.filter(pk=skill.pk).update(skill_type=kind)
        run = Run.objects.create(
            run_id=f"r{number}", kind="generation", source=source, experiment=experiment, synced_at=NOW
        )
        for key, value in (("program", "creator"), ("program_version", program)):
            RunParam.objects.create(run=run, key=key, value=value)
        generation = Generation.objects.create(
            task="t", model=model, requested_by_name=who, skill=skill, run_id=run.run_id, queued_at=NOW
        )
        for place in range(number + 1):
            ask(generation, place, NOW - DAYS, "proceed")

    (whole,), (found,) = waits().questions, waits(**narrow).questions

    assert (whole.num_asked, found.num_asked) == (3, 1)
    assert waits(model="large", program="creator 2").questions == ()


def test_reviews_follow_every_choice_of_the_page() -> None:
    skills = [make.skill("web/a"), make.skill("data/b")]
    for skill, model, kind in zip(skills, ("small", "large"), ("tool", "technical"), strict=True):
        Skill.objects.filter(pk=skill.pk).update(skill_type=kind)
        version = skill.current_version
        SkillVersion.objects.filter(pk=version.pk).update(author_name=model)
        VersionStanding.objects.create(
            version=version,
            skill=skill,
            number=1,
            day=NOW.date(),
            model=model,
            program=f"program {model}",
            branch=skill.path.partition("/")[0],
            type=kind,
            author=model,
        )
        review(version, NOW - DAYS)

    for narrow in (
        {"model": "small"},
        {"program": "program small"},
        {"author": "small"},
        {"type": "tool"},
        {"branch": "web"},
    ):
        assert waits(**narrow).queue.num_now == 1, narrow
    assert waits().queue.num_now == 2
