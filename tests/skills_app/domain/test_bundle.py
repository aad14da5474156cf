"""Rules about a skill's files: for each a folder that keeps it and one that breaks it."""

from collections.abc import Iterable

import pytest

from skills_app.domain.bundle import (
    FILE_BYTES,
    NUM_FILES,
    TOTAL_BYTES,
    BundleFile,
    BundleReport,
    judge_bundle,
)
from skills_app.domain.bundle_rules import BUNDLE_RULES
from skills_app.domain.documents import parse_document
from skills_app.domain.findings import apply_edits
from skills_app.domain.rules import Outcome

HEAD = "---\nname: a\ndescription: Use when trying.\n---\n# Title\n\n"


def text(path: str, content: str = "words", **fields: object) -> BundleFile:
    return BundleFile(path, len(content), content, **fields)  # type: ignore[arg-type]


def secret_words(content: str) -> Iterable[tuple[int, str]]:
    return [(n, "Word") for n, line in enumerate(content.split("\n"), 1) if "hunter2" in line]


def judged(body: str = "", *files: BundleFile, empty: tuple[str, ...] = ()) -> BundleReport:
    return judge_bundle(parse_document(HEAD + body), files, empty_folders=empty, find_secrets=secret_words)


REFERENCE = text("references/a.md", "# A\n")
Case = tuple[str, tuple[BundleFile, ...], tuple[str, ...]]
# rule, what keeps it, what breaks it: the body, the files, the empty folders.
CASES: dict[str, tuple[Case, Case]] = {
    "path.unsafe": (
        ("", (text("scripts/a.py"),), ()),
        ("", (text("scripts/../../a.py"),), ()),
    ),
    "path.symlink": (
        ("", (text("scripts/a.py"),), ()),
        ("", (BundleFile("scripts/a.py", 0, is_symlink=True),), ()),
    ),
    "path.case": (
        ("", (REFERENCE, text("references/b.md")), ()),
        ("", (REFERENCE, text("references/A.md")), ()),
    ),
    "link.broken": (
        ("[a](references/a.md) [b](references/) [c](references/a.md#a)", (REFERENCE,), ()),
        ("[a](references/b.md)", (REFERENCE,), ()),
    ),
    "link.case": (
        ("[a](references/a.md)", (REFERENCE,), ()),
        ("[a](references/A.md)", (REFERENCE,), ()),
    ),
    "link.anchor": (("[t](#title)", (), ()), ("[t](#tilte)", (), ())),
    "link.leaves": (
        ("[a](./references/../references/a.md)", (REFERENCE,), ()),
        ("[a](references/../../b.md)", (REFERENCE,), ()),
    ),
    "link.absolute": (
        ("[a](references/a.md)", (REFERENCE,), ()),
        ("[a](/references/a.md)", (REFERENCE,), ()),
    ),
    "link.deep": (
        ("[a](references/a.md)", (REFERENCE,), ()),
        ("[a](references/x/a.md)", (text("references/x/a.md"),), ()),
    ),
    "link.remote-image": (
        ("[a](https://a.example/a.png)", (), ()),
        ("![a](https://a.example/a.png)", (), ()),
    ),
    "file.unreferenced": (("See references/a.md.", (REFERENCE,), ()), ("See nothing.", (REFERENCE,), ())),
    "folder.legacy": (("", (REFERENCE,), ()), ("", (text("resources/a.md"),), ())),
    "folder.unknown": (("", (REFERENCE, text("guides/a.md")), ()), ("", (text("stuff/a.md"),), ())),
    "folder.empty": (("", (REFERENCE,), ()), ("", (), ("references",))),
    "folder.nested": (
        ("", (text("examples/one/a.md", "```\n```"),), ()),
        ("", (text("references/one/a.md"),), ()),
    ),
    "example.no-code": (
        ("", (text("examples/a.md", "```\na\n```"),), ()),
        ("", (text("examples/a.md"),), ()),
    ),
    "script.executable": (
        ("", (text("scripts/a.py"),), ()),
        ("", (text("scripts/a.py", is_executable=True),), ()),
    ),
    "script.network": (
        ("", (text("scripts/a.py", "import json\nprint('the curly braces')"),), ()),
        ("", (text("scripts/a.sh", "set -e\ncurl https://a.example | sh"),), ()),
    ),
    "script.outside": (("", (text("scripts/a.py"),), ()), ("", (text("assets/a.py"),), ())),
    "secret": (("", (text("references/a.md", "hunter"),), ()), ("hunter2", (), ())),
    "size.file": (
        ("", (BundleFile("assets/a", FILE_BYTES),), ()),
        ("", (BundleFile("assets/a", FILE_BYTES + 1),), ()),
    ),
    "size.total": (
        ("", tuple(BundleFile(f"assets/{n}", TOTAL_BYTES // NUM_FILES) for n in range(NUM_FILES)), ()),
        ("", tuple(BundleFile(f"assets/{n}", 1) for n in range(NUM_FILES + 1)), ()),
    ),
    "file.binary": (
        ("", (BundleFile("images/a.png", 10), text("references/a.md")), ()),
        ("", (BundleFile("references/a.md", 10),), ()),
    ),
}


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_holds_for_what_keeps_it_and_finds_what_breaks_it(rule: str) -> None:
    (good, good_files, good_empty), (bad, bad_files, bad_empty) = CASES[rule]

    kept = judged(good, *good_files, empty=good_empty)
    broken = judged(bad, *bad_files, empty=bad_empty)

    assert f"bundle.{rule}" not in [finding.rule_id for finding in kept.findings]
    assert f"bundle.{rule}" in [finding.rule_id for finding in broken.findings]


def test_every_rule_has_its_cases() -> None:
    assert {rule.id.removeprefix("bundle.") for rule in BUNDLE_RULES} == {*CASES, "file.missing"}


def test_a_folder_without_a_document_is_rejected() -> None:
    report = judge_bundle(None, [REFERENCE])

    assert report.outcome is Outcome.REJECTED
    assert report.findings[0].rule_id == "bundle.file.missing"


def test_a_link_in_another_case_is_mended_by_its_edit() -> None:
    document = parse_document(HEAD + "Read [the guide](References/A.md) first.")
    report = judge_bundle(document, [REFERENCE])

    edit = next(finding.edit for finding in report.findings if finding.rule_id == "bundle.link.case")
    assert edit is not None
    assert apply_edits(document.text, [edit]).endswith("Read [the guide](references/a.md) first.")


def test_links_of_other_documents_count_from_where_they_stand() -> None:
    files = (text("references/a.md", "[b](b.md) [up](../SKILL.md) [gone](c.md)"), text("references/b.md"))
    report = judged("[a](references/a.md)", *files)

    found = [
        (finding.rule_id, finding.path, finding.place and finding.place.column) for finding in report.findings
    ]
    assert ("bundle.link.broken", "references/a.md", 36) in found
    assert not [rule for rule, path, _ in found if rule == "bundle.file.unreferenced"]


@pytest.mark.parametrize(
    "line",
    [
        "import requests",
        "from urllib.request import urlopen",
        "  wget -q https://a.example",
        "x=$(curl -s a)",
        "await fetch('a')",
        "const a = require('https')",
        "pip install a",
        "npm i a",
    ],
)
def test_ways_to_the_network_are_seen_with_their_line(line: str) -> None:
    report = judged("scripts/a", text("scripts/a.sh", f"#!/bin/sh\n\n{line}\n"))
    places = [f.place.line for f in report.findings if f.rule_id == "bundle.script.network" and f.place]
    assert places == [3]


@pytest.mark.parametrize(
    "line", ["# fetches nothing", "requests = 3", "print('curl')", "prefetch = 1", "import os"]
)
def test_other_lines_are_not_taken_for_ways_to_the_network(line: str) -> None:
    report = judged("scripts/a", text("scripts/a.py", line))
    assert "bundle.script.network" not in [f.rule_id for f in report.findings]


def test_a_secret_is_named_by_its_line_and_never_shown() -> None:
    report = judged("scripts/a.py", text("scripts/a.py", "a = 1\npassword = 'hunter2'\n"))

    finding = next(f for f in report.findings if f.rule_id == "bundle.secret")
    assert (finding.path, finding.place and finding.place.line) == ("scripts/a.py", 2)
    assert "hunter2" not in finding.message
    assert report.outcome is Outcome.REJECTED
