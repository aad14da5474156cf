"""Ask for a new version of a reviewed skill: the comments that are open become its request."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction

from runs_app.domain.errors import RequestInvalid
from runs_app.domain.generation import GenerationOptions, GenerationRequest
from runs_app.domain.revision import (
    LONGEST_FILE,
    LONGEST_INSTRUCTION,
    RevisedFile,
    Revision,
    require_revision,
)
from runs_app.models import Generation
from runs_app.queries.regeneration import is_at_work, latest_regeneration
from runs_app.services.request_generation import request_generation
from skills_app.models import Comment, Review, SkillFile
from skills_app.services.request_from_review import ReviewRequestText, open_comments, request_from_review
from skills_app.services.review_state import (
    audit_review,
    lock_review,
    require_takes_versions,
    require_version,
)


@dataclass(frozen=True, slots=True)
class Regenerated:
    """The generation, and whether it was asked for now; else somebody, or the same form sent twice, was first."""

    generation: Generation
    is_new: bool


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A comment on a file that no model rewrites, and why."""

    comment: Comment
    reason: str


def comments_to_meet(*, review: Review) -> tuple[list[Comment], list[LeftOut]]:
    """Return the open comments that a generation can meet, on the document and on text files, and those that it cannot."""
    found = open_comments(review=review)
    files = _commented_files(review, found)
    reasons = {path: _why_not(files.get(path)) for path in {row.path for row in found if row.path}}
    able = [row for row in found if not reasons.get(row.path)]
    return able, [LeftOut(row, reasons[row.path]) for row in found if reasons.get(row.path)]


def request_text(*, review: Review, comment_ids: Collection[int]) -> ReviewRequestText:
    """Return the request that the chosen comments make; those on files that no model rewrites do not go into it.

    Raises:
        ReviewRefused: none of them is open any more, or a generation can meet none.
    """
    able, _ = comments_to_meet(review=review)
    return request_from_review(review=review, comment_ids={row.pk for row in able} & set(comment_ids))


def _commented_files(review: Review, comments: Sequence[Comment]) -> dict[str, SkillFile]:
    paths = {row.path for row in comments if row.path}
    rows = review.version.files.filter(path__in=paths).defer("data") if paths else ()
    return {row.path: row for row in rows}


def _why_not(file: SkillFile | None) -> str:
    """Return why a model rewrites no such file; empty when it does."""
    if file is None:
        return "it is not in this version"
    if file.text is None:
        return "it is no text"
    if len(file.text) > LONGEST_FILE:
        return (
            f"it has {len(file.text):,} characters, and a model rewrites at most {LONGEST_FILE:,} of a file"
        )
    return ""


@transaction.atomic
def regenerate_from_review(
    *,
    review: Review,
    comment_ids: Collection[int],
    options: GenerationOptions,
    user: User,
    seen_number: int,
    seen_last: str = "",
    instruction: str = "",
) -> Regenerated:
    """Return the generation that makes a new version of the reviewed one from the chosen comments.

    ``seen_number`` is the version that the person saw, ``seen_last`` the key of the review's last generation that they knew
    of: a later one, or one that is at work, is returned instead of a second. The comments stay open.

    Raises:
        ReviewEnded, ReviewMoved: the review takes nothing more, or went on with another version.
        ReviewRefused: none of the comments is open, or a generation can meet none.
        RequestInvalid: the request is too long.
        ModelError: the model or the program that was chosen cannot be used.
    """
    locked = lock_review(review)
    last = latest_regeneration(locked)
    if last is not None and (is_at_work(last) or last.key != seen_last):
        return Regenerated(last, False)
    require_takes_versions(locked)
    require_version(locked, seen_number)
    if len(instruction) > LONGEST_INSTRUCTION:
        raise RequestInvalid(f"Say what else shall change in at most {LONGEST_INSTRUCTION:,} characters.")
    asked = request_text(review=locked, comment_ids=comment_ids)
    generation = request_generation(
        request=_request(locked, asked, instruction),
        options=options,
        user=user,
        skill=locked.skill,
        is_watched=True,
    )
    after: dict[str, object] = {"comments": list(asked.comment_ids), "generation": generation.key}
    audit_review(locked, "regenerated_from_review", user, after=after)
    return Regenerated(generation, True)


def _request(review: Review, asked: ReviewRequestText, instruction: str) -> GenerationRequest:
    version = review.version
    rows = version.files.filter(path__in=[one.path for one in asked.files])
    texts = dict(rows.values_list("path", "text"))
    revision = Revision(
        document=version.content,
        path=review.skill.path,
        version_number=version.number,
        feedback=asked.feedback,
        review_number=review.pk,
        comment_numbers=asked.comment_ids,
        files=tuple(
            RevisedFile(one.path, texts[one.path] or "", one.feedback, one.comment_ids) for one in asked.files
        ),
    )
    require_revision(revision)
    if version.content_kind != "markdown":
        raise RequestInvalid(
            "Only a skill that is a SKILL.md can be generated anew; this one is another kind of file."
        )
    also = instruction.strip()
    task = f"{asked.head}\n\nThe person who asks adds: {also}" if also else asked.head
    return GenerationRequest(task, revision=revision)
