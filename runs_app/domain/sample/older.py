"""Older versions of a document, told by what they lacked."""

import re
from collections.abc import Iterable, Sequence

from runs_app.domain.sample.shapes import SampleError
from skills_app.domain.documents import parse_document

_VERSION_LINE = re.compile(r"^(  version: ).*$", re.MULTILINE)


def older_document(text: str, *, drop: Iterable[str], replace: Iterable[Sequence[str]]) -> str:
    """Return ``text`` without the sections that begin with the headings in ``drop``, and with passages replaced.

    A heading is written as in the document (``## Red Flags``); its section reaches to the next heading of its level or
    above. Each passage must be there exactly once, so that a change of the document is noticed here.

    Raises:
        SampleError: a heading or passage is not there, or not once.
    """
    for heading in drop:
        text = _without_section(text, heading)
    for old, new in replace:
        if text.count(old) != 1:
            raise SampleError(
                f"The passage “{old[:60]}” stands {text.count(old)} times in the sample document."
            )
        text = text.replace(old, new)
    return text


def with_version(text: str, number: str) -> str:
    """Return ``text`` with ``number`` as the version in its front matter."""
    return _VERSION_LINE.sub(rf"\g<1>{number}", text, count=1)


def _without_section(text: str, heading: str) -> str:
    marks, _, title = heading.partition(" ")
    outline = parse_document(text).outline
    for position, found in enumerate(outline):
        if found.level == len(marks) and found.text == title:
            after = [later.start for later in outline[position + 1 :] if later.level <= found.level]
            end = after[0] if after else len(text)
            kept = text[: found.start] + text[end:]
            return kept.rstrip("\n") + "\n"
    raise SampleError(f"The sample document has no section “{heading}”.")
