"""Take the sample out again: exactly that, and nothing that a person or another source has added since."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Q, QuerySet

from runs_app.adapters.folder_lock import hold_file
from runs_app.adapters.mlflow_log import open_log
from runs_app.domain.errors import SampleBusy
from runs_app.domain.run_log import TAG_SAMPLE
from runs_app.domain.sample import ACTOR
from runs_app.models import Run, Source
from runs_app.services.add_source import add_source
from runs_app.services.change_source import remove_source
from skills_app.domain.enums import VersionOrigin
from skills_app.models import (
    Category,
    QualityAssessment,
    RenderedDocument,
    RoleGrant,
    Skill,
    SkillVersion,
    ValidationReport,
)
from skills_app.services.index_skill_text import index_skill_text
from skills_app.services.record_audit import record_audit
from skills_app.services.refresh_skill import refresh_skill


@dataclass(frozen=True, slots=True)
class RemovedSample:
    """How much went, and the paths of sample skills and categories that stay because something of others is there."""

    num_runs: int
    num_versions: int
    num_skills: int
    num_categories: int
    kept: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there was nothing to remove."""
        return not (self.num_runs or self.num_versions or self.num_skills or self.num_categories)


def remove_sample(*, actor: User | None = None) -> RemovedSample:
    """Remove the sample's runs, store, versions, skills and categories, and remember that it was removed.

    A version that a person wrote stays with its skill, which then is a sample no more; so does a category that holds
    something else. Runs that others logged into the sample's store stay there and in the list of sources.

    Raises:
        SampleBusy: another process is loading or removing it.
        SyncBusy: a sync is reading it now.
    """
    data_dir = Path(settings.DATA_DIR)
    with hold_file(data_dir / "sample.lock") as is_mine:
        if not is_mine:
            raise SampleBusy(
                "The sample is being loaded or removed by another process; wait until that is done."
            )
        removed = clear_sample(folder=data_dir / "sample", actor=actor)
        record_audit(
            actor=actor,
            verb="removed_sample",
            target_kind="sample",
            target_key="Sample data",
            before={
                "num_runs": removed.num_runs,
                "num_skills": removed.num_skills,
                "kept": list(removed.kept),
            },
        )
        return removed


def clear_sample(*, folder: Path, actor: User | None = None) -> RemovedSample:
    """Remove what there is of the sample, whole or half loaded, without remembering it. Hold the sample's lock.

    Raises:
        SyncBusy: a sync is reading it now.
    """
    with transaction.atomic():
        removed = _clear_rows(actor)
    for address in _clear_stores(folder):
        if not Source.objects.filter(address=address).exists():
            add_source(address=address, name="Runs beside the sample", actor=actor)
    return removed


def _clear_rows(actor: User | None) -> RemovedSample:
    sources = list(Source.objects.filter(is_sample=True))
    runs = Run.objects.filter(source__in=sources)
    versions = _own_versions(sources)
    keys = list(versions.values_list("pk", flat=True))
    digests = set(versions.values_list("content_digest", flat=True))
    touched = set(versions.values_list("skill_id", flat=True))
    reports = _own_judgements(ValidationReport.objects.all(), sources)
    assessments = _own_judgements(QualityAssessment.objects.all(), sources)
    num_runs = runs.count()
    for source in sources:
        remove_source(source=source, actor=actor, reason="The sample is removed.")
    ValidationReport.objects.filter(pk__in=reports).delete()
    QualityAssessment.objects.filter(pk__in=assessments).delete()
    Skill.objects.filter(current_version__in=keys).update(current_version=None)
    SkillVersion.objects.filter(pk__in=keys).delete()
    RenderedDocument.objects.filter(
        content_digest__in=digests - set(SkillVersion.objects.values_list("content_digest", flat=True))
    ).delete()
    num_skills, kept = _clear_skills(touched)
    num_categories, kept_places = _clear_categories()
    return RemovedSample(num_runs, len(keys), num_skills, num_categories, (*kept, *kept_places))


def _own_versions(sources: list[Source]) -> QuerySet[SkillVersion]:
    """Return the versions that the sample made: by its loader, or by its runs alone."""
    by_loader = Q(author__isnull=True, author_name=ACTOR, skill__is_sample=True)
    by_runs = Q(origin=VersionOrigin.RUN, author__isnull=True, num_own__gt=0)
    return _counted(SkillVersion.objects.all(), sources).filter(by_loader | by_runs, num_others=0)


def _own_judgements(rows: QuerySet[Any], sources: list[Source]) -> list[int]:
    """Return the reports or assessments that only sample runs have left."""
    return list(_counted(rows, sources).filter(num_own__gt=0, num_others=0).values_list("pk", flat=True))


def _counted(rows: QuerySet[Any], sources: list[Source]) -> QuerySet[Any]:
    """Count for each row the outcomes of sample runs and those of all other runs."""
    all_runs, own_runs = (
        Count("run_outcomes"),
        Count("run_outcomes", filter=Q(run_outcomes__run__source__in=sources)),
    )
    return rows.annotate(num_own=own_runs, num_others=all_runs - own_runs)


def _clear_skills(touched: Iterable[int]) -> tuple[int, list[str]]:
    """Delete skills that the sample leaves without a version; others become skills like any, with what is left."""
    ours = Skill.objects.filter(Q(is_sample=True) | Q(pk__in=list(touched)))
    gone = list(ours.filter(versions__isnull=True).values_list("pk", flat=True))
    Skill.objects.filter(pk__in=gone).delete()
    kept = []
    for skill in ours.select_related("current_version"):
        skill.is_sample = False
        skill.save(update_fields=["is_sample"])
        refresh_skill(skill=skill)
        index_skill_text(skill_ids=[skill.pk])
        kept.append(skill.path)
    return len(gone), kept


def _clear_categories() -> tuple[int, list[str]]:
    """Delete sample categories from the leaves up; one that holds or grants something becomes one like any."""
    num_gone, kept = 0, []
    for category in sorted(Category.objects.filter(is_sample=True), key=lambda row: -row.depth):
        is_used = (
            category.children.exists()
            or category.skills.exists()
            or category.aliases.exists()
            or RoleGrant.objects.filter(category=category).exists()
        )
        if is_used:
            Category.objects.filter(pk=category.pk).update(is_sample=False)
            kept.append(category.path)
        else:
            category.delete()
            num_gone += 1
    return num_gone, kept


def _clear_stores(folder: Path) -> list[str]:
    """Delete the sample's folder. A store that holds runs of others stays, without ours; return the addresses of such."""
    left: list[str] = []
    for store in sorted(folder.glob("*/mlflow.db")):
        uri = f"sqlite:///{store}"
        log = open_log(uri)
        ours, others = log.run_ids(tag=TAG_SAMPLE)
        if others:
            for run_id in sorted(ours):
                log.purge_run(run_id)
            left.append(uri)
        else:
            shutil.rmtree(store.parent)
    if not left:
        shutil.rmtree(folder, ignore_errors=True)
    return left
