"""A whole generation: items in order, taken up again without a repeated call, people asked, the best kept, faults said."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from runs_app.domain.errors import GenerationStopped, StepFailed
from runs_app.domain.generation import GenerationOptions, GenerationRequest, Step
from runs_app.domain.judging_models import ASKED, judge_version
from runs_app.domain.pipeline_items import (
    EventKind,
    GenerationFinished,
    GenerationResult,
    LibraryView,
    NearbySkill,
    PipelineEvent,
    PipelineItem,
    PromptRaised,
    StepFinished,
)
from runs_app.domain.programs import Program, SavedPredictor
from runs_app.domain.prompts import USUAL_CHANGES, USUAL_WHY, PromptKind
from runs_app.domain.report_shapes import Complaints, read_assessment
from runs_app.domain.spending import Ceiling, Price, SpendingGuard
from skills_app.domain.documents import parse_document
from skills_app.domain.judging import judge_skill
from skills_app.models import QualityAssessment

pytest.importorskip("dspy")

from dspy import lm15  # noqa: E402

from runs_app.pipeline.calls import Caller  # noqa: E402
from runs_app.pipeline.flow import Journey  # noqa: E402
from runs_app.pipeline.run import run_generation  # noqa: E402
from tests.runs_app.pipeline.scripted_models import ScriptedEngine, ScriptedModels  # noqa: E402

TASK = "Create a skill for cleaning CSV files with pandas"
AUTO = GenerationOptions(is_auto_approved=True, refine_from=0.0)
Results = dict[str, Mapping[str, Any]]


def run(
    models: Any,
    *,
    options: GenerationOptions = AUTO,
    stored: Results | None = None,
    answers: Mapping[str, Any] | None = None,
    guard: SpendingGuard | None = None,
    task: str = TASK,
    library: LibraryView | None = None,
    program: Program | None = None,
    until: str = "",
) -> list[PipelineItem]:
    """Run to the end, or until the result under ``until`` is stored."""

    async def gather() -> list[PipelineItem]:
        journey = Journey(
            GenerationRequest(task),
            options,
            library or LibraryView(),
            stored or {},
            answers or {},
            program,
        )
        items = []
        stream = run_generation(journey, models=models, guard=guard)
        try:
            async for item in stream:
                items.append(item)
                if isinstance(item, StepFinished) and item.key == until:
                    break
        finally:
            await stream.aclose()  # type: ignore[attr-defined]
        return items

    return asyncio.run(gather())


def results(items: list[PipelineItem]) -> Results:
    return {one.key: one.result for one in items if isinstance(one, StepFinished)}


def finished(items: list[PipelineItem]) -> GenerationResult:
    last = items[-1]
    assert isinstance(last, GenerationFinished)
    return last.result


def asked(items: list[PipelineItem]) -> PromptRaised:
    last = items[-1]
    assert isinstance(last, PromptRaised), last
    return last


def test_a_task_becomes_a_document_that_every_host_loads() -> None:
    models = ScriptedModels()

    result = finished(run(models))

    document = parse_document(result.document)
    assert judge_skill(document, folder_name=result.name, skill_path=result.path).is_accepted
    assert result.path.endswith(f"/{result.name}")
    assert result.validation_report["status"] in {"passed", "warnings"}
    assert result.quality_assessment["rationale"]
    json.dumps([result.metadata, result.plan, result.validation_report, result.quality_assessment])


@pytest.mark.parametrize("is_watched", [True, False])
def test_what_is_written_of_the_document_streams_whoever_looks_on(
    monkeypatch: pytest.MonkeyPatch, is_watched: bool
) -> None:
    streamed: dict[str, bool] = {}
    ask = Caller.ask

    async def look(self: Caller, choices: Any, call: Any, inputs: Any, **kwargs: Any) -> Any:
        streamed[call.name] = kwargs["manner"].is_streamed()
        return await ask(self, choices, call, inputs, **kwargs)

    monkeypatch.setattr(Caller, "ask", look)

    async def gather() -> None:
        journey = Journey(GenerationRequest(TASK), AUTO)
        async for _ in run_generation(journey, models=ScriptedModels(), is_watched=lambda: is_watched):
            pass

    asyncio.run(gather())

    writing = {name for name, is_streamed in streamed.items() if is_streamed}
    assert "generate_content" in writing
    assert (writing == set(streamed)) is is_watched


def judged_by(items: list[PipelineItem]) -> tuple[str, str]:
    """Return scorer and version of the assessment as the library reads it."""
    raw = json.dumps(finished(items).quality_assessment)
    record = read_assessment(json.loads(raw), raw=raw, complaints=Complaints())
    assert record is not None
    return record.scorer, record.scorer_version


def test_two_judging_models_are_two_rulers_also_when_the_answer_was_stored() -> None:
    first = run(ScriptedModels())
    models = ScriptedModels(fallback=ScriptedEngine({}))
    models.engine.failures["quality_score"] = lm15.AuthError("no")

    second = run(models, stored={k: v for k, v in results(first).items() if k != "assessment"})

    assert judged_by(first) == ("model", f"scripted/1@{ASKED}")
    assert judged_by(second) == ("model", f"scripted/2@{ASKED}")
    assert judged_by(run(ScriptedModels(), stored=results(second))) == ("model", f"scripted/2@{ASKED}")
    before = dict(results(first))
    before["assessment"] = {k: v for k, v in before["assessment"].items() if k != "asked_as"}
    assert judged_by(run(ScriptedModels(), stored=before)) == ("model", "scripted/1")
    before["assessment"] = {k: v for k, v in before["assessment"].items() if k != "judged_by"}
    assert judged_by(run(ScriptedModels(), stored=before)) == ("model", "")


def test_long_names_of_judging_models_stay_apart_in_what_the_column_holds() -> None:
    names = [
        f"{start}/anthropic/claude-opus-4-{end}" for start in ("openrouter", "bedrock") for end in "12345"
    ]

    versions = [judge_version(f"{name}-20260101") for name in names]

    assert len(set(versions)) == len(names)
    assert all(one.startswith("claude-opus-4-") for one in versions)
    assert {len(one) for one in versions} == {QualityAssessment._meta.get_field("scorer_version").max_length}
    assert judge_version("openai/gpt-5-mini") == f"openai/gpt-5-mini@{ASKED}"
    assert judge_version("openai/gpt-5-mini", "") == "openai/gpt-5-mini"
    assert judge_version(names[0]) != judge_version(names[0], "abcdef")
    assert judge_version("") == ""


def test_a_program_that_tells_the_judge_something_else_is_another_ruler() -> None:
    demos = ({"skill_content": "# A", "quality_score": 0.9},)

    def judged(**learnt: Any) -> str:
        predictors = {
            "validate.assess_quality": SavedPredictor(**learnt),
            "generate.generate_content": SavedPredictor("Write it anew."),
        }
        return judged_by(run(ScriptedModels(), program=Program(predictors)))[1]

    versions = [judged(), judged(instructions="Be strict."), judged(demos=demos)]

    assert versions[0] == f"scripted/1@{ASKED}"
    assert len(set(versions)) == 3
    assert all(one.startswith("scripted/1@") for one in versions)
    assert judged(instructions="Be strict.") == versions[1]


def test_the_phases_come_in_order_and_each_result_has_its_use() -> None:
    items = run(ScriptedModels())

    phases = [
        (one.kind.value, one.phase.value)
        for one in items
        if isinstance(one, PipelineEvent) and one.phase and one.kind.startswith("phase")
    ]
    assert phases == [
        (kind, phase)
        for phase in ("understand", "generate", "validate")
        for kind in ("phase_started", "phase_ended")
    ]
    for one in items:
        if isinstance(one, StepFinished) and one.models:
            assert (one.usage.num_calls, one.usage.total_tokens) == (1, 110), one.key


def test_every_call_streams_its_answer_field_by_field() -> None:
    items = run(ScriptedModels())

    text = "".join(
        one.data["text"]
        for one in items
        if isinstance(one, PipelineEvent)
        and one.kind is EventKind.TOKENS
        and one.data["field"] == "skill_content"
    )
    assert text.strip() == results(items)["content"]["skill_content"].strip()
    assert [one for one in items if isinstance(one, PipelineEvent) and one.kind is EventKind.REASONING]


def test_it_goes_on_from_any_step_and_asks_nothing_twice() -> None:
    whole = run(ScriptedModels())
    keys = list(results(whole))

    for key in keys:
        first = ScriptedModels()
        stored = results(run(first, until=key))
        second = ScriptedModels()
        rest = run(second, stored=stored)
        assert finished(rest) == finished(whole), key
        begun = {
            one.key for one in rest if isinstance(one, PipelineEvent) and one.kind is EventKind.STEP_STARTED
        }
        assert not begun & set(stored), key


def test_the_analyses_run_at_the_same_time() -> None:
    models = ScriptedModels()
    models.engine.delay = 0.05

    run(models)

    assert models.engine.most_running == 3


def test_when_one_analysis_fails_the_results_of_the_others_are_kept() -> None:
    models = ScriptedModels()
    models.engine.delay = 0.02
    models.engine.failures["recommended_path"] = lm15.AuthError("no")
    items: list[PipelineItem] = []

    async def gather() -> None:
        async for item in run_generation(Journey(GenerationRequest(TASK), AUTO), models=models):
            items.append(item)

    with pytest.raises(StepFailed, match="scripted/1 refused") as caught:
        asyncio.run(gather())

    assert caught.value.key == "placement"
    assert {"intent", "dependencies"} <= set(results(items))


def test_when_two_analyses_fail_what_both_used_is_told() -> None:
    with pytest.raises(StepFailed, match="did not fit") as caught:
        run(ScriptedModels(task_intent="none", confidence=["superb"]))

    assert caught.value.key == "intent"
    assert caught.value.usage.num_calls == 4  # type: ignore[attr-defined]


def test_an_answer_that_never_fits_fails_its_step_with_the_text_kept() -> None:
    with pytest.raises(StepFailed, match="did not fit") as caught:
        run(ScriptedModels(target_level="galactic"))

    assert caught.value.key == "requirements"
    assert "galactic" in caught.value.raw
    assert caught.value.usage.num_calls == 2  # type: ignore[attr-defined]


def test_a_step_that_takes_too_long_fails_by_name() -> None:
    models = ScriptedModels()
    models.engine.delay = 5

    with pytest.raises(StepFailed, match="not done within 0.05 s"):
        run(models, options=GenerationOptions(is_auto_approved=True, step_deadline_seconds=0.05))


def test_a_fallback_takes_over_from_a_model_that_fails_for_good() -> None:
    fallback = ScriptedEngine({})
    models = ScriptedModels(fallback=fallback)
    models.engine.failures["skill_content"] = lm15.AuthError("the key is no good")

    items = run(models)

    content = next(one for one in items if isinstance(one, StepFinished) and one.key == "content")
    assert content.models == ("scripted/2",)
    restarts = [
        one.message
        for one in items
        if isinstance(one, PipelineEvent) and one.data.get("is_restart") and one.message
    ]
    assert len(restarts) == 1
    assert "the key is no good" in restarts[0]
    assert restarts[0].endswith("Now scripted/2 is asked.")


def test_a_ceiling_stops_before_the_call() -> None:
    models = ScriptedModels(price=Price(0.001, 0.001))
    guard = SpendingGuard([Ceiling("this generation", 2.5, 0.0)])

    with pytest.raises(StepFailed, match="ceiling of this generation"):
        run(models, guard=guard)

    assert len(models.engine.calls) < 4


def test_of_several_texts_the_best_by_the_scorer_is_kept_and_temperatures_differ() -> None:
    poor, good = (
        "# Poor\n\nWords.\n",
        "# Good\n\n## When to Use\n\n- Use it now.\n\n## Steps\n\n1. Run `ls`.\n",
    )
    models = ScriptedModels(skill_content=[poor, good, poor])

    items = run(models, options=GenerationOptions(is_auto_approved=True, refine_from=0.0, num_candidates=3))

    assert "# Good" in finished(items).document
    assert {"content/1", "content/2", "content/3"} <= set(results(items))
    notes = [one.message for one in items if isinstance(one, PipelineEvent) and "best of 3" in one.message]
    assert len(notes) == 1


def test_refinement_stops_at_the_limit_and_never_keeps_what_is_worse() -> None:
    models = ScriptedModels(refined_content="worse")

    items = run(models, options=GenerationOptions(is_auto_approved=True, refine_from=1.0, max_refinements=3))

    assert models.engine.calls.count("refined_content") == 1
    assert "worse" not in finished(items).document


class TestPeople:
    OPTIONS = GenerationOptions(refine_from=0.0, checkpoints=tuple(PromptKind))

    def test_questions_are_asked_and_their_answers_reach_the_analyses(self) -> None:
        models = ScriptedModels()
        prompt = asked(run(models, options=self.OPTIONS))

        assert prompt.key == "clarify"
        assert [question.key for question in prompt.prompt.questions] == ["q1", "q2"]
        answers = {"clarify": {"values": {"q1": "People new to it", "q2": "no"}}}
        next_one = asked(run(models, options=self.OPTIONS, answers=answers))
        assert next_one.key == "confirm"
        assert any("Who will use it? People new to it" in prompt for prompt in models.engine.prompts)

    def test_an_answer_that_does_not_fit_is_asked_for_again(self) -> None:
        prompt = asked(
            run(ScriptedModels(), options=self.OPTIONS, answers={"clarify": {"values": {"q1": "x"}}})
        )

        assert prompt.key == "clarify"
        assert dict(prompt.problems)["q2"] == "This needs an answer."

    def test_a_plan_can_be_revised_and_the_revision_is_a_new_round(self) -> None:
        options = GenerationOptions(refine_from=0.0, checkpoints=(PromptKind.CONFIRM,))
        models = ScriptedModels()
        answers: dict[str, Any] = {"confirm": {"action": "revise", "feedback": "Only for pandas 3"}}

        second = asked(run(models, options=options, answers=answers))

        assert (second.key, second.prompt.round) == ("confirm.2", 2)
        assert any("Only for pandas 3" in prompt for prompt in models.engine.prompts)
        answers["confirm.2"] = {"action": "proceed"}
        assert finished(run(ScriptedModels(), options=options, answers=answers))

    def test_cancelling_stops_and_says_where(self) -> None:
        options = GenerationOptions(refine_from=0.0, checkpoints=(PromptKind.CONFIRM,))

        with pytest.raises(GenerationStopped, match="Is this what you want.*not needed"):
            run(
                ScriptedModels(),
                options=options,
                answers={"confirm": {"action": "cancel", "feedback": "not needed"}},
            )

    def test_a_doubtful_place_is_asked_even_where_no_checkpoint_is(self) -> None:
        options = GenerationOptions(refine_from=0.0, checkpoints=())
        models = ScriptedModels(confidence=[0.3, 0.9], alternative_paths=[["data/cleaning"]])

        prompt = asked(run(models, options=options))

        question = prompt.prompt.questions[0]
        assert question.key == "place"
        answers = {"confirm": {"values": {"place": "other", "place.other": "tools/csv"}}}
        result = finished(run(ScriptedModels(confidence=[0.3, 0.9]), options=options, answers=answers))
        assert result.path == f"tools/csv/{result.name}"

    def test_a_preview_can_be_refined_with_feedback(self) -> None:
        options = GenerationOptions(refine_from=0.0, checkpoints=(PromptKind.PREVIEW,))
        refine = {"action": "refine", "feedback": "Show chunked reading"}
        models = ScriptedModels(refined_content="# New\n\nChunks.\n")

        second = asked(run(models, options=options, answers={"preview": refine}))

        assert second.key == "preview.2"
        assert "Chunks." in second.prompt.content
        answers = {"preview": refine, "preview.2": {"action": "proceed"}}
        models = ScriptedModels(refined_content="# New\n\nChunks.\n")
        assert "Chunks." in finished(run(models, options=options, answers=answers)).document

    def test_a_validation_can_be_refined_and_is_judged_again(self) -> None:
        options = GenerationOptions(refine_from=0.0, checkpoints=(PromptKind.VALIDATE,))
        refine = {"action": "refine", "feedback": "Mend the links"}

        second = run(ScriptedModels(), options=options, answers={"validate": refine})

        assert asked(second).key == "validate.2"
        assert {"rules", "rules.2", "refinement/1", "refinement/2"} <= set(results(second))

    def test_a_task_without_a_name_asks_for_one(self) -> None:
        options = GenerationOptions(refine_from=0.0, checkpoints=(PromptKind.STRUCTURE_FIX,))
        library = LibraryView(skills=(NearbySkill("data/cleaning-csv-files-pandas"),))
        taken = asked(
            run(
                ScriptedModels(topics=[["cleaning"]]),
                options=options,
                library=library,
                task="Cleaning CSV files pandas",
            )
        )

        assert taken.key == "structure_fix"
        assert "already" in taken.prompt.summary
        answers = {
            "structure_fix": {
                "values": {"name": "csv-tidying", "description": "Use when CSV files are untidy."}
            }
        }
        items = run(
            ScriptedModels(),
            options=options,
            library=library,
            answers=answers,
            task="Cleaning CSV files pandas",
        )
        assert results(items)["structure"]["name"] == "csv-tidying"
        plan = finished(items).plan
        assert (plan["name"], plan["description"]) == ("csv-tidying", "Use when CSV files are untidy.")

    def test_a_question_that_does_not_say_why_says_so_all_the_same(self) -> None:
        blank = {"text": "Which encoding?", "kind": "text", "options": [], "why": " ", "changes": ""}
        models = ScriptedModels(ready=[False], next_questions=[[blank]])
        options = GenerationOptions(refine_from=0.0, checkpoints=(PromptKind.CLARIFY,))

        (question,) = asked(run(models, options=options)).prompt.questions

        assert (question.why, question.changes) == (USUAL_WHY, USUAL_CHANGES)

    def test_auto_approval_asks_nobody(self) -> None:
        items = run(ScriptedModels(confidence=[0.1, 0.9]))

        assert finished(items)
        assert Step.STRATEGY not in {one.step for one in items if isinstance(one, StepFinished)}


def test_critical_issues_are_mended_up_to_the_limit_and_then_said() -> None:
    issue = [{"rule": "gap", "severity": "critical", "message": "No check at the end.", "fix": ""}]
    models = ScriptedModels(critical_issues=[issue])

    items = run(models, options=GenerationOptions(is_auto_approved=True, refine_from=0.0, max_refinements=2))

    assert {"refinement/2", "refinement.2/2", "model_validation.3"} <= set(results(items))
    report = finished(items).validation_report
    assert (report["passed"], report["status"]) == (False, "failed")
    assert "model.gap: No check at the end." in report["errors"]


def test_front_matter_and_fences_of_a_model_are_not_doubled() -> None:
    text = "```markdown\n---\nname: Wrong Name\n---\n# Body\n\nWords.\n```"
    result = finished(run(ScriptedModels(skill_content=text)))

    assert result.document.count("---\n") == 2
    assert "Wrong Name" not in result.document
    assert "# Body" in result.document


def test_two_generations_in_one_process_never_mix_their_models() -> None:
    one, other = ScriptedModels(domain="first domain"), ScriptedModels(domain="second domain")
    for models in (one, other):
        models.engine.delay = 0.01

    async def whole(models: ScriptedModels) -> Results:
        journey = Journey(GenerationRequest(TASK), AUTO)
        return {
            item.key: item.result
            async for item in run_generation(journey, models=models)
            if isinstance(item, StepFinished)
        }

    async def both() -> list[Results]:
        return list(await asyncio.gather(whole(one), whole(other)))

    first, second = asyncio.run(both())

    assert (first["requirements"]["domain"], second["requirements"]["domain"]) == (
        "first domain",
        "second domain",
    )
    assert one.engine.calls == other.engine.calls


def test_a_required_step_asks_a_person_although_everything_is_approved() -> None:
    options = GenerationOptions(is_auto_approved=True, refine_from=0.0, required=(PromptKind.PREVIEW,))

    assert asked(run(ScriptedModels(), options=options)).prompt.kind is PromptKind.PREVIEW
