"""What the parser sees in a document, and that nothing makes it raise."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skills_app.domain.documents import parse_document
from skills_app.domain.findings import Edit, Place
from skills_app.domain.yaml_nodes import NodeKind
from tests.effort import within_reason
from tests.skills_app.domain.diffing.texts import LINES

GOOD = """---
name: pdf-forms
description: "Fill PDF forms. Use when a form must be filled."
metadata:
  version: 1.0.0
  tags: [a, "b c"]
---
# PDF forms

See [the guide](references/guide.md#top "Guide") and ![logo](assets/logo.png).

```python
# not a heading
print("[no](link.md)")
```

## Steps

1. First `[not](a-link.md)`
   ```bash
   ls
   ```

Second level
------------

## Steps
[ref]: https://example.org
Use [ref] and <https://example.com>.
"""


def problems_of(source: bytes | str) -> list[str]:
    return [finding.rule_id for finding in parse_document(source).problems]


def test_front_matter_gives_every_key_and_value_its_place():
    document = parse_document(GOOD)
    front_matter = document.front_matter
    assert front_matter is not None
    assert front_matter.keys == ("name", "description", "metadata")
    assert front_matter.entry("name").key_node.place == Place(2, 1, 2, 5)
    assert front_matter.entry("name").value.place == Place(2, 7, 2, 16)
    assert front_matter.node("metadata", "version").place == Place(5, 12, 5, 17)
    assert front_matter.node("metadata", "tags").items[1].place == Place(6, 13, 6, 18)
    assert front_matter.node("metadata", "tags").style == "flow"
    assert front_matter.node("description").style == "double"
    assert front_matter.values["metadata"] == {"version": "1.0.0", "tags": ["a", "b c"]}
    assert document.name == "pdf-forms"
    assert document.problems == ()
    assert document.body.startswith("# PDF forms")
    assert document.body_line == 8


def test_outline_has_levels_unique_anchors_and_paths_and_skips_code():
    outline = parse_document(GOOD).outline
    assert [(h.level, h.text, h.anchor, h.line) for h in outline] == [
        (1, "PDF forms", "pdf-forms", 8),
        (2, "Steps", "steps", 17),
        (2, "Second level", "second-level", 24),
        (2, "Steps", "steps-1", 27),
    ]
    assert outline[1].path == ("PDF forms", "Steps")


def test_code_blocks_know_language_text_and_lines():
    blocks = parse_document(GOOD).code_blocks
    assert [(b.language, b.text, b.start_line, b.end_line, b.is_closed) for b in blocks] == [
        ("python", '# not a heading\nprint("[no](link.md)")\n', 12, 15, True),
        ("bash", "ls\n", 20, 22, True),
    ]


def test_links_have_targets_and_places_and_code_spans_hide_them():
    document = parse_document(GOOD)
    assert [(link.kind, link.target) for link in document.links] == [
        ("inline", "references/guide.md#top"),
        ("image", "assets/logo.png"),
        ("reference", "https://example.org"),
        ("autolink", "https://example.com"),
    ]
    first = document.links[0]
    assert document.text[first.target_start : first.target_end] == first.target
    assert (first.path, first.fragment) == ("references/guide.md", "top")
    assert first.place == Place(10, 5, 10, 49)


def test_sections_cover_the_body_and_keep_their_digest_when_others_change():
    document = parse_document(GOOD)
    assert "".join(section.text for section in document.sections) == document.body
    changed = parse_document(GOOD.replace("Second level", "Other level").replace("1. First", "\n1. First"))
    before = {s.path: s.digest for s in document.sections}
    after = {s.path: s.digest for s in changed.sections}
    assert before["PDF forms",] == after["PDF forms",]
    assert before["PDF forms", "Steps"] == after["PDF forms", "Steps"]
    assert document.structure.section_at(21).anchor == "steps"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", ["front-matter.missing"]),
        ("# Only a body\n", ["front-matter.missing"]),
        ("\n---\nname: a\n---\n", ["front-matter.missing"]),
        ("---\nname: a\n", ["front-matter.unclosed"]),
        ("---\n---\n", ["front-matter.not-mapping"]),
        ("---\n- a\n---\n", ["front-matter.not-mapping"]),
        ("---\nname: a\nname: b\n---\n", ["front-matter.duplicate-key"]),
        ("---\na: &x 1\nb: *x\n---\n", ["front-matter.anchor", "front-matter.alias"]),
        ("---\na: *x\n---\n", ["front-matter.yaml-error"]),
        ("---\n\tname: a\n---\n", ["front-matter.yaml-error"]),
        ("---\nname: a: b\n---\n", ["front-matter.yaml-error"]),
        ("---\nname: a\x01\n---\n", ["front-matter.yaml-error"]),
        ("---\n? [a]\n: b\n---\n", ["front-matter.yaml-error"]),
        ("---\na: 1\n...\nb: 2\n---\n", ["front-matter.yaml-error"]),
        ("---\na: " + "[" * 70 + "]" * 70 + "\n---\n", ["front-matter.too-deep"]),
        ("---\na: [" + "x," * 20_001 + "]\n---\n", ["front-matter.too-large"]),
        ("---\na: " + "x" * 300_000 + "\n---\n", ["front-matter.too-large"]),
        ("\ufeff---\nname: a\n---\n", ["document.bom"]),
        (b"---\nname: a\n---\n\xff\xfe", ["document.not-utf8"]),
        ("---\nname: a\n---\n\x00", ["document.nul"]),
        ("---\nname: foo --- bar\n---\n", []),
        ("---\r\nname: a\r\n---\r\nbody\r\n", []),
        ("---\rname: a\r---\rbody\r", []),
    ],
)
def test_problems_are_named_and_placed(source, expected):
    document = parse_document(source)
    assert [finding.rule_id for finding in document.problems] == expected
    assert all(finding.place is not None and finding.message.endswith(".") for finding in document.problems)


def test_a_yaml_bomb_is_a_finding_and_is_not_expanded():
    levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    with within_reason():
        document = parse_document(f"---\nname: bomb\na0: &a0 lol\n{levels}---\n")
    assert "front-matter.bomb" in [f.rule_id for f in document.problems]
    assert document.front_matter.values == {}
    assert document.name == "bomb"


@pytest.mark.parametrize(
    ("value", "kind", "plain"),
    [
        ("text", NodeKind.TEXT, "text"),
        ("12", NodeKind.INTEGER, 12),
        ("0x1f", NodeKind.INTEGER, 31),
        ("1.50", NodeKind.FLOAT, 1.5),
        ("yes", NodeKind.BOOLEAN, True),
        ("Off", NodeKind.BOOLEAN, False),
        ("~", NodeKind.NULL, None),
        ("", NodeKind.NULL, None),
        ("2026-01-31", NodeKind.TIMESTAMP, "2026-01-31"),
        ("1:30", NodeKind.INTEGER, "1:30"),
        ("'12'", NodeKind.TEXT, "12"),
        ("!!str 12", NodeKind.TEXT, "12"),
        ("9" * 5000, NodeKind.INTEGER, "9" * 5000),
    ],
)
def test_scalars_have_the_type_that_yaml_gives_them(value, kind, plain):
    front_matter = parse_document(f"---\nkey: {value}\n---\n").front_matter
    assert front_matter.node("key").kind is kind
    assert front_matter.values == {"key": plain}


def test_an_unquoted_colon_is_placed_and_its_fix_makes_the_document_readable():
    document = parse_document("---\nname: a\ndescription: Use when: x\n---\nBody\n")
    problem = document.problems[0]
    assert problem.place.line == 3
    assert document.front_matter.text_of("name") == "a"
    fixed = document.with_edits([problem.edit])
    assert fixed.problems == ()
    assert fixed.description == "Use when: x"


def test_the_fixes_of_a_missing_fence_and_a_byte_order_mark_help():
    late = parse_document("\ufeff\n  ---\nname: a\n---\n")
    missing = next(f for f in late.problems if f.rule_id == "front-matter.missing")
    assert late.with_edits([missing.edit]).name == "a"
    unclosed = parse_document("---\nname: a\nmetadata:\n  x: y\n\n# Title\n")
    fixed = unclosed.with_edits([unclosed.problems[0].edit])
    assert fixed.text == "---\nname: a\nmetadata:\n  x: y\n---\n\n# Title\n"
    assert fixed.problems == ()


def test_bytes_that_are_not_utf8_survive_an_edit_elsewhere():
    document = parse_document(b"---\nname: a\n---\ncaf\xe9 \xff\n")
    assert document.text.endswith("caf\ufffd \ufffd\n")
    edited = document.with_edits([Edit("Rename", 10, 11, "b")])
    assert edited.to_bytes() == b"---\nname: b\n---\ncaf\xe9 \xff\n"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([*LINES, "- item here", "* Item", "2² is four", "_under"]), max_size=25))
def test_the_structure_does_not_depend_on_the_line_breaks(lines):
    built = []
    for newline in ("\n", "\r\n"):
        document = parse_document("".join(line + newline for line in lines))
        built.append(
            (
                [(one.level, one.text, one.path, one.line) for one in document.outline],
                [(one.info, one.text, one.start_line, one.end_line) for one in document.code_blocks],
                [document.text[start:end].replace("\r\n", "\n") for start, end in document.structure.prose],
            )
        )

    assert built[0] == built[1]


def test_crlf_is_kept_and_counted_as_one_break():
    document = parse_document("---\r\nname: a\r\n---\r\n# Title\r\ntext\r\n")
    assert document.newline == "\r\n"
    assert (document.num_lines, document.num_words) == (2, 3)
    assert document.outline[0].place == Place(4, 1, 4, 8)


HOSTILE = {
    "open brackets": lambda n: "[" * n,
    "links": lambda n: "[a](" * (n // 4),
    "images": lambda n: "![[" * (n // 3),
    "backticks": lambda n: "".join("`" * (i % 300 + 1) + " " for i in range(n // 150)) + "[",
    "nested list": lambda n: "".join(" " * (2 * i) + "- a\n" for i in range(int(n**0.5))),
    "list markers": lambda n: "- " * (n // 2) + "x",
    "quotes": lambda n: "> " * (n // 2) + "x",
    "angles": lambda n: "<a:" * (n // 3),
    "titles": lambda n: '[a](b "' * (n // 7),
    "definitions": lambda n: "".join(f"[a{i}]: b\n[a{i}]\n" for i in range(n // 14)),
    "parentheses": lambda n: "[](a " + "(" * n,
    "fences": lambda n: "```\n" * (n // 4),
    "short lines": lambda n: "a\n" * (n // 2),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_of_half_a_megabyte_is_read_to_its_end(name):
    text = "---\nname: a\n---\n" + HOSTILE[name](500_000)

    with within_reason():
        document = parse_document(text)

    assert document.structure is not None
    assert document.text == text


def test_five_megabytes_are_read_whole():
    text = (
        "---\nname: a\ndescription: b\n---\n"
        + "A line of quite ordinary text with a [link](a.md).\n" * 100_000
    )
    with within_reason(180):
        document = parse_document(text)
    assert len(document.links) == 100_000
    assert document.num_lines == 100_000
