"""From a plan and a body to the whole SKILL.md, in the form that every host loads; and what a scorer says of it."""

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from runs_app.domain.early_checks import mended_description
from runs_app.pipeline.understand import Plan
from skills_app.domain.documents import SkillDocument, parse_document
from skills_app.domain.errors import DocumentEditError, DocumentWriteError
from skills_app.domain.scoring import FLEET1_SCORER, SCORERS
from skills_app.domain.scoring.score import Score
from skills_app.domain.writing import FieldValue, with_front_matter_value, write_document

_FENCED = re.compile(r"\A\s*```(?:markdown|md)?[ \t]*\n(.*)\n```\s*\Z", re.DOTALL)
_FILE_FENCED = re.compile(r"\A\s*```[^\n`]*\n(.*)\n```\s*\Z", re.DOTALL)
_FORBIDDEN = re.compile("[\x00\ud800-\udfff]")
_LISTS = ("keywords", "tags", "capabilities")
_WORDS = ("version", "type", "weight", "load_priority")


def body_of(text: str) -> str:
    """Return the Markdown body of what a model wrote: without a fence around it all and without front matter of its own."""
    fenced = _FENCED.match(text)
    inner = _FORBIDDEN.sub("", fenced[1] if fenced else text)
    document = parse_document(inner.lstrip("\ufeff \n"))
    return (document.body if document.front_matter is not None else inner).strip("\n") + "\n"


def file_text_of(answer: str, before: str) -> str:
    """Return the text of a file that a model gave back for ``before``: without a fence around it all, with the line breaks
    and the end that it had; ``before`` itself when nothing came back.
    """
    fenced = None if before.lstrip().startswith("```") else _FILE_FENCED.match(answer)
    text = _FORBIDDEN.sub("", fenced[1] if fenced else answer).replace("\r\n", "\n")
    if not text.strip():
        return before
    plain = before.replace("\r\n", "\n")
    lead = plain[: len(plain) - len(plain.lstrip("\n"))]
    end = plain[len(plain.rstrip("\n")) :]
    text = lead + text.strip("\n") + end
    return text.replace("\n", "\r\n") if "\r\n" in before else text


def document_of(plan: Plan, body: str, *, is_rehearsal: bool) -> str:
    """Return the SKILL.md of a plan with this body; one that is revised keeps its front matter and its line breaks."""
    if plan.head:
        text = body_of(body)
        return plan.head + (text.replace("\n", "\r\n") if "\r\n" in plan.head else text)
    given = plan.metadata
    metadata = {"skill_id": plan.path}
    metadata |= {key: _line(str(given[key])) for key in _WORDS if given.get(key)}
    metadata |= {
        key: ", ".join(_line(one) for one in given[key] if one.strip()) for key in _LISTS if given.get(key)
    }
    if is_rehearsal:
        metadata["rehearsal"] = "true"
    fields: dict[str, FieldValue] = {"name": plan.name, "description": plan.description, "metadata": metadata}
    return write_document(fields, body_of(body), folder_name=plan.name)


def head_of(document: SkillDocument) -> str:
    """Return what stands before the first word of a document's body, with the blank lines; empty without front matter."""
    if document.front_matter is None:
        return ""
    blank = document.body[: len(document.body) - len(document.body.lstrip("\r\n"))]
    return document.text[: document.body_start] + blank


def revised_head(document: SkillDocument, answer: str, *, is_rehearsal: bool) -> SkillDocument:
    """Return ``document`` with the values of front matter that a model changed in its ``answer``, every other byte kept.

    Its name and address stay whatever the model says, no key is taken away, and a value that cannot be written is left as it
    was. A rehearsal marks itself.
    """
    fenced = _FENCED.match(answer)
    said = parse_document((fenced[1] if fenced else answer).lstrip("\ufeff \n")).front_matter
    for keys, value in _changed_values(document, said.values if said and said.is_mapping else {}):
        with contextlib.suppress(DocumentEditError, DocumentWriteError):
            document = with_front_matter_value(document, keys, value)
    if is_rehearsal and document.front_matter is not None:
        with contextlib.suppress(DocumentEditError):
            document = with_front_matter_value(document, ("metadata", "rehearsal"), "true")
    return document


def _changed_values(
    document: SkillDocument, said: Mapping[str, Any]
) -> Iterator[tuple[tuple[str, ...], str]]:
    old = document.front_matter.values if document.front_matter else {}
    nested, known = said.get("metadata"), old.get("metadata")
    known = known if isinstance(known, Mapping) else {}
    pairs: list[tuple[tuple[str, ...], Any, Any]] = [
        ((str(key),), value, old.get(key)) for key, value in said.items() if key != "name"
    ]
    if isinstance(nested, Mapping):
        pairs += [
            (("metadata", str(key)), value, known.get(key))
            for key, value in nested.items()
            if key != "skill_id"
        ]
    for keys, value, before in pairs:
        if isinstance(value, str) and value.strip() and value != before:
            text = mended_description(value) if keys == ("description",) else _line(value)
            if text != before:
                yield keys, text


def score_of(document: str, scorer: str) -> Score:
    """Return what ``scorer`` says of a document; an unknown name is read as our own scorer."""
    return SCORERS.get(scorer, SCORERS[FLEET1_SCORER])(document)


def metadata_text(plan: Plan) -> str:
    """Return the plan's metadata as a model is shown it."""
    return json.dumps(dict(plan.metadata), ensure_ascii=False)


def _line(text: str) -> str:
    return " ".join(_FORBIDDEN.sub("", text).split())
