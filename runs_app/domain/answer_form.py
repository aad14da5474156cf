"""A prompt asked line by line, for a shell: what is shown, and how what is typed becomes an answer."""

from collections.abc import Callable, Mapping
from typing import Any

from runs_app.domain.prompts import OTHER, Action, Prompt, Question, QuestionKind

_NEEDS_WORDS = frozenset({Action.REVISE, Action.REFINE})


def asked_in_words(
    prompt: Prompt, *, say: Callable[[str], None], read: Callable[[str], str]
) -> Mapping[str, Any]:
    """Return a person's answer as plain data, as ``prompts.read_answer`` takes it; an empty line takes the first action."""
    say(f"\n{prompt.title}")
    for line in (prompt.why, prompt.summary, prompt.content, *(f"  - {one}" for one in prompt.assumptions)):
        if line:
            say(line)
    if prompt.confidence is not None:
        say(f"(confidence {prompt.confidence:.0%})")
    values: dict[str, Any] = {}
    for question in prompt.questions:
        _ask(question, values, say, read)
    action = Action.PROCEED
    if len(prompt.actions) > 2 or not prompt.questions:
        for one in prompt.actions:
            say(f"  {one}: {prompt.effect(one)}")
        words = "/".join(prompt.actions)
        typed = read(f"{words} [{prompt.actions[0]}]: ").strip().lower()
        found = [one for one in prompt.actions if typed and one.startswith(typed)]
        action = found[0] if found else prompt.actions[0]
    feedback = read("What should be different? ").strip() if action in _NEEDS_WORDS else ""
    return {"action": action.value, "feedback": feedback, "values": values}


def _ask(
    question: Question, values: dict[str, Any], say: Callable[[str], None], read: Callable[[str], str]
) -> None:
    say(f"\n{question.text}")
    if question.why:
        say(f"  Why: {question.why}")
    if question.changes:
        say(f"  It changes {question.changes}.")
    if question.assumed:
        say(f"  Without an answer it would be: {question.assumed}.")
    if question.kind is QuestionKind.BOOLEAN:
        values[question.key] = {"y": "yes", "n": "no"}.get(read("yes/no: ").strip().lower()[:1], "")
        return
    if question.kind is QuestionKind.TEXT:
        values[question.key] = read("> ").strip()
        return
    for number, option in enumerate(question.options, start=1):
        say(f"  {number}. {option}")
    several = ", several with commas" if question.kind is QuestionKind.MULTI else ""
    other = ", or other words" if question.allows_other else ""
    typed = [part.strip() for part in read(f"number{several}{other}: ").split(",") if part.strip()]
    chosen = [_chosen(question, part) for part in typed]
    if OTHER in chosen:
        values[f"{question.key}.{OTHER}"] = next(
            part for part, one in zip(typed, chosen, strict=True) if one == OTHER
        )
    values[question.key] = chosen if question.kind is QuestionKind.MULTI else (chosen[0] if chosen else "")


def _chosen(question: Question, typed: str) -> str:
    if typed.isdigit() and 1 <= int(typed) <= len(question.options):
        return question.options[int(typed) - 1]
    if typed in question.options or not question.allows_other:
        return typed
    return OTHER
