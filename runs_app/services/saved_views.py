"""Keep a page of trends with its filters under a name, and remove it again."""

from urllib.parse import parse_qsl, urlencode

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from runs_app.domain.errors import AlertRefused
from runs_app.models import SavedView
from runs_app.queries.trends import read_trend_filter
from skills_app.domain.keys import new_key
from skills_app.domain.storable import storable_text
from skills_app.services.record_audit import record_audit

# The pages that can be kept, by their names, and what they are called.
PAGES = {
    "overview": "Overview",
    "list": "Trends",
    "agreement": "Scores against reviewers",
    "funnel": "From a request to an active skill",
    "people": "Waiting for people",
    "compare_runs": "Comparison of runs",
    "compare_versions": "Comparison of versions",
    "compare_many": "Runs in a picture",
    "compare_many_versions": "Versions in a picture",
}
_OF_TRENDS = frozenset({"overview", "list", "agreement", "funnel", "people"})
MOST_VIEWS, LONGEST_QUERY = 100, 2000


@transaction.atomic
def save_view(*, actor: User, name: str, page: str, query: str, is_shared: bool) -> SavedView:
    """Keep ``page`` with the filters of ``query`` under ``name``; the same name again replaces what it meant.

    Raises:
        AlertRefused: the name is blank, the page cannot be kept, there are a hundred views already, or too much is chosen.
    """
    if not name.strip():
        raise AlertRefused("Give the view a name.", "name")
    if page not in PAGES:
        raise AlertRefused("This page cannot be kept as a view.", "page")
    kept = storable_text(name.strip(), longest=120)
    known = SavedView.objects.filter(owner=actor, name=kept).first()
    if known is None and SavedView.objects.filter(owner=actor).count() >= MOST_VIEWS:
        raise AlertRefused(f"You have {MOST_VIEWS} views; remove one first.", "name")
    asked = _kept_query(page, query)
    if len(asked) > LONGEST_QUERY:
        raise AlertRefused("So much is chosen that its address is too long to be kept.", "query")
    values = {"page": page, "query": asked, "is_shared": is_shared}
    view, _ = SavedView.objects.update_or_create(
        owner=actor, name=kept, defaults=values, create_defaults={**values, "key": new_key()}
    )
    record_audit(verb="saved_view", target_kind="view", target_key=view.key, actor=actor, after=values)
    return view


def _kept_query(page: str, query: str) -> str:
    """Return a query as it is kept: what the filter of trends reads of it, or what a comparison was asked for."""
    pairs = [
        (storable_text(name), storable_text(value)) for name, value in parse_qsl(query[: LONGEST_QUERY * 2])
    ]
    if page not in _OF_TRENDS:
        return urlencode(pairs)
    kept = read_trend_filter(dict(pairs), today=timezone.localdate()).pairs()
    if page == "agreement":
        kept += [(name, value) for name, value in pairs if name in ("x", "y", "score")]
    return urlencode(kept)


@transaction.atomic
def remove_view(*, view: SavedView, actor: User) -> None:
    """Remove a view; its link leads nowhere from then on."""
    before = {"name": view.name, "page": view.page, "query": view.query}
    record_audit(verb="removed_view", target_kind="view", target_key=view.key, actor=actor, before=before)
    view.delete()
