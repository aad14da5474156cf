"""What a gate is: a named list of conditions over findings, scores, facts and changes, kept as plain data.

Conditions come in two scopes. Those on the *whole* look at the version as it is; those on the *change* look at
what it brings against its parent, so that old debt does not block a good step. ``gate_outcome`` judges.
"""

import json
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from skills_app.domain.errors import GateDataError

# The profiles of documents, and the rules about files, which are judged like one more.
PROFILES: tuple[str, ...] = ("spec", "reference", "claude", "codex", "mlflow", "skill-fleet", "bundle")
SEVERITIES: tuple[str, ...] = ("info", "warning", "critical")
# Facts of a document that a condition may limit, with their unit in words.
FACTS: dict[str, str] = {
    "body_lines": "lines in the body",
    "body_words": "words in the body",
    "body_tokens": "tokens in the body",
    "body_characters": "characters in the body",
    "description_characters": "characters in the description",
    "catalog_tokens": "tokens in the catalog line",
    "num_files": "files in the folder",
    "num_code_blocks": "code blocks",
    "num_broken_links": "broken links",
}
MAX_CONDITIONS = 100

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
_SCORER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")


class Kind(StrEnum):
    """What a condition looks at."""

    FINDINGS = "findings"
    SCORE = "score"
    FACT = "fact"
    NEW_FINDINGS = "new_findings"
    SCORE_DROP = "score_drop"
    FACT_GROWTH = "fact_growth"


class Scope(StrEnum):
    """Whether a condition looks at the version as it is, or at what it changes."""

    WHOLE = "whole"
    CHANGE = "change"


_CHANGE_KINDS = frozenset({Kind.NEW_FINDINGS, Kind.SCORE_DROP, Kind.FACT_GROWTH})
_FINDING_KINDS = frozenset({Kind.FINDINGS, Kind.NEW_FINDINGS})
_SCORE_KINDS = frozenset({Kind.SCORE, Kind.SCORE_DROP})
# The keys that each kind needs, beside "kind"; "at_least" only makes sense for a score of the whole.
_NEEDED: dict[Kind, tuple[str, ...]] = {
    Kind.FINDINGS: ("profile", "severity", "at_most"),
    Kind.SCORE: ("scorer", "at_least"),
    Kind.FACT: ("fact", "at_most"),
    Kind.NEW_FINDINGS: ("profile", "severity", "at_most"),
    Kind.SCORE_DROP: ("scorer", "at_most"),
    Kind.FACT_GROWTH: ("fact", "at_most"),
}
_OPTIONAL: dict[Kind, tuple[str, ...]] = {
    Kind.SCORE: ("dimension",),
    Kind.SCORE_DROP: ("dimension",),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One demand of a gate. ``limit`` is the least score, or the most findings, drop or growth.

    ``subject`` is a profile, a scorer or a fact; ``severity`` (findings only) means that severity or worse;
    ``dimension`` (scores only) names one dimension instead of the whole score. A condition with ``blocks``
    false only advises.
    """

    key: str
    kind: Kind
    subject: str
    limit: float
    severity: str = ""
    dimension: str = ""
    blocks: bool = True

    @property
    def scope(self) -> Scope:
        """Return whether it looks at the whole or at the change."""
        return Scope.CHANGE if self.kind in _CHANGE_KINDS else Scope.WHOLE

    @property
    def sentence(self) -> str:
        """Return the demand in words, without a full stop."""
        limit = number(self.limit)
        if self.kind in _FINDING_KINDS:
            new = "new " if self.kind is Kind.NEW_FINDINGS else ""
            count = "no" if self.limit == 0 else f"at most {limit}"
            worse = "" if self.severity == SEVERITIES[-1] else " or worse"
            noun = "finding" if self.limit in (0, 1) else "findings"
            parent = " against the parent version" if new else ""
            return f"{count} {new}{self.severity}{worse} {noun} in profile {self.subject}{parent}"
        if self.kind is Kind.FACT:
            return f"at most {limit} {FACTS[self.subject]}"
        if self.kind is Kind.FACT_GROWTH:
            return f"at most {limit} more {FACTS[self.subject]} than the parent version"
        if self.kind is Kind.SCORE:
            return f"{self.score_words} at least {limit}"
        return f"{self.score_words} at most {limit} below the parent version"

    @property
    def score_words(self) -> str:
        """Return what its score is called; ``calibrated_score`` and ``quality_score`` name themselves, others their scorer."""
        is_named = self.subject.endswith("_score")
        score = self.subject.replace("_", " ") if is_named else f"score by {self.subject}"
        return score + (f" for {self.dimension}" if self.dimension else "")

    def as_data(self) -> dict[str, Any]:
        """Return the condition as plain data; ``gate_from_data`` reads it back."""
        subject_key, *rest = _NEEDED[self.kind]
        data: dict[str, Any] = {"key": self.key, "kind": self.kind.value, subject_key: self.subject}
        if "severity" in rest:
            data["severity"] = self.severity
        if self.dimension:
            data["dimension"] = self.dimension
        data[rest[-1]] = self.limit
        if not self.blocks:
            data["blocks"] = False
        return data


@dataclass(frozen=True, slots=True)
class Gate:
    """A named list of conditions, in the order in which they are explained."""

    name: str
    title: str
    conditions: tuple[Condition, ...]

    def as_data(self) -> dict[str, Any]:
        """Return the gate as plain data, ready for JSON; ``gate_from_data`` reads it back to an equal gate."""
        conditions = [condition.as_data() for condition in self.conditions]
        return {"name": self.name, "title": self.title, "conditions": conditions}

    def as_json(self) -> str:
        """Return the gate as indented JSON for an editor."""
        return json.dumps(self.as_data(), indent=2, ensure_ascii=False) + "\n"


@dataclass(frozen=True, slots=True)
class Waiver:
    """A condition set aside for a reason, by an owner, through the day ``until``.

    With ``rule_id`` it excuses the findings of that rule only; without, the whole condition.
    """

    condition_key: str
    reason: str
    owner: str
    until: date
    rule_id: str = ""

    def __post_init__(self) -> None:
        """Refuse a waiver that nobody could answer for, with ``GateDataError``."""
        needed = (("condition_key", "the condition"), ("reason", "the reason"), ("owner", "the owner"))
        problems = tuple(
            (name, f"A waiver must name {what}; it is empty.")
            for name, what in needed
            if not getattr(self, name).strip()
        )
        if problems:
            raise GateDataError(problems)

    def counts_on(self, today: date) -> bool:
        """Return whether it still counts; the end date itself counts."""
        return today <= self.until


def number(value: float) -> str:
    """Return a number as people write it: no decimals for a whole number, at most four otherwise."""
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.4f}".rstrip("0")


def gate_from_json(text: str, *, profiles: Collection[str] = PROFILES) -> Gate:
    """Read a gate from JSON text; raises ``GateDataError`` with line and column, or with the place in the data."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise GateDataError(((place, f"This is not JSON: {error.msg}."),)) from error
    except RecursionError as error:
        raise GateDataError((("the text", "This JSON is nested too deeply to be a gate."),)) from error
    return gate_from_data(data, profiles=profiles)


def gate_from_data(data: object, *, profiles: Collection[str] = PROFILES) -> Gate:
    """Read a gate from plain data, as ``Gate.as_data`` gives it.

    Raises ``GateDataError`` that lists every fault at once, each with its place, such as
    ``conditions[2].at_most``. ``profiles`` are the profile names that exist.
    """
    reader = _Reader(frozenset(profiles))
    gate = reader.gate(data)
    if gate is None or reader.problems:
        raise GateDataError(tuple(reader.problems))
    return gate


class _Reader:
    """Reads data and collects what is wrong with it, each fault with its place."""

    def __init__(self, profiles: frozenset[str]) -> None:
        self.profiles = profiles
        self.problems: list[tuple[str, str]] = []

    def gate(self, data: object) -> Gate | None:
        if not isinstance(data, Mapping):
            self._wrong("the gate", "A gate is a mapping with name, title and conditions.")
            return None
        self._refuse_unknown(data, ("name", "title", "conditions"), "")
        name = self._text(data, "name", "")
        if name and not _NAME.match(name):
            self._wrong("name", "Use lower-case letters, digits and single hyphens.")
        title = self._text(data, "title", "") if "title" in data else name
        listed = data.get("conditions")
        if not isinstance(listed, list) or not listed:
            self._wrong("conditions", "List at least one condition.")
            return None
        if len(listed) > MAX_CONDITIONS:
            self._wrong("conditions", f"A gate has at most {MAX_CONDITIONS} conditions.")
            return None
        conditions = [self._condition(item, f"conditions[{index}]") for index, item in enumerate(listed)]
        found = tuple(condition for condition in conditions if condition)
        self._refuse_twins(conditions)
        return Gate(name, title, found)

    def _condition(self, data: object, place: str) -> Condition | None:
        if not isinstance(data, Mapping):
            self._wrong(place, "A condition is a mapping with a kind.")
            return None
        kind_name = data.get("kind")
        if kind_name not in list(Kind):
            kinds = ", ".join(Kind)
            self._wrong(f"{place}.kind", f"Choose one of {kinds}; it is {kind_name!r}.")
            return None
        kind = Kind(kind_name)
        needed, optional = _NEEDED[kind], _OPTIONAL.get(kind, ())
        self._refuse_unknown(data, ("key", "kind", "blocks", *needed, *optional), f"{place}.")
        num_problems = len(self.problems)
        subject = self._subject(data, needed[0], f"{place}.")
        severity = self._choice(data, "severity", SEVERITIES, f"{place}.") if "severity" in needed else ""
        dimension = self._text(data, "dimension", f"{place}.") if "dimension" in data else ""
        limit = self._limit(data, kind, f"{place}.{needed[-1]}")
        blocks = data.get("blocks", True)
        if not isinstance(blocks, bool):
            self._wrong(f"{place}.blocks", "Write true or false.")
        key = self._text(data, "key", f"{place}.") if "key" in data else ""
        if key and not _NAME.match(key):
            self._wrong(f"{place}.key", "Use lower-case letters, digits and single hyphens.")
        if len(self.problems) > num_problems:
            return None
        key = key or _default_key(kind, subject, severity, dimension)
        return Condition(key, kind, subject, limit, severity, dimension, bool(blocks))

    def _subject(self, data: Mapping[Any, Any], name: str, place: str) -> str:
        if name == "profile":
            return self._choice(data, name, sorted(self.profiles), place)
        if name == "fact":
            return self._choice(data, name, list(FACTS), place)
        scorer = self._text(data, name, place)
        if scorer and not _SCORER.match(scorer):
            self._wrong(place + name, "Name a scorer by letters, digits, dots, underscores and hyphens.")
        return scorer

    def _limit(self, data: Mapping[Any, Any], kind: Kind, place: str) -> float:
        value = data.get(place.rpartition(".")[2])
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._wrong(place, f"Give the limit as a number; it is {value!r}.")
            return 0.0
        if not math.isfinite(value) or value < 0 or abs(value) > 1e9:
            self._wrong(place, f"Give a limit from 0 up to a thousand million; it is {value!r}.")
        elif kind in _SCORE_KINDS and value > 1:
            self._wrong(place, f"Scores lie within 0 and 1; the limit is {value!r}.")
        elif kind in _FINDING_KINDS and value != int(value):
            self._wrong(place, f"Findings are counted in whole numbers; the limit is {value!r}.")
        return value

    def _choice(self, data: Mapping[Any, Any], name: str, choices: Collection[str], place: str) -> str:
        value = data.get(name)
        if not isinstance(value, str) or value not in choices:
            self._wrong(place + name, f"Choose one of {', '.join(choices)}; it is {value!r}.")
            return ""
        return value

    def _text(self, data: Mapping[Any, Any], name: str, place: str) -> str:
        value = data.get(name)
        if not isinstance(value, str) or not value.strip():
            self._wrong(place + name, f"Give it as text that is not blank; it is {value!r}.")
            return ""
        return value

    def _refuse_unknown(self, data: Mapping[Any, Any], known: Collection[str], place: str) -> None:
        for key in data:
            if key not in known:
                self._wrong(f"{place}{key}", f"This key is not known here; the keys are {', '.join(known)}.")

    def _refuse_twins(self, conditions: list[Condition | None]) -> None:
        seen: dict[str, int] = {}
        for index, condition in enumerate(conditions):
            if condition is None:
                continue
            if condition.key in seen:
                first = seen[condition.key]
                self._wrong(
                    f"conditions[{index}].key", f"The key {condition.key!r} is taken by conditions[{first}]."
                )
            seen.setdefault(condition.key, index)

    def _wrong(self, place: str, message: str) -> None:
        self.problems.append((place, message))


def _default_key(kind: Kind, subject: str, severity: str, dimension: str) -> str:
    words = "-".join(word for word in (kind, severity, subject, dimension) if word).lower()
    return re.sub(r"[^a-z0-9]+", "-", words).strip("-")


DEFAULT_GATES: tuple[dict[str, Any], ...] = (
    {
        "name": "publish",
        "title": "Ready to publish",
        "conditions": [
            {"key": "spec", "kind": "findings", "profile": "spec", "severity": "critical", "at_most": 0},
            {"key": "score", "kind": "score", "scorer": "calibrated_score", "at_least": 0.6},
            {"key": "size", "kind": "fact", "fact": "body_lines", "at_most": 500},
            {
                "key": "no-new-warning",
                "kind": "new_findings",
                "profile": "skill-fleet",
                "severity": "warning",
                "at_most": 0,
            },
            {
                "key": "no-step-back",
                "kind": "score_drop",
                "scorer": "fleet-1",
                "at_most": 0.05,
                "blocks": False,
            },
        ],
    },
)
