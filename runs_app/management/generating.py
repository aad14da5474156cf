"""``manage.py generate``: one generation in a shell, with its progress printed, its questions asked, its result in a folder."""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TextIO

from runs_app.domain.answer_form import asked_in_words
from runs_app.domain.errors import GenerationStopped, StepFailed
from runs_app.domain.generation import GenerationOptions, GenerationRequest
from runs_app.domain.masking import masked
from runs_app.domain.pipeline_items import (
    EventKind,
    GenerationFinished,
    GenerationResult,
    LanguageModels,
    LibraryView,
    PipelineEvent,
    PipelineItem,
    PromptRaised,
    StepFinished,
)
from runs_app.domain.programs import Program
from runs_app.domain.prompts import Prompt
from runs_app.domain.spending import Ceiling, SpendingGuard, Usage, total_usage


@dataclass
class ShellGeneration:
    """One generation as a shell runs it. ``ask`` returns a person's answer to a prompt, None to stop there.

    ``ceilings`` hold beside its own, with what counted against them when it began.
    """

    request: GenerationRequest
    options: GenerationOptions
    models: LanguageModels
    library: LibraryView
    program: Program | None
    out: TextIO
    ask: Callable[[Prompt], Mapping[str, Any] | None]
    secrets: tuple[str, ...] = ()
    ceilings: tuple[Ceiling, ...] = ()
    stored: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    answers: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    usages: list[Usage] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)
    _steps: dict[str, float] = field(default_factory=dict)

    def run(self) -> GenerationResult | None:
        """Return the result, or None when nobody answers a prompt.

        Raises:
            StepFailed, GenerationStopped: as the pipeline says.
        """
        while True:
            last = asyncio.run(self._once())
            if isinstance(last, GenerationFinished):
                return last.result
            if not isinstance(last, PromptRaised):
                raise AssertionError("a generation ends with a prompt or with its result")
            answer = self.ask(replace(last.prompt, summary=_with_problems(last)))
            if answer is None:
                return None
            self.answers[last.key] = answer

    async def _once(self) -> PipelineItem | None:
        from runs_app.pipeline.flow import Journey
        from runs_app.pipeline.run import run_generation

        journey = Journey(self.request, self.options, self.library, self.stored, self.answers, self.program)
        ceiling = self.options.ceiling_usd
        spent = total_usage(self.usages).cost_usd or 0.0
        ceilings = [replace(one, spent_usd=one.spent_usd + spent) for one in self.ceilings]
        if ceiling is not None:
            ceilings.append(Ceiling("this generation", ceiling, spent))
        last: PipelineItem | None = None
        async for item in run_generation(journey, models=self.models, guard=SpendingGuard(ceilings)):
            self._take(item)
            last = item
        return last

    def _take(self, item: PipelineItem) -> None:
        if isinstance(item, StepFinished):
            self.stored[item.key] = item.result
            self.usages.append(item.usage)
            seconds = time.monotonic() - self._steps.get(item.key, time.monotonic())
            used = f"  {item.usage.total_tokens:,} tokens{_cost(item.usage)}" if item.usage.num_calls else ""
            self._say(f"  ✓ {item.title or item.step}  {seconds:.1f} s{used}")
            self._note(item.key, "step_ended", item.title)
        elif isinstance(item, PipelineEvent):
            self._event(item)

    def _event(self, event: PipelineEvent) -> None:
        if event.kind is EventKind.PHASE_STARTED and event.phase:
            self._say(event.phase.value.capitalize())
        elif event.kind is EventKind.STEP_STARTED:
            self._steps[event.key] = time.monotonic()
            self._say(f"  … {event.message or event.step}")
        elif event.kind is EventKind.PROGRESS:
            self._say(f"    {event.message}")
        if event.kind not in {EventKind.TOKENS, EventKind.REASONING}:
            self._note(event.key, event.kind.value, event.message)

    def _note(self, key: str, kind: str, message: str) -> None:
        at = round(time.monotonic() - self._began, 3)
        self.events.append({"seconds": at, "kind": kind, "key": key, "message": self._masked(message)})

    def _say(self, line: str) -> None:
        self.out.write(f"{self._masked(line)}\n")
        self.out.flush()

    def _masked(self, text: str) -> str:
        return masked(text, self.secrets)


def run_in_shell(generation: ShellGeneration, *, folder: Path) -> int:
    """Run to the end, write the result below ``folder``, and return the exit code: 0, 1 failed, 3 waits for an answer."""
    out = generation.out
    try:
        result = generation.run()
    except (StepFailed, GenerationStopped) as error:
        out.write(f"{masked(str(error), generation.secrets)}\n")
        if isinstance(error, StepFailed) and error.raw:
            kept = folder / "failed_answer.txt"
            folder.mkdir(parents=True, exist_ok=True)
            kept.write_text(masked(error.raw, generation.secrets), encoding="utf-8")
            out.write(f"What the model said last is kept in {kept}.\n")
        return 1
    if result is None:
        out.write("Nobody answered; nothing was written. Run it again, or with --no-input.\n")
        return 3
    written = write_result(result, generation, folder=folder)
    used = total_usage(generation.usages)
    score = result.quality_assessment["deterministic_score"]
    out.write(
        f"{written}\n{result.validation_report['status']}; reference score {score:.2f}; {used.num_calls} calls, "
        f"{used.total_tokens:,} tokens{_cost(used)}.\n"
    )
    if result.is_rehearsal:
        out.write("This is a rehearsal: no model wrote it. Set FLEET_MODEL or give --model for a real one.\n")
    return 0


def write_result(result: GenerationResult, generation: ShellGeneration, *, folder: Path) -> Path:
    """Write the skill to ``folder/<name>/SKILL.md`` and its reports beside that folder; return the document's path.

    Raises:
        FileExistsError: there is such a skill already; nothing is overwritten.
    """
    reports = _new_folder(folder / f"{result.name}.run")
    (reports / "skill_content.md").write_text(result.document, encoding="utf-8", newline="\n")
    for name, value in {
        "skill_metadata.json": result.metadata,
        "plan.json": result.plan,
        "validation_report.json": result.validation_report,
        "quality_assessment.json": result.quality_assessment,
        "human_answers.json": generation.answers,
    }.items():
        text = json.dumps(value, ensure_ascii=False, indent=2)
        (reports / name).write_text(masked(text, generation.secrets) + "\n", encoding="utf-8")
    lines = (json.dumps(one, ensure_ascii=False) for one in generation.events)
    (reports / "events.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    target = folder / result.name / "SKILL.md"
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with target.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(result.document)
    except FileExistsError as error:
        error.add_note(f"What was made is kept in {reports}.")
        raise
    return target


def _new_folder(wanted: Path) -> Path:
    """Make the folder, or one with a number after its name when there is one already."""
    for number in range(1, 1_000):
        path = wanted if number == 1 else wanted.with_name(f"{wanted.name}-{number}")
        with contextlib.suppress(FileExistsError):
            path.mkdir(parents=True)
            return path
    raise AssertionError("a thousand folders of one name")


def ask_on_terminal(prompt: Prompt) -> Mapping[str, Any] | None:
    """Ask a prompt in words and read the answer; None when the input ends."""
    try:
        return asked_in_words(prompt, say=lambda line: print(line, file=sys.stderr), read=input)  # noqa: T201
    except EOFError:
        return None


def _with_problems(raised: PromptRaised) -> str:
    problems = " ".join(sentence for _, sentence in raised.problems)
    return f"{problems}\n{raised.prompt.summary}".strip()


def _cost(usage: Usage) -> str:
    return ", price unknown" if usage.cost_usd is None else f", ${usage.cost_usd:.4f}"
