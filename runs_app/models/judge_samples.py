"""Samples of old versions that a new judging model was given: who ordered them, how far they are, what each version cost."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.urls import reverse

from runs_app.domain.judging_models import LIVE, JudgementState, SampleState
from skills_app.domain.keys import new_key


class JudgeSampleQuerySet(models.QuerySet["JudgeSample"]):
    """Purpose-named reads of samples."""

    def live(self) -> "JudgeSampleQuerySet":
        """Return those that are not over yet."""
        return self.filter(state__in=LIVE)

    def due(self, now: datetime) -> "JudgeSampleQuerySet":
        """Return those that a worker may take now, oldest first: waiting, or left by a worker that is not heard of any more."""
        left = models.Q(state=SampleState.RUNNING, lease_until__lt=now)
        return self.filter(left | models.Q(state=SampleState.WAITING)).order_by("turn_at", "pk")


class JudgeSample(models.Model):
    """One order. The row is the truth; a worker holds it by ``lease_owner`` until ``lease_until``."""

    key = models.CharField(max_length=16, unique=True, default=new_key, editable=False)
    model = models.CharField(max_length=256, help_text="the judging model, as it was chosen")
    judge = models.CharField(max_length=32, help_text="the version of its scores")
    num_versions = models.PositiveIntegerField()
    most_usd = models.FloatField(null=True, blank=True, help_text="what was told before; empty: not known")
    ceiling_usd = models.FloatField(null=True, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    requested_by_name = models.CharField(max_length=150, blank=True)

    state = models.CharField(
        max_length=16, default=SampleState.WAITING, choices=[(s.value, s.value) for s in SampleState]
    )
    message = models.TextField(blank=True, help_text="why it stopped")
    lease_owner = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    turn_at = models.DateTimeField(auto_now_add=True, help_text="when a worker last gave it back")
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    cancelled_by_name = models.CharField(max_length=150, blank=True)
    reserved_usd = models.FloatField(default=0.0, help_text="set aside for a call under way")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JudgeSampleQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["judge"],
                condition=models.Q(state__in=sorted(LIVE)),
                name="one_live_sample_a_judge",
            )
        ]

    def __str__(self) -> str:
        return f"{self.num_versions} versions for {self.judge}"

    def get_absolute_url(self) -> str:
        return f"{reverse('trends:samples')}#sample-{self.key}"

    @property
    def is_live(self) -> bool:
        """Whether it may still go on."""
        return self.state in LIVE


class JudgeSampleVersion(models.Model):
    """One version of a sample. What asking for it cost stays when the version goes."""

    sample = models.ForeignKey(JudgeSample, on_delete=models.CASCADE, related_name="versions")
    version = models.ForeignKey(
        "skills_app.SkillVersion", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    position = models.PositiveIntegerField()
    state = models.CharField(
        max_length=16, default=JudgementState.DUE, choices=[(s.value, s.value) for s in JudgementState]
    )
    message = models.TextField(blank=True, help_text="why it could not be judged")
    num_calls = models.PositiveIntegerField(default=0)
    prompt_tokens = models.PositiveIntegerField(default=0)
    completion_tokens = models.PositiveIntegerField(default=0)
    cost_usd = models.FloatField(
        null=True, blank=True, default=0.0, help_text="empty: the price is not known"
    )
    at = models.DateTimeField(null=True, blank=True, db_index=True, help_text="when it was last asked for")

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["sample", "position"], name="sample_position_once")]

    def __str__(self) -> str:
        return f"{self.position} of sample {self.sample_id}"
