"""Filters and tags of the trends pages."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from runs_app.domain.trends.agreement import ScoredTwice
from runs_app.domain.trends.agreement_picture import Dot
from runs_app.domain.trends.change import Change
from runs_app.domain.trends.chart import Chart, Drawn, DrawnSeries, Measure, bucket_text, draw, earlier_words
from runs_app.domain.trends.trend_filter import TrendFilter
from skills_app.domain.agreement import ScoreKey
from skills_app.models import SkillVersion

register = template.Library()


@register.filter
def drawn(chart: Chart) -> Drawn:
    """Return a chart with every place in its picture."""
    return draw(chart)


@register.filter
def measured(value: float | None, measure: Measure) -> str:
    """Return a value as its measure writes it."""
    return measure.text(value)


@register.filter
def share(value: float | None) -> str:
    """Return a share as percent, or a dash."""
    return Measure.SHARE.text(value)


@register.filter
def score_name(key: ScoreKey) -> str:
    """Return scorer, version and dimension as people read them."""
    name = f"{key.scorer.replace('_', ' ')} {key.version}".strip()
    return f"{name}, {key.dimension}" if key.dimension else name


@register.filter
def signed(value: float | None) -> str:
    """Return a difference of scores with its sign, or a dash."""
    if value is None:
        return "–"
    sign = "+" if round(value, 3) > 0 else "−" if round(value, 3) < 0 else "±"
    return f"{sign}{abs(value):.3f}"


@register.filter
def days(value: float) -> str:
    """Return a number of days as people read it: a tenth at least, else ``under 0.1``."""
    return f"{value:,.1f}" if value >= 0.05 or value == 0 else "under 0.1"


@register.filter
def dots(series: DrawnSeries) -> list[tuple[str, str, bool, str]]:
    """Return each point of a series as text: across, up, whether too few stand behind it, and its words."""
    return [(f"{one.x:.1f}", f"{one.y:.1f}", one.point.is_small, one.text) for one in series.points]


@register.filter
def dot_places(dots: Iterable[Dot], is_approved: bool) -> list[tuple[str, str]]:
    """Return where the dots stand of the versions that were approved, or of those that were not, as text."""
    return [(f"{dot.x:.1f}", f"{dot.y:.1f}") for dot in dots if dot.version.is_approved is is_approved]


@register.filter
def scatter_rows(
    named: Iterable[tuple[SkillVersion | None, ScoredTwice]],
) -> list[tuple[str, str, str, str, bool]]:
    """Return the table of a scatter: address and name of each version, its two scores as text, whether it was approved."""
    return [
        (
            version.get_absolute_url(),
            f"{version.skill.path} v{version.number}",
            f"{one.across:.3f}",
            f"{one.up:.3f}",
            one.is_approved,
        )
        for version, one in named
        if version is not None
    ]


@register.simple_tag
def chart_rows(chart: Chart, chosen: TrendFilter) -> list[tuple[str, str, str, str, str, str, int, bool]]:
    """Return the table of a chart, a row for each point that has a value.

    Each is series, address of the rows behind it, days, value, low, high, how many, and whether that is too few. A chart has
    hundreds of them, so what all addresses have in common is made once.
    """
    text = chart.measure.text
    start = rows_url(chosen.between(chart.period.first, chart.period.last), chart.subject).partition(
        "&since="
    )[0]
    return [
        (
            series.name,
            f"{start}&since={point.bucket.first}&until={point.bucket.last}{behind}",
            bucket_text(point.bucket),
            text(point.value),
            text(point.low),
            text(point.high),
            point.num,
            point.is_small,
        )
        for series in chart.series
        for behind in ["&" + urlencode(series.behind) if series.behind else ""]
        for point in series.points
        if point.num
    ]


@register.filter
def interval_text(change: Change | None, measure: Measure | str) -> str:
    """Return the interval of a difference in words, or an empty string; ``measure`` also by its name."""
    return _interval(change, Measure(measure).text)


@register.filter
def days_interval(change: Change | None) -> str:
    """Return the interval of a difference of days in words, or an empty string."""
    return _interval(change, days)


def _interval(change: Change | None, text: Callable[[float], str]) -> str:
    if change is None or change.interval is None:
        return ""
    signs = ["+" if value > 0 else "−" if value < 0 else "±" for value in change.interval]
    low, high = (text(abs(value)) for value in change.interval)
    return f"{signs[0]}{low} to {signs[1]}{high}"


@register.simple_tag
def rows_url(chosen: TrendFilter, subject: str, **more: Any) -> str:
    """Return the address of the rows behind a page."""
    pairs = [
        ("of", subject),
        *chosen.pairs(),
        *((name, str(value)) for name, value in more.items() if value),
    ]
    return f"{reverse('trends:rows')}?{urlencode(pairs)}"


@register.simple_tag
def count_link(num: int, words: str, chosen: TrendFilter, subject: str, **more: Any) -> str | SafeString:
    """Return a count that leads to the rows it counts, and nought as it is; ``words`` say to a screen reader what is counted."""
    if not num:
        return "0"
    url = rows_url(chosen, subject, **more)
    return format_html(
        '<a href="{}">{}<span class="visually-hidden"> {}</span></a>', url, intcomma(num), words
    )


@register.simple_tag
def judged_url(chosen: TrendFilter, key: ScoreKey, **more: Any) -> str:
    """Return the address of the versions that stand behind the agreement of a score, or behind a part of it."""
    return rows_url(chosen, "versions", judged="/".join(key), **more)


@register.filter
def earlier(num: int) -> str:
    """Return how many marks stand before those that are drawn, with the verb."""
    return earlier_words(num)


@register.simple_tag
def until_url(chosen: TrendFilter, page: str, last: date) -> str:
    """Return the address of a page with the same choices whose period ends earlier."""
    return f"{reverse(page)}?{chosen.between(chosen.period.first, last).query()}"


@register.simple_tag
def narrowed_url(chosen: TrendFilter, page: str, name: str, value: str) -> str:
    """Return the address of a page with one more choice, or with one taken away when ``value`` is empty."""
    query = chosen.choosing(**{name: value}).query()
    return f"{reverse(page)}{'?' if query else ''}{query}"
