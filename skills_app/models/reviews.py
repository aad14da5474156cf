"""Reviews of versions: who was asked, what was said, what was decided, and what each reader has seen."""

from django.conf import settings
from django.db import models
from django.urls import reverse

from skills_app.domain.reviewing.comments import CommentState
from skills_app.domain.reviewing.risk import RiskTier
from skills_app.domain.reviewing.standing import LIVE, ReviewStatus
from skills_app.domain.reviewing.verdicts import Decision

_LIVE_WORDS = sorted(status.value for status in LIVE)


class ReviewQuerySet(models.QuerySet["Review"]):
    """Purpose-named reads of reviews."""

    def live(self) -> "ReviewQuerySet":
        """Return reviews that still take verdicts."""
        return self.filter(status__in=_LIVE_WORDS)


class Review(models.Model):
    """The review of a version; a later version of the same skill may take its place, and the comments go on."""

    skill = models.ForeignKey("skills_app.Skill", on_delete=models.CASCADE, related_name="reviews")
    version = models.ForeignKey(
        "skills_app.SkillVersion",
        on_delete=models.CASCADE,
        related_name="reviews",
        help_text="now under review",
    )
    status = models.CharField(
        max_length=24, default=ReviewStatus.OPEN.value, choices=[(s.value, s.value) for s in ReviewStatus]
    )
    message = models.TextField(blank=True, help_text="what the opener asks for")
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="opened_reviews",
    )
    opened_by_name = models.CharField(max_length=150)
    makers = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        related_name="+",
        blank=True,
        help_text="whose text a version under review holds; their own verdicts do not count",
    )
    tier = models.CharField(max_length=8, choices=[(t.value, t.value) for t in RiskTier])
    num_needed = models.PositiveSmallIntegerField(help_text="approvals needed")
    opened_at = models.DateTimeField()
    version_at = models.DateTimeField(help_text="since when this version is under review")
    decided_at = models.DateTimeField(null=True, blank=True, help_text="when the status last changed")
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    claimed_until = models.DateTimeField(null=True, blank=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["version"],
                condition=models.Q(status__in=_LIVE_WORDS),
                name="one_live_review_a_version",
            )
        ]
        indexes = [models.Index(fields=["status", "-opened_at"], name="review_status")]

    def __str__(self) -> str:
        return f"review {self.pk} of {self.skill}"

    def get_absolute_url(self) -> str:
        return reverse("reviews:detail", args=[self.pk])

    @property
    def is_live(self) -> bool:
        """Whether it still takes verdicts."""
        return ReviewStatus(self.status).is_live

    @property
    def takes_versions(self) -> bool:
        """Whether another version may come under it, also after a rejection."""
        return ReviewStatus(self.status).takes_versions


class ReviewRequest(models.Model):
    """One person who was asked for a verdict, and why this one; it ends when they are let go."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="requests")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="review_requests"
    )
    reason = models.CharField(max_length=256, blank=True)
    asked_by_name = models.CharField(max_length=150)
    asked_at = models.DateTimeField()

    class Meta:
        ordering = ["asked_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["review", "reviewer"], name="asked_once_a_review")]

    def __str__(self) -> str:
        return f"{self.reviewer} for {self.review}"


class Verdict(models.Model):
    """A decision of one reviewer on one version, with all that it was bound to; taking it back keeps the row."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="verdicts")
    version = models.ForeignKey("skills_app.SkillVersion", on_delete=models.CASCADE, related_name="verdicts")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="verdicts"
    )
    reviewer_name = models.CharField(max_length=150)
    decision = models.CharField(max_length=16, choices=[(d.value, d.words) for d in Decision])
    reason = models.TextField(blank=True)
    binding = models.JSONField(help_text="digest, gate, outcome of its conditions, scorers")
    given_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-given_at", "-pk"]
        indexes = [models.Index(fields=["review", "-given_at"], name="verdict_of_review")]

    def __str__(self) -> str:
        return f"{self.reviewer_name}: {self.decision}"


class Comment(models.Model):
    """One comment of a review or a reply to one; only its writer sees it until it is sent.

    Without ``heading_path``, ``quote`` and ``path`` it is about the version as a whole. A reply has a ``thread`` and no
    state, place or suggestion of its own.
    """

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="comments")
    version = models.ForeignKey(
        "skills_app.SkillVersion",
        on_delete=models.CASCADE,
        related_name="comments",
        help_text="the version it was written on",
    )
    thread = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="replies"
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="comments"
    )
    author_name = models.CharField(max_length=150)
    body = models.TextField(blank=True)
    is_blocking = models.BooleanField(default=False)
    heading_path = models.JSONField(default=list, blank=True, help_text="the headings down to its section")
    path = models.CharField(max_length=512, blank=True, help_text="the file, when it is not the document")
    quote = models.TextField(blank=True)
    anchor = models.JSONField(null=True, blank=True, help_text="how the quote is found in other versions")
    suggestion = models.TextField(null=True, blank=True, help_text="what should stand instead of the quote")
    state = models.CharField(
        max_length=8, default=CommentState.OPEN.value, choices=[(s.value, s.value) for s in CommentState]
    )
    state_by_name = models.CharField(max_length=150, blank=True)
    state_reason = models.TextField(blank=True)
    state_at = models.DateTimeField(null=True, blank=True)
    accepted_in = models.ForeignKey(
        "skills_app.SkillVersion", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    verdict = models.ForeignKey(
        Verdict, on_delete=models.SET_NULL, null=True, blank=True, related_name="comments"
    )
    earlier_reviews = models.ManyToManyField(
        Review,
        related_name="went_on",
        blank=True,
        help_text="reviews that it hung in until they ended and it went on in another one",
    )
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["made_at", "pk"]
        indexes = [models.Index(fields=["review", "sent_at"], name="comment_of_review")]

    def __str__(self) -> str:
        return f"{self.author_name}: {self.body[:60]}"

    def get_absolute_url(self) -> str:
        return f"{self.review.get_absolute_url()}#comment-{self.thread_id or self.pk}"

    @property
    def is_draft(self) -> bool:
        """Whether only its writer sees it."""
        return self.sent_at is None

    @property
    def is_general(self) -> bool:
        """Whether it is about the version as a whole."""
        return not (self.heading_path or self.quote or self.path)


class SectionViewed(models.Model):
    """A part of a skill that a person has seen, by the part's digest: it stays seen in each version that keeps it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    skill = models.ForeignKey("skills_app.Skill", on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64)
    viewed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "skill", "digest"], name="section_viewed_once")
        ]

    def __str__(self) -> str:
        return f"{self.digest[:12]} by {self.user}"
