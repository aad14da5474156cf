"""Forms of generations: what is asked for, many tasks at once, and the answer to a prompt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict

from runs_app.domain.generation import GenerationOptions, GenerationRequest, SkillStyle
from runs_app.domain.generation_words import ACTION_WORDS, KIND_WORDS
from runs_app.domain.prompts import OTHER, Action, Prompt, PromptKind, Question, QuestionKind
from runs_app.domain.rehearsal import NAME as REHEARSAL
from runs_app.domain.revision import LONGEST_INSTRUCTION
from runs_app.services.generation_choices import GenerationChoices
from skills_app.domain.keys import derived_key, new_key
from skills_app.models import Skill

MOST_CANDIDATES = 5
STYLE_WORDS = {
    SkillStyle.COMPREHENSIVE: "comprehensive: one long document",
    SkillStyle.NAVIGATION_HUB: "navigation hub: short, with links to details",
    SkillStyle.MINIMAL: "minimal: only what is needed",
}
ASKING = {
    "strategy": "Let the strategy step decide",
    "chosen": "Ask at the points I choose",
    "never": "Never ask; decide everything without me",
}


_CEILING = "A call that could go beyond it is not made, as far as the model's price is known."


class OptionsForm(forms.Form):
    """How skills are made; the same for one task and for many."""

    # Of this one form: when it is sent twice, the second leads to what the first began.
    nonce = forms.CharField(required=False, max_length=32, initial=new_key, widget=forms.HiddenInput)
    examples = forms.CharField(
        label="Examples", required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 3})
    )
    constraints = forms.CharField(
        label="Constraints", required=False, max_length=4_000, widget=forms.Textarea(attrs={"rows": 2})
    )
    placement_hint = forms.CharField(
        label="Where it may belong",
        required=False,
        max_length=512,
        help_text="A branch of the library; the analysis may know better.",
        widget=forms.TextInput(attrs={"list": "branches", "autocomplete": "off"}),
    )
    style = forms.ChoiceField(label="Style", choices=[(s.value, words) for s, words in STYLE_WORDS.items()])
    model = forms.ChoiceField(label="Model", required=False)
    program = forms.ChoiceField(label="Program", required=False)
    num_candidates = forms.IntegerField(
        label="Texts to choose from",
        min_value=1,
        max_value=MOST_CANDIDATES,
        initial=1,
        help_text="Each is paid for; the best by score is kept.",
    )
    ceiling_usd = forms.FloatField(label="Ceiling in US dollars", required=False, min_value=0.01)
    asking = forms.ChoiceField(
        label="When to ask people", choices=list(ASKING.items()), initial="strategy", widget=forms.RadioSelect
    )
    checkpoints = forms.MultipleChoiceField(
        label="Ask at",
        required=False,
        choices=[(kind.value, KIND_WORDS[kind]) for kind in PromptKind],
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, choices: GenerationChoices, skip_refusal: str = "", **kwargs: Any) -> None:
        """Offer ``choices``; ``skip_refusal`` says why this person may not leave the questions out, empty if they may."""
        super().__init__(*args, **kwargs)
        self.branches = choices.branches
        self.skip_refusal = skip_refusal
        self.required_words = [KIND_WORDS[kind] for kind in choices.required]
        if skip_refusal:
            asking: Any = self.fields["asking"]
            asking.choices = [(value, words) for value, words in ASKING.items() if value != "never"]
            asking.error_messages["invalid_choice"] = f"People have to be asked. {skip_refusal}"
        self._choose("model", "as configured", choices.default_model, choices.models)
        self._choose("program", "none: the instructions as they are", "", choices.programs)
        usual = f"The usual ceiling is ${choices.ceiling_usd:,.2f}." if choices.ceiling_usd else ""
        self.fields["ceiling_usd"].help_text = f"{usual} {_CEILING}".strip()
        self.fields["examples"].help_text = "One a line."

    def _choose(self, name: str, usual: str, default: str, names: tuple[str, ...]) -> None:
        field: Any = self.fields[name]
        words = {REHEARSAL: f"{REHEARSAL} (only rehearses; no real model)"}
        first = f"{usual}: {words.get(default, default)}" if default else usual
        field.choices = [("", first), *((one, words.get(one, one)) for one in names)]

    def clean(self) -> dict[str, Any]:
        """Refuse chosen checkpoints without any, and a hint that no text may hold."""
        data = super().clean() or self.cleaned_data
        if data.get("asking") == "chosen" and not data.get("checkpoints"):
            self.add_error("checkpoints", "Choose at least one point, or let the strategy step decide.")
        return data

    def request_key(self, user_id: int) -> str:
        """Return the key of what this very form asks for, after ``is_valid``; empty when it carries no nonce.

        It hangs on the person and on every field: whoever goes back and changes a word asks for something else.
        """
        data = self.cleaned_data
        return derived_key(user_id, sorted(data.items(), key=lambda item: item[0])) if data["nonce"] else ""

    def request_for(self, task: str) -> GenerationRequest:
        """Return what is asked for with ``task``, after ``is_valid``."""
        data = self.cleaned_data
        examples = tuple(line.strip() for line in data["examples"].splitlines() if line.strip())
        return GenerationRequest(
            task, examples, data["constraints"], data["placement_hint"], SkillStyle(data["style"])
        )

    def options(self) -> GenerationOptions:
        """Return how it is made, after ``is_valid``."""
        data = self.cleaned_data
        is_chosen = data["asking"] == "chosen"
        return GenerationOptions(
            models={"": data["model"]} if data["model"] else {},
            program=data["program"],
            num_candidates=data.get("num_candidates") or 1,
            checkpoints=tuple(PromptKind(one) for one in data["checkpoints"]) if is_chosen else None,
            is_auto_approved=data["asking"] == "never",
            ceiling_usd=data["ceiling_usd"],
        )


class GenerationForm(OptionsForm):
    """A task in words, and how it is made."""

    task = forms.CharField(
        label="What is the skill for?",
        max_length=8_000,
        widget=forms.Textarea(attrs={"rows": 4, "autofocus": True}),
        error_messages={"required": "Say in words what the skill is for."},
        help_text="What it should help with, for whom, and when.",
    )
    becomes = forms.ChoiceField(label="What it becomes", required=False, widget=forms.RadioSelect)
    field_order = ("task", "becomes")

    def __init__(
        self, *args: Any, choices: GenerationChoices, skill: Skill | None = None, **kwargs: Any
    ) -> None:
        """Ask, where ``skill`` is to be made anew, whether it is; without one there is nothing to choose."""
        super().__init__(*args, choices=choices, **kwargs)
        self.skill = skill
        if skill is None:
            del self.fields["becomes"]
            return
        field: Any = self.fields["becomes"]
        field.choices = [("version", f"A new version of {skill.path}"), ("skill", "A new skill of its own")]
        field.initial = "version"

    @property
    def skill_made_anew(self) -> Skill | None:
        """The skill that gets a new version, after ``is_valid``; None when a skill of its own is made."""
        return None if self.cleaned_data.get("becomes") == "skill" else self.skill


class RegenerationForm(OptionsForm):
    """Which open comments of a review a new version shall meet, what else shall change, and how it is made."""

    comments = forms.TypedMultipleChoiceField(
        label="Comments that the new version shall meet",
        coerce=int,
        error_messages={"required": "Choose at least one comment that the new version shall meet."},
    )
    instruction = forms.CharField(
        label="What else shall change",
        required=False,
        max_length=LONGEST_INSTRUCTION,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Optional. It is asked for beside the comments.",
    )
    # A revision keeps the skill as it is, so nothing is asked about one; a second sending is known by the review's last one.
    _NOT_ASKED = ("nonce", "examples", "constraints", "placement_hint", "style", "num_candidates")

    def __init__(self, *args: Any, comments: Sequence[tuple[int, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self._NOT_ASKED:
            del self.fields[name]
        chosen: Any = self.fields["comments"]
        chosen.choices = comments
        chosen.initial = [number for number, _ in comments]
        # Whoever sends this has just confirmed what shall change.
        self.fields["asking"].initial = "strategy" if self.skip_refusal else "never"


class BatchForm(OptionsForm):
    """Many tasks, one a line or in a file, and how they are made."""

    name = forms.CharField(label="Name of the batch", required=False, max_length=200)
    tasks = forms.CharField(
        label="Tasks",
        required=False,
        max_length=500_000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="One a line, up to 100.",
    )
    file = forms.FileField(
        label="Or a text file of tasks", required=False, help_text="UTF-8, one task a line, up to 500 kB."
    )
    field_order = ("name", "tasks", "file")

    def clean_file(self) -> str:
        """Return the text of the file, empty without one."""
        found = self.cleaned_data.get("file")
        if not found:
            return ""
        if found.size > 500_000:
            raise forms.ValidationError("The file has more than 500 kB.")
        try:
            return str(found.read().decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise forms.ValidationError("The file is not UTF-8 text.") from error

    def clean(self) -> dict[str, Any]:
        """Put the typed tasks and those of the file together."""
        data = super().clean()
        text = "\n".join([data.get("tasks") or "", data.get("file") or ""]).replace("\x00", "")
        data["all_tasks"] = [line.strip() for line in text.splitlines() if line.strip()]
        return data


@dataclass(frozen=True, slots=True)
class QuestionField:
    """One question of a prompt with what was chosen: ``choices`` are (value, words, whether it is chosen)."""

    question: Question
    name: str
    choices: tuple[tuple[str, str, bool], ...]
    text: str
    other: str
    is_other: bool
    error: str

    @property
    def is_many(self) -> bool:
        """Whether several may be chosen."""
        return self.question.kind is QuestionKind.MULTI


@dataclass(frozen=True, slots=True)
class PromptForm:
    """A prompt with what was typed and what is wrong with it."""

    prompt: Prompt
    fields: tuple[QuestionField, ...]
    actions: tuple[tuple[Action, str], ...]
    feedback: str = ""
    is_typed: bool = False
    feedback_error: str = ""
    action_error: str = ""

    @property
    def takes_feedback(self) -> bool:
        """Whether one may say what should be different."""
        return any(action in {Action.REVISE, Action.REFINE} for action, _ in self.actions)

    @property
    def effects(self) -> tuple[tuple[Action, str, str], ...]:
        """Each decision with its words and what it changes."""
        return tuple((action, words, self.prompt.effect(action)) for action, words in self.actions)


def given_answer(prompt: Prompt, posted: QueryDict) -> dict[str, Any]:
    """Return what was posted as plain data, in the shape that ``read_answer`` takes."""
    values: dict[str, Any] = {}
    for question in prompt.questions:
        name = f"q.{question.key}"
        other = posted.get(f"{name}.{OTHER}", "").strip()
        chosen = posted.getlist(name)
        if other and not chosen and question.kind is QuestionKind.SINGLE:
            chosen = [OTHER]
        if other:
            values[f"{question.key}.{OTHER}"] = other
        values[question.key] = (
            chosen if question.kind is QuestionKind.MULTI else (chosen[0] if chosen else "")
        )
    return {
        "action": posted.get("action", ""),
        "feedback": posted.get("feedback", ""),
        "values": values,
    }


def has_words(given: Mapping[str, Any]) -> bool:
    """Say whether anything was typed or chosen in what ``given_answer`` returned."""
    return bool(given["feedback"].strip() or any(given["values"].values()))


def prompt_form(
    prompt: Prompt, *, given: Mapping[str, Any] | None = None, problems: Mapping[str, str] | None = None
) -> PromptForm:
    """Return the form of a prompt, empty or with what was given and what is wrong with it (a sentence by key)."""
    said, wrong = given or {}, problems or {}
    values: Mapping[str, Any] = said.get("values") or {}
    return PromptForm(
        prompt,
        tuple(_field(question, values, wrong.get(question.key, "")) for question in prompt.questions),
        tuple((action, _action_words(prompt, action)) for action in prompt.actions),
        str(said.get("feedback", "")),
        bool(said),
        wrong.get("feedback", ""),
        wrong.get("action", ""),
    )


def _action_words(prompt: Prompt, action: Action) -> str:
    return "Answer and go on" if action is Action.PROCEED and prompt.questions else ACTION_WORDS[action]


def _field(question: Question, values: Mapping[str, Any], error: str) -> QuestionField:
    raw = values.get(question.key, "")
    chosen = raw if isinstance(raw, list | tuple) else [raw]
    options = (
        (("yes", "Yes"), ("no", "No"))
        if question.kind is QuestionKind.BOOLEAN
        else tuple((one, one) for one in question.options)
    )
    return QuestionField(
        question,
        f"q.{question.key}",
        tuple((value, words, value in chosen) for value, words in options),
        raw if isinstance(raw, str) else "",
        str(values.get(f"{question.key}.{OTHER}", "")),
        OTHER in chosen,
        error,
    )
