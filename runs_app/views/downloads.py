"""Answers that a browser keeps as a file: a table as CSV, and a picture as SVG."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from runs_app.domain.trends.change import Change

BEFORE_HEADINGS = ("before", "n_before", "difference_low", "difference_high", "change")
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def csv_answer(name: str, lines: Iterable[Sequence[Any]]) -> HttpResponse:
    """Answer ``lines``, of which the first holds the headings, as the file ``name``.csv; text of users goes through ``csv_text``."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{file_name(name)}.csv"'
    csv.writer(response).writerows(lines)
    return response


def svg_answer(request: HttpRequest, name: str, template: str, context: Mapping[str, Any]) -> HttpResponse:
    """Answer a picture that stands alone, drawn by ``template``, as the file ``name``.svg."""
    response = render(request, template, dict(context), content_type="image/svg+xml")
    response["Content-Disposition"] = f'attachment; filename="{file_name(name)}.svg"'
    return response


def file_name(name: str) -> str:
    """Return a name with a hyphen for every sign that a file or a header may not like."""
    return "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_") else "-" for sign in name)


def csv_text(text: str) -> str:
    """Return text for a table that a spreadsheet may open; what it would take for a formula gets a quote before it."""
    return f"'{text}" if text.startswith(_FORMULA_SIGNS) else text


def before_cells(change: Change | None) -> list[Any]:
    """Return what ``BEFORE_HEADINGS`` name: value and number before, the interval of the difference, and the word for it."""
    if change is None:
        return [""] * len(BEFORE_HEADINGS)
    low, high = change.interval or ("", "")
    return [change.before, change.num_before, low, high, change.called.value]


def change_cells(change: Change) -> list[Any]:
    """Return the value and the number behind it, and what ``BEFORE_HEADINGS`` name."""
    return [change.now, change.num_now, *before_cells(change)]


def named_headings(figure: str) -> list[str]:
    """Return the headings of what was before, for a table that compares several figures."""
    return [f"{figure}_{heading}" for heading in BEFORE_HEADINGS]
