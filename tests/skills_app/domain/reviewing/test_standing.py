"""How verdicts add up, whose turn it is, and what stops a promotion."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from skills_app.domain.gate_outcome import ConditionOutcome, Status
from skills_app.domain.gates import Condition, Kind
from skills_app.domain.reviewing.standing import ALLOWED, LIVE, ReviewStatus, Vote, standing_of
from skills_app.domain.reviewing.stops import OpenComment, StopKind, stops_of
from skills_app.domain.reviewing.turns import (
    AgeBand,
    BlockElsewhere,
    Situation,
    age_band,
    age_words,
    turns_of,
)
from skills_app.domain.reviewing.verdicts import Decision, Stale, StaleKind

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
STALE = Stale(StaleKind.CONTENT, "Version 4 is under review; the verdict was on version 3.")
A, R, X = Decision.APPROVE, Decision.REQUEST_CHANGES, Decision.REJECT


def vote(name: str, decision: Decision, **fields: Any) -> Vote:
    return Vote(name, decision, fields.pop("at", NOON), **fields)


@pytest.mark.parametrize(
    ("votes", "needed", "status", "approvals"),
    [
        ([], 1, ReviewStatus.OPEN, 0),
        ([vote("ada", A)], 1, ReviewStatus.APPROVED, 1),
        ([vote("ada", A)], 2, ReviewStatus.OPEN, 1),
        ([vote("ada", A), vote("bea", A)], 2, ReviewStatus.APPROVED, 2),
        ([vote("ada", A, is_author=True)], 1, ReviewStatus.OPEN, 0),
        ([vote("ada", A, stale=STALE)], 1, ReviewStatus.OPEN, 0),
        ([vote("ada", A), vote("bea", R)], 1, ReviewStatus.CHANGES_REQUESTED, 1),
        ([vote("ada", A), vote("bea", R, stale=STALE)], 1, ReviewStatus.APPROVED, 1),
        ([vote("ada", A), vote("bea", R), vote("cy", X)], 1, ReviewStatus.REJECTED, 1),
        ([vote("ada", X, is_author=True), vote("bea", A)], 1, ReviewStatus.APPROVED, 1),
        ([], 0, ReviewStatus.OPEN, 0),
    ],
)
def test_verdicts_add_up_to_a_state(
    votes: list[Vote], needed: int, status: ReviewStatus, approvals: int
) -> None:
    standing = standing_of(votes, needed)

    assert standing.status is status
    assert standing.num_approvals == approvals


def test_a_vote_that_does_not_count_says_why() -> None:
    assert "their own verdict does not count" in vote("ada", A, is_author=True).why_not
    assert vote("ada", A, stale=STALE).why_not == STALE.sentence
    assert vote("ada", A).why_not == ""


@pytest.mark.parametrize(
    ("votes", "needed", "words"),
    [
        ([], 2, "0 of 2 approvals so far."),
        ([vote("ada", A)], 1, "Approved: 1 of 1 approval."),
        ([vote("ada", R), vote("bea", R)], 1, "ada and bea requested changes."),
        ([vote("ada", X)], 1, "Rejected by ada."),
    ],
)
def test_a_state_is_said_in_words(votes: list[Vote], needed: int, words: str) -> None:
    assert standing_of(votes, needed).sentence == words


def test_what_ended_stays_ended_but_a_rejection_that_is_undone() -> None:
    ended = {status for status in ReviewStatus if not ALLOWED[status]}

    assert ended == {ReviewStatus.WITHDRAWN, ReviewStatus.CLOSED}
    assert ALLOWED[ReviewStatus.REJECTED] == LIVE
    assert set(ALLOWED) == set(ReviewStatus)


EVA, NOBODY = BlockElsewhere(3, "eva"), BlockElsewhere(4, "")


def situation(votes: list[Vote], **fields: Any) -> Situation:
    standing = standing_of(votes, fields.pop("needed", 1))
    values: dict[str, Any] = {
        "status": standing.status,
        "standing": standing,
        "asked": {"ada": NOON, "bea": NOON + timedelta(hours=1)},
        "owners": ["olga", "olga"],
        "changed_at": NOON,
        **fields,
    }
    return Situation(**values)


@pytest.mark.parametrize(
    ("given", "people"),
    [
        (situation([]), ["ada", "bea"]),
        (situation([vote("ada", A)], needed=2), ["bea"]),
        (situation([vote("ada", A, stale=STALE), vote("bea", A)], needed=2), ["ada"]),
        (situation([vote("ada", A)]), ["olga"]),
        (situation([vote("ada", A)], promoters=["carol", "dora"]), ["carol", "dora"]),
        (situation([vote("ada", A)], blocked_at=NOON, promoters=["carol"]), ["olga"]),
        (situation([vote("ada", R)], promoters=["carol"]), ["olga"]),
        (situation([vote("ada", R)]), ["olga"]),
        (situation([vote("ada", R, stale=STALE)]), ["ada", "bea"]),
        (situation([], blocked_at=NOON), ["ada", "olga", "bea"]),
        (situation([vote("bea", A)], blocked_at=NOON), ["olga"]),
        (situation([vote("bea", A)], blocked_at=NOON, needed=2), ["ada", "olga"]),
        (situation([], closers=["ada", "ada"]), ["ada", "bea"]),
        (situation([], closers=["eva"], blocked_at=NOON), ["ada", "eva", "olga", "bea"]),
        (situation([vote("bea", A)], closers=["eva"]), ["eva"]),
        (situation([vote("ada", R)], closers=["eva"]), ["olga"]),
        (situation([], status=ReviewStatus.WITHDRAWN, closers=["eva"]), []),
        (situation([vote("bea", A)], elsewhere=[EVA, EVA, NOBODY], promoters=["carol"]), ["eva", "olga"]),
        (situation([vote("bea", A)], elsewhere=[EVA], blocked_at=NOON), ["olga"]),
        (situation([], elsewhere=[EVA]), ["ada", "bea"]),
        (situation([], status=ReviewStatus.WITHDRAWN, elsewhere=[EVA]), []),
        (situation([vote("ada", X)]), []),
        (situation([], status=ReviewStatus.WITHDRAWN), []),
        (situation([], status=ReviewStatus.CLOSED), []),
        (situation([], asked={}), ["olga"]),
        (situation([vote("ada", A, is_author=True)], asked={"ada": NOON}), ["olga"]),
    ],
)
def test_somebody_must_act_until_it_ended(given: Situation, people: list[str]) -> None:
    assert [turn.person for turn in turns_of(given)] == people


def test_who_wrote_an_older_blocking_comment_is_told_so_and_not_that_a_verdict_is_asked_for() -> None:
    changed = NOON + timedelta(hours=2)
    turns = turns_of(situation([], closers=["ada"], changed_at=changed))

    assert [(turn.person, "is met now" in turn.why) for turn in turns] == [("ada", True), ("bea", False)]
    assert turns[0].since == changed


def test_an_approved_version_that_something_stops_is_not_said_to_be_promoted() -> None:
    votes = [vote("bea", A)]
    (stopped,) = turns_of(situation(votes, elsewhere=[EVA, BlockElsewhere(5, "eva")]))
    (unmet,) = turns_of(situation(votes, unmet=["12 lines, at most 9."]))

    assert (
        stopped.why
        == "Your blocking comment in reviews 3, 5 stops this version, too. Say there whether it is met."
    )
    assert unmet.why == "It is approved, but the gate stops its promotion: 12 lines, at most 9."


def test_a_turn_says_why_and_since_when() -> None:
    changed = NOON + timedelta(hours=2)
    turn = turns_of(situation([vote("ada", A, stale=STALE)], changed_at=changed, asked={"ada": NOON}))[0]

    assert turn.since == changed
    assert turn.why.endswith(STALE.sentence)


@pytest.mark.parametrize(
    ("age", "band", "words"),
    [
        (timedelta(seconds=5), AgeBand.FRESH, "less than a minute"),
        (timedelta(minutes=1), AgeBand.FRESH, "1 minute"),
        (timedelta(hours=23), AgeBand.FRESH, "23 hours"),
        (timedelta(days=1), AgeBand.WAITING, "1 day"),
        (timedelta(days=3), AgeBand.LATE, "3 days"),
        (timedelta(seconds=-9), AgeBand.FRESH, "less than a minute"),
    ],
)
def test_ages_have_a_band_and_words(age: timedelta, band: AgeBand, words: str) -> None:
    assert age_band(NOON, NOON + age) is band
    assert age_words(NOON, NOON + age) == words


FAILED = ConditionOutcome(Condition("score", Kind.SCORE, "fleet-1", 0.6), Status.NOT_MET, 0.4, 0.6)


@pytest.mark.parametrize(
    ("votes", "status", "kinds"),
    [
        (None, None, [StopKind.NO_REVIEW]),
        ([], ReviewStatus.OPEN, [StopKind.APPROVALS]),
        ([vote("ada", A)], ReviewStatus.APPROVED, []),
        ([vote("ada", A, stale=STALE)], ReviewStatus.APPROVED, [StopKind.APPROVALS, StopKind.STALE]),
        ([vote("ada", A, is_author=True)], ReviewStatus.OPEN, [StopKind.APPROVALS]),
        ([vote("ada", A), vote("bea", R)], ReviewStatus.CHANGES_REQUESTED, [StopKind.CHANGES_REQUESTED]),
        ([vote("ada", X)], ReviewStatus.REJECTED, [StopKind.REJECTED]),
        ([vote("ada", A)], ReviewStatus.REJECTED, [StopKind.REJECTED]),
        ([vote("ada", A)], ReviewStatus.WITHDRAWN, [StopKind.WITHDRAWN]),
        ([vote("ada", A)], ReviewStatus.CLOSED, []),
    ],
)
def test_verdicts_stop_a_promotion(
    votes: list[Vote] | None, status: ReviewStatus | None, kinds: list[StopKind]
) -> None:
    standing = None if votes is None else standing_of(votes, 1)

    stops = stops_of(is_judged=True, blocking_conditions=[], standing=standing, status=status, comments=[])

    assert [stop.kind for stop in stops] == kinds
    assert all(stop.sentence.endswith(".") for stop in stops)


def test_the_gate_and_blocking_comments_stop_it_each_by_name() -> None:
    stops = stops_of(
        is_judged=False,
        blocking_conditions=[FAILED],
        standing=standing_of([vote("ada", A)], 1),
        status=ReviewStatus.APPROVED,
        comments=[OpenComment(12, "ada", "Say which version")],
    )

    assert [(stop.kind, stop.about) for stop in stops] == [
        (StopKind.NOT_JUDGED, ""),
        (StopKind.GATE, "score"),
        (StopKind.COMMENT, "12"),
    ]
    assert "Say which version" in stops[2].sentence


def test_a_rejection_is_overridden_by_nobody() -> None:
    rejected = stops_of(
        is_judged=True,
        blocking_conditions=[FAILED],
        standing=standing_of([vote("ada", X)], 1),
        status=ReviewStatus.REJECTED,
        comments=[],
    )

    assert [(s.kind, s.can_override) for s in rejected] == [
        (StopKind.GATE, True),
        (StopKind.REJECTED, False),
    ]
