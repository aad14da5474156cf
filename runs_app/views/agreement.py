"""Scores against reviewers: agreement, two scores as a scatter, calibration, and each as CSV and SVG."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from fleet_site.access import require
from fleet_site.http import render_page
from runs_app.domain.trends import agreement_picture as picture
from runs_app.domain.trends.agreement import (
    agreement_change,
    calibration_changes,
    calibration_of,
    default_pair,
    pair_of,
    score_rows,
)
from runs_app.domain.trends.intervals import METHODS
from runs_app.queries.agreement import MOST, named_versions, reviewed_in
from runs_app.views.downloads import BEFORE_HEADINGS, before_cells, csv_answer, csv_text, svg_answer
from runs_app.views.trends import chosen_of, common_context
from skills_app.domain.agreement import GOOD_ENOUGH, LEAST_JUDGED, ScoreKey

PICTURES = ("scatter", "calibration")


@require_GET
@require("read")
def agreement(request: HttpRequest) -> HttpResponse:
    """Show how far each score and each of its sides agrees with the reviewers, and which may keep a gate shut."""
    chosen = chosen_of(request)
    found = _found(request)
    context = {
        **common_context(chosen, "trends:agreement"),
        **found,
        "least": settings.FLEET_LEAST_AGREEMENT,
        "least_judged": LEAST_JUDGED,
        "good_enough": GOOD_ENOUGH,
        "most": MOST,
        "method": METHODS["share"],
        "part_query": urlencode([*chosen.pairs(), *found["picked"]]),
    }
    return render_page(request, "runs_app/agreement.html", context, partial="agreement-body")


@require_GET
@require("read")
def agreement_svg(request: HttpRequest, name: str) -> HttpResponse:
    """Answer the scatter or the calibration as a picture that stands alone."""
    found = _found(request)
    if name not in PICTURES or not found["pair"]:
        raise Http404("There is no such picture of this period.")
    context = {**found, "name": name}
    return svg_answer(request, _file_name(request, name), "runs_app/agreement.svg", context)


@require_GET
@require("read")
def agreement_csv(request: HttpRequest, name: str) -> HttpResponse:
    """Answer the agreement of every score, the versions of the scatter, or the calibration, as a table."""
    lines = {"scores": _score_lines, "scatter": _scatter_lines, "calibration": _calibration_lines}.get(name)
    if lines is None:
        raise Http404("There is no such table.")
    return csv_answer(_file_name(request, name), lines(_found(request)))


def _found(request: HttpRequest) -> dict[str, Any]:
    """Return what page, pictures and tables show: rows, the chosen pair with its dots, the chosen calibration with its bars."""
    chosen = chosen_of(request)
    reviewed, before = reviewed_in(chosen), reviewed_in(chosen.before)
    rows = score_rows(reviewed, before, least=settings.FLEET_LEAST_AGREEMENT)
    pair_keys = default_pair(rows)
    found: dict[str, Any] = {"rows": rows, "num_reviewed": len(reviewed), "pair": None, "picked": []}
    if pair_keys is None:
        return found
    keys = {"/".join(row.key): row.key for row in rows}
    across, up = (_picked(request, name, keys, key) for name, key in zip("xy", pair_keys, strict=True))
    judged = _picked(request, "score", keys, across)
    pair, calibration = pair_of(reviewed, across, up), calibration_of(reviewed, judged)
    pair_before, calibration_before = pair_of(before, across, up), calibration_of(before, judged)
    versions = named_versions([one.version_id for one in pair.versions])
    return found | {
        "pair": pair,
        "pair_change": agreement_change(pair.agreement, pair_before.agreement),
        "calibration_before": calibration_before,
        "calibration_rows": calibration_changes(calibration, calibration_before),
        "dots": picture.dots_of(pair),
        "calibration": calibration,
        "bars": picture.bars_of(calibration),
        "named": [(versions.get(one.version_id), one) for one in pair.versions],
        "ticks": picture.ticks(),
        "width": picture.WIDTH,
        "height": picture.HEIGHT,
        "right": picture.LEFT + picture.SIDE,
        "bottom": picture.TOP + picture.SIDE,
        "cut_x": picture.place_across(GOOD_ENOUGH),
        "cut_y": picture.place_up(GOOD_ENOUGH),
        "keys": list(keys.items()),
        "picked": [("x", "/".join(across)), ("y", "/".join(up)), ("score", "/".join(judged))],
        "axes": [("x", "Across", across), ("y", "Up", up), ("score", "Calibration of", judged)],
    }


def _picked(request: HttpRequest, name: str, keys: dict[str, ScoreKey], otherwise: ScoreKey) -> ScoreKey:
    return keys.get(request.GET.get(name, ""), otherwise)


def _file_name(request: HttpRequest, name: str) -> str:
    period = chosen_of(request).period
    return f"agreement-{name}-{period.first}-{period.last}"


def _score_lines(found: dict[str, Any]) -> Iterator[list[Any]]:
    headings = ["scorer", "version", "dimension", "n", "agree", "share", "low", "high", "advises_only"]
    yield [*headings, *BEFORE_HEADINGS]
    for row in found["rows"]:
        one = row.agreement
        told: list[Any] = [csv_text(part) for part in row.key]
        told += [one.num, one.num_agree, one.share, *one.interval, row.is_doubted]
        yield [*told, *before_cells(row.change)]


def _scatter_lines(found: dict[str, Any]) -> Iterator[list[Any]]:
    pair = found["pair"]
    names = [csv_text(" ".join(key).strip()) for key in (pair.across, pair.up)] if pair else ["x", "y"]
    yield ["skill", "version", *names, "approved"]
    for version, one in found.get("named", ()):
        path = csv_text(version.skill.path) if version else ""
        yield [path, version.number if version else "", one.across, one.up, one.is_approved]


def _calibration_lines(found: dict[str, Any]) -> Iterator[list[Any]]:
    headings = ["from", "to", "n", "approved", "mean_score", "share_approved", "low", "high"]
    yield [*headings, *BEFORE_HEADINGS]
    for one, change in found.get("calibration_rows", ()):
        told = [one.low, one.high, one.num, one.num_approved, one.mean, one.share, *one.interval]
        yield [*told, *before_cells(change)]
