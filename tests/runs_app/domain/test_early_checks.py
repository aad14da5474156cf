"""Names, descriptions and places before anything is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs_app.domain.early_checks import (
    FALLBACK_NAME,
    check_early,
    check_task,
    mended_description,
    mended_name,
    name_from,
    placed,
)
from skills_app.domain.writing import write_document


@given(st.text(max_size=3000), st.text(max_size=100))
def test_whatever_is_said_can_be_written_once_it_is_mended(description: str, name: str) -> None:
    fields = {"name": mended_name(name), "description": mended_description(description, topic=name)}
    assert write_document(fields, "# Body").startswith("---\n")
    assert not check_early(fields["name"], fields["description"])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Async Timeouts", "async-timeouts"),
        ("Prüfung der Daten", "prufung-der-daten"),
        ("claude-code-hooks", "code-hooks"),
        ("日本語", FALLBACK_NAME),
        ("a" * 100, "a" * 64),
    ],
)
def test_names_are_mended(text: str, name: str) -> None:
    assert mended_name(text) == name


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("engineering/python/other-name", "engineering/python/async"),
        ("engineering/python/async", "engineering/python/async"),
        ("a/b/c/d/e", "a/b/async"),
        ("engineering", "engineering/async"),
        ("../../etc", "general/async"),
        ("_drafts/python/async", "general/async"),
        ("", "general/async"),
    ],
)
def test_a_place_ends_in_the_name(path: str, place: str) -> None:
    assert placed(path, name="async") == place


@pytest.mark.parametrize(
    ("branch", "place"),
    [
        ("tools/csv", "tools/csv/async"),
        ("tools/csv/async", "tools/csv/async"),
        ("Tools/CSV files/", "tools/csv-files/async"),
        ("a/b/c/d", "a/b/c/d/async"),
        ("engineering", "engineering/async"),
        ("async", "general/async"),
        ("_drafts/python", "general/async"),
        # As deep and as long as an address may be: with the name it would be none any more.
        ("/".join("abcdefghijklmnop"), "a/b/async"),
        ("/".join(["x" * 64] * 7 + ["y" * 57]), f"{'x' * 64}/{'x' * 64}/async"),
    ],
)
def test_a_branch_that_a_person_names_keeps_its_last_part(branch: str, place: str) -> None:
    assert placed(branch, name="async", is_branch=True) == place


def test_a_name_is_made_of_the_words_that_tell_something() -> None:
    assert name_from("Create a skill for cleaning CSV files with pandas") == "cleaning-csv-files-pandas"
    assert name_from("技能", topics=["Kanji"]) == "kanji"


def test_what_is_wrong_is_said_in_words() -> None:
    assert "already" in check_early("csv", "Use when…", taken={"csv"})[0]
    assert "keep for themselves" in check_early("claude-hooks", "Use when…")[0]
    assert len(check_early("", "<b>")) == 2
    found = check_task("Write hooks for claude", topics=["hooks"], taken=())
    assert found.problems
    assert not check_early(found.name, found.description)
