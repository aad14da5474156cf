"""The modules of the phases: every step is asked through one, and DSPy's own tools work on them."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from runs_app.domain.enums import Phase
from runs_app.domain.generation import GenerationOptions, GenerationRequest, phase_of
from runs_app.domain.programs import read_program
from tests.runs_app.pipeline.scripted_models import ScriptedModels

dspy = pytest.importorskip("dspy")

from runs_app.adapters.rehearsal_lm import rehearsal_lm  # noqa: E402
from runs_app.pipeline.flow import Journey  # noqa: E402
from runs_app.pipeline.modules import SkillPipeline, fresh_pipeline  # noqa: E402
from runs_app.pipeline.programs import pipeline_of  # noqa: E402
from runs_app.pipeline.run import run_generation  # noqa: E402
from runs_app.pipeline.signatures import OLD_PREDICTORS, STEP_SIGNATURES, GatherRequirements  # noqa: E402

TASK = "Create a skill for cleaning CSV files with pandas"


class Seen(dspy.utils.BaseCallback):  # type: ignore[misc]
    """Keeps which modules were called, the outermost of each call."""

    def __init__(self) -> None:
        self.modules: list[tuple[str, str]] = []

    def on_module_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        if "predictor" in inputs.get("kwargs", inputs):
            self.modules.append((type(instance).__name__, inputs.get("kwargs", inputs)["predictor"]))


def whole(journey: Journey, models: ScriptedModels) -> list[tuple[str, str]]:
    """Run a generation and return the modules that were called, with the names of their predictors."""
    seen = Seen()

    async def run() -> None:
        async for _ in run_generation(journey, models=models):
            pass

    with dspy.context(callbacks=[seen]):
        asyncio.run(run())
    return seen.modules


def test_every_signature_has_its_predictor_and_every_step_finds_its_own() -> None:
    pipeline = fresh_pipeline()
    names = {path.removesuffix(".predict") for path, _ in pipeline.named_predictors()}

    assert {path.partition(".")[0] for path in names} == {"understand", "generate", "validate", "people"}
    assert len({path.rpartition(".")[2] for path in names}) == len(set(OLD_PREDICTORS.values()))
    for step, signature in STEP_SIGNATURES.items():
        asked = pipeline.call_of(phase_of(step), signature).predictor.signature
        assert list(asked.output_fields)[-1] == list(signature.output_fields)[-1]
    with pytest.raises(LookupError, match="GatherRequirements"):
        pipeline.call_of(Phase.VALIDATE, GatherRequirements)


def test_a_generation_calls_the_modules_of_its_phases() -> None:
    options = GenerationOptions(is_auto_approved=True, refine_from=0.0)

    called = whole(Journey(GenerationRequest(TASK), options), ScriptedModels())

    assert sorted(called) == sorted(
        [
            ("People", "assess_readiness"),
            ("Understand", "gather_requirements"),
            ("Understand", "analyze_intent"),
            ("Understand", "find_taxonomy_path"),
            ("Understand", "analyze_dependencies"),
            ("Understand", "synthesize_plan"),
            ("Generate", "generate_content"),
            ("Validate", "validate_skill"),
            ("Validate", "assess_quality"),
        ]
    )


def test_an_optimiser_learns_demonstrations_that_a_saved_program_brings_to_the_model(tmp_path: Path) -> None:
    """As a person would: optimise in a shell, save into the folder of programs, generate with it."""
    pipeline = fresh_pipeline()
    examples = [
        dspy.Example(predictor="gather_requirements", task_description=f"Tidy the {word} drawer").with_inputs(
            "predictor", "task_description"
        )
        for word in ("upper", "lower")
    ]
    teacher = dspy.BootstrapFewShot(
        metric=lambda example, found, trace=None: bool(found.topics), max_labeled_demos=0
    )
    with dspy.context(lm=rehearsal_lm(), adapter=dspy.ChatAdapter()):
        pipeline.understand = teacher.compile(pipeline.understand, trainset=examples)
    # DSPy leaves a compiled module out of what it saves of the whole, unless told otherwise.
    pipeline.understand._compiled = False
    pipeline.save(tmp_path / "learnt.json")
    models = ScriptedModels()

    whole(
        Journey(
            GenerationRequest(TASK),
            GenerationOptions(is_auto_approved=True, refine_from=0.0),
            program=read_program((tmp_path / "learnt.json").read_text()),
        ),
        models,
    )

    asked = models.engine.prompts[models.engine.calls.index("domain")]
    assert "Tidy the upper drawer" in asked
    again = SkillPipeline()
    again.load(tmp_path / "learnt.json")
    assert (
        again.understand.gather_requirements.demos
        == pipeline.dump_state()["understand.gather_requirements"]["demos"]
    )


def test_a_program_of_ours_keeps_what_each_phase_learnt_for_the_same_signature(tmp_path: Path) -> None:
    pipeline = fresh_pipeline()
    for phase, words in (
        (pipeline.generate, "Mend for the score."),
        (pipeline.validate, "Mend for the rules."),
    ):
        phase.refine_skill.signature = phase.refine_skill.signature.with_instructions(words)
    pipeline.save(tmp_path / "two.json")

    found = pipeline_of(read_program((tmp_path / "two.json").read_text()))

    assert found.generate.refine_skill.signature.instructions == "Mend for the score."
    assert found.validate.refine_skill.signature.instructions == "Mend for the rules."
    assert fresh_pipeline().generate.refine_skill.signature.instructions.startswith("Mend the named issues")
