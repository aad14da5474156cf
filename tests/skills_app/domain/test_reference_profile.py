"""The ``reference`` profile accepts what skills-ref 0.1.1 accepts and rejects what it rejects."""

from collections import Counter
from importlib.metadata import version
from pathlib import Path

import pytest
from skills_ref.validator import validate

from skills_app.domain.documents import parse_document
from skills_app.domain.profiles import PROFILES, Subject, judge
from tests.skills_app.domain.reference_corpus import Case, handmade, mixed

# What skills-ref raises instead of an answer; we reject all of it. Bytes that are not UTF-8, characters that YAML does
# not allow and escapes beyond Unicode (AttributeError: the reader's error has no mark), and brackets or braces that
CRASHES = {"UnicodeDecodeError", "AttributeError", "AssertionError", "ValueError", "DuplicateKeyError"}


def theirs(case: Case, root: Path) -> str:
    folder = root / case.folder
    folder.mkdir(parents=True)
    (folder / case.file_name).write_bytes(case.content)
    try:
        return "rejects" if validate(folder) else "accepts"
    except Exception as error:  # noqa: BLE001 - whatever it raises is what is recorded
        return f"crashes: {type(error).__name__}"


def ours(case: Case) -> str:
    subject = Subject(parse_document(case.content), folder_name=case.folder, file_name=case.file_name)
    report = judge(subject, PROFILES["reference"])
    assert report.is_accepted or report.findings
    return "accepts" if report.is_accepted else "rejects"


def test_the_profile_names_the_version_that_it_follows():
    assert PROFILES["reference"].version == version("skills-ref")


def test_accept_and_reject_agree_on_a_large_corpus(tmp_path):
    cases = [*handmade(), *mixed(2_500, seed=2026)]
    outcomes: Counter[str] = Counter()
    differing = []
    for number, case in enumerate(cases):
        answer = theirs(case, tmp_path / str(number))
        outcomes[answer] += 1
        expected = "rejects" if answer.startswith("crashes") else answer
        if ours(case) != expected:
            differing.append((answer, case))
    assert len(cases) >= 2_000
    assert differing == []
    assert outcomes["accepts"] > 400
    assert outcomes["rejects"] > 400
    assert {
        answer.removeprefix("crashes: ") for answer in outcomes if answer.startswith("crashes")
    } <= CRASHES


# Found by 12,000 further random documents (3 of them): StrictYAML's older parser takes an empty key with a collection
# on the same line, and lines of tabs after a leading blank line; libyaml takes neither. We err on the strict side.
KNOWN_DIFFERENCES = [
    b"---\nname: my-skill\ndescription: Fine.\nmetadata:\n  : a: b\n---\n",
    b"---\n\n\n\t\n\t\nname: my-skill\ndescription: Fine.\n---\n",
]


@pytest.mark.parametrize("content", KNOWN_DIFFERENCES)
def test_known_differences_stay_on_the_strict_side(content, tmp_path):
    case = Case(content)
    assert theirs(case, tmp_path) == "accepts"
    assert ours(case) == "rejects"
