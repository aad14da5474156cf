import hashlib
import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skills_app.domain.scoring import reference
from skills_app.domain.scoring import reference_rules as rules
from skills_app.domain.scoring.reference import score_reference
from tests.effort import within_reason
from tests.shared_data import shared_data
from tests.skills_app.domain.scoring.mutations import mutated_alternatives
from tests.skills_app.domain.scoring.reference_cases import BODIES, CORE_PATTERNS, DOCUMENTS, FRONT_MATTERS

SEED_RUN = "330001648406427495/2c825fc5620542d9a680d343181c1237"


def _failures() -> list[str]:
    """Return the first case of the tables that the scorer, as it stands now, gets wrong."""
    for measure, body, expected in BODIES:
        if not _equal(score_reference(body).measures[measure], expected):
            return [f"{measure}: {body!r}"]
    for measure, front_matter, value in FRONT_MATTERS:
        if not _equal(score_reference(f"---\n{front_matter}\n---\n").measures[measure], value):
            return [f"{measure}: {front_matter!r}"]
    for body, expected in CORE_PATTERNS:
        if ("Has Core Patterns section" in score_reference(body).strengths) is not expected:
            return [f"core patterns: {body!r}"]
    for name, text, value in DOCUMENTS:
        if not _equal(score_reference(text).value, value):
            return [name]
    return []


def _equal(got: object, expected: object) -> bool:
    return got == pytest.approx(expected, abs=1e-12) if isinstance(expected, float) else got == expected


def _recorded() -> dict[str, dict]:
    return json.loads(shared_data("reference_quality.json").read_text(encoding="utf-8"))


def _text_of(name: str) -> str:
    path = (
        shared_data("library", "skills", name)
        if name.endswith("SKILL.md")
        else shared_data("seed_mlruns", SEED_RUN, "artifacts", "skill_content.md")
    )
    return Path(path).read_bytes().decode("utf-8")


def test_every_recorded_document_comes_out_digit_for_digit_and_in_order() -> None:
    for name, record in _recorded().items():
        text = _text_of(name)
        assert hashlib.sha256(text.encode()).hexdigest() == record.pop("sha256")
        score = score_reference(text)
        assert list(score.issues) == record.pop("issues"), name
        assert list(score.strengths) == record.pop("strengths"), name
        assert list(score.measures.items()) == list(record.items()), name
        assert score.value == record["overall_score"]


def test_the_recorded_run_agrees_with_its_own_assessment() -> None:
    path = shared_data("seed_mlruns", SEED_RUN, "artifacts", "quality_assessment.json")
    record = json.loads(path.read_text(encoding="utf-8"))["deterministic_metrics"]
    score = score_reference(_text_of("seed run"))
    assert score.value == record.pop("deterministic_score") == 0.5968478260869563
    assert list(score.issues) == record.pop("deterministic_issues")
    assert list(score.strengths) == record.pop("deterministic_strengths")
    assert record
    assert {name: score.measures[name] for name in record} == record


@pytest.mark.parametrize(("measure", "body", "expected"), BODIES)
def test_a_body_measures_as_the_table_says(measure: str, body: str, expected: object) -> None:
    assert _equal(score_reference(body).measures[measure], expected)


@pytest.mark.parametrize(("measure", "front_matter", "expected"), FRONT_MATTERS)
def test_a_front_matter_measures_as_the_table_says(measure: str, front_matter: str, expected: float) -> None:
    assert _equal(score_reference(f"---\n{front_matter}\n---\n").measures[measure], expected)


@pytest.mark.parametrize(("name", "text", "expected"), DOCUMENTS)
def test_a_document_scores_as_the_table_says(name: str, text: str, expected: float) -> None:
    assert score_reference(text).value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "issue"),
    [
        ("", "Missing required 'name' field"),
        ("", "Missing required 'description' field"),
        ("---\ndescription: a\n---\n", "Description should start with 'Use when...'"),
        ("---\nmetadata: a\n---\n", "Missing or invalid 'metadata' section"),
        ("---\nmetadata:\n---\n", "Missing or invalid 'metadata' section"),
        ("### A", "Limited patterns (1), target is 5+"),
        ("❌", "Missing production pattern examples (✅)"),
        ("✅", "Missing anti-pattern examples (❌)"),
        ("```\npass\n```", "Some code examples contain placeholders"),
    ],
)
def test_an_issue_is_said(text: str, issue: str) -> None:
    assert issue in score_reference(text).issues


@pytest.mark.parametrize(
    ("text", "strength"),
    [
        ("### A\n" * 3, "Good pattern coverage (3 patterns)"),
        ("### A\n" * 5, "Excellent pattern coverage (5 patterns)"),
        ("guides/ guides/ guides/", "Well-structured navigation hub skill"),
        ("## Pattern", "Has Core Patterns section"),
        ("##  core  patterns", "Has Core Patterns section"),
        ("```\na\n```\n" * 2, "Has code examples (2 blocks)"),
        ("```\na\n```\n" * 5, "Rich code examples (5 blocks)"),
        ("---\ndescription: use when if\n---\n", "High-quality description with specific triggers"),
        ("---\ndescription: use when a\n---\n", "Adequate description quality"),
    ],
)
def test_a_strength_is_said(text: str, strength: str) -> None:
    assert strength in score_reference(text).strengths


@pytest.mark.parametrize(("body", "expected"), CORE_PATTERNS)
def test_a_core_patterns_section_is_one_whose_heading_opens_with_the_word(body: str, expected: bool) -> None:
    score = score_reference(body)
    assert ("Has Core Patterns section" in score.strengths) is expected
    assert ("Missing Core Patterns section" in score.issues) is not expected


def test_text_without_a_closing_line_is_all_body() -> None:
    assert score_reference("---\nname: a\n## Overview").measures["has_overview"] is True
    assert score_reference("---\nname: a\n## Overview").measures["frontmatter_completeness"] == 0.0


def test_the_cases_hold_for_the_scorer_as_it_is() -> None:
    assert _failures() == []


def _altered_numbers() -> list[tuple[dict, object]]:
    tables = (
        rules.WEIGHTS,
        rules.MULTIPLIERS,
        rules.FRONT_MATTER_SHARES,
        rules.CODE_SHARES,
        rules.DESCRIPTION_SHARES,
        rules.STYLE_LIMITS,
    )
    return [(table, key) for table in tables for key in table]


@pytest.mark.parametrize(
    ("table", "key"), _altered_numbers(), ids=lambda x: "" if isinstance(x, dict) else str(x)
)
@pytest.mark.parametrize("direction", [-1, 1])
def test_each_changed_weight_is_noticed(
    table: dict, key: object, direction: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = 1 if isinstance(table[key], int) else 0.01
    monkeypatch.setitem(table, key, table[key] + direction * step)
    assert _failures()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FULL_PATTERN_COUNT", 4),
        ("FULL_PATTERN_COUNT", 6),
        ("TRIGGER", "use"),
        ("DESCRIPTION_WORDS", (7, 30)),
        ("DESCRIPTION_WORDS", (9, 30)),
        ("DESCRIPTION_WORDS", (8, 29)),
        ("DESCRIPTION_WORDS", (8, 31)),
        ("SUBSTANTIAL_LINES", 2),
        ("SUBSTANTIAL_LINES", 4),
        ("SUBSTANTIAL_SHARE", 0.66),
        ("SUBSTANTIAL_SHARE", 0.71),
        ("FLAGS", re.IGNORECASE),
        ("FLAGS", re.MULTILINE),
        ("MARKS", ("❌",)),
        ("MARKS", ("✅",)),
        *[("CONDITIONS", tuple(w for w in rules.CONDITIONS if w != out)) for out in rules.CONDITIONS],
        *[("ACTIVITIES", tuple(w for w in rules.ACTIVITIES if w != out)) for out in rules.ACTIVITIES],
    ],
)
def test_each_changed_limit_or_word_is_noticed(
    name: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, name, value)
    assert _failures()


@pytest.mark.parametrize(
    ("table", "name"),
    [(rules.PATTERNS, name) for name in rules.PATTERNS]
    + [(rules.CASED_PATTERNS, name) for name in rules.CASED_PATTERNS],
    ids=lambda x: "" if isinstance(x, dict) else x,
)
def test_each_changed_pattern_is_noticed(table: dict, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    unnoticed = []
    for what, changed in mutated_alternatives(table[name]):
        monkeypatch.setitem(table, name, changed)
        if not _failures():
            unnoticed.append(what)
    assert unnoticed == []


def test_the_pattern_count_equals_the_expression_it_was_specified_by() -> None:
    specified = re.compile(r"###\s+(?:Pattern\s+)?\d*\.?\s*\w+")

    @given(st.text(alphabet="# .Pattern1\n\tx`", max_size=60))
    @settings(max_examples=300, deadline=None)
    def check(text: str) -> None:
        assert score_reference(text).measures["pattern_count"] == len(specified.findall(text))

    check()


@pytest.mark.parametrize("odd", "İıſ")
def test_a_body_searched_in_lower_case_measures_as_one_searched_without_regard_to_case(odd: str) -> None:
    for measure, body, expected in BODIES:
        if measure != "skill_style_detected":
            assert _equal(score_reference(f"{body}\n\n!{odd}").measures[measure], expected), body


def test_letters_that_fold_to_plain_ones_are_found_as_the_reference_finds_them() -> None:
    assert score_reference("antİ-pattern").measures["has_anti_patterns"] is True
    assert score_reference("## Overvıew").measures["has_overview"] is True
    assert score_reference("**Inſight**").measures["has_key_insights"] is True
    assert score_reference("Key ta\u212aeaway").measures["has_key_insights"] is True


@given(st.one_of(st.text(), st.text(alphabet="-#\n: a`[](){}*&!<❌✅'\"|>?1.", max_size=200)))
@settings(max_examples=300, deadline=None)
def test_any_text_scores_within_0_and_1(text: str) -> None:
    for document in (text, f"---\n{text}\n---\n{text}", f"---\ndescription: {text}\n---\n"):
        score = score_reference(document)
        assert 0.0 <= score.value <= 1.0
        assert (score.scorer, score.version) == (reference.SCORER, reference.VERSION)


@pytest.mark.parametrize(
    "unit",
    ["#", "## ", "###" + " " * 90, "[", "[](", "](references/", "`", "```\n", "```a", "no a ", "common mistake ",
     "see the " + " " * 90, "**key insight", "raise ", ".", "İſK", "---\na: ["],
)  # fmt: skip
def test_hostile_text_of_a_megabyte_is_scored(unit: str) -> None:
    with within_reason():
        assert 0.0 <= score_reference(unit * (1_000_000 // len(unit))).value <= 1.0


@pytest.mark.parametrize(
    "front_matter",
    [
        "x: " + "[" * 60_000,
        "- " * 30_000,
        "x: " + ":".join("1" * 20_000),
        "a: &a {x: 1}\n" + "".join(f"{c}: &{c} {{<<: [{'*a,' * 9}*a]}}\n" for c in "bcdefghij"),
        "d: !!int x",
        "d: !!bool x",
        "x: " + "y" * 5_000_000,
        "? " * 30_000,
    ],
)
def test_hostile_front_matter_reads_as_empty(front_matter: str) -> None:
    with within_reason():
        assert score_reference(f"---\n{front_matter}\n---\n# x").value == 0.0
