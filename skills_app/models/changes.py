"""Changes of the taxonomy as sets: drafted, perhaps proposed, applied, and undone."""

from django.conf import settings
from django.db import models
from django.urls import reverse

from skills_app.domain.change_sets.states import ChangeStatus
from skills_app.domain.keys import new_key


class PlacementChange(models.Model):
    """One change-set: its operations, the impact that its author was shown, and what it did when it was applied."""

    key = models.CharField(max_length=16, unique=True, default=new_key, editable=False)
    status = models.CharField(
        max_length=16,
        default=ChangeStatus.DRAFT,
        choices=[(s.value, s.value) for s in ChangeStatus],
        db_index=True,
    )
    title = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)
    operations = models.JSONField(
        default=list, help_text="as skills_app.domain.change_sets.operations reads them"
    )
    impact = models.JSONField(default=dict, help_text="what its author was last shown")
    tables = models.JSONField(
        default=dict,
        help_text="those tables of the impact as a whole of which it holds a part, but what effect tells",
    )
    digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the effect last shown")
    effect = models.JSONField(default=dict, help_text="what it did, row by row; undo reads it")
    kept = models.JSONField(default=dict, help_text="rows that ended and links that were turned, for undo")
    folder = models.JSONField(
        default=dict, help_text="what went along in the library folder: how many folders, commit, problem"
    )
    branches = models.JSONField(
        default=list, help_text="paths that something leaves or enters; empty text: the top"
    )
    consents = models.JSONField(default=list, help_text="who agreed for which branches")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    author_name = models.CharField(max_length=150)
    applied_by = models.CharField(max_length=150, blank=True)
    undone_by = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    proposed_at = models.DateTimeField(null=True, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True, db_index=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.title or f"change {self.key}"

    def get_absolute_url(self) -> str:
        return reverse("taxonomy:change", args=[self.key])


class PlacementChangeTarget(models.Model):
    """A category or skill whose own row a change-set wrote: for lines of time, and to name a later change in an undo."""

    change = models.ForeignKey(PlacementChange, on_delete=models.CASCADE, related_name="targets")
    kind = models.CharField(max_length=16)
    key = models.CharField(max_length=16)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["change", "kind", "key"], name="change_target_once")]
        indexes = [models.Index(fields=["kind", "key"], name="change_target")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
