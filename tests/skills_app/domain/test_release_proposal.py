"""The version to publish is proposed from what changed, with its reason."""

import pytest

from skills_app.domain.diffing import FileState
from skills_app.domain.release_proposal import ReleaseState, propose_release
from skills_app.domain.semantic_version import Bump

DOCUMENT = """---
name: tidy-up
description: Tidies a folder. Use when files pile up.
license: MIT
---

# Tidy up

Opening words about folders.

## Steps

1. Look at every file in the folder.
2. Move what is old to the archive.
3. Say what was moved and why.

```sh
ls -l
```

## Mistakes

Never delete a file that somebody still needs.
"""
SCRIPT = FileState("scripts/tidy.sh", "a" * 64, 10, "ls\n")
GUIDE = FileState("references/guide.md", "b" * 64, 10, "# Guide\n")


def proposal(content: str, files: tuple[FileState, ...] = (SCRIPT, GUIDE), stated: str = "") -> object:
    old = ReleaseState(DOCUMENT, (SCRIPT, GUIDE), published_as="1.4.2")
    return propose_release(old, ReleaseState(content, files, stated))


@pytest.mark.parametrize(
    ("old", "new", "version", "bump"),
    [
        ("name: tidy-up", "name: clean-up", "2.0.0", Bump.MAJOR),
        (" Use when files pile up.", "", "2.0.0", Bump.MAJOR),
        ("## Mistakes\n\nNever delete a file that somebody still needs.\n", "", "2.0.0", Bump.MAJOR),
        ("Tidies a folder.", "Tidies one folder at a time.", "1.5.0", Bump.MINOR),
        ("3. Say what was moved and why.\n", "", "1.5.0", Bump.MINOR),
        ("ls -l", "ls -la --sort=time", "1.5.0", Bump.MINOR),
        ("license: MIT", "license: MIT\nallowed-tools: Bash", "1.5.0", Bump.MINOR),
        ("## Mistakes", "## Examples\n\nA folder of pictures.\n\n## Mistakes", "1.5.0", Bump.MINOR),
        ("Opening words about folders.", "Opening sentences about folders.", "1.4.3", Bump.PATCH),
        ("## Steps\n\n1.", "## Steps\n\n\n1.", "1.4.3", Bump.PATCH),
    ],
)
def test_the_worst_change_decides_which_number_rises(old: str, new: str, version: str, bump: Bump) -> None:
    assert old in DOCUMENT

    found = proposal(DOCUMENT.replace(old, new))

    assert (found.version, found.bump) == (version, bump)
    assert found.reasons[0].why in found.sentence


@pytest.mark.parametrize(
    ("files", "bump", "words"),
    [
        ((GUIDE,), Bump.MAJOR, "script scripts/tidy.sh removed"),
        ((SCRIPT, FileState("references/help.md", "b" * 64, 10, "# Guide\n")), Bump.MAJOR, "renamed"),
        ((SCRIPT, GUIDE, FileState("assets/a.txt", "c" * 64, 1, "a")), Bump.MINOR, "assets/a.txt added"),
        ((FileState("scripts/tidy.sh", "d" * 64, 9, "ls -l\n"), GUIDE), Bump.MINOR, "tidy.sh changed"),
        ((SCRIPT, FileState("references/guide.md", "e" * 64, 9, "# Help\n")), Bump.PATCH, "guide.md changed"),
    ],
)
def test_files_count_as_what_leads_to_them_does(files: tuple[FileState, ...], bump: Bump, words: str) -> None:
    found = proposal(DOCUMENT, files)

    assert found.bump is bump
    assert words in found.summary


def test_a_script_that_is_renamed_and_edited_is_one_reason() -> None:
    lines = "".join(f"echo {number}\n" for number in range(9))
    old = ReleaseState(DOCUMENT, (FileState("scripts/a.sh", "a" * 64, 70, lines),), published_as="1.0.0")
    new = ReleaseState(DOCUMENT, (FileState("scripts/b.sh", "b" * 64, 70, lines.replace("8", "9")),))

    found = propose_release(old, new)

    assert found.summary == "- script scripts/a.sh renamed to scripts/b.sh and changed"
    assert found.bump is Bump.MAJOR


def test_nothing_changed_proposes_the_same_version_and_says_so() -> None:
    found = proposal(DOCUMENT)

    assert (found.version, found.bump, found.reasons) == ("1.4.2", Bump.NONE, ())
    assert "nothing differs" in found.sentence


def test_the_first_version_is_the_one_that_the_document_states() -> None:
    first = propose_release(None, ReleaseState(DOCUMENT, stated_version="0.3.0"))
    unstated = propose_release(None, ReleaseState(DOCUMENT, stated_version="soon"))

    assert (first.version, unstated.version) == ("0.3.0", "1.0.0")


def test_a_higher_stated_version_is_taken_and_a_lower_one_is_pointed_out() -> None:
    higher = proposal(DOCUMENT.replace("Opening words", "First words"), stated="3.0.0")
    lower = proposal(DOCUMENT.replace("Opening words", "First words"), stated="1.0.0")

    assert (higher.version, higher.note) == ("3.0.0", "")
    assert lower.version == "1.4.3"
    assert "1.0.0" in lower.note


def test_the_summary_begins_with_the_worst_change() -> None:
    content = DOCUMENT.replace("Opening words", "First words").replace(" Use when files pile up.", "")

    lines = proposal(content).summary.split("\n")

    assert lines[0] == "- trigger phrase removed"
    assert len(lines) > 1
