"""What a generation made becomes a draft version of a skill, with its reports, in one transaction."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from runs_app.domain.generation import GenerationStatus, RecordState
from runs_app.domain.outcomes import ASSESSMENT, METADATA, REPORT
from runs_app.domain.pipeline_items import EventKind, GenerationResult
from runs_app.domain.report_shapes import Complaints, read_assessment, read_report
from runs_app.models import Generation
from runs_app.services.carry_to_review import carry_to_review, revised_version
from runs_app.services.generation_store import EventRecord, GenerationLease, append_events
from skills_app.domain.documents import SkillDocument, parse_document
from skills_app.domain.enums import DependencyKind, VersionOrigin
from skills_app.domain.paths import clean_segment
from skills_app.domain.records import DependencyRecord, FileRecord
from skills_app.domain.storable import storable_json, storable_text
from skills_app.domain.writing import with_front_matter_value
from skills_app.models import Skill, SkillVersion
from skills_app.queries.resolve_path import resolve_path
from skills_app.services.add_version import add_version
from skills_app.services.apply_fixes import file_records
from skills_app.services.judge_version import judge_version
from skills_app.services.make_skill import make_skill
from skills_app.services.open_review import weigh_review
from skills_app.services.set_dependencies import set_dependencies
from skills_app.services.store_quality_assessment import store_quality_assessment
from skills_app.services.store_validation_report import store_validation_report


def finish_generation(
    *,
    lease: GenerationLease,
    result: GenerationResult,
    events: Sequence[EventRecord] = (),
    worked_seconds: float = 0.0,
) -> SkillVersion:
    """Return the draft version that a generation ends in, and let it wait for its review.

    One generation makes one version, however often this is called; with auto-approval it is completed at once, and so is
    one that was asked for from a review which goes on with its version.

    Raises:
        LeaseLost: another worker has taken over, or the generation was stopped; nothing was made then.
    """
    now = timezone.now()
    with transaction.atomic():
        row = Generation.objects.select_for_update().get(pk=lease.generation_id)
        # The lease is asked for first: what follows belongs to whoever holds it.
        append_events(generation_id=row.pk, events=events, lease=lease)
        version = _version(row, result)
        texts = artifact_texts(result)
        _store_reports(version, texts)
        review = carry_to_review(row, version, result)
        is_done = review is not None or bool(row.options.get("is_auto_approved"))
        status = GenerationStatus.COMPLETED if is_done else GenerationStatus.PENDING_REVIEW
        end = f" and under review {review.pk}." if review else "." if is_done else " for its review."
        message = f"{version.skill.path} version {version.number} is ready{end}"
        append_events(
            generation_id=row.pk,
            events=[EventRecord(EventKind.COMPLETED, now, key="", message=message)],
            lease=lease,
            changes={
                "status": status,
                "version": version,
                "skill": version.skill,
                "step_title": "",
                "message": "",
                "result": storable_json({**asdict(result), "document": "", "files": []}),
                "finished_at": now,
                "worked_seconds": F("worked_seconds") + worked_seconds,
                "record_state": RecordState.DUE,
                "lease_owner": "",
                "lease_until": None,
            },
        )
    judge_version(version=version)
    if review is not None:
        weigh_review(review=review, now=timezone.now(), today=timezone.localdate())
    return version


def artifact_texts(result: GenerationResult) -> dict[str, str]:
    """Return the reports as the texts that a run keeps them in, by the name of the artifact."""
    values = {
        METADATA: result.metadata,
        REPORT: result.validation_report,
        ASSESSMENT: result.quality_assessment,
    }
    return {name: json_text(value) for name, value in values.items()}


def json_text(value: Any) -> str:
    """Return plain data as the text of an artifact."""
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def _version(row: Generation, result: GenerationResult) -> SkillVersion:
    skill = row.skill if row.skill is not None else _skill(result)
    base = revised_version(row)
    kept = dict(base.metadata) if base is not None else {}
    added = add_version(
        skill=skill,
        content=_named(result.document, skill),
        origin=VersionOrigin.RUN,
        made_at=timezone.now(),
        metadata=storable_json(kept | result.metadata),
        message=f"Generated: {row.title}",
        files=_files(base, result) if base is not None else (),
        parent=base,
        author=row.requested_by,
        author_name=row.requested_by_name,
        becomes_current=row.skill is None,
    )
    if added.is_new and row.skill is None:
        set_dependencies(skill=skill, dependencies=_dependencies(result), actor_name=row.requested_by_name)
    return added.version


def _files(base: SkillVersion, result: GenerationResult) -> list[FileRecord]:
    """Return the files of ``base`` with those that were changed in their new text."""
    changed = {one["path"]: storable_text(one["text"]).encode() for one in result.files}
    return [
        replace(record, data=data, size_bytes=len(data), digest=sha256(data).hexdigest())
        if (data := changed.get(record.path)) is not None
        else record
        for record in file_records(base)
    ]


def _named(text: str, skill: Skill) -> str:
    """Return the document under the name of the folder where it will live."""
    document = parse_document(text)
    if skill.slug != _name_in(document):
        document = with_front_matter_value(document, "name", skill.slug)
    if document.front_matter and "skill_id" in (document.front_matter.values.get("metadata") or {}):
        document = with_front_matter_value(document, ("metadata", "skill_id"), skill.path)
    return document.text


def _dependencies(result: GenerationResult) -> Iterator[DependencyRecord]:
    found = result.plan.get("dependencies", {}).get("dependency_analysis", {})
    for key, kind in _KINDS.items():
        for one in found.get(key, ()):
            yield DependencyRecord(
                kind, storable_text(one["path"], longest=512), storable_text(one["reason"])
            )


_KINDS = {
    "required": DependencyKind.REQUIRED,
    "recommended": DependencyKind.RECOMMENDED,
    "conflicts": DependencyKind.CONFLICT,
}


def _name_in(document: SkillDocument) -> object:
    """Return the name that a document gives itself, or None."""
    return document.front_matter.values.get("name") if document.front_matter else None


def _skill(result: GenerationResult) -> Skill:
    """Return the skill at the place of the plan: a new one, for what lives there already keeps its address."""
    name = clean_segment(result.name)
    home = result.path
    for number in range(2, 1_000):
        found = resolve_path(home)
        if found is None:
            return make_skill(path=home, name=result.name, actor_name="generation")[0]
        if found.skill is None and not home.endswith(f"/{name}/{name}"):
            home = f"{home}/{name}"
            continue
        home = f"{result.path.rpartition('/')[0]}/{name}-{number}".lstrip("/")
    raise AssertionError("a thousand skills of one name")


def _store_reports(version: SkillVersion, texts: Mapping[str, str]) -> None:
    now = timezone.now()
    report = read_report(json.loads(texts[REPORT]), raw=texts[REPORT], complaints=Complaints())
    assessment = read_assessment(
        json.loads(texts[ASSESSMENT]), raw=texts[ASSESSMENT], complaints=Complaints()
    )
    if report is not None:
        store_validation_report(report=report, version=version, made_at=now, actor_name="generation")
    if assessment is not None:
        store_quality_assessment(assessment=assessment, version=version, made_at=now, actor_name="generation")
