"""A one-file JSON skill as SKILL.md: the same facts, in a form every host reads, and a sentence for what cannot be written."""

import json

import pytest

from skills_app.domain.documents import parse_document
from skills_app.domain.errors import DocumentWriteError
from skills_app.domain.json_skills import document_of_json

RECORD = {
    "skill_id": "_core/state_keeping",
    "version": "1.0.0",
    "type": "cognitive",
    "weight": "lightweight",
    "load_priority": "always",
    "always_loaded": True,
    "dependencies": [],
    "capabilities": ["keep_state", "find_state"],
    "description": "Keeps state | at hand",
    "created_at": "2026-01-06T00:00:00Z",
    "limits": {"most": 3, "note": "a | b"},
}


def test_the_document_says_what_the_record_says() -> None:
    document = parse_document(document_of_json(json.dumps(RECORD), slug="state_keeping"))

    assert document.front_matter is not None
    assert dict(document.front_matter.values) == {
        "name": "state-keeping",
        "description": "Keeps state | at hand",
        "metadata": {
            "version": "1.0.0",
            "type": "cognitive",
            "weight": "lightweight",
            "load_priority": "always",
        },
    }
    assert "# State keeping\n" in document.text
    assert "- keep_state\n- find_state\n" in document.text
    assert "| always_loaded | true |" in document.text
    assert "| created_at | 2026-01-06T00:00:00Z |" in document.text
    assert '| limits | {"most": 3, "note": "a \\| b"} |' in document.text
    assert "dependencies" not in document.text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "no JSON that can be read"),
        ("[1]", "not an object"),
        ("{}", "description"),
        ('{"description": "a <b>"}', "without “<” and “>”"),
        ("[" * 100_000, "no JSON that can be read"),
    ],
)
def test_what_cannot_be_written_is_said(text: str, words: str) -> None:
    with pytest.raises(DocumentWriteError, match=words):
        document_of_json(text, slug="one")
