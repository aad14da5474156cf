"""The overview, the trends, and each chart as CSV and SVG."""

from collections.abc import Collection, Iterator
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from fleet_site.access import require
from fleet_site.http import render_page
from runs_app.domain.trends.agreement import score_rows
from runs_app.domain.trends.chart import HEIGHT, NOTE_HEIGHT, Chart, Event, draw, notes_of
from runs_app.domain.trends.charts import Trend, charts_of, rule_changes, ruler_changes, scorers_of
from runs_app.domain.trends.funnel import cost_for_each, funnel_of
from runs_app.domain.trends.intervals import METHODS
from runs_app.domain.trends.people_charts import PEOPLE_CHARTS, people_charts_of
from runs_app.domain.trends.trend_filter import PERIODS, TrendFilter
from runs_app.models import Alert
from runs_app.queries.agreement import MOST as MOST_REVIEWED
from runs_app.queries.agreement import reviewed_in
from runs_app.queries.judge_samples import sample_costs
from runs_app.queries.overview import overview_of
from runs_app.queries.people_waits import Waits, waits_of
from runs_app.queries.stage_days import courses_in
from runs_app.queries.trend_events import events_of, scorer_days
from runs_app.queries.trends import Detail, choices, read_trend_filter, rolled_up_at, trend_of
from runs_app.views.downloads import (
    BEFORE_HEADINGS,
    before_cells,
    change_cells,
    csv_answer,
    csv_text,
    named_headings,
    svg_answer,
)

MOST_RULES = 15
TITLE_HEIGHT = 20


@require_GET
@require("read")
def overview(request: HttpRequest) -> HttpResponse:
    """Show one sentence, three charts at most, and what got worse."""
    chosen = chosen_of(request)
    trend = trend_of(chosen, detail=Detail.COSTS)
    seen = overview_of(chosen)
    keys = ["gate", *(f"quality-{scorer}" for scorer in scorers_of(trend)[:1]), "cost"]
    charts = charts_of(trend, _events(chosen, trend), keys=keys)
    context = {
        **common_context(chosen, "trends:overview"),
        "overview": seen,
        "charts": list(charts.values()),
        "totals": trend.runs,
        "totals_before": trend.runs_before,
        **_spent_for_each(trend),
        "sample_costs": sample_costs(chosen),
        "num_alerts": Alert.objects.filter(rule__owner_id=request.user.pk, seen_at=None).count(),
    }
    return render_page(request, "runs_app/overview.html", context, partial="overview-body")


@require_GET
@require("read")
def trend_list(request: HttpRequest) -> HttpResponse:
    """Show every chart, the funnel, rules, and what a new version of a scorer changed by itself."""
    chosen = chosen_of(request)
    trend = trend_of(chosen)
    charts = charts_of(trend, _events(chosen, trend))
    rules = rule_changes(trend.versions, trend.versions_before)
    least = settings.FLEET_LEAST_AGREEMENT
    reviewed, reviewed_before = (reviewed_in(one, has_dimensions=False) for one in (chosen, chosen.before))
    context = {
        **common_context(chosen, "trends:list"),
        "charts": list(charts.values()),
        "funnel": funnel_of(trend.runs, trend.runs_before),
        **_spent_for_each(trend),
        "sample_costs": sample_costs(chosen),
        "agreements": score_rows(reviewed, reviewed_before, least=least),
        "is_agreement_cut": len(reviewed) >= MOST_REVIEWED,
        "most_reviewed": MOST_REVIEWED,
        "rules": rules[:MOST_RULES],
        "num_more_rules": max(len(rules) - MOST_RULES, 0),
        "rulers": ruler_changes(trend, scorer_days()),
        "num_versions": trend.versions.num,
        "num_versions_before": trend.versions_before.num,
        "methods": METHODS,
    }
    return render_page(request, "runs_app/trends.html", context, partial="trends-body")


@require_GET
@require("read")
def funnel(request: HttpRequest) -> HttpResponse:
    """Show how many days each stage of the funnel takes, and why generations went no further, from the rows themselves."""
    chosen = chosen_of(request)
    courses = courses_in(chosen)
    trend = trend_of(chosen, detail=Detail.COSTS)
    context = {
        **common_context(chosen, "trends:funnel"),
        "funnel": funnel_of(trend.runs, trend.runs_before, courses),
        "courses": courses,
        "methods": METHODS,
    }
    return render_page(request, "runs_app/funnel.html", context, partial="funnel-body")


@require_GET
@require("read")
def funnel_csv(request: HttpRequest) -> HttpResponse:
    """Answer the stages of the funnel as a table, with all that was spent for each generation that came to a stage."""
    chosen = chosen_of(request)
    return csv_answer(f"funnel-{_days(chosen)}", _funnel_lines(chosen))


def _funnel_lines(chosen: TrendFilter) -> Iterator[list[Any]]:
    headings = [
        "stage",
        "generations",
        "share_of_stage_before",
        "median_days",
        "n_days",
        "generations_before",
    ]
    costs = ["cost_usd_for_each", "cost_usd_for_each_before"]
    yield [*headings, *named_headings("share"), *named_headings("days"), *costs, "lost"]
    trend = trend_of(chosen, detail=Detail.COSTS)
    for stage in funnel_of(trend.runs, trend.runs_before, courses_in(chosen)):
        lost = "; ".join(f"{num} {reason}" for reason, num in stage.lost)
        told = [stage.name, stage.num, stage.share, stage.days.days, stage.days.num, stage.num_before]
        spent = [cost_for_each(totals, stage.name) for totals in (trend.runs, trend.runs_before)]
        yield [*told, *before_cells(stage.change), *before_cells(stage.days.change), *spent, lost]


@require_GET
@require("read")
def people(request: HttpRequest) -> HttpResponse:
    """Show how long reviews and questions wait for people, and how often an answer changes the way, from the rows themselves."""
    chosen = chosen_of(request)
    waits = waits_of(chosen, now=timezone.now())
    charts = _people_charts(chosen, waits)
    context = {
        **common_context(chosen, "trends:people"),
        "waits": waits,
        "wait_charts": list(charts.values()),
        "methods": METHODS,
    }
    return render_page(request, "runs_app/people.html", context, partial="people-body")


@require_GET
@require("read")
def waits_csv(request: HttpRequest) -> HttpResponse:
    """Answer how long people let others wait as a table: reviews, then questions by kind."""
    chosen = chosen_of(request)
    return csv_answer(f"waits-{_days(chosen)}", _wait_lines(waits_of(chosen, now=timezone.now())))


def _wait_lines(waits: Waits) -> Iterator[list[Any]]:
    yield ["of", "figure", "now", "n", *BEFORE_HEADINGS]
    oldest = [waits.oldest_days, waits.queue.num_now, waits.oldest_days_before, waits.queue.num_before]
    yield ["reviews", "median_days_to_first_verdict", *change_cells(waits.decided)]
    yield ["reviews", "median_days_open", *change_cells(waits.queue)]
    yield ["reviews", "longest_days_open", *oldest, "", "", ""]
    for one in waits.questions:
        told = [("asked", one.num_asked, one.num_asked_before)]
        told.append(("answered", one.num_answered, one.num_answered_before))
        for figure, now, before in told:
            yield [one.kind, figure, now, "", before, "", "", "", ""]
        yield [one.kind, "median_seconds_to_answer", *change_cells(one.wait)]
        yield [one.kind, "share_of_answers_that_changed_the_way", *change_cells(one.changed)]


@require_GET
@require("read")
def rules_csv(request: HttpRequest) -> HttpResponse:
    """Answer findings by rule as a table, every rule."""
    chosen = chosen_of(request)
    return csv_answer(f"rules-{_days(chosen)}", _rule_lines(trend_of(chosen, detail=Detail.COSTS)))


def _rule_lines(trend: Trend) -> Iterator[list[Any]]:
    shares = ["share_of_versions", "n", "share_before", *BEFORE_HEADINGS[1:]]
    yield ["rule", *shares, "findings", "findings_before"]
    for name, change, findings, findings_before in rule_changes(trend.versions, trend.versions_before):
        yield [csv_text(name), *change_cells(change), findings, findings_before]


@require_GET
@require("read")
def chart_csv(request: HttpRequest, key: str) -> HttpResponse:
    """Answer one chart as a table: series, days, value, band and how many stand behind it."""
    chart = _chart(request, key)
    return csv_answer(f"{chart.key}-{chart.period.first}-{chart.period.last}", _chart_lines(chart))


def _chart_lines(chart: Chart) -> Iterator[list[Any]]:
    yield ["series", "first_day", "last_day", "value", "low", "high", "n"]
    for series in chart.series:
        name = csv_text(series.name)
        for point in series.points:
            days = [point.bucket.first, point.bucket.last]
            yield [name, *days, point.value, point.low, point.high, point.num]


@require_GET
@require("read")
def chart_svg(request: HttpRequest, key: str) -> HttpResponse:
    """Answer one chart as a picture that stands alone."""
    chart = _chart(request, key)
    name = f"{chart.key}-{chart.period.first}-{chart.period.last}"
    drawn = draw(chart)
    notes = notes_of(drawn)
    height = HEIGHT + TITLE_HEIGHT + (NOTE_HEIGHT * (len(notes) + 1) if notes else 0)
    context = {"chart": chart, "drawn": drawn, "notes": notes, "height": height}
    return svg_answer(request, name, "runs_app/chart.svg", context)


def _days(chosen: TrendFilter) -> str:
    return f"{chosen.period.first}-{chosen.period.last}"


def _spent_for_each(trend: Trend) -> dict[str, float | None]:
    """Return all that was spent for each generation that came to a stage, in the period and in the one before."""
    sides = (("", trend.runs), ("_before", trend.runs_before))
    return {
        f"cost_{stage}{side}": cost_for_each(totals, stage)
        for stage in ("generated", "passed", "approved")
        for side, totals in sides
    }


def _events(chosen: TrendFilter, trend: Trend) -> tuple[Event, ...]:
    """Return the events of a filter; with a choice, only of scorers that have judged something of it."""
    judged = {
        " ".join(key).strip() for totals in (trend.versions, trend.versions_before) for key in totals.scores
    }
    return events_of(chosen, scorers=judged if chosen.chosen else None)


def _people_charts(
    chosen: TrendFilter, waits: Waits, keys: Collection[str] | None = None
) -> dict[str, Chart]:
    # Of the rollups only the scorers' names are wanted.
    events = _events(chosen, trend_of(chosen, detail=Detail.COSTS))
    return people_charts_of(chosen.period, waits.series, waits, events, keys=keys)


def _chart(request: HttpRequest, key: str) -> Chart:
    chosen = chosen_of(request)
    if key in PEOPLE_CHARTS:
        return _people_charts(chosen, waits_of(chosen, now=timezone.now()), [key])[key]
    trend = trend_of(chosen)
    chart = charts_of(trend, _events(chosen, trend), keys=[key]).get(key)
    if chart is None:
        raise Http404("There is no such chart of this period.")
    return chart


def chosen_of(request: HttpRequest) -> TrendFilter:
    """Return period and filters of an address."""
    return read_trend_filter(request.GET.dict(), today=timezone.localdate())


def common_context(chosen: TrendFilter, page: str) -> dict[str, Any]:
    """Return what every page of trends needs for its filter and its heading."""
    return {
        "chosen": chosen,
        "page_name": page,
        "periods": PERIODS.items(),
        "choices": [(choice, chosen.value(choice.name)) for choice in choices()],
        "rolled_up_at": rolled_up_at(),
        "query": chosen.query(),
    }
