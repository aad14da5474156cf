"""Skills and their immutable versions."""

from django.conf import settings
from django.db import models
from django.urls import reverse

from skills_app.domain.enums import DependencyKind, SkillStatus, VersionOrigin
from skills_app.domain.keys import new_key


class Skill(models.Model):
    """A skill's identity: its key never changes, its path (an address) may.

    A branch that moves writes each of its skills into every index, so none is here that no page asks for.
    """

    key = models.CharField(max_length=16, unique=True, default=new_key, editable=False)
    name = models.CharField(max_length=128, db_index=True)
    slug = models.CharField(max_length=128)
    path = models.CharField(max_length=512, unique=True)
    external_id = models.CharField(max_length=512, blank=True, db_index=True)
    category = models.ForeignKey(
        "skills_app.Category", on_delete=models.SET_NULL, null=True, blank=True, related_name="skills"
    )
    status = models.CharField(
        max_length=16,
        default=SkillStatus.DRAFT,
        choices=[(s.value, s.value) for s in SkillStatus],
        db_index=True,
    )
    description = models.TextField(blank=True)
    skill_type = models.CharField(max_length=32, blank=True)
    weight = models.CharField(max_length=16, blank=True)
    load_priority = models.CharField(max_length=16, blank=True)
    skill_style = models.CharField(max_length=16, blank=True)
    keywords = models.JSONField(default=list, blank=True)
    tags = models.JSONField(default=list, blank=True)
    capabilities = models.JSONField(default=list, blank=True)
    is_sample = models.BooleanField(default=False)
    current_version = models.ForeignKey(
        "skills_app.SkillVersion",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    disk_version = models.ForeignKey(
        "skills_app.SkillVersion",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="what the library folder held last, as published or as found there",
    )
    num_versions = models.PositiveIntegerField(default=0)
    quality_score = models.FloatField(null=True, blank=True)
    calibrated_score = models.FloatField(null=True, blank=True)
    report_status = models.CharField(max_length=16, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["path"]

    def __str__(self) -> str:
        return self.path

    def get_absolute_url(self) -> str:
        return reverse("skills:detail", args=[self.key])

    @property
    def type_words(self) -> str:
        """The type in words, such as ``task focus``; empty when there is none."""
        return self.skill_type.replace("_", " ")


class SkillFacet(models.Model):
    """One facet of a skill, such as ``lang: python``: a second way to find it beside its home."""

    skill = models.ForeignKey(Skill, on_delete=models.CASCADE, related_name="facets")
    name = models.CharField(max_length=64)
    value = models.CharField(max_length=256)

    class Meta:
        ordering = ["name", "value"]
        constraints = [models.UniqueConstraint(fields=["skill", "name", "value"], name="skill_facet_once")]
        indexes = [models.Index(fields=["name", "value"], name="skill_facet_value")]

    def __str__(self) -> str:
        return f"{self.name}: {self.value}"


class SkillDependency(models.Model):
    """A skill that another needs, recommends or excludes; the target may not exist yet."""

    skill = models.ForeignKey(Skill, on_delete=models.CASCADE, related_name="dependencies")
    kind = models.CharField(max_length=16, choices=[(k.value, k.value) for k in DependencyKind])
    target_path = models.CharField(max_length=512)
    target = models.ForeignKey(
        Skill, on_delete=models.SET_NULL, null=True, blank=True, related_name="dependents"
    )
    reason = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "skill dependencies"
        constraints = [
            models.UniqueConstraint(fields=["skill", "kind", "target_path"], name="dependency_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.target_path}"

    @property
    def kind_words(self) -> str:
        """The kind as a person reads it."""
        return self.kind.replace("_", " ")


class SkillVersion(models.Model):
    """One immutable state of a skill: document, files, digest, parent, message, author."""

    skill = models.ForeignKey(Skill, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    digest = models.CharField(
        max_length=64, help_text="SHA-256 over the sorted paths and digests of all files"
    )
    content_digest = models.CharField(max_length=64, db_index=True, help_text="SHA-256 of SKILL.md")
    content = models.TextField(help_text="SKILL.md, or the JSON of a one-file skill")
    content_kind = models.CharField(
        max_length=8, default="markdown", choices=[("markdown",) * 2, ("json",) * 2]
    )
    front_matter = models.JSONField(default=dict, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    parent = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="successors"
    )
    message = models.TextField(blank=True)
    origin = models.CharField(max_length=16, choices=[(o.value, o.value) for o in VersionOrigin])
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    author_name = models.CharField(max_length=150, blank=True)
    made_at = models.DateTimeField(help_text="when the run or the person finished it")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["skill", "number"], name="version_number_once"),
            # What is restored says the same again, as a version of its own.
            models.UniqueConstraint(
                fields=["skill", "digest"],
                condition=~models.Q(origin=VersionOrigin.RESTORE.value),
                name="version_digest_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.skill.path} v{self.number}"

    def get_absolute_url(self) -> str:
        return reverse("skills:version", args=[self.skill.key, self.number])


class SkillFile(models.Model):
    """A file beside SKILL.md in one version."""

    version = models.ForeignKey(SkillVersion, on_delete=models.CASCADE, related_name="files")
    path = models.CharField(max_length=512)
    size_bytes = models.PositiveBigIntegerField()
    digest = models.CharField(max_length=64, blank=True)
    is_text = models.BooleanField(default=True)
    is_executable = models.BooleanField(default=False)
    text = models.TextField(null=True, blank=True)
    data = models.BinaryField(null=True, blank=True)

    class Meta:
        ordering = ["path"]
        constraints = [models.UniqueConstraint(fields=["version", "path"], name="version_file_once")]

    def __str__(self) -> str:
        return self.path


class RenderedDocument(models.Model):
    """Markdown rendered once for its digest, so that no page does it again."""

    content_digest = models.CharField(max_length=64)
    renderer = models.CharField(max_length=32)
    html = models.TextField()
    outline = models.JSONField(default=list)
    plain_reason = models.CharField(max_length=256, blank=True, help_text="why the source is shown instead")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["content_digest", "renderer"], name="rendered_once")]

    def __str__(self) -> str:
        return f"{self.content_digest[:12]} by {self.renderer}"
