"""A document as ``fleet-1`` reads it: its description, its blocks, its sentences, and which of these instruct."""

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate, groupby

from skills_app.domain.documents import SkillDocument
from skills_app.domain.scoring import fleet1_rules as rules
from skills_app.domain.scoring.blocks import Block, Kind, Sentence, read_blocks, sentences
from skills_app.domain.scoring.score import Evidence

# Beyond this a body is judged by its beginning; its size alone has long cost it that dimension.
MAX_CHARACTERS = 1_000_000
MAX_QUOTE = 160
# No part shows more passages than this.
MAX_EVIDENCE = 12

_WORD = re.compile(r"[^\W_](?:[\w'’-]*[^\W_])?")
_compiled: dict[str, tuple[tuple[str, ...], re.RegexFlag, re.Pattern[str]]] = {}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a dimension, valued 0 to 1, with its reason in words and the passages that it rests on."""

    name: str
    value: float
    reason: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(slots=True)
class Reading:
    """What is read once and judged by every dimension."""

    description: str
    description_line: int
    blocks: list[Block]
    sentences: list[Sentence]
    directives: list[Sentence]
    num_words: int
    num_lines: int
    _joined: "JoinedLines" = field(init=False)

    def __post_init__(self) -> None:
        """Join the sentences once, so that a pattern runs over all of them in one go."""
        self._joined = JoinedLines([sentence.text for sentence in self.sentences])

    def matching(self, name: str) -> list[Sentence]:
        """Return the sentences in which a named pattern is found, in order."""
        return [self.sentences[index] for index in sorted(self._joined.indexes_of(name))]


class JoinedLines:
    """Texts in lower case, a line each, searched together: one long search costs far less than many short ones."""

    def __init__(self, texts: list[str]) -> None:
        lowered = [text.replace("\n", " ").lower() for text in texts]
        self._text = "\n".join(lowered)
        self._starts = [0, *accumulate(len(text) + 1 for text in lowered)]

    def indexes_of(self, name: str) -> set[int]:
        """Return the indexes of the texts in which a named pattern is found."""
        starts = self._starts
        return {bisect_right(starts, match.start()) - 1 for match in pattern(name).finditer(self._text)}


def read(document: SkillDocument) -> Reading:
    """Return the reading of a document; lines are 1-based in the file."""
    description, description_line = _description_of(document)
    blocks = read_blocks(document.body[:MAX_CHARACTERS], document.body_line)
    prose = [
        sentence
        for block in blocks
        if block.kind in (Kind.PARAGRAPH, Kind.ITEM)
        for sentence in sentences(block)
    ]
    prose += [sentence for block in blocks if block.kind is Kind.TABLE for sentence in _cell_sentences(block)]
    prose.sort(key=lambda sentence: sentence.line)
    directives = [sentence for sentence in prose if is_directive(sentence.text)]
    return Reading(
        description,
        description_line,
        blocks,
        prose,
        directives,
        document.num_words,
        document.num_lines,
    )


def is_directive(text: str) -> bool:
    """Return whether a sentence tells its reader to do something, by the word it opens with.

    Looked at: its start; the clause after a first comma when it opens with a circumstance ("When in doubt, ask");
    and what follows a lead-in such as "Order:".
    """
    plain = text[:400].replace("*", "").replace("_", "").replace("`", "")
    head, colon, rest = plain.partition(": ")
    if colon and len(head.split()) <= rules.LIMITS["lead_in_words"]:
        plain = rest if " " in head or not _opens_with_verb(f"{head} it") else f"{head} {rest}"
    if _opens_with_verb(plain):
        return True
    first = plain.split(" ", 1)[0].lower()
    if first in rules.CIRCUMSTANCES:
        _, comma, clause = plain.partition(", ")
        return bool(comma) and _opens_with_verb(clause)
    return False


def _opens_with_verb(text: str) -> bool:
    words = text[:80].lower().replace("’", "'").split(None, 5)[:5]
    index = 0
    while index < len(words) and words[index].strip(",.") in rules.OPENERS:
        index += 1
    if index >= len(words):
        return False
    verb = words[index].strip(",.;:!()\"'")
    following = words[index + 1] if index + 1 < len(words) else ""
    return verb in rules.VERBS and following not in rules.NOT_AFTER_VERB and not words[index].endswith(":")


def find(name: str, text: str) -> re.Match[str] | None:
    """Return the first match of a named pattern in the text, whatever its case."""
    return pattern(name).search(text.lower())


def pattern(name: str) -> re.Pattern[str]:
    """Return a named pattern, compiled from its alternatives as they stand now."""
    alternatives, flags = rules.PATTERNS[name], rules.FLAGS
    found = _compiled.get(name)
    if found is None or found[0] is not alternatives or found[1] is not flags:
        found = _compiled[name] = (alternatives, flags, re.compile(joined(alternatives), flags))
    return found[2]


def joined(alternatives: tuple[str, ...]) -> str:
    """Return one pattern of all alternatives, in their order.

    Neighbours that begin at the edge of a word share that test: it then runs once at a place and not for each of them.
    """
    parts: list[str] = []
    for at_edge, group in groupby(alternatives, key=lambda one: one.startswith(r"\b")):
        if at_edge:
            parts.append(r"\b(?:" + "|".join(one[2:] for one in group) + ")")
        else:
            parts += group
    return "|".join(parts)


def has_command(text: str) -> bool:
    """Return whether a code span of the text holds a command: a word, and something that is done with it."""
    if text.count("`") < 2:
        return False
    command = pattern("command")
    return any(command.match(span) for span in text.lower().split("`")[1::2])


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case, without punctuation."""
    return _WORD.findall(text.lower())


def full_at(count: float, limit: str) -> float:
    """Return a count as a share of the limit at which it is full, 0 to 1."""
    return min(count / rules.LIMITS[limit], 1.0)


def quote(block: Block, shows: str) -> Evidence:
    """Return a block as evidence, its text cut to one line of reasonable length."""
    return Evidence(block.line, block.end_line, _cut(block.text), shows)


def quote_sentence(sentence: Sentence, shows: str) -> Evidence:
    """Return a sentence as evidence."""
    return Evidence(sentence.line, sentence.block.end_line, _cut(sentence.written), shows)


def quote_sentences(found: list[Sentence], shows: str) -> tuple[Evidence, ...]:
    """Return the first sentences as evidence, as many as are shown."""
    return tuple(quote_sentence(sentence, shows) for sentence in found[:MAX_EVIDENCE])


def quote_description(reading: Reading, shows: str) -> Evidence:
    """Return the description as evidence."""
    line = reading.description_line
    return Evidence(line, line, _cut(reading.description), shows)


def plural(count: int, noun: str, nouns: str = "") -> str:
    """Return a count with its noun: ``1 step``, ``2 steps``."""
    return f"{count} {noun if count == 1 else nouns or noun + 's'}"


def _cut(text: str) -> str:
    line = " ".join(text[: MAX_QUOTE * 4].split())
    return line if len(line) <= MAX_QUOTE else line[: MAX_QUOTE - 1].rstrip() + "…"


def _cell_sentences(block: Block) -> list[Sentence]:
    return [
        Sentence(cell, cell, block.line + 1 + number, block)
        for number, row in enumerate(block.rows[1:], start=1)
        for cell in row
        if cell
    ]


def _description_of(document: SkillDocument) -> tuple[str, int]:
    """Return the description and its line; in front matter that does not parse, as its line has it."""
    place = document.field_place("description")
    if document.description:
        return document.description, place.line if place else 1
    if document.front_matter and not document.front_matter.is_readable:
        first = document.front_matter.place.line + 1
        for line, row in enumerate(document.front_matter.text.split("\n"), start=first):
            if row.startswith("description:"):
                return row.partition(":")[2].strip(), line
    return "", 1
