"""Whom a model streams for: what pages note, and what the worker makes of it."""

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone

from runs_app.domain.generation import GenerationStatus
from runs_app.domain.prompts import PromptKind
from runs_app.models import Generation
from runs_app.services.advance_generations import Shift, _look_at_rows
from runs_app.services.answer_prompt import answer_prompt
from runs_app.services.generation_store import GenerationLease
from runs_app.services.steer_generation import retry_generation
from runs_app.services.watch_generations import NOTE_AGAIN_SECONDS, WATCH_SECONDS, note_watched
from tests.runs_app.generation_makers import generation, person, prompt

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_is_watched_is_noted_once_until_it_is_due_again() -> None:
    row = generation(status=GenerationStatus.RUNNING)

    assert [note_watched([row.pk]), note_watched([row.pk])] == [1, 0]

    aged = timezone.now() + timedelta(seconds=WATCH_SECONDS - NOTE_AGAIN_SECONDS - 1)
    Generation.objects.update(watched_until=aged)
    assert note_watched([row.pk]) == 1


def test_what_is_over_is_not_noted() -> None:
    row = generation(status=GenerationStatus.COMPLETED)

    assert note_watched([row.pk]) == 0
    row.refresh_from_db()
    assert row.watched_until is None


def test_a_database_that_takes_nothing_only_costs_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    row = generation(status=GenerationStatus.RUNNING)

    def refuse(*_: object, **__: object) -> int:
        raise DatabaseError("disk full")

    monkeypatch.setattr(QuerySet, "update", refuse)
    assert note_watched([row.pk]) == 0


@pytest.mark.parametrize("address", ["", "progress/?after=0"])
def test_the_page_and_its_part_note_who_looks(client: Client, address: str) -> None:
    row = generation(status=GenerationStatus.RUNNING)
    client.force_login(person("dan", "reader"))

    client.get(f"{row.get_absolute_url()}{address}", headers={"HX-Request": "true"} if address else {})

    row.refresh_from_db()
    assert row.watched_until is not None


def test_who_retries_is_taken_to_look_on() -> None:
    row = generation(status=GenerationStatus.FAILED)

    retry_generation(generation=row)

    row.refresh_from_db()
    assert row.watched_until is not None
    assert row.watched_until > timezone.now()


def test_who_answers_is_taken_to_look_on() -> None:
    asked = prompt(generation(), PromptKind.CONFIRM)

    answer_prompt(prompt=asked, given={"action": "proceed"})

    row = Generation.objects.get()
    assert (row.status, row.watched_until is not None) == (GenerationStatus.PENDING, True)


def test_the_worker_knows_who_is_watched_among_those_it_takes_and_those_it_has() -> None:
    now = timezone.now()
    mine = generation(
        status=GenerationStatus.RUNNING, lease_owner="me", watched_until=now + timedelta(minutes=1)
    )
    left = generation(
        status=GenerationStatus.RUNNING, lease_owner="me", watched_until=now - timedelta(seconds=1)
    )
    new = generation(status=GenerationStatus.PENDING, watched_until=now + timedelta(minutes=1))
    held = {row.pk: GenerationLease(row.pk, "me") for row in (mine, left)}

    claimed, unwanted, watched = _look_at_rows(held=held, free=2)

    assert [lease.generation_id for lease in claimed] == [new.pk]
    assert (unwanted, watched) == ({}, {mine.pk, new.pk})
    shift = Shift(limit=1)
    shift._watched = watched
    assert (shift._is_watched(mine.pk), shift._is_watched(left.pk)) == (True, False)
