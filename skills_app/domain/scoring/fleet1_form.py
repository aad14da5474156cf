"""The dimensions of ``fleet-1`` about form: when to use it, how it is built, how large it is."""

import itertools
import re

from skills_app.domain.scoring import fleet1_rules as rules
from skills_app.domain.scoring.blocks import Block, Kind
from skills_app.domain.scoring.fleet1_reading import (
    MAX_EVIDENCE,
    Part,
    Reading,
    find,
    full_at,
    is_directive,
    pattern,
    plural,
    quote,
    quote_description,
    quote_sentence,
    quote_sentences,
    words_of,
)
from skills_app.domain.scoring.score import Evidence

_ALTERNATIVE = re.compile(r",|;|\bor\b", re.IGNORECASE)
_TITLES = (Kind.HEADING, Kind.LABEL)


def trigger_clarity(reading: Reading) -> list[Part]:
    """Value what tells an agent that the skill applies: the description first, then the body's own words."""
    description = reading.description
    condition = find("condition", description)
    bid = find("bid", description)
    situations = _count_situations(description)
    specific = {w for w in words_of(description) if len(w) > 3 and w not in rules.VAGUE}
    when, when_not = _occasions(reading)
    said = (quote_description(reading, "names a condition"),) if condition else ()
    return [
        Part(
            "names_a_condition",
            float(bool(condition)),
            _yes(condition, "the description names a condition"),
            said,
        ),
        Part("bids_to_use", float(bool(bid)), _yes(bid, "it bids the reader to use the skill")),
        Part("several_situations", full_at(situations, "situations"), plural(situations, "situation")),
        Part(
            "specific_words", full_at(len(specific), "specific_words"), plural(len(specific), "telling word")
        ),
        Part("body_says_when", float(bool(when)), _yes(when, "the body says when to use it"), when),
        Part("says_when_not", float(bool(when_not)), _yes(when_not, "it says when not to"), when_not),
    ]


def _count_situations(description: str) -> int:
    condition = find("condition", description)
    if condition is None:
        return 0
    rest = description[condition.start() :]
    return max(len(pattern("condition").findall(rest.lower())), 1 + len(_ALTERNATIVE.findall(rest)))


def _occasions(reading: Reading) -> tuple[tuple[Evidence, ...], tuple[Evidence, ...]]:
    """Return the passages of the body that say when to use the skill, and those that say when not to."""
    when: list[Evidence] = []
    when_not: list[Evidence] = []
    for block, following in itertools.zip_longest(reading.blocks, reading.blocks[1:]):
        if block.kind not in _TITLES or following is None or following.kind is Kind.HEADING:
            continue
        if find("boundary", block.text):
            when_not.append(quote(block, "says when not to use it"))
        elif following.kind is not Kind.LABEL and not following.is_ordered and find("occasion", block.text):
            when.append(quote(block, "says when to use it"))
    when_not += quote_sentences(reading.matching("boundary"), "says when not to use it")
    for sentence in reading.matching("bid"):
        bid = find("bid", sentence.text)
        if bid and find("condition", sentence.text[bid.start() :]) and not find("boundary", sentence.text):
            when.append(quote_sentence(sentence, "says when to use it"))
    if not when_not and find("boundary", reading.description):
        when_not.append(quote_description(reading, "says when not to use it"))
    return tuple(when), tuple(when_not)


def structure(reading: Reading) -> list[Part]:
    """Value how the document is built: filled sections, steps in order, even levels, a check, short paragraphs."""
    headings = [block for block in reading.blocks if block.kind is Kind.HEADING]
    filled = _filled(reading.blocks)
    share = len(filled) / len(headings) if headings else 0.0
    steps, step_value = _steps(reading, headings)
    checks = _checks(reading)
    jumps = sum(b.level > a.level + 1 for a, b in itertools.pairwise(headings))
    paragraphs = [len(b.text.split()) for b in reading.blocks if b.kind in (Kind.PARAGRAPH, Kind.ITEM)]
    long = sum(n for n in paragraphs if n > rules.LIMITS["paragraph_words"])
    short_share = 1 - long / sum(paragraphs) if sum(paragraphs) else 0.0
    return [
        Part(
            "filled_sections",
            full_at(len(filled), "filled_sections") * share,
            f"{len(filled)} of {plural(len(headings), 'section')} filled",
            tuple(quote(block, "opens a section") for block in filled[:MAX_EVIDENCE]),
        ),
        Part("ordered_steps", step_value, plural(len(steps), "step") + " in order", steps),
        Part(
            "even_levels",
            float(len(headings) > 1 and not jumps),
            _yes(len(headings) > 1 and not jumps, "the levels of its headings are even"),
        ),
        Part("checks_the_result", float(bool(checks)), _yes(checks, "it has the result checked"), checks),
        Part("short_paragraphs", short_share, f"{short_share:.0%} of the text in short paragraphs"),
    ]


def _filled(blocks: list[Block]) -> list[Block]:
    """Return the headings under which something stands, be it a sub-section."""
    return [
        block
        for block, following in itertools.pairwise(blocks)
        if block.kind is Kind.HEADING
        and (following.kind is not Kind.HEADING or following.level > block.level)
    ]


def _steps(reading: Reading, headings: list[Block]) -> tuple[tuple[Evidence, ...], float]:
    """Return the longest run of numbered items, or else the numbered headings, with their value."""
    longest: list[Block] = []
    run: list[Block] = []
    for block in reading.blocks:
        if block.kind is Kind.ITEM and block.is_ordered:
            run.append(block)
            longest = max(longest, run, key=len) if run is not longest else run
        elif block.kind in _TITLES or (block.kind is Kind.ITEM and run and block.level <= run[-1].level):
            run = []
    numbered = [block for block in headings if find("numbered_heading", block.text)]
    steps = longest if len(longest) >= len(numbered) else numbered
    found = tuple(quote(block, "a step") for block in steps[:MAX_EVIDENCE])
    if len(steps) < rules.LIMITS["steps"]:
        return found, 0.0
    instructing = {sentence.line for sentence in reading.directives}
    num_instructing = sum(
        block.line in instructing or is_directive(block.text.partition(" ")[2]) for block in steps
    )
    if num_instructing >= rules.LIMITS["step_directive_share"] * len(steps):
        return found, 1.0
    return found, rules.LIMITS["steps_without_directives"]


def _checks(reading: Reading) -> tuple[Evidence, ...]:
    found = list(quote_sentences(reading.matching("check"), "checks the result"))
    for block, following in zip(reading.blocks, reading.blocks[1:], strict=False):
        if (
            block.kind in _TITLES
            and following.kind in (Kind.CODE, Kind.ITEM)
            and find("check_heading", block.text)
        ):
            found.append(quote(block, "checks the result"))
    found += [
        quote(block, "checks the result")
        for block in reading.blocks
        if block.kind is Kind.CODE and find("check_in_code", block.text)
    ]
    return tuple(found)


def size(reading: Reading) -> list[Part]:
    """Value the size of the body: enough to say something, and no more than an agent can afford to load."""
    limits = rules.LIMITS
    value = min(
        full_at(reading.num_words, "size_full_words"),
        _fading(reading.num_words, limits["size_fades_from_words"], limits["size_gone_words"]),
        _fading(reading.num_lines, limits["size_fades_from_lines"], limits["size_gone_lines"]),
    )
    return [Part("fit", value, f"{reading.num_words:,} words in {reading.num_lines:,} lines")]


def _fading(count: float, start: float, end: float) -> float:
    return min(max((end - count) / (end - start), 0.0), 1.0)


def _yes(condition: object, words: str) -> str:
    return words if condition else f"not found: {words}"
