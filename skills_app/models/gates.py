"""What a version must meet to be trusted, and what is let through all the same."""

from django.conf import settings
from django.db import models
from django.urls import reverse


class Gate(models.Model):
    """A named gate of the whole library, or of one branch; what it asks for stands in its newest revision."""

    name = models.SlugField(max_length=64, unique=True)
    category = models.OneToOneField(
        "skills_app.Category", on_delete=models.CASCADE, null=True, blank=True, related_name="gate"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=models.Q(category=None), name="gate_of_the_library_once"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("gates:detail", args=[self.name])


class GateRevision(models.Model):
    """What a gate asked for from one moment on; rows are only ever added."""

    gate = models.ForeignKey(Gate, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    data = models.JSONField(help_text="name, title and conditions, as skills_app.domain.gates reads them")
    reason = models.TextField(blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    author_name = models.CharField(max_length=150, blank=True)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["gate", "number"], name="gate_revision_once")]

    def __str__(self) -> str:
        return f"{self.gate} r{self.number}"


class Waiver(models.Model):
    """A condition of a gate set aside for one skill or one branch, for a reason, by an owner, through a day."""

    skill = models.ForeignKey(
        "skills_app.Skill", on_delete=models.CASCADE, null=True, blank=True, related_name="waivers"
    )
    category = models.ForeignKey(
        "skills_app.Category", on_delete=models.CASCADE, null=True, blank=True, related_name="waivers"
    )
    condition_key = models.CharField(max_length=128)
    rule_id = models.CharField(max_length=128, blank=True, help_text="only the findings of this rule")
    reason = models.TextField()
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    owner_name = models.CharField(max_length=150)
    until = models.DateField(help_text="the last day on which it counts")
    made_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(skill=None, category__isnull=False)
                | models.Q(skill__isnull=False, category=None),
                name="waiver_of_a_skill_or_a_branch",
            )
        ]

    def __str__(self) -> str:
        return f"{self.condition_key} until {self.until}"
