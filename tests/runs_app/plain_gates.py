"""What the gate says of every version, worked out once more from the raw rows: nothing of the code that judges or adds up."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection

from skills_app.domain.judging import JUDGE_VERSION

REFERENCE = "skill-fleet"
# From which score on a scorer calls a document good, and how many must have been judged by people before that counts.
GOOD, FEW_JUDGED = 0.6, 10
LEAST_MOVE = 0.05


def rows(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Return what a plain query finds."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def keep(gates: Mapping[int, str]) -> None:
    """Keep what gates say where plain queries read it: the table ``plain_gate`` of this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS plain_gate")
        cursor.execute("CREATE TEMPORARY TABLE plain_gate (version_id bigint PRIMARY KEY, gate varchar(16))")
        cursor.executemany("INSERT INTO plain_gate VALUES (%s, %s)", [*gates.items()])


class Score(NamedTuple):
    """A score with the version of its scorer."""

    value: float
    version: str


@dataclass
class Raw:
    """What the rows say of one version: findings by profile, scores by scorer, facts; ``has_parent`` of a document."""

    parent: int | None
    has_parent: bool = False
    findings: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)
    facts: dict[str, float] = field(default_factory=dict)
    own: dict[str, Score] = field(default_factory=dict)
    calibrated: Score | None = None

    @property
    def is_judged(self) -> bool:
        """Whether our rules of today have looked at it."""
        return bool(self.findings)

    @property
    def calibrated_score(self) -> Score | None:
        """The score that somebody gave, as one of the reference scorer; else what that one computed."""
        reference = self.own.get(REFERENCE)
        if self.calibrated and reference:
            return Score(self.calibrated.value, reference.version)
        return self.calibrated or reference


def raw_versions() -> dict[int, Raw]:
    """Return every version by its key."""
    found = {
        pk: Raw(parent, kind == "markdown")
        for pk, parent, kind in rows(
            "SELECT v.id, v.parent_id, p.content_kind FROM skills_app_skillversion v "
            "LEFT JOIN skills_app_skillversion p ON p.id = v.parent_id"
        )
    }
    reports = {}
    for pk, version, profile, details in rows(
        "SELECT id, version_id, validator, CAST(details AS text) FROM skills_app_validationreport "
        "WHERE is_own AND version_id IS NOT NULL ORDER BY id"
    ):
        told = json.loads(details)
        if told.get("judge") == JUDGE_VERSION:
            reports[pk] = found[version].findings.setdefault(profile, [])
            found[version].facts |= told["facts"]
    for report, *finding in rows(
        "SELECT report_id, rule_id, severity, message FROM skills_app_finding WHERE NOT is_passed"
    ):
        if report in reports:
            reports[report].append((finding[0], finding[1], finding[2]))
    for version, is_own, scorer, number, computed, calibrated in rows(
        "SELECT version_id, is_own, scorer, scorer_version, deterministic_score, calibrated_score FROM "
        "skills_app_qualityassessment WHERE version_id IS NOT NULL ORDER BY id"
    ):
        if is_own and computed is not None:
            found[version].own[scorer] = Score(computed, number)
        elif not is_own and calibrated is not None:
            found[version].calibrated = Score(calibrated, number)
    return found


def gates_by_score(scorer: str = "fleet", *, at_least: float = 0.5) -> dict[int, str]:
    """Return what a gate says of every version that asks for a score alone, as the random rows have it."""
    versions = raw_versions()
    scores = {pk: one.own.get(scorer) for pk, one in versions.items()}
    doubted = _doubted(scores)
    return {
        pk: _word(one.is_judged, _is_enough(scores[pk], at_least, doubted)) for pk, one in versions.items()
    }


def built_in_gates() -> dict[int, str]:
    """Return what the gate says that holds until somebody writes one, as in the sample."""
    versions = raw_versions()
    scores = {pk: one.calibrated_score for pk, one in versions.items()}
    doubted = _doubted(scores)
    found = {}
    for pk, one in versions.items():
        is_open = (
            one.is_judged
            and not [finding for finding in one.findings["spec"] if finding[1] == "critical"]
            and _is_enough(scores[pk], 0.6, doubted)
            and one.facts["body_lines"] <= 500
            and not _new_warnings(one, versions)
        )
        found[pk] = _word(one.is_judged, is_open)
    return found


def _new_warnings(one: Raw, versions: Mapping[int, Raw]) -> int:
    """Return how many warnings, or worse, a version has that its parent had not; alike but for numbers is the same."""
    if not one.has_parent or one.parent is None:
        return 0
    now, before = (
        Counter(
            (rule, severity, re.sub(r"\d+", "0", message))
            for rule, severity, message in each.findings["skill-fleet"]
            if severity != "info"
        )
        for each in (one, versions[one.parent])
    )
    return (now - before).total()


def _is_enough(score: Score | None, limit: float, doubted: set[str]) -> bool:
    return score is not None and (score.value >= limit or score.version in doubted)


def _word(is_judged: bool, is_open: bool) -> str:
    return ("passed" if is_open else "blocked") if is_judged else ""


def _doubted(scores: Mapping[int, Score | None]) -> set[str]:
    """Return the versions of a scorer that agree with too few verdicts, so that they may only advise."""
    verdicts = dict(
        rows("SELECT version_id, decision FROM skills_app_verdict WHERE undone_at IS NULL ORDER BY id")
    )
    assert len(verdicts) <= 200, "the gate looks at the 200 versions judged last, and this at all"
    agrees = defaultdict(list)
    for version, decision in verdicts.items():
        score = scores.get(version)
        if score is not None:
            agrees[score.version].append((score.value >= GOOD) == (decision == "approve"))
    return {
        number
        for number, told in agrees.items()
        if len(told) >= FEW_JUDGED and sum(told) / len(told) < settings.FLEET_LEAST_AGREEMENT
    }


def headline() -> dict[str, int]:
    """Return how many skills are active, and of how many the current version passes, is kept back, or was not judged."""
    ((active, passed, blocked),) = rows(
        "SELECT count(*), count(CASE WHEN n.gate = 'passed' THEN 1 END), count(CASE WHEN n.gate = 'blocked' THEN 1 END) "
        "FROM skills_app_skill s LEFT JOIN plain_gate n ON n.version_id = s.current_version_id WHERE s.status = 'active'"
    )
    return {"active": active, "passed": passed, "blocked": blocked, "unjudged": active - passed - blocked}


class Move(NamedTuple):
    """A skill that moved: its path, and the numbers of its version from before and of its current one."""

    path: str
    before: int
    now: int


def moves(since: date) -> dict[bool, list[Move]]:
    """Return the active skills that got worse (True) and better (False) since a day, by path.

    The current version, if made since then, is held against the highest one made before. The gate decides; where it says
    the same of both, the first scorer does, by name, that moved by 0.05 or more.
    """
    scores = _scores()
    found: dict[bool, list[Move]] = {True: [], False: []}
    for path, old, was, old_number, new, says, new_number in rows(
        "SELECT s.path, b.id, bn.gate, b.number, v.id, vn.gate, v.number FROM skills_app_skill s "
        "JOIN skills_app_skillversion v ON v.id = s.current_version_id JOIN skills_app_skillversion b ON b.skill_id = s.id "
        "JOIN plain_gate vn ON vn.version_id = v.id JOIN plain_gate bn ON bn.version_id = b.id "
        "WHERE s.status = 'active' AND date(v.made_at) >= %s AND b.number = (SELECT max(e.number) FROM "
        "skills_app_skillversion e WHERE e.skill_id = s.id AND date(e.made_at) < %s) ORDER BY s.path",
        since,
        since,
    ):
        gates = (was, says)
        if gates in {("passed", "blocked"), ("blocked", "passed")}:
            found[gates[0] == "passed"].append(Move(path, old_number, new_number))
            continue
        both = sorted(scores[old].keys() & scores[new].keys())
        gaps = [scores[new][ruler] - scores[old][ruler] for ruler in both]
        far = [gap for gap in gaps if abs(gap) >= LEAST_MOVE]
        if far:
            found[far[0] < 0].append(Move(path, old_number, new_number))
    return found


def _scores() -> dict[int, dict[tuple[str, str], float]]:
    """Return the newest score of each scorer in each version, by the version that it judged."""
    found: dict[int, dict[tuple[str, str], float]] = defaultdict(dict)
    for version, scorer, number, value in rows(
        "SELECT version_id, scorer, scorer_version, CASE WHEN is_own THEN deterministic_score ELSE quality_score END AS score "
        "FROM skills_app_qualityassessment WHERE version_id IS NOT NULL ORDER BY id"
    ):
        if value is not None:
            found[version][scorer, number] = value
    return found
