"""What a person is told of: changes by others to what they look after."""

from django.conf import settings
from django.db import models


class Notice(models.Model):
    """One thing that one person should know; it is over once they have looked."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    change = models.ForeignKey("skills_app.PlacementChange", on_delete=models.CASCADE, related_name="notices")
    title = models.CharField(max_length=200)
    text = models.TextField(help_text="what happened, and why this person is told")
    made_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["made_at", "pk"]
        indexes = [
            models.Index(fields=["person", "made_at"], condition=models.Q(seen_at=None), name="notice_unseen")
        ]

    def __str__(self) -> str:
        return f"{self.title}, for {self.person}"
