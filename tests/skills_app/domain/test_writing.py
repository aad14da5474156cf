"""What the writer makes, and that edits keep everything else."""

import pytest
import strictyaml
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from skills_ref.validator import validate

from skills_app.domain.documents import parse_document
from skills_app.domain.errors import DocumentEditError, DocumentWriteError
from skills_app.domain.findings import Edit, apply_edits
from skills_app.domain.writing import (
    format_scalar,
    with_front_matter_value,
    without_front_matter_key,
    write_document,
)

NAMES = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,4}", fullmatch=True).filter(
    lambda name: "claude" not in name and "anthropic" not in name
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
LINES = st.text(
    st.one_of(st.sampled_from("ab -:#'\"\\&*!|>%@`,[]{}.\t\u00e9\u2028\ufeff\U0001f600"), st.characters()),
    max_size=60,
)


@settings(max_examples=300, deadline=None)
@given(TEXT)
def test_a_scalar_is_read_back_by_every_yaml_reader(value):
    text = f"key: {format_scalar(value)}\n"
    assert "---" not in text
    assert text.count("\n") == 1
    assert yaml.safe_load(text) == {"key": value}
    assert strictyaml.load(text).data == {"key": value}
    document = parse_document(f"---\n{text}---\n")
    assert document.front_matter.text_of("key") == value


@settings(max_examples=150, deadline=None)
@given(
    NAMES,
    LINES.map(lambda text: " ".join(text.replace("<", "").replace(">", "").split())).filter(
        lambda text: text and text == text.strip()
    ),
    st.dictionaries(TEXT.filter(bool), TEXT, max_size=3),
    TEXT,
)
def test_what_is_written_is_valid_and_comes_back(tmp_path_factory, name, description, metadata, body):
    body = body.replace("\x00", "").replace("\r", "")
    try:
        text = write_document({"name": name, "description": description, "metadata": metadata}, body)
    except DocumentWriteError:
        assert any("\ud800" <= c <= "\udfff" for c in description)
        return
    folder = tmp_path_factory.mktemp("skill") / name
    folder.mkdir()
    (folder / "SKILL.md").write_bytes(text.encode())
    assert validate(folder) == []
    document = parse_document(text)
    assert document.problems == ()
    assert document.name == name
    assert document.front_matter.text_of("description") == description
    assert document.front_matter.values.get("metadata", {}) == metadata
    assert document.body.strip("\n") == body.removeprefix("\ufeff").strip("\n")


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"name": "Upper", "description": "x"}, "lower-case"),
        ({"name": "a--b", "description": "x"}, "lower-case"),
        ({"name": "a" * 65, "description": "x"}, "64"),
        ({"name": "claude-tricks", "description": "x"}, "claude"),
        ({"name": "a", "description": " "}, "1 to 1024"),
        ({"name": "a", "description": "x" * 1025}, "1024"),
        ({"name": "a", "description": "use <b>"}, "without"),
        ({"name": "a", "description": "x", "version": "1"}, "metadata"),
        ({"name": "a", "description": "x", "license": ""}, "license"),
        ({"name": "a", "description": "x", "compatibility": "x" * 501}, "500"),
        ({"name": "a", "description": "x", "metadata": {"a": 1}}, "map of names to strings"),
    ],
)
def test_the_writer_refuses_what_some_host_would_refuse(fields, word):
    with pytest.raises(DocumentWriteError, match=word):
        write_document(fields, "Body")


def test_the_writer_checks_the_folder_and_names_every_problem():
    with pytest.raises(DocumentWriteError, match=r"folder.*description"):
        write_document({"name": "a", "description": ""}, "Body", folder_name="b")


BASE = "---\n# kept\nname: old # why\ndescription: >\n  Folded\n  text\n\nmetadata:\n  a: b\n\nlicense:\n---\n\n# T\n"


@pytest.mark.parametrize(
    ("source", "path", "value", "expected"),
    [
        (BASE, "name", "new", BASE.replace("name: old", "name: new")),
        (BASE, "description", "Say: hi", BASE.replace(">\n  Folded\n  text", '"Say: hi"')),
        (BASE, "license", "MIT", BASE.replace("license:", "license: MIT")),
        (BASE, ("metadata", "a"), "1.0", BASE.replace("a: b", 'a: "1.0"')),
        (BASE, ("metadata", "c"), "d", BASE.replace("a: b\n", "a: b\n  c: d\n")),
        (BASE, ("license", "c"), "d", BASE.replace("license:\n", "license:\n  c: d\n")),
        (BASE, "metadata", {"x": "y"}, BASE.replace("a: b", 'x: "y"')),
        (BASE, "metadata", "flat", BASE.replace("metadata:\n  a: b", "metadata: flat")),
        (BASE, "allowed-tools", "Read", BASE.replace("license:\n", "license:\nallowed-tools: Read\n")),
        (BASE, ("extra", "deep"), "x y", BASE.replace("license:\n", "license:\nextra:\n  deep: x y\n")),
        ("---\nm: {a: b}\n---\n", ("m", "c"), "d", '---\nm: {a: b, c: "d"}\n---\n'),
        ("---\nm: {}\n---\n", ("m", "c"), "d", '---\nm: {c: "d"}\n---\n'),
        ("# Body\n", "name", "a", "---\nname: a\n---\n\n# Body\n"),
        ("---\n---\n", "name", "a", "---\nname: a\n---\n"),
        ("---\r\nname: a\r\n---\r\n", "license", "MIT", "---\r\nname: a\r\nlicense: MIT\r\n---\r\n"),
        ("---\nname: 'a''b'\n---\n", "name", "c", "---\nname: c\n---\n"),
    ],
)
def test_setting_a_value_changes_nothing_else(source, path, value, expected):
    assert with_front_matter_value(parse_document(source), path, value).text == expected


def test_removing_a_key_takes_its_lines_and_nothing_else():
    document = parse_document(BASE)
    assert without_front_matter_key(document, "description").text == BASE.replace(
        "description: >\n  Folded\n  text\n", ""
    )
    assert without_front_matter_key(document, ("metadata", "a")).text == BASE.replace("  a: b\n", "")
    with pytest.raises(DocumentEditError, match="no key"):
        without_front_matter_key(document, "absent")
    with pytest.raises(DocumentEditError, match="shares its line"):
        without_front_matter_key(parse_document("---\nm: {a: b}\n---\n"), ("m", "a"))


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("---\nname: [\n---\n", "name"),
        ("---\nname: a\n", "name"),
        ("---\n- a\n---\n", "name"),
        ("---\nname: a\n---\n", ("name", "deeper")),
        ("---\nm: {a: b}\n---\n", ("m", "c", "d")),
    ],
)
def test_a_change_that_is_not_safe_is_refused(source, path):
    with pytest.raises(DocumentEditError):
        with_front_matter_value(parse_document(source), path, "x")


ANY_SOURCE = st.one_of(
    st.binary(max_size=200),
    st.text(st.sampled_from("-\n\r:# ab[](){}&*!|>'\"\t`~<.\ufeff\u2028é"), max_size=200).map(
        lambda text: ("---\n" + text).encode()
    ),
    st.text(st.sampled_from("-\n:# ab[]()`~<>1.*=|\t"), max_size=200).map(
        lambda text: ("---\nname: a\n---\n" + text).encode()
    ),
)


@settings(max_examples=600, deadline=None)
@given(ANY_SOURCE)
def test_any_document_parses_round_trips_and_places_lie_inside(source):
    document = parse_document(source)
    assert document.to_bytes() == source
    assert document.with_edits([]).to_bytes() == source
    structure = document.structure
    assert "".join(s.text for s in structure.sections).strip() == document.body.strip()
    places = [f.place for f in document.problems] + [h.place for h in structure.headings]
    places += [link.place for link in structure.links] + [block.place for block in structure.code_blocks]
    for place in places:
        assert 1 <= place.line <= place.end_line <= len(document.lines)
        start = document.lines.offset(place.line, place.column)
        end = document.lines.offset(place.end_line, place.end_column)
        assert document.lines.place(start, end) == place
    for link in structure.links:
        assert document.text[link.target_start : link.target_end] == link.target
    assert len({h.anchor for h in structure.headings}) == len(structure.headings)


@settings(max_examples=200, deadline=None)
@given(ANY_SOURCE, st.integers(0, 200), st.integers(0, 20), st.text("ab\n-", max_size=5))
def test_an_edit_keeps_every_other_byte(source, start, length, replacement):
    document = parse_document(source)
    start = min(start, len(document.text))
    end = min(start + length, len(document.text))
    raw = source.decode("utf-8", "surrogateescape")
    edited = document.with_edits([Edit("Change", start, end, replacement)])
    expected = (raw[:start] + replacement + raw[end:]).encode("utf-8", "surrogateescape")
    assert edited.to_bytes() == expected


def test_edits_that_overlap_or_lie_outside_are_refused():
    with pytest.raises(DocumentEditError, match="overlaps"):
        apply_edits("abcd", [Edit("one", 0, 2, ""), Edit("two", 1, 3, "")])
    with pytest.raises(DocumentEditError, match="outside"):
        apply_edits("abcd", [Edit("one", 3, 9, "")])
    assert apply_edits("abcd", [Edit("two", 2, 3, "X"), Edit("one", 0, 0, ">")]) == ">abXd"
