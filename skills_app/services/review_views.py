"""What the page of a review shows, ready to render."""

from dataclasses import dataclass

from django.contrib.auth.models import User

from skills_app.domain.reviewing.answers import Answered
from skills_app.domain.reviewing.comments import CommentState
from skills_app.domain.reviewing.parts import Part
from skills_app.domain.reviewing.places import PlaceKind
from skills_app.domain.reviewing.risk import Risk
from skills_app.domain.reviewing.standing import ReviewStatus, Standing, Vote
from skills_app.domain.reviewing.stops import Stop
from skills_app.domain.reviewing.turns import Turn
from skills_app.models import Comment, Review, ReviewRequest, SkillVersion, Verdict
from skills_app.queries.gate_of_version import GateView
from skills_app.queries.regenerations import Regeneration
from skills_app.services.version_views import DocumentView


@dataclass(frozen=True, slots=True)
class ReviewReader:
    """Who reads the page, and what they may do in this branch."""

    user: User
    can_comment: bool = False
    can_decide: bool = False
    can_steer: bool = False
    can_edit: bool = False
    can_ask: bool = False
    can_promote: bool = False
    can_end: bool = False
    can_regenerate: bool = False


@dataclass(frozen=True, slots=True)
class MoveView:
    """A state that this reader may bring a comment to, the button's words, and whether a reason is asked for."""

    state: CommentState
    label: str
    needs_reason: bool


@dataclass(frozen=True, slots=True)
class ThreadView:
    """A comment with its replies, where it stands in the version, and what this reader may do with it.

    ``target`` is the id of its place on the page, empty without one; ``where`` says the place in words. ``answer`` is what this
    version does about a comment that was written on another one; ``path`` is where its file lies in this version; ``source`` is what
    a suggested edit replaces, as it is written there, for drafts and suggestions that have their place.
    """

    comment: Comment
    replies: tuple[Comment, ...]
    kind: PlaceKind
    line: int
    target: str
    where: str
    is_mine: bool
    moves: tuple[MoveView, ...]
    can_accept: bool
    answer: Answered | None = None
    path: str = ""
    source: str = ""

    @property
    def is_lost(self) -> bool:
        """Whether its place is not in this version any more."""
        return self.kind is PlaceKind.LOST

    @property
    def is_removed(self) -> bool:
        """Whether it is about words that this version removed, which a difference shows."""
        return self.kind is PlaceKind.REMOVED

    @property
    def replaced(self) -> str:
        """What a suggested edit replaces, in words: as the source has it, else the quote."""
        return self.source or self.comment.quote

    @property
    def reply_form(self) -> str:
        """The name of its reply form, where an error may stand."""
        return f"reply-{self.comment.pk}"

    @property
    def state_form(self) -> str:
        """The name of the forms that change its state."""
        return f"state-{self.comment.pk}"

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to act on it."""
        return self.comment.state == CommentState.OPEN


@dataclass(frozen=True, slots=True)
class VerdictView:
    """A verdict, and as a vote: whether it counts and why not."""

    verdict: Verdict
    vote: Vote


@dataclass(frozen=True, slots=True)
class PartView:
    """A part of the version, the id or address of its place, and its number in the form."""

    part: Part
    number: int
    target: str
    num_open: int

    @property
    def number_text(self) -> str:
        """The number as a form sends it."""
        return str(self.number)


@dataclass(frozen=True, slots=True)
class WentOn:
    """Another review with the comments of this one that went on there, in whatever state they are by now."""

    review: Review
    comments: tuple[Comment, ...]


@dataclass(frozen=True, slots=True)
class ReviewReading:
    """Everything of a review's page for one reader."""

    review: Review
    version: SkillVersion
    document: DocumentView
    standing: Standing
    verdicts: tuple[VerdictView, ...]
    stops: tuple[Stop, ...]
    turns: tuple[Turn, ...]
    risk: Risk
    gate: GateView | None
    asked: tuple[ReviewRequest, ...]
    threads: tuple[ThreadView, ...]
    lost: tuple[ThreadView, ...]
    parts: tuple[PartView, ...]
    parts_sentence: str
    drafts: tuple[Comment, ...]
    undoable: Verdict | None
    undo_seconds: float
    is_maker: bool
    claimed_by: str
    newer: int | None
    looked_at: int | None
    approved: int | None
    is_my_turn: bool
    regenerations: tuple[Regeneration, ...] = ()
    went_on: tuple[WentOn, ...] = ()

    @property
    def regenerating(self) -> Regeneration | None:
        """The generation that is at work for this review, or None."""
        return next((one for one in self.regenerations if one.is_at_work), None)

    @property
    def my_turn(self) -> Turn | None:
        """The turn of the reader, if it is theirs; it is the first one."""
        return self.turns[0] if self.is_my_turn else None

    @property
    def status(self) -> ReviewStatus:
        """Where the review is: what today's verdicts make it, or how it ended, whatever changed afterwards."""
        return self.standing.status if self.review.is_live else ReviewStatus(self.review.status)

    @property
    def sentence(self) -> str:
        """How it stands, in words."""
        is_as_told = self.review.is_live or self.standing.status == self.review.status
        return self.standing.sentence if is_as_told else f"This review is {self.review.status}."

    @property
    def num_open(self) -> int:
        """How many threads are open."""
        return sum(thread.is_open and not thread.comment.is_draft for thread in (*self.threads, *self.lost))

    @property
    def suggestions(self) -> tuple[ThreadView, ...]:
        """The suggested edits that this reader may accept."""
        return tuple(thread for thread in self.threads if thread.can_accept)

    @property
    def is_all_seen(self) -> bool:
        """Whether the reader has seen every part."""
        return all(view.part.is_seen for view in self.parts)

    @property
    def next_part(self) -> PartView | None:
        """The first part that the reader has not seen."""
        return next((view for view in self.parts if not view.part.is_seen), None)
