"""Entries of the audit as sentences."""

from datetime import UTC, datetime
from typing import Any

import pytest

from skills_app.domain.skill_timeline import KINDS, happening

CASES: list[tuple[str, dict[str, Any], dict[str, Any], str, str]] = [
    ("made_skill", {}, {"path": "a/x", "status": "draft"}, "made", "Made at a/x, as draft."),
    ("added_version", {}, {"number": 2, "origin": "run"}, "version", "Version 2 was generated."),
    ("added_version", {}, {"number": 3, "origin": "new"}, "version", "Version 3 was added."),
    ("placed_skill", {"path": "a"}, {"path": "b"}, "place", "Moved from a to b."),
    ("applied_change_of_place", {}, {"path": "b"}, "place", "Got the address b."),
    ("undid_change_of_place", {"path": "b"}, {"path": "a"}, "place", "Moved back from b to a."),
    (
        "applied_change_of_place",
        {"path": "a/x"},
        {"path": "a/x_k", "merged_into": "b/x"},
        "place",
        "Merged into b/x.",
    ),
    (
        "undid_change_of_place",
        {"path": "a/x_k", "merged_into": "b/x"},
        {"path": "a/x"},
        "place",
        "Taken out of b/x again, back at a/x.",
    ),
    ("decided_review", {}, {"decision": "request_changes"}, "review", "Reviewed: request changes."),
    ("promoted_version", {"version": ""}, {"version": "1.0.0"}, "publishing", "Published as 1.0.0."),
    (
        "promoted_version",
        {"version": "1.0.0"},
        {"version": "1.1.0"},
        "publishing",
        "Published as 1.1.0, in place of 1.0.0.",
    ),
    ("set_facets", {}, {"facets": [["lang", "go"]]}, "other", "Facets are lang: go."),
    ("did_a_new_thing", {}, {}, "other", "Did a new thing."),
]


@pytest.mark.parametrize(("verb", "before", "after", "kind", "sentence"), CASES)
def test_an_entry_is_told_in_a_sentence(
    verb: str, before: dict[str, Any], after: dict[str, Any], kind: str, sentence: str
) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    told = happening(at=at, who="ada", verb=verb, before=before, after=after, reason="so")
    assert (told.kind, told.sentence, told.who, told.reason) == (kind, sentence, "ada", "so")
    assert kind in KINDS


def test_version_and_review_are_named_only_by_number() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    after = {"number": 4, "version": "1.0.0", "review": 7}
    told = happening(at=at, who="ada", verb="promoted_version", before={}, after=after, reason="")
    assert (told.version, told.review) == (4, 7)
    told = happening(at=at, who="a", verb="x", before={}, after={"version": "1.0.0"}, reason="")
    assert (told.version, told.review) == (None, None)
