"""Read a review for one person: the document with its comments beside it, what is decided, and what is left to do."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from itertools import groupby

from skills_app.adapters.markdown import Mark, anchored_lines, mark_places
from skills_app.adapters.tokenizer import count_tokens
from skills_app.domain.document_card import front_matter_fields, missing_fields, size_meters
from skills_app.domain.documents import SkillDocument, parse_document
from skills_app.domain.errors import ReviewRefused
from skills_app.domain.reviewing.comments import ALLOWED, CommentState, why_not_move
from skills_app.domain.reviewing.file_place import editable_in_file
from skills_app.domain.reviewing.parts import BEFORE_HEADINGS, Part, parts_of, parts_sentence
from skills_app.domain.reviewing.places import (
    CommentPlace,
    PlaceKind,
    editable_span,
    place_comment,
    section_words,
)
from skills_app.domain.reviewing.standing import standing_of
from skills_app.domain.reviewing.turns import turns_of
from skills_app.domain.reviewing.verdicts import can_undo, undo_seconds_left
from skills_app.models import Comment, Review, SectionViewed, SkillVersion, Verdict
from skills_app.queries.comment_paths import paths_in
from skills_app.queries.compare_bases import approved_number, looked_at_number
from skills_app.queries.open_blocks import open_blocks
from skills_app.queries.promoters import promoters
from skills_app.queries.regenerations import regenerations_of
from skills_app.queries.review_standing import ground_of, latest_verdicts, stops_with, votes_of
from skills_app.queries.reviews_for_queue import claimant_of, situation_of
from skills_app.services.answer_comments import answer_comments
from skills_app.services.judge_version import judge_version
from skills_app.services.open_review import risk_of_version
from skills_app.services.read_version import ShownPlaces, document_texts
from skills_app.services.render_document import DOCUMENT_PREFIX
from skills_app.services.review_views import (
    MoveView,
    PartView,
    ReviewReader,
    ReviewReading,
    ThreadView,
    VerdictView,
    WentOn,
)
from skills_app.services.version_views import DocumentView, FieldView

_MOVE_LABELS = {
    CommentState.FIXED: "Fixed",
    CommentState.DROPPED: "Drop",
    CommentState.OPEN: "Open again",
}


def read_review(*, review: Review, reader: ReviewReader, now: datetime, today: date) -> ReviewReading:
    """Return the page of a review for ``reader``: drafts of others are left out, moves are those that they may make.

    The review comes from ``fetched_reviews`` with the text of its version.
    """
    version = review.version
    judge_version(version=version)
    ground = ground_of(version, today=today)
    verdicts = latest_verdicts(review)
    votes = votes_of(review, verdicts, ground.binding)
    standing = standing_of(votes, review.num_needed)
    document = parse_document(version.content)
    files = list(version.files.values_list("path", "digest"))
    makers = set(review.makers.values_list("pk", flat=True))
    threads, view = _document(review, reader, document, makers)
    seen = set(
        SectionViewed.objects.filter(user=reader.user, skill=review.skill).values_list("digest", flat=True)
    )
    parts = parts_of(document, files, seen)
    name = reader.user.get_username()
    (blocks,) = open_blocks([(version, review)])
    situation = situation_of(review, standing, promoters(), blocks=blocks, gate=ground.gate)
    turns = sorted(turns_of(situation), key=lambda turn: turn.person != name)
    undoable = next((row for row in reversed(verdicts) if _is_undoable(row, reader, now)), None)
    return ReviewReading(
        review=review,
        version=version,
        document=view,
        standing=standing,
        verdicts=tuple(VerdictView(row, vote) for row, vote in zip(verdicts, votes, strict=True)),
        stops=stops_with(ground, version, review, standing, blocks),
        turns=tuple(turns),
        risk=risk_of_version(version, document),
        gate=ground.gate,
        asked=tuple(review.requests.all()),
        threads=tuple(thread for thread in threads if not thread.is_lost),
        lost=tuple(thread for thread in threads if thread.is_lost),
        parts=_part_views(parts, view, threads),
        parts_sentence=parts_sentence(parts),
        drafts=tuple(review.comments.filter(author=reader.user, sent_at=None)),
        undoable=undoable,
        undo_seconds=undo_seconds_left(undoable.given_at, now) if undoable else 0.0,
        is_maker=reader.user.pk in makers,
        claimed_by=claimant_of(review, now),
        newer=_newer(version),
        looked_at=looked_at_number(version, reader.user),
        approved=approved_number(version),
        is_my_turn=bool(turns) and turns[0].person == name,
        regenerations=regenerations_of(review),
        went_on=_went_on(review),
    )


def _went_on(review: Review) -> tuple[WentOn, ...]:
    """Return where comments of a review are that went on in others, by review."""
    rows = review.went_on.exclude(review=review).select_related("review__version")
    rows = rows.defer("review__version__content").order_by("review", "pk")
    return tuple(
        WentOn(other, tuple(comments)) for other, comments in groupby(rows, key=lambda row: row.review)
    )


def _document(
    review: Review, reader: ReviewReader, document: SkillDocument, makers: set[int]
) -> tuple[list[ThreadView], DocumentView]:
    """Return the threads in reading order, and the document with a link at the place of each."""
    version = review.version
    rendered, head = document_texts(version, document)
    is_markdown = version.content_kind == "markdown"
    fields = front_matter_fields(document) if is_markdown else ()
    lines = anchored_lines(rendered.html + (head.html if head else ""))
    shown = ShownPlaces(lines, [(field.line, field.end_line) for field in fields])
    threads = _threads(review, reader, document, makers, shown)
    marks = [
        Mark(shown.line_of(one.line), f"C{one.comment.pk}", f"comment-{one.comment.pk}", _weight(one.comment))
        for one in threads
        if one.target
    ]
    view = DocumentView(
        rendered=mark_places(rendered, marks, id_prefix=DOCUMENT_PREFIX),
        outline=rendered.outline,
        fields=tuple(
            FieldView(field, (), comments=tuple(mark for mark in marks if mark.line == field.line))
            for field in fields
        ),
        missing=missing_fields(document) if is_markdown else (),
        meters=size_meters(document, count_tokens) if is_markdown else (),
        head_source=mark_places(head, marks, id_prefix=DOCUMENT_PREFIX) if head else None,
        is_source=not is_markdown,
        problems=tuple(problem.message for problem in document.problems) if is_markdown else (),
    )
    return threads, view


def _weight(comment: Comment) -> str:
    if comment.state != CommentState.OPEN:
        return "passed"
    return "critical" if comment.is_blocking else "info"


def _threads(
    review: Review,
    reader: ReviewReader,
    document: SkillDocument,
    makers: set[int],
    shown: ShownPlaces,
) -> list[ThreadView]:
    rows = (
        review.comments.filter(thread=None)
        .select_related("version", "accepted_in")
        .prefetch_related("replies")
    )
    rows = rows.defer("version__content", "accepted_in__content")
    visible = [row for row in rows if not row.is_draft or row.author_id == reader.user.pk]
    paths = paths_in(review.version, visible)
    files = dict(review.version.files.filter(path__in=set(paths.values())).values_list("path", "text"))
    answers = answer_comments(version=review.version, document=document, comments=visible)
    found = []
    for row in visible:
        place = place_comment(
            document,
            heading_path=row.heading_path,
            anchor=row.anchor,
            path=paths.get(row.pk, ""),
            quote=row.quote,
            files=files,
            number=review.version.number,
        )
        thread = _thread(review, reader, row, place, makers, shown, path=paths.get(row.pk, ""))
        source = _source(row, place, thread.path, document, files)
        found.append(replace(thread, answer=answers.get(row.pk), source=source))
    return sorted(found, key=lambda one: (one.line or 10**9, one.comment.pk))


def _source(
    row: Comment, place: CommentPlace, path: str, document: SkillDocument, files: Mapping[str, str | None]
) -> str:
    """Return what a suggested edit at the place of a draft or a suggestion replaces; empty where there is none."""
    if place.end <= place.start or place.kind not in (PlaceKind.QUOTE, PlaceKind.FILE):
        return ""
    if not row.is_draft and row.suggestion is None:
        return ""
    text, span = (files.get(path) or "") if path else document.text, (place.start, place.end)
    with suppress(ReviewRefused):
        span = editable_in_file(path, text, *span) if path else editable_span(document, *span)
    return text[slice(*span)]


def _thread(
    review: Review,
    reader: ReviewReader,
    row: Comment,
    place: CommentPlace,
    makers: set[int],
    shown: ShownPlaces,
    *,
    path: str,
) -> ThreadView:
    is_mine = row.author_id == reader.user.pk
    own_line = 0 if path else place.line
    line = shown.line_of(own_line) if own_line else 0
    replies = [
        reply for reply in row.replies.all() if not reply.is_draft or reply.author_id == reader.user.pk
    ]
    can_accept = (
        reader.can_edit
        and review.is_live
        and row.suggestion is not None
        and not row.is_draft
        and row.state == CommentState.OPEN
        and place.kind in (PlaceKind.QUOTE, PlaceKind.FILE)
    )
    return ThreadView(
        comment=row,
        replies=tuple(sorted(replies, key=lambda reply: (reply.made_at, reply.pk))),
        kind=place.kind,
        line=own_line,
        target=f"{DOCUMENT_PREFIX}L{line}" if line else "",
        where=_where(row, place, path),
        is_mine=is_mine,
        moves=_moves(review, reader, row, makers),
        can_accept=can_accept,
        path=path,
    )


def _where(row: Comment, place: CommentPlace, path: str) -> str:
    """Say where a comment stands; a lost one where it stood; of a file that was renamed both names."""
    section = section_words(row.heading_path)
    if place.kind is PlaceKind.LOST:
        return f"was in {row.path or section or 'the text'} of version {row.version.number}"
    if place.kind is PlaceKind.REMOVED:
        return f"removed, was in {row.path or section or 'the text'} of version {row.version.number}"
    if place.kind is PlaceKind.WHOLE:
        return "the version as a whole"
    if place.kind is PlaceKind.FILE:
        line = f", line {place.line}" if place.line else ""
        return f"{path}{line}" if path == row.path else f"{path}{line}, was {row.path}"
    return f"{section or BEFORE_HEADINGS}, line {place.line}" if place.line else section


def _moves(review: Review, reader: ReviewReader, row: Comment, makers: set[int]) -> tuple[MoveView, ...]:
    if row.is_draft:
        return ()
    before = CommentState(row.state)
    found = []
    for after in ALLOWED[before]:
        refused = {
            reason: why_not_move(
                before,
                after,
                is_blocking=row.is_blocking,
                is_commenter=row.author_id == reader.user.pk,
                is_maker=reader.user.pk in makers or review.opened_by_id == reader.user.pk,
                is_manager=reader.can_steer,
                reason=reason,
            )
            for reason in ("", "a reason")
        }
        if not refused["a reason"]:
            found.append(MoveView(after, _MOVE_LABELS[after], bool(refused[""])))
    return tuple(sorted(found, key=lambda move: list(CommentState).index(move.state)))


def _part_views(
    parts: Sequence[Part], view: DocumentView, threads: Sequence[ThreadView]
) -> tuple[PartView, ...]:
    html = view.rendered.html + (view.head_source.html if view.head_source else "")
    shown = ShownPlaces(anchored_lines(html), [(one.field.line, one.field.end_line) for one in view.fields])
    starts = [part.line if not part.path else 10**9 for part in parts]
    counts: Counter[int] = Counter()
    for thread in threads:
        if thread.is_open and thread.line and not thread.comment.path:
            counts[sum(start <= thread.line for start in starts) - 1] += 1
    return tuple(
        PartView(
            part,
            number,
            f"{DOCUMENT_PREFIX}L{shown.line_of(part.line)}" if not part.path else "",
            counts[number]
            if not part.path
            else sum(
                thread.path == part.path and thread.is_open and not thread.is_lost for thread in threads
            ),
        )
        for number, part in enumerate(parts)
    )


def _is_undoable(row: Verdict, reader: ReviewReader, now: datetime) -> bool:
    return row.reviewer_id == reader.user.pk and can_undo(row.given_at, now)


def _newer(version: SkillVersion) -> int | None:
    """Return the number of the newest version that was made after this one, or None."""
    later = SkillVersion.objects.filter(skill_id=version.skill_id, number__gt=version.number)
    return later.order_by("-number").values_list("number", flat=True).first()
