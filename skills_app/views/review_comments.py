"""Comments of a review: written as drafts, changed, thrown away, replied to, and closed."""

from dataclasses import replace
from functools import partial
from typing import cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from fleet_site.access import may, require
from fleet_site.http import is_fragment
from skills_app.domain.documents import parse_document
from skills_app.domain.errors import QuoteNotFound, ReviewRefused
from skills_app.domain.reviewing.comments import CommentState
from skills_app.domain.reviewing.parts import parts_of
from skills_app.models import Comment, Review, SkillVersion
from skills_app.services.add_comment import (
    CommentTarget,
    CommentText,
    add_comment,
    add_reply,
    discard_draft,
    edit_draft,
    source_of_words,
)
from skills_app.services.move_comment import move_comment
from skills_app.views.review_steps import number_in
from skills_app.views.reviews import branch_of, require_in, review_or_404, show_review, step_done
from skills_app.views.skills import version_or_404

_NO_COMMENT = "There is no such comment in this review. A draft may have been thrown away."


@require_POST
@require("comment")
def comment_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep a comment on the whole, a section, a file or quoted words as a draft of the reader."""
    review = review_or_404(request, pk)
    require_in(request, review, "comment")
    version = version_or_404(review.skill, number_in(request, "number") or review.version.number)
    before = number_in(request, "removed_from")
    is_removed = before not in (0, version.number)
    quoted = version_or_404(review.skill, before) if is_removed else version
    target = _removed_target(request, quoted) if is_removed else _target(request, version)
    lines = _lines(request, quoted) if target.line else None
    text, said = _text(request), "Kept as a draft; it is sent with your decision."
    add = partial(
        add_comment,
        review=review,
        version=quoted,
        author=cast(User, request.user),
        text=text,
        now=timezone.now(),
        removed_by=version if is_removed else None,
    )
    try:
        try:
            made = add(target=target)
        except QuoteNotFound:
            if lines is None or text.suggestion is not None:
                raise
            made = add(target=replace(target, lines=lines))
            said = (
                "Kept as a draft. The source writes these words in another way, so it stands on all of the paragraphs, items "
                "or rows that you selected in."
            )
    except ReviewRefused as error:
        return show_review(request, review, error=str(error), error_in="comment", typed=request.POST)
    return step_done(request, pk, said, f"comment-{made.pk}")


@require_POST
@require("comment")
def quote_source(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with what other words for the quote of a form would replace, as the source has it, in plain text; 422 if nothing."""
    review = review_or_404(request, pk)
    version = version_or_404(review.skill, number_in(request, "number") or review.version.number)
    try:
        if "removed_from" in request.POST:
            raise ReviewRefused("Words that are removed cannot be edited any more.")
        source = source_of_words(version=version, target=_target(request, version))
    except ReviewRefused as error:
        return HttpResponse(str(error), status=422, content_type="text/plain; charset=utf-8")
    return HttpResponse(source, content_type="text/plain; charset=utf-8")


@require_GET
@require("read")
def comment_detail(request: HttpRequest, pk: int, comment_pk: int) -> HttpResponse:
    """Lead to a comment where it stands now, also when it went on in another review."""
    comment = _comment_or_404(review_or_404(request, pk), comment_pk)
    if comment.is_draft and comment.author_id != request.user.pk:
        raise Http404(_NO_COMMENT)
    return redirect(comment)


@require_POST
@require("comment")
def draft_edit(request: HttpRequest, pk: int, comment_pk: int) -> HttpResponse:
    """Save a draft of the reader, or throw it away (``discard``)."""
    review = review_or_404(request, pk)
    comment = _comment_or_404(review, comment_pk)
    user = cast(User, request.user)
    try:
        if "discard" in request.POST:
            discard_draft(comment=comment, author=user)
            return _done(request, review, comment, "The draft is thrown away.", "comments")
        edit_draft(comment=comment, author=user, text=_text(request))
    except ReviewRefused as error:
        return _refused(request, comment, f"draft-{comment.pk}", error)
    return _done(request, review, comment, "The draft is saved.")


@require_POST
@require("comment")
def comment_reply(request: HttpRequest, pk: int, comment_pk: int) -> HttpResponse:
    """Keep a reply as a draft of the reader."""
    review = review_or_404(request, pk)
    require_in(request, review, "comment")
    comment = _comment_or_404(review, comment_pk)
    try:
        add_reply(
            comment=comment,
            author=cast(User, request.user),
            body=request.POST.get("body", ""),
            now=timezone.now(),
        )
    except ReviewRefused as error:
        return _refused(request, comment, f"reply-{comment.pk}", error)
    return _done(request, review, comment, "Kept as a draft; send it with your decision.")


@require_POST
@require("comment")
def comment_state(request: HttpRequest, pk: int, comment_pk: int) -> HttpResponse:
    """Say that a comment is fixed, drop it, or open it again."""
    review = review_or_404(request, pk)
    comment = _comment_or_404(review, comment_pk)
    state = next((one for one in CommentState if one == request.POST.get("state")), None)
    if state is None:
        raise Http404("A comment is open, fixed or dropped.")
    try:
        move_comment(
            comment=comment,
            state=state,
            actor=cast(User, request.user),
            now=timezone.now(),
            today=timezone.localdate(),
            reason=request.POST.get("reason", "")[:2000],
            is_manager=may(request.user, "steer_review", branch=branch_of(review.skill)),
        )
    except ReviewRefused as error:
        return _refused(request, comment, f"state-{comment.pk}", error)
    return _done(request, review, comment, f"Comment C{comment.pk} is {state.value}.")


def _comment_or_404(review: Review, pk: int) -> Comment:
    """Return a comment of a review, also one that went on in another review."""
    its_own = Q(review=review) | Q(earlier_reviews=review) | Q(thread__earlier_reviews=review)
    found = Comment.objects.filter(its_own, pk=pk).select_related("review__skill", "thread").first()
    if found is None:
        raise Http404(_NO_COMMENT)
    return found


def _done(
    request: HttpRequest, review: Review, comment: Comment, sentence: str, place: str = ""
) -> HttpResponse:
    """Answer a step with a comment at its ``place``; when it went on in another review, lead there."""
    place = place or f"comment-{comment.thread_id or comment.pk}"
    if comment.review_id == review.pk:
        return step_done(request, review.pk, sentence, place)
    messages.success(request, f"{sentence} The comment went on in this review.")
    address = f"{comment.review.get_absolute_url()}#{place}"
    return HttpResponse(headers={"HX-Redirect": address}) if is_fragment(request) else redirect(address)


def _refused(request: HttpRequest, comment: Comment, where: str, error: ReviewRefused) -> HttpResponse:
    """Show the review that a comment is in now, with what is wrong at its form and what was typed."""
    shown = review_or_404(request, comment.review_id)
    return show_review(request, shown, error=str(error), error_in=where, typed=request.POST)


def _text(request: HttpRequest) -> CommentText:
    """Read the words of a comment; the suggestion counts only when its box is ticked."""
    suggestion = request.POST.get("suggestion", "").replace("\r\n", "\n")
    return CommentText(
        request.POST.get("body", "").replace("\r\n", "\n"),
        "is_blocking" in request.POST,
        suggestion if "has_suggestion" in request.POST else None,
    )


def _target(request: HttpRequest, version: SkillVersion) -> CommentTarget:
    """Read what a comment is about: a part of the version by its number in the form, and quoted words."""
    about = request.POST.get("about", "")
    parts = parts_of(parse_document(version.content), version.files.values_list("path", "digest"))
    number = int(about) if about.isascii() and about.isdigit() and len(about) < 6 else len(parts)
    part = parts[number] if number < len(parts) else None
    path = part.path if part else ""
    sent = _removed_target(request, version)
    if sent.path != path:
        # What stood beside words of one file says nothing of another.
        sent = CommentTarget(quote=sent.quote)
    return replace(sent, heading_path=part.headings if part else (), path=path)


def _removed_target(request: HttpRequest, version: SkillVersion) -> CommentTarget:
    """Read quoted words, their file and what stood beside them, as a difference sent them."""
    lines = _lines(request, version)
    return CommentTarget(
        quote=request.POST.get("quote", "").replace("\r\n", "\n"),
        before=request.POST.get("before", "")[:1000],
        after=request.POST.get("after", "")[:1000],
        path=request.POST.get("path", "")[:512],
        line=lines[0] if lines else 0,
    )


def _lines(request: HttpRequest, version: SkillVersion) -> tuple[int, int] | None:
    """Read on which lines the first and the last block of a selection begin; None unless they are lines of this version."""
    lines = number_in(request, "first_line"), number_in(request, "last_line")
    is_own = number_in(request, "lines_of") in (0, version.number)
    return lines if is_own and all(lines) else None
