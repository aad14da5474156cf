"""Bring what a run made onto its own row, where lists can filter and sort by it."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import Q

from runs_app.domain.enums import RunKind
from runs_app.domain.outcomes import DOCUMENT, NAMES, outcome_name
from runs_app.models import Run, RunArtifact, RunOutcome
from runs_app.services.bulk_rows import update_rows
from runs_app.services.count_runs import recount_runs
from runs_app.services.link_runs import roll_up_runs

_COLUMNS = (
    "kind",
    "skill_name",
    "has_document",
    "quality_score",
    "calibrated_score",
    "deterministic_score",
    "validation_score",
    "num_errors",
    "num_warnings",
)


@transaction.atomic
def settle_runs(*, run_pks: Collection[int]) -> int:
    """Fill columns that the record left open from the artifacts and the outcome; return how many runs changed.

    What the record logged as a metric or a tag is never overwritten. A run without a kind that left one of a
    generation's artifacts is a generation.
    """
    names: dict[int, set[str]] = {pk: set() for pk in run_pks}
    named = Q(path__in=NAMES)
    for name in NAMES:
        named |= Q(path__startswith=f"{name}/")
    for pk, path in RunArtifact.objects.filter(named, run_id__in=names).values_list("run_id", "path"):
        if found := outcome_name(path):
            names[pk].add(found)
    outcomes = {
        outcome.run_id: outcome
        for outcome in RunOutcome.objects.filter(run_id__in=names).select_related(
            "validation_report", "quality_assessment"
        )
    }
    rows = []
    for pk, *old in Run.objects.filter(pk__in=names).values_list("pk", *_COLUMNS):
        values = dict(zip(_COLUMNS, old, strict=True))
        values["has_document"] = DOCUMENT in names[pk]
        if values["kind"] == RunKind.OTHER and names[pk]:
            values["kind"] = RunKind.GENERATION.value
        for name, value in _told_by(outcomes.get(pk)).items():
            if values[name] in (None, ""):
                values[name] = value
        if list(values.values()) != old:
            rows.append((*values.values(), pk))
    update_rows(model=Run, columns=_COLUMNS, rows=rows)
    changed = [row[-1] for row in rows]
    if changed:
        roll_up_runs(run_pks=changed)
        recount_runs(run_pks=changed)
    return len(changed)


def _told_by(outcome: RunOutcome | None) -> dict[str, float | int | str]:
    """Return the values that an outcome states, by column of the run."""
    if outcome is None:
        return {}
    report, quality = outcome.validation_report, outcome.quality_assessment
    told = {
        "skill_name": outcome.skill_name,
        "quality_score": quality.quality_score if quality else None,
        "calibrated_score": quality.calibrated_score if quality else None,
        "deterministic_score": quality.deterministic_score if quality else None,
        "validation_score": report.score if report else None,
        "num_errors": report.num_errors if report else None,
        "num_warnings": report.num_warnings if report else None,
    }
    return {name: value for name, value in told.items() if value is not None}
