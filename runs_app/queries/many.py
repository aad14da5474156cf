"""Read the numbers of up to 500 runs or versions, for a picture of all of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runs_app.domain.comparison import MOST_MANY
from runs_app.domain.query_ast import Node
from runs_app.domain.run_filters import RunFilter
from runs_app.domain.trends.row_choice import VersionChoice
from runs_app.domain.trends.trend_filter import TrendFilter
from runs_app.models import Run, VersionStanding
from runs_app.queries.comparisons import ATTRIBUTES, NUMBERS
from runs_app.queries.runs_for_list import matching_runs
from runs_app.queries.trend_rows import VersionRows

RUN_HEADINGS = ("run", "name", "model", "started_at")
VERSION_HEADINGS = ("skill", "version", "made", "model", "gate")
_MADE_FOR = {"cost": "rolled_cost_usd", "tokens": "rolled_tokens", "duration": "duration_seconds"}
_RUN_AXES = ("quality score", "deterministic score", "validation score", "errors", "cost", "tokens", "duration")  # fmt: skip
_MOST_SCORES = 3


@dataclass(frozen=True, slots=True)
class One:
    """A run or a version of the picture; ``told`` are its cells in a table before the numbers."""

    key: int
    name: str
    url: str
    model: str
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Many:
    """What a picture is drawn from: things with their numbers, newest first; ``is_cut`` when there are more than 500.

    ``names`` are the numbers that there are, ``axes`` those that parallel axes are drawn of, ``first`` the two of the scatter.
    """

    things: tuple[One, ...] = ()
    values: tuple[dict[str, float | None], ...] = ()
    names: tuple[str, ...] = ()
    axes: tuple[str, ...] = ()
    first: tuple[str, str] = ("", "")
    is_cut: bool = False


def many_runs(chosen: RunFilter, node: Node | None, *, now: datetime) -> Many:
    """Return the newest 500 runs of a list with their numbers."""
    rows = matching_runs(chosen, node, now=now).order_by("-started_at", "-pk")
    columns = [column for _, column in ATTRIBUTES.values()]
    runs = list(rows.only("pk", "name", "run_id", "model", "started_at", *columns)[: MOST_MANY + 1])
    return Many(
        things=tuple(_run(run) for run in runs[:MOST_MANY]),
        values=tuple(
            {name: getattr(run, ATTRIBUTES[name][1]) for name in NUMBERS} for run in runs[:MOST_MANY]
        ),
        names=NUMBERS,
        axes=_RUN_AXES,
        first=("cost", "quality score"),
        is_cut=len(runs) > MOST_MANY,
    )


def many_versions(chosen: TrendFilter, choice: VersionChoice) -> Many:
    """Return the newest 500 versions behind a figure, with their scores, findings, and what the run that made them took."""
    rows = VersionRows(chosen, choice)
    standings = rows[:MOST_MANY]
    runs = _makers([row.version_id for row in standings])
    values = tuple(_numbers_of(row, runs.get(row.version_id)) for row in standings)
    counted = Counter(name for numbers in values for name, value in numbers.items() if value is not None)
    scores = sorted(
        (name for name in counted if name.startswith("score by ")), key=lambda name: (-counted[name], name)
    )
    others = tuple(name for name in ("findings", "rules broken", *_MADE_FOR) if counted[name])
    names = (*scores, *others)
    return Many(
        things=tuple(_version(row) for row in standings),
        values=values,
        names=names,
        axes=(*scores[:_MOST_SCORES], *others),
        first=_first_two(scores, others),
        is_cut=rows.count() > MOST_MANY,
    )


def _first_two(scores: Sequence[str], others: Sequence[str]) -> tuple[str, str]:
    """Return what goes across and what goes up at first: what it cost, or else another number, against the first score."""
    names = [*scores, *others]
    if not names:
        return "", ""
    up = names[0]
    across = "cost" if "cost" in others else next((name for name in names[1:]), up)
    return across, up


def _run(run: Run) -> One:
    begun = run.started_at.isoformat() if run.started_at else ""
    return One(run.pk, str(run), run.get_absolute_url(), run.model, (run.run_id, run.name, run.model, begun))


def _version(row: VersionStanding) -> One:
    version = row.version
    told = (version.skill.path, str(row.number), row.day.isoformat(), row.model, row.gate or "not judged")
    return One(version.pk, f"{version.skill.path} v{row.number}", version.get_absolute_url(), row.model, told)


def _numbers_of(row: VersionStanding, run: dict[str, Any] | None) -> dict[str, float | None]:
    numbers: dict[str, float | None] = {
        f"score by {scorer} {version}".strip(): value for scorer, version, value in row.scores
    }
    if row.gate:
        numbers |= {"findings": sum(row.rules.values()), "rules broken": len(row.rules)}
    return numbers | ({name: run[column] for name, column in _MADE_FOR.items()} if run else {})


def _makers(version_pks: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return the first run that made each version, by the version's key."""
    runs = Run.objects.filter(outcome__version__in=version_pks).order_by("-pk")
    return {
        row["outcome__version_id"]: row for row in runs.values("outcome__version_id", *_MADE_FOR.values())
    }
