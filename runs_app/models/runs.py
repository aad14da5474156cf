"""Mirrored runs. Columns that lists sort and filter by are promoted; everything else stays by key."""

from django.db import models
from django.db.models.functions import Left
from django.urls import reverse

from runs_app.domain.enums import Phase, RunKind, RunStatus

# An index holds this much of a value: whole values may be longer than any index takes.
VALUE_HEAD_CHARS = 64


class Experiment(models.Model):
    """An experiment of a source."""

    source = models.ForeignKey("runs_app.Source", on_delete=models.CASCADE, related_name="experiments")
    experiment_id = models.CharField(max_length=64)
    name = models.CharField(max_length=512, blank=True)
    lifecycle_stage = models.CharField(max_length=16, default="active")
    artifact_location = models.CharField(max_length=1024, blank=True)

    class Meta:
        ordering = ["name", "experiment_id"]
        constraints = [models.UniqueConstraint(fields=["source", "experiment_id"], name="experiment_once")]

    def __str__(self) -> str:
        return self.name or f"experiment {self.experiment_id}"


class Run(models.Model):
    """One run as its source last showed it."""

    source = models.ForeignKey("runs_app.Source", on_delete=models.CASCADE, related_name="runs")
    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="runs")
    run_id = models.CharField(max_length=64, db_index=True)
    name = models.CharField(max_length=512, blank=True)
    status = models.CharField(max_length=16, choices=[(s.value, s.value) for s in RunStatus])
    kind = models.CharField(
        max_length=16, default=RunKind.OTHER, choices=[(k.value, k.value) for k in RunKind]
    )
    phase = models.CharField(max_length=16, blank=True, choices=[(p.value, p.value) for p in Phase])
    lifecycle_stage = models.CharField(max_length=16, default="active")
    user = models.CharField(max_length=256, blank=True)
    artifact_uri = models.CharField(max_length=1024, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    duration_seconds = models.FloatField(null=True, blank=True)

    parent_run_id = models.CharField(max_length=64, blank=True)
    parent = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="children"
    )
    is_top = models.BooleanField(default=True, help_text="has no parent in this index")
    num_children = models.PositiveIntegerField(default=0)
    rolled_status = models.CharField(
        max_length=16, blank=True, help_text="the worst status of the run and those below"
    )
    rolled_cost_usd = models.FloatField(null=True, blank=True)
    rolled_tokens = models.BigIntegerField(null=True, blank=True)

    model = models.CharField(max_length=256, blank=True)
    skill_name = models.CharField(max_length=256, blank=True)
    quality_score = models.FloatField(null=True, blank=True)
    calibrated_score = models.FloatField(null=True, blank=True)
    deterministic_score = models.FloatField(null=True, blank=True)
    validation_score = models.FloatField(null=True, blank=True)
    num_errors = models.IntegerField(null=True, blank=True)
    num_warnings = models.IntegerField(null=True, blank=True)
    prompt_tokens = models.BigIntegerField(null=True, blank=True)
    completion_tokens = models.BigIntegerField(null=True, blank=True)
    total_tokens = models.BigIntegerField(null=True, blank=True)
    cost_usd = models.FloatField(null=True, blank=True)
    num_traces = models.PositiveIntegerField(default=0)
    has_document = models.BooleanField(default=False)
    has_problems = models.BooleanField(default=False)

    counted_in = models.BigIntegerField(
        null=True, blank=True, help_text="key of the RunCount that this run is part of"
    )
    digest = models.CharField(
        max_length=64, blank=True, help_text="of the record as mirrored; a sweep compares it"
    )
    is_history_current = models.BooleanField(default=False)
    are_artifacts_current = models.BooleanField(default=False)
    last_opened_at = models.DateTimeField(null=True, blank=True)
    deleted_at_source = models.DateTimeField(null=True, blank=True)
    first_seen_at = models.DateTimeField(auto_now_add=True)
    synced_at = models.DateTimeField()

    class Meta:
        ordering = ["-started_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["source", "run_id"], name="run_once")]
        indexes = [
            models.Index(fields=["is_top", "-started_at", "-id"], name="run_top_started"),
            models.Index(fields=["-started_at", "-id"], name="run_started"),
            models.Index(fields=["source", "parent_run_id"], name="run_parent"),
            models.Index(fields=["source", "status"], name="run_source_status"),
            models.Index(
                fields=["source", "-started_at"],
                name="run_artifacts_due",
                condition=models.Q(are_artifacts_current=False),
            ),
            models.Index(
                fields=["source", "-started_at"],
                name="run_history_due",
                condition=models.Q(is_history_current=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.run_id

    def get_absolute_url(self) -> str:
        return reverse("runs:detail", args=[self.pk])


class RunMetric(models.Model):
    """The latest value of one metric of a run. NaN and infinities are kept as words, not as numbers."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="metrics", db_index=False)
    key = models.CharField(max_length=250)
    value = models.FloatField(null=True, help_text="empty when not finite")
    special = models.CharField(max_length=8, blank=True, help_text="nan, inf or -inf")
    step = models.BigIntegerField(default=0)
    timestamp_ms = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "key"], name="run_metric_once")]
        indexes = [models.Index(fields=["key", "value", "run"], name="run_metric_value")]

    def __str__(self) -> str:
        return f"{self.key} = {self.special or self.value}"


class MetricPoint(models.Model):
    """One point of a metric's history."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="metric_points", db_index=False)
    key = models.CharField(max_length=250)
    step = models.BigIntegerField()
    timestamp_ms = models.BigIntegerField()
    value = models.FloatField(null=True)
    special = models.CharField(max_length=8, blank=True)

    class Meta:
        indexes = [models.Index(fields=["run", "key", "step", "timestamp_ms"], name="metric_point_order")]

    def __str__(self) -> str:
        return f"{self.key}[{self.step}] = {self.special or self.value}"


class RunParam(models.Model):
    """One param of a run."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="params", db_index=False)
    key = models.CharField(max_length=250)
    value = models.TextField()
    value_head = models.GeneratedField(
        expression=Left("value", VALUE_HEAD_CHARS),
        output_field=models.CharField(max_length=VALUE_HEAD_CHARS),
        db_persist=True,
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "key"], name="run_param_once")]
        indexes = [models.Index(fields=["key", "value_head", "run"], name="run_param_value")]

    def __str__(self) -> str:
        return f"{self.key} = {self.value}"


class RunTag(models.Model):
    """One tag of a run."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="tags", db_index=False)
    key = models.CharField(max_length=250)
    value = models.TextField()
    value_head = models.GeneratedField(
        expression=Left("value", VALUE_HEAD_CHARS),
        output_field=models.CharField(max_length=VALUE_HEAD_CHARS),
        db_persist=True,
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "key"], name="run_tag_once")]
        indexes = [models.Index(fields=["key", "value_head", "run"], name="run_tag_value")]

    def __str__(self) -> str:
        return f"{self.key} = {self.value}"


class RunArtifact(models.Model):
    """A file that a run left: text up to the limit is kept here, the rest is streamed from the source."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="artifacts", db_index=False)
    path = models.CharField(max_length=1024)
    size_bytes = models.BigIntegerField(null=True, blank=True)
    media_type = models.CharField(max_length=128, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    text = models.TextField(null=True, blank=True, help_text="kept when it is text within the limit")

    class Meta:
        ordering = ["path"]
        constraints = [models.UniqueConstraint(fields=["run", "path"], name="run_artifact_once")]

    def __str__(self) -> str:
        return self.path

    def get_absolute_url(self) -> str:
        return reverse("runs:artifact", args=[self.run_id, self.path])


class RunOutcome(models.Model):
    """What a run made: the link from the factory to the library, both ways."""

    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="outcome")
    skill_name = models.CharField(max_length=256, blank=True)
    skill_path = models.CharField(max_length=512, blank=True)
    metadata = models.JSONField(default=dict)
    version = models.ForeignKey(
        "skills_app.SkillVersion",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="run_outcomes",
    )
    validation_report = models.ForeignKey(
        "skills_app.ValidationReport",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="run_outcomes",
    )
    quality_assessment = models.ForeignKey(
        "skills_app.QualityAssessment",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="run_outcomes",
    )
    input_digest = models.CharField(
        max_length=64, blank=True, help_text="of the artifacts that it was read from"
    )
    problems = models.JSONField(default=list, blank=True, help_text="what could not be read of them")

    def __str__(self) -> str:
        return f"outcome of {self.run_id}"


class RunCount(models.Model):
    """How many runs share one combination of facets: totals and facet counts read this instead of all runs."""

    source = models.ForeignKey("runs_app.Source", on_delete=models.CASCADE, related_name="run_counts")
    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="run_counts")
    lifecycle_stage = models.CharField(max_length=16)
    is_top = models.BooleanField()
    kind = models.CharField(max_length=16)
    status = models.CharField(max_length=16)
    phase = models.CharField(max_length=16, blank=True)
    model = models.CharField(max_length=256, blank=True)
    skill_name = models.CharField(max_length=256, blank=True)
    has_document = models.BooleanField()
    has_problems = models.BooleanField()
    num_runs = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "source",
                    "experiment",
                    "lifecycle_stage",
                    "is_top",
                    "kind",
                    "status",
                    "phase",
                    "model",
                    "skill_name",
                    "has_document",
                    "has_problems",
                ],
                name="run_count_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.num_runs} × {self.status}"
