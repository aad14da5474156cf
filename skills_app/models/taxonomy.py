"""The tree of places, and the old addresses that still answer."""

from django.db import models
from django.urls import reverse

from skills_app.domain.keys import new_key


class CategoryQuerySet(models.QuerySet["Category"]):
    """Purpose-named reads of the tree."""

    def branch(self, path: str) -> "CategoryQuerySet":
        """Return the category at ``path`` and all below it."""
        return self.filter(models.Q(path=path) | models.Q(path__startswith=f"{path}/"))


class Category(models.Model):
    """A place in the tree. Its path is an address that may change; its key stays."""

    key = models.CharField(max_length=16, unique=True, default=new_key, editable=False)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    slug = models.CharField(max_length=64)
    path = models.CharField(max_length=512, unique=True)
    title = models.CharField(max_length=128, blank=True)
    description = models.TextField(blank=True)
    sort_order = models.IntegerField(default=0)
    is_sample = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = CategoryQuerySet.as_manager()

    class Meta:
        ordering = ["path"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.path

    def get_absolute_url(self) -> str:
        return f"{reverse('skills:list')}?branch={self.path}"

    @property
    def depth(self) -> int:
        """Number of ancestors; a root has none."""
        return self.path.count("/")


class PathAlias(models.Model):
    """An old or alternative address of a skill or category. It never shadows a canonical path."""

    path = models.CharField(max_length=512, unique=True)
    skill = models.ForeignKey(
        "skills_app.Skill", on_delete=models.CASCADE, null=True, blank=True, related_name="aliases"
    )
    category = models.ForeignKey(
        Category, on_delete=models.CASCADE, null=True, blank=True, related_name="aliases"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["path"]
        verbose_name_plural = "path aliases"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(skill__isnull=False, category__isnull=True)
                | models.Q(skill__isnull=True, category__isnull=False),
                name="alias_has_one_target",
            )
        ]

    def __str__(self) -> str:
        return self.path


class PlacementSurvey(models.Model):
    """What the last look at the whole library found for placing; one row, written by a worker."""

    state = models.CharField(
        max_length=200, blank=True, help_text="the state of the library that was looked at"
    )
    found = models.JSONField(default=dict, help_text="as skills_app.domain.placement reads it")
    num_skills = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(default=0.0)
    begun_at = models.DateTimeField(null=True, blank=True, help_text="set while a worker looks")
    computed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "placement surveys"

    def __str__(self) -> str:
        return f"placement of {self.num_skills} skills at {self.computed_at}"
