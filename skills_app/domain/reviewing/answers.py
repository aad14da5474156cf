"""What a newer version does about a comment, by rule: met, partly met or not met, with the passage. The commenter decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from skills_app.domain.documents import SkillDocument
from skills_app.domain.outline import Section
from skills_app.domain.reviewing.passages import (
    PassageChange,
    added_pieces,
    change_of_passage,
)
from skills_app.domain.reviewing.places import PlaceKind, place_comment, section_at, words_of_file

LONGEST_PASSAGE = 600


class Answer(StrEnum):
    """How far a newer version meets a comment."""

    MET = "met"
    PARTLY = "partly met"
    NOT_MET = "not met"


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer, why in a sentence, and the passage: as the newer version has it, and ``before``; both may be empty.

    ``is_around`` says that the words of ``before`` still stand and the passage is what changed beside them; ``is_suggested``
    that it is the suggested words.
    """

    answer: Answer
    sentence: str
    passage: str = ""
    before: str = ""
    is_around: bool = False
    is_suggested: bool = False


def answer_to_file(before: str | None, after: str | None) -> Answered:
    """Return what became of a comment on a file that is no text, by the file's digests in both versions; None: it is not there."""
    if after is None:
        return Answered(Answer.PARTLY, "The file is gone.")
    if before == after:
        return Answered(Answer.NOT_MET, "The file is as it was.")
    return Answered(
        Answer.PARTLY, "The file changed; whether that meets the comment is the commenter's to say."
    )


def answer_to_removed(*, is_back: bool) -> Answered:
    """Return what a version does about a comment on words that an earlier one removed; ``is_back``: it has them again."""
    if is_back:
        return Answered(Answer.MET, "The removed words stand there again.")
    sentence = "The words are still removed; whether that meets the comment is the commenter's to say."
    return Answered(Answer.PARTLY, sentence)


def answer_in_file(
    before: str,
    after: str,
    *,
    quote: str = "",
    anchor: Mapping[str, Any] | None = None,
    suggestion: str | None = None,
) -> Answered:
    """Return what the text ``after`` of a file does about a comment on ``before``, or on ``quote`` in it, with the passage.

    Of several places of the quote the ``anchor`` says which one is meant.
    """
    if before == after:
        return Answered(Answer.NOT_MET, "The file is as it was.")
    span = words_of_file(before, quote, anchor) if quote else None
    if span is None:
        sentence = "The file changed; whether that meets the comment is the commenter's to say."
        now, gone = added_pieces(before, after), added_pieces(after, before)
        return Answered(Answer.PARTLY, sentence, now[:LONGEST_PASSAGE], gone[:LONGEST_PASSAGE])
    change = change_of_passage(before, after, *span)
    found = _in_text(before, after, quote, suggestion, change)
    return replace(found, before=quote[:LONGEST_PASSAGE])


def _in_text(
    before: str, after: str, quote: str, suggestion: str | None, change: PassageChange | None
) -> Answered:
    wanted = _flat(suggestion or "")
    if wanted and wanted in _flat(after) and wanted not in _flat(before):
        passage = (suggestion or "")[:LONGEST_PASSAGE]
        return Answered(Answer.MET, "The suggested words stand there now.", passage, is_suggested=True)
    if change.stands if change else _flat(quote) in _flat(after):
        return _of_standing_words(quote, None, None, change)
    if suggestion == "":
        return Answered(Answer.MET, "The words are gone, as was suggested.", is_suggested=True)
    return _of_gone_words(change.now if change else added_pieces(before, after), change, suggestion)


def answer_in(
    before: SkillDocument,
    after: SkillDocument,
    *,
    heading_path: Sequence[str] = (),
    anchor: Mapping[str, Any] | None = None,
    suggestion: str | None = None,
) -> Answered:
    """Return what ``after`` does about a comment that was written on ``before``.

    A comment on words is answered by the passage that they stand in: met takes that they changed, all of them, and to those
    suggested if there was a suggestion. Words that stand are partly met when their own sentence or the text right beside
    it changed, and not met when only other text of the section did. A section that changed under a comment on the whole of it is
    partly met: no rule can know more.
    """
    if before.text == after.text:
        return Answered(Answer.NOT_MET, "Nothing changed.")
    if anchor is None and not heading_path:
        return Answered(
            Answer.PARTLY, "The document changed; whether that meets the comment is the commenter's to say."
        )
    path = tuple(heading_path)
    old, new = section_at(before, path), section_at(after, path)
    if anchor is not None:
        change = _change_at(before, after, old, new, anchor)
        found = _to_quote(after, old, new, anchor, path, suggestion, change)
        return replace(found, before=str(anchor["quote"])[:LONGEST_PASSAGE])
    if new is None:
        return Answered(Answer.PARTLY, "The section is gone.")
    if old is not None and old.digest == new.digest:
        return Answered(Answer.NOT_MET, "The section is as it was.")
    sentence = "The section changed; whether that meets the comment is the commenter's to say."
    return Answered(Answer.PARTLY, sentence, _changed(old, new), _changed(new, old))


def _to_quote(
    after: SkillDocument,
    old: Section | None,
    new: Section | None,
    anchor: Mapping[str, Any],
    path: tuple[str, ...],
    suggestion: str | None,
    change: PassageChange | None,
) -> Answered:
    quote = str(anchor["quote"])
    if suggestion and _is_added_to(quote, suggestion, old, new):
        passage = suggestion[:LONGEST_PASSAGE]
        return Answered(Answer.MET, "The suggested words stand there now.", passage, is_suggested=True)
    place = place_comment(after, heading_path=path, anchor=anchor)
    if place.kind is PlaceKind.QUOTE or (change is not None and change.stands):
        return _of_standing_words(quote, old, new, change)
    if suggestion and _flat(suggestion) in _flat(new.text if new else after.text):
        passage = suggestion[:LONGEST_PASSAGE]
        return Answered(Answer.MET, "The suggested words stand there now.", passage, is_suggested=True)
    if suggestion == "":
        return Answered(Answer.MET, "The words are gone, as was suggested.", is_suggested=True)
    if path and new is None:
        return Answered(Answer.PARTLY, "The section is gone, and the words with it.")
    return _of_gone_words(change.now if change else _changed(old, new), change, suggestion)


def _of_gone_words(passage: str, change: PassageChange | None, suggestion: str | None) -> Answered:
    """Return the answer to words that stand no more, by the ``passage`` that took their place."""
    passage = passage[:LONGEST_PASSAGE]
    if suggestion is not None:
        return Answered(Answer.PARTLY, "The words changed, but not to those suggested.", passage)
    if not passage:
        return Answered(Answer.PARTLY, "The words are gone, and nothing took their place.")
    if change and change.num_standing:
        sentence = "Part of the passage changed; the rest of it stands as it was."
        return Answered(Answer.PARTLY, sentence, passage)
    return Answered(Answer.MET, "The words changed.", passage)


def _of_standing_words(
    quote: str, old: Section | None, new: Section | None, change: PassageChange | None
) -> Answered:
    """Return the answer to words that still stand: by what became of the passage that they stand in."""
    same = quote[:LONGEST_PASSAGE]
    if old is not None and new is not None and old.digest == new.digest:
        return Answered(Answer.NOT_MET, "The words and their section are as they were.", same)
    if change is None:
        sentence = "The words still stand; other text around them changed."
        return Answered(Answer.PARTLY, sentence, _changed(old, new), is_around=True)
    if change.now:
        sentence = "The words still stand; the passage around them changed."
        return Answered(Answer.PARTLY, sentence, change.now[:LONGEST_PASSAGE], is_around=True)
    if change.beside:
        sentence = "The words still stand; other text right beside them changed."
        return Answered(Answer.PARTLY, sentence, change.beside[:LONGEST_PASSAGE], is_around=True)
    return Answered(
        Answer.NOT_MET,
        "The words and what stands beside them are as they were; only other text changed.",
        same,
    )


def _change_at(
    before: SkillDocument,
    after: SkillDocument,
    old: Section | None,
    new: Section | None,
    anchor: Mapping[str, Any],
) -> PassageChange | None:
    """Return what became of the passage of the quote, within its section; None when that cannot be said."""
    if old is None or new is None:
        return None
    place = place_comment(before, heading_path=(), anchor=anchor)
    if place.kind is not PlaceKind.QUOTE or not old.start <= place.start < old.end:
        return None
    return change_of_passage(old.text, new.text, place.start - old.start, min(place.end, old.end) - old.start)


def _is_added_to(quote: str, suggestion: str, old: Section | None, new: Section | None) -> bool:
    """Whether a suggestion that repeats the quoted words, and adds some, stands in the section and did not before."""
    wanted = _flat(suggestion)
    if old is None or new is None or _flat(quote) not in wanted:
        return False
    return wanted in _flat(new.text) and wanted not in _flat(old.text)


def _changed(old: Section | None, new: Section | None) -> str:
    """Return the sentences and lines of ``new`` that ``old`` has not."""
    if new is None:
        return ""
    return added_pieces(old.text if old else "", new.text)[:LONGEST_PASSAGE]


def _flat(text: str) -> str:
    return " ".join(text.split())
