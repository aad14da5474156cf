"""What the version under review does about each comment that was written on an earlier one."""

from collections.abc import Sequence

from skills_app.domain.documents import SkillDocument, parse_document
from skills_app.domain.reviewing.answers import (
    Answered,
    answer_in,
    answer_in_file,
    answer_to_file,
    answer_to_removed,
)
from skills_app.domain.reviewing.places import PlaceKind, place_comment, removed_in, words_of_file
from skills_app.models import Comment, SkillFile, SkillVersion
from skills_app.queries.comment_paths import paths_in


def answer_comments(
    *, version: SkillVersion, document: SkillDocument, comments: Sequence[Comment]
) -> dict[int, Answered]:
    """Return the answer to each comment, by its key, that was written on another version; the same number of queries for any number.

    A comment on words that this or a later version removed is about that one and has none.
    """
    earlier = [
        row for row in comments if row.version_id != version.pk and removed_in(row.anchor) < version.number
    ]
    if not earlier:
        return {}
    keys = {row.version_id for row in earlier}
    texts = SkillVersion.objects.filter(pk__in=keys).values_list("pk", "content")
    documents = {pk: parse_document(content) for pk, content in texts}
    now = paths_in(version, earlier)
    files = _files({*keys, version.pk}, {*(row.path for row in earlier if row.path), *now.values()})
    found = {}
    for row in earlier:
        before, after = (
            files.get((row.version_id, row.path)),
            files.get((version.pk, now.get(row.pk, row.path))),
        )
        if removed_in(row.anchor):
            found[row.pk] = answer_to_removed(is_back=_is_back(row, document, after))
        elif row.path:
            found[row.pk] = _of_file(row, before, after)
        else:
            found[row.pk] = answer_in(
                documents[row.version_id],
                document,
                heading_path=row.heading_path,
                anchor=row.anchor,
                suggestion=row.suggestion,
            )
    return found


def _is_back(comment: Comment, document: SkillDocument, file: tuple[str, str | None] | None) -> bool:
    """Whether removed words stand in the document, or in the file that they were of."""
    if comment.path:
        return file is not None and words_of_file(file[1] or "", comment.quote, comment.anchor) is not None
    place = place_comment(document, heading_path=comment.heading_path, anchor=comment.anchor)
    return place.kind is PlaceKind.QUOTE


def _files(versions: set[int], paths: set[str]) -> dict[tuple[int, str], tuple[str, str | None]]:
    """Return digest and text of files by version and path."""
    rows = SkillFile.objects.filter(version__in=versions, path__in=paths)
    values = rows.values_list("version_id", "path", "digest", "text")
    return {(pk, path): (digest, text) for pk, path, digest, text in values}


def _of_file(
    comment: Comment, before: tuple[str, str | None] | None, after: tuple[str, str | None] | None
) -> Answered:
    if before and after and before[1] is not None and after[1] is not None:
        return answer_in_file(
            before[1], after[1], quote=comment.quote, anchor=comment.anchor, suggestion=comment.suggestion
        )
    return answer_to_file(before[0] if before else None, after[0] if after else None)
