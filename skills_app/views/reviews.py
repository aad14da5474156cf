"""The queue of reviews, a review, and the way to one from a version."""

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from fleet_site.access import may, refusal, require
from fleet_site.http import is_fragment, render_page
from skills_app.domain.errors import ReviewRefused
from skills_app.domain.reviewing.assignment import choose_reviewers
from skills_app.domain.reviewing.risk import QUORUMS
from skills_app.domain.reviewing.verdicts import Decision
from skills_app.models import Review, Skill
from skills_app.queries.reviewers import candidates_for, makers_of
from skills_app.queries.reviews_for_queue import SHELF_LABELS, Shelf, fetched_reviews, queue_of
from skills_app.services.open_review import open_review, risk_of_version
from skills_app.services.read_review import read_review
from skills_app.services.request_from_review import request_from_review
from skills_app.services.review_views import ReviewReader
from skills_app.views.skills import skill_or_404, version_or_404

# What a difference sends along when words were selected in it, to begin a comment with.
QUOTED = (
    "quote",
    "before",
    "after",
    "path",
    "first_line",
    "last_line",
    "lines_of",
    "removed_from",
    "cut",
)
LONGEST_QUOTED = 2_000


@require_GET
@require("read")
def review_list(request: HttpRequest) -> HttpResponse:
    """Show one shelf of the reader's queue: my turn, waiting for others, drafts or done (``?show=``)."""
    shelf = next((one for one in Shelf if one == request.GET.get("show")), Shelf.MINE)
    user = cast(User, request.user)
    queue = queue_of(user, now=timezone.now(), today=timezone.localdate())
    context = {
        "shelf": shelf,
        "shelf_label": SHELF_LABELS[shelf],
        "shelves": [(one, SHELF_LABELS[one], len(queue.shelves[one])) for one in Shelf],
        "rows": queue.shelves[shelf],
    }
    return render_page(request, "skills_app/review_list.html", context, partial="review-queue")


@require_GET
@require("read")
def review_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a review: the document with its comments beside it, and what was and can be decided."""
    return show_review(request, review_or_404(request, pk))


@require_GET
@require("read")
def review_request(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the request of a new generation that the open comments make; with ``?format=text`` it alone."""
    review = review_or_404(request, pk)
    try:
        asked, error = request_from_review(review=review), ""
    except ReviewRefused as refused:
        asked, error = None, str(refused)
    if asked is not None and request.GET.get("format") == "text":
        return HttpResponse(asked.text, content_type="text/plain; charset=utf-8")
    context = {"review": review, "asked": asked, "error": error}
    return render_page(request, "skills_app/review_request.html", context)


@require_http_methods(["GET", "POST"])
@require("read")
def review_of_version(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Lead to the last review of a version; where there is none, ask for one."""
    skill = skill_or_404(key)
    version = version_or_404(skill, number)
    version.skill = skill
    user = cast(User, request.user)
    branch = branch_of(skill)
    last = Review.objects.filter(version=version).order_by("-opened_at", "-pk").first()
    if request.method == "POST":
        if not may(user, "ask_review", branch=branch):
            raise PermissionDenied(refusal("ask_review", branch=branch))
        opened = open_review(
            version=version,
            opener=user,
            now=timezone.now(),
            today=timezone.localdate(),
            message=request.POST.get("message", "")[:10_000],
        )
        if opened.is_new:
            messages.success(request, "The review is open.")
        elif opened.review.version_id == version.pk:
            messages.info(request, f"This version is under review {opened.review.pk}.")
        return redirect(opened.review)
    if last is not None and (last.is_live or "again" not in request.GET):
        quoted = urlencode(_quoted(request))
        return redirect(f"{last.get_absolute_url()}{'?' if quoted else ''}{quoted}")
    risk = risk_of_version(version)
    quorum = QUORUMS[risk.tier]
    without = {one.get_username() for one in (user, *makers_of(version))}
    context = {
        "skill": skill,
        "version": version,
        "risk": risk,
        "quorum": quorum,
        "chosen": choose_reviewers(candidates_for(skill), quorum.num_asked, without=without),
        "can_ask": may(user, "ask_review", branch=branch),
        "refusal": refusal("ask_review", branch=branch),
    }
    return render_page(request, "skills_app/review_open.html", context)


def show_review(
    request: HttpRequest,
    review: Review,
    *,
    error: str = "",
    error_in: str = "",
    typed: Mapping[str, Any] | None = None,
    done: str = "",
    done_in: str = "",
) -> HttpResponse:
    """Render the page of a review, or its body for htmx; with an ``error`` (at the form ``error_in``) the status is 422.

    ``done`` says what was done, at the form ``done_in``.
    """
    reader = reader_of(request, review)
    reading = read_review(review=review, reader=reader, now=timezone.now(), today=timezone.localdate())
    context = {
        "review": review,
        "reading": reading,
        "reader": reader,
        "version": reading.version,
        "gate": reading.gate,
        "can_waive": may(request.user, "waive", branch=branch_of(review.skill)),
        "files_url": f"{reading.version.get_absolute_url()}files/",
        "decisions": tuple(Decision),
        "error": error,
        "error_in": error_in,
        "typed": typed or {},
        "kept": (typed or {}) if error_in == "comment" else _quoted(request),
        "done": done,
        "done_in": done_in,
    }
    status = 422 if error else 200
    return render_page(
        request, "skills_app/review_detail.html", context, partial="review-body", status=status
    )


def step_done(request: HttpRequest, pk: int, sentence: str = "", place: str = "") -> HttpResponse:
    """Answer a step that was taken: the fresh body for htmx, else the page, led to ``place`` on it."""
    if is_fragment(request):
        return show_review(request, review_or_404(request, pk), done=sentence, done_in=place)
    if sentence:
        messages.success(request, sentence)
    review = review_or_404(request, pk)
    return redirect(f"{review.get_absolute_url()}{place and f'#{place}'}")


def review_or_404(request: HttpRequest, pk: int) -> Review:
    """Return a review with its document, or end in a 404 that says where the others are."""
    found = fetched_reviews(cast(User, request.user)).defer(None).filter(pk=pk).first()
    if found is None:
        raise Http404(f"There is no review {pk}. The queue lists those that concern you.")
    return found


def reader_of(request: HttpRequest, review: Review) -> ReviewReader:
    """Return who reads a review, with what they may do in its branch."""
    branch = branch_of(review.skill)
    allowed = {
        action: may(request.user, action, branch=branch)
        for action in ("comment", "decide_review", "steer_review", "edit_skill", "ask_review", "promote")
    }
    return ReviewReader(
        cast(User, request.user),
        can_comment=allowed["comment"],
        can_decide=allowed["decide_review"],
        can_steer=allowed["steer_review"],
        can_edit=allowed["edit_skill"],
        can_ask=allowed["ask_review"],
        can_promote=allowed["promote"],
        can_end=may(request.user, right_to_end(request, review), branch=branch),
        can_regenerate=allowed["ask_review"] and may(request.user, "launch"),
    )


def right_to_end(request: HttpRequest, review: Review) -> str:
    """Return the action that withdrawing a review is: less for who opened it or made the version than for others."""
    is_owner = review.opened_by_id == request.user.pk or request.user in review.makers.all()
    can_steer = may(request.user, "steer_review", branch=branch_of(review.skill))
    return "ask_review" if is_owner and not can_steer else "steer_review"


def require_in(request: HttpRequest, review: Review, action: str) -> None:
    """End in a 403 that names the role when the person may not do ``action`` where the skill lives."""
    branch = branch_of(review.skill)
    if not may(request.user, action, branch=branch):
        raise PermissionDenied(refusal(action, branch=branch))


def branch_of(skill: Skill) -> str | None:
    """Return the path of the branch that a skill lives in."""
    return skill.category.path if skill.category else None


def _quoted(request: HttpRequest) -> dict[str, str]:
    """Return the words that the address brings to begin a comment with."""
    return {name: request.GET[name][:LONGEST_QUOTED] for name in QUOTED if name in request.GET}
