"""What was published: which version, as what, by whom, and what lies in the library folder because of it."""

from django.conf import settings
from django.db import models

from skills_app.domain.promotion import ONCE_PUBLISHED, STANDING, UNSETTLED, PromotionState


class PromotionQuerySet(models.QuerySet["Promotion"]):
    """Purpose-named reads of promotions."""

    def standing(self) -> "PromotionQuerySet":
        """Return those whose folder agents load."""
        return self.filter(state__in=STANDING)

    def once_published(self) -> "PromotionQuerySet":
        """Return those that were published at some time."""
        return self.filter(state__in=ONCE_PUBLISHED)

    def unsettled(self) -> "PromotionQuerySet":
        """Return those that a process is writing, or was when it ended."""
        return self.filter(state__in=UNSETTLED)


class Promotion(models.Model):
    """One version on its way into the library folder, in it, or out of it again."""

    skill = models.ForeignKey("skills_app.Skill", on_delete=models.CASCADE, related_name="promotions")
    version = models.ForeignKey(
        "skills_app.SkillVersion", on_delete=models.CASCADE, related_name="promotions"
    )
    semantic_version = models.CharField(max_length=32)
    summary = models.TextField(blank=True, help_text="what changed, in words")
    state = models.CharField(
        max_length=16,
        default=PromotionState.WRITING.value,
        choices=[(s.value, s.value) for s in PromotionState],
    )
    path = models.CharField(max_length=512, help_text="where it lies below the library folder")
    index_id = models.CharField(max_length=512, blank=True, help_text="its entry in the library's index")
    digest = models.CharField(max_length=64, help_text="the version's digest")
    folder_digest = models.CharField(
        max_length=64, help_text="SHA-256 over the paths, digests and modes that were written"
    )
    commit = models.CharField(max_length=64, blank=True)
    problem = models.TextField(blank=True, help_text="why it failed, or why there is no commit")
    overridden = models.JSONField(default=list, help_text="the sentences of what was overridden")
    reason = models.TextField(blank=True, help_text="why it was overridden")
    promoted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="promotions"
    )
    promoted_by_name = models.CharField(max_length=150)
    started_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    ended_by_name = models.CharField(max_length=150, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.TextField(blank=True)

    objects = PromotionQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["skill"],
                condition=models.Q(state__in=[state.value for state in STANDING]),
                name="one_standing_promotion_a_skill",
            ),
            models.UniqueConstraint(
                fields=["skill"],
                condition=models.Q(state=PromotionState.WRITING.value),
                name="one_promotion_at_a_time",
            ),
        ]
        indexes = [models.Index(fields=["state", "-started_at"], name="promotion_state")]

    def __str__(self) -> str:
        return f"{self.skill} {self.semantic_version}"
