"""Fill the library with many judged versions over two years."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from runs_app.services.bulk_rows import insert_rows, update_rows
from skills_app.domain.agreement import GOOD_ENOUGH
from skills_app.domain.gates import gate_from_data
from skills_app.domain.judging import JUDGE_VERSION
from skills_app.domain.reviewing.standing import ReviewStatus
from skills_app.domain.reviewing.verdicts import Decision
from skills_app.models import (
    Category,
    Finding,
    Gate,
    GateRevision,
    QualityAssessment,
    Review,
    Skill,
    SkillVersion,
    ValidationReport,
    Verdict,
)
from tests.benchmarks.fill_trend_runs import PEOPLE

VERSIONS_OF_A_SKILL = 10
NUM_BRANCHES = 40
TYPES = ("cognitive", "technical", "domain", "tool", "mcp", "specialization", "task_focus", "memory")
RULES = tuple(f"rule.{number:02d}" for number in range(30))


def fill_versions(num_versions: int, *, last: datetime, num_days: int = 730, seed: int = 7) -> None:
    """Add ``num_versions`` versions of a tenth as many active skills, each with a report, some findings and two scores,
    every fifth with a verdict.
    """
    rng = random.Random(seed)
    branches = _branches()
    _gate()
    num_skills = max(num_versions // VERSIONS_OF_A_SKILL, 1)
    first = (Skill.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
    for start in range(0, num_skills, 500):
        with transaction.atomic():
            _skills(range(start, min(start + 500, num_skills)), first, branches, last, num_days, rng)


def _branches() -> list[Category]:
    found = []
    for number in range(NUM_BRANCHES):
        top, _ = Category.objects.get_or_create(
            path=f"area-{number % 8}", defaults={"slug": f"area-{number % 8}"}
        )
        path = f"{top.path}/field-{number}"
        found.append(
            Category.objects.get_or_create(path=path, defaults={"slug": f"field-{number}", "parent": top})[0]
        )
    return found


def _gate() -> None:
    condition = {"key": "score", "kind": "score", "scorer": "fleet-1", "at_least": 0.4}
    data = gate_from_data({"name": "bench", "title": "Bench", "conditions": [condition]}).as_data()
    gate, _ = Gate.objects.get_or_create(name="bench", category=None)
    GateRevision.objects.create(gate=gate, number=1, data=data)


def _skills(
    numbers: range, first: int, branches: list[Category], last: datetime, num_days: int, rng: random.Random
) -> None:
    now = datetime.now(UTC)
    skills, versions = [], []
    for number in numbers:
        branch = rng.choice(branches)
        name = f"skill-{number:05d}"
        skills.append(
            Skill(
                pk=first + number,
                name=name,
                slug=name,
                path=f"{branch.path}/{name}",
                category=branch,
                status="active",
                skill_type=rng.choice(TYPES),
                num_versions=VERSIONS_OF_A_SKILL,
            )
        )
        days = sorted(rng.uniform(0, num_days) for _ in range(VERSIONS_OF_A_SKILL))
        for place, ago in enumerate(reversed(days), start=1):
            key = (first + number) * VERSIONS_OF_A_SKILL + place
            digest = f"{key:064x}"
            versions.append((key, first + number, place, digest, digest, "# text", "markdown", {}, {}, "",
                             "run", rng.choice(PEOPLE), last - timedelta(days=ago), now, key - 1 if place > 1 else None))  # fmt: skip
    Skill.objects.bulk_create(skills)
    insert_rows(
        model=SkillVersion,
        columns=(
            "id",
            "skill_id",
            "number",
            "digest",
            "content_digest",
            "content",
            "content_kind",
            "front_matter",
            "metadata",
            "message",
            "origin",
            "author_name",
            "made_at",
            "created_at",
            "parent_id",
        ),  # fmt: skip
        rows=versions,
    )
    newest = [
        ((first + number) * VERSIONS_OF_A_SKILL + VERSIONS_OF_A_SKILL, first + number) for number in numbers
    ]
    update_rows(model=Skill, columns=["current_version_id"], rows=newest)
    scored = _judge([row[0] for row in versions], now, rng)
    _review([row for row in versions if row[2] % 5 == 0], scored, rng)


def _judge(version_pks: list[int], now: datetime, rng: random.Random) -> dict[int, float]:
    """Add a report, findings and two scores to each version; return the score of the first scorer."""
    details = {"judge": JUDGE_VERSION, "facts": {}}
    reports = [(pk, pk, f"{pk:064x}", "skill-fleet", "1", "warnings", True, "", [], [], [], details, 0, 1, "", True, now)
               for pk in version_pks]  # fmt: skip
    insert_rows(
        model=ValidationReport,
        columns=(
            "id",
            "version_id",
            "digest",
            "validator",
            "validator_version",
            "status",
            "is_passed",
            "feedback",
            "checks_performed",
            "errors",
            "warnings",
            "details",
            "num_errors",
            "num_warnings",
            "raw",
            "is_own",
            "created_at",
        ),  # fmt: skip
        rows=reports,
    )
    findings = [
        (pk, place, rule, "", "warning", False, False, "something", "", "")
        for pk in version_pks
        for place, rule in enumerate(rng.sample(RULES, rng.randint(0, 5)), start=1)
    ]
    columns = (
        "report_id",
        "position",
        "rule_id",
        "title",
        "severity",
        "is_passed",
        "is_required",
        "message",
        "fix",
        "path",
    )
    insert_rows(model=Finding, columns=columns, rows=findings)
    scores = [
        (pk, f"{place}{pk:063x}", scorer, version, min(max(rng.gauss(0.55, 0.15), 0), 1), {}, [], [], [], "", {}, "", True, now)
        for pk in version_pks
        for place, (scorer, version) in enumerate((("fleet-1", "1.0"), ("skill-fleet", "2026-01")))
    ]  # fmt: skip
    insert_rows(
        model=QualityAssessment,
        columns=(
            "version_id",
            "digest",
            "scorer",
            "scorer_version",
            "deterministic_score",
            "measures",
            "strengths",
            "weaknesses",
            "recommendations",
            "rationale",
            "details",
            "raw",
            "is_own",
            "created_at",
        ),  # fmt: skip
        rows=scores,
    )
    return {row[0]: row[4] for row in scores if row[2] == "fleet-1"}


def _review(versions: list[tuple[Any, ...]], scored: dict[int, float], rng: random.Random) -> None:
    """Let reviewers decide on these versions some days after they were made, nine times in ten as the score says."""
    reviews, verdicts = [], []
    newest = (Review.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
    for key, row in enumerate(versions, start=newest):
        pk, skill, made_at = row[0], row[1], row[12]
        given = made_at + timedelta(days=rng.uniform(0.1, 6))
        is_good = (scored[pk] >= GOOD_ENOUGH) is (rng.random() < 0.9)
        decision = Decision.APPROVE if is_good else Decision.REJECT
        status = ReviewStatus.APPROVED if is_good else ReviewStatus.REJECTED
        reviews.append((key, skill, pk, status.value, "", "", "low", 1, made_at, made_at, given))
        verdicts.append((key, pk, rng.choice(PEOPLE), decision.value, "", {}, given))
    columns = ("id", "skill_id", "version_id", "status", "message", "opened_by_name", "tier", "num_needed",
               "opened_at", "version_at", "decided_at")  # fmt: skip
    insert_rows(model=Review, columns=columns, rows=reviews)
    columns = ("review_id", "version_id", "reviewer_name", "decision", "reason", "binding", "given_at")  # type: ignore[assignment]
    insert_rows(model=Verdict, columns=columns, rows=verdicts)
