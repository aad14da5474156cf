"""The queue of one person: my turn, waiting for others, drafts, done; and what needs them now."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from django.contrib.auth.models import User
from django.db.models import F, Prefetch, Q

from skills_app.domain.documents import parse_document
from skills_app.domain.reviewing.comments import CommentState
from skills_app.domain.reviewing.parts import parts_of, parts_sentence
from skills_app.domain.reviewing.standing import LIVE, ReviewStatus, Standing, Vote, standing_of
from skills_app.domain.reviewing.turns import (
    AgeBand,
    BlockElsewhere,
    Situation,
    Turn,
    age_band,
    age_words,
    turns_of,
)
from skills_app.domain.reviewing.verdicts import Binding, Decision, binding_from_data, stale_reason
from skills_app.models import (
    Comment,
    Review,
    ReviewRequest,
    SectionViewed,
    SkillFile,
    SkillVersion,
    Verdict,
)
from skills_app.models.reviews import ReviewQuerySet
from skills_app.queries.gate_of_version import GateView
from skills_app.queries.open_blocks import open_blocks
from skills_app.queries.promoters import Promoters, branch_of_review, promoters
from skills_app.queries.review_grounds import grounds_of
from skills_app.queries.review_standing import Ground

MOST_SHOWN = 100


class Shelf(StrEnum):
    """The parts of the queue."""

    MINE = "mine"
    WAITING = "waiting"
    DRAFTS = "drafts"
    DONE = "done"


SHELF_LABELS = {
    Shelf.MINE: "My turn",
    Shelf.WAITING: "Waiting for others",
    Shelf.DRAFTS: "Drafts",
    Shelf.DONE: "Done",
}


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A review in the queue: how it stands, whose turn it is, the age of that turn, and what is left to read.

    ``why`` and ``age`` are of this person's turn on the shelf "my turn", else of whoever waits longest.
    """

    review: Review
    standing: Standing
    turns: tuple[Turn, ...]
    why: str
    since: datetime
    age: str
    band: AgeBand
    num_drafts: int
    reading: str = ""
    drafts_since: datetime | None = None
    claimed_by: str = ""

    @property
    def waits_for(self) -> str:
        """The names of those whose turn it is."""
        return ", ".join(turn.person for turn in self.turns)


@dataclass(frozen=True, slots=True)
class Queue:
    """Four shelves of one person's reviews."""

    shelves: dict[Shelf, tuple[QueueRow, ...]]

    @property
    def mine(self) -> tuple[QueueRow, ...]:
        """What needs this person, the oldest first."""
        return self.shelves[Shelf.MINE]

    @property
    def drafts(self) -> tuple[QueueRow, ...]:
        """The reviews with comments that this person did not send."""
        return self.shelves[Shelf.DRAFTS]


def queue_of(user: User, *, now: datetime, today: date) -> Queue:
    """Return the queue of a person, each shelf at most 100 rows; the number of queries is the same for any number of rows."""
    name = user.get_username()
    who = promoters()
    rows = list(_involving(user).live()[: 4 * MOST_SHOWN])
    others = {row.pk: row for row in _approved_without(user, who, {row.pk for row in rows})}
    rows += others.values()
    grounds = grounds_of([row.version for row in rows if _verdicts(row)], today=today)
    blocks = open_blocks([(row.version, row) for row in rows])
    shelves: dict[Shelf, list[QueueRow]] = {shelf: [] for shelf in Shelf}
    for review, open_ones in zip(rows, blocks, strict=True):
        row = _row(review, grounds.get(review.version_id), open_ones, user, now, who)
        shelf = Shelf.MINE if any(turn.person == name for turn in row.turns) else Shelf.WAITING
        if shelf is Shelf.WAITING and review.pk in others:
            continue
        shelves[shelf].append(row)
        if row.num_drafts:
            shelves[Shelf.DRAFTS].append(row)
    shelves[Shelf.MINE] = _with_reading(
        sorted(shelves[Shelf.MINE], key=lambda row: row.since)[:MOST_SHOWN], user
    )
    shelves[Shelf.WAITING].sort(key=lambda row: row.since)
    ended = _involving(user).exclude(status__in=LIVE).order_by(F("decided_at").desc(nulls_last=True), "-pk")
    done = ended[:MOST_SHOWN]
    shelves[Shelf.DONE] = [_ended(review, user, now) for review in done]
    unsent = Comment.objects.filter(author=user, sent_at=None).values("review")
    shelves[Shelf.DRAFTS] += [
        _ended(review, user, now) for review in ended.filter(pk__in=unsent)[:MOST_SHOWN]
    ]
    return Queue({shelf: tuple(found[:MOST_SHOWN]) for shelf, found in shelves.items()})


def situation_of(
    review: Review,
    standing: Standing,
    who: Promoters,
    *,
    blocks: Sequence[Comment] = (),
    gate: GateView | None = None,
) -> Situation:
    """Return what decides whose turn it is, from a review that ``fetched_reviews`` brought.

    ``blocks`` are the open comments that block its version, as ``open_blocks`` gave them; ``gate`` is what the gate says.
    """
    blocking = [
        row
        for row in _comments(review)
        if row.is_blocking and row.state == CommentState.OPEN and row.sent_at and row.thread_id is None
    ]
    earlier = [row for row in blocking if _is_earlier(row, review)]
    owners = [user.get_username() for user in review.makers.all()]
    if review.opened_by is not None:
        owners.append(review.opened_by.get_username())
    return Situation(
        status=ReviewStatus(review.status),
        standing=standing,
        asked={row.reviewer.get_username(): row.asked_at for row in review.requests.all()},
        owners=owners,
        changed_at=review.version_at,
        decided_at=review.decided_at,
        blocked_at=min((row.sent_at for row in blocking if row.sent_at and row not in earlier), default=None),
        closers=[row.author_name for row in earlier],
        promoters=who.in_turn(branch_of_review(review), owners),
        elsewhere=[
            BlockElsewhere(row.review_id, row.author_name if row.author_id else "")
            for row in blocks
            if row.review_id != review.pk
        ],
        unmet=[one.sentence for one in gate.blocking] if gate else (),
    )


def _is_earlier(row: Comment, review: Review) -> bool:
    """Say whether a comment was sent on another version before this one was under review, by somebody who is still here."""
    is_older = row.sent_at is not None and row.sent_at <= review.version_at
    return row.author_id is not None and row.version_id != review.version_id and is_older


def fetched_reviews(user: User) -> ReviewQuerySet:
    """Return reviews with what the queue and a review's page read: people, counting verdicts, and the comments that matter."""
    matters = Q(is_blocking=True, state=CommentState.OPEN) | Q(author=user, sent_at=None)
    verdicts = Verdict.objects.filter(undone_at=None).order_by("given_at", "pk")
    return (
        Review.objects.select_related("skill", "version__skill__category", "opened_by", "claimed_by")
        .defer("version__content", "version__front_matter", "version__metadata")
        .prefetch_related(
            "requests__reviewer",
            "makers",
            # Under names of their own: a filtered prefetch would narrow every later read of the relation.
            Prefetch("verdicts", queryset=verdicts, to_attr="fetched_verdicts"),
            Prefetch("comments", queryset=Comment.objects.filter(matters), to_attr="fetched_comments"),
        )
    )


def _involving(user: User) -> ReviewQuerySet:
    asked = ReviewRequest.objects.filter(reviewer=user).values("review")
    wrote = Comment.objects.filter(author=user).values("review")
    decided = Verdict.objects.filter(reviewer=user).values("review")
    made = Review.makers.through.objects.filter(user=user).values("review")
    return fetched_reviews(user).filter(
        Q(opened_by=user) | Q(pk__in=asked) | Q(pk__in=wrote) | Q(pk__in=decided) | Q(pk__in=made)
    )


def _approved_without(user: User, who: Promoters, known: set[int]) -> list[Review]:
    """Return approved reviews in which a person has no part, where they may promote or have an open block in another review.

    Whether it is their turn is still open.
    """
    name = user.get_username()
    branches = [branch for person, branch in who.grants if person == name]
    rows = fetched_reviews(user).filter(status=ReviewStatus.APPROVED).exclude(pk__in=known)
    if name not in who.admins and "" not in branches:
        blocks = Comment.objects.filter(
            author=user, thread=None, is_blocking=True, state=CommentState.OPEN, sent_at__isnull=False
        )
        reached = Q(skill__in=blocks.values("review__skill"))
        for branch in branches:
            reached |= Q(skill__category__path=branch) | Q(skill__category__path__startswith=f"{branch}/")
        rows = rows.filter(reached)
    return list(rows.order_by("decided_at", "pk")[:MOST_SHOWN])


def _row(
    review: Review,
    ground: Ground | None,
    blocks: Sequence[Comment],
    user: User,
    now: datetime,
    who: Promoters,
) -> QueueRow:
    binding = ground.binding if ground else Binding(review.version.digest, review.version.number)
    standing = standing_of(fetched_votes(review, binding), review.num_needed)
    gate = ground.gate if ground else None
    turns = turns_of(situation_of(review, standing, who, blocks=blocks, gate=gate))
    name = user.get_username()
    shown = next((turn for turn in turns if turn.person == name), turns[0] if turns else None)
    since = shown.since if shown else review.opened_at
    drafts = _drafts(review, user)
    why = shown.why if shown else standing.sentence
    return QueueRow(
        review=review,
        standing=standing,
        turns=turns,
        why=why,
        since=since,
        age=age_words(since, now),
        band=age_band(since, now),
        num_drafts=len(drafts),
        drafts_since=min((row.made_at for row in drafts), default=None),
        claimed_by=claimant_of(review, now),
    )


def fetched_votes(review: Review, binding: Binding) -> list[Vote]:
    """Return the latest verdict of each reviewer as a vote by the binding of today, from what ``fetched_reviews`` brought."""
    makers = {user.pk for user in review.makers.all()}
    latest = {row.reviewer_id or row.reviewer_name: row for row in _verdicts(review)}
    return [
        Vote(
            row.reviewer_name,
            Decision(row.decision),
            row.given_at,
            row.reviewer_id in makers,
            stale_reason(binding_from_data(row.binding), binding),
        )
        for row in latest.values()
    ]


def claimant_of(review: Review, now: datetime) -> str:
    """Return who claimed a review, while the claim holds, or an empty string."""
    if review.claimed_by is None or review.claimed_until is None or review.claimed_until <= now:
        return ""
    return review.claimed_by.get_username()


def _comments(review: Review) -> list[Comment]:
    """Return the open blocking comments and the reader's drafts, as ``fetched_reviews`` brought them."""
    found: list[Comment] = review.fetched_comments  # type: ignore[attr-defined]
    return found


def _verdicts(review: Review) -> list[Verdict]:
    """Return the verdicts that were not taken back, oldest first, as ``fetched_reviews`` brought them."""
    found: list[Verdict] = review.fetched_verdicts  # type: ignore[attr-defined]
    return found


def _drafts(review: Review, user: User) -> list[Comment]:
    return [row for row in _comments(review) if row.author_id == user.pk and row.sent_at is None]


def _ended(review: Review, user: User, now: datetime) -> QueueRow:
    since = review.decided_at or review.opened_at
    standing = Standing(ReviewStatus(review.status), 0, review.num_needed, ())
    drafts = _drafts(review, user)
    why = f"{review.status.capitalize()}."
    if drafts:
        later = "It can be sent once another version is under it"
        why += f" What you wrote was not sent. {later if review.takes_versions else 'Copy it elsewhere'}, or throw it away."
    return QueueRow(
        review,
        standing,
        (),
        why,
        since,
        age_words(since, now),
        AgeBand.FRESH,
        len(drafts),
        drafts_since=min((row.made_at for row in drafts), default=None),
    )


def _with_reading(rows: Sequence[QueueRow], user: User) -> list[QueueRow]:
    """Say of each row how many parts its reader has not seen; three queries for all."""
    versions = SkillVersion.objects.filter(pk__in=[row.review.version_id for row in rows])
    texts = dict(versions.values_list("pk", "content"))
    files: dict[int, list[tuple[str, str]]] = {}
    for pk, path, digest in SkillFile.objects.filter(version__in=list(texts)).values_list(
        "version_id", "path", "digest"
    ):
        files.setdefault(pk, []).append((path, digest))
    seen: dict[int, set[str]] = {}
    skills = [row.review.skill_id for row in rows]
    for skill_id, digest in SectionViewed.objects.filter(user=user, skill__in=skills).values_list(
        "skill_id", "digest"
    ):
        seen.setdefault(skill_id, set()).add(digest)
    return [
        replace(
            row,
            reading=parts_sentence(
                parts_of(
                    parse_document(texts[row.review.version_id]),
                    files.get(row.review.version_id, []),
                    seen.get(row.review.skill_id, set()),
                )
            ),
        )
        for row in rows
    ]
