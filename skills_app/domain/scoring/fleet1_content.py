"""The dimensions of ``fleet-1`` about content: examples, guidance, contrast, and what is left to files."""

from skills_app.domain.scoring import fleet1_rules as rules
from skills_app.domain.scoring.blocks import Block, Kind, lead_of
from skills_app.domain.scoring.fleet1_reading import (
    MAX_EVIDENCE,
    JoinedLines,
    Part,
    Reading,
    find,
    full_at,
    has_command,
    plural,
    quote,
    quote_sentences,
)
from skills_app.domain.scoring.score import Evidence

_PROSE = (Kind.LABEL, Kind.PARAGRAPH, Kind.ITEM, Kind.TABLE)


def examples(reading: Reading) -> list[Part]:
    """Value worked examples: code that is whole and introduced, commands and words quoted in the text."""
    worth = 0.0
    blocks: list[Block] = []
    num_complete = num_introduced = 0
    for index, block in enumerate(reading.blocks):
        if block.kind is not Kind.CODE or not block.text.strip() or find("file_tree", block.text):
            continue
        before = reading.blocks[index - 1] if index else None
        blocks.append(block)
        is_complete = not find("placeholder", block.text)
        num_complete += is_complete
        num_introduced += _introduces(before)
        worth += _worth(block, before, is_complete=is_complete)
    quoting = {id(sentence) for sentence in reading.matching("quoted_words")}
    inline = [s for s in reading.sentences if id(s) in quoting or has_command(s.text)]
    worth += len(inline) * rules.LIMITS["inline_worth"]
    only_inline = rules.LIMITS["only_inline_worth"] if inline else 0.0
    count = len(blocks)
    return [
        Part(
            "worked",
            full_at(worth, "worked_examples"),
            f"{plural(count, 'example')} in code and {len(inline)} in the text",
            (
                *(quote(block, "an example") for block in blocks[:MAX_EVIDENCE]),
                *quote_sentences(inline, "an example in the text"),
            ),
        ),
        Part(
            "complete",
            num_complete / count if count else only_inline,
            f"{num_complete} of {count} without placeholders",
        ),
        Part(
            "introduced",
            num_introduced / count if count else only_inline,
            f"{num_introduced} of {count} introduced by a sentence",
        ),
    ]


def _worth(block: Block, before: Block | None, *, is_complete: bool) -> float:
    is_listing = before is not None and before.kind is Kind.HEADING and find("file_heading", before.text)
    if is_listing or not is_complete:
        return rules.LIMITS["listing_worth"]
    num_lines = sum(bool(line.strip()) for line in block.text.split("\n"))
    return 1.0 if num_lines > 1 else rules.LIMITS["one_line_worth"]


def _introduces(before: Block | None) -> bool:
    if before is None or before.kind not in _PROSE:
        return False
    return before.kind is Kind.LABEL or len(before.text.split()) >= rules.LIMITS["intro_words"]


def guidance(reading: Reading) -> list[Part]:
    """Value how clearly the text instructs: instructions, rules that are firm, and reasons given."""
    firm = reading.matching("firm")
    reasons = reading.matching("reason")
    return [
        Part(
            "directives",
            full_at(len(reading.directives), "directives"),
            plural(len(reading.directives), "instruction"),
            quote_sentences(reading.directives, "an instruction"),
        ),
        Part(
            "firm_rules",
            full_at(len(firm), "firm_rules"),
            plural(len(firm), "firm rule"),
            quote_sentences(firm, "a firm rule"),
        ),
        Part(
            "reasons",
            full_at(len(reasons), "reasons"),
            plural(len(reasons), "reason") + " given",
            quote_sentences(reasons, "a reason"),
        ),
    ]


def contrast(reading: Reading) -> list[Part]:
    """Value pairs of a wrong way and a right one: by labels, in tables, in comments of code, or in passing."""
    pairs: list[Evidence] = []
    worth = 0.0
    open_side: tuple[int, int, Block] | None = None
    sides = _sides(reading.blocks)
    for index, block in enumerate(reading.blocks):
        if block.kind is Kind.TABLE:
            num_rows = _contrasting_rows(block)
            worth += num_rows / rules.LIMITS["table_rows_per_pair"]
            pairs += [quote(block, "a wrong way beside a right one")] if num_rows else []
            continue
        if block.kind is Kind.CODE:
            if find("wrong_in_code", block.text) and find("right_in_code", block.text):
                worth += 1
                pairs.append(quote(block, "a wrong way beside a right one"))
            continue
        side = sides.get(index, 0)
        if (
            side
            and open_side
            and side != open_side[0]
            and index - open_side[1] <= rules.LIMITS["pair_distance"]
        ):
            worth += 1
            pairs.append(quote(open_side[2], "one side of a contrast"))
            pairs.append(quote(block, "its other side"))
            open_side = None
        elif side:
            open_side = (side, index, block)
    asides = reading.matching("aside")
    worth += len(asides) * rules.LIMITS["aside_worth"]
    evidence = (*pairs, *quote_sentences(asides, "a contrast in passing"))
    reason = f"wrong and right set side by side {len(pairs)} times, {len(asides)} in passing"
    return [Part("pairs", full_at(worth, "pairs"), reason, evidence)]


def _sides(blocks: list[Block]) -> dict[int, int]:
    """Return by index -1 for a block that introduces a wrong way and 1 for a right one, if it says something.

    A block that introduces both introduces neither. The leads are joined, so that each pattern runs once.
    """
    leads = [_short_lead(block) for block in blocks]
    joined = JoinedLines(leads)
    wrong, right = joined.indexes_of("wrong_side"), joined.indexes_of("right_side")
    found = dict.fromkeys(wrong - right, -1) | dict.fromkeys(right - wrong, 1)
    return {index: side for index, side in found.items() if _has_substance(blocks, index, leads[index])}


def _short_lead(block: Block) -> str:
    if block.kind in (Kind.CODE, Kind.TABLE):
        return ""
    lead = lead_of(block.text)
    return lead if lead and len(lead.split()) <= rules.LIMITS["lead_words"] else block.text[:2]


def _has_substance(blocks: list[Block], index: int, lead: str) -> bool:
    """Return whether a side says something: words after its lead, or a block of its own below."""
    words = len(blocks[index].text.split()) - len(lead.split())
    if words >= rules.LIMITS["side_words"]:
        return True
    following = blocks[index + 1] if index + 1 < len(blocks) else None
    return following is not None and following.kind in (Kind.CODE, Kind.ITEM, Kind.PARAGRAPH)


def _contrasting_rows(table: Block) -> int:
    header = table.rows[0]
    wrong = [n for n, cell in enumerate(header) if find("wrong_side", cell) and not find("right_side", cell)]
    right = [n for n, cell in enumerate(header) if find("right_side", cell) and not find("wrong_side", cell)]
    if not wrong or not right:
        return 0
    needed = max(wrong[0], right[0])
    return sum(len(row) > needed and bool(row[wrong[0]]) and bool(row[right[0]]) for row in table.rows[1:])


def disclosure(reading: Reading) -> list[Part]:
    """Value whether details are left to files that the text points to; a small document needs none."""
    pointing = reading.matching("file_link")
    pointing += [s for s in reading.matching("file_name") if s not in pointing and find("points", s.text)]
    when = [s for s in pointing if find("when_to_read", s.text)]
    limits = rules.LIMITS
    start, end = limits["files_needed_from_words"], limits["files_needed_by_words"]
    need = min(max((reading.num_words - start) / (end - start), 0.0), 1.0)
    alone = limits["small_without_files"] * (1 - need) if reading.num_words else 0.0
    reason = (
        f"{plural(len(pointing), 'pointer')} to files"
        if pointing
        else "no pointer to a file"
        + (", though its length calls for it" if need else ", and little need of one")
    )
    return [
        Part(
            "points_to_files",
            1.0 if pointing else alone,
            reason,
            quote_sentences(pointing, "points to a file"),
        ),
        Part(
            "says_when_to_read",
            float(bool(when)),
            f"{len(when)} of them say when to read it",
        ),
    ]
