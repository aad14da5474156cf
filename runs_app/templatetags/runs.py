"""Filters of the runs pages: values of runs as people read them."""

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from runs_app.domain.cell_text import cost_text, duration_text, number_text

register = template.Library()


@register.filter
def duration(seconds: float | None) -> str:
    """Return a length of time with its unit."""
    return duration_text(seconds)


@register.filter
def cost(dollars: float | None) -> str:
    """Return a cost in US dollars."""
    return cost_text(dollars)


@register.filter
def number(value: float | None) -> str:
    """Return a number with as many digits as matter."""
    return number_text(value)


@register.filter
def slashes(text: object) -> SafeString:
    """Return a text that may be broken after each slash, as a path is read."""
    return format_html_join(SafeString("/<wbr>"), "{}", ((part,) for part in str(text).split("/")))
