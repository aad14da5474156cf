"""Verdicts: what one says, what it was bound to, and the one reason for which it no longer counts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from skills_app.domain.gate_outcome import GateOutcome, Judged

UNDO_SECONDS = 30


class Decision(StrEnum):
    """What a reviewer decides."""

    APPROVE = "approve"
    REQUEST_CHANGES = "request_changes"
    REJECT = "reject"

    @property
    def words(self) -> str:
        """The decision as people say it."""
        return self.value.replace("_", " ")

    @property
    def past(self) -> str:
        """The decision as something that was done."""
        return {"approve": "approved", "request_changes": "requested changes", "reject": "rejected"}[
            self.value
        ]

    @property
    def needs_reason(self) -> bool:
        """Whether a sentence must say why; an approval speaks for itself."""
        return self is not Decision.APPROVE


class StaleKind(StrEnum):
    """What changed under a verdict."""

    CONTENT = "content"
    GATE = "gate"
    OUTCOME = "gate outcome"
    SCORER = "scorer"


@dataclass(frozen=True, slots=True)
class Binding:
    """What a verdict was about: the digest of all files, the gate, how each condition came out, each scorer's version.

    ``gate`` is name and revision; ``conditions`` maps a condition's key to the word of its outcome.
    """

    digest: str
    version_number: int
    gate: str = ""
    conditions: Mapping[str, str] = field(default_factory=dict)
    scorers: Mapping[str, str] = field(default_factory=dict)

    def as_data(self) -> dict[str, Any]:
        """Return it as plain data, ready for JSON; ``binding_from_data`` reads it back."""
        return {
            "digest": self.digest,
            "version": self.version_number,
            "gate": self.gate,
            "conditions": dict(self.conditions),
            "scorers": dict(self.scorers),
        }


@dataclass(frozen=True, slots=True)
class Stale:
    """The one reason for which a verdict no longer counts."""

    kind: StaleKind
    sentence: str


def binding_of(
    digest: str, version_number: int, gate: str, outcome: GateOutcome | None, judged: Judged | None
) -> Binding:
    """Return what a verdict given now is bound to; without an outcome the version was not judged by our rules.

    A condition is bound by what its score says, whether or not it may block: the verdicts themselves decide that, and many
    of them together would otherwise make each other stale.
    """
    conditions = (
        {one.condition.key: one.measured_status.value for one in outcome.conditions} if outcome else {}
    )
    scorers = {name: score.version for name, score in judged.scores.items()} if judged else {}
    return Binding(digest, version_number, gate, conditions, scorers)


def binding_from_data(data: Mapping[str, Any]) -> Binding:
    """Read a binding that ``Binding.as_data`` gave."""
    return Binding(
        str(data.get("digest", "")),
        int(data.get("version", 0)),
        str(data.get("gate", "")),
        dict(data.get("conditions", {})),
        dict(data.get("scorers", {})),
    )


def stale_reason(given: Binding, now: Binding) -> Stale | None:
    """Return why a verdict bound to ``given`` does not count for what stands ``now``, or None while it does.

    The first difference is told, in this order: content, gate, outcome of its conditions, scorers. A scorer that is new
    takes nothing away from a verdict; one that changed or is gone does.
    """
    if given.digest != now.digest:
        sentence = f"Version {now.version_number} is under review; the verdict was on version {given.version_number}."
        return Stale(StaleKind.CONTENT, sentence)
    if given.gate != now.gate:
        return Stale(StaleKind.GATE, f"The gate is {now.gate or 'gone'}; it was {given.gate or 'none'}.")
    for key, status in now.conditions.items():
        before = given.conditions.get(key, "not there")
        if before != status:
            return Stale(StaleKind.OUTCOME, f"The gate condition {key} was {before} and is {status}.")
    for name, version in given.scorers.items():
        present = now.scorers.get(name)
        if present != version:
            said = f"is version {present}" if present is not None else "no longer judges it"
            return Stale(StaleKind.SCORER, f"The scorer {name} was version {version} and {said}.")
    return None


def undo_seconds_left(at: datetime, now: datetime) -> float:
    """Return for how many seconds a decision made ``at`` may still be taken back ``now``, from 0 to ``UNDO_SECONDS``.

    A clock may have been set back since, or be that of another machine: a decision that is a moment ahead was just made.
    """
    age = (now - at).total_seconds()
    return min(max(UNDO_SECONDS - age, 0.0), float(UNDO_SECONDS)) if age >= -UNDO_SECONDS else 0.0


def can_undo(at: datetime, now: datetime) -> bool:
    """Whether a decision made ``at`` may still be taken back ``now``."""
    return abs(now - at) <= timedelta(seconds=UNDO_SECONDS)
