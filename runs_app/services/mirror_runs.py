"""Bring a page of runs into our tables: by digest, in bulk, as often as one likes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from runs_app.domain.digests import run_digest
from runs_app.domain.enums import RunKind, RunStatus
from runs_app.domain.headline import Headline, headline_of
from runs_app.domain.records import ExperimentRecord, RunRecord
from runs_app.domain.storable import LONGEST_KEY, moment, storable_number, storable_text
from runs_app.models import Experiment, Run, RunMetric, RunParam, RunTag, Source
from runs_app.services.bulk_rows import insert_rows, update_rows
from runs_app.services.count_runs import recount_runs
from runs_app.services.link_runs import link_runs, roll_up_runs
from runs_app.services.touch_days import touch_run_days

UNFINISHED = frozenset({RunStatus.RUNNING, RunStatus.SCHEDULED, RunStatus.UNKNOWN})

# What a record decides. The rest (roll-ups, outcomes, problems) is found out later and stays when a record changes.
_RECORD_COLUMNS = (
    "experiment_id",
    "name",
    "status",
    "kind",
    "phase",
    "lifecycle_stage",
    "user",
    "artifact_uri",
    "started_at",
    "ended_at",
    "duration_seconds",
    "parent_run_id",
    "model",
    "skill_name",
    "quality_score",
    "calibrated_score",
    "deterministic_score",
    "validation_score",
    "num_errors",
    "num_warnings",
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "cost_usd",
    "rolled_status",
    "rolled_cost_usd",
    "rolled_tokens",
    "digest",
    "is_history_current",
    "are_artifacts_current",
    "deleted_at_source",
    "synced_at",
)
_FIRST_COLUMNS = (
    *_RECORD_COLUMNS,
    "source_id",
    "run_id",
    "is_top",
    "num_children",
    "num_traces",
    "has_document",
    "has_problems",
    "first_seen_at",
)
# Filled from traces or artifacts when the record is silent: a changed record that is still silent keeps them.
_KEPT_WHEN_SILENT = (
    "skill_name",
    "quality_score",
    "calibrated_score",
    "deterministic_score",
    "validation_score",
    "num_errors",
    "num_warnings",
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "cost_usd",
)
_KNOWN_COLUMNS = (
    "run_id",
    "pk",
    "digest",
    "kind",
    "deleted_at_source",
    "lifecycle_stage",
    *_KEPT_WHEN_SILENT,
)


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What became of a page: keys of new and of changed runs, and how many were as we had them."""

    new: tuple[int, ...]
    changed: tuple[int, ...]
    num_same: int

    @property
    def touched(self) -> tuple[int, ...]:
        """Keys of every run that was written."""
        return self.new + self.changed


@transaction.atomic
def mirror_experiments(*, source: Source, experiments: Sequence[ExperimentRecord]) -> int:
    """Bring the experiments of ``source`` up to date; return how many are new or changed."""
    known = {row.experiment_id: row for row in Experiment.objects.filter(source=source)}
    fields = ("name", "lifecycle_stage", "artifact_location")
    new: list[Experiment] = []
    changed: list[Experiment] = []
    for record in experiments:
        values = {
            "name": storable_text(record.name, longest=512),
            "lifecycle_stage": record.lifecycle_stage,
            "artifact_location": storable_text(record.artifact_location, longest=1024),
        }
        row = known.get(record.experiment_id)
        if row is None:
            new.append(Experiment(source=source, experiment_id=record.experiment_id, **values))
        elif any(getattr(row, name) != values[name] for name in fields):
            for name in fields:
                setattr(row, name, values[name])
            changed.append(row)
    Experiment.objects.bulk_create(new, batch_size=200)
    Experiment.objects.bulk_update(changed, fields, batch_size=100)
    return len(new) + len(changed)


@transaction.atomic
def mirror_runs(*, source: Source, records: Sequence[RunRecord], now: datetime) -> Mirrored:
    """Write the runs of ``records`` that are new or differ from what we have; the counts stay exact.

    A run that is deleted at the source and was never here is left out; one that we have is handled by
    ``mark_deleted``. Latest metrics, params and tags of a changed run are replaced as a whole.
    """
    by_id = {record.run_id: record for record in records}
    known = _known(source, list(by_id))
    experiments = _experiment_keys(source, by_id.values())
    new: list[tuple[RunRecord, str]] = []
    changed: list[tuple[RunRecord, str, dict[str, Any]]] = []
    for run_id, record in by_id.items():
        old = known.get(run_id)
        if record.lifecycle_stage == "deleted":
            continue
        digest = run_digest(record)
        if old is None:
            new.append((record, digest))
        elif old["digest"] != digest or old["deleted_at_source"] is not None:
            changed.append((record, digest, old))
    touch_run_days(run_pks=[old["pk"] for _, _, old in changed])
    new_keys = _insert(source, new, experiments, now)
    changed_keys = _update(changed, experiments, now)
    _write_details({**new_keys, **changed_keys}, by_id)
    touched = [*new_keys.values(), *changed_keys.values()]
    if touched:
        link_runs(source=source, run_pks=touched)
        roll_up_runs(run_pks=touched)
        recount_runs(run_pks=touched)
    return Mirrored(
        new=tuple(new_keys.values()),
        changed=tuple(changed_keys.values()),
        num_same=len(by_id) - len(touched),
    )


@transaction.atomic
def mark_deleted(*, source: Source, run_ids: Sequence[str], now: datetime) -> list[str]:
    """Note that these runs are gone at the source; return the ids of those that were not marked yet."""
    rows = list(
        Run.objects.filter(source=source, run_id__in=run_ids, deleted_at_source__isnull=True).values_list(
            "pk", "run_id"
        )
    )
    keys = [pk for pk, _ in rows]
    Run.objects.filter(pk__in=keys).update(deleted_at_source=now, lifecycle_stage="deleted", synced_at=now)
    roll_up_runs(run_pks=keys)
    recount_runs(run_pks=keys)
    return [run_id for _, run_id in rows]


def _known(source: Source, run_ids: list[str]) -> dict[str, dict[str, Any]]:
    rows = Run.objects.filter(source=source, run_id__in=run_ids).values(*_KNOWN_COLUMNS)
    return {row["run_id"]: row for row in rows}


def _experiment_keys(source: Source, records: Any) -> dict[str, int]:
    """Return the key of each record's experiment; one that the source did not list is made without a name."""
    wanted = {record.experiment_id for record in records}
    rows = Experiment.objects.filter(source=source, experiment_id__in=wanted)
    found = dict(rows.values_list("experiment_id", "pk"))
    for experiment_id in sorted(wanted - found.keys()):
        row, _ = Experiment.objects.get_or_create(source=source, experiment_id=experiment_id)
        found[experiment_id] = row.pk
    return found


def _insert(
    source: Source, new: Sequence[tuple[RunRecord, str]], experiments: Mapping[str, int], now: datetime
) -> dict[str, int]:
    rows = [
        (
            *_record_values(record, headline_of(record), digest, experiments, now),
            source.pk,
            record.run_id,
            True,
            0,
            0,
            False,
            False,
            now,
        )
        for record, digest in new
    ]
    insert_rows(model=Run, columns=_FIRST_COLUMNS, rows=rows)
    ids = [record.run_id for record, _ in new]
    return dict(Run.objects.filter(source=source, run_id__in=ids).values_list("run_id", "pk")) if ids else {}


def _update(
    changed: Sequence[tuple[RunRecord, str, dict[str, Any]]], experiments: Mapping[str, int], now: datetime
) -> dict[str, int]:
    rows = []
    for record, digest, old in changed:
        values = dict(
            zip(
                _RECORD_COLUMNS,
                _record_values(record, headline_of(record), digest, experiments, now),
                strict=True,
            )
        )
        for name in _KEPT_WHEN_SILENT:
            if values[name] in (None, ""):
                values[name] = old[name]
        if values["kind"] == RunKind.OTHER:
            values["kind"] = old["kind"]
        rows.append((*values.values(), old["pk"]))
    update_rows(model=Run, columns=_RECORD_COLUMNS, rows=rows)
    keys = [old["pk"] for _, _, old in changed]
    for model in (RunMetric, RunParam, RunTag):
        model.objects.filter(run_id__in=keys).delete()
    return {record.run_id: old["pk"] for record, _, old in changed}


def _record_values(
    record: RunRecord, headline: Headline, digest: str, experiments: Mapping[str, int], now: datetime
) -> tuple[Any, ...]:
    parent = storable_text(record.parent_run_id, longest=64)
    return (
        experiments[record.experiment_id],
        storable_text(record.name, longest=512),
        record.status.value,
        headline.kind.value,
        headline.phase.value if headline.phase else "",
        "active",
        storable_text(record.user, longest=256),
        storable_text(record.artifact_uri, longest=1024),
        moment(record.started_at_ms),
        moment(record.ended_at_ms),
        headline.duration_seconds,
        "" if parent == record.run_id else parent,
        storable_text(headline.model, longest=256),
        storable_text(headline.skill_name, longest=256),
        headline.quality_score,
        headline.calibrated_score,
        headline.deterministic_score,
        headline.validation_score,
        headline.num_errors,
        headline.num_warnings,
        headline.prompt_tokens,
        headline.completion_tokens,
        headline.total_tokens,
        headline.cost_usd,
        record.status.value,
        headline.cost_usd,
        headline.total_tokens,
        digest,
        not any(point.step > 0 for point in record.metrics),
        False,
        None,
        now,
    )


def _write_details(keys: Mapping[str, int], by_id: Mapping[str, RunRecord]) -> None:
    """Insert latest metrics, params and tags of runs that have none now."""
    metrics: list[tuple[Any, ...]] = []
    params: list[tuple[Any, ...]] = []
    tags: list[tuple[Any, ...]] = []
    for run_id, pk in keys.items():
        record = by_id[run_id]
        for point in {_short(point.key): point for point in record.metrics}.values():
            value, special = storable_number(point.value)
            metrics.append((pk, _short(point.key), value, special, point.step, point.timestamp_ms))
        params += [(pk, key, value) for key, value in _short_map(record.params).items()]
        tags += [(pk, key, value) for key, value in _short_map(record.tags).items()]
    insert_rows(
        model=RunMetric,
        columns=("run_id", "key", "value", "special", "step", "timestamp_ms"),
        rows=metrics,
    )
    insert_rows(model=RunParam, columns=("run_id", "key", "value"), rows=params)
    insert_rows(model=RunTag, columns=("run_id", "key", "value"), rows=tags)


def _short(key: str) -> str:
    return storable_text(key, longest=LONGEST_KEY)


def _short_map(values: Mapping[str, str]) -> dict[str, str]:
    return {_short(key): storable_text(value) for key, value in values.items()}


def unfinished_runs(source: Source) -> Q:
    """Return the condition of a run that may still change by itself."""
    return Q(
        source=source, status__in=[status.value for status in UNFINISHED], deleted_at_source__isnull=True
    )
