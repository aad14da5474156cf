"""Front matter as fields, sizes as meters, measures as rows."""

import pytest

from skills_app.domain.document_card import (
    Meter,
    front_matter_fields,
    linked_files,
    missing_fields,
    size_meters,
    value_rows,
)
from skills_app.domain.documents import parse_document
from skills_app.domain.tokens import estimate_tokens

TEXT = """---
name: async-python
description: >-
  Use when
  waiting.
compatibility: ""
metadata:
  version: 1.0
  nested: {a: [1, 2]}
tags: [x, y]
version: 2
---
# T

one two
"""


def test_fields_have_kind_value_place_and_meter() -> None:
    fields = {field.key: field for field in front_matter_fields(parse_document(TEXT))}

    assert list(fields) == ["name", "description", "compatibility", "metadata", "tags", "version"]
    assert (fields["name"].kind, fields["name"].text, fields["name"].line) == ("text", "async-python", 2)
    assert fields["name"].meter is not None
    assert fields["name"].meter.text == "12 of 64 characters"
    assert (fields["description"].line, fields["description"].text) == (3, "Use when waiting.")
    assert fields["description"].end_line >= 5
    assert [item.key for item in fields["metadata"].items] == ["version", "nested"]
    assert fields["metadata"].items[1].text == "a: 1, 2"
    assert [item.text for item in fields["tags"].items] == ["x", "y"]
    assert (fields["version"].kind, fields["version"].is_in_spec) == ("integer", False)


def test_description_has_the_hosts_limits_marked() -> None:
    meter = front_matter_fields(parse_document(f"---\ndescription: {'x' * 1100}\n---\n"))[0].meter

    assert meter is not None
    assert (meter.value, meter.limit, meter.state, meter.scale) == (1100, 1024, "over", 1536)
    assert [mark.at for mark in meter.marks] == [1024, 1536]


@pytest.mark.parametrize(
    ("value", "state"), [(0, "ok"), (89, "ok"), (90, "near"), (100, "near"), (101, "over")]
)
def test_state_of_a_meter(value: int, state: str) -> None:
    assert Meter("m", value, 100, "lines").state == state


def test_missing_required_keys_are_named() -> None:
    assert missing_fields(parse_document("# no front matter")) == ("name", "description")
    assert missing_fields(parse_document(TEXT)) == ()


def test_sizes_count_lines_and_tokens_of_the_body() -> None:
    catalog, lines, tokens = size_meters(parse_document(TEXT), estimate_tokens)

    assert (lines.value, lines.limit) == (3, 500)
    assert tokens.limit == 5000
    assert 0 < tokens.value < 20
    assert tokens.note == "estimated"
    assert catalog.limit == 100


@pytest.mark.parametrize(
    "text", ["", "---", "---\n[", "---\n- a\n---\n", "---\na: &x [*x]\n---\n", "---\na: 1\na: 2\n---\n"]
)
def test_odd_front_matter_gives_fields_or_none(text: str) -> None:
    document = parse_document(text)

    assert isinstance(front_matter_fields(document), tuple)
    assert size_meters(document, estimate_tokens)


def test_values_become_rows() -> None:
    rows = value_rows(
        {"a": True, "b": {"c": 0.59684782, "d": {"e": None}}, "f": ["x", {"y": 1}], "g": "t", "h": 3}
    )

    assert [(row.name, row.kind, row.text) for row in rows] == [
        ("a", "flag", "yes"),
        ("b.c", "text", "0.5968"),
        ("b.d.e", "text", "–"),
        ("f", "list", ""),
        ("g", "text", "t"),
        ("h", "text", "3"),
    ]
    assert rows[3].items == ("x", "y: 1")
    assert rows[0].status == "passed"


def test_linked_files_are_paths_inside_or_outside_the_folder() -> None:
    text = "[a](references/a.md#x) [b](./b%20c.md?q) ![i](assets/i.png) [w](https://x.test/y.md) [m](mailto:a@b.c) [r](/etc/x) [#](#h) [up](../z.md)"

    assert linked_files(parse_document(text)) == {"references/a.md", "b c.md", "assets/i.png", "../z.md"}
