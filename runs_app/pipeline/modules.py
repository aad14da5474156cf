"""The pipeline as DSPy sees it: a module for each phase, and one for the people steps, that hold the predictors by name.

A generation has an instance of its own, so nothing that is learnt or set in one reaches another. Steps with their stored
results, checkpoints and order are the flow's; a module answers one step at a time, and DSPy's tools work on it as on any
other: ``named_predictors()``, ``save`` and ``load``, optimisers, tracing.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import dspy

from runs_app.domain.enums import Phase
from runs_app.pipeline import signatures as ours

_WORD_BEGIN = re.compile(r"(?<!^)(?=[A-Z])")


class PhaseModule(dspy.Module):
    """Holds a predictor for each of its signatures, named as the signature is: ``gather_requirements``.

    A call names one of them, so that an example of a step (``predictor`` and the inputs) is an example of the module.
    """

    def forward(self, *, predictor: str, **inputs: Any) -> dspy.Prediction:
        """Return what the predictor of that name answers to ``inputs``."""
        return getattr(self, predictor)(**inputs)

    async def aforward(self, *, predictor: str, **inputs: Any) -> dspy.Prediction:
        """Return what the predictor of that name answers to ``inputs``."""
        return await getattr(self, predictor).acall(**inputs)


def _reasoned(signature: type[dspy.Signature]) -> dspy.ChainOfThought:
    """Return a predictor that gives its reasons first: where they are worth their tokens, since a person is shown them."""
    return dspy.ChainOfThought(signature, rationale_field=dspy.OutputField(desc="why, in a few sentences"))


class Understand(PhaseModule):
    """The first phase: requirements, the analyses that run side by side, and the plan of them."""

    def __init__(self) -> None:
        super().__init__()
        self.gather_requirements = dspy.Predict(ours.GatherRequirements)
        self.analyze_intent = _reasoned(ours.AnalyzeIntent)
        self.find_taxonomy_path = _reasoned(ours.FindTaxonomyPath)
        self.analyze_dependencies = _reasoned(ours.AnalyzeDependencies)
        self.synthesize_plan = _reasoned(ours.SynthesizePlan)


class Generate(PhaseModule):
    """The second phase: the text, mended up to a threshold, and changed as people say."""

    def __init__(self) -> None:
        super().__init__()
        self.generate_content = dspy.Predict(ours.GenerateContent)
        self.refine_skill = dspy.Predict(ours.RefineSkill)
        self.incorporate_feedback = dspy.Predict(ours.IncorporateFeedback)


class Validate(PhaseModule):
    """The third phase: a model's validation, mending what is critical, and the assessment."""

    def __init__(self) -> None:
        super().__init__()
        self.validate_skill = _reasoned(ours.ValidateSkill)
        self.plan_refinement = dspy.Predict(ours.PlanRefinement)
        self.refine_skill = dspy.Predict(ours.RefineSkill)
        self.assess_quality = _reasoned(ours.AssessQuality)


class People(PhaseModule):
    """What is asked of a model so that a person can be asked well, and understood; in any phase."""

    def __init__(self) -> None:
        super().__init__()
        self.determine_strategy = dspy.Predict(ours.DetermineStrategy)
        self.assess_readiness = _reasoned(ours.AssessReadiness)
        self.summarize_understanding = dspy.Predict(ours.SummarizeUnderstanding)
        self.generate_preview = dspy.Predict(ours.GeneratePreview)
        self.analyze_feedback = dspy.Predict(ours.AnalyzeFeedback)
        self.format_validation = dspy.Predict(ours.FormatValidation)


@dataclass(frozen=True, slots=True)
class PhaseCall:
    """One predictor of a phase's module, to be called through the module."""

    module: PhaseModule
    name: str

    @property
    def predictor(self) -> dspy.Predict:
        """The predictor itself: its signature as it is asked, and its demonstrations."""
        return getattr(self.module, self.name).predictors()[0]


class SkillPipeline(dspy.Module):
    """All modules of the pipeline: what ``save`` writes of it is a program."""

    def __init__(self) -> None:
        super().__init__()
        self.understand = Understand()
        self.generate = Generate()
        self.validate = Validate()
        self.people = People()

    def call_of(self, phase: Phase, signature: type[dspy.Signature]) -> PhaseCall:
        """Return the call that asks for ``signature`` in ``phase``.

        Raises:
            LookupError: neither the phase nor the people steps have a predictor for it.
        """
        name = predictor_name(signature)
        for module in (getattr(self, phase.value), self.people):
            if hasattr(module, name):
                return PhaseCall(module, name)
        raise LookupError(f"No predictor of “{phase}” asks for {signature.__name__}.")


def predictor_name(signature: type[dspy.Signature]) -> str:
    """Return the name of a signature's predictor: ``gather_requirements`` for ``GatherRequirements``."""
    return _WORD_BEGIN.sub("_", signature.__name__).lower()


def fresh_pipeline() -> SkillPipeline:
    """Return a pipeline of its own, with the signatures' own instructions and without demonstrations."""
    return _as_made().deepcopy()


# To make the classes of signatures takes milliseconds; copies share the classes, which nobody changes.
@lru_cache(maxsize=1)
def _as_made() -> SkillPipeline:
    return SkillPipeline()
