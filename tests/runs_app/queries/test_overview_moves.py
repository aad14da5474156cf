"""What the overview compares by the database is what a walk over all scores finds."""

import random
from datetime import date, timedelta

import pytest

from runs_app.domain.trends.score_moves import score_move
from runs_app.domain.trends.trend_filter import parse_trend_filter
from runs_app.models import VersionStanding
from runs_app.queries.overview import ActiveMoves
from skills_app.models import Skill, SkillVersion
from tests.runs_app.trend_rows import LAST

pytestmark = pytest.mark.django_db

UNTIL = LAST.date()
NUM_SKILLS = 150
RULERS = (("fleet-1", "1.0"), ("fleet-1", "1.1"), ('a", 0.5', "\\é"), ("judge", ""))
# Some lie 0.05 apart, some a little more or less.
VALUES = (0.0, 0.3, 0.35, 0.349, 0.4, 1.0)
GATES = ("passed", "blocked", "")

Scores = list[tuple[str, str, float]]


def scores(rng: random.Random) -> Scores:
    kept = sorted(rng.sample(RULERS, rng.randint(0, 2)))
    return [(scorer, version, rng.choice(VALUES)) for scorer, version in kept]


def stand(skill: Skill, number: int, day: date, gate: str, told: Scores) -> SkillVersion:
    version = SkillVersion.objects.create(
        skill=skill, number=number, digest=f"{skill.pk} {number}", content="", origin="run", made_at=LAST
    )
    VersionStanding.objects.create(
        version=version, skill=skill, number=number, day=day, gate=gate, scores=told
    )
    return version


def test_skills_move_by_their_gate_or_else_by_the_first_score_that_moved() -> None:
    rng = random.Random(5)
    wanted: dict[bool, list[str]] = {True: [], False: []}
    by_score = 0
    for number in range(NUM_SKILLS):
        path = f"web/skill-{number:03d}"
        skill = Skill.objects.create(name=path, slug=path, path=path, status="active")
        # What lies between the two sides counts on neither.
        old, between, new = (scores(rng) for _ in range(3))
        gate, gate_before = rng.choice(GATES), rng.choice(GATES)
        stand(skill, 1, UNTIL - timedelta(days=40), gate_before, old)
        stand(skill, 2, UNTIL - timedelta(days=20), "", between)
        skill.current_version = stand(skill, 3, UNTIL, gate, new)
        skill.save()
        move = score_move(old, new)
        if {gate, gate_before} == {"passed", "blocked"}:
            wanted[gate == "blocked"].append(path)
        elif move is not None:
            wanted[move.is_worse].append(path)
            by_score += 1

    moves = ActiveMoves(parse_trend_filter({"until": UNTIL.isoformat(), "days": "28"}, today=UNTIL))

    for is_worse, paths in wanted.items():
        assert [one.skill.path for one in moves.part(slice(None), is_worse=is_worse)] == paths
        assert moves.num(is_worse=is_worse) == len(paths) > 10
    assert by_score > 10
