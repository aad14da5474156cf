"""Whether ``fleet-1`` ranks real documents more sensibly than the reference does, and for the right reasons."""

import json
import re
from collections.abc import Callable

import pytest

from fleet_site.env import BASE_DIR
from skills_app.domain.scoring import score_fleet1, score_reference
from skills_app.domain.scoring.fleet1_reading import is_directive
from tests.shared_data import shared_data
from tests.skills_app.domain.scoring.judgements import PAIRS, SAMPLE_PAIRS, SAMPLE_TIERS, SEED_RUN, TIERS
from tests.skills_app.domain.scoring.sample_document import DOCUMENT

RUN_FOLDER = "330001648406427495/2c825fc5620542d9a680d343181c1237"
Change = Callable[[str], str]

FENCED = re.compile(r"^(```|~~~).*?^\1[ \t]*$", re.DOTALL | re.MULTILINE)
# Titles that mean the same and that neither scorer was told about.
OTHER_TITLES = {
    "overview": "In short",
    "when to use": "Situations this suits",
    "when to use this skill": "Situations this suits",
    "quick reference": "At a glance",
    "quick start": "First steps",
    "core principle": "The one idea",
    "core patterns": "How it is done",
    "common mistakes": "What goes wrong",
    "red flags": "Signs of trouble",
    "real-world impact": "Why it pays",
}
OTHER_MARKS = {
    "Common mistake": "Wrong way",
    "Production pattern": "Better way",
    "Core principle": "The idea",
    "Key insight": "Note",
    "❌ ": "",
    "✅ ": "",
}
MAGIC_WORDS = """

## Overview
## When to Use This Skill
## Quick Start
## Quick Reference
## Core Patterns
### A
### B
### C
### D
### E
## Common Mistakes
## Red Flags
## Real-World Impact
**Core principle:** **Key insight:** **ALWAYS** ❌ ✅ <Good> <Bad>
see references/
```py
a
b
c
```
"""


def rename_headings(text: str) -> str:
    def other(match: re.Match[str]) -> str:
        return match[1] + OTHER_TITLES.get(match[2].strip().lower(), match[2])

    return re.sub(r"^(#+ +)(.*?)[ :]*$", other, text, flags=re.MULTILINE)


def rename_marks(text: str) -> str:
    for mark, other in OTHER_MARKS.items():
        text = text.replace(mark, other)
    return text


def shout_headings(text: str) -> str:
    return re.sub(r"^(#+ )(.*)$", lambda m: m[1] + m[2].upper(), text, flags=re.MULTILINE)


def lower_headings(text: str) -> str:
    return re.sub(r"^(#{1,5}) ", r"#\1 ", text, flags=re.MULTILINE)


def without_examples(text: str) -> str:
    return re.sub(r"`[^`\n]+`", "it", FENCED.sub("", text))


def without_instructions(text: str) -> str:
    head, mark, body = text.partition("\n---\n")
    lines = [line for line in body.split("\n") if not is_directive(line.strip(" -*0123456789.[]_`#"))]
    return head + mark + "\n".join(lines)


def without_triggers(text: str) -> str:
    return re.sub(
        r"^description:.*?(?=^\S)", "description: A skill.\n", text, count=1, flags=re.DOTALL | re.MULTILINE
    )


def first_half(text: str) -> str:
    return text[: len(text) // 2]


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    names = [name for tier in TIERS.values() for name in tier]
    run = shared_data("seed_mlruns", RUN_FOLDER, "artifacts", "skill_content.md")
    paths = {name: run if name == SEED_RUN else shared_data("library", "skills", name) for name in names}
    return {name: path.read_text(encoding="utf-8") for name, path in paths.items()}


@pytest.fixture(scope="module")
def elevens() -> set[str]:
    return set(json.loads(shared_data("reference_quality.json").read_text(encoding="utf-8")))


def changes(texts: dict[str, str], change: Change) -> list[tuple[float, float]]:
    """Return what a change does to each document that it alters: (fleet-1, reference) differences."""
    altered = [(text, change(text)) for text in texts.values() if change(text) != text]
    assert len(altered) >= 5
    return [
        (
            score_fleet1(after).value - score_fleet1(before).value,
            score_reference(after).value - score_reference(before).value,
        )
        for before, after in altered
    ]


def wrong_pairs(
    texts: dict[str, str], score: Callable, pairs: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    values = {name: score(text).value for name, text in texts.items()}
    return [(better, worse) for better, worse in pairs if values[better] <= values[worse]]


def test_it_agrees_with_far_more_judgements_than_the_reference(texts: dict[str, str]) -> None:
    assert len(PAIRS) == 143
    assert len(wrong_pairs(texts, score_fleet1, list(PAIRS))) <= 3
    assert len(wrong_pairs(texts, score_reference, list(PAIRS))) == 20


def test_it_agrees_with_more_judgements_on_the_eleven_documents(
    texts: dict[str, str], elevens: set[str]
) -> None:
    pairs = [(better, worse) for better, worse in PAIRS if {better, worse} <= elevens]
    assert len(pairs) == 44
    assert len(wrong_pairs(texts, score_fleet1, pairs)) <= 2
    assert len(wrong_pairs(texts, score_reference, pairs)) == 3


@pytest.fixture(scope="module")
def samples() -> dict[str, str]:
    folder = BASE_DIR / "runs_app" / "sample" / "library"
    names = [name for tier in SAMPLE_TIERS.values() for name in tier]
    assert {path.parent for path in folder.rglob("SKILL.md")} == {folder / name for name in names}
    return {name: (folder / name / "SKILL.md").read_text(encoding="utf-8") for name in names}


def test_it_ranks_our_sample_skills_and_the_eleven_documents_together_more_sensibly(
    texts: dict[str, str], samples: dict[str, str], elevens: set[str]
) -> None:
    known = elevens | set(samples)
    pairs = [(better, worse) for better, worse in (*PAIRS, *SAMPLE_PAIRS) if {better, worse} <= known]
    among = [pair for pair in pairs if set(pair) <= set(samples)]
    every = texts | samples

    assert (len(pairs), len(among)) == (152, 11)
    assert [len(wrong_pairs(every, score_fleet1, chosen)) for chosen in (pairs, among)] == [6, 0]
    assert [len(wrong_pairs(every, score_reference, chosen)) for chosen in (pairs, among)] == [16, 1]


def test_every_document_of_the_best_tier_comes_before_every_other(texts: dict[str, str]) -> None:
    best, *others = TIERS.values()
    lowest = min(score_fleet1(texts[name]).value for name in best)
    highest = max(score_fleet1(texts[name]).value for tier in others for name in tier)
    assert lowest - highest > 0.1
    reference = {name: score_reference(text).value for name, text in texts.items()}
    assert min(reference[name] for name in best) == min(reference.values())


@pytest.mark.parametrize("change", [rename_headings, shout_headings, lower_headings])
def test_what_sections_are_called_does_not_matter(texts: dict[str, str], change: Change) -> None:
    assert all(abs(fleet) < 0.01 for fleet, _ in changes(texts, change))


def test_the_reference_loses_much_when_sections_are_called_otherwise(texts: dict[str, str]) -> None:
    assert min(reference for _, reference in changes(texts, rename_headings)) < -0.2


def test_other_words_for_right_and_wrong_cost_little(texts: dict[str, str]) -> None:
    differences = changes(texts, rename_marks)
    assert max(abs(fleet) for fleet, _ in differences) < 0.1
    assert max(reference for _, reference in differences) < -0.1


def test_magic_words_without_content_gain_little(texts: dict[str, str]) -> None:
    differences = changes(texts, lambda text: text + MAGIC_WORDS)
    assert max(fleet for fleet, _ in differences) < 0.12
    assert sum(fleet for fleet, _ in differences) / len(differences) < 0.03
    assert sum(reference for _, reference in differences) / len(differences) > 0.5


@pytest.mark.parametrize(
    ("change", "least_mean_loss"),
    [(without_examples, 0.10), (without_instructions, 0.04), (without_triggers, 0.05), (first_half, 0.10)],
)
def test_taking_substance_away_never_raises_the_score(
    texts: dict[str, str], change: Change, least_mean_loss: float
) -> None:
    differences = [fleet for fleet, _ in changes(texts, change)]
    assert max(differences) < 0.001
    assert -sum(differences) / len(differences) > least_mean_loss


@pytest.mark.parametrize(
    ("dimension", "change"),
    [
        ("trigger_clarity", without_triggers),
        ("trigger_clarity", lambda text: text.replace("Situations this suits", "About")),
        ("structure", lambda text: re.sub(r"^#+ .*$", "", text, flags=re.MULTILINE)),
        ("structure", lambda text: re.sub(r"^\d+\. ", "", text, flags=re.MULTILINE)),
        ("examples", without_examples),
        ("guidance", without_instructions),
        ("contrast", lambda text: text.replace("**Right:**", "").replace("**Wrong:**", "")),
        ("disclosure", lambda text: text.replace("(references/dialects.md)", "")),
        ("size", first_half),
    ],
)
def test_an_ablation_lowers_its_dimension_and_the_whole(dimension: str, change: Change) -> None:
    before, after = score_fleet1(DOCUMENT), score_fleet1(change(DOCUMENT))
    values = [{d.name: d.value for d in score.dimensions} for score in (before, after)]
    assert values[1][dimension] < values[0][dimension]
    assert after.value < before.value
