"""What each step of the pipeline gives, as types that a model's answer must fit.

Fields are those of the programs that were optimised before (domain rules, section 4), so that these load onto ours.
"""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import core_schema

from runs_app.domain.prompts import QuestionKind


class Share(float):
    """A number from 0 to 1. A type of its own, because DSPy hands on a field's type without its bounds."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> core_schema.CoreSchema:
        """Let pydantic refuse what lies outside."""
        inside = core_schema.float_schema(ge=0.0, le=1.0, allow_inf_nan=False)
        return core_schema.no_info_after_validator_function(cls, inside)


Words = Annotated[str, Field(min_length=1, max_length=4_000)]


class _Result(BaseModel):
    """Extra keys are dropped: models add them freely, and nothing is built on them."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class TargetLevel(StrEnum):
    """Whom a skill is for."""

    BEGINNER = "beginner"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"
    EXPERT = "expert"


class SkillKind(StrEnum):
    """What a skill gives its reader."""

    HOW_TO = "how_to"
    REFERENCE = "reference"
    CONCEPT = "concept"
    WORKFLOW = "workflow"
    CHECKLIST = "checklist"
    TROUBLESHOOTING = "troubleshooting"


class EstimatedLength(StrEnum):
    """How long a document will be: short below 500 lines, long beyond 1,500."""

    SHORT = "short"
    MEDIUM = "medium"
    LONG = "long"


class Effort(StrEnum):
    """How much a change asks for."""

    MINOR = "minor"
    MODERATE = "moderate"
    MAJOR = "major"


class StrategyName(StrEnum):
    """How often a person is asked."""

    MINIMAL = "minimal"
    STANDARD = "standard"
    THOROUGH = "thorough"


class TaskIntent(_Result):
    """Why the skill is wanted."""

    purpose: Words
    problem_statement: Words
    target_audience: Words
    value_proposition: Words


class SkillRef(_Result):
    """Another skill, by its path, and why it is named."""

    path: Words
    reason: str = ""


class DependencyAnalysis(_Result):
    """What the skill needs of others, and what it cannot stand beside."""

    required: list[SkillRef] = Field(default_factory=list)
    recommended: list[SkillRef] = Field(default_factory=list)
    conflicts: list[SkillRef] = Field(default_factory=list)


class SkillMetadataResult(_Result):
    """What the front matter and the metadata of the skill will say."""

    skill_id: Words
    name: Words
    description: Words
    version: str = "1.0.0"
    type: str = "technical"
    weight: str = "lightweight"
    load_priority: str = "task_specific"
    capabilities: list[str] = Field(default_factory=list)
    keywords: list[str] = Field(default_factory=list)
    tags: list[str] = Field(default_factory=list)


class UsageExample(_Result):
    """A request, and what the skill makes of it."""

    title: Words
    request: str = ""
    response: str = ""


class TestCase(_Result):
    """A way to see whether the skill works."""

    __test__ = False

    name: Words
    input: str = ""
    expected: str = ""


class CheckItem(_Result):
    """One thing that a validation found."""

    rule: Words
    severity: str = "warning"
    message: Words
    fix: str = ""


class ChangeRequest(_Result):
    """One change that a person asks for."""

    what: Words
    where: str = ""


class AskedQuestion(_Result):
    """A question for the person, why it is asked, what its answer changes, and what is assumed if nobody answers.

    ``assumed`` is worded as an answer would be: one of the options, yes or no, or a few words.
    """

    text: Words
    kind: QuestionKind = QuestionKind.TEXT
    options: list[str] = Field(default_factory=list)
    why: str = ""
    changes: str = ""
    assumed: str = ""
