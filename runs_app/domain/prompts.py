"""Questions to a person on the way: what is asked, why, what may be answered, and whether an answer fits."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from runs_app.domain.errors import AnswerInvalid

LONGEST_TEXT = 4_000
OTHER = "other"


class PromptKind(StrEnum):
    """What a prompt is about."""

    CLARIFY = "clarify"
    STRUCTURE_FIX = "structure_fix"
    CONFIRM = "confirm"
    PREVIEW = "preview"
    VALIDATE = "validate"


class Action(StrEnum):
    """What a person decides at a checkpoint."""

    PROCEED = "proceed"
    REVISE = "revise"
    REFINE = "refine"
    CANCEL = "cancel"


class QuestionKind(StrEnum):
    """How a question is answered."""

    BOOLEAN = "boolean"
    SINGLE = "single"
    MULTI = "multi"
    TEXT = "text"


# What may be decided at each kind of checkpoint; clarifying questions are only answered.
ACTIONS: dict[PromptKind, tuple[Action, ...]] = {
    PromptKind.CLARIFY: (Action.PROCEED, Action.CANCEL),
    PromptKind.STRUCTURE_FIX: (Action.PROCEED, Action.CANCEL),
    PromptKind.CONFIRM: (Action.PROCEED, Action.REVISE, Action.CANCEL),
    PromptKind.PREVIEW: (Action.PROCEED, Action.REFINE, Action.CANCEL),
    PromptKind.VALIDATE: (Action.PROCEED, Action.REFINE, Action.CANCEL),
}
# Why a person is asked at each kind of checkpoint, in one sentence.
WHY: dict[PromptKind, str] = {
    PromptKind.CLARIFY: "The task leaves something open that would change the skill.",
    PromptKind.STRUCTURE_FIX: "The name or the description cannot stand as it is, and agents choose a skill by both.",
    PromptKind.CONFIRM: "What is written follows this plan; it costs least to change it now.",
    PromptKind.PREVIEW: "This text goes to the checks; you can have it changed before.",
    PromptKind.VALIDATE: "The text becomes a draft version next; you can have findings mended before.",
}
_ENDS = "The generation ends without a draft; what was made so far is kept."
# What each decision changes, in one sentence.
EFFECTS: dict[PromptKind, dict[Action, str]] = {
    PromptKind.CLARIFY: {
        Action.PROCEED: "Your answers become part of the task that the plan is made from.",
        Action.CANCEL: _ENDS,
    },
    PromptKind.STRUCTURE_FIX: {
        Action.PROCEED: "The skill gets this name and description; if they cannot stand either, you are asked again.",
        Action.CANCEL: _ENDS,
    },
    PromptKind.CONFIRM: {
        Action.PROCEED: "The text is written by this plan.",
        Action.REVISE: "The plan is made anew with your words before anything is written.",
        Action.CANCEL: _ENDS,
    },
    PromptKind.PREVIEW: {
        Action.PROCEED: "The text is checked as it stands.",
        Action.REFINE: "The text is changed as you say before it is checked.",
        Action.CANCEL: _ENDS,
    },
    PromptKind.VALIDATE: {
        Action.PROCEED: "The text becomes a draft version, with these findings beside it.",
        Action.REFINE: "The text is mended as you say and checked again.",
        Action.CANCEL: _ENDS,
    },
}
# What a question says of itself when the model that asks it does not.
USUAL_WHY = "The task does not say it."
USUAL_CHANGES = "what the plan is made from"
_NEEDS_FEEDBACK = frozenset({Action.REVISE, Action.REFINE})


@dataclass(frozen=True, slots=True)
class Question:
    """One question, why it is asked, what the answer changes, and what would be taken without one, where that is known."""

    key: str
    text: str
    kind: QuestionKind
    options: tuple[str, ...] = ()
    allows_other: bool = False
    why: str = ""
    changes: str = ""
    is_required: bool = True
    assumed: str = ""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a person is asked: a summary to decide on, questions to answer, or both. Rounds count from 1.

    ``content`` is the Markdown that is decided on, such as the text in a preview; ``assumptions`` are lines beside it.
    """

    kind: PromptKind
    title: str
    summary: str = ""
    questions: tuple[Question, ...] = ()
    assumptions: tuple[str, ...] = ()
    confidence: float | None = None
    round: int = 1
    content: str = ""

    @property
    def actions(self) -> tuple[Action, ...]:
        """What may be decided."""
        return ACTIONS[self.kind]

    @property
    def why(self) -> str:
        """Why a person is asked, in one sentence."""
        return WHY[self.kind]

    def effect(self, action: Action) -> str:
        """Return what a decision changes, in one sentence."""
        return EFFECTS[self.kind][action]


def prompt_as_data(prompt: Prompt) -> dict[str, Any]:
    """Return a prompt as plain data, ready for JSON."""
    return asdict(prompt)


def prompt_from_data(data: Mapping[str, Any]) -> Prompt:
    """Return the prompt that ``prompt_as_data`` made, also after a round trip through JSON."""
    questions = tuple(
        Question(**{**one, "kind": QuestionKind(one["kind"]), "options": tuple(one["options"])})
        for one in data["questions"]
    )
    assumptions = tuple(data["assumptions"])
    return Prompt(
        **{**data, "kind": PromptKind(data["kind"]), "questions": questions, "assumptions": assumptions}
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person said, checked: the decision, feedback in words, and a value for each question by its key.

    A value is a bool, a text, or a tuple of texts, as its question asks for.
    """

    action: Action
    feedback: str = ""
    values: Mapping[str, bool | str | tuple[str, ...]] = field(default_factory=dict)


def says_otherwise(questions: Iterable[Mapping[str, Any]], values: Mapping[str, Any]) -> bool | None:
    """Return whether any answer, as it was sent, differs from what would have been taken without it.

    ``questions`` are plain data as a prompt keeps them. None when of none of them is known what would have been taken.
    """
    told = [one for one in questions if one.get("assumed")]
    if not told:
        return None
    return any(_plain(one["key"], values) not in ("", str(one["assumed"]).strip().lower()) for one in told)


def _plain(key: str, values: Mapping[str, Any]) -> str:
    """Return an answer as one text in lower case, empty where there is none."""
    raw = values.get(key)
    listed = raw if isinstance(raw, list | tuple) else [] if raw is None else [raw]
    truth = {"true": "yes", "false": "no"}
    words = [str(values.get(f"{key}.{OTHER}", "") if one == OTHER else one).strip().lower() for one in listed]
    return ", ".join(truth.get(word, word) for word in words if word)


def read_answer(prompt: Prompt, given: Mapping[str, Any]) -> Answer:
    """Return the checked answer to ``prompt`` from plain data: ``action``, ``feedback``, and ``values`` by question.

    A choice may be an option or, where that is allowed, ``other`` with the words under ``<key>.other``. Questions are not
    looked at when the decision is to cancel.

    Raises:
        AnswerInvalid: every question whose answer does not fit, at once.
    """
    problems: list[tuple[str, str]] = []
    raw = given.get("action", Action.PROCEED)
    if raw not in list(prompt.actions):
        allowed = ", ".join(prompt.actions)
        raise AnswerInvalid((("action", f"Choose one of {allowed}; it is {raw!r}."),))
    action = Action(raw)
    feedback = str(given.get("feedback") or "").strip()
    if action is Action.CANCEL:
        return Answer(action, feedback[:LONGEST_TEXT])
    if len(feedback) > LONGEST_TEXT:
        problems.append(("feedback", f"Say it in at most {LONGEST_TEXT:,} characters."))
    if action in _NEEDS_FEEDBACK and not feedback:
        problems.append(("feedback", "Say what should be different."))
    raw_values = given.get("values") or {}
    supplied: Mapping[str, Any] = raw_values if isinstance(raw_values, Mapping) else {}
    values: dict[str, bool | str | tuple[str, ...]] = {}
    for question in prompt.questions:
        value, problem = _value(question, supplied)
        if problem:
            problems.append((question.key, problem))
        elif value is not None:
            values[question.key] = value
    if problems:
        raise AnswerInvalid(tuple(problems))
    return Answer(action, feedback, values)


def _value(
    question: Question, supplied: Mapping[str, Any]
) -> tuple[bool | str | tuple[str, ...] | None, str]:
    raw = supplied.get(question.key)
    if raw is None or raw in ("", [], ()):
        return None, "This needs an answer." if question.is_required else ""
    if question.kind is QuestionKind.BOOLEAN:
        known = {True: True, False: False, "yes": True, "no": False, "true": True, "false": False}
        value = known.get(raw) if isinstance(raw, bool | str) else None
        return value, "" if value is not None else "Answer yes or no."
    if question.kind is QuestionKind.TEXT:
        words = str(raw).strip()
        if not words:
            return None, "This needs an answer." if question.is_required else ""
        return words, "" if len(words) <= LONGEST_TEXT else f"Say it in at most {LONGEST_TEXT:,} characters."
    chosen = [raw] if isinstance(raw, str) else list(raw) if isinstance(raw, list | tuple) else []
    if question.kind is QuestionKind.SINGLE and len(chosen) != 1:
        return None, "Choose exactly one."
    found = [_choice(question, one, supplied) for one in chosen]
    if not found or any(one is None for one in found):
        return (
            None,
            f"Choose from {', '.join(question.options)}{' or say another' if question.allows_other else ''}.",
        )
    words_found = tuple(dict.fromkeys(one for one in found if one is not None))
    return (words_found[0] if question.kind is QuestionKind.SINGLE else words_found), ""


def _choice(question: Question, raw: object, supplied: Mapping[str, Any]) -> str | None:
    if raw in question.options:
        return str(raw)
    if raw == OTHER and question.allows_other:
        words = str(supplied.get(f"{question.key}.{OTHER}") or "").strip()
        return words[:LONGEST_TEXT] or None
    return None
