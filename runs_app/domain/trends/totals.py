"""What a day's rollup holds, and how two of them become one: whole counts and sketches, so that the order never matters.

Costs are summed in millionths of a dollar and times in milliseconds, rounded once for each run.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from runs_app.domain.enums import RunStatus
from runs_app.domain.trends.facts import RunFact, VersionFact
from runs_app.domain.trends.sketch import Scale, Sketch

MICRO = 1_000_000
_TEXT_AND_NUMBER = re.compile(r"([^0-9]*)([0-9]*)")
# Stages of the funnel, by the words of the page; each holds those of the stages before it that came so far.
STAGES = ("requested", "generated", "passed", "approved", "active")


@dataclass(slots=True)
class Effort:
    """Time, tokens and cost of runs or of one phase of them; each sketch counts those that logged it."""

    num: int = 0
    cost_micro: int = 0
    tokens: int = 0
    milliseconds: int = 0
    costs: Sketch = field(default_factory=lambda: Sketch(Scale.GROWING))
    token_counts: Sketch = field(default_factory=lambda: Sketch(Scale.GROWING))
    seconds: Sketch = field(default_factory=lambda: Sketch(Scale.GROWING))

    def add(self, *, cost_usd: float | None, tokens: int | None, seconds: float | None) -> None:
        """Count one."""
        self.num += 1
        if cost_usd is not None:
            self.cost_micro += round(cost_usd * MICRO)
            self.costs.add(cost_usd)
        if tokens is not None:
            self.tokens += tokens
            self.token_counts.add(tokens)
        if seconds is not None:
            self.milliseconds += round(seconds * 1000)
            self.seconds.add(seconds)

    def merge(self, other: "Effort") -> None:
        """Add what another one holds."""
        self.num += other.num
        self.cost_micro += other.cost_micro
        self.tokens += other.tokens
        self.milliseconds += other.milliseconds
        self.costs.merge(other.costs)
        self.token_counts.merge(other.token_counts)
        self.seconds.merge(other.seconds)

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return {
            "n": self.num,
            "usd": self.cost_micro,
            "tok": self.tokens,
            "ms": self.milliseconds,
            "costs": self.costs.as_data(),
            "toks": self.token_counts.as_data(),
            "secs": self.seconds.as_data(),
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Effort":
        """Return what ``as_data`` gave."""
        made = cls()
        made.add_data(data)
        return made

    def add_data(self, data: Mapping[str, Any]) -> None:
        """Add what ``as_data`` gave of another one."""
        self.num += data["n"]
        self.cost_micro += data["usd"]
        self.tokens += data["tok"]
        self.milliseconds += data["ms"]
        self.costs.add_data(data["costs"])
        self.token_counts.add_data(data["toks"])
        self.seconds.add_data(data["secs"])

    @property
    def cost_usd(self) -> float:
        """The sum in US dollars."""
        return self.cost_micro / MICRO


@dataclass(slots=True)
class RunTotals:
    """Generations: by how they ended, how far they came, what they took, and what each phase took."""

    statuses: Counter[str] = field(default_factory=Counter)
    stages: Counter[str] = field(default_factory=Counter)
    effort: Effort = field(default_factory=Effort)
    phases: dict[str, Effort] = field(default_factory=dict)

    @property
    def num(self) -> int:
        """How many generations."""
        return self.effort.num

    @property
    def num_failed(self) -> int:
        """How many failed or were killed."""
        return self.statuses[RunStatus.FAILED.value] + self.statuses[RunStatus.KILLED.value]

    @property
    def num_over(self) -> int:
        """How many have ended, well or not."""
        return self.num_failed + self.statuses[RunStatus.FINISHED.value]

    def add(self, fact: RunFact) -> None:
        """Count one generation."""
        self.statuses[fact.status] += 1
        came = (True, fact.is_generated, fact.is_passed, fact.is_approved, fact.is_active)
        for number, stage in enumerate(STAGES, start=1):
            if all(came[:number]):
                self.stages[stage] += 1
        self.effort.add(cost_usd=fact.cost_usd, tokens=fact.tokens, seconds=fact.seconds)
        for phase in fact.phases:
            effort = self.phases.setdefault(phase.phase.value, Effort())
            effort.add(cost_usd=phase.cost_usd, tokens=phase.tokens, seconds=phase.seconds)

    def merge(self, other: "RunTotals") -> None:
        """Add what another one holds."""
        _count_in(self.statuses, other.statuses)
        _count_in(self.stages, other.stages)
        self.effort.merge(other.effort)
        for name, effort in other.phases.items():
            self.phases.setdefault(name, Effort()).merge(effort)

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return {
            "status": _counts(self.statuses),
            "stage": _counts(self.stages),
            "effort": self.effort.as_data(),
            "phase": {name: self.phases[name].as_data() for name in sorted(self.phases)},
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "RunTotals":
        """Return what ``as_data`` gave."""
        made = cls()
        made.add_data(data)
        return made

    def add_data(self, data: Mapping[str, Any]) -> None:
        """Add what ``as_data`` gave of another one."""
        _count_in(self.statuses, data["status"])
        _count_in(self.stages, data["stage"])
        self.effort.add_data(data["effort"])
        for name, value in data["phase"].items():
            self.phases.setdefault(name, Effort()).add_data(value)


@dataclass(slots=True)
class VersionTotals:
    """Versions: what gates say, scores by scorer and its version, findings by rule, and what a new ruler changed.

    ``rulers`` holds, for versions that two versions of one scorer have judged, the newer value less the older one.
    """

    num: int = 0
    gates: Counter[str] = field(default_factory=Counter)
    scores: dict[tuple[str, str], Sketch] = field(default_factory=dict)
    findings: Counter[str] = field(default_factory=Counter)
    breakers: Counter[str] = field(default_factory=Counter)
    rulers: dict[tuple[str, str, str], Sketch] = field(default_factory=dict)

    @property
    def gate_share(self) -> tuple[int, int]:
        """How many passed their gate, of how many that it could judge."""
        return self.gates["passed"], self.gates["passed"] + self.gates["blocked"]

    def add(self, fact: VersionFact) -> None:
        """Count one version."""
        self.num += 1
        if fact.gate:
            self.gates[fact.gate] += 1
        for key, value in fact.scores.items():
            self.scores.setdefault(key, Sketch()).add(value)
        for (scorer, old), (other, new) in _neighbours(fact):
            if scorer == other:
                gap = fact.scores[scorer, new] - fact.scores[scorer, old]
                self.rulers.setdefault((scorer, old, new), Sketch()).add(gap)
        self.findings.update(fact.rules)
        self.breakers.update(fact.rules.keys())

    def merge(self, other: "VersionTotals") -> None:
        """Add what another one holds."""
        self.num += other.num
        _count_in(self.gates, other.gates)
        _count_in(self.findings, other.findings)
        _count_in(self.breakers, other.breakers)
        for key, sketch in other.scores.items():
            self.scores.setdefault(key, Sketch()).merge(sketch)
        for ruler, sketch in other.rulers.items():
            self.rulers.setdefault(ruler, Sketch()).merge(sketch)

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return {
            "n": self.num,
            "gate": _counts(self.gates),
            "score": [[*key, self.scores[key].as_data()] for key in sorted(self.scores)],
            "rule": {name: [self.breakers[name], self.findings[name]] for name in sorted(self.findings)},
            "ruler": [[*key, self.rulers[key].as_data()] for key in sorted(self.rulers)],
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "VersionTotals":
        """Return what ``as_data`` gave."""
        made = cls()
        made.add_data(data)
        return made

    def add_data(self, data: Mapping[str, Any]) -> None:
        """Add what ``as_data`` gave of another one."""
        self.num += data["n"]
        _count_in(self.gates, data["gate"])
        for scorer, version, counts in data["score"]:
            self.scores.setdefault((scorer, version), Sketch()).add_data(counts)
        for name, (breakers, findings) in data["rule"].items():
            self.breakers[name] += breakers
            self.findings[name] += findings
        for scorer, old, new, counts in data["ruler"]:
            self.rulers.setdefault((scorer, old, new), Sketch()).add_data(counts)


def version_order(version: str) -> tuple[list[tuple[str, int]], str]:
    """Return what versions of a scorer are sorted by: numbers within as numbers, so that 9 comes before 10."""
    return [(text, int(number or -1)) for text, number in _TEXT_AND_NUMBER.findall(version)], version


def _neighbours(fact: VersionFact) -> list[tuple[tuple[str, str], tuple[str, str]]]:
    keys = sorted(fact.scores, key=lambda key: (key[0], version_order(key[1])))
    return list(pairwise(keys))


def _count_in(counter: Counter[str], more: Mapping[str, int]) -> None:
    """Add counts; for the few names that there are it is quicker than ``Counter.update``."""
    for name, num in more.items():
        counter[name] = counter.get(name, 0) + num


def _counts(counter: Counter[str]) -> dict[str, int]:
    return {name: counter[name] for name in sorted(counter) if counter[name]}
