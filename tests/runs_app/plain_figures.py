"""The figures of the trends pages from the raw rows alone: plain SQL and numpy, nothing of the code that makes them.

What the gate says is read from ``plain_gate``, which ``plain_gates.keep`` fills from the raw rows.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
from django.db import connection

from skills_app.domain.judging import JUDGE_VERSION

RUN_DAY = "date(coalesce(r.started_at, r.first_seen_at))"
# Generations that were not deleted and are not part of another one.
RUNS = (
    "runs_app_run r LEFT JOIN runs_app_run up ON up.id = r.parent_id LEFT JOIN runs_app_runoutcome o ON o.run_id = r.id "
    "LEFT JOIN skills_app_skillversion v ON v.id = o.version_id LEFT JOIN skills_app_skill s ON s.id = v.skill_id "
    "LEFT JOIN plain_gate n ON n.version_id = v.id"
)
COUNTED = (
    "r.kind = 'generation' AND r.lifecycle_stage = 'active' AND (up.id IS NULL OR up.kind <> 'generation')"
)
STATUS = "CASE WHEN r.rolled_status <> '' THEN r.rolled_status ELSE r.status END"
MADE = "(v.id IS NOT NULL OR r.has_document)"
PASSED = f"{MADE} AND n.gate = 'passed'"
APPROVED = (
    f"{PASSED} AND EXISTS (SELECT 1 FROM skills_app_verdict d WHERE d.version_id = v.id AND d.decision = 'approve' "
    "AND d.undone_at IS NULL)"
)
STAGES = {
    "requested": "1 = 1",
    "generated": MADE,
    "passed": PASSED,
    "approved": APPROVED,
    "active": f"{APPROVED} AND s.status = 'active'",
}
# When a generation came to each stage, and the rows that say so.
MOMENTS = {
    "requested": "coalesce(g.at, r.started_at, r.first_seen_at)",
    "generated": "r.ended_at",
    "passed": "j.at",
    "approved": "a.at",
    "active": "coalesce(p.at, a.at)",
}
WITH_MOMENTS = (
    f"{RUNS} LEFT JOIN (SELECT version_id, min(created_at) AS at FROM runs_app_generation GROUP BY 1) g ON g.version_id = v.id "
    "LEFT JOIN (SELECT version_id, min(made_at) AS at FROM skills_app_validationreport WHERE is_own AND "
    f"json_extract(details, '$.judge') = '{JUDGE_VERSION}' GROUP BY 1) j ON j.version_id = v.id "
    "LEFT JOIN (SELECT version_id, min(given_at) AS at FROM skills_app_verdict WHERE decision = 'approve' AND undone_at IS NULL "
    "GROUP BY 1) a ON a.version_id = v.id "
    "LEFT JOIN (SELECT version_id, min(published_at) AS at FROM skills_app_promotion GROUP BY 1) p ON p.version_id = v.id"
)
LAST_VERDICTS = (
    "(SELECT v.version_id, v.decision = 'approve' AS ok FROM skills_app_verdict v WHERE v.undone_at IS NULL AND v.id = "
    "(SELECT max(w.id) FROM skills_app_verdict w WHERE w.version_id = v.version_id AND w.undone_at IS NULL))"
)
# Verdicts that stood at a moment (named t.at), the latest of each reviewer, about the version that was under review then.
STOOD = (
    "d.given_at <= t.at AND (d.undone_at IS NULL OR d.undone_at > t.at) "
    "AND (d.version_id = r.version_id OR r.version_at > t.at)"
)
STOOD_LAST = (
    f"d.review_id = r.id AND {STOOD} AND NOT EXISTS (SELECT 1 FROM skills_app_verdict e WHERE e.review_id = r.id AND "
    f"{STOOD.replace('d.', 'e.')} AND e.reviewer_name = d.reviewer_name AND e.given_at > d.given_at)"
)
# The newest assessment of each scorer in each version, of each version of a skill.
SCORES = (
    "SELECT CASE WHEN a.is_own THEN a.deterministic_score ELSE a.quality_score END AS score, v.made_at FROM "
    "skills_app_qualityassessment a JOIN skills_app_skillversion v ON v.id = a.version_id WHERE a.id IN (SELECT max(b.id) "
    "FROM skills_app_qualityassessment b WHERE (CASE WHEN b.is_own THEN b.deterministic_score ELSE b.quality_score END) "
    "IS NOT NULL GROUP BY b.version_id, b.scorer, b.scorer_version) AND a.scorer = %s AND a.scorer_version = %s"
)


def rows(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Return what a plain query finds."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def values_of(key: str, series: str, first: date, last: date) -> Sequence[float]:
    """Return the single values behind one point of a chart of medians."""
    if key.startswith("quality-"):
        scorer, _, version = series.partition(" ")
        found = rows(f"{SCORES} AND date(v.made_at) BETWEEN %s AND %s", scorer, version, first, last)
    elif key == "decided":
        return days_to_verdict(first, last)
    elif key == "queue":
        after = f"{last + timedelta(days=1)} 00:00:00"
        return days_open_at(min(after, datetime.now(UTC).replace(tzinfo=None).isoformat(" ")))
    elif key == "latency":
        found = rows(
            f"SELECT p.duration_seconds FROM {RUNS} JOIN runs_app_run p ON p.parent_id = r.id AND p.phase = %s "
            f"AND p.lifecycle_stage = 'active' WHERE {COUNTED} AND p.duration_seconds IS NOT NULL AND {RUN_DAY} BETWEEN %s AND %s",
            series,
            first,
            last,
        )
    else:
        column = {"cost": "r.rolled_cost_usd", "tokens": "r.rolled_tokens"}[key]
        found = rows(
            f"SELECT {column} FROM {RUNS} WHERE {COUNTED} AND {column} IS NOT NULL AND {RUN_DAY} BETWEEN %s AND %s",
            first,
            last,
        )
    return [float(row[0]) for row in found]


def share_of(key: str, first: date, last: date, series: str = "") -> tuple[int, int]:
    """Return yes and all behind one point of a chart of shares."""
    if key == "gate":
        ((num, yes),) = rows(
            "SELECT count(*), count(CASE WHEN n.gate = 'passed' THEN 1 END) FROM plain_gate n JOIN "
            "skills_app_skillversion v ON v.id = n.version_id WHERE n.gate <> '' AND date(v.made_at) BETWEEN %s AND %s",
            first,
            last,
        )
    elif key == "rules":
        ((num, yes),) = rows(
            "SELECT count(*), sum(EXISTS (SELECT 1 FROM skills_app_finding f JOIN skills_app_validationreport p ON p.id = "
            f"f.report_id WHERE p.version_id = v.id AND NOT f.is_passed AND json_extract(p.details, '$.judge') = '{JUDGE_VERSION}' "
            "AND f.rule_id = %s)) FROM skills_app_skillversion v WHERE date(v.made_at) BETWEEN %s AND %s",
            series,
            first,
            last,
        )
    elif key == "changed":
        told = [one for one in questions(first, last) if one[1] is not None]
        known = [one for one in told if one[0] != "clarify" or one[2] != "proceed" or one[3]]
        num = len(known)
        yes = sum(
            action != "proceed" or (kind == "clarify" and assumed != said)
            for kind, _, action, assumed, said in known
        )
    else:
        ((num, yes),) = rows(
            f"SELECT count(*), count(CASE WHEN {STATUS} = 'finished' THEN 1 END) FROM {RUNS} WHERE {COUNTED} "
            f"AND {STATUS} IN ('finished', 'failed', 'killed') AND {RUN_DAY} BETWEEN %s AND %s",
            first,
            last,
        )
    return yes, num


def quantiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the median and the quartiles of the nearest rank."""
    return tuple(float(np.quantile(values, share, method="inverted_cdf")) for share in (0.5, 0.25, 0.75))  # type: ignore[return-value]


def wilson(yes: int, num: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share: the shares p from which what was seen lies just 1.96 standard errors away.

    Both solve (yes/num - p)² = z² p (1 - p) / num, which is quadratic in p.
    """
    seen, width = yes / num, 1.959963984540054**2 / num
    low, high = sorted(np.roots([1 + width, -(2 * seen + width), seen**2]).real)
    return float(low), float(high)


def newcombe(now: tuple[int, int], before: tuple[int, int]) -> tuple[float, float]:
    """Return the 95 % interval of the difference of two shares: the distances to the ends of both, put together at right angles."""
    gap = now[0] / now[1] - before[0] / before[1]
    here, there = np.array(wilson(*now)) - now[0] / now[1], np.array(wilson(*before)) - before[0] / before[1]
    return gap - float(np.hypot(here[0], there[1])), gap + float(np.hypot(here[1], there[0]))


def drawn_medians(values: Sequence[float], *, num: int = 8_000, seed: int = 1) -> Any:
    """Return the medians of so many drawn resamples."""
    drawn = np.random.default_rng(seed).choice(values, (num, len(values)))
    return np.quantile(drawn, 0.5, axis=1, method="inverted_cdf")


def stage_days(first: date, last: date) -> dict[str, list[float]]:
    """Return the days from the stage before to each stage, of the generations with both moments, never less than none."""
    found = {}
    for earlier, name in pairwise(MOMENTS):
        gap = f"julianday({MOMENTS[name]}) - julianday({MOMENTS[earlier]})"
        told = rows(
            f"SELECT {gap} FROM {WITH_MOMENTS} WHERE {COUNTED} AND {RUN_DAY} BETWEEN %s AND %s AND {STAGES[name]} "
            f"AND {gap} IS NOT NULL",
            first,
            last,
        )
        found[name] = [max(days, 0.0) for (days,) in told]
    return found


def days_to_verdict(first: date, last: date) -> list[float]:
    """Return the days from opening to the first verdict that stands, of the reviews that had it in these days."""
    told = rows(
        "SELECT julianday(min(d.given_at)) - julianday(r.opened_at) FROM skills_app_review r JOIN skills_app_verdict d "
        "ON d.review_id = r.id WHERE d.undone_at IS NULL GROUP BY r.id HAVING date(min(d.given_at)) BETWEEN %s AND %s",
        first,
        last,
    )
    return [days for (days,) in told]


def days_open_at(moment: str) -> list[float]:
    """Return the days that the reviews that were open at a moment had waited then."""
    told = rows(
        "SELECT julianday(t.at) - julianday(CASE WHEN r.version_at <= t.at THEN r.version_at ELSE r.opened_at END) "
        "FROM skills_app_review r, (SELECT %s AS at) t WHERE r.opened_at <= t.at AND CASE "
        "WHEN r.status = 'open' AND (r.decided_at IS NULL OR r.decided_at <= t.at) THEN 1 WHEN r.decided_at <= t.at THEN 0 ELSE "
        f"NOT EXISTS (SELECT 1 FROM skills_app_verdict d WHERE {STOOD_LAST} AND d.decision <> 'approve') AND "
        f"(SELECT count(*) FROM skills_app_verdict d WHERE {STOOD_LAST}) < max(r.num_needed, 1) END",
        moment,
    )
    return [days for (days,) in told]


def questions(first: date, last: date) -> list[tuple[str, float | None, str | None, str | None, str | None]]:
    """Return kind, seconds until the answer, action, and what was assumed and answered of every question of these days."""
    return rows(
        "SELECT kind, (julianday(answered_at) - julianday(asked_at)) * 86400, json_extract(answer, '$.action'), "
        "json_extract(prompt, '$.questions[0].assumed'), json_extract(answer, '$.values.q1') FROM "
        "runs_app_humanprompt WHERE date(asked_at) BETWEEN %s AND %s",
        first,
        last,
    )  # type: ignore[return-value]


def agreements(first: date, last: date) -> dict[tuple[str, str], tuple[int, int]]:
    """Return, by scorer and version, on how many reviewed versions score and reviewers said the same, and of how many."""
    own, told = (
        "a.is_own AND a.deterministic_score IS NOT NULL",
        "NOT a.is_own AND a.quality_score IS NOT NULL",
    )
    parts = [
        f"SELECT {name} AS scorer, a.scorer_version, a.{column} AS score, k.ok FROM skills_app_qualityassessment a "
        f"JOIN {LAST_VERDICTS} k ON k.version_id = a.version_id JOIN skills_app_skillversion v ON v.id = a.version_id "
        f"WHERE {which} AND date(v.made_at) BETWEEN %s AND %s AND a.id = (SELECT max(b.id) FROM skills_app_qualityassessment b "
        f"WHERE b.version_id = a.version_id AND ({same}) AND {which.replace('a.', 'b.')})"
        for name, column, which, same in (
            ("a.scorer", "deterministic_score", own, "b.scorer = a.scorer"),
            ("'quality_score'", "quality_score", told, "1 = 1"),
        )
    ]
    counted = rows(
        f"SELECT scorer, scorer_version, sum((score >= 0.6) = ok), count(*) FROM ({' UNION ALL '.join(parts)}) GROUP BY 1, 2",
        *(first, last) * 2,
    )
    return {(scorer, version): (agree, num) for scorer, version, agree, num in counted}


def ruler_gaps(first: date, last: date) -> dict[tuple[str, str, str], list[float]]:
    """Return what two versions of a scorer said of the same versions of skills, the newer less the older."""
    newest = SCORES.replace(" AND a.scorer = %s AND a.scorer_version = %s", "")
    newest = newest.replace("SELECT CASE", "SELECT a.version_id, a.scorer, a.scorer_version, CASE")
    told = rows(
        f"SELECT b.scorer, a.scorer_version, b.scorer_version, b.score - a.score FROM ({newest}) a JOIN ({newest}) b "
        "ON a.version_id = b.version_id AND a.scorer = b.scorer AND CAST(a.scorer_version AS INTEGER) < "
        "CAST(b.scorer_version AS INTEGER) WHERE date(b.made_at) BETWEEN %s AND %s",
        first,
        last,
    )
    found: dict[tuple[str, str, str], list[float]] = {}
    for scorer, old, new, gap in told:
        found.setdefault((scorer, old, new), []).append(float(gap))
    return found


def stage_counts(first: date, last: date) -> dict[str, int]:
    """Return how many generations came to each stage."""
    return {
        name: rows(
            f"SELECT count(*) FROM {RUNS} WHERE {COUNTED} AND {RUN_DAY} BETWEEN %s AND %s AND {came}",
            first,
            last,
        )[0][0]
        for name, came in STAGES.items()
    }


def spent(first: date, last: date) -> tuple[int, float]:
    """Return how many generations began, and what they cost."""
    ((num, cost),) = rows(
        f"SELECT count(*), coalesce(sum(r.rolled_cost_usd), 0) FROM {RUNS} WHERE {COUNTED} AND {RUN_DAY} BETWEEN %s AND %s",
        first,
        last,
    )
    return num, cost


def before(first: date, last: date) -> tuple[date, date]:
    """Return the days of the period before, as long as this one."""
    return first - (last - first) - timedelta(days=1), first - timedelta(days=1)
