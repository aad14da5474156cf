"""Accept suggested edits of a review: together they make one new version, judged, and put under the same review."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from hashlib import sha256

from django.contrib.auth.models import User
from django.db import transaction

from skills_app.domain.documents import SkillDocument, parse_document
from skills_app.domain.enums import VersionOrigin
from skills_app.domain.errors import ReviewRefused
from skills_app.domain.findings import Edit, apply_edits
from skills_app.domain.records import FileRecord
from skills_app.domain.reviewing.comments import CommentState
from skills_app.domain.reviewing.file_place import replaced_in_file
from skills_app.domain.reviewing.places import PlaceKind, place_comment, words_of_file
from skills_app.domain.reviewing.table_rows import replaced_span
from skills_app.models import Comment, Review, SkillVersion
from skills_app.queries.comment_paths import paths_in
from skills_app.services.add_version import add_version
from skills_app.services.apply_fixes import file_records
from skills_app.services.judge_version import judge_version
from skills_app.services.open_review import weigh_review
from skills_app.services.review_state import (
    audit_review,
    lock_review,
    put_under_review,
    require_live,
    require_version,
)


def accept_suggestions(
    *,
    review: Review,
    comment_ids: Collection[int],
    actor: User,
    seen_number: int,
    now: datetime,
    today: date,
) -> SkillVersion:
    """Make the version in which the suggested edits of these comments are applied, and put it under the review.

    Suggestions may be of the document and of its text files; files without any are those of the version under review. The
    current version of the skill stays what it is. The comments count as fixed. Who accepted and who suggested are makers of it from now on, so that their own verdicts do not count.

    Raises:
        ReviewRefused: none of the comments is an open suggestion, one of them lost its place or cuts tags or rows of a table, or they change nothing;
        ReviewEnded, ReviewMoved: the review ended, or went on to another version; DocumentEditError: two of them overlap.
    """
    with transaction.atomic():
        locked = lock_review(review)
        require_live(locked)
        require_version(locked, seen_number)
        rows = _chosen(locked, comment_ids)
        version = _new_version(locked.version, rows, actor, now)
        put_under_review(locked, version, now=now)
        locked.makers.add(actor, *(row.author_id for row in rows if row.author_id))
        for row in rows:
            row.state, row.state_by_name, row.state_at = CommentState.FIXED, actor.get_username(), now
            row.state_reason, row.accepted_in = f"Accepted in version {version.number}.", version
            row.save(update_fields=["state", "state_by_name", "state_at", "state_reason", "accepted_in"])
        after: dict[str, object] = {"comments": [row.pk for row in rows]}
        audit_review(locked, "accepted_suggestions", actor, before={"version": seen_number}, after=after)
    judge_version(version=version)
    weigh_review(review=locked, now=now, today=today)
    return version


def _chosen(review: Review, comment_ids: Collection[int]) -> list[Comment]:
    rows = review.comments.filter(
        pk__in=comment_ids, suggestion__isnull=False, sent_at__isnull=False, state=CommentState.OPEN
    )
    found = list(rows.select_related("author").order_by("pk"))
    if not found:
        raise ReviewRefused("Choose at least one suggested edit that is open.")
    return found


def _new_version(version: SkillVersion, rows: list[Comment], actor: User, now: datetime) -> SkillVersion:
    document = parse_document(version.content)
    edited = document.with_edits(_edit(document, row) for row in rows if not row.path)
    before = file_records(version)
    files = _with_edits(before, [row for row in rows if row.path], paths_in(version, rows))
    if edited.text == document.text and files == before:
        raise ReviewRefused("These suggestions change nothing: the document says this already.")
    names = ", ".join(sorted({row.author_name for row in rows}))
    added = add_version(
        skill=version.skill,
        content=edited.text,
        origin=VersionOrigin.EDIT,
        made_at=now,
        files=files,
        metadata=version.metadata,
        message=f"Accepted {len(rows)} suggested edit{'s' if len(rows) != 1 else ''} of {names}"[:2000],
        author=actor,
        author_name=actor.get_username(),
        parent=version,
        becomes_current=False,
    )
    if Review.objects.live().filter(version=added.version).exists():
        raise ReviewRefused(
            f"These edits give version {added.version.number}, which has a review of its own already."
        )
    return added.version


def _with_edits(
    files: Sequence[FileRecord], rows: Sequence[Comment], paths: Mapping[int, str]
) -> list[FileRecord]:
    """Return the files, with the suggested words in place of the quoted ones; ``paths`` say where a renamed file lies."""
    left = defaultdict[str, list[Comment]](list)
    for row in rows:
        left[paths[row.pk]].append(row)
    edited = [_with_edits_of_one(file, left.pop(file.path)) if file.path in left else file for file in files]
    for path, lost in left.items():
        raise ReviewRefused(f"{path} that {lost[0].author_name} suggests to change is no longer there.")
    return edited


def _with_edits_of_one(file: FileRecord, rows: Sequence[Comment]) -> FileRecord:
    text = (file.data or b"").decode(errors="surrogateescape")
    edits = []
    for row in rows:
        span = words_of_file(text, row.quote, row.anchor)
        if span is None:
            raise _lost(row)
        span = replaced_in_file(file.path, text, *span, row.suggestion or "")
        edits.append(Edit(f"suggestion of {row.author_name}", *span, row.suggestion or ""))
    data = apply_edits(text, edits).encode(errors="surrogateescape")
    return replace(file, size_bytes=len(data), digest=sha256(data).hexdigest(), data=data)


def _edit(document: SkillDocument, row: Comment) -> Edit:
    place = place_comment(document, heading_path=row.heading_path, anchor=row.anchor)
    if place.kind is not PlaceKind.QUOTE:
        raise _lost(row)
    start, end = replaced_span(document, place.start, place.end, row.suggestion or "")
    return Edit(f"suggestion of {row.author_name}", start, end, row.suggestion or "")


def _lost(row: Comment) -> ReviewRefused:
    where = f" in {row.path}" if row.path else ""
    return ReviewRefused(
        f"The words that {row.author_name} suggests to change are no longer there{where}, or stand there several times: "
        f"“{row.quote[:80]}”."
    )
