"""Making a skill anew: what is refused, what survives JSON, and which comment a model speaks of."""

import json
from dataclasses import replace

import pytest

from runs_app.domain.errors import RequestInvalid
from runs_app.domain.generation import GenerationRequest, request_as_data, request_from_data
from runs_app.domain.rehearsal import rehearse
from runs_app.domain.revision import (
    LONGEST_DOCUMENT,
    LONGEST_FEEDBACK,
    Revision,
    require_revision,
    sayings_by_comment,
)

REVISION = Revision("---\nname: csv\n---\n# CSV\n", "data/csv", 3, "[C12] Say more.", 7, (12, 13))


def test_a_request_with_a_revision_survives_json() -> None:
    request = GenerationRequest("Revise it.", revision=REVISION)

    assert request_from_data(json.loads(json.dumps(request_as_data(request)))) == request
    assert REVISION.name == "csv"


def test_a_request_of_a_new_skill_has_no_key_of_a_revision() -> None:
    data = request_as_data(GenerationRequest("Make it."))

    assert "revision" not in data
    assert request_from_data(data).revision is None


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"feedback": " \n"}, "at least one comment"),
        ({"feedback": "x" * (LONGEST_FEEDBACK + 1)}, "Choose fewer"),
        ({"document": "x" * (LONGEST_DOCUMENT + 1)}, "200,000"),
    ],
)
def test_what_no_model_can_be_given_is_refused(fields: dict[str, str], words: str) -> None:
    with pytest.raises(RequestInvalid, match=words):
        require_revision(replace(REVISION, **fields))  # type: ignore[arg-type]


def test_a_revision_at_the_limits_passes() -> None:
    require_revision(replace(REVISION, feedback="x" * LONGEST_FEEDBACK, document="x" * LONGEST_DOCUMENT))


def test_a_sentence_belongs_to_the_comments_that_it_names() -> None:
    found = sayings_by_comment(
        changes=["[C12] Named the number.", "Mended a typing error.", "C12 and C13: one table."],
        unaddressed=["[C13]: no source is known", "[C99] nobody asked this"],
        comment_numbers=(12, 13),
    )

    assert found == {
        12: "Changed: Named the number.\nChanged: C12 and C13: one table.",
        13: "Changed: C12 and C13: one table.\nNot met: no source is known",
    }


def test_a_long_saying_is_cut() -> None:
    said = sayings_by_comment(changes=["[C1] " + "x" * 5_000], unaddressed=(), comment_numbers=[1])

    assert len(said[1]) == 1_000
    assert said[1].endswith("…")


SYSTEM = (
    "Your input fields are:\n1. `current_content` (str):\n2. `user_feedback` (str):\n"
    "Your output fields are:\n1. `refined_content` (str):\nAll interactions will be structured"
)


@pytest.mark.parametrize(
    ("feedback", "expected"),
    [
        (
            "About this passage:\n> old words\nWhy.\nProposed instead:\n> new\n> lines",
            "# A\n\nnew\nlines stay.",
        ),
        (
            "About this passage:\n> old words\nSay more.",
            "# A\n\nold words stay.\n\nChanged once in a rehearsal.",
        ),
        (
            "About this passage:\n> old words\nSay more.\n\n[C2] Section:\nProposed instead:\n> new",
            "# A\n\nold words stay.\n\nChanged once in a rehearsal.",
        ),
    ],
)
def test_a_rehearsal_takes_what_is_proposed_and_makes_up_nothing_else(feedback: str, expected: str) -> None:
    user = f"[[ ## current_content ## ]]\n# A\n\nold words stay.\n\n[[ ## user_feedback ## ]]\n{feedback}"

    answer = rehearse(SYSTEM, user)

    assert answer.partition("## ]]\n")[2].partition("\n\n[[ ## completed")[0].strip() == expected
