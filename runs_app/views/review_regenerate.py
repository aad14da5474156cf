"""Ask for a new version of a reviewed skill from the comments that are open."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from fleet_site.access import may, refusal, require
from fleet_site.http import render_page
from runs_app.domain.errors import ModelError, ProgramUnreadable, RequestInvalid
from runs_app.generation_forms import RegenerationForm
from runs_app.queries.generation_estimate import generation_estimate
from runs_app.queries.regeneration import is_at_work, latest_regeneration
from runs_app.services.generation_choices import chosen_models, generation_choices
from runs_app.services.regenerate_from_review import (
    LeftOut,
    comments_to_meet,
    regenerate_from_review,
    request_text,
)
from skills_app.domain.errors import ReviewRefused
from skills_app.models import Comment, Review
from skills_app.views.review_steps import number_in
from skills_app.views.reviews import branch_of, review_or_404

TEMPLATE = "runs_app/review_regenerate.html"


@require_http_methods(["GET", "HEAD", "POST"])
@require("launch")
def review_regenerate(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the request that the open comments make; start it once, or 422 with what is wrong (``check``: only show it)."""
    review = review_or_404(request, pk)
    branch = branch_of(review.skill)
    if not may(request.user, "ask_review", branch=branch):
        raise PermissionDenied(refusal("ask_review", branch=branch))
    able, left_out = comments_to_meet(review=review)
    choices = [(row.pk, f"C{row.pk}") for row in able]
    usual = generation_choices()
    skip = "" if may(request.user, "auto_approve") else refusal("auto_approve")
    if request.method != "POST":
        form = RegenerationForm(choices=usual, skip_refusal=skip, comments=choices)
        return _page(request, review, form, able, left_out)
    form = RegenerationForm(request.POST, choices=usual, skip_refusal=skip, comments=choices)
    if not form.is_valid():
        return _page(request, review, form, able, left_out, status=422)
    if "check" in request.POST:
        return _page(request, review, form, able, left_out)
    try:
        made = regenerate_from_review(
            review=review,
            comment_ids=form.cleaned_data["comments"],
            instruction=form.cleaned_data["instruction"],
            options=form.options(),
            user=cast(User, request.user),
            seen_number=number_in(request, "number"),
            seen_last=request.POST.get("last", "")[:16],
        )
    except (RequestInvalid, ReviewRefused, ModelError) as error:
        _refuse(form, error)
        return _page(request, review, form, able, left_out, status=422)
    if not made.is_new:
        messages.info(request, "A generation from this review was asked for already; this is the one.")
    return redirect(made.generation)


def _refuse(form: RegenerationForm, error: Exception) -> None:
    field = None
    if isinstance(error, ModelError):
        field = "program" if isinstance(error, ProgramUnreadable) else "model"
    form.add_error(field, str(error))


def _page(
    request: HttpRequest,
    review: Review,
    form: RegenerationForm,
    able: list[Comment],
    left_out: list[LeftOut],
    *,
    status: int = 200,
) -> HttpResponse:
    last = latest_regeneration(review)
    chosen = {int(one) for one in form["comments"].value() or () if str(one).isdigit()}
    context: dict[str, Any] = {
        "section": "reviews",
        "review": review,
        "form": form,
        "rows": [(row, row.pk in chosen) for row in able],
        "left_out": left_out,
        "last": last,
        "at_work": last if last is not None and is_at_work(last) else None,
        "problem": generation_choices().problem,
        **_asked(review, chosen & {row.pk for row in able}),
        **_estimate(form),
    }
    return render_page(request, TEMPLATE, context, partial="regeneration-form", status=status)


def _asked(review: Review, comment_ids: set[int]) -> dict[str, Any]:
    try:
        return {"asked": request_text(review=review, comment_ids=comment_ids)} if comment_ids else {}
    except ReviewRefused:
        return {}


def _estimate(form: RegenerationForm) -> dict[str, Any]:
    model = form["model"].value() or ""
    ceiling = getattr(form, "cleaned_data", {}).get("ceiling_usd")
    chosen = chosen_models(models={"": model} if model else {}, ceiling_usd=ceiling)
    found = generation_estimate(model=chosen.names, num_candidates=1, is_revision=True)
    return {"chosen_models": chosen, "num_candidates": 1, "estimate": found}
