"""Who may do what, and who did what."""

from django.conf import settings
from django.db import models

from skills_app.domain.enums import Role


class RoleGrant(models.Model):
    """A role of one person, for the whole library or for one branch of it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="role_grants")
    role = models.CharField(max_length=16, choices=[(role.value, role.value) for role in Role])
    category = models.ForeignKey(
        "skills_app.Category", on_delete=models.CASCADE, null=True, blank=True, related_name="role_grants"
    )
    granted_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role"], condition=models.Q(category=None), name="role_grant_once"
            ),
            models.UniqueConstraint(
                fields=["user", "role", "category"],
                condition=models.Q(category__isnull=False),
                name="role_grant_once_a_branch",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} as {self.role}"


class AccessToken(models.Model):
    """What a program signs in with instead of its owner: for reading by the API only, until it expires or is revoked.

    The token itself is shown once and not kept; ``digest`` tells it again.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="access_tokens")
    name = models.CharField(max_length=100, help_text="what it is for")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token")
    hint = models.CharField(max_length=8, help_text="its last characters, to know it by")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"


class AuditEntry(models.Model):
    """One change: who, what, before, after, when and why. Rows are only ever added."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    actor_name = models.CharField(max_length=150)
    verb = models.CharField(max_length=64)
    target_kind = models.CharField(max_length=32)
    target_key = models.CharField(max_length=512)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["target_kind", "target_key", "-at"], name="audit_target")]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.actor_name} {self.verb} {self.target_kind} {self.target_key}"
