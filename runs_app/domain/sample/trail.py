"""What happens inside a sample run: its steps with their times and tokens, its events, its questions and answers."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from runs_app.domain.enums import Phase
from runs_app.domain.sample.shapes import SampleSkill, SampleVersion
from skills_app.domain.documents import parse_document
from skills_app.domain.tokens import estimate_tokens

STEPS: Mapping[Phase, tuple[str, ...]] = {
    Phase.UNDERSTAND: (
        "gather_requirements",
        "analyze_intent",
        "find_placement",
        "analyze_dependencies",
        "synthesize_plan",
    ),
    Phase.GENERATE: ("write_candidates", "choose_candidate", "refine_content", "preview"),
    Phase.VALIDATE: ("validate_rules", "validate_by_model", "assess_quality"),
}
_WRITING = frozenset({"write_candidates", "refine_content"})
# Sample prices in US dollars for a token that is read and one that is written.
PRICE_READ, PRICE_WRITTEN = 3e-6, 15e-6


@dataclass(frozen=True, slots=True)
class Step:
    """A pipeline step of a sample run; times in milliseconds since 1970 UTC."""

    phase: Phase
    name: str
    started_at_ms: int
    ended_at_ms: int
    prompt_tokens: int
    completion_tokens: int

    @property
    def cost_usd(self) -> float:
        """What its tokens cost at the sample prices."""
        return self.prompt_tokens * PRICE_READ + self.completion_tokens * PRICE_WRITTEN


def steps_of(
    phases: Iterable[Phase], *, document: str, started_at_ms: int, rng: random.Random
) -> tuple[Step, ...]:
    """Return the steps of ``phases`` one after the other; a step that writes costs by the length of the document."""
    size = estimate_tokens(document).num_tokens
    at, found = started_at_ms, []
    for phase in phases:
        for name in STEPS[phase]:
            is_writing, is_model = name in _WRITING, name != "validate_rules"
            written = round(size * rng.uniform(0.9, 1.3)) if is_writing else rng.randint(180, 900)
            read = rng.randint(900, 2600) + (size if phase is not Phase.UNDERSTAND else 0)
            seconds = written / rng.uniform(55, 90) + 1.5 if is_model else rng.uniform(0.02, 0.08)
            end = at + round(seconds * 1000)
            found.append(Step(phase, name, at, end, read if is_model else 0, written if is_model else 0))
            at = end + rng.randint(5, 60)
    return tuple(found)


def events_of(steps: tuple[Step, ...], *, error: str = "", is_running: bool = False) -> list[dict[str, Any]]:
    """Return the events of a run in order: phases and steps begun and ended, tokens, and how it came out."""
    events: list[dict[str, Any]] = []
    phase: Phase | None = None
    for position, step in enumerate(steps):
        if step.phase is not phase:
            if phase is not None:
                events.append(_event(step.started_at_ms, "phase_ended", phase=phase.value))
            phase = step.phase
            events.append(_event(step.started_at_ms, "phase_started", phase=phase.value))
        is_last = position == len(steps) - 1
        events.append(_event(step.started_at_ms, "step_started", phase=phase.value, step=step.name))
        if is_last and (error or is_running):
            break
        tokens = {"prompt_tokens": step.prompt_tokens, "completion_tokens": step.completion_tokens}
        events.append(_event(step.ended_at_ms, "step_ended", phase=phase.value, step=step.name, **tokens))
    if steps and not is_running:
        kind = "failed" if error else "completed"
        events.append(_event(steps[-1].ended_at_ms, kind, **({"message": error} if error else {})))
    return events


def answers_of(skill: SampleSkill, *, asked_at_ms: int) -> list[dict[str, Any]]:
    """Return the rounds with a person: what was asked on the way and what was answered."""
    audience = list(skill.facets.get("audience", ()))
    return [
        {
            "kind": "clarify",
            "round": 1,
            "asked_at": _time(asked_at_ms),
            "answered_at": _time(asked_at_ms + 41_000),
            "by": "sample person",
            "questions": [
                {
                    "id": "audience",
                    "type": "multi",
                    "question": "Who will load this skill?",
                    "options": audience,
                },
                {"id": "limits", "type": "text", "question": "What shall it leave out?"},
            ],
            "answers": {"audience": audience, "limits": skill.scope or "Nothing in particular."},
        },
        {
            "kind": "confirm",
            "round": 1,
            "asked_at": _time(asked_at_ms + 52_000),
            "answered_at": _time(asked_at_ms + 70_000),
            "by": "sample person",
            "summary": skill.task,
            "answers": {"decision": "proceed"},
        },
    ]


def plan_of(skill: SampleSkill, version: SampleVersion) -> dict[str, Any]:
    """Return the content plan that a run followed, read off the document that came out."""
    document = parse_document(version.document)
    metadata = skill.metadata(version)
    return {
        "skill_metadata": {
            key: metadata[key] for key in ("skill_id", "name", "description", "version", "type")
        },
        "target_audience": list(skill.facets.get("audience", ())),
        "placement": {
            "recommended_path": skill.path,
            "confidence": 0.86,
            "alternatives": list(skill.aliases),
        },
        "outline": [heading.text for heading in document.outline if heading.level == 2],
        "files": [file.path for file in version.files],
        "success_criteria": [f"A reader can {deed.replace('-', ' ')}." for deed in skill.capabilities],
        "estimated_length": "long"
        if document.num_lines > 500
        else "medium"
        if document.num_lines > 120
        else "short",
    }


def _event(at_ms: int, kind: str, **values: Any) -> dict[str, Any]:
    return {"at": _time(at_ms), "kind": kind, **values}


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC).isoformat(timespec="milliseconds")
