"""Keep a page of trends with its filters under a name, and remove it again."""

from urllib.parse import parse_qsl

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from runs_app.domain.errors import AlertRefused
from runs_app.models import SavedView
from runs_app.queries.trends import read_trend_filter
from skills_app.domain.keys import new_key
from skills_app.domain.storable import storable_text
from skills_app.services.record_audit import record_audit

PAGES = ("overview", "list", "agreement")
MOST_VIEWS = 100


@transaction.atomic
def save_view(*, actor: User, name: str, page: str, query: str, is_shared: bool) -> SavedView:
    """Keep ``page`` with the filters of ``query`` under ``name``; the same name again replaces what it meant.

    Raises:
        AlertRefused: the name is blank, the page cannot be kept, or there are a hundred views already.
    """
    if not name.strip():
        raise AlertRefused("Give the view a name.", "name")
    if page not in PAGES:
        raise AlertRefused("This page cannot be kept as a view.", "page")
    kept = storable_text(name.strip(), longest=120)
    known = SavedView.objects.filter(owner=actor, name=kept).first()
    if known is None and SavedView.objects.filter(owner=actor).count() >= MOST_VIEWS:
        raise AlertRefused(f"You have {MOST_VIEWS} views; remove one first.", "name")
    chosen = read_trend_filter(dict(parse_qsl(query[:2000])), today=timezone.localdate())
    values = {"page": page, "query": chosen.query()[:2000], "is_shared": is_shared}
    view, _ = SavedView.objects.update_or_create(
        owner=actor, name=kept, defaults=values, create_defaults={**values, "key": new_key()}
    )
    record_audit(verb="saved_view", target_kind="view", target_key=view.key, actor=actor, after=values)
    return view


@transaction.atomic
def remove_view(*, view: SavedView, actor: User) -> None:
    """Remove a view; its link leads nowhere from then on."""
    before = {"name": view.name, "page": view.page, "query": view.query}
    record_audit(verb="removed_view", target_kind="view", target_key=view.key, actor=actor, before=before)
    view.delete()
