"""Where the active skills stand, and which of them got worse: by the gate of today, so that only skills have changed."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.db.models import Case, Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, TextField, When
from django.db.models.functions import Cast

from runs_app.domain.trends.score_moves import LEAST_MOVE, score_move
from runs_app.domain.trends.trend_filter import TrendFilter
from runs_app.models import VersionStanding
from runs_app.queries.trends import branches_below
from skills_app.domain.enums import SkillStatus
from skills_app.models import Skill

MOST_SHOWN, MOST_BETTER = 50, 20


_SHOWN = (
    "number",
    "day",
    "gate",
    "scores",
    "version__number",
    "version__skill__key",
    "version__skill__path",
    "version__skill__name",
)
# Whether a skill got worse, by what the gate said of the version before and says of the one now.
_GATE_MOVES = {("passed", "blocked"): True, ("blocked", "passed"): False}


class _Move(NamedTuple):
    """A skill that moved, before its rows are read: its path, its standing now, the newest from before the period, its branch."""

    path: str
    pk: int
    pk_before: int
    branch: str
    is_worse: bool


@dataclass(frozen=True, slots=True)
class Moved:
    """A skill whose current version is judged worse (or better) than the one before the period; ``reason`` says by what."""

    skill: Skill
    before: VersionStanding
    now: VersionStanding
    is_worse: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Overview:
    """Active skills by what their gate says, and how many moved since ``since``.

    ``worse`` and ``better`` are the first 50 and 20 of these by their path. ``place`` is the lowest branch that holds every one
    that got worse; empty when there is none but the whole.
    """

    num_active: int
    num_passed: int
    num_blocked: int
    since: date
    num_worse: int
    num_better: int
    place: str
    worse: tuple[Moved, ...]
    better: tuple[Moved, ...]

    @property
    def num_unjudged(self) -> int:
        """Active skills that no gate could judge yet."""
        return self.num_active - self.num_passed - self.num_blocked

    @property
    def num_more_worse(self) -> int:
        """How many got worse that are not shown."""
        return self.num_worse - len(self.worse)

    @property
    def num_more_better(self) -> int:
        """How many got better that are not shown."""
        return self.num_better - len(self.better)


def overview_of(chosen: TrendFilter) -> Overview:
    """Return the state of the active skills that a filter selects, and what moved since its period began."""
    by_gate = dict(_current(chosen).order_by().values_list("gate").annotate(num=Count("pk")))
    moves = ActiveMoves(chosen)
    return Overview(
        num_active=_num_active(chosen, sum(by_gate.values())),
        num_passed=by_gate.get("passed", 0),
        num_blocked=by_gate.get("blocked", 0),
        since=chosen.period.first,
        num_worse=moves.num(is_worse=True),
        num_better=moves.num(is_worse=False),
        place=moves.place,
        worse=moves.part(slice(MOST_SHOWN), is_worse=True),
        better=moves.part(slice(MOST_BETTER), is_worse=False),
    )


class ActiveMoves:
    """The active skills of a filter that got worse or better since its period began, by path; rows are read for a part."""

    def __init__(self, chosen: TrendFilter) -> None:
        since = chosen.period.first
        moves = _moves(_current(chosen).filter(day__gte=since), since)
        self._sides = {side: [one for one in moves if one.is_worse is side] for side in (True, False)}

    @property
    def place(self) -> str:
        """The lowest branch that holds every one that got worse; empty when there is none but the whole."""
        return _shared_branch(one.branch for one in self._sides[True])

    def num(self, *, is_worse: bool) -> int:
        """Return how many moved that way."""
        return len(self._sides[is_worse])

    def part(self, wanted: slice, *, is_worse: bool) -> tuple[Moved, ...]:
        """Return some of those that moved that way."""
        return _moved(self._sides[is_worse][wanted])


def active_skills(chosen: TrendFilter, *, gate: str = "") -> QuerySet[Skill]:
    """Return the active skills that the overview counts, by path, with their current version and where it stands.

    ``gate`` is ``passed``, ``blocked`` or ``none``: of those that no gate could judge yet.
    """
    skills = Skill.objects.filter(status=SkillStatus.ACTIVE)
    standing = _current(chosen)
    judged = standing.exclude(gate="")
    if gate in ("passed", "blocked"):
        skills = skills.filter(pk__in=standing.filter(gate=gate).values("skill"))
    else:
        skills = _narrowed_skills(skills, chosen, standing)
        skills = skills.exclude(pk__in=judged.values("skill")) if gate == "none" else skills
    skills = skills.select_related("current_version__standing")
    unread = ("content", "front_matter", "metadata")
    return skills.defer(*(f"current_version__{name}" for name in unread)).order_by("path")


def _current(chosen: TrendFilter) -> QuerySet[VersionStanding]:
    rows = VersionStanding.objects.filter(
        version=F("skill__current_version"), skill__status=SkillStatus.ACTIVE
    )
    return narrowed(rows, chosen)


def narrowed(rows: QuerySet[VersionStanding], chosen: TrendFilter) -> QuerySet[VersionStanding]:
    """Return the standings that a filter's choices select, whatever its period."""
    for name, value in chosen.chosen.items():
        rows = (
            rows.filter(branch__in=branches_below(value))
            if name == "branch"
            else rows.filter(**{name: value})
        )
    return rows


def _num_active(chosen: TrendFilter, num_judged: int) -> int:
    """Count active skills, also those that no standing speaks of yet; of these only places and types can be chosen."""
    if _is_of_versions(chosen):
        return num_judged
    skills = Skill.objects.filter(status=SkillStatus.ACTIVE)
    return max(_narrowed_skills(skills, chosen, VersionStanding.objects.none()).count(), num_judged)


def _is_of_versions(chosen: TrendFilter) -> bool:
    """Return whether something is chosen that only a version says, so that a skill without a standing cannot be meant."""
    return any(chosen.value(name) for name in ("model", "program", "author"))


def _narrowed_skills(
    skills: QuerySet[Skill], chosen: TrendFilter, standing: QuerySet[VersionStanding]
) -> QuerySet[Skill]:
    if _is_of_versions(chosen):
        return skills.filter(pk__in=standing.values("skill"))
    if chosen.value("branch"):
        skills = skills.filter(category__path__in=branches_below(chosen.value("branch")))
    if chosen.value("type"):
        skills = skills.filter(skill_type=chosen.value("type"))
    return skills


def _moves(changed: QuerySet[VersionStanding], since: date) -> list[_Move]:
    """Return what moved, by path."""
    found = []
    unclear = []
    texts = []
    for path, pk, pk_before, branch, is_worse, text, text_before in _pairs(changed, since):
        if is_worse is not None:
            found.append(_Move(path, pk, pk_before, branch, bool(is_worse)))
        elif text != text_before:
            unclear.append((path, pk, pk_before, branch))
            texts.append(f"[{text_before},{text}]")
    # The scores of all the others are read as one JSON text, which is much quicker.
    for told, (old, new) in zip(unclear, json.loads(f"[{','.join(texts)}]"), strict=True):
        move = score_move(old, new)
        if move is not None:
            found.append(_Move(*told, move.is_worse))
    # No two skills have one path, so nothing after it is ever compared.
    return sorted(found)


def _pairs(changed: QuerySet[VersionStanding], since: date) -> Iterator[tuple[Any, ...]]:
    """Compare both sides of each skill in one query, from indexes where they tell: there may be ten thousand skills.

    Each is the path, both standings, the branch, and whether the skill got worse: by the gate, else by the first scores where
    they are by the same ruler and far enough apart. Where that is None the scores now and before follow, as JSON texts.
    """
    earlier = VersionStanding.objects.filter(skill=OuterRef("skill"), day__lt=since).order_by("-number")
    rows = changed.order_by().filter(skill__standings__number=Subquery(earlier.values("number")[:1]))
    rows = rows.annotate(
        gate_before=F("skill__standings__gate"),
        scorer_before=F("skill__standings__first_scorer"),
        fell=F("skill__standings__first_score") - F("first_score"),
    )
    by_gate = [
        When(gate_before=before, gate=now, then=int(is_worse))
        for (before, now), is_worse in _GATE_MOVES.items()
    ]
    same = Q(first_scorer=F("scorer_before"))
    is_worse = Case(
        *by_gate,
        When(same, fell__gte=LEAST_MOVE, then=1),
        When(same, fell__lte=-LEAST_MOVE, then=0),
        # A number, because each truth value would be read by a function of its own.
        output_field=IntegerField(),
    )
    rows = rows.annotate(is_worse=is_worse)
    texts = [
        Case(When(is_worse=None, then=Cast(scores, TextField())), output_field=TextField())
        for scores in ("scores", "skill__standings__scores")
    ]
    columns = ("skill__path", "pk", "skill__standings__pk", "branch", "is_worse")
    return rows.values_list(*columns, *texts).iterator(chunk_size=2_000)


def _moved(moves: list[_Move]) -> tuple[Moved, ...]:
    """Read the skills and the versions of these moves."""
    pks = [pk for one in moves for pk in (one.pk_before, one.pk)]
    rows = VersionStanding.objects.select_related("version__skill").only(*_SHOWN)
    standings = {row.pk: row for row in rows.filter(pk__in=pks)}
    found = []
    for one in moves:
        if {one.pk, one.pk_before} <= standings.keys():
            before, now = standings[one.pk_before], standings[one.pk]
            found.append(Moved(now.version.skill, before, now, one.is_worse, _reason(before, now)))
    return tuple(found)


def _shared_branch(branches: Iterable[str]) -> str:
    """Return the lowest branch that holds all of these; empty when there is none but the whole."""
    shared = []
    for names in zip(*(branch.split("/") for branch in set(branches)), strict=False):
        if len(set(names)) > 1:
            break
        shared.append(names[0])
    return "/".join(shared)


def _reason(before: VersionStanding, now: VersionStanding) -> str:
    """Return by what a skill moved, in words: its gate, or else a score."""
    old, new = before.number, now.number
    is_worse = _GATE_MOVES.get((before.gate, now.gate))
    if is_worse is not None:
        if is_worse:
            return f"version {old} passed the gate, version {new} does not"
        return f"version {new} passes the gate, version {old} did not"
    score = score_move(before.scores, now.scores)
    if score is None:
        return ""
    verb = "fell" if score.is_worse else "rose"
    return f"{score.scorer} {score.version} {verb} from {score.before:.2f} to {score.now:.2f}".replace(
        "  ", " "
    )
