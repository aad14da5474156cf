"""Where findings stand in a document."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills_app.domain.anchoring import find_place
from skills_app.domain.documents import parse_document
from skills_app.domain.records import CheckRecord

TEXT = """---
name: design-system
description: Use when designs drift.
---

# Design System

## Core Principle

Every design decision MUST be tokenised. It doesn't matter whose tokens they are.

## When to Use This Skill

Use `blue-500` here.

### 4. Accessibility & Governance

Text.

## Overview

The end of design-system.
"""
DOCUMENT = parse_document(TEXT)
LINES = TEXT.splitlines()


def found(
    message: str = "",
    *,
    title: str = "",
    rule_id: str = "x",
    line: int | None = None,
    column: int | None = None,
):
    """Return the text at the place that was found, and its line."""
    check = CheckRecord(rule_id, title=title, message=message, line=line, column=column)
    place = find_place(DOCUMENT, check)
    if place is None:
        return None
    lines = DOCUMENT.lines
    start, end = lines.offset(place.line, place.column), lines.offset(place.end_line, place.end_column)
    return place.line, TEXT[start:end]


CASES = [
    # a line that is given wins over everything
    ({"line": 8, "message": "see 'blue-500'"}, (8, "## Core Principle")),
    ({"line": 8, "column": 4}, (8, "Core Principle")),
    ({"line": 900, "message": "see 'blue-500'"}, None),
    # quotations, the longest that stands in the text, the body before the front matter
    ({"message": "Raw value `blue-500` is used."}, (14, "blue-500")),
    (
        {"message": "The sentence “every design decision must be tokenised” is fine."},
        (10, "Every design decision MUST be tokenised"),
    ),
    ({"message": "Found 'tokens' in 'It doesn't matter whose tokens they are'."}, (10, "tokens")),
    ({"message": "Skill name 'design-system' uses kebab-case."}, (22, "design-system")),
    ({"message": "The description 'Use when designs drift.' is short."}, (3, "Use when designs drift.")),
    ({"message": "It doesn't and won't quote."}, None),
    ({"message": "'Absent words' are missing."}, None),
    # headings
    ({"message": "The Core Principle is weak."}, (8, "## Core Principle")),
    ({"message": "The overview section is thin."}, (20, "## Overview")),
    ({"message": "Add an overview."}, None),
    ({"message": "Comprehensive accessibility section included."}, (16, "### 4. Accessibility & Governance")),
    ({"title": "when_to_use this skill", "message": "ok"}, (12, "## When to Use This Skill")),
    # front matter
    (
        {"rule_id": "spec_frontmatter", "message": "Correct."},
        (1, "---\nname: design-system\ndescription: Use when designs drift.\n---"),
    ),
    ({"rule_id": "naming", "message": "Correct."}, (2, "design-system")),
    ({"title": "Description quality", "message": "Correct."}, (3, "Use when designs drift.")),
    (
        {"rule_id": "meta_consistency", "title": "Metadata Consistency", "message": "Same."},
        (1, "---\nname: design-system\ndescription: Use when designs drift.\n---"),
    ),
    ({"rule_id": "license", "title": "License", "message": "None given."}, None),
    ({"rule_id": "syntax", "message": "Modern."}, None),
]


@pytest.mark.parametrize(("check", "expected"), CASES)
def test_a_finding_stands_where_its_words_point(
    check: dict[str, object], expected: tuple[int, str] | None
) -> None:
    assert found(**check) == expected  # type: ignore[arg-type]


def test_a_document_without_front_matter_has_no_place_for_its_name() -> None:
    document = parse_document("# Only text\n")
    assert find_place(document, CheckRecord("naming", message="Correct.")) is None


@given(
    st.text(max_size=200),
    st.text(max_size=200),
    st.none() | st.integers(-5, 50),
    st.none() | st.integers(-5, 50),
)
def test_every_place_lies_in_the_document(
    text: str, message: str, line: int | None, column: int | None
) -> None:
    document = parse_document(text)
    place = find_place(document, CheckRecord("naming section", message=message, line=line, column=column))
    if place is not None:
        assert 1 <= place.line <= place.end_line <= len(document.lines)
        assert (place.line, place.column) <= (place.end_line, place.end_column)
