"""What the pages of sources show."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from runs_app.domain.addresses import shown_address
from runs_app.domain.enums import ProblemReason, SourceKind, SyncState
from runs_app.domain.problems import LABELS
from runs_app.domain.sync_state import REQUESTED, describe_holder
from runs_app.models import ImportProblem, RunCount, Source

KIND_LABELS = {
    SourceKind.MLFLOW_HTTP: "MLflow server",
    SourceKind.MLFLOW_SQL: "MLflow database",
    SourceKind.MLRUNS_FOLDER: "Folder of runs",
    SourceKind.LIBRARY_FOLDER: "Folder of skills",
}
STATE_LABELS = {
    SyncState.NEVER: "Never read",
    SyncState.SYNCING: "Reading",
    SyncState.CURRENT: "Current",
    SyncState.STALE: "Stale",
    SyncState.FAILED: "Failed",
}


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """One source as its row and its page show it."""

    source: Source
    address: str
    kind_label: str
    state: str
    state_label: str
    message: str
    num_runs: int
    num_problems: int
    is_syncing: bool
    is_waiting: bool
    is_due: bool
    holder: str
    stage: str
    done: int
    total: int | None

    @property
    def is_busy(self) -> bool:
        """Say whether something is under way that a page should follow."""
        return self.is_syncing or self.is_waiting


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """A problem with the words for its reason."""

    problem: ImportProblem
    reason_label: str


def sources_for_list() -> list[SourceHealth]:
    """Return every source with its numbers of runs and open problems, by name. One query whatever their number."""
    now = timezone.now()
    return [_health(source, now) for source in _counted(Source.objects.order_by("name", "pk"))]


def source_health(*, source_id: int) -> SourceHealth | None:
    """Return one source as ``sources_for_list`` does, or None when there is none."""
    source = _counted(Source.objects.filter(pk=source_id)).first()
    return _health(source, timezone.now()) if source else None


def problems_for_source(*, source: Source, is_closed: bool) -> QuerySet[ImportProblem]:
    """Return the open problems of a source, the longest open first, or its closed ones, the latest first."""
    rows = ImportProblem.objects.filter(source=source, closed_at__isnull=not is_closed)
    return (
        rows.order_by("-closed_at", "path", "pk")
        if is_closed
        else rows.order_by("first_seen_at", "path", "pk")
    )


def problem_rows(problems: "list[ImportProblem]") -> list[ProblemRow]:
    """Put a reason in words beside each problem."""
    return [ProblemRow(problem=row, reason_label=LABELS[ProblemReason(row.reason)]) for row in problems]


def _counted(sources: "QuerySet[Source]") -> "QuerySet[Source]":
    runs = (
        RunCount.objects.filter(source=OuterRef("pk"), lifecycle_stage="active")
        .order_by()
        .values("source")
        .annotate(total=Sum("num_runs"))
        .values("total")
    )
    return sources.annotate(
        num_runs=Coalesce(Subquery(runs, output_field=IntegerField()), 0),
        num_problems=Count("problems", filter=Q(problems__closed_at__isnull=True)),
    )


def _health(source: Source, now: datetime) -> SourceHealth:
    is_held = source.lease_until is not None and source.lease_until > now
    state = SyncState(source.state)
    if state is SyncState.SYNCING and not is_held:
        # Its process was killed: the next sync takes the source over, and the row says so until then.
        state = SyncState.STALE
        message = "The last sync ended without a word; the next one goes on from where it stopped."
    else:
        message = source.state_message
    return SourceHealth(
        source=source,
        address=shown_address(source.address),
        kind_label=KIND_LABELS[SourceKind(source.kind)],
        state=state.value,
        state_label=STATE_LABELS[state],
        message=message,
        num_runs=int(getattr(source, "num_runs", 0)),
        num_problems=int(getattr(source, "num_problems", 0)),
        is_syncing=is_held,
        is_waiting=not is_held and source.stage == REQUESTED,
        is_due=source.next_try_at is not None and source.next_try_at <= now,
        holder=describe_holder(source.lease_owner, _local(source.last_tried_at)) if is_held else "",
        stage=source.stage,
        done=source.progress_done,
        total=source.progress_total,
    )


def _local(moment: datetime | None) -> datetime | None:
    return timezone.localtime(moment) if moment else None
