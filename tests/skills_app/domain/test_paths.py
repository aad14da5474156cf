"""Addresses in the library."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills_app.domain.paths import clean_path, disk_path, is_path, lineage, name_of, parent_of, title_of

CLEAN = [
    ("python/async", "python/async"),
    ("/python/async/", "python/async"),
    ("./python//async", "python/async"),
    ("Python/Core Syntax", "python/core-syntax"),
    ("_core/reasoning", "_core/reasoning"),
    ("a/C++ & C#", "a/c-c"),
    ("", ""),
    ("/", ""),
    ("..", ""),
    ("a/../b", ""),
    ("a\\b", ""),
    ("a\x00b", ""),
    ("日本", ""),
    ("x/" * 16 + "x", ""),
    ("/".join(["a" * 60] * 9), ""),
]


@pytest.mark.parametrize(("text", "path"), CLEAN)
def test_a_text_becomes_an_address_or_nothing(text: str, path: str) -> None:
    assert clean_path(text) == path


@given(st.text(max_size=80))
def test_what_is_cleaned_is_an_address_and_stays_as_it_is(text: str) -> None:
    path = clean_path(text)
    assert path == "" or is_path(path)
    assert clean_path(path) == path


DISK = [
    ("skills/python/async/SKILL.md", "python/async"),
    ("python/async", "python/async"),
    ("_core/reasoning.json", "_core/reasoning"),
    ("a/metadata.json", "a"),
    ("./a/b/", "a/b"),
    ("a/skills/b", "a/skills/b"),
]


@pytest.mark.parametrize(("text", "path"), DISK)
def test_a_place_on_disk_becomes_an_address(text: str, path: str) -> None:
    assert disk_path(text) == path


def test_names_titles_and_parents_come_from_segments() -> None:
    assert [name_of(slug) for slug in ("_core_syntax", "async", "__")] == ["core-syntax", "async", "__"]
    assert [title_of(slug) for slug in ("core-syntax", "_core", "")] == ["Core syntax", "Core", ""]
    assert [parent_of(path) for path in ("a/b/c", "a", "")] == ["a/b", "", ""]


@pytest.mark.parametrize(
    ("path", "said"), [("", []), ("a", ["a"]), ("a/b-c/d", ["a", "a/b-c", "a/b-c/d"]), ("a/a", ["a", "a/a"])]
)
def test_a_lineage_leads_from_the_outermost_to_the_path_itself(path: str, said: list[str]) -> None:
    assert lineage(path) == said
