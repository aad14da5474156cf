"""Make a place in the tree, with every place above it."""

from django.db import transaction

from skills_app.domain.errors import PathInvalid
from skills_app.domain.paths import is_path, set_aside, title_of
from skills_app.domain.storable import storable_text
from skills_app.models import Category, PathAlias
from skills_app.services.record_audit import record_audit


@transaction.atomic
def make_category(*, path: str, description: str = "", title: str = "", actor_name: str = "") -> Category:
    """Return the category at ``path``, made with its ancestors if it was missing.

    A description fills an empty one and is otherwise left alone; a title is only for one that is made. An alias of that
    path gives way: canonical wins.

    Raises:
        PathInvalid: ``path`` is not a clean address, or lies where a library keeps no skills.
    """
    if not is_path(path):
        raise PathInvalid(
            f"'{path}' cannot be a category: use lower-case letters, digits, - and _ between slashes."
        )
    if why := set_aside(path):
        raise PathInvalid(why)
    parent: Category | None = None
    category: Category | None = None
    parts = path.split("/")
    for depth, slug in enumerate(parts, start=1):
        here = "/".join(parts[:depth])
        called = storable_text(title, longest=128) if depth == len(parts) else ""
        category, is_new = Category.objects.get_or_create(
            path=here, defaults={"slug": slug, "parent": parent, "title": called or title_of(slug)}
        )
        if is_new:
            PathAlias.objects.filter(path=here).delete()
            record_audit(
                verb="made_category",
                target_kind="category",
                target_key=category.key,
                actor_name=actor_name,
                after={"path": here},
            )
        parent = category
    assert category is not None
    if description and not category.description:
        category.description = storable_text(description)
        category.save(update_fields=["description"])
        record_audit(
            verb="described_category",
            target_kind="category",
            target_key=category.key,
            actor_name=actor_name,
            before={"path": path},
            after={"path": path, "description": category.description},
        )
    return category
