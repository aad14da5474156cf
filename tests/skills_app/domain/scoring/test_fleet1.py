import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skills_app.domain.documents import parse_document
from skills_app.domain.scoring import SCORERS, fleet1
from skills_app.domain.scoring import fleet1_rules as rules
from skills_app.domain.scoring.fleet1 import score_fleet1
from skills_app.domain.scoring.fleet1_reading import is_directive, joined, pattern, words_of
from tests.effort import within_reason
from tests.skills_app.domain.scoring import fleet1_cases as cases
from tests.skills_app.domain.scoring.mutations import mutated_alternatives
from tests.skills_app.domain.scoring.sample_document import DOCUMENT


def _pattern_failures(name: str) -> Iterator[str]:
    for phrase in cases.WHOLE_WORDS.get(name, []):
        if not pattern(name).search(phrase):
            yield f"{name} misses {phrase!r}"
        for near in (f"z{phrase}", f"{phrase}z"):
            if pattern(name).search(near):
                yield f"{name} finds {near!r}"
    for phrase in cases.FOUND.get(name, []):
        if not pattern(name).search(phrase):
            yield f"{name} misses {phrase!r}"
    for phrase in cases.NOT_FOUND.get(name, []):
        if pattern(name).search(phrase):
            yield f"{name} finds {phrase!r}"


def _failures() -> Iterator[str]:
    """Yield the cases that the scorer, as it stands now, gets wrong, beside those of the patterns."""
    for text, expected in cases.DIRECTIVES:
        if is_directive(text) is not expected:
            yield text
    for measure, text, value in cases.PARTS:
        if score_fleet1(text).measures[measure] != pytest.approx(value, abs=1e-6):
            yield f"{measure}: {text[:60]!r}"
    score = score_fleet1(DOCUMENT)
    for dimension in score.dimensions:
        parts = [(name, v) for name, v in score.measures.items() if name.startswith(f"{dimension.name}.")]
        if dimension.value != pytest.approx(_recorded_dimension(dimension.name, parts), abs=1e-5):
            yield dimension.name
    if score.value != pytest.approx(DOCUMENT_SCORE, abs=1e-5):
        yield "the whole"
    if (len(score.issues), len(score.strengths)) != (1, 4):
        yield "issues and strengths"
    if rules.ADVICE["guidance"] in score_fleet1("Run a. " * 10).issues:
        yield "advice for a value of 0.42"


# The shares and the score written out once more, so that a changed share or weight shows.
RECORDED_SHARES = {
    "trigger_clarity": (0.25, 0.10, 0.10, 0.20, 0.20, 0.15),
    "structure": (0.35, 0.25, 0.10, 0.20, 0.10),
    "examples": (0.60, 0.20, 0.20),
    "guidance": (0.50, 0.25, 0.25),
    "contrast": (1.0,),
    "disclosure": (0.70, 0.30),
    "size": (1.0,),
}
DOCUMENT_SCORE = (
    0.22 * (0.85 - 0.05 + 0.2 * 8 / 12)
    + 0.16 * 1.0
    + 0.18 * (0.6 * 2 / 4 + 0.4)
    + 0.18 * (0.5 * 8 / 12 + 0.25 * 1 / 4 + 0.25 * 2 / 4)
    + 0.10 * 1 / 3
    + 0.08 * 1.0
    + 0.08 * 156 / 200
)


def _recorded_dimension(name: str, parts: list[tuple[str, float]]) -> float:
    return sum(share * value for share, (_, value) in zip(RECORDED_SHARES[name], parts, strict=True))


@pytest.mark.parametrize("name", list(rules.PATTERNS))
def test_a_pattern_knows_its_phrases(name: str) -> None:
    assert list(_pattern_failures(name)) == []


@pytest.mark.parametrize(("measure", "text", "value"), cases.PARTS)
def test_a_part_is_valued_as_the_table_says(measure: str, text: str, value: float) -> None:
    assert score_fleet1(text).measures[measure] == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize(("text", "expected"), cases.DIRECTIVES)
def test_a_sentence_that_instructs_is_known_by_its_opening(text: str, expected: bool) -> None:
    assert is_directive(text) is expected


def test_the_cases_hold_for_the_scorer_as_it_is() -> None:
    assert list(_failures()) == []


def test_the_words_are_those_written_out() -> None:
    assert [w for w in cases.VERB_WORDS if not is_directive(f"{w.capitalize()} things.")] == []
    assert [w for w in cases.OPENER_WORDS if not is_directive(f"{w.capitalize()} copy things.")] == []
    assert [w for w in cases.NOUN_MAKERS if is_directive(f"Copy {w} things.")] == []
    assert [
        w for w in cases.CIRCUMSTANCE_WORDS if not is_directive(f"{w.capitalize()} x, copy things.")
    ] == []
    text = "---\ndescription: " + " ".join(cases.VAGUE_WORDS) + "\n---\n"
    assert score_fleet1(text).measures["trigger_clarity.specific_words"] == 0.0


@pytest.mark.parametrize("name", ["VERBS", "OPENERS", "NOT_AFTER_VERB", "CIRCUMSTANCES", "VAGUE"])
def test_no_word_is_known_that_is_not_written_out(name: str) -> None:
    written = {
        "VERBS": cases.VERB_WORDS,
        "OPENERS": cases.OPENER_WORDS,
        "NOT_AFTER_VERB": cases.NOUN_MAKERS,
        "CIRCUMSTANCES": cases.CIRCUMSTANCE_WORDS,
        "VAGUE": cases.VAGUE_WORDS,
    }
    assert getattr(rules, name) == set(written[name])


@pytest.mark.parametrize("name", list(rules.PATTERNS))
def test_each_changed_pattern_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    unnoticed = []
    for what, changed in mutated_alternatives(rules.PATTERNS[name]):
        monkeypatch.setitem(rules.PATTERNS, name, changed)
        if next(_pattern_failures(name), None) is None:
            unnoticed.append(what)
    assert unnoticed == []


@pytest.mark.parametrize("direction", [-1, 1])
@pytest.mark.parametrize("name", list(rules.LIMITS))
def test_each_changed_limit_is_noticed(name: str, direction: int, monkeypatch: pytest.MonkeyPatch) -> None:
    value = rules.LIMITS[name]
    step = 1 if isinstance(value, int) else 0.2 * value
    monkeypatch.setitem(rules.LIMITS, name, value + direction * step)
    assert next(_failures(), None)


@pytest.mark.parametrize("name", list(rules.WEIGHTS))
def test_each_changed_weight_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(rules.WEIGHTS, name, rules.WEIGHTS[name] + 0.01)
    assert next(_failures(), None)


@pytest.mark.parametrize(("name", "part"), [(n, part) for n, parts in rules.SHARES.items() for part in parts])
def test_each_changed_share_is_noticed(name: str, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(rules.SHARES[name], part, rules.SHARES[name][part] - 0.01)
    assert next(_failures(), None)


def test_weights_and_shares_add_up_to_one() -> None:
    assert sum(rules.WEIGHTS.values()) == pytest.approx(1)
    for shares in rules.SHARES.values():
        assert sum(shares.values()) == pytest.approx(1)


def test_evidence_quotes_the_lines_that_it_names() -> None:
    lines = DOCUMENT.split("\n")
    for dimension in score_fleet1(DOCUMENT).dimensions:
        for evidence in dimension.evidence:
            named = " ".join(lines[evidence.line - 1 : evidence.end_line])
            quoted = set(words_of(evidence.quote.rstrip("…")))
            assert quoted - set(words_of(named)) <= {words_of(evidence.quote)[-1]}, evidence


def test_every_dimension_but_size_shows_evidence_in_the_sample() -> None:
    empty = [d.name for d in score_fleet1(DOCUMENT).dimensions if not d.evidence]
    assert empty == ["size"]


def test_the_score_names_its_scorer_and_version() -> None:
    score = SCORERS["fleet-1"]("")
    assert (score.scorer, score.version) == (fleet1.SCORER, fleet1.VERSION) == ("fleet-1", "1.0")
    assert score.label == "fleet-1 (version 1.0)"
    assert score.as_dict()["dimensions"][0]["name"] == "trigger_clarity"


def test_a_parsed_document_scores_as_its_text() -> None:
    document = parse_document(DOCUMENT)
    assert {name: scorer(document) for name, scorer in SCORERS.items()} == {
        name: scorer(DOCUMENT) for name, scorer in SCORERS.items()
    }


@pytest.mark.parametrize("newline", ["\r\n", "\n", "\r"])
def test_line_endings_and_a_byte_order_mark_change_nothing(newline: str) -> None:
    text = "\ufeff" + DOCUMENT.replace("\n", newline)
    assert score_fleet1(text).value == score_fleet1(DOCUMENT).value


@given(st.one_of(st.text(), st.text(alphabet="-#\n: a`[](){}*|1.❌✅\"'!\\\t\r", max_size=300)))
@settings(max_examples=300, deadline=None)
def test_any_text_scores_within_0_and_1(text: str) -> None:
    for document in (text, f"---\n{text}\n---\n{text}", f"---\ndescription: {text}\n---\n"):
        score = score_fleet1(document)
        assert 0.0 <= score.value <= 1.0
        num_lines = len(parse_document(document).lines)
        for dimension in score.dimensions:
            assert 0.0 <= dimension.value <= 1.0
            assert all(1 <= e.line <= e.end_line <= num_lines for e in dimension.evidence)


@pytest.mark.parametrize(
    "unit",
    ["# h\n", "- a\n", "1. Do it\n", "|a|b|\n|-|-|\n", "```\n", "`a ", '"aaa ', "](a ", "run ", "Do it. ", "a-",
     "... x ", "> ", "```\n# a\n```\n", "no a ", "not to ", "See `a/"],
)  # fmt: skip
def test_hostile_text_of_half_a_megabyte_is_scored(unit: str) -> None:
    with within_reason():
        assert 0.0 <= score_fleet1(unit * (500_000 // len(unit))).value <= 1.0


def test_a_body_beyond_a_million_characters_is_judged_by_its_beginning_and_its_whole_size() -> None:
    start = "# A\n\n" + "word " * 250_000
    short, long = score_fleet1(start), score_fleet1(start + "\n\n# B\n\nRun it.")
    assert long.measures["structure.filled_sections"] == short.measures["structure.filled_sections"]
    assert "250,006 words" in long.dimensions[-1].reason


def test_patterns_hold_no_upper_case_because_text_is_lowered_first() -> None:
    for alternatives in rules.PATTERNS.values():
        for source in alternatives:
            assert not re.search(r"(?<!\\)[A-Z]", source), source


def test_patterns_that_share_the_edge_of_a_word_find_what_each_finds_alone() -> None:
    for name, alternatives in rules.PATTERNS.items():
        for one in alternatives:
            depth = 0
            for char in re.sub(r"\\.|\[[^\]]*\]", "", one):
                depth += {"(": 1, ")": -1}.get(char, 0)
                assert char != "|" or depth, f"{name}: {one} needs brackets around its choices"
        together = re.compile(joined(alternatives), rules.FLAGS)
        plain = re.compile("|".join(alternatives), rules.FLAGS)
        for text in (
            DOCUMENT.lower(),
            *alternatives,
            "when if use it\nverify that, never do: re-run the tests",
        ):
            assert [m.span() for m in together.finditer(text)] == [m.span() for m in plain.finditer(text)]
