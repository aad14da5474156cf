"""The rehearsal model answers every signature with what fits, hangs together, says what it is, and repeats itself."""

import asyncio
import json
import socket
from typing import Any

import pytest

from runs_app.adapters.rehearsal_lm import rehearsal_lm
from runs_app.domain.rehearsal import rehearse
from skills_app.domain.documents import parse_document
from skills_app.domain.profiles import Outcome, Subject, judge_all
from skills_app.domain.writing import write_document
from tests.runs_app.pipeline.test_signatures import ALL

dspy = pytest.importorskip("dspy")

from runs_app.pipeline import signatures  # noqa: E402

TASK = "Create a skill for cleaning CSV files with pandas"


def ask(signature: Any, adapter: Any = None, **inputs: Any) -> Any:
    given = dict.fromkeys(signature.input_fields, "words")
    for name, value in {"iteration_number": 1, "skill_style": "minimal", "target_level": "expert"}.items():
        if name in given:
            given[name] = value  # type: ignore[assignment]
    if "task_description" in given:
        given["task_description"] = TASK
    with dspy.context(lm=rehearsal_lm(), adapter=adapter or dspy.ChatAdapter()):
        return dspy.Predict(signature)(**given | inputs)


@pytest.mark.parametrize("adapter", ["chat", "json"])
@pytest.mark.parametrize("signature", ALL, ids=lambda one: one.__name__)
def test_every_signature_is_answered_with_what_fits(
    signature: Any, adapter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the rehearsal reached for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)

    answer = ask(signature, dspy.ChatAdapter() if adapter == "chat" else dspy.JSONAdapter())

    for name, field in signature.output_fields.items():
        value = getattr(answer, name)
        assert value is not None, name
        if isinstance(field.annotation, type):
            assert isinstance(value, field.annotation), name


def test_the_plan_and_the_document_make_a_skill_that_every_profile_loads() -> None:
    plan = ask(signatures.SynthesizePlan)
    metadata = plan.skill_metadata
    content = ask(
        signatures.GenerateContent,
        skill_metadata=json.dumps(metadata.model_dump()),
        content_plan=json.dumps(plan.content_plan),
    ).skill_content

    text = write_document({"name": metadata.name, "description": metadata.description}, content)
    matrix = judge_all(Subject(parse_document(text), folder_name=metadata.name))

    assert "rehearsal" in text.lower()
    assert Outcome.REJECTED not in matrix.outcomes.values()


def test_the_task_gives_its_name_to_the_skill() -> None:
    answer = ask(signatures.FindTaxonomyPath)
    assert answer.recommended_path == "rehearsal/cleaning-csv-files-pandas"
    assert answer.confidence == 0.8


def test_the_same_prompt_gives_the_same_answer_also_when_it_is_awaited() -> None:
    first = ask(signatures.GatherRequirements)

    async def awaited() -> Any:
        with dspy.context(lm=rehearsal_lm(), adapter=dspy.ChatAdapter()):
            return await dspy.Predict(signatures.GatherRequirements).acall(task_description=TASK)

    assert asyncio.run(awaited()).toDict() == first.toDict()


def test_it_counts_what_it_used_and_has_no_price() -> None:
    model = rehearsal_lm()
    with dspy.context(lm=model, adapter=dspy.ChatAdapter()):
        dspy.Predict(signatures.GatherRequirements)(task_description=TASK)
    assert model.history[-1]["cost"] is None
    assert model.history[-1]["usage"]["completion_tokens"] > 0


@pytest.mark.parametrize("system", ["", "Your output fields are:\n", "{broken} # note: JSON schema: {"])
def test_a_prompt_of_another_kind_breaks_nothing(system: str) -> None:
    assert rehearse(system, "[[ ## x ## ]]\n{") == "[[ ## completed ## ]]"


def test_nobody_reads_a_made_up_list_on_the_way() -> None:
    asked = ask(
        signatures.AssessReadiness, phase="understand", collected_info="Clean a file.", min_requirements="x"
    )
    summary = ask(
        signatures.SummarizeUnderstanding,
        task_description="Clean a file.",
        user_clarifications="x",
        intent_analysis="x",
        taxonomy_path="x",
        dependencies="x",
    )

    assert asked.missing_info == ["who will use it", "whether it shall show a whole example"]
    assert summary.key_assumptions[0] == "The task is about clean file."
