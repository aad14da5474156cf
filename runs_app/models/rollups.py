"""What trends are drawn from: a fact a version, rollups a day, the days that changed, and what people keep of them."""

from typing import ClassVar
from urllib.parse import quote

from django.conf import settings
from django.db import models
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Concat
from django.urls import reverse

from runs_app.domain.trends.people_charts import PEOPLE_CHARTS

SUBJECTS = (("run", "run"), ("version", "version"))
# In this order, so that one index leads from any choice to its days.
_ONCE = ["subject", "grain", "branch", "type", "model", "program", "author", "day"]


class VersionStanding(models.Model):
    """What trends know of a version: its dimensions, what the gate in force says, its scores and findings.

    It is worked out from reports, assessments, gates and waivers, and can be thrown away and worked out again.
    """

    version = models.OneToOneField(
        "skills_app.SkillVersion", on_delete=models.CASCADE, related_name="standing"
    )
    # Its index is ``standing_of_skill``; another one would be taken in its place.
    skill = models.ForeignKey(
        "skills_app.Skill", on_delete=models.CASCADE, related_name="standings", db_index=False
    )
    number = models.PositiveIntegerField()
    day = models.DateField()
    branch = models.CharField(max_length=512, blank=True)
    type = models.CharField(max_length=32, blank=True)
    model = models.CharField(max_length=256, blank=True)
    program = models.CharField(max_length=256, blank=True)
    author = models.CharField(max_length=256, blank=True)
    is_approved = models.BooleanField(
        default=False, help_text="a reviewer approved it and did not take it back"
    )
    skill_status = models.CharField(max_length=16, blank=True)
    gate = models.CharField(max_length=16, blank=True, help_text="passed, blocked, or empty: not judged")
    ruler = models.CharField(
        max_length=128, blank=True, help_text="the gate, its revision and the waivers it was judged with"
    )
    scores = models.JSONField(default=list, help_text="[scorer, scorer version, value]")
    rules = models.JSONField(default=dict, help_text="number of findings by rule")
    # What most skills got worse or better by, where an index holds it: all active skills are compared by it at once.
    first_scorer = models.GeneratedField(
        expression=Concat(
            KT("scores__0__0"), models.Value("/"), KT("scores__0__1"), output_field=models.TextField()
        ),
        output_field=models.CharField(max_length=128),
        db_persist=True,
    )
    first_score = models.GeneratedField(
        expression=Cast(KT("scores__0__2"), models.FloatField()),
        output_field=models.FloatField(null=True),
        db_persist=True,
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["skill", "-number", "day", "gate", "first_scorer", "first_score"],
                name="standing_of_skill",
            ),
            models.Index(fields=["version", "gate"], name="standing_gate"),
            models.Index(fields=["day", "version"], name="standing_of_day"),
        ]

    def __str__(self) -> str:
        return f"version {self.version_id}: {self.gate or 'not judged'}"


class Rollup(models.Model):
    """One cell of some days. ``grain`` says what narrows it: ``all`` (nothing), the name of a dimension, ``pair``, or ``cell``."""

    day = models.DateField()
    subject = models.CharField(max_length=8, choices=SUBJECTS)
    grain = models.CharField(max_length=8)
    branch = models.CharField(max_length=512, blank=True)
    type = models.CharField(max_length=32, blank=True)
    model = models.CharField(max_length=256, blank=True)
    program = models.CharField(max_length=256, blank=True)
    author = models.CharField(max_length=256, blank=True)
    data = models.JSONField(help_text="as runs_app.domain.trends.totals reads it")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.subject} {self.grain} {self.day}"


class DailyRollup(Rollup):
    """One cell of one day."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=_ONCE, name="rollup_once")]
        indexes = [
            models.Index(fields=["day", "subject", "grain"], name="rollup_days"),
            models.Index(
                fields=["subject", "grain", "model", "program", "author", "day"], name="rollup_by_model"
            ),
            models.Index(fields=["subject", "grain", "author", "day"], name="rollup_by_author"),
        ]


class MonthlyRollup(Rollup):
    """The days of a calendar month, merged; ``day`` is its first. Kept of the whole and of each single dimension."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=_ONCE, name="monthly_rollup_once")]
        indexes = [models.Index(fields=["day", "subject"], name="monthly_rollup_days")]


class TouchedDay(models.Model):
    """A day whose rollups no longer hold. Rows are added with the change, and deleted when the day was added up again."""

    day = models.DateField()
    subject = models.CharField(max_length=8, choices=SUBJECTS)

    class Meta:
        indexes = [models.Index(fields=["subject", "day"], name="touched_day")]

    def __str__(self) -> str:
        return f"{self.subject} {self.day}"


class RollupState(models.Model):
    """How far the rollups are; there is one row."""

    SINGLE: ClassVar[int] = 1

    time_zone = models.CharField(max_length=64, blank=True)
    last_report = models.BigIntegerField(default=0)
    last_assessment = models.BigIntegerField(default=0)
    rulers = models.CharField(max_length=64, blank=True, help_text="digest of all gates and waivers in force")
    updated_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"rollups of {self.updated_at}"


class TrendEvent(models.Model):
    """The first day that a model, a program or a version of a scorer was seen; drawn as a mark."""

    kind = models.CharField(max_length=16)
    name = models.CharField(max_length=256)
    day = models.DateField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="trend_event_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name} since {self.day}"


class SavedView(models.Model):
    """A page of trends with its filters, under a name; who has the link sees the same."""

    key = models.CharField(max_length=16, unique=True)
    name = models.CharField(max_length=120)
    page = models.CharField(max_length=32)
    query = models.CharField(max_length=2000, blank=True)
    is_shared = models.BooleanField(default=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_trend_views"
    )
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="saved_view_name_once")]

    def __str__(self) -> str:
        return self.name


class AlertRule(models.Model):
    """When to tell somebody: a measure of a branch beyond a limit, or changed for the worse."""

    name = models.CharField(max_length=120)
    measure = models.CharField(max_length=128)
    query = models.CharField(
        max_length=2000, blank=True, help_text="period and filters, as an address has them"
    )
    test = models.CharField(max_length=16, help_text="below, above or worse")
    limit = models.FloatField(null=True, blank=True)
    has_mail = models.BooleanField(default=False)
    is_enabled = models.BooleanField(default=True)
    is_firing = models.BooleanField(default=False)
    checked_at = models.DateTimeField(null=True, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="alert_rules")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the address of the chart that the rule watches, with its period and filters."""
        page = reverse("trends:people" if self.measure in PEOPLE_CHARTS else "trends:list")
        query = f"?{self.query}" if self.query else ""
        return f"{page}{query}#{quote(f'chart-{self.measure}')}"


class Alert(models.Model):
    """One time that a rule came true: the sentence as it stood, and whether its owner has seen it."""

    rule = models.ForeignKey(AlertRule, on_delete=models.CASCADE, related_name="alerts")
    sentence = models.TextField()
    raised_at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-raised_at", "-pk"]

    def __str__(self) -> str:
        return self.sentence
