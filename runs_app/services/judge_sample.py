"""Let another judging model judge a sample of old versions, so that what the ruler changed is told from what the skills did.

The scores of a sample are our own and of the scorer ``model`` in that model's version: trends read them, and no gate does, because
what a gate asks of a version must not hang on whether the sample met it. Here a sample is offered, ordered and cancelled;
``judge_due_samples`` is the worker's part.
"""

from dataclasses import dataclass
from json import dumps
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from runs_app.adapters.language_models import offered_model
from runs_app.domain.errors import ModelFailed, SampleRefused
from runs_app.domain.generation import STEP_TASKS, Step
from runs_app.domain.judging_models import (
    MODEL_SCORER,
    MOST_SIZE,
    USUAL_SIZE,
    SampleState,
    judge_version,
)
from runs_app.domain.spending import most_tokens
from runs_app.models import JudgeSample, JudgeSampleVersion
from runs_app.services.wake_workers import wake_judges
from skills_app.domain.keys import new_key
from skills_app.models import QualityAssessment, SkillVersion
from skills_app.services.record_audit import record_audit

# For whom a document is judged; a name of the pipeline's levels, which web processes do not import.
_LEVEL = "intermediate"
# What the instructions and the form of a call need around the document, estimated high.
_AROUND_TOKENS = 2_000


@dataclass(frozen=True, slots=True)
class Sample:
    """What would be judged by whom: the model, its version as a judge, the versions, of how many, and the most that it can cost.

    ``most_usd`` is None when the price of the model is not known.
    """

    model: str
    judge: str
    versions: tuple[SkillVersion, ...]
    num_due: int
    most_usd: float | None


def offer_sample(*, model: str, size: int = USUAL_SIZE) -> Sample:
    """Return a sample of the versions that another model has judged and this one has not; nothing is asked or written.

    It is drawn by the digest of the text, so it is the same each time and has nothing to do with how good a version is.
    Nothing heavy is imported.

    Raises:
        ModelError: the model is not known, or its key is missing.
    """
    task, role = STEP_TASKS[Step.ASSESSMENT]
    # A fallback would be another judge, and its score another line.
    offered = offered_model(task, role=role, model=model)
    judge = judge_version(offered.name)
    due = _due(judge)
    versions = tuple(due.order_by("content_digest", "pk")[: min(size, MOST_SIZE)])
    most = 0.0
    if offered.price is not None:
        for version in versions:
            asked = most_tokens("".join(inputs_of(version).values())) + _AROUND_TOKENS
            limit = offered.max_completion_tokens
            most += offered.price.most(prompt_tokens=asked, max_completion_tokens=limit)
    return Sample(model, judge, versions, due.count(), most if offered.price else None)


def order_sample(
    *,
    sample: Sample,
    ceiling_usd: float | None = None,
    user: Any = None,
    user_name: str = "",
    key: str = "",
    lease: dict[str, Any] | None = None,
) -> JudgeSample:
    """Return the order that lets workers judge ``sample``; with ``lease`` whoever orders it does so too.

    ``key`` is of a form that was sent: when it comes a second time, what the first made is returned.

    Raises:
        SampleRefused: there is nothing to judge, or the same judge is at work on another sample.
    """
    if not sample.versions:
        raise SampleRefused(f"There is no version that another model has judged and {sample.judge} has not.")
    name = user_name or (user.get_username() if user is not None else "")
    fields = {
        "model": sample.model,
        "judge": sample.judge,
        "num_versions": len(sample.versions),
        "most_usd": sample.most_usd,
        "ceiling_usd": ceiling_usd,
        "requested_by": user,
        "requested_by_name": name[:150],
        **(lease or {}),
    }
    try:
        with transaction.atomic():
            made, is_new = JudgeSample.objects.get_or_create(key=key or new_key(), defaults=fields)
            if not is_new:
                return made
            JudgeSampleVersion.objects.bulk_create(
                JudgeSampleVersion(sample=made, version=version, position=position)
                for position, version in enumerate(sample.versions, start=1)
            )
            after = {"model": made.model, "versions": made.num_versions, "most_usd": made.most_usd}
            _audit("ordered_sample", made, user, name, after)
            wake_judges()
    except IntegrityError as error:
        raise SampleRefused(
            f"{sample.judge} is at work on a sample already. Wait for it, or cancel it."
        ) from error
    return made


@transaction.atomic
def cancel_sample(*, sample: JudgeSample, user: Any = None, user_name: str = "") -> str:
    """Stop a sample and return a sentence that says what happens; what is judged stays.

    One that no worker holds is stopped at once; a worker that is busy with it stops within seconds.

    Raises:
        SampleRefused: it is over already.
    """
    row = JudgeSample.objects.select_for_update().get(pk=sample.pk)
    if not row.is_live:
        raise SampleRefused(f"This sample is {row.state}; there is nothing to stop.")
    name = user_name or (user.get_username() if user is not None else "")
    now = timezone.now()
    rows = JudgeSample.objects.filter(pk=row.pk)
    if row.state == SampleState.RUNNING and row.lease_until is not None and row.lease_until > now:
        rows.update(cancel_requested_at=now, cancelled_by_name=name)
        said = "It stops within seconds; what is judged is kept."
    else:
        rows.update(
            state=SampleState.CANCELLED,
            cancel_requested_at=now,
            cancelled_by_name=name,
            finished_at=now,
            message=f"Cancelled by {name or 'somebody'}.",
            lease_owner="",
            lease_until=None,
            reserved_usd=0.0,
        )
        said = "It is cancelled; what is judged is kept."
    _audit("cancelled_sample", row, user, name, {})
    return said


def require_same_judge(sample: JudgeSample, model: str) -> None:
    """Let ``sample`` be judged by the model of this name if that is still the judge that it was ordered from.

    Raises:
        ModelFailed: the model or what it is asked is another by now, so its scores would be of another version.
    """
    judge = judge_version(model)
    if judge != sample.judge:
        raise ModelFailed(
            f"It was ordered from {sample.judge}. By now the model, or what it is asked, is another: {judge}. Order it again."
        )


def inputs_of(version: SkillVersion) -> dict[str, str]:
    """Return what a judging model is told of a version, by field."""
    skill = version.skill
    told = {"skill_id": skill.path, "name": skill.name, "description": skill.description}
    return {
        "skill_content": version.content,
        "skill_metadata": dumps(told, ensure_ascii=False),
        "target_level": _LEVEL,
    }


def _due(judge: str) -> QuerySet[SkillVersion]:
    scores = QualityAssessment.objects.filter(version=OuterRef("pk"), scorer=MODEL_SCORER)
    rows = SkillVersion.objects.filter(Exists(scores), ~Exists(scores.filter(scorer_version=judge)))
    return rows.filter(content_kind="markdown").select_related("skill")


def _audit(verb: str, sample: JudgeSample, user: Any, name: str, after: dict[str, Any]) -> None:
    record_audit(
        verb=verb, target_kind="sample", target_key=sample.key, actor=user, actor_name=name, after=after
    )
