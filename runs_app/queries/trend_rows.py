"""The versions and the active skills behind a figure, narrowed as the page was."""

from collections.abc import Iterator
from functools import cached_property, reduce
from operator import or_

from django.db.models import Exists, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Concat, Trim

from runs_app.domain.trends.agreement import is_in_fifth
from runs_app.domain.trends.row_choice import GATES, SkillChoice, VersionChoice
from runs_app.domain.trends.totals import version_order
from runs_app.domain.trends.trend_filter import TrendFilter
from runs_app.models import TrendEvent, VersionStanding
from runs_app.queries.agreement import reviewed_in
from runs_app.queries.overview import ActiveMoves, Moved, active_skills, narrowed
from skills_app.domain.agreement import says_good
from skills_app.models import QualityAssessment, Skill


def version_rows(chosen: TrendFilter, choice: VersionChoice) -> QuerySet[VersionStanding]:
    """Return the versions that were made in the filter's days, newest first; of a ruler also those of the period before."""
    period = chosen.period
    first = period.before.first if choice.ruler else period.first
    rows = VersionStanding.objects.filter(day__gte=first, day__lte=period.last)
    rows = narrowed(rows, chosen)
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
    name = Trim(Concat("scorer", Value(" "), "scorer_version", output_field=TextField()))
    return QualityAssessment.objects.filter(_HAS_VALUE).annotate(line=name).filter(line=scorer)


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
    """The versions of a filter for a paginator: only keys are put in order, from the nearer end, and a page's rows are read."""

    def __init__(self, chosen: TrendFilter, choice: VersionChoice) -> None:
        self._rows = version_rows(chosen, choice)

    @cached_property
    def _num(self) -> int:
        return self._rows.count()

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
        keys = self._rows.values_list("pk", flat=True)
        if start > self._num // 2:
            keys = keys.reverse()[self._num - stop : self._num - start]
        else:
            keys = keys[start:stop]
        return list(self._rows.filter(pk__in=list(keys)))


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
