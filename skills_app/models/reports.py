"""What was judged, by whom, and what was found."""

from django.db import models

from skills_app.domain.enums import ReportStatus


class ValidationReport(models.Model):
    """One validation. It hangs on the version that it judged; a run may have kept a report and lost the document."""

    version = models.ForeignKey(
        "skills_app.SkillVersion",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="validation_reports",
    )
    digest = models.CharField(max_length=64, db_index=True, help_text="SHA-256 of the raw report")
    validator = models.CharField(
        max_length=64, help_text="who judged: a model's report, or one of our profiles"
    )
    validator_version = models.CharField(max_length=32, blank=True)
    status = models.CharField(max_length=16, choices=[(s.value, s.value) for s in ReportStatus])
    is_passed = models.BooleanField()
    score = models.FloatField(null=True, blank=True)
    feedback = models.TextField(blank=True)
    checks_performed = models.JSONField(default=list)
    errors = models.JSONField(default=list)
    warnings = models.JSONField(default=list)
    details = models.JSONField(default=dict, help_text="what the report says beyond its known fields")
    num_errors = models.PositiveIntegerField(default=0)
    num_warnings = models.PositiveIntegerField(default=0)
    raw = models.TextField(blank=True, help_text="the report as it was found")
    is_own = models.BooleanField(default=False, help_text="by our rules, and not read from a run or a file")
    made_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["version", "digest"], name="report_once"),
            models.UniqueConstraint(
                fields=["digest"],
                condition=models.Q(version__isnull=True),
                name="report_without_version_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.validator}: {self.status}"


class Finding(models.Model):
    """One check of a report: what was looked at, whether it held, where, and what would mend it."""

    report = models.ForeignKey(ValidationReport, on_delete=models.CASCADE, related_name="findings")
    position = models.PositiveIntegerField()
    rule_id = models.CharField(max_length=128)
    title = models.CharField(max_length=256, blank=True)
    severity = models.CharField(max_length=16)
    is_passed = models.BooleanField(default=False)
    is_required = models.BooleanField(default=False)
    message = models.TextField()
    line = models.PositiveIntegerField(null=True, blank=True, help_text="1-based line of the whole file")
    column = models.PositiveIntegerField(null=True, blank=True)
    end_line = models.PositiveIntegerField(null=True, blank=True)
    end_column = models.PositiveIntegerField(null=True, blank=True)
    fix = models.TextField(blank=True)
    path = models.CharField(max_length=512, blank=True, help_text="the file, when it is not the document")
    edit = models.JSONField(
        null=True, blank=True, help_text="a fix to accept: title, start, end (in code points), replacement"
    )

    class Meta:
        ordering = ["position"]
        indexes = [models.Index(fields=["rule_id"], name="finding_rule")]

    def __str__(self) -> str:
        return f"{self.rule_id}: {self.message}"


class QualityAssessment(models.Model):
    """One judgement of quality, by a named scorer in a named version."""

    version = models.ForeignKey(
        "skills_app.SkillVersion",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="quality_assessments",
    )
    digest = models.CharField(max_length=64, db_index=True, help_text="SHA-256 of the raw assessment")
    scorer = models.CharField(max_length=64)
    scorer_version = models.CharField(max_length=32, blank=True)
    quality_score = models.FloatField(null=True, blank=True)
    calibrated_score = models.FloatField(null=True, blank=True)
    deterministic_score = models.FloatField(null=True, blank=True)
    audience_alignment = models.FloatField(null=True, blank=True)
    measures = models.JSONField(default=dict)
    strengths = models.JSONField(default=list)
    weaknesses = models.JSONField(default=list)
    recommendations = models.JSONField(default=list)
    rationale = models.TextField(blank=True)
    details = models.JSONField(
        default=dict, help_text="dimensions with their evidence, where the scorer has them"
    )
    raw = models.TextField(blank=True)
    is_own = models.BooleanField(default=False, help_text="by our scorers, and not read from a run or a file")
    made_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["version", "digest"], name="assessment_once"),
            models.UniqueConstraint(
                fields=["digest"],
                condition=models.Q(version__isnull=True),
                name="assessment_without_version_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scorer}: {self.quality_score}"
