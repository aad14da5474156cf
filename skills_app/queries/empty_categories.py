"""Categories in which nothing lies: neither a category nor a skill, not even an archived one."""

from django.core.paginator import Page, Paginator
from django.db.models import Exists, OuterRef

from skills_app.models import Category, Skill
from skills_app.models.taxonomy import CategoryQuerySet

PER_PAGE = 50


def empty_categories() -> CategoryQuerySet:
    """Return them by path, as the check of the taxonomy lists them."""
    below = Category.objects.filter(parent=OuterRef("pk"))
    inside = Skill.objects.filter(category=OuterRef("pk"))
    return Category.objects.filter(~Exists(below.order_by()), ~Exists(inside.order_by())).order_by("path")


def empty_categories_for_page(page: str | None) -> Page[Category]:
    """Return a page of them, each with the category above it; two queries."""
    return Paginator(empty_categories().select_related("parent"), PER_PAGE).get_page(page)
