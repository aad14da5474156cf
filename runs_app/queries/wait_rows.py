"""The reviews and questions behind the figures of waiting for people, exactly those that the figures count."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.utils import timezone

from runs_app.domain.trends.row_choice import QuestionChoice, ReviewChoice
from runs_app.domain.trends.trend_filter import TrendFilter
from runs_app.models import HumanPrompt
from runs_app.queries.open_reviews import open_at, open_now
from runs_app.queries.people_waits import (
    decided_between,
    questions_asked,
    reviews_of,
)
from runs_app.queries.trend_facts import bounds_of
from skills_app.models import Review


@dataclass(frozen=True, slots=True)
class WaitedReview:
    """A review that waited from ``since`` to ``until``, the moment of its first verdict, of the list, or of the period's start."""

    review: Review
    since: datetime
    until: datetime

    @property
    def days(self) -> float:
        """How long that is."""
        return (self.until - self.since).total_seconds() / 86_400


class ReviewRows:
    """The reviews of a filter for a paginator: those decided, the latest first, or those that wait, the longest first."""

    def __init__(self, chosen: TrendFilter, choice: ReviewChoice) -> None:
        self._chosen = chosen
        self._wait = choice.wait

    @cached_property
    def _found(self) -> list[tuple[int, datetime, datetime]]:
        reviews = reviews_of(self._chosen)
        begun, after = bounds_of(self._chosen.period.first)[0], bounds_of(self._chosen.period.last)[1]
        if self._wait == "decided":
            rows = decided_between(reviews, begun, after).order_by("-decided", "-pk")
            return list(rows.values_list("pk", "opened_at", "decided"))
        now = timezone.now()
        moment = {"began": begun, "ended": min(after, now)}.get(self._wait, now)
        waiting = open_at(reviews, moment) if moment < now else open_now(reviews)
        return [(pk, since, moment) for pk, since in sorted(waiting, key=lambda one: (one[1], one[0]))]

    def count(self) -> int:
        """Return how many there are."""
        return len(self._found)

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, wanted: slice) -> list[WaitedReview]:
        """Return the rows from ``wanted.start`` up to ``wanted.stop``."""
        part = self._found[wanted]
        rows = Review.objects.select_related("version__skill").defer("version__content")
        by_pk = rows.in_bulk([pk for pk, _, _ in part])
        return [WaitedReview(by_pk[pk], since, until) for pk, since, until in part if pk in by_pk]


class QuestionRows:
    """The questions that were asked in a filter's days, for a paginator, the newest first."""

    def __init__(self, chosen: TrendFilter, choice: QuestionChoice) -> None:
        self._chosen = chosen
        self._choice = choice

    @cached_property
    def _pks(self) -> Sequence[int]:
        first, after = bounds_of(self._chosen.period.first)[0], bounds_of(self._chosen.period.last)[1]
        answer = self._choice.answer
        found = [
            (one.asked_at, one.pk)
            for one in questions_asked(self._chosen, first, after, kind=self._choice.kind)
            if not answer
            or (answer == "answered" and one.answered_at is not None)
            or (answer == "known" and one.has_changed is not None)
            or (answer == "changed" and one.has_changed)
        ]
        return [pk for _, pk in sorted(found, reverse=True)]

    def count(self) -> int:
        """Return how many there are."""
        return len(self._pks)

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, wanted: slice) -> list[HumanPrompt]:
        """Return the rows from ``wanted.start`` up to ``wanted.stop``."""
        part = self._pks[wanted]
        by_pk = HumanPrompt.objects.select_related("generation").in_bulk(part)
        return [by_pk[pk] for pk in part if pk in by_pk]
