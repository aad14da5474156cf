"""What a run recorded, told from its tags and its name."""

import re
from collections.abc import Mapping

from runs_app.domain.enums import Phase, RunKind

# Words that records use for the three phases, ours first, then those of the system that came before.
PHASE_WORDS: dict[str, Phase] = {
    "understand": Phase.UNDERSTAND,
    "understanding": Phase.UNDERSTAND,
    "task_analysis": Phase.UNDERSTAND,
    "phase1": Phase.UNDERSTAND,
    "1": Phase.UNDERSTAND,
    "generate": Phase.GENERATE,
    "generation": Phase.GENERATE,
    "content_generation": Phase.GENERATE,
    "phase2": Phase.GENERATE,
    "2": Phase.GENERATE,
    "validate": Phase.VALIDATE,
    "validation": Phase.VALIDATE,
    "assure": Phase.VALIDATE,
    "quality_assurance": Phase.VALIDATE,
    "phase3": Phase.VALIDATE,
    "3": Phase.VALIDATE,
}
_PHASE_NAME = re.compile(r"(phase[123])(?:_|$)", re.IGNORECASE)
_EVALUATION_WORDS = frozenset({"evaluation", "evaluate", "optimization", "optimisation", "eval"})


def phase_of(*, name: str, tags: Mapping[str, str]) -> Phase | None:
    """Return the phase that the tags or a name such as ``phase1_task_analysis`` state, or None."""
    for key in ("skill_fleet.phase", "phase"):
        word = tags.get(key, "").strip().lower()
        if word in PHASE_WORDS:
            return PHASE_WORDS[word]
        if match := _PHASE_NAME.match(word):
            return PHASE_WORDS[match[1].lower()]
    match = _PHASE_NAME.match(name)
    return PHASE_WORDS[match[1].lower()] if match else None


def kind_of(*, name: str, tags: Mapping[str, str], params: Mapping[str, str]) -> RunKind:
    """Return what the run recorded, as far as its own record says.

    An explicit tag decides; then a phase; then the marks of a generation's parent run; then those of an evaluation.
    ``OTHER`` may still become ``GENERATION`` when its artifacts or its children tell (see ``services``).
    """
    run_type = (tags.get("skill_fleet.kind") or tags.get("run_type", "")).strip().lower()
    if run_type in {"parent", RunKind.GENERATION}:
        return RunKind.GENERATION
    if run_type in {"child", RunKind.PHASE}:
        return RunKind.PHASE
    if run_type in _EVALUATION_WORDS:
        return RunKind.EVALUATION
    if phase_of(name=name, tags=tags) is not None:
        return RunKind.PHASE
    if "skill_fleet.generation" in tags or "workflow_version" in tags or "skill_fleet.skill" in tags:
        return RunKind.GENERATION
    if "skill_fleet.evaluation" in tags or "optimizer" in params or name.lower().startswith("eval"):
        return RunKind.EVALUATION
    return RunKind.OTHER
