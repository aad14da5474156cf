"""Write a comment or a reply as a draft, change it, throw it away."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from skills_app.domain.documents import SkillDocument, parse_document
from skills_app.domain.errors import ReviewRefused
from skills_app.domain.quote_anchors import QuoteAnchor, QuotePlace, make_anchor
from skills_app.domain.reviewing.block_place import blocks_between
from skills_app.domain.reviewing.comments import LONGEST_BODY, LONGEST_QUOTE, LONGEST_SUGGESTION
from skills_app.domain.reviewing.file_place import (
    blocks_of_file,
    editable_in_file,
    replaced_in_file,
    selected_in_file,
)
from skills_app.domain.reviewing.places import (
    REMOVED_IN,
    PlaceKind,
    anchor_as_data,
    editable_span,
    file_anchor,
    place_comment,
    section_at,
    section_words,
    selected_span,
    words_of_file,
)
from skills_app.domain.reviewing.table_rows import replaced_span
from skills_app.domain.storable import storable_json, storable_text
from skills_app.models import Comment, Review, SkillVersion
from skills_app.services.review_state import audit_review

_WORD = re.compile(r"\w+")
_REMOVED = "Words that are removed cannot be edited any more. Say what is missing, or quote words that stand there now."


@dataclass(frozen=True, slots=True)
class CommentText:
    """What a person typed: the words, whether they block, and what should stand instead of the quote (None: nothing)."""

    body: str
    is_blocking: bool = False
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class CommentTarget:
    """What a comment is about: nothing for the whole version, a section by its headings (or the front matter by its path), quoted words, or a file or words of it.

    ``before`` and ``after`` are what the reader saw beside the quote; they decide among several places, in a file together with
    ``line``, on which the block begins that the quote starts in. ``lines`` are those on which the first and the last block begin
    that the reader selected: these blocks are quoted whole instead of the quote, if most of its words are there.
    """

    heading_path: tuple[str, ...] = ()
    quote: str = ""
    before: str = ""
    after: str = ""
    path: str = ""
    line: int = 0
    lines: tuple[int, int] | None = None


EVERYWHERE = CommentTarget()


@transaction.atomic
def add_comment(
    *,
    review: Review,
    version: SkillVersion,
    author: User,
    text: CommentText,
    now: datetime,
    target: CommentTarget = EVERYWHERE,
    removed_by: SkillVersion | None = None,
) -> Comment:
    """Keep a comment as a draft on the version that its writer reads; only they see it until it is sent.

    With ``removed_by`` the quote is of the older side of a difference: words of ``version`` that are not in ``removed_by``.

    Raises:
        QuoteNotFound: the quote is not found in the document;
        ReviewRefused: it is empty or too long, the section or file is not there, a suggestion has no quote to stand for,
            stands for words that are removed, or would break rows of a table.
    """
    if removed_by is not None and text.suggestion is not None:
        raise ReviewRefused(_REMOVED)
    _check(text, has_quote=bool(target.quote.strip()))
    if len(target.quote) > LONGEST_QUOTE:
        raise ReviewRefused(
            f"A quote has at most {LONGEST_QUOTE:,} characters; this one has {len(target.quote):,}. Quote its beginning, or "
            "choose the section."
        )
    document = parse_document(version.content)
    anchor, path, quote = None, target.heading_path, ""
    if target.path:
        path = ()
        anchor, quote = _words_of_file(version, target, text.suggestion)
    elif target.lines:
        found = _blocks(document, target)
        anchor, path, quote = anchor_as_data(found), found.path, found.quote
    elif target.quote.strip():
        is_exact = text.suggestion is not None
        span = selected_span(
            document, target.quote, target.before, target.after, path=path, is_exact=is_exact
        )
        if text.suggestion is not None:
            replaced_span(document, *span, text.suggestion)
        found = make_anchor(document, *span)
        anchor, path, quote = anchor_as_data(found), found.path, found.quote
    elif path and section_at(document, path) is None:
        raise ReviewRefused(f"This version has no section “{section_words(path)[:200]}”.")
    if removed_by is not None and quote:
        anchor = {**(anchor or {}), REMOVED_IN: removed_by.number}
    made = Comment.objects.create(
        review=review,
        version=version,
        author=author,
        author_name=author.get_username(),
        body=storable_text(text.body.strip()),
        is_blocking=text.is_blocking,
        heading_path=storable_json(list(path)),
        path=storable_text(target.path, longest=512),
        quote=storable_text(quote),
        anchor=storable_json(anchor) if anchor else None,
        suggestion=None if text.suggestion is None else storable_text(text.suggestion),
        made_at=now,
    )
    _audit(made, "drafted_comment", author)
    return made


def source_of_words(*, version: SkillVersion, target: CommentTarget) -> str:
    """Return what other words for the quote of a target would replace, as the source of the document or of its file has it.

    Raises:
        QuoteNotFound: the quote is not found; ReviewRefused: other words there would break the text, or the file is not there.
    """
    if target.path:
        text, file_span = _selected_in_file(version, target, is_exact=True)
        return text[slice(*file_span)] if file_span else ""
    document = parse_document(version.content)
    span = selected_span(
        document, target.quote, target.before, target.after, path=target.heading_path, is_exact=True
    )
    return document.text[slice(*span)]


def _blocks(document: SkillDocument, target: CommentTarget) -> QuoteAnchor:
    """Return the anchor of the blocks that begin on the lines of a target and between them."""
    place = _with_most_words(document.text, target, blocks_between(document, *(target.lines or (0, 0))))
    return make_anchor(document, place.start, place.end)


def _with_most_words(text: str, target: CommentTarget, place: QuotePlace | None) -> QuotePlace:
    """Return the place of whole blocks if most of the quoted words are there."""
    wanted = set(_WORD.findall(target.quote))
    found = wanted & set(_WORD.findall(text[place.start : place.end])) if place else set()
    if place is None or 2 * len(found) < len(wanted) or place.end - place.start > LONGEST_QUOTE:
        raise ReviewRefused("Quote words as the source has them, or choose the section under “About”.")
    return place


def _words_of_file(
    version: SkillVersion, target: CommentTarget, suggestion: str | None
) -> tuple[dict[str, Any] | None, str]:
    """Return the anchor and the words of a file that a comment is about, as they stand there; nothing for the whole file."""
    text, span = _selected_in_file(version, target, is_exact=suggestion is not None)
    if span is None:
        return None, ""
    if suggestion is not None:
        replaced_in_file(target.path, text, *span, suggestion)
    return file_anchor(text, *span), text[slice(*span)]


def _selected_in_file(
    version: SkillVersion, target: CommentTarget, *, is_exact: bool
) -> tuple[str, tuple[int, int] | None]:
    """Return the text of the file of a target, and where its quote stands there, or its blocks; None for the whole file."""
    file = version.files.filter(path=target.path).defer("data").first()
    if file is None:
        raise ReviewRefused(f"This version has no file {target.path[:200]}.")
    text = file.text or ""
    if not target.quote.strip():
        return text, None
    if target.lines:
        place = _with_most_words(text, target, blocks_of_file(file.path, text, *target.lines))
        return text, (place.start, place.end)
    return text, selected_in_file(
        file.path, text, target.quote, target.before, target.after, line=target.line, is_exact=is_exact
    )


@transaction.atomic
def add_reply(*, comment: Comment, author: User, body: str, now: datetime) -> Comment:
    """Keep a reply to a comment as a draft; a reply to a reply goes to the same thread.

    Raises:
        ReviewRefused: it is empty or too long, or the comment is a draft itself.
    """
    root = comment.thread or comment
    if root.is_draft:
        raise ReviewRefused("This comment is a draft; change it instead of replying to it.")
    _check(CommentText(body), has_quote=False)
    made = Comment.objects.create(
        review=root.review,
        version=root.review.version,
        thread=root,
        author=author,
        author_name=author.get_username(),
        body=storable_text(body.strip()),
        made_at=now,
    )
    _audit(made, "drafted_reply", author)
    return made


@transaction.atomic
def edit_draft(*, comment: Comment, author: User, text: CommentText) -> Comment:
    """Change the words of a draft of one's own; its place stays.

    Raises:
        ReviewRefused: it was sent meanwhile, is of somebody else, the new text is empty or too long, or the quote cannot be
            edited, or not to these words.
    """
    locked = _own_draft(comment, author)
    if text.suggestion is not None and REMOVED_IN in (locked.anchor or {}):
        raise ReviewRefused(_REMOVED)
    _check(text, has_quote=bool(locked.quote))
    if text.suggestion is not None and locked.anchor is not None:
        _make_editable(locked, text.suggestion)
    locked.body = storable_text(text.body.strip())
    if locked.thread_id is None:
        locked.is_blocking = text.is_blocking
        locked.suggestion = None if text.suggestion is None else storable_text(text.suggestion)
    locked.save(update_fields=["body", "is_blocking", "suggestion", "anchor", "quote"])
    _audit(locked, "changed_draft", author)
    return locked


@transaction.atomic
def discard_draft(*, comment: Comment, author: User) -> None:
    """Throw a draft of one's own away.

    Raises:
        ReviewRefused: it was sent meanwhile, or is of somebody else.
    """
    locked = _own_draft(comment, author)
    _audit(locked, "discarded_draft", author)
    locked.delete()


def _make_editable(comment: Comment, words: str) -> None:
    """Let the quote of a comment go as far as a suggested edit replaces it by other words."""
    if comment.path:
        _make_file_editable(comment, words)
        return
    document = parse_document(comment.version.content)
    place = place_comment(document, heading_path=comment.heading_path, anchor=comment.anchor)
    if place.kind is PlaceKind.QUOTE:
        span = editable_span(document, place.start, place.end)
        replaced_span(document, *span, words)
        found = make_anchor(document, *span)
        comment.anchor = storable_json({**(comment.anchor or {}), **anchor_as_data(found)})
        comment.quote = storable_text(found.quote)


def _make_file_editable(comment: Comment, words: str) -> None:
    file = comment.version.files.filter(path=comment.path).defer("data").first()
    text = (file.text if file else None) or ""
    span = words_of_file(text, comment.quote, comment.anchor)
    if span is not None:
        span = editable_in_file(comment.path, text, *span)
        replaced_in_file(comment.path, text, *span, words)
        comment.anchor = storable_json({**(comment.anchor or {}), **file_anchor(text, *span)})
        comment.quote = storable_text(text[slice(*span)])


def _audit(comment: Comment, verb: str, author: User) -> None:
    """Write down that a draft was touched, without its words, which are nobody else's until they are sent."""
    audit_review(comment.review, verb, author, after={"comment": comment.pk})


def _own_draft(comment: Comment, author: User) -> Comment:
    locked = Comment.objects.select_for_update().filter(pk=comment.pk).first()
    if locked is None or locked.author_id != author.pk or not locked.is_draft:
        raise ReviewRefused(
            "This is no draft of yours any more. What was sent is kept as it is; reply to it instead."
        )
    return locked


def _check(text: CommentText, *, has_quote: bool) -> None:
    if not text.body.strip() and text.suggestion is None:
        raise ReviewRefused("Write what you think; an empty comment says nothing.")
    if len(text.body) > LONGEST_BODY:
        raise ReviewRefused(
            f"A comment has at most {LONGEST_BODY:,} characters; this one has {len(text.body):,}."
        )
    if text.suggestion is not None and not has_quote:
        raise ReviewRefused("A suggested edit stands for words of the document; quote them first.")
    if text.suggestion is not None and len(text.suggestion) > LONGEST_SUGGESTION:
        raise ReviewRefused(f"A suggested edit has at most {LONGEST_SUGGESTION:,} characters.")
