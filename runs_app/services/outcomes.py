"""From the artifacts of runs to versions of skills with their reports."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from runs_app.domain.digests import content_digest
from runs_app.domain.enums import ProblemReason
from runs_app.domain.outcomes import NAMES, OutcomeRecord, outcome_name, read_outcome
from runs_app.domain.problems import problem
from runs_app.domain.records import ProblemRecord
from runs_app.models import Generation, Run, RunArtifact, RunOutcome
from runs_app.queries.version_at import version_current_at
from runs_app.services.carry_to_review import revised_version
from runs_app.services.touch_days import touch_run_days
from skills_app.domain.digests import digest_of
from skills_app.domain.documents import parse_document
from skills_app.domain.enums import VersionOrigin
from skills_app.domain.errors import SkillsError
from skills_app.domain.metadata import merge_front_matter
from skills_app.domain.paths import clean_path, clean_segment
from skills_app.domain.records import SkillMetadata
from skills_app.models import QualityAssessment, Skill, SkillVersion, ValidationReport
from skills_app.queries.resolve_path import resolve_path
from skills_app.services.add_version import add_version
from skills_app.services.make_skill import make_skill
from skills_app.services.store_quality_assessment import store_quality_assessment
from skills_app.services.store_validation_report import store_validation_report

# Grows when artifacts are read differently, so that old ones are read again.
READER = "outcomes 1"
ACTOR = "mirror"


def read_outcomes(*, runs: Sequence[Run]) -> list[ProblemRecord]:
    """Make versions, reports and outcomes from the stored artifacts of ``runs``; return all that could not be read.

    A run whose artifacts are as they were is left alone and its known problems are returned again; one without such
    artifacts costs nothing beyond one query for the whole page, and an outcome that it had stays. Each run is written in
    its own transaction, older runs first. ``run.experiment`` should be loaded.
    """
    inputs = _inputs(runs)
    if not inputs:
        return []
    known = {row.run_id: row for row in RunOutcome.objects.filter(run_id__in=inputs)}
    problems: list[ProblemRecord] = []
    for run in sorted((run for run in runs if run.pk in inputs), key=lambda run: (_made_at(run), run.pk)):
        outcome, found = known.get(run.pk), inputs[run.pk]
        if outcome is not None and outcome.input_digest == found.digest:
            problems += [_problem_from(item) for item in outcome.problems]
        else:
            problems += _read_one(run, found)
    return problems


@dataclass(slots=True)
class _Input:
    """The artifacts that tell what a run made: path to digest of the text (empty when it was not kept)."""

    digests: dict[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        lines = [f"{path}\x00{digest}\n" for path, digest in sorted(self.digests.items())]
        return content_digest("".join([READER, "\n", *lines]).encode())


def _inputs(runs: Sequence[Run]) -> dict[int, _Input]:
    named = Q(path__in=NAMES)
    for name in NAMES:
        named |= Q(path__startswith=f"{name}/")
    inputs: dict[int, _Input] = {}
    rows = RunArtifact.objects.filter(named, run_id__in=[run.pk for run in runs])
    for run_pk, path, digest, size_bytes in rows.values_list("run_id", "path", "digest", "size_bytes"):
        if outcome_name(path):
            inputs.setdefault(run_pk, _Input()).digests[path] = digest or f"size {size_bytes}"
    return inputs


def _read_one(run: Run, found: _Input) -> list[ProblemRecord]:
    rows = RunArtifact.objects.filter(run=run, path__in=list(found.digests))
    texts = dict(rows.values_list("path", "text"))
    label = f"{run.experiment.experiment_id}/{run.run_id}/artifacts"
    record = read_outcome(texts, run_id=run.run_id, label=label)
    problems = list(record.problems)
    try:
        with transaction.atomic():
            _write(run, record, found.digest, problems, label)
    except SkillsError as error:
        problems.append(problem(label, ProblemReason.CONFLICT, str(error), run_id=run.run_id))
    return problems


def _write(
    run: Run, record: OutcomeRecord, input_digest: str, problems: list[ProblemRecord], label: str
) -> None:
    made_at = _made_at(run)
    told = merge_front_matter(record.metadata, _front_matter(record.document))
    path = _path(told, problems, label, run.run_id)
    version = _version(run, record, told, path, made_at, problems, label)
    before = (
        RunOutcome.objects.filter(run=run).select_related("validation_report", "quality_assessment").first()
    )
    if version is None and before is not None and record.document is None:
        version = before.version  # the document is gone at the source; what it made stays linked
    report = (
        store_validation_report(report=record.report, version=version, made_at=made_at, actor_name=ACTOR)
        if record.report
        else None
    )
    assessment = (
        store_quality_assessment(
            assessment=record.assessment, version=version, made_at=made_at, actor_name=ACTOR
        )
        if record.assessment
        else None
    )
    RunOutcome.objects.update_or_create(
        run=run,
        defaults={
            "skill_name": (told.name or (path.rpartition("/")[2]))[:256],
            "skill_path": version.skill.path if version else path,
            "metadata": dict(record.metadata.values) if record.metadata else {},
            "version": version,
            "validation_report": report,
            "quality_assessment": assessment,
            "input_digest": input_digest,
            "problems": [{**asdict(item), "reason": item.reason.value} for item in problems],
        },
    )
    touch_run_days(run_pks=[run.pk])
    if before is not None:
        _drop_unused(before.validation_report, before.quality_assessment)


def _front_matter(document: str | None) -> Mapping[str, object]:
    front_matter = parse_document(document).front_matter if document else None
    return front_matter.values if front_matter else {}


def _path(told: SkillMetadata, problems: list[ProblemRecord], label: str, run_id: str) -> str:
    """Return where the skill says that it lives, or its name alone; empty when it says nothing that can be used."""
    path = clean_path(told.path)
    if told.path and not path:
        message = f"The skill's path '{told.path[:80]}' cannot be used, so the skill goes by its name alone."
        problems.append(
            problem(f"{label}/skill_metadata.json", ProblemReason.WRONG_SHAPE, message, run_id=run_id)
        )
    return path or clean_segment(told.name)


def _version(
    run: Run,
    record: OutcomeRecord,
    told: SkillMetadata,
    path: str,
    made_at: datetime,
    problems: list[ProblemRecord],
    label: str,
) -> SkillVersion | None:
    if record.document is None:
        return None
    if not path:
        message = "The document names no skill: it has no name in its front matter and no metadata beside it."
        remedy = (
            "Give the document front matter with a name; until then it can be read as an artifact of the run."
        )
        problems.append(
            problem(
                f"{label}/skill_content.md",
                ProblemReason.WRONG_SHAPE,
                message,
                run_id=run.run_id,
                remedy=remedy,
            )
        )
        return None
    skill = _skill(path, told)
    known = skill.versions.filter(content_digest=digest_of(record.document)).order_by("number").first()
    if known is not None:
        return known
    parent = _began_from(run, skill)
    return add_version(
        skill=skill,
        content=record.document,
        origin=VersionOrigin.RUN,
        made_at=made_at,
        metadata=record.metadata.values if record.metadata else None,
        message=f"Made by the run {run.name or run.run_id}",
        author_name=run.user or ACTOR,
        parent=parent,
        has_parent=parent is not None,
    ).version


def _began_from(run: Run, skill: Skill) -> SkillVersion | None:
    """Return what a run made its version from: what its generation was asked to make anew, else what was current then."""
    generation = Generation.objects.filter(run_id=run.run_id, skill=skill).first()
    revised = revised_version(generation) if generation is not None else None
    return revised or version_current_at(skill, run.started_at or _made_at(run))


def _skill(path: str, told: SkillMetadata) -> Skill:
    """Return the skill that ``path`` means, made if there is none; below a category of that very path."""
    found = resolve_path(path)
    if found is not None and found.skill is None:
        path = f"{found.path}/{clean_segment(told.name) or path.rpartition('/')[2]}"
        found = resolve_path(path)
    if found is not None and found.skill is not None:
        return found.skill
    return make_skill(path=path, name=told.name, external_id=told.skill_id, actor_name=ACTOR)[0]


def _drop_unused(report: ValidationReport | None, assessment: QualityAssessment | None) -> None:
    """Delete what was kept without a version and no run points to any more: it now hangs on one."""
    if report is not None and report.version_id is None and not report.run_outcomes.exists():
        report.delete()
    if assessment is not None and assessment.version_id is None and not assessment.run_outcomes.exists():
        assessment.delete()


def _made_at(run: Run) -> datetime:
    return run.ended_at or run.started_at or run.first_seen_at or timezone.now()


def _problem_from(item: Mapping[str, str]) -> ProblemRecord:
    return ProblemRecord(
        path=item["path"],
        reason=ProblemReason(item["reason"]),
        message=item["message"],
        remedy=item["remedy"],
        run_id=item["run_id"],
    )
