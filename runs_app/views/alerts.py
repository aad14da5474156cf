"""Alerts and saved views: each person's own."""

from typing import Any, cast
from urllib.parse import parse_qsl

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fleet_site.access import require
from fleet_site.http import render_page
from runs_app.domain.errors import AlertRefused
from runs_app.domain.trends.alerts import MEASURE_LABELS, QUALITY, TEST_LABELS
from runs_app.models import Alert, AlertRule, SavedView, TrendEvent
from runs_app.queries.trends import read_trend_filter
from runs_app.services.alert_rules import make_alert_rule, remove_alert_rule, see_alerts
from runs_app.services.saved_views import PAGES, remove_view, save_view

MOST_ALERTS = 100


@require_http_methods(["GET", "POST"])
@require("read")
def alert_list(request: HttpRequest) -> HttpResponse:
    """Show one's alerts and rules; POST adds a rule with the period and filters that ``query`` holds."""
    owner = cast(User, request.user)
    typed = request.POST if request.method == "POST" else request.GET
    query = typed.get("query", "")
    error: AlertRefused | None = None
    if request.method == "POST":
        try:
            rule = _make(owner, request)
        except AlertRefused as refused:
            error = refused
        else:
            messages.success(request, f"The rule “{rule.name}” is looked at every five minutes.")
            return redirect("trends:alerts")
    chosen = read_trend_filter(_parameters(query), today=timezone.localdate())
    context = {
        "alerts": Alert.objects.filter(rule__owner=owner).select_related("rule")[:MOST_ALERTS],
        "num_new": Alert.objects.filter(rule__owner=owner, seen_at=None).count(),
        "rules": [(rule, _labels()[rule.measure]) for rule in AlertRule.objects.filter(owner=owner)],
        "measures": _labels().items(),
        "tests": TEST_LABELS.items(),
        "typed": typed,
        "chosen": chosen,
        "query": chosen.query(),
        "error": error,
    }
    return render_page(request, "runs_app/alert_list.html", context, status=422 if error else 200)


class _Labels(dict[str, str]):
    """Labels by measure; one of a scorer that no longer judges is named all the same."""

    def __missing__(self, key: str) -> str:
        return f"Quality by {key.removeprefix(QUALITY)} (median, 0 to 1)"


def _labels() -> _Labels:
    labels = _Labels(MEASURE_LABELS)
    for name in TrendEvent.objects.filter(kind="scorer").order_by("name").values_list("name", flat=True):
        scorer = name.partition(" ")[0]
        labels.setdefault(f"{QUALITY}{scorer}", f"Quality by {scorer} (median, 0 to 1)")
    return labels


def _parameters(query: str) -> dict[str, str]:
    return dict(parse_qsl(query[:2000]))


def _make(owner: User, request: HttpRequest) -> AlertRule:
    typed = request.POST
    raw = typed.get("limit", "").strip().replace(",", ".")
    try:
        limit = float(raw) if raw else None
    except ValueError as error:
        raise AlertRefused("Give the limit as a number, such as 0.8.", "limit") from error
    if limit is not None and not abs(limit) < 1e12:
        raise AlertRefused("Give the limit as a number, such as 0.8.", "limit")
    return make_alert_rule(
        actor=owner,
        name=typed.get("name", ""),
        measure=typed.get("measure", ""),
        test=typed.get("test", ""),
        limit=limit,
        query=typed.get("query", ""),
        has_mail=typed.get("has_mail") == "on",
    )


@require_POST
@require("read")
def alert_rule_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove one of one's own rules."""
    owner = cast(User, request.user)
    rule = get_object_or_404(AlertRule, pk=pk, owner=owner)
    remove_alert_rule(rule=rule, actor=owner)
    messages.success(request, f"The rule “{rule.name}” is removed.")
    return redirect("trends:alerts")


@require_POST
@require("read")
def alerts_seen(request: HttpRequest) -> HttpResponse:
    """Note that one has seen all of one's alerts."""
    see_alerts(owner=cast(User, request.user))
    return redirect("trends:alerts")


@require_GET
@require("read")
def view_list(request: HttpRequest) -> HttpResponse:
    """List one's own views, and those that others share."""
    rows = SavedView.objects.filter(Q(owner=cast(User, request.user)) | Q(is_shared=True))
    context: dict[str, Any] = {
        "views": [(view, PAGES.get(view.page, view.page)) for view in rows.select_related("owner")],
    }
    return render_page(request, "runs_app/saved_views.html", context)


@require_GET
@require("read")
def view_open(request: HttpRequest, key: str) -> HttpResponse:
    """Lead to the page of a view; who has the link of a shared one may open it."""
    rows = SavedView.objects.filter(Q(owner=cast(User, request.user)) | Q(is_shared=True))
    view = get_object_or_404(rows, key=key)
    return redirect(f"{reverse(f'trends:{view.page}')}{'?' if view.query else ''}{view.query}")


@require_POST
@require("read")
def view_save(request: HttpRequest) -> HttpResponse:
    """Keep a page with its filters under a name."""
    typed = request.POST
    try:
        view = save_view(
            actor=cast(User, request.user),
            name=typed.get("name", ""),
            page=typed.get("page", ""),
            query=typed.get("query", ""),
            is_shared=typed.get("is_shared") == "on",
        )
    except AlertRefused as refused:
        messages.error(request, str(refused))
        return redirect("trends:views")
    messages.success(request, f"The view “{view.name}” is kept.")
    return redirect("trends:view_open", view.key)


@require_POST
@require("read")
def view_remove(request: HttpRequest, key: str) -> HttpResponse:
    """Remove one of one's own views."""
    owner = cast(User, request.user)
    view = get_object_or_404(SavedView, key=key, owner=owner)
    remove_view(view=view, actor=owner)
    messages.success(request, f"The view “{view.name}” is removed.")
    return redirect("trends:views")
