"""The versions and the active skills behind a figure, narrowed as the page was."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from functools import cached_property, reduce
from operator import or_

from django.db.models import Exists, OuterRef, Q, QuerySet

from runs_app.domain.trends.agreement import is_in_fifth
from runs_app.domain.trends.row_choice import GATES, SkillChoice, VersionChoice
from runs_app.domain.trends.totals import version_order
from runs_app.domain.trends.trend_filter import TrendFilter
from runs_app.models import TrendEvent, VersionStanding
from runs_app.queries.agreement import reviewed_in
from runs_app.queries.overview import ActiveMoves, Moved, active_skills, narrowed
from runs_app.queries.trend_run_rows import days_of_part, touched_days
from runs_app.queries.trends import rollups_of
from skills_app.domain.agreement import says_good
from skills_app.models import QualityAssessment, Skill


def version_rows(chosen: TrendFilter, choice: VersionChoice) -> QuerySet[VersionStanding]:
    """Return the versions that were made in the filter's days, newest first; of a ruler also those of the period before."""
    return _rows_of(chosen, choice, *_days_of(chosen, choice))


def _days_of(chosen: TrendFilter, choice: VersionChoice) -> tuple[date, date]:
    """Return the first and the last day of the versions of a choice."""
    period = chosen.period
    return period.before.first if choice.ruler else period.first, period.last


def _rows_of(
    chosen: TrendFilter, choice: VersionChoice, first: date, last: date
) -> QuerySet[VersionStanding]:
    rows = narrowed(VersionStanding.objects.filter(day__gte=first, day__lte=last), chosen)
    if choice.gate == "judged":
        rows = rows.exclude(gate="")
    elif choice.gate in GATES:
        rows = rows.filter(gate="" if choice.gate == "none" else choice.gate)
    if choice.rule:
        rows = rows.filter(rules__has_key=choice.rule)
    if choice.scorer:
        rows = rows.filter(Exists(_scores_by(choice.scorer).filter(version=OuterRef("version"))))
    if choice.judged:
        rows = rows.filter(version__in=_judged_pks(chosen, choice))
    if choice.ruler:
        rows = _judged_by_both(rows, choice)
    return rows.select_related("version__skill").defer("version__content").order_by("-day", "-version_id")


# What an assessment has whose value standings read: ours, or the one given.
_HAS_VALUE = Q(is_own=True, deterministic_score__isnull=False) | Q(is_own=False, quality_score__isnull=False)


def _scores_by(scorer: str) -> QuerySet[QualityAssessment]:
    """Return the assessments by a scorer with its version that hold the value that standings read."""
    words = scorer.split(" ")
    parts = ((" ".join(words[:num]), " ".join(words[num:])) for num in range(1, len(words) + 1))
    named = reduce(or_, (Q(scorer=name, scorer_version=version) for name, version in parts))
    return QualityAssessment.objects.filter(_HAS_VALUE & named)


def _judged_by_both(rows: QuerySet[VersionStanding], choice: VersionChoice) -> QuerySet[VersionStanding]:
    """Return those that two versions of a scorer have judged, and no other of its versions that lies between the two."""

    def judged(version: str) -> Exists:
        scores = QualityAssessment.objects.filter(
            _HAS_VALUE, scorer=choice.ruler, scorer_version=version, version=OuterRef("version")
        )
        return Exists(scores)

    low, high = sorted((version_order(choice.old), version_order(choice.new)))
    names = TrendEvent.objects.filter(kind="scorer").values_list("name", flat=True)
    start = f"{choice.ruler} "
    known = {name.removeprefix(start) for name in names if name.startswith(start)}
    rows = rows.filter(judged(choice.old), judged(choice.new))
    between = [judged(version) for version in known if low < version_order(version) < high]
    return rows.exclude(reduce(or_, between)) if between else rows


def _judged_pks(chosen: TrendFilter, choice: VersionChoice) -> list[int]:
    """Return the versions that stand behind the agreement of a score, or behind a fifth of its calibration."""
    pks = []
    for one in reviewed_in(chosen):
        scores = [value for key, value in one.scores.items() if "/".join(key) == choice.judged]
        if not scores or (choice.fifth and not is_in_fifth(scores[0], int(choice.fifth))):
            continue
        if not choice.agrees or (says_good(scores[0]) is one.is_approved) is (choice.agrees == "yes"):
            pks.append(one.version_id)
    return pks


class VersionRows:
    """The versions of a filter for a paginator: only keys are put in order, from the nearer end, and a page's rows are read.

    Of the versions that a scorer, or two versions of one, have judged, rollups say how many a day has, so that only a page's
    own days are read.
    """

    def __init__(self, chosen: TrendFilter, choice: VersionChoice) -> None:
        self._chosen, self._choice = chosen, choice
        self._rows = version_rows(chosen, choice)
        self._nums = _nums_by_day(chosen, choice)

    @cached_property
    def _num(self) -> int:
        return self._rows.count() if self._nums is None else sum(num for _, num in self._nums)

    def count(self) -> int:
        """Return how many there are."""
        return self._num

    def __len__(self) -> int:
        return self._num

    def __iter__(self) -> Iterator[VersionStanding]:
        """Read all of them, newest first."""
        return iter(self._rows)

    def __getitem__(self, wanted: slice) -> list[VersionStanding]:
        """Return the rows from ``wanted.start`` up to ``wanted.stop``, newest first."""
        start, stop = wanted.start or 0, min(self._num if wanted.stop is None else wanted.stop, self._num)
        if self._nums is not None:
            days = days_of_part(self._nums, start, stop)
            if days is None:
                return []
            rows = _rows_of(self._chosen, self._choice, days.first, days.last)
            return list(rows[start - days.num_newer : stop - days.num_newer])
        keys = self._rows.values_list("pk", flat=True)
        if start > self._num // 2:
            keys = keys.reverse()[self._num - stop : self._num - start]
        else:
            keys = keys[start:stop]
        return list(self._rows.filter(pk__in=list(keys)))


def _nums_by_day(chosen: TrendFilter, choice: VersionChoice) -> list[tuple[date, int]] | None:
    """Return how many versions of a choice each day has, newest first; None where rollups do not count them.

    They count by one thing at a time. Days that changed since they were added up are counted from the rows, the newest 31.
    """
    old, new = sorted((choice.old, choice.new), key=version_order)
    if choice.scorer and choice == VersionChoice(scorer=choice.scorer):
        part, wanted = "score", choice.scorer
    elif old != new and choice == VersionChoice(ruler=choice.ruler, old=choice.old, new=choice.new):
        part, wanted = "ruler", f"{choice.ruler} {old} {new}"
    else:
        return None
    first, last = _days_of(chosen, choice)
    nums: Counter[date] = Counter()
    rollups = rollups_of("version", chosen).filter(day__gte=first, day__lte=last)
    for day, found in rollups.values_list("day", f"data__{part}"):
        nums[day] += sum(sum(counts.values()) for *name, counts in found if " ".join(name).strip() == wanted)
    for day in touched_days("version", first, last):
        nums[day] = _rows_of(chosen, choice, day, day).count()
    return sorted(nums.items(), reverse=True)


class SkillRows:
    """The active skills behind the sentence of the overview, for a paginator, by path: each with where it stands, or how it moved."""

    def __init__(self, chosen: TrendFilter, choice: SkillChoice) -> None:
        self._skills = active_skills(chosen, gate=choice.gate)
        self._moves = ActiveMoves(chosen) if choice.moved else None
        self._is_worse = choice.moved == "worse"

    def count(self) -> int:
        """Return how many there are."""
        return self._num

    def __len__(self) -> int:
        return self._num

    @cached_property
    def _num(self) -> int:
        return self._skills.count() if self._moves is None else self._moves.num(is_worse=self._is_worse)

    def __getitem__(self, wanted: slice) -> list[Skill] | list[Moved]:
        """Return the rows from ``wanted.start`` up to ``wanted.stop``."""
        if self._moves is not None:
            return list(self._moves.part(wanted, is_worse=self._is_worse))
        skills = list(self._skills[wanted])
        for skill in skills:
            if skill.current_version is not None:
                # Its address is that of the skill, which is here already.
                skill.current_version.skill = skill
        return skills
