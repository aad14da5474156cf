"""How a review stands now: its verdicts against the version, gate and scorers of today, and what stops a promotion."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from skills_app.domain.reviewing.standing import ReviewStatus, Standing, Vote, standing_of
from skills_app.domain.reviewing.stops import OpenComment, Stop, stops_of
from skills_app.domain.reviewing.verdicts import (
    Binding,
    Decision,
    binding_from_data,
    binding_of,
    stale_reason,
)
from skills_app.models import Comment, Review, SkillVersion, Verdict
from skills_app.queries.gate_of_version import GateView, gate_for_version, judged_version
from skills_app.queries.open_blocks import open_blocks


@dataclass(frozen=True, slots=True)
class Ground:
    """What verdicts on a version are bound to today, and what its gate says (None while our rules have not judged it)."""

    binding: Binding
    gate: GateView | None


def ground_of(version: SkillVersion, *, today: date) -> Ground:
    """Return what a verdict on ``version`` would be bound to; judge it first, or no gate is known."""
    gate = gate_for_version(version, today=today)
    label = gate.in_force.label if gate else ""
    outcome = gate.outcome if gate else None
    binding = binding_of(version.digest, version.number, label, outcome, judged_version(version))
    return Ground(binding, gate)


def latest_verdicts(review: Review) -> list[Verdict]:
    """Return the latest verdict of each reviewer that was not taken back, oldest first."""
    latest: dict[int | str, Verdict] = {}
    rows = review.verdicts.filter(undone_at=None).select_related("reviewer", "version")
    for row in rows.defer("version__content").order_by("given_at", "pk"):
        person = row.reviewer_id or row.reviewer_name
        latest.pop(person, None)
        latest[person] = row
    return list(latest.values())


def votes_of(review: Review, verdicts: Sequence[Verdict], now: Binding) -> list[Vote]:
    """Return verdicts as votes: which are by makers, and which are stale by the binding of today."""
    makers = set(review.makers.values_list("pk", flat=True))
    return [
        Vote(
            row.reviewer_name,
            Decision(row.decision),
            row.given_at,
            row.reviewer_id in makers,
            stale_reason(binding_from_data(row.binding), now),
        )
        for row in verdicts
    ]


def standing_of_review(review: Review, *, today: date, ground: Ground | None = None) -> Standing:
    """Return how a review stands today; ``ground`` saves the queries when the caller has it."""
    ground = ground or ground_of(review.version, today=today)
    return standing_of(votes_of(review, latest_verdicts(review), ground.binding), review.num_needed)


def stops_of_version(version: SkillVersion, *, today: date) -> tuple[Stop, ...]:
    """Return what stops the promotion of a version today, each explained; empty when nothing does.

    The last review of that very version counts, and open comments on all that it came from; all is read afresh, so a stale
    verdict never lets one through.
    """
    ground = ground_of(version, today=today)
    review = Review.objects.filter(version=version).order_by("-opened_at", "-pk").first()
    standing = standing_of_review(review, today=today, ground=ground) if review else None
    (blocks,) = open_blocks([(version, review)])
    return stops_with(ground, version, review, standing, blocks)


def stops_with(
    ground: Ground,
    version: SkillVersion,
    review: Review | None,
    standing: Standing | None,
    blocks: Sequence[Comment],
) -> tuple[Stop, ...]:
    """Return what stops a promotion, for a caller that has read all of that already; ``blocks`` as ``open_blocks`` gives them."""
    return stops_of(
        is_judged=ground.gate is not None,
        blocking_conditions=ground.gate.blocking if ground.gate else (),
        standing=standing,
        status=ReviewStatus(review.status) if review else None,
        comments=[
            OpenComment(
                row.pk,
                row.author_name,
                _first_words(row.body),
                0 if row.review == review else row.review_id,
                row.version.number if row.version.number > version.number else 0,
            )
            for row in blocks
        ],
    )


def _first_words(text: str, longest: int = 80) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
