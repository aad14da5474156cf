"""Read what a comparison shows: two to six runs or versions with all they say."""

from collections.abc import Sequence
from datetime import datetime

from runs_app.domain.comparison import MOST, Value
from runs_app.models import Run, RunMetric, RunParam, VersionStanding
from skills_app.domain.reviewing.verdicts import Decision
from skills_app.models import SkillVersion, Verdict

ATTRIBUTES: dict[str, tuple[str, str]] = {
    "status": ("Result", "rolled_status"),
    "quality score": ("Result", "quality_score"),
    "calibrated score": ("Result", "calibrated_score"),
    "deterministic score": ("Result", "deterministic_score"),
    "validation score": ("Result", "validation_score"),
    "errors": ("Result", "num_errors"),
    "warnings": ("Result", "num_warnings"),
    "cost": ("Cost", "rolled_cost_usd"),
    "tokens": ("Cost", "rolled_tokens"),
    "prompt tokens": ("Cost", "prompt_tokens"),
    "completion tokens": ("Cost", "completion_tokens"),
    "duration": ("Cost", "duration_seconds"),
}
NUMBERS = tuple(name for name in ATTRIBUTES if name != "status")
MOST_SUGGESTED = 20
_FINDINGS = "findings of "
# Metrics that the promoted columns show already.
_SHOWN = frozenset(column for _, column in ATTRIBUTES.values()) | {"cost_usd", "total_tokens"}

Thing = dict[tuple[str, str], Value]


def runs_to_compare(pks: Sequence[int]) -> tuple[list[Run], list[Thing]]:
    """Return the runs, in the order that was asked for and at most six, with what each says by group and name."""
    wanted = list(dict.fromkeys(pks))[:MOST]
    rows = {
        run.pk: run for run in Run.objects.filter(pk__in=wanted).select_related("outcome__version__skill")
    }
    runs = [rows[pk] for pk in wanted if pk in rows]
    things: dict[int, Thing] = {run.pk: _of_run(run) for run in runs}
    for pk, key, text in (
        RunParam.objects.filter(run_id__in=rows).order_by("key").values_list("run_id", "key", "value")
    ):
        things[pk]["Inputs", key] = text
    metrics = RunMetric.objects.filter(run_id__in=rows, value__isnull=False).order_by("key")
    for pk, key, number in metrics.values_list("run_id", "key", "value"):
        if key not in _SHOWN:
            things[pk]["Result", key] = number
    return runs, [things[run.pk] for run in runs]


def versions_to_compare(pks: Sequence[int]) -> tuple[list[SkillVersion], list[Thing]]:
    """Return the versions, in the order that was asked for and at most six, with what each says by group and name."""
    wanted = list(dict.fromkeys(pks))[:MOST]
    found = SkillVersion.objects.filter(pk__in=wanted).select_related("skill__category").defer("content")
    rows = {version.pk: version for version in found}
    versions = [rows[pk] for pk in wanted if pk in rows]
    standings = {row.version_id: row for row in VersionStanding.objects.filter(version_id__in=rows)}
    costs: dict[int, Run] = {}
    for run in Run.objects.filter(outcome__version_id__in=rows).select_related("outcome").order_by("-pk"):
        costs[run.outcome.version_id or 0] = run
    things = [_of_version(one, standings.get(one.pk), costs.get(one.pk)) for one in versions]
    # A rule that one of them breaks is broken by a judged one without a finding of it nought times.
    broken = {key for thing in things for key in thing if key[1].startswith(_FINDINGS)}
    for version, thing in zip(versions, things, strict=True):
        if version.pk in standings and standings[version.pk].gate:
            for key in broken:
                thing.setdefault(key, 0)
    return versions, things


def usual_baseline(found: Sequence[Run] | Sequence[SkillVersion]) -> tuple[int, bool]:
    """Return the place of the one that the others are judged against while none is pinned, and whether it was approved.

    It is the newest whose version has an approval that was not undone, else the oldest; ``found`` holds one at least.
    """
    versions = [_version_pk(one) for one in found]
    ages = [_age(one) for one in found]
    approvals = Verdict.objects.filter(decision=Decision.APPROVE, undone_at=None)
    wanted = {pk for pk in versions if pk}
    approved = set(approvals.filter(version__in=wanted).values_list("version_id", flat=True))
    places = [place for place, pk in enumerate(versions) if pk in approved]
    if places:
        return max(places, key=ages.__getitem__), True
    return ages.index(min(ages)), False


def _version_pk(one: Run | SkillVersion) -> int | None:
    if isinstance(one, SkillVersion):
        return one.pk
    return one.outcome.version_id if hasattr(one, "outcome") else None


def _age(one: Run | SkillVersion) -> tuple[datetime, int]:
    if isinstance(one, SkillVersion):
        return one.made_at, one.number
    return one.started_at or one.first_seen_at, one.pk


def suggested_runs(run: Run) -> list[Run]:
    """Return the newest other runs of the same skill, or of the same kind when it names none."""
    rows = Run.objects.exclude(pk=run.pk).filter(kind=run.kind).order_by("-started_at", "-pk")
    if run.skill_name:
        rows = rows.filter(skill_name=run.skill_name)
    return list(rows[:MOST_SUGGESTED])


def suggested_versions(version: SkillVersion) -> list[SkillVersion]:
    """Return the other versions of the same skill, newest first."""
    rows = version.skill.versions.exclude(pk=version.pk).select_related("skill").defer("content")
    return list(rows.order_by("-number")[:MOST_SUGGESTED])


def _of_run(run: Run) -> Thing:
    thing: Thing = {("Inputs", "model"): run.model, ("Inputs", "user"): run.user}
    for name, (group, column) in ATTRIBUTES.items():
        thing[group, name] = getattr(run, column)
    thing["Result", "status"] = run.rolled_status or run.status
    return thing


def _of_version(version: SkillVersion, standing: VersionStanding | None, run: Run | None) -> Thing:
    thing: Thing = {
        ("Inputs", "author"): version.author_name,
        ("Inputs", "origin"): version.origin,
        ("Inputs", "message"): version.message,
    }
    if run is not None:
        thing |= {("Inputs", "model"): run.model, ("Cost", "cost"): run.rolled_cost_usd}
        thing |= {("Cost", "tokens"): run.rolled_tokens, ("Cost", "duration"): run.duration_seconds}
    if standing is not None:
        thing["Inputs", "program"] = standing.program
        thing["Result", "gate"] = standing.gate or "not judged"
        for scorer, number, value in standing.scores:
            thing["Result", f"score by {scorer} {number}".strip()] = value
        for rule, num in standing.rules.items():
            thing["Result", f"{_FINDINGS}{rule}"] = num
    return thing
