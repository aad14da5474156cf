"""Where runs and skills are read from, and what could not be read."""

from django.db import models
from django.urls import reverse

from runs_app.domain.enums import ProblemReason, SourceKind, SyncState


class Source(models.Model):
    """A tracking server, store or folder that is mirrored, with the state of its synchronisation."""

    name = models.CharField(max_length=128)
    kind = models.CharField(max_length=16, choices=[(k.value, k.value) for k in SourceKind])
    address = models.CharField(max_length=1024, unique=True)
    index_path = models.CharField(
        max_length=1024, blank=True, help_text="a library's index that lies outside its folder"
    )
    is_enabled = models.BooleanField(default=True)
    is_sample = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    state = models.CharField(
        max_length=16, default=SyncState.NEVER, choices=[(s.value, s.value) for s in SyncState]
    )
    state_message = models.TextField(blank=True)
    lease_owner = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    stage = models.CharField(max_length=32, blank=True)
    progress_done = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField(null=True, blank=True)
    started_watermark_ms = models.BigIntegerField(default=0)
    ended_watermark_ms = models.BigIntegerField(default=0)
    traced_watermark_ms = models.BigIntegerField(default=0)
    last_tried_at = models.DateTimeField(null=True, blank=True)
    last_synced_at = models.DateTimeField(null=True, blank=True)
    last_swept_at = models.DateTimeField(null=True, blank=True)
    next_try_at = models.DateTimeField(null=True, blank=True)
    num_failures = models.PositiveIntegerField(default=0)
    revision = models.PositiveBigIntegerField(default=0, help_text="grows with each change that a sync made")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("runs:source_detail", args=[self.pk])

    @property
    def is_run_source(self) -> bool:
        """Say whether runs are read from here, not skills."""
        return self.kind != SourceKind.LIBRARY_FOLDER

    @property
    def has_walked(self) -> bool:
        """Say whether every run was read at least once."""
        return self.last_swept_at is not None


class ImportProblem(models.Model):
    """Something that could not be read; it closes by itself when a later look finds its cause gone."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="problems")
    path = models.CharField(max_length=1024)
    reason = models.CharField(max_length=24, choices=[(r.value, r.value) for r in ProblemReason])
    message = models.TextField()
    remedy = models.TextField()
    run_id = models.CharField(max_length=64, blank=True, db_index=True)
    stage = models.CharField(
        max_length=16, blank=True, help_text="the part of a sync that found it, and that may close it again"
    )
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-last_seen_at", "path"]
        constraints = [models.UniqueConstraint(fields=["source", "path", "reason"], name="problem_once")]
        indexes = [
            models.Index(
                fields=["source", "stage", "run_id"],
                name="problem_open",
                condition=models.Q(closed_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"
