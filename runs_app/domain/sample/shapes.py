"""What the manifest of the sample says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runs_app.domain.enums import Phase
from runs_app.domain.errors import RunsError
from skills_app.domain.documents import parse_document
from skills_app.domain.enums import SkillStatus
from skills_app.domain.records import FileRecord

# Who stands behind every change that the sample makes.
ACTOR = "sample"
# The experiments that hold its runs.
GENERATIONS = "skill generation (sample)"
EVALUATIONS = "program evaluation (sample)"


class SampleError(RunsError):
    """The sample's own files contradict each other."""


@dataclass(frozen=True, slots=True)
class SampleVersion:
    """One state of a sample skill. ``quality`` and ``audience`` (0 to 1) are sample values, no model's judgement."""

    number: str
    days_ago: int
    message: str
    quality: float
    audience: float
    document: str
    files: tuple[FileRecord, ...]


@dataclass(frozen=True, slots=True)
class SampleSkill:
    """A sample skill with its versions, the oldest first."""

    path: str
    status: SkillStatus
    task: str
    style: str
    scope: str
    capabilities: tuple[str, ...]
    tags: tuple[str, ...]
    facets: Mapping[str, tuple[str, ...]]
    aliases: tuple[str, ...]
    recommended: Mapping[str, str]
    strengths: tuple[str, ...]
    weaknesses: tuple[str, ...]
    recommendations: tuple[str, ...]
    versions: tuple[SampleVersion, ...]

    @property
    def name(self) -> str:
        """The last segment of the path."""
        return self.path.rpartition("/")[2]

    def metadata(self, version: SampleVersion) -> dict[str, Any]:
        """Return the skill's metadata in one version, with the fields and in the order that records have."""
        front_matter = parse_document(version.document).front_matter
        values: Mapping[str, Any] = front_matter.values if front_matter else {}
        stated = values.get("metadata")
        told: Mapping[str, Any] = stated if isinstance(stated, Mapping) else {}
        tools = values.get("allowed-tools")
        return {
            "skill_id": self.path,
            "name": self.name,
            "description": str(values.get("description", "")),
            "version": version.number,
            "type": str(told.get("type", "")),
            "weight": str(told.get("weight", "")),
            "load_priority": str(told.get("load_priority", "")),
            "dependencies": {
                "recommended": [
                    {"skill_id": path, "justification": reason} for path, reason in self.recommended.items()
                ]
            },
            "capabilities": list(self.capabilities),
            "category": self.path.rpartition("/")[0],
            "keywords": _words(told.get("keywords")),
            "scope": self.scope,
            "see_also": _words(told.get("see_also")),
            "tags": list(self.tags),
            "taxonomy_path": self.path,
            "allowed_tools": tools.split() if isinstance(tools, str) else [],
            "skill_style": self.style,
        }


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """A run beside those that made the versions; which fields count depends on ``kind``."""

    kind: str
    days_ago: int = 0
    minutes_ago: int = 0
    skill: str = ""
    version: int = 1
    phase: Phase | None = None
    error: str = ""
    optimizer: str = ""
    trials: int = 0
    baseline: float = 0.0
    optimised: float = 0.0
    train: int = 0
    test: int = 0


@dataclass(frozen=True, slots=True)
class PlannedVersion:
    """Where a version stands on the clock: made by a run that took its time, in milliseconds since 1970 UTC."""

    skill: SampleSkill
    version: SampleVersion
    made_at_ms: int


@dataclass(frozen=True, slots=True)
class Sample:
    """All of it: categories with their descriptions, model names by role, skills and further runs."""

    categories: Mapping[str, str]
    models: Mapping[str, str]
    skills: tuple[SampleSkill, ...]
    more_runs: tuple[PlannedRun, ...] = field(default=())

    def skill_at(self, path: str) -> SampleSkill:
        """Return the skill whose home is ``path``.

        Raises:
            SampleError: the manifest has a run of a skill that it does not have.
        """
        for skill in self.skills:
            if skill.path == path:
                return skill
        raise SampleError(f"The sample's manifest names the skill {path}, which it does not describe.")


def _words(value: object) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else []
