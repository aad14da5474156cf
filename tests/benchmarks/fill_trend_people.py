"""Let people wait in the benchmark of trends: open reviews, generations with questions, and a newer version of a scorer."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from runs_app.domain.enums import Phase
from runs_app.domain.generation import GenerationStatus, PromptState, RecordState
from runs_app.domain.prompts import Action, PromptKind
from runs_app.models import Generation, HumanPrompt
from runs_app.services.bulk_rows import insert_rows
from skills_app.domain.reviewing.standing import ReviewStatus
from skills_app.models import QualityAssessment, Review, SkillVersion
from tests.benchmarks.fill_trend_runs import MODELS, PEOPLE

# Of so many versions one waits for a review, one comes of a generation that asked, and one has another score.
EVERY_OPEN, EVERY_ASKED, EVERY_SCORED = 50, 50, 8
SCORER, OLD, NEW = "fleet-1", "1.0", "1.1"
_KINDS = (PromptKind.CLARIFY, PromptKind.PREVIEW, PromptKind.VALIDATE)


def add_people(*, last: datetime, num_days: int = 730, seed: int = 9) -> None:
    """Add open reviews, generations with three questions each, and scores by another version of the first scorer."""
    rng = random.Random(seed)
    versions = list(SkillVersion.objects.order_by("pk").values_list("pk", "skill_id", "number", "made_at"))
    with transaction.atomic():
        # Those of every fifth number have had their verdict.
        _open_reviews([one for one in versions if one[2] % 5][::EVERY_OPEN], rng)
        for start in range(0, len(versions) // EVERY_ASKED, 500):
            num = min(500, len(versions) // EVERY_ASKED - start)
            _ask([last - timedelta(days=rng.uniform(0, num_days)) for _ in range(num)], last, rng)
        _score_again([one[0] for one in versions[::EVERY_SCORED]], rng)


def _open_reviews(versions: list[tuple[Any, ...]], rng: random.Random) -> None:
    Review.objects.bulk_create(
        [
            Review(
                skill_id=skill,
                version_id=pk,
                status=ReviewStatus.OPEN.value,
                tier="low",
                num_needed=1,
                opened_at=made_at + timedelta(hours=rng.uniform(0, 9)),
                version_at=made_at + timedelta(hours=9),
            )
            for pk, skill, _, made_at in versions
        ],
        batch_size=500,
    )


def _ask(times: list[datetime], last: datetime, rng: random.Random) -> None:
    """Add a generation for each of the times, with a question of each kind; of ten questions eight were answered."""
    made = Generation.objects.bulk_create(
        [
            Generation(
                task="Write a skill",
                model=rng.choice(MODELS),
                requested_by_name=rng.choice(PEOPLE),
                status=GenerationStatus.COMPLETED.value,
                record_state=RecordState.DONE.value,
                queued_at=at,
                started_at=at,
                finished_at=last,
            )
            for at in times
        ]
    )
    HumanPrompt.objects.bulk_create(
        [
            _question(one, kind, at + timedelta(minutes=rng.uniform(1, 90)), rng)
            for one, at in zip(made, times, strict=True)
            for kind in _KINDS
        ],
        batch_size=500,
    )


def _question(generation: Generation, kind: PromptKind, at: datetime, rng: random.Random) -> HumanPrompt:
    is_answered = rng.random() < 0.8
    said = {"action": rng.choice((Action.PROCEED, Action.REVISE)).value, "values": {"q1": rng.choice("ab")}}
    return HumanPrompt(
        generation=generation,
        key=kind.value,
        step="ask",
        phase=Phase.UNDERSTAND.value,
        kind=kind.value,
        prompt={"questions": [{"key": "q1", "assumed": "a"}]},
        state=(PromptState.ANSWERED if is_answered else PromptState.OPEN).value,
        asked_at=at,
        answered_at=at + timedelta(minutes=rng.expovariate(1 / 60)) if is_answered else None,
        answer=said if is_answered else {},
    )


def _score_again(version_pks: list[int], rng: random.Random) -> None:
    """Let the newer version of the scorer say almost what the older one did."""
    old = QualityAssessment.objects.filter(version__in=version_pks, scorer=SCORER, scorer_version=OLD)
    now = datetime.now(UTC)
    columns = ("version_id", "digest", "scorer", "scorer_version", "deterministic_score", "measures", "strengths",
               "weaknesses", "recommendations", "rationale", "details", "raw", "is_own", "created_at")  # fmt: skip
    rows = [
        (pk, f"2{pk:063x}", SCORER, NEW, min(max((value or 0) + rng.gauss(-0.02, 0.02), 0), 1), {}, [], [], [], "", {}, "", True, now)
        for pk, value in old.order_by("version_id").values_list("version_id", "deterministic_score")
    ]  # fmt: skip
    insert_rows(model=QualityAssessment, columns=columns, rows=rows)
