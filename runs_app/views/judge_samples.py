"""Let a new judging model judge a sample of old versions: size and cost first, then the order, its progress, and a way to stop it."""

import math
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from fleet_site.access import may, require
from fleet_site.http import is_fragment, render_page
from runs_app.domain.cell_text import cost_text
from runs_app.domain.errors import ModelError, SampleRefused
from runs_app.domain.judging_models import MOST_SIZE, USUAL_SIZE
from runs_app.models import JudgeSample
from runs_app.queries.judge_samples import sample_lines
from runs_app.services.generation_choices import generation_choices
from runs_app.services.judge_sample import Sample, cancel_sample, offer_sample, order_sample
from skills_app.domain.keys import new_key

# Tells htmx to ask no more.
_STOP_POLLING = 286


@require_GET
@require("read")
def sample_list(request: HttpRequest) -> HttpResponse:
    """Show the samples; with a model, to those who may order one, how many versions it would judge and the most that costs."""
    if "model" not in request.GET or not may(request.user, "judge_samples"):
        return render_page(request, "runs_app/sample_list.html", _context())
    try:
        context = _context(_offer(request.GET), typed=request.GET)
    except (ModelError, SampleRefused) as error:
        context = _context(typed=request.GET, error=str(error))
    return render_page(request, "runs_app/sample_list.html", context)


@require_GET
@require("read")
def sample_progress(request: HttpRequest) -> HttpResponse:
    """Return how far the samples are, for a page that asks again while one is live; without htmx, the page."""
    if not is_fragment(request):
        return redirect("trends:samples")
    lines = sample_lines()
    status = 200 if any(line.sample.is_live for line in lines) else _STOP_POLLING
    return render_page(
        request, "runs_app/sample_list.html", {"lines": lines}, partial="sample-lines", status=status
    )


@require_POST
@require("judge_samples")
def sample_order(request: HttpRequest) -> HttpResponse:
    """Order what was offered; when that costs more by now, show it anew."""
    offered: Sample | None = None
    try:
        offered = _offer(request.POST)
        _require_as_told(offered, request.POST.get("told", ""))
        made = order_sample(
            sample=offered,
            ceiling_usd=_ceiling(request.POST.get("ceiling", "")),
            user=cast(User, request.user),
            key=request.POST.get("key", "")[:16],
        )
    except (ModelError, SampleRefused) as error:
        context = _context(offered, typed=request.POST, error=str(error))
        return render_page(request, "runs_app/sample_list.html", context, status=422)
    messages.success(
        request, f"{made.num_versions} versions are judged by {made.judge} as soon as a worker is free."
    )
    return redirect("trends:samples")


@require_POST
@require("judge_samples")
def sample_cancel(request: HttpRequest, key: str) -> HttpResponse:
    """Stop a sample; what is judged stays."""
    sample = get_object_or_404(JudgeSample, key=key)
    try:
        messages.success(request, cancel_sample(sample=sample, user=request.user))
    except SampleRefused as refused:
        messages.warning(request, str(refused))
    return redirect("trends:samples")


def _context(offer: Sample | None = None, *, typed: Any = None, error: str = "") -> dict[str, Any]:
    lines = sample_lines()
    choices = generation_choices()
    return {
        "lines": lines,
        "is_live": any(line.sample.is_live for line in lines),
        "models": choices.models,
        "model_problem": choices.problem,
        "typed": typed or {},
        "usual_size": USUAL_SIZE,
        "most_size": MOST_SIZE,
        "offer": offer,
        "told": _told(offer) if offer else "",
        "key": new_key(),
        "error": error,
    }


def _offer(typed: Any) -> Sample:
    size = typed.get("size", "").strip() or str(USUAL_SIZE)
    if not (size.isascii() and size.isdigit() and 0 < int(size[:9]) <= MOST_SIZE):
        raise SampleRefused(f"Choose from 1 to {MOST_SIZE} versions.")
    model = typed.get("model", "").replace("\x00", "").strip()[:256]
    if not model:
        raise SampleRefused("Choose the model that is to judge.")
    return offer_sample(model=model, size=int(size))


def _told(offer: Sample) -> str:
    """Return size and cost of an offer as its form sends them back."""
    return f"{len(offer.versions)} for {offer.most_usd}"


def _require_as_told(offer: Sample, told: str) -> None:
    """Let an order pass whose size and cost are still those that its form told.

    Raises:
        SampleRefused: they are others by now; the message says which.
    """
    if told != _told(offer):
        cost = "an unknown amount" if offer.most_usd is None else f"at most {cost_text(offer.most_usd)}"
        raise SampleRefused(
            f"Nothing was ordered, for it has changed: it is now {len(offer.versions)} versions for {cost}. Look again."
        )


def _ceiling(typed: str) -> float | None:
    text = typed.strip().replace(",", ".").removeprefix("$")
    if not text:
        return None
    try:
        ceiling = float(text)
    except ValueError:
        ceiling = math.nan
    if not 0 < ceiling < 1e6:
        raise SampleRefused("Give the ceiling in US dollars, such as 2.50, or leave it empty.")
    return ceiling
