"""Categories as the JSON API tells them."""

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from skills_app.models import Category
from skills_app.queries.api_skills import Link, category_url, owners_of, reviewers_of
from skills_app.queries.branch_totals import Totals, totals_by_branch
from skills_app.queries.gate_of_version import gate_in_force
from skills_app.queries.taxonomy_tree import CATALOG_TOKENS

_NOTHING = Totals()


def category_for_api(category: Category, *, link: Link) -> dict[str, Any]:
    """Return what the API tells of a category: archived skills do not count. Eight queries."""
    totals = totals_by_branch(branches=[category.path])
    own = totals.get(category.path, _NOTHING)
    gate = gate_in_force(category.path)
    branch = urlencode({"branch": category.path})
    children = category.children.order_by("path").values_list("path", "title")
    return {
        "path": category.path,
        "key": category.key,
        "title": category.title,
        "description": category.description,
        "parent": category.parent.path if category.parent else None,
        "aliases": list(category.aliases.values_list("path", flat=True)),
        "children": [
            {
                "path": path,
                "title": title,
                "num_skills": totals.get(path, _NOTHING).num_skills,
                "url": link(category_url(path)),
            }
            for path, title in children
        ],
        "counts": {
            "skills": own.num_skills,
            "skills_directly_here": category.skills.exclude(status="archived").count(),
            "open_reviews": own.num_reviews,
        },
        "quality": {"mean_score": own.quality},
        "owners": owners_of(category.path),
        "reviewers": reviewers_of(category.path),
        "gate": {"name": gate.gate.name, "revision": gate.revision},
        "budget": {
            "num_tokens": own.num_tokens,
            "room": CATALOG_TOKENS,
            "is_over": own.num_tokens > CATALOG_TOKENS,
        },
        "links": {
            "self": link(category_url(category.path)),
            "page": link(f"{reverse('taxonomy:tree')}?{urlencode({'at': category.path})}"),
            "skills": link(f"{reverse('api:skills')}?{branch}"),
            "skills_page": link(f"{reverse('skills:list')}?{branch}"),
        },
    }
