"""Rows for tests of trends: runs, versions and what was said of them, random but repeatable."""

import random
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from runs_app.models import Experiment, Generation, HumanPrompt, Run, RunOutcome, RunParam, Source
from runs_app.services.count_runs import recount_runs
from skills_app.domain.gates import gate_from_data
from skills_app.domain.judging import JUDGE_VERSION
from skills_app.models import (
    Category,
    Finding,
    Gate,
    GateRevision,
    Promotion,
    QualityAssessment,
    Review,
    Skill,
    SkillVersion,
    ValidationReport,
    Verdict,
)

LAST = datetime(2026, 11, 18, 15, tzinfo=UTC)
MODELS, PEOPLE = ("small", "large"), ("ada", "ben", "carol")
PATHS = ("web", "web/frontend", "web/backend", "data")


def fill(*, num_runs: int = 120, num_skills: int = 12, num_days: int = 60, seed: int = 3) -> Source:
    """Fill the tables with generations with phases, skills with versions, reports, assessments and outcomes."""
    rng = random.Random(seed)
    set_gate()
    source = Source.objects.create(name=f"trends {seed}", kind="mlruns_folder", address=f"/nowhere/{seed}")
    experiment = Experiment.objects.create(source=source, experiment_id="1", name="made up")
    versions = [
        version
        for number in range(num_skills)
        for version in skill_versions(f"skill-{seed}-{number}", rng, num_days=num_days)
    ]
    for number in range(num_runs):
        made = run(
            source,
            experiment,
            f"run{seed}-{number}",
            rng,
            at=LAST - timedelta(days=rng.uniform(0, num_days)),
        )
        if versions and rng.random() < 0.6 and made.status == "finished":
            RunOutcome.objects.create(run=made, version=rng.choice(versions))
    long_ago = LAST - timedelta(days=90)
    Skill.objects.update(updated_at=long_ago)
    for table in (ValidationReport, QualityAssessment):
        table.objects.update(created_at=long_ago)
    recount_runs(run_pks=[*source.runs.values_list("pk", flat=True)])
    return source


def set_gate(*, limit: float = 0.5) -> None:
    """Let the library's gate ask for a score that about half of the versions have."""
    gate, _ = Gate.objects.get_or_create(name="plain", category=None)
    condition = {"key": "score", "kind": "score", "scorer": "fleet", "at_least": limit}
    data = gate_from_data({"name": "plain", "title": "Plain", "conditions": [condition]}).as_data()
    if not gate.revisions.filter(data=data).exists():
        GateRevision.objects.create(gate=gate, number=gate.revisions.count() + 1, data=data)


def run(
    source: Source, experiment: Experiment, run_id: str, rng: random.Random, *, at: datetime, **fields: Any
) -> Run:
    """Make a generation with two phases."""
    values = {
        "status": rng.choices(("finished", "failed", "killed"), (8, 2, 1))[0],
        "model": rng.choice(MODELS),
        "user": rng.choice(PEOPLE),
        "rolled_cost_usd": rng.choice([None, rng.uniform(0.01, 3)]),
        "rolled_tokens": rng.randint(100, 90_000),
        "duration_seconds": rng.uniform(5, 900),
        **fields,
    }
    common = {"source": source, "experiment": experiment, "synced_at": LAST}
    made = Run.objects.create(run_id=run_id, kind="generation", started_at=at, **common, **values)
    Run.objects.filter(pk=made.pk).update(rolled_status=made.status)
    if rng.random() < 0.5:
        RunParam.objects.create(run=made, key="program", value="creator")
    for phase in ("understand", "generate"):
        Run.objects.create(
            run_id=f"{run_id}-{phase}",
            kind="phase",
            phase=phase,
            parent=made,
            is_top=False,
            started_at=at,
            status="finished",
            duration_seconds=rng.uniform(1, 300),
            rolled_tokens=rng.randint(10, 5_000),
            **common,
        )
    return made


def skill_versions(name: str, rng: random.Random, *, num_days: int) -> list[SkillVersion]:
    """Make a skill with one to four versions, judged and scored; the last one is the current one."""
    path = rng.choice(PATHS)
    category, _ = Category.objects.get_or_create(path=path, defaults={"slug": path.rpartition("/")[2]})
    skill = Skill.objects.create(
        name=name,
        slug=name,
        path=f"{path}/{name}",
        category=category,
        status=rng.choice(("active", "active", "draft")),
        skill_type=rng.choice(("technical", "tool")),
    )
    days = sorted(rng.uniform(0, num_days) for _ in range(rng.randint(1, 4)))
    made: list[SkillVersion] = []
    for number, ago in enumerate(reversed(days), start=1):
        made.append(
            version(skill, number, rng, at=LAST - timedelta(days=ago), parent=made[-1] if made else None)
        )
    Skill.objects.filter(pk=skill.pk).update(current_version=made[-1], num_versions=len(made))
    return made


def version(
    skill: Skill, number: int, rng: random.Random, *, at: datetime, parent: SkillVersion | None = None
) -> SkillVersion:
    """Add a version with a report of ours, our score, and sometimes a model's."""
    made = SkillVersion.objects.create(
        skill=skill,
        number=number,
        digest=sha256(f"{skill.path} {number}".encode()).hexdigest(),
        content_digest=sha256(f"{skill.path} {number}".encode()).hexdigest(),
        content="# text",
        origin="run",
        author_name=rng.choice(PEOPLE),
        made_at=at,
        parent=parent,
    )
    if rng.random() < 0.9:
        judge(made, rng)
    return made


def judge(made: SkillVersion, rng: random.Random, *, scorer_version: str = "1") -> None:
    """Judge a version by ten findings at most, our score and, one time in two, a model's."""
    key = sha256(f"{made.pk} {rng.random()}".encode()).hexdigest()
    report = ValidationReport.objects.create(
        version=made,
        digest=key,
        validator="skill-fleet",
        status="warnings",
        is_passed=True,
        is_own=True,
        made_at=LAST,
        details={"judge": JUDGE_VERSION, "facts": {}},
    )
    for position in range(rng.randint(0, 6)):
        Finding.objects.create(
            report=report,
            position=position,
            rule_id=rng.choice(("rule.a", "rule.b", "rule.c")),
            severity=rng.choice(("critical", "warning", "info")),
            message="something",
        )
    score(made, rng.random(), scorer_version=scorer_version)
    if rng.random() < 0.5:
        QualityAssessment.objects.create(
            version=made, digest=f"m{key[:60]}", scorer="model", quality_score=rng.random()
        )


def review_of(version: SkillVersion) -> Review:
    """Return the review of a version, opened at ``LAST`` if there is none; a version has one."""
    values = {"skill": version.skill, "opened_at": LAST, "version_at": LAST, "tier": "low", "num_needed": 1}
    return Review.objects.get_or_create(version=version, defaults=values)[0]


def add_people(rng: random.Random, *, last: datetime, num_days: int = 60, scorer: str = "fleet") -> None:
    """Let people open reviews, judge and answer questions up to ``last``, and a second version of ``scorer`` judge again."""
    for one in SkillVersion.objects.order_by("pk"):
        if rng.random() < 0.5:
            score(one, rng.random(), scorer=scorer, scorer_version="99")
        if rng.random() < 0.7:
            _review(one, rng, opened=last - timedelta(days=rng.uniform(0, num_days)), last=last)
    generation = Generation.objects.create(task="t", model="small", queued_at=last)
    for number in range(80):
        asked = last - timedelta(days=rng.uniform(0, num_days))
        is_answered = rng.random() < 0.8
        # Chosen by the number, so that all the rest stays as it is.
        assumed, said = ("", "a", "b")[number % 3], ("a", "b")[number % 2]
        HumanPrompt.objects.create(
            generation=generation,
            key=f"q{number}",
            kind=rng.choice(("clarify", "preview", "validate")),
            step="s",
            phase="understand",
            prompt={"questions": [{"key": "q1", "assumed": assumed}]},
            asked_at=asked,
            answered_at=asked + timedelta(seconds=rng.uniform(5, 9_000)) if is_answered else None,
            answer={"action": rng.choice(("proceed", "revise", "cancel")), "values": {"q1": said}}
            if is_answered
            else {},
        )


def add_moments(rng: random.Random, *, last: datetime) -> None:
    """Let generations end, versions be judged and some of them be published at random times."""
    for made in Run.objects.filter(kind="generation", status="finished"):
        ended = (made.started_at or last) + timedelta(hours=rng.uniform(0, 40))
        Run.objects.filter(pk=made.pk).update(ended_at=ended)
    for report in ValidationReport.objects.filter(is_own=True):
        judged = last + timedelta(days=rng.uniform(-9, 9))
        ValidationReport.objects.filter(pk=report.pk).update(made_at=judged)
    for one in SkillVersion.objects.order_by("pk"):
        if rng.random() < 0.5:
            Promotion.objects.create(
                skill=one.skill,
                version=one,
                semantic_version="1.0.0",
                path="x",
                digest="0",
                folder_digest="0",
                promoted_by_name="ben",
                state="failed",
                started_at=last,
                published_at=last + timedelta(days=rng.uniform(20, 40)),
            )


def _review(one: SkillVersion, rng: random.Random, *, opened: datetime, last: datetime) -> None:
    """Open a review that needs one or two approvals; up to three verdicts follow, of which some were taken back."""
    times = sorted(opened + timedelta(days=rng.expovariate(0.3)) for _ in range(rng.randint(0, 3)))
    given = [at for at in times if at < last]
    moved = rng.choice((opened, opened, min(opened + timedelta(days=rng.uniform(0, 9)), last)))
    status = rng.choice(("open", "approved", "changes requested", "rejected")) if given else "open"
    review = Review.objects.create(
        skill=one.skill,
        version=one,
        status=status,
        opened_at=opened,
        version_at=moved,
        decided_at=given[-1] if status != "open" else rng.choice((None, moved)),
        tier="low",
        num_needed=rng.choice((1, 1, 2)),
    )
    for at in given:
        Verdict.objects.create(
            review=review,
            version=one,
            decision=rng.choice(("approve", "approve", "reject", "request_changes")),
            reviewer_name=rng.choice(PEOPLE),
            given_at=at,
            undone_at=rng.choice((None, None, None, min(at + timedelta(days=3), last))),
            binding={},
        )


def score(made: SkillVersion, value: float, *, scorer: str = "fleet", scorer_version: str = "1") -> None:
    """Give a version a score of ours."""
    QualityAssessment.objects.create(
        version=made,
        digest=sha256(f"{made.pk} {scorer} {scorer_version} {value}".encode()).hexdigest(),
        scorer=scorer,
        scorer_version=scorer_version,
        deterministic_score=value,
        is_own=True,
    )
