"""What rows behind a figure are narrowed by beyond period and filters, so that they are exactly those that the figure counts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields

from runs_app.domain.enums import Phase, RunStatus
from runs_app.domain.prompts import PromptKind
from runs_app.domain.trends.agreement import BIN_EDGES
from runs_app.domain.trends.totals import STAGES

KINDS = tuple(kind.value for kind in PromptKind)
GATES = ("passed", "blocked", "none", "judged")
# Which generations state what a figure needs, and what that is called in a heading.
KNOWN = {"cost": "state a cost", "tokens": "state tokens", "end": "have ended"}
WAITS = {
    "decided": "with their first verdict in these days",
    "began": "open when the period began",
    "ended": "open when these days were over, or now",
    "open": "open now",
}
ANSWERS = {
    "answered": "that were answered",
    "known": "answered, and it is known whether that changed the way",
    "changed": "whose answer changed the way",
}
ENDED = (RunStatus.FINISHED.value, RunStatus.FAILED.value, RunStatus.KILLED.value)
STAGE_WORDS = {
    "requested": "were requested",
    "generated": "left a document",
    "passed": "pass their gate",
    "approved": "were approved",
    "active": "are of an active skill",
}
_LONGEST = 400


class _Choice:
    """Reads itself from the parameters of an address and writes itself back."""

    __slots__ = ()

    def pairs(self) -> list[tuple[str, str]]:
        """Return names and values of the query string."""
        named = [(each.name, getattr(self, each.name)) for each in fields(self)]  # type: ignore[arg-type]
        return [(name, value) for name, value in named if value]


@dataclass(frozen=True, slots=True)
class VersionChoice(_Choice):
    """What rows of versions are narrowed by: what the gate says, a rule that is broken, a scorer that gave a score, a verdict.

    ``gate`` is one of ``GATES``; ``scorer`` is a scorer with its version, as the lines of charts are named. ``judged`` is a
    score that reviewers are held against, as scorer, version and side between slashes; of it, ``agrees`` is ``yes`` or ``no``,
    and ``fifth`` the part of its scale from 1 to 5. With ``ruler``, a scorer, the rows are those, also of the period before,
    that its versions ``old`` and ``new`` have both judged, and no version between them.
    """

    gate: str = ""
    rule: str = ""
    scorer: str = ""
    judged: str = ""
    agrees: str = ""
    fifth: str = ""
    ruler: str = ""
    old: str = ""
    new: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """What it is narrowed to, in parts for a heading."""
        found = []
        if self.rule:
            found.append(f"breaking {self.rule}")
        if self.gate:
            found.append(f"gate: {self.gate}")
        if self.scorer:
            found.append(f"scored by {self.scorer}")
        if self.judged:
            found.append(f"with a verdict and a score by {' '.join(self.judged.split('/')).strip()}")
        if self.agrees:
            found.append(
                "score and reviewers agree" if self.agrees == "yes" else "score and reviewers differ"
            )
        if self.fifth:
            low, high = BIN_EDGES[int(self.fifth) - 1 : int(self.fifth) + 1]
            found.append(f"score from {low} to {high}")
        if self.ruler:
            found.append(f"judged by {self.ruler} {self.old} and {self.new}")
        return tuple(found)


@dataclass(frozen=True, slots=True)
class RunChoice(_Choice):
    """What rows of generations are narrowed by: stages of the funnel, and what they state.

    ``came`` is a stage that they came to, ``lost`` one that they did not come to though they came to the one before, ``known``
    one of ``KNOWN``. With ``phase`` the rows are not the generations but their runs of that phase that were timed.
    """

    came: str = ""
    lost: str = ""
    known: str = ""
    phase: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """What it is narrowed to, in parts for a heading."""
        found = []
        if self.came:
            found.append(f"that {STAGE_WORDS[self.came]}")
        if self.lost:
            before = STAGES[STAGES.index(self.lost) - 1]
            found.append(f"that {STAGE_WORDS[before]} and came no further")
        if self.known:
            found.append(f"that {KNOWN[self.known]}")
        if self.phase:
            found.append(f"timed runs of the phase {self.phase}")
        return tuple(found)


@dataclass(frozen=True, slots=True)
class SkillChoice(_Choice):
    """What rows of active skills are narrowed by: the gate of their current version, or how they moved in the period.

    ``gate`` is ``passed``, ``blocked`` or ``none``, ``moved`` is ``worse`` or ``better``.
    """

    gate: str = ""
    moved: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """What it is narrowed to, in parts for a heading."""
        found = [f"gate: {'not judged' if self.gate == 'none' else self.gate}"] if self.gate else []
        return (*found, f"that got {self.moved}") if self.moved else tuple(found)


@dataclass(frozen=True, slots=True)
class ReviewChoice(_Choice):
    """Which reviews are listed: with a first verdict in the period, open when it ``began`` or ``ended``, or open now.

    ``wait`` is one of ``WAITS``.
    """

    wait: str = "open"

    @property
    def words(self) -> tuple[str, ...]:
        """What it is narrowed to, in parts for a heading."""
        return (WAITS[self.wait],)


@dataclass(frozen=True, slots=True)
class QuestionChoice(_Choice):
    """Which questions of the period are listed: of a kind, and by what came of them, one of ``ANSWERS`` or any."""

    kind: str = ""
    answer: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """What it is narrowed to, in parts for a heading."""
        kind = (self.kind.replace("_", " "),) if self.kind else ()
        return (*kind, ANSWERS[self.answer]) if self.answer else kind


def read_version_choice(parameters: Mapping[str, str]) -> VersionChoice:
    """Read the parameters of an address; what cannot be used is left out."""
    judged, ruler = _text(parameters, "judged"), _text(parameters, "ruler")
    return VersionChoice(
        gate=_one_of(parameters, "gate", GATES),
        rule=_text(parameters, "rule"),
        scorer=_text(parameters, "scorer"),
        judged=judged,
        agrees=_one_of(parameters, "agrees", ("yes", "no")) if judged else "",
        fifth=_one_of(parameters, "fifth", [str(n) for n in range(1, len(BIN_EDGES))]) if judged else "",
        ruler=ruler,
        old=_text(parameters, "old") if ruler else "",
        new=_text(parameters, "new") if ruler else "",
    )


def read_review_choice(parameters: Mapping[str, str]) -> ReviewChoice:
    """Read the parameters of an address; without one that can be used, the reviews that are open now."""
    return ReviewChoice(_one_of(parameters, "wait", WAITS) or "open")


def read_question_choice(parameters: Mapping[str, str]) -> QuestionChoice:
    """Read the parameters of an address; what cannot be used is left out."""
    return QuestionChoice(_one_of(parameters, "kind", KINDS), _one_of(parameters, "answer", ANSWERS))


def read_run_choice(parameters: Mapping[str, str]) -> RunChoice:
    """Read the parameters of an address: the first that can be used, because rollups count by one at a time."""
    values = {"came": STAGES, "lost": STAGES[1:], "known": KNOWN, "phase": [phase.value for phase in Phase]}
    chosen = {name: _one_of(parameters, name, usable) for name, usable in values.items()}
    name = next((name for name, value in chosen.items() if value), "")
    return RunChoice(**{name: chosen[name]}) if name else RunChoice()


def read_skill_choice(parameters: Mapping[str, str]) -> SkillChoice:
    """Read the parameters of an address; what cannot be used is left out, and a gate where a move is asked for."""
    moved = _one_of(parameters, "moved", ("worse", "better"))
    gate = _one_of(parameters, "gate", ("passed", "blocked", "none"))
    return SkillChoice(gate="" if moved else gate, moved=moved)


def _text(parameters: Mapping[str, str], name: str) -> str:
    return parameters.get(name, "").replace("\x00", "")[:_LONGEST]


def _one_of(parameters: Mapping[str, str], name: str, values: Collection[str]) -> str:
    value = parameters.get(name, "")
    return value if value in values else ""
