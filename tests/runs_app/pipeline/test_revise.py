"""A skill that there is, changed as people asked: the rest stays byte for byte, and nothing is planned anew."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from runs_app.domain.generation import GenerationOptions, GenerationRequest
from runs_app.domain.pipeline_items import GenerationFinished, GenerationResult, PipelineItem, PromptRaised
from runs_app.domain.prompts import PromptKind
from runs_app.domain.revision import RevisedFile, Revision

pytest.importorskip("dspy")

from runs_app.pipeline.flow import Journey  # noqa: E402
from runs_app.pipeline.run import run_generation  # noqa: E402
from tests.runs_app.pipeline.scripted_models import ScriptedModels  # noqa: E402

HEAD = """---
name: csv-cleaning
description: Use when CSV files are dirty. Cleans them.
license: MIT  # kept
metadata:
  skill_id: data/csv-cleaning
  owner: "ada"
---

"""
BODY = """# CSV cleaning

## When to Use

- A CSV file has broken rows.

## Steps

1. Read the file with `python -m csv`.
2. Too vague.

## Check

Verify the number of rows.
"""
NEW_BODY = BODY.replace("2. Too vague.", "2. Drop rows with fewer than 3 fields.")
FEEDBACK = "[C12] Section “CSV cleaning › Steps”, must be met, by ada:\nAbout this passage:\n> Too vague.\nSay how many."
AUTO = GenerationOptions(is_auto_approved=True)


def run(
    models: ScriptedModels,
    document: str = HEAD + BODY,
    options: GenerationOptions = AUTO,
    answers: Mapping[str, Any] | None = None,
    stored: Mapping[str, Any] | None = None,
    revision: Revision | None = None,
) -> list[PipelineItem]:
    revision = revision or Revision(document, "data/csv-cleaning", 3, FEEDBACK, 7, (12,))
    request = GenerationRequest("Revise the skill csv-cleaning.", revision=revision)

    async def gather() -> list[PipelineItem]:
        journey = Journey(request, options, stored=stored or {}, answers=answers or {})
        return [item async for item in run_generation(journey, models=models)]

    return asyncio.run(gather())


def result(items: list[PipelineItem]) -> GenerationResult:
    last = items[-1]
    assert isinstance(last, GenerationFinished), last
    return last.result


def test_what_no_comment_is_about_stays_byte_for_byte() -> None:
    made = result(run(ScriptedModels(refined_content=HEAD + NEW_BODY)))

    assert made.document == HEAD + NEW_BODY
    assert (made.name, made.path) == ("csv-cleaning", "data/csv-cleaning")
    assert made.metadata["owner"] == "ada"


def test_a_model_that_answers_with_the_body_alone_loses_no_front_matter() -> None:
    made = result(run(ScriptedModels(refined_content=f"```markdown\n{NEW_BODY}```")))

    assert made.document == HEAD + NEW_BODY


def test_values_of_the_front_matter_change_but_never_name_and_address() -> None:
    head = HEAD.replace("dirty. Cleans them.", "broken. Mends them.").replace("name: csv-", "name: other-")
    head = head.replace("data/csv-cleaning", "data/other").replace('"ada"', '"bea"')

    made = result(run(ScriptedModels(refined_content=head + BODY)))

    assert "name: csv-cleaning\n" in made.document
    assert "skill_id: data/csv-cleaning\n" in made.document
    assert "Mends them." in made.document.partition("\n---\n")[0]
    assert "owner: bea\n" in made.document
    assert "license: MIT  # kept\n" in made.document
    assert made.description == "Use when CSV files are broken. Mends them."


def test_windows_line_breaks_stay() -> None:
    made = result(
        run(ScriptedModels(refined_content=HEAD + NEW_BODY), document=(HEAD + BODY).replace("\n", "\r\n"))
    )

    assert made.document == (HEAD + NEW_BODY).replace("\n", "\r\n")


def test_comments_and_document_reach_the_model_as_data_and_no_place_is_looked_for() -> None:
    models = ScriptedModels(refined_content=HEAD + NEW_BODY)

    run(models)

    at = models.engine.calls.index("refined_content")
    assert FEEDBACK in models.engine.prompts[at]
    assert HEAD.strip() in models.engine.prompts[at]
    assert not any("[C12]" in system for system in models.engine.systems)
    assert not {"recommended_path", "skill_content", "skill_metadata"} & set(models.engine.calls)


def test_what_the_model_says_it_did_not_do_is_kept() -> None:
    models = ScriptedModels(
        refined_content=HEAD + NEW_BODY, changes_made=[["[C12] A number."]], unaddressed_feedback=[[]]
    )

    made = result(run(models))

    assert made.feedback == {"changes_made": ["[C12] A number."], "unaddressed": []}


def test_a_person_may_say_more_to_the_plan_and_it_reaches_the_model() -> None:
    models = ScriptedModels(refined_content=HEAD + NEW_BODY)
    options = GenerationOptions(checkpoints=(PromptKind.CONFIRM,), max_rounds=2)
    items = run(models, options=options)
    assert isinstance(items[-1], PromptRaised)
    said = {
        "confirm": {"action": "revise", "feedback": "Mind the headers."},
        "confirm.2": {"action": "proceed"},
    }
    models.engine.prompts.clear()
    models.engine.calls.clear()

    made = result(run(models, options=options, answers=said))

    assert made.document == HEAD + NEW_BODY
    assert "Mind the headers." in models.engine.prompts[models.engine.calls.index("refined_content")]


SCRIPT = "\nimport csv\nprint(1)\n"
ON_SCRIPT = "[C13] The file scripts/run.py, must be met, by bea:\nPrint two."


def with_file(feedback: str = FEEDBACK, script: str = SCRIPT) -> Revision:
    numbers = (12, 13) if feedback else (13,)
    file = RevisedFile("scripts/run.py", script, ON_SCRIPT, (13,))
    return Revision(HEAD + BODY, "data/csv-cleaning", 3, feedback, 7, numbers, (file,))


def test_a_commented_file_is_rewritten_in_a_call_of_its_own() -> None:
    models = ScriptedModels(
        refined_content=[HEAD + NEW_BODY, "```python\nimport csv\nprint(2)\n```"],
        changes_made=[
            ["[C12] A number.", "[C13] As if it were mine."],
            ["[C13] Prints two.", "[C12] Not mine."],
        ],
        unaddressed_feedback=[["[C13] Another file."], []],
    )

    made = result(run(models, revision=with_file()))

    assert made.document == HEAD + NEW_BODY
    assert made.files == ({"path": "scripts/run.py", "text": SCRIPT.replace("1", "2")},)
    assert made.feedback == {"changes_made": ["[C12] A number.", "[C13] Prints two."], "unaddressed": []}
    first, second = [
        prompt
        for prompt, call in zip(models.engine.prompts, models.engine.calls, strict=True)
        if call == "refined_content"
    ]
    assert "import csv" not in first
    assert "import csv" in second
    assert "## Steps" not in second


def test_with_comments_on_files_alone_the_document_stays_and_is_not_given_to_be_changed() -> None:
    models = ScriptedModels(
        refined_content=["import csv\nprint(2)"], changes_made=[[]], unaddressed_feedback=[[]]
    )

    made = result(run(models, revision=with_file("")))

    assert made.document == HEAD + BODY
    assert made.files == ({"path": "scripts/run.py", "text": SCRIPT.replace("1", "2")},)
    assert models.engine.calls.count("refined_content") == 1


@pytest.mark.parametrize("answer", [SCRIPT, "```\nimport csv\nprint(1)\n```"])
def test_a_file_that_came_back_as_it_was_is_said_not_to_be_met(answer: str) -> None:
    models = ScriptedModels(refined_content=[answer], changes_made=[[]], unaddressed_feedback=[[]])

    made = result(run(models, revision=with_file("")))

    assert made.files == ()
    assert made.feedback["unaddressed"] == ["[C13] scripts/run.py came back as it was."]


def test_the_line_breaks_and_the_end_of_a_file_stay() -> None:
    script = "a = 1\r\nb = 2"
    models = ScriptedModels(refined_content=["a = 1\nb = 3\n"], changes_made=[[]], unaddressed_feedback=[[]])

    made = result(run(models, revision=with_file("", script)))

    assert made.files[0]["text"] == "a = 1\r\nb = 3"
