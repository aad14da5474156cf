"""Generations: what was asked for, each finished step, everything that happened, and the questions to people."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse

from runs_app.domain.enums import Phase
from runs_app.domain.generation import LIVE, OVER, WAITING, GenerationStatus, PromptState, RecordState
from runs_app.domain.pipeline_items import EventKind
from runs_app.domain.prompts import Prompt, PromptKind, prompt_from_data
from skills_app.domain.keys import new_key


class GenerationBatch(models.Model):
    """Several tasks that were asked for at once."""

    key = models.CharField(max_length=16, unique=True, default=new_key, editable=False)
    name = models.CharField(max_length=200, blank=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    requested_by_name = models.CharField(max_length=150, blank=True)
    num_tasks = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "generation batches"

    def __str__(self) -> str:
        return self.name or f"{self.num_tasks} tasks of {self.created_at:%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return f"{reverse('runs:generation_list')}?batch={self.key}"


class GenerationQuerySet(models.QuerySet["Generation"]):
    """Purpose-named reads of generations."""

    def live(self) -> "GenerationQuerySet":
        """Return those that are not over yet."""
        return self.filter(status__in=LIVE)

    def due(self, now: datetime) -> "GenerationQuerySet":
        """Return those that a worker may take now, oldest first."""
        begins = models.Q(not_before__isnull=True) | models.Q(not_before__lte=now)
        return self.filter(begins, status=GenerationStatus.PENDING).order_by("queued_at", "pk")

    def abandoned(self, now: datetime) -> "GenerationQuerySet":
        """Return those that run on paper, whose worker has not been heard of for longer than its lease."""
        return self.filter(status=GenerationStatus.RUNNING, lease_until__lt=now)


class Generation(models.Model):
    """One request on its way to a skill. The row is the truth; a worker holds it by ``lease_owner`` until ``lease_until``."""

    key = models.CharField(max_length=16, unique=True, default=new_key, editable=False)
    task = models.TextField()
    request = models.JSONField(default=dict)
    options = models.JSONField(default=dict)
    model = models.CharField(max_length=128, help_text="the model that was chosen, or that of the settings")
    program = models.CharField(max_length=128, blank=True)
    is_rehearsal = models.BooleanField(default=False)
    batch = models.ForeignKey(
        GenerationBatch, on_delete=models.SET_NULL, null=True, blank=True, related_name="generations"
    )
    skill = models.ForeignKey(
        "skills_app.Skill",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="generations",
        help_text="the skill that is made anew, or that came of it",
    )
    version = models.ForeignKey(
        "skills_app.SkillVersion",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="generations",
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="generations"
    )
    requested_by_name = models.CharField(max_length=150, blank=True)

    status = models.CharField(
        max_length=24,
        default=GenerationStatus.PENDING,
        choices=[(s.value, s.value) for s in GenerationStatus],
    )
    phase = models.CharField(max_length=16, blank=True, choices=[(p.value, p.value) for p in Phase])
    step_title = models.CharField(max_length=200, blank=True, help_text="what is being done, in words")
    message = models.TextField(blank=True, help_text="why it failed or was stopped")
    failed_key = models.CharField(max_length=64, blank=True)
    failed_raw = models.TextField(blank=True, help_text="what the model said last at the failed step")

    lease_owner = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempt = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(null=True, blank=True)
    queued_at = models.DateTimeField()
    watched_until = models.DateTimeField(
        null=True, blank=True, help_text="until when somebody is taken to look on; models stream meanwhile"
    )
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.TextField(blank=True)
    cancelled_by_name = models.CharField(max_length=150, blank=True)

    num_events = models.PositiveIntegerField(default=0, help_text="the number of the last event")
    num_calls = models.PositiveIntegerField(default=0)
    prompt_tokens = models.PositiveBigIntegerField(default=0)
    completion_tokens = models.PositiveBigIntegerField(default=0)
    cost_usd = models.FloatField(default=0.0, help_text="what is known of the cost")
    has_unknown_cost = models.BooleanField(default=False)
    reserved_usd = models.FloatField(
        default=0.0, help_text="set aside for calls under way, while it runs below a ceiling of a day"
    )
    worked_seconds = models.FloatField(default=0.0, help_text="without waiting for people")

    result = models.JSONField(default=dict, help_text="what was made, until it is a version")
    run_id = models.CharField(max_length=64, blank=True, db_index=True)
    record_state = models.CharField(
        max_length=16, default=RecordState.DUE, choices=[(s.value, s.value) for s in RecordState]
    )
    record_message = models.TextField(blank=True)
    record_tried_at = models.DateTimeField(null=True, blank=True)
    recorded_events = models.PositiveIntegerField(default=0)

    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = GenerationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["status", "queued_at"], name="generation_due"),
            models.Index(fields=["requested_by", "-created_at"], name="generation_by_person"),
            models.Index(fields=["-created_at"], name="generation_newest"),
            models.Index(
                fields=["record_tried_at"],
                name="generation_to_record",
                condition=~models.Q(record_state="done"),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("runs:generation_detail", args=[self.key])

    @property
    def title(self) -> str:
        """The first line of the task, short enough for a heading."""
        line = " ".join(self.task.strip().split("\n")[0].split())
        return line if len(line) <= 100 else f"{line[:99].rstrip()}…"

    @property
    def is_live(self) -> bool:
        """Whether something may still happen to it."""
        return self.status in LIVE

    @property
    def is_waiting(self) -> bool:
        """Whether a person is waited for."""
        return self.status in WAITING

    @property
    def is_over(self) -> bool:
        """Whether it has ended, one way or the other."""
        return self.status in OVER

    @property
    def total_tokens(self) -> int:
        """Prompt and completion together."""
        return self.prompt_tokens + self.completion_tokens


class StepResult(models.Model):
    """A finished step: the checkpoint that a generation goes on from."""

    generation = models.ForeignKey(Generation, on_delete=models.CASCADE, related_name="steps")
    key = models.CharField(max_length=64)
    step = models.CharField(max_length=32)
    phase = models.CharField(max_length=16)
    title = models.CharField(max_length=200, blank=True)
    result = models.JSONField()
    models_used = models.JSONField(default=list)
    num_calls = models.PositiveIntegerField(default=0)
    prompt_tokens = models.PositiveBigIntegerField(default=0)
    completion_tokens = models.PositiveBigIntegerField(default=0)
    cost_usd = models.FloatField(null=True, blank=True, help_text="empty: the price is not known")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["finished_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["generation", "key"], name="step_result_once")]

    def __str__(self) -> str:
        return f"{self.key} of {self.generation_id}"

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.finished_at - self.started_at).total_seconds()

    @property
    def total_tokens(self) -> int:
        """Prompt and completion together."""
        return self.prompt_tokens + self.completion_tokens


class GenerationEvent(models.Model):
    """Something that happened, numbered from 1 without gaps; never changed."""

    generation = models.ForeignKey(Generation, on_delete=models.CASCADE, related_name="events")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=24, choices=[(k.value, k.value) for k in EventKind])
    phase = models.CharField(max_length=16, blank=True)
    step = models.CharField(max_length=32, blank=True)
    key = models.CharField(max_length=64, blank=True)
    message = models.TextField(blank=True)
    data = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["generation", "number"], name="event_number_once")]

    def __str__(self) -> str:
        return f"{self.number} {self.kind}"


class HumanPrompt(models.Model):
    """A question to a person. It holds no worker and can wait for weeks."""

    generation = models.ForeignKey(Generation, on_delete=models.CASCADE, related_name="prompts")
    key = models.CharField(max_length=64)
    step = models.CharField(max_length=32)
    phase = models.CharField(max_length=16)
    kind = models.CharField(max_length=24, choices=[(k.value, k.value) for k in PromptKind])
    prompt = models.JSONField()
    problems = models.JSONField(default=list, help_text="why the answer before did not do")
    state = models.CharField(
        max_length=16, default=PromptState.OPEN, choices=[(s.value, s.value) for s in PromptState]
    )
    answer = models.JSONField(default=dict)
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    answered_by_name = models.CharField(max_length=150, blank=True)
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="claimed_prompts",
    )
    claimed_at = models.DateTimeField(null=True, blank=True)
    handed_by_name = models.CharField(max_length=150, blank=True, help_text="who handed it over")

    class Meta:
        ordering = ["asked_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["generation", "key"], name="prompt_once")]
        indexes = [
            models.Index(
                fields=["asked_at"], name="prompt_open", condition=models.Q(state=PromptState.OPEN.value)
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} of {self.generation_id}"

    def get_absolute_url(self) -> str:
        return f"{reverse('runs:generation_detail', args=[self.generation.key])}#prompt"

    @property
    def asked(self) -> Prompt:
        """What is asked, as the domain has it."""
        return prompt_from_data(self.prompt)

    @property
    def said(self) -> dict[str, Any]:
        """The answer's values by question; empty without an answer."""
        values = self.answer.get("values")
        return dict(values) if isinstance(values, dict) else {}


class SpendingDay(models.Model):
    """What was spent on one day by a person or by everybody; kept where a ceiling of a day is set, and locked to reserve."""

    scope = models.CharField(max_length=32, help_text="day, or user and a number")
    day = models.DateField()
    spent_usd = models.FloatField(default=0.0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "day"], name="spending_day_once")]

    def __str__(self) -> str:
        return f"{self.scope} {self.day}"
