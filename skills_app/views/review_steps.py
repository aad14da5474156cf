"""The steps of a review: send and decide, take back, what was seen, people, suggestions, another version, the end."""

from typing import cast

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from fleet_site.access import require
from fleet_site.http import is_fragment, render_page
from skills_app.domain.documents import parse_document
from skills_app.domain.errors import DocumentEditError, ReviewRefused
from skills_app.domain.reviewing.parts import parts_of
from skills_app.domain.reviewing.standing import ReviewStatus
from skills_app.domain.reviewing.verdicts import Decision
from skills_app.services.accept_suggestions import accept_suggestions
from skills_app.services.ask_reviewer import ask_reviewer, change_needed, claim_review, release_reviewer
from skills_app.services.open_review import end_review, move_review
from skills_app.services.read_review import read_review
from skills_app.services.send_review import send_review, undo_verdict
from skills_app.services.view_parts import view_parts
from skills_app.views.reviews import (
    reader_of,
    require_in,
    review_or_404,
    right_to_end,
    show_review,
    step_done,
)
from skills_app.views.skills import version_or_404


@require_POST
@require("comment")
def review_send(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the reader's drafts and, if one was chosen, their decision: one review by one press."""
    review = review_or_404(request, pk)
    decision = next((one for one in Decision if one == request.POST.get("decision")), None)
    require_in(request, review, "decide_review" if decision else "comment")
    try:
        sent = send_review(
            review=review,
            reviewer=cast(User, request.user),
            decision=decision,
            seen_number=number_in(request, "number"),
            now=timezone.now(),
            today=timezone.localdate(),
            reason=request.POST.get("reason", "")[:10_000],
        )
    except ReviewRefused as error:
        return show_review(
            request,
            review_or_404(request, pk),
            error=str(error),
            error_in="decision",
            typed=request.POST,
        )
    return step_done(request, pk, sent.sentence, "decision")


@require_POST
@require("comment")
def verdict_undo(request: HttpRequest, pk: int, verdict_pk: int) -> HttpResponse:
    """Take one's own decision back, within 30 seconds."""
    review = review_or_404(request, pk)
    verdict = get_object_or_404(review.verdicts.model, pk=verdict_pk, review=review)
    try:
        undo_verdict(
            verdict=verdict, actor=cast(User, request.user), now=timezone.now(), today=timezone.localdate()
        )
    except ReviewRefused as error:
        return show_review(request, review_or_404(request, pk), error=str(error), error_in="undo")
    return step_done(
        request, pk, "Your decision is taken back; comments without a reply are drafts again.", "decision"
    )


@require_POST
@require("read")
def parts_seen(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that the reader has seen a part (``seen``), all of them (``all``), or not (``unseen``)."""
    review = review_or_404(request, pk)
    now = timezone.now()
    user = cast(User, request.user)
    files = review.version.files.values_list("path", "digest")
    known = {part.digest: part for part in parts_of(parse_document(review.version.content), files)}
    seen = known.keys() if "all" in request.POST else known.keys() & set(request.POST.getlist("seen"))
    view_parts(user=user, skill=review.skill, digests=seen, is_seen=True, now=now)
    unseen = [known[digest].digests for digest in known.keys() & set(request.POST.getlist("unseen"))]
    view_parts(user=user, skill=review.skill, digests=frozenset().union(*unseen), is_seen=False, now=now)
    if is_fragment(request):
        reader = reader_of(request, review)
        reading = read_review(review=review, reader=reader, now=now, today=timezone.localdate())
        context = {"reading": reading, "review": review, "is_alone": True}
        return render_page(request, "skills_app/_review_parts.html", context)
    return redirect(f"{review.get_absolute_url()}#review-parts")


@require_POST
@require("comment")
def review_claim(request: HttpRequest, pk: int) -> HttpResponse:
    """Show for an hour that the reader is at it, or take that back (``release``)."""
    review = review_or_404(request, pk)
    require_in(request, review, "comment")
    try:
        claim_review(
            review=review,
            actor=cast(User, request.user),
            now=timezone.now(),
            is_release="release" in request.POST,
        )
    except ReviewRefused as error:
        return show_review(request, review_or_404(request, pk), error=str(error))
    return step_done(request, pk)


@require_POST
@require("ask_review")
def review_people(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask one more person (``ask``, by their name for signing in), or let one go (``release``)."""
    review = review_or_404(request, pk)
    require_in(request, review, "ask_review")
    name = (request.POST.get("ask") or request.POST.get("release") or "").strip()
    person = User.objects.filter(username=name, is_active=True).first()
    if person is None:
        error = f"Nobody here is called “{name[:150]}”. Give the name for signing in."
        return show_review(request, review, error=error, error_in="people", typed=request.POST)
    actor = cast(User, request.user)
    try:
        if request.POST.get("ask"):
            is_new = ask_reviewer(review=review, reviewer=person, actor=actor, now=timezone.now())
            sentence = f"{name} is asked." if is_new else f"{name} was asked already."
        else:
            release_reviewer(review=review, reviewer=person, actor=actor)
            sentence = f"{name} is let go."
    except ReviewRefused as error:
        return show_review(request, review_or_404(request, pk), error=str(error), error_in="people")
    return step_done(request, pk, sentence, "people")


@require_POST
@require("steer_review")
def review_needed(request: HttpRequest, pk: int) -> HttpResponse:
    """Change how many approvals the review needs, with a reason."""
    review = review_or_404(request, pk)
    require_in(request, review, "steer_review")
    try:
        change_needed(
            review=review,
            num_needed=number_in(request, "num_needed"),
            actor=cast(User, request.user),
            reason=request.POST.get("reason", "")[:2000],
            now=timezone.now(),
            today=timezone.localdate(),
        )
    except ReviewRefused as error:
        shown = review_or_404(request, pk)
        return show_review(request, shown, error=str(error), error_in="needed", typed=request.POST)
    return step_done(request, pk, "The number of approvals is changed.", "people")


@require_POST
@require("ask_review")
def review_move(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a newer version of the skill under this review."""
    review = review_or_404(request, pk)
    require_in(request, review, "ask_review")
    version = version_or_404(review.skill, number_in(request, "number"))
    try:
        move_review(
            review=review,
            version=version,
            actor=cast(User, request.user),
            now=timezone.now(),
            today=timezone.localdate(),
        )
    except ReviewRefused as error:
        return show_review(request, review_or_404(request, pk), error=str(error))
    return step_done(
        request, pk, f"Version {version.number} is under review now; earlier verdicts are stale."
    )


@require_POST
@require("comment")
def review_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw a review, with a reason: who opened it, who made the version, or a manager."""
    review = review_or_404(request, pk)
    require_in(request, review, right_to_end(request, review))
    try:
        end_review(
            review=review,
            actor=cast(User, request.user),
            status=ReviewStatus.WITHDRAWN,
            reason=request.POST.get("reason", "")[:2000],
            now=timezone.now(),
        )
    except ReviewRefused as error:
        shown = review_or_404(request, pk)
        return show_review(request, shown, error=str(error), error_in="end", typed=request.POST)
    return step_done(request, pk, "The review is withdrawn.")


@require_POST
@require("edit_skill")
def suggestions_accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Make one new version of the suggested edits that were chosen, and put it under the review."""
    review = review_or_404(request, pk)
    require_in(request, review, "edit_skill")
    picked = [int(raw) for raw in request.POST.getlist("comment") if raw.isascii() and raw.isdigit()]
    try:
        version = accept_suggestions(
            review=review,
            comment_ids=picked,
            actor=cast(User, request.user),
            seen_number=number_in(request, "number"),
            now=timezone.now(),
            today=timezone.localdate(),
        )
    except (ReviewRefused, DocumentEditError) as error:
        shown = review_or_404(request, pk)
        return show_review(request, shown, error=str(error), error_in="suggestions", typed={"picked": picked})
    return step_done(
        request, pk, f"Version {version.number} has the accepted edits, was judged, and is under review now."
    )


def number_in(request: HttpRequest, name: str) -> int:
    """Return a whole number that a form sent, or 0 when it is none."""
    raw = request.POST.get(name, "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 9 else 0
