"""Load the sample once: skills into the library, runs into a store of its own, and both together by the mirror."""

import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from runs_app.adapters.folder_lock import hold_file
from runs_app.adapters.mlflow_log import open_log
from runs_app.adapters.sample_files import read_sample
from runs_app.domain.errors import SampleBusy
from runs_app.domain.run_log import TAG_SAMPLE
from runs_app.domain.sample import (
    ACTOR,
    EVALUATIONS,
    GENERATIONS,
    PlannedVersion,
    Sample,
    SampleSkill,
    sample_runs,
)
from runs_app.domain.sample.runs import SampleRuns
from runs_app.models import Run, Source
from runs_app.services.add_source import add_source
from runs_app.services.remove_sample import clear_sample
from runs_app.services.sync_source import sync_source
from skills_app.domain.enums import VersionOrigin
from skills_app.domain.metadata import read_metadata
from skills_app.models import AuditEntry, Category, PathAlias, Skill, SkillVersion
from skills_app.services.add_alias import add_alias
from skills_app.services.add_version import add_version
from skills_app.services.link_dependencies import link_dependencies
from skills_app.services.make_category import make_category
from skills_app.services.make_skill import make_skill
from skills_app.services.record_audit import record_audit
from skills_app.services.set_dependencies import set_dependencies
from skills_app.services.set_facets import set_facets

SOURCE_NAME = "Sample data"
LOADED, REMOVED = "loaded_sample", "removed_sample"


@dataclass(frozen=True, slots=True)
class SampleResult:
    """What loading did: ``outcome`` is ``loaded``, ``already there`` or ``removed before``; the rest counts what is new."""

    outcome: str
    num_skills: int = 0
    num_versions: int = 0
    num_runs: int = 0
    seconds: float = 0.0

    @property
    def is_loaded(self) -> bool:
        """Whether it was loaded now."""
        return self.outcome == "loaded"


def sample_folder() -> Path:
    """Return the folder in the data folder that holds the sample's store and artifacts, and nothing else."""
    return Path(settings.DATA_DIR) / "sample"


def load_sample(*, is_wanted_again: bool = False, now: datetime | None = None) -> SampleResult:
    """Load the sample unless it is there, or was removed and is not ``is_wanted_again``.

    Its days are counted back from ``now``. A load that was broken off is cleared away and begun anew. A skill of the
    library that stands where a sample skill would is left alone, and that sample skill is left out.

    Raises:
        SampleBusy: another process is loading or removing it.
        SourceError: the store in the data folder cannot be written or read.
    """
    began = time.monotonic()
    with hold_file(Path(settings.DATA_DIR) / "sample.lock") as is_mine:
        if not is_mine:
            raise SampleBusy(
                "The sample is being loaded or removed by another process; wait until that is done."
            )
        last = AuditEntry.objects.filter(verb__in=(LOADED, REMOVED)).order_by("-pk").first()
        if last is not None and last.verb == LOADED:
            return SampleResult("already there")
        if last is not None and not is_wanted_again:
            return SampleResult("removed before")
        clear_sample(folder=sample_folder())
        return _load((now or timezone.now()).astimezone(UTC), began)


def _load(now: datetime, began: float) -> SampleResult:
    sample = read_sample()
    taken = _taken_paths(sample)
    told = sample_runs(sample, now=now, without=taken)
    source = _write_store(told)
    num_versions = _write_library(sample, told, taken)
    sync_source(source=source, who=ACTOR)
    num_skills = Skill.objects.filter(is_sample=True).count()
    num_runs = Run.objects.filter(source=source).count()
    record_audit(
        verb=LOADED,
        target_kind="sample",
        target_key=SOURCE_NAME,
        actor_name=ACTOR,
        after={
            "num_skills": num_skills,
            "num_versions": num_versions,
            "num_runs": num_runs,
            "left_out": sorted(taken),
        },
    )
    return SampleResult("loaded", num_skills, num_versions, num_runs, time.monotonic() - began)


def _taken_paths(sample: Sample) -> frozenset[str]:
    """Return the sample paths at which something of the library stands already."""
    paths = [skill.path for skill in sample.skills]
    found = set(Skill.objects.filter(path__in=paths).values_list("path", flat=True))
    found |= set(Category.objects.filter(path__in=paths).values_list("path", flat=True))
    found |= set(PathAlias.objects.filter(path__in=paths).values_list("path", flat=True))
    return frozenset(found)


def _write_store(told: SampleRuns) -> Source:
    # A name of its own for each load: a process that has read an earlier store keeps that file open.
    folder = sample_folder() / secrets.token_hex(4)
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    log = open_log(uri, artifact_folder=folder / "artifacts")
    tags = {TAG_SAMPLE: "true", "mlflow.note.content": "Sample data, made up for a first look around."}
    experiments = {
        name: log.experiment(name, artifact_folder=folder / "artifacts" / part, tags=tags)
        for name, part in ((GENERATIONS, "generations"), (EVALUATIONS, "evaluations"))
    }
    for name, run in told.runs:
        log.log_run(experiments[name], run)
    return add_source(address=uri, name=SOURCE_NAME, is_sample=True)


@transaction.atomic
def _write_library(sample: Sample, told: SampleRuns, taken: frozenset[str]) -> int:
    """Write categories, skills and versions; return the number of versions."""
    known = set(Category.objects.values_list("path", flat=True))
    for path, description in sample.categories.items():
        if path not in known and not Skill.objects.filter(path=path).exists():
            make_category(path=path, description=description, actor_name=ACTOR)
    for skill in sample.skills:
        if skill.path not in taken:
            planned = [version for version in told.versions if version.skill is skill]
            _write_skill(skill, planned)
    Category.objects.exclude(path__in=known).update(is_sample=True)
    link_dependencies()
    return SkillVersion.objects.filter(skill__is_sample=True).count()


def _write_skill(told: SampleSkill, planned: list[PlannedVersion]) -> None:
    skill, _ = make_skill(path=told.path, status=told.status, is_sample=True, actor_name=ACTOR)
    for item in planned:
        add_version(
            skill=skill,
            content=item.version.document,
            files=item.version.files,
            origin=VersionOrigin.RUN,
            made_at=datetime.fromtimestamp(item.made_at_ms / 1000, tz=UTC),
            metadata=told.metadata(item.version),
            message=item.version.message,
            author_name=ACTOR,
        )
    set_facets(
        skill=skill,
        facets=[(name, value) for name, values in told.facets.items() for value in values],
        actor_name=ACTOR,
    )
    metadata, _ = read_metadata(told.metadata(told.versions[-1]))
    set_dependencies(skill=skill, dependencies=metadata.dependencies, actor_name=ACTOR)
    for alias in told.aliases:
        if not (PathAlias.objects.filter(path=alias).exists() or Skill.objects.filter(path=alias).exists()):
            add_alias(path=alias, skill=skill, actor_name=ACTOR)
