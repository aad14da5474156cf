"""What needs one person now, from the library and the factory alike, with how long each thing has waited."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.auth.models import User
from django.db.models import Q
from django.urls import reverse

from fleet_site.access import may
from runs_app.domain.generation import GenerationStatus
from runs_app.models import Alert, Generation
from runs_app.queries.generation_inbox import open_prompts
from skills_app.domain.change_sets.states import ChangeStatus
from skills_app.domain.reviewing.turns import AgeBand, age_band, age_words
from skills_app.models import Notice, PlacementChange, Review
from skills_app.queries.change_branches import branches_missing
from skills_app.queries.reviews_for_queue import Queue, queue_of

MOST_ITEMS = 50


@dataclass(frozen=True, slots=True)
class NeedItem:
    """One thing to do: its kind in a word, what it is, why, where, and since when; ``icon`` is one of the site's icons."""

    kind: str
    icon: str
    title: str
    why: str
    url: str
    since: datetime
    age: str
    band: AgeBand


@dataclass(frozen=True, slots=True)
class Needs:
    """The things that need a person, the longest waiting first, and whether there are more than are shown."""

    items: tuple[NeedItem, ...]
    has_more: bool


def needs_of(user: User, *, now: datetime, today: date) -> Needs:
    """Return reviews whose turn it is, questions of generations, drafts that were made, comments not sent, changes of
    the taxonomy that wait for consent, and notices and alerts not seen yet.

    Twenty things take as many queries as two.
    """
    queue = queue_of(user, now=now, today=today)
    found = [*_reviews(queue), *_unsent(queue), *_questions(user), *_made(user)]
    found += [*_proposals(user), *_notices(user), *_alerts(user)]
    rows = sorted(found, key=lambda row: row[-1])
    items = (NeedItem(*row, age_words(row[-1], now), age_band(row[-1], now)) for row in rows[:MOST_ITEMS])
    return Needs(tuple(items), len(rows) > MOST_ITEMS)


Row = tuple[str, str, str, str, str, datetime]


def _reviews(queue: Queue) -> Iterator[Row]:
    for row in queue.mine:
        title = f"{row.review.skill.name} version {row.review.version.number}"
        why = f"{row.why} {row.reading}"
        yield ("Review", "comment", title, why, row.review.get_absolute_url(), row.since)


def _unsent(queue: Queue) -> Iterator[Row]:
    """Yield reviews with comments that were written and not sent, where nothing else is this person's to do."""
    mine = {row.review.pk for row in queue.mine}
    for row in queue.drafts:
        if row.review.pk in mine or row.drafts_since is None:
            continue
        title = f"{row.review.skill.name} version {row.review.version.number}"
        noun = "comment is" if row.num_drafts == 1 else "comments are"
        why = f"{row.num_drafts} {noun} written and not sent."
        yield ("Drafts", "edit", title, why, row.review.get_absolute_url(), row.drafts_since)


def _questions(user: User) -> Iterator[Row]:
    rows = open_prompts(user=user, may_answer_all=may(user, "answer_prompts"))
    rows = rows.filter(Q(claimed_by__isnull=True) | Q(claimed_by=user)).select_related("generation")
    for prompt in rows.defer("generation__result", "generation__options")[: MOST_ITEMS + 1]:
        title, why = prompt.asked.title, f"Asked by the generation “{prompt.generation.title}”."
        yield ("Question", "info", title, why, prompt.get_absolute_url(), prompt.asked_at)


def _made(user: User) -> Iterator[Row]:
    """Yield the generations of a person that made a draft for which nobody asked a review yet."""
    rows = Generation.objects.filter(requested_by=user, status=GenerationStatus.PENDING_REVIEW)
    rows = rows.exclude(version__in=Review.objects.values("version")).exclude(version=None)
    for row in rows.defer("result", "options")[: MOST_ITEMS + 1]:
        why = "The draft is made. Read it and ask for a review."
        yield ("Draft", "run", row.title, why, row.get_absolute_url(), row.finished_at or row.updated_at)


def _proposals(user: User) -> Iterator[Row]:
    """Yield the proposals of others that wait for the consent of somebody who curates where this person does."""
    rows = PlacementChange.objects.filter(status=ChangeStatus.PROPOSED).exclude(author=user)
    listed = list(rows.defer("effect", "kept", "operations").order_by("proposed_at"))
    missing = branches_missing(listed)
    for row in listed:
        paths = sorted({branch.path for branch in missing[row.pk]})
        mine = [path for path in paths if may(user, "curate", branch=path)]
        if mine:
            names = ", ".join(path or "the top" for path in mine)
            why = f"{row.author_name} asks for your consent, as you curate {names}."
            since = row.proposed_at or row.updated_at
            yield ("Proposal", "taxonomy", str(row), why, row.get_absolute_url(), since)


def _notices(user: User) -> Iterator[Row]:
    rows = Notice.objects.filter(person=user, seen_at=None).select_related("change")
    for row in rows.defer("change__effect", "change__kept", "change__impact")[: MOST_ITEMS + 1]:
        yield ("Change", "taxonomy", row.title, row.text, row.change.get_absolute_url(), row.made_at)


def _alerts(user: User) -> Iterator[Row]:
    """Yield the alerts of a person's own rules that they have not seen."""
    rows = Alert.objects.filter(rule__owner=user, seen_at=None).select_related("rule")
    for row in rows[: MOST_ITEMS + 1]:
        yield ("Alert", "chart", row.rule.name, row.sentence, reverse("trends:alerts"), row.raised_at)
