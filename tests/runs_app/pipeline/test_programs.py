"""Saved programs: read from DSPy's JSON, brought onto our signatures by their fields, and used in the prompts."""

import asyncio
import json
from typing import Any

import pytest

from runs_app.domain.errors import ProgramUnreadable
from runs_app.domain.programs import read_program
from tests.runs_app.pipeline.scripted_models import ScriptedModels
from tests.shared_data import shared_data

pytest.importorskip("dspy")

from runs_app.domain.generation import GenerationOptions, GenerationRequest  # noqa: E402
from runs_app.pipeline.flow import Journey  # noqa: E402
from runs_app.pipeline.modules import predictor_name  # noqa: E402
from runs_app.pipeline.programs import pipeline_of  # noqa: E402
from runs_app.pipeline.run import run_generation  # noqa: E402
from runs_app.pipeline.signatures import OLD_PREDICTORS  # noqa: E402


def saved(**predictors: Any) -> str:
    return json.dumps({**predictors, "metadata": {"dependency_versions": {"dspy": "3.1.0"}}})


GATHER = {
    "phase1.gather_requirements.gather.predict": {
        "demos": [
            {"task_description": "A demo task", "domain": "demos", "unknown": 1},
            {"task_description": "without an output"},
        ],
        "signature": {"instructions": "Gather with great care.", "fields": []},
    }
}


def test_demonstrations_keep_the_fields_that_the_signature_knows() -> None:
    pipeline = pipeline_of(read_program(saved(**GATHER)))

    found = pipeline.understand.gather_requirements
    assert found.signature.instructions == "Gather with great care."
    assert found.demos == [{"task_description": "A demo task", "domain": "demos"}]
    assert not pipeline.understand.analyze_intent.predict.demos


def test_what_was_learnt_reaches_the_model() -> None:
    models = ScriptedModels()
    journey = Journey(
        GenerationRequest("Clean CSV files"),
        GenerationOptions(is_auto_approved=True, refine_from=0.0),
        program=read_program(saved(**GATHER)),
    )

    async def whole() -> None:
        async for _ in run_generation(journey, models=models):
            pass

    asyncio.run(whole())

    assert any("A demo task" in prompt for prompt in models.engine.prompts)
    assert any("Gather with great care." in system for system in models.engine.systems)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "no JSON"),
        ("[]", "a map"),
        ("{}", "no entry holds demonstrations"),
        ('{"a": {"demos": 3}}', "no list of maps"),
    ],
)
def test_what_is_no_program_is_refused_with_a_reason(text: str, words: str) -> None:
    with pytest.raises(ProgramUnreadable, match=words):
        read_program(text)


def test_a_program_of_another_pipeline_is_refused_by_name() -> None:
    with pytest.raises(ProgramUnreadable, match=r"edit\.edit"):
        pipeline_of(read_program(json.dumps({"edit.edit.predict": {"demos": []}})))


def test_the_optimised_program_of_before_loads_onto_every_signature() -> None:
    text = (shared_data("config") / "optimized" / "skill_creator_bootstrap_v1.json").read_text()

    program = read_program(text)
    pipeline = pipeline_of(program)

    assert set(program.predictors) == set(OLD_PREDICTORS)
    learnt = dict(pipeline.named_predictors())
    for old, predictor in program.predictors.items():
        name = predictor_name(OLD_PREDICTORS[old])
        ours = [one for path, one in learnt.items() if path.removesuffix(".predict").endswith(f".{name}")]
        assert ours, old
        assert all(one.signature.instructions == predictor.instructions.strip() for one in ours), old
    assert pipeline.generate.generate_content.demos


def test_what_a_generation_does_to_its_program_reaches_no_other() -> None:
    program = read_program(saved(**GATHER))
    pipeline_of(program).understand.gather_requirements.demos.clear()

    assert pipeline_of(program).understand.gather_requirements.demos
