"""Let another judging model judge a sample of old versions, so that what the ruler changed is told from what the skills did.

The scores of a sample are our own and of the scorer ``model`` in that model's version: trends read them, and no gate does, because
what a gate asks of a version must not hang on whether the sample met it.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from json import dumps
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from runs_app.adapters.language_models import ConfiguredModels
from runs_app.adapters.model_settings import model_config, model_environment
from runs_app.domain.errors import ModelError, SpendingStopped
from runs_app.domain.generation import STEP_TASKS, Step
from runs_app.domain.pipeline_items import ModelChoice
from runs_app.domain.spending import Ceiling, SpendingGuard
from runs_app.queries.spending import spent_usd, start_of_day
from skills_app.domain.digests import digest_of
from skills_app.domain.storable import storable_json, storable_text
from skills_app.models import QualityAssessment, SkillVersion
from skills_app.services.record_audit import record_audit

USUAL_SIZE, MOST_SIZE = 50, 500


@dataclass(frozen=True, slots=True)
class Sample:
    """What would be judged by whom: the judge's version, the versions, of how many, and what it can cost at most.

    ``most_usd`` is None when the price of the model is not known.
    """

    choice: ModelChoice
    judge: str
    versions: tuple[SkillVersion, ...]
    num_due: int
    most_usd: float | None


@dataclass(frozen=True, slots=True)
class Judged:
    """How many versions were judged, what that cost, and in sentences what went wrong."""

    num: int
    cost_usd: float
    problems: tuple[str, ...]


def offer_sample(*, model: str, size: int = USUAL_SIZE) -> Sample:
    """Return a sample of the versions that another model has judged and this one has not; nothing is asked or written.

    It is drawn by the digest of the text, so it is the same each time and has nothing to do with how good a version is.

    Raises:
        ModelError: the model is not known, or its key is missing.
    """
    from runs_app.pipeline.calls import most_tokens
    from runs_app.pipeline.validate import judge_version

    task, role = STEP_TASKS[Step.ASSESSMENT]
    models = ConfiguredModels(model_config(), environment=model_environment(), chosen={task: model})
    # A fallback would be another judge, and its score another line.
    choice = models.for_task(task, role=role)[0]
    judge = judge_version(choice.name)
    due = _due(judge)
    versions = tuple(due.order_by("content_digest", "pk")[: min(size, MOST_SIZE)])
    most = 0.0
    if choice.price is not None:
        for version in versions:
            asked = most_tokens("".join(_inputs(version).values())) + _AROUND_TOKENS
            limit = choice.max_completion_tokens
            most += choice.price.most(prompt_tokens=asked, max_completion_tokens=limit)
    return Sample(choice, judge, versions, due.count(), most if choice.price else None)


def judge_sample(
    *,
    sample: Sample,
    ceiling_usd: float | None = None,
    actor_name: str = "",
    say: Callable[[str], None] = lambda _: None,
) -> Judged:
    """Judge a sample, one version after the other; what is judged is kept at once, so that a later call goes on with the rest.

    It ends where the next call could go beyond ``ceiling_usd`` or the day's ceiling.
    """
    guard = SpendingGuard(_ceilings(ceiling_usd))
    num, problems = 0, []
    for version in sample.versions:
        name = f"{version.skill.path} v{version.number}"
        try:
            said = _asked(sample.choice, version, guard)
        except SpendingStopped as stopped:
            problems.append(str(stopped))
            break
        except ModelError as error:
            problems.append(f"{name}: {error}")
            continue
        _keep(version, sample.judge, said)
        num += 1
        say(f"{name}: {said['quality_score']:.2f}")
    after = {"judge": sample.judge, "versions": num, "cost_usd": guard.spent_usd}
    record_audit(
        verb="judged_sample", target_kind="scorer", target_key="model", actor_name=actor_name, after=after
    )
    return Judged(num, guard.spent_usd, tuple(problems))


# What the instructions and the form of a call need around the document, estimated high.
_AROUND_TOKENS = 2_000


def _due(judge: str) -> QuerySet[SkillVersion]:
    from runs_app.pipeline.validate import MODEL_SCORER

    scores = QualityAssessment.objects.filter(version=OuterRef("pk"), scorer=MODEL_SCORER)
    rows = SkillVersion.objects.filter(Exists(scores), ~Exists(scores.filter(scorer_version=judge)))
    return rows.filter(content_kind="markdown").select_related("skill")


def _inputs(version: SkillVersion) -> dict[str, str]:
    from runs_app.pipeline.results import TargetLevel

    skill = version.skill
    told = {"skill_id": skill.path, "name": skill.name, "description": skill.description}
    return {
        "skill_content": version.content,
        "skill_metadata": dumps(told, ensure_ascii=False),
        "target_level": TargetLevel.INTERMEDIATE,
    }


def _asked(choice: ModelChoice, version: SkillVersion, guard: SpendingGuard) -> dict[str, Any]:
    from runs_app.pipeline.asking import Manner
    from runs_app.pipeline.calls import Caller
    from runs_app.pipeline.signatures import AssessQuality

    asked = Caller(guard).ask((choice,), AssessQuality, _inputs(version), manner=Manner(is_reasoned=True))
    return dict(asyncio.run(asked).values)


def _keep(version: SkillVersion, judge: str, said: dict[str, Any]) -> None:
    from runs_app.pipeline.validate import MODEL_SCORER

    QualityAssessment.objects.update_or_create(
        version=version,
        digest=digest_of(f"sample {MODEL_SCORER} {judge} {version.digest}"),
        defaults={
            "scorer": MODEL_SCORER,
            "scorer_version": judge,
            "deterministic_score": said["quality_score"],
            "quality_score": said["quality_score"],
            "audience_alignment": said["audience_alignment"],
            "strengths": storable_json(_texts(said["strengths"])),
            "weaknesses": storable_json(_texts(said["weaknesses"])),
            "recommendations": storable_json(_texts(said["recommendations"])),
            "rationale": storable_text(str(said.get("reasoning", ""))),
            "details": {"sample": True},
            "made_at": timezone.now(),
            "is_own": True,
        },
    )


def _texts(found: Any) -> Sequence[str]:
    return [str(one) for one in found] if isinstance(found, list | tuple) else []


def _ceilings(ceiling_usd: float | None) -> list[Ceiling]:
    found = [] if ceiling_usd is None else [Ceiling("this sample", ceiling_usd, 0.0)]
    if settings.FLEET_SPEND_PER_DAY_USD is not None:
        spent = spent_usd(since=start_of_day())
        found.append(Ceiling("everybody today", settings.FLEET_SPEND_PER_DAY_USD, spent))
    return found
