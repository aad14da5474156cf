"""How a gate judges a version: every condition with its value, its limit and a sentence, and one sentence for all."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Protocol

from skills_app.domain.agreement import NO_DOUBT, Agreement, Trust
from skills_app.domain.gates import SEVERITIES, Condition, Gate, Kind, Scope, Waiver, number
from skills_app.domain.scoring.score import Score

# A score that fewer model judge runs than this stand behind never blocks alone.
MIN_JUDGE_RUNS = 2

_ONE_RUN = "a single run of a model judge stands behind it"
_DIGITS = re.compile(r"\d+")


class Status(StrEnum):
    """How one condition came out."""

    MET = "met"
    NOT_MET = "not met"
    WAIVED = "waived"
    ADVISED = "advised"
    UNKNOWN = "unknown"
    NOTHING_TO_COMPARE = "nothing to compare"


class Verdict(StrEnum):
    """How the gate came out."""

    PASSED = "passed"
    BLOCKED = "blocked"


class JudgedFinding(Protocol):
    """What a gate reads of a finding; every finding of the rules has it."""

    @property
    def rule_id(self) -> str:
        """The rule that was broken."""

    @property
    def severity(self) -> str:
        """One of critical, warning and info."""

    @property
    def message(self) -> str:
        """What is wrong, in words."""


@dataclass(frozen=True, slots=True)
class ScoreValue:
    """A score as a gate reads it: 0 to 1, its scorer's version, its dimensions, and what stands behind it.

    ``num_judge_runs`` counts the runs of a model judge that it rests on; 0 means that it was computed by rule.
    """

    value: float
    version: str = ""
    num_judge_runs: int = 0
    dimensions: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, score: Score) -> "ScoreValue":
        """Return one of our own scores, which is computed by rule, as a gate reads it."""
        return cls(score.value, score.version, 0, {d.name: d.value for d in score.dimensions})


@dataclass(frozen=True, slots=True)
class Judged:
    """What is known of one version: findings by profile, scores by scorer, facts by name.

    A profile that is absent was not run; one with an empty list found nothing. ``key`` is the ``judgement_key`` of what was
    judged where; empty where nobody knows.
    """

    findings: Mapping[str, Sequence[JudgedFinding]] = field(default_factory=dict)
    scores: Mapping[str, ScoreValue] = field(default_factory=dict)
    facts: Mapping[str, float] = field(default_factory=dict)
    key: str = ""


@dataclass(frozen=True, slots=True)
class ConditionOutcome:
    """One condition with what was found: value and limit (None when there is none).

    ``doubt`` is the agreement with the reviewers for which a score advises where it would have blocked. ``why_not`` says why
    there is no value, ``why_advised`` why it only advises.
    """

    condition: Condition
    status: Status
    value: float | None
    limit: float
    findings: tuple[JudgedFinding, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    expired_waivers: tuple[Waiver, ...] = ()
    doubt: Agreement | None = None
    why_not: str = ""
    why_advised: str = ""

    @property
    def sentence(self) -> str:
        """Return what was found and what follows from it, in words; made when it is read, since most are not."""
        said = _sentence(self)
        if self.expired_waivers and self.status is not Status.MET:
            said += " " + " ".join(map(_expired_sentence, self.expired_waivers))
        return said

    @property
    def measured_status(self) -> Status:
        """Return how it came out by its value alone, whatever the reviewers make of the score."""
        if self.doubt is None:
            return self.status
        return Status.UNKNOWN if self.value is None else Status.NOT_MET

    @property
    def is_blocking(self) -> bool:
        """Return whether this condition keeps the gate shut."""
        return self.condition.blocks and self.status in (Status.NOT_MET, Status.UNKNOWN)


@dataclass(frozen=True, slots=True)
class GateOutcome:
    """The gate's verdict, and its conditions in their order."""

    gate: Gate
    verdict: Verdict
    conditions: tuple[ConditionOutcome, ...]

    @property
    def summary(self) -> str:
        """Return one sentence: passed or blocked, then what blocks, then what is waived, advised or ended."""
        return _summary(self.gate, self.conditions)

    @property
    def is_passed(self) -> bool:
        """Return whether the gate lets the version through."""
        return self.verdict is Verdict.PASSED

    @property
    def is_shut_by_a_score(self) -> bool:
        """Return whether a score keeps it shut, or would but for a waiver: only then does it matter how far scores are trusted."""
        return any(
            one.condition.blocks
            and one.condition.kind in (Kind.SCORE, Kind.SCORE_DROP)
            and one.status in (Status.NOT_MET, Status.UNKNOWN, Status.WAIVED)
            for one in self.conditions
        )

    def of_scope(self, scope: Scope) -> tuple[ConditionOutcome, ...]:
        """Return the conditions on the whole, or those on the change."""
        return tuple(outcome for outcome in self.conditions if outcome.condition.scope is scope)


@dataclass(frozen=True, slots=True)
class _Measured:
    value: float | None = None
    why_not: str = ""
    findings: tuple[JudgedFinding, ...] = ()
    num_judge_runs: int = 0
    is_first: bool = False


def judge_gate(
    gate: Gate,
    judged: Judged,
    *,
    today: date,
    parent: Judged | None = None,
    waivers: Sequence[Waiver] = (),
    trust: Trust = NO_DOUBT,
) -> GateOutcome:
    """Return the outcome of a gate for one version, every condition explained.

    Without ``parent`` the version is a first one, and conditions on the change have nothing to compare. What was
    not measured blocks, because nobody can say that it holds. A waiver counts through its end date; one that has
    ended does not, and the condition says so. A score from a single run of a model judge advises and never blocks,
    and so does one that agrees with the reviewers less than ``trust`` asks for.
    """
    outcomes = tuple(
        _judge_condition(
            condition,
            judged,
            parent,
            [w for w in waivers if w.condition_key == condition.key],
            today,
            trust,
        )
        for condition in gate.conditions
    )
    verdict = Verdict.BLOCKED if any(outcome.is_blocking for outcome in outcomes) else Verdict.PASSED
    return GateOutcome(gate, verdict, outcomes)


def _judge_condition(
    condition: Condition,
    judged: Judged,
    parent: Judged | None,
    waivers: list[Waiver],
    today: date,
    trust: Trust,
) -> ConditionOutcome:
    live = tuple(waiver for waiver in waivers if waiver.counts_on(today))
    expired = tuple(waiver for waiver in waivers if not waiver.counts_on(today))
    measured = _measure(condition, judged, parent)
    status = _status(condition, measured)
    is_shut = condition.blocks and status in (Status.NOT_MET, Status.UNKNOWN)
    doubt = _doubt(condition, judged, trust) if is_shut else None
    status = Status.ADVISED if doubt else status
    used: tuple[Waiver, ...] = ()
    if status in (Status.NOT_MET, Status.UNKNOWN):
        used = _waivers_that_open(condition, measured, live)
        status = Status.WAIVED if used else status
    why_advised = trust.words(doubt) if doubt else _ONE_RUN
    return ConditionOutcome(
        condition,
        status,
        measured.value,
        condition.limit,
        measured.findings,
        used,
        expired,
        doubt,
        measured.why_not,
        why_advised,
    )


def _doubt(condition: Condition, judged: Judged, trust: Trust) -> Agreement | None:
    if condition.kind not in (Kind.SCORE, Kind.SCORE_DROP):
        return None
    score = judged.scores.get(condition.subject)
    version = score.version if score else None
    return trust.doubt(condition.subject, condition.dimension, version)


def _status(condition: Condition, measured: _Measured) -> Status:
    if measured.is_first:
        return Status.NOTHING_TO_COMPARE
    if measured.value is None:
        return Status.UNKNOWN
    if condition.kind is Kind.SCORE:
        is_met = measured.value >= condition.limit
    else:
        is_met = measured.value <= condition.limit
    if is_met:
        return Status.MET
    if 0 < measured.num_judge_runs < MIN_JUDGE_RUNS:
        return Status.ADVISED
    return Status.NOT_MET


def _waivers_that_open(
    condition: Condition, measured: _Measured, live: tuple[Waiver, ...]
) -> tuple[Waiver, ...]:
    """Return the waivers that excuse the condition, or enough of its findings; none when they do not suffice."""
    whole = tuple(waiver for waiver in live if not waiver.rule_id)
    if whole:
        return whole[:1]
    rules = {finding.rule_id for finding in measured.findings}
    used = tuple(waiver for waiver in live if waiver.rule_id in rules)
    excused = {waiver.rule_id for waiver in used}
    num_left = sum(finding.rule_id not in excused for finding in measured.findings)
    return used if used and num_left <= condition.limit else ()


def _measure(condition: Condition, judged: Judged, parent: Judged | None) -> _Measured:
    if condition.scope is Scope.CHANGE and parent is None:
        return _Measured(is_first=True)
    if condition.kind in (Kind.FINDINGS, Kind.NEW_FINDINGS):
        return _measure_findings(condition, judged, parent)
    if condition.kind in (Kind.SCORE, Kind.SCORE_DROP):
        return _measure_score(condition, judged, parent)
    return _measure_fact(condition, judged, parent)


def _measure_findings(condition: Condition, judged: Judged, parent: Judged | None) -> _Measured:
    now = judged.findings.get(condition.subject)
    if now is None:
        return _Measured(why_not=f"profile {condition.subject} was not run on this version")
    found = _severe(now, condition.severity)
    if condition.kind is Kind.NEW_FINDINGS and parent is not None:
        before = parent.findings.get(condition.subject)
        if before is None:
            return _Measured(why_not=f"profile {condition.subject} was not run on the parent version")
        found = new_findings(found, before)
    return _Measured(float(len(found)), findings=found)


def _measure_score(condition: Condition, judged: Judged, parent: Judged | None) -> _Measured:
    now = _score_of(condition, judged)
    if now is None:
        return _Measured(why_not=f"this version has no {condition.score_words}")
    score = judged.scores[condition.subject]
    if condition.kind is Kind.SCORE or parent is None:
        return _Measured(now, num_judge_runs=score.num_judge_runs)
    before = _score_of(condition, parent)
    if before is None:
        return _Measured(why_not=f"the parent version has no {condition.score_words}")
    old = parent.scores[condition.subject]
    if old.version != score.version:
        return _Measured(
            why_not=f"the parent version was scored by version {old.version or '?'} of {condition.subject} "
            f"and this one by version {score.version or '?'}, which are not comparable"
        )
    runs = [count for count in (score.num_judge_runs, old.num_judge_runs) if count]
    # Rounded, because 0.65 - 0.6 is a little more than 0.05 in binary.
    return _Measured(round(max(before - now, 0.0), 12), num_judge_runs=min(runs, default=0))


def _score_of(condition: Condition, judged: Judged) -> float | None:
    score = judged.scores.get(condition.subject)
    if score is None:
        return None
    return score.dimensions.get(condition.dimension) if condition.dimension else score.value


def _measure_fact(condition: Condition, judged: Judged, parent: Judged | None) -> _Measured:
    now = judged.facts.get(condition.subject)
    if now is None:
        return _Measured(why_not=f"{condition.subject} was not measured on this version")
    if condition.kind is Kind.FACT or parent is None:
        return _Measured(float(now))
    before = parent.facts.get(condition.subject)
    if before is None:
        return _Measured(why_not=f"{condition.subject} was not measured on the parent version")
    return _Measured(max(float(now) - float(before), 0.0))


def new_findings(now: Sequence[JudgedFinding], before: Sequence[JudgedFinding]) -> tuple[JudgedFinding, ...]:
    """Return the findings that the parent version did not have.

    Two findings are the same when rule, severity and message agree but for numbers, wherever they stand, so
    that moved text and a count that grew are old debt; of several alike, those beyond the parent's number are
    new.
    """
    left = Counter(map(_identity, before))
    fresh = []
    for finding in now:
        identity = _identity(finding)
        if left[identity]:
            left[identity] -= 1
        else:
            fresh.append(finding)
    return tuple(fresh)


def _identity(finding: JudgedFinding) -> tuple[str, str, str]:
    return finding.rule_id, str(finding.severity), _DIGITS.sub("#", finding.message)


def _severe(findings: Sequence[JudgedFinding], severity: str) -> tuple[JudgedFinding, ...]:
    least = SEVERITIES.index(severity)
    return tuple(finding for finding in findings if _rank(finding) >= least)


def _rank(finding: JudgedFinding) -> int:
    """Return the rank of a severity; one that is not known ranks as the worst, so that nothing slips through."""
    name = str(finding.severity)
    return SEVERITIES.index(name) if name in SEVERITIES else len(SEVERITIES) - 1


def _sentence(outcome: ConditionOutcome) -> str:
    condition, status = outcome.condition, outcome.status
    demand = condition.sentence[0].upper() + condition.sentence[1:]
    if status is Status.NOTHING_TO_COMPARE:
        return f"{demand}: this is a first version, so there is nothing to compare."
    if outcome.value is None:
        found = f"{demand}: not known, because {outcome.why_not}"
    else:
        found = f"{demand}: it is {_shown(outcome.value, outcome.limit)}"
        if outcome.findings:
            found += f" ({_rules_of(outcome.findings)})"
    if status is Status.MET:
        return f"{found}, which holds."
    if status is Status.ADVISED:
        return f"{found}, but {outcome.why_advised}, and that never blocks alone."
    if status is Status.WAIVED:
        return f"{found}; waived: " + "; ".join(map(_waiver_words, outcome.waivers)) + "."
    if status is Status.UNKNOWN:
        return f"{found}."
    return f"{found}, which does not hold." if condition.blocks else f"{found}, which it should not be."


def _shown(value: float, limit: float) -> str:
    """Return the value in words, with as many decimals as it takes to see that it is not the limit."""
    words = number(value)
    decimals = 5
    while words == number(limit) and value != limit and decimals < 17:
        words = f"{value:.{decimals}f}"
        if float(words) == limit:
            words = number(limit)
        decimals += 1
    return words


def _rules_of(findings: tuple[JudgedFinding, ...]) -> str:
    counts = Counter(finding.rule_id for finding in findings)
    words = [f"{rule} ×{count}" if count > 1 else rule for rule, count in counts.most_common(4)]
    return ", ".join(words) + (f" and {len(counts) - 4} more rules" if len(counts) > 4 else "")


def _waiver_words(waiver: Waiver) -> str:
    what = f"rule {waiver.rule_id} " if waiver.rule_id else ""
    return f"{what}by {waiver.owner} until {waiver.until.isoformat()} because “{waiver.reason.strip().rstrip('.')}”"


def _expired_sentence(waiver: Waiver) -> str:
    return f"The waiver by {waiver.owner} ended on {waiver.until.isoformat()} and no longer counts."


def _summary(gate: Gate, outcomes: tuple[ConditionOutcome, ...]) -> str:
    """Return one sentence: passed or blocked, then what blocks, then what is waived, advised or ended."""
    total = len(outcomes)
    blocking = [outcome for outcome in outcomes if outcome.is_blocking]
    if blocking:
        broken = "; ".join(_broken_words(outcome) for outcome in blocking)
        head = f"“{gate.title}” blocks, because {len(blocking)} of {total} conditions do not hold: {broken}"
        if len(blocking) == 1:
            head = head.replace("do not hold", "does not hold", 1)
    else:
        num_held = sum(o.status in (Status.MET, Status.NOTHING_TO_COMPARE) for o in outcomes)
        held = (
            f"all {total} conditions hold" if num_held == total else f"{num_held} of {total} conditions hold"
        )
        head = f"“{gate.title}” passes: {held}".replace("all 1 conditions hold", "its one condition holds")
    return head + _asides(outcomes) + "."


def _broken_words(outcome: ConditionOutcome) -> str:
    value = "not known" if outcome.value is None else f"it is {_shown(outcome.value, outcome.limit)}"
    return f"{outcome.condition.sentence} ({value})"


def _asides(outcomes: tuple[ConditionOutcome, ...]) -> str:
    waived = [waiver for outcome in outcomes for waiver in outcome.waivers]
    advised = [
        outcome
        for outcome in outcomes
        if outcome.status is Status.ADVISED
        or (outcome.status in (Status.NOT_MET, Status.UNKNOWN) and not outcome.condition.blocks)
    ]
    ended = [w for outcome in outcomes if outcome.status is not Status.MET for w in outcome.expired_waivers]
    parts = [f"waived by {waiver.owner} until {waiver.until.isoformat()}" for waiver in waived]
    parts += [f"advice only: {_broken_words(outcome)}" for outcome in advised]
    parts += [f"the waiver by {w.owner} ended on {w.until.isoformat()}" for w in ended]
    return "".join(f"; {part}" for part in parts)
