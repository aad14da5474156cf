"""A SKILL.md as it was written: bytes, front matter with places, body, build; and edits that keep the rest as it was."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from skills_app.domain.findings import Edit, Finding, Place, Severity, apply_edits
from skills_app.domain.front_matter import BOM, FrontMatter, read_front_matter
from skills_app.domain.links import Link
from skills_app.domain.outline import CodeBlock, Heading, Section, Structure, read_structure
from skills_app.domain.text_lines import TextLines
from skills_app.domain.tokens import TokenCount, TokenCounter, estimate_tokens

_SURROGATES = re.compile("[\udc80-\udcff]")
_NUL = re.compile("\x00")
REPLACEMENT = "\ufffd"


@dataclass(frozen=True, eq=False)
class SkillDocument:
    """One parsed document; build it with ``parse_document``.

    ``source`` are the exact bytes. ``text`` is what they say in UTF-8, a byte order mark kept as its first code point,
    line breaks kept, and each byte that is not UTF-8 shown as one U+FFFD. All offsets count code points of ``text``,
    all lines and columns count from 1. ``problems`` are what the reading itself met, in the order met.
    """

    source: bytes
    text: str
    lines: TextLines
    front_matter: FrontMatter | None
    body_start: int
    problems: tuple[Finding, ...]
    is_utf8: bool
    has_bom: bool

    @cached_property
    def body(self) -> str:
        """What follows the front matter, exactly; the whole text (without a byte order mark) when there is none."""
        return self.text[self.body_start :]

    @property
    def body_line(self) -> int:
        """The line (from 1) on which the body starts."""
        return self.lines.line_number(self.body_start)

    @property
    def newline(self) -> str:
        """The line break that the document uses most."""
        return self.lines.newline

    @cached_property
    def structure(self) -> Structure:
        """Headings, sections, code blocks and links of the body; read on first use."""
        return read_structure(self.lines, self.body_start)

    @property
    def outline(self) -> tuple[Heading, ...]:
        """The headings of the body in order, each with level, text, unique anchor, path and line."""
        return self.structure.headings

    @property
    def sections(self) -> tuple[Section, ...]:
        """The body cut at its headings."""
        return self.structure.sections

    @property
    def code_blocks(self) -> tuple[CodeBlock, ...]:
        """The fenced code blocks of the body."""
        return self.structure.code_blocks

    @property
    def links(self) -> tuple[Link, ...]:
        """The links and images of the body."""
        return self.structure.links

    @property
    def name(self) -> str:
        """The name in the front matter, or an empty string."""
        return self._field("name")

    @property
    def description(self) -> str:
        """The description in the front matter, or an empty string."""
        return self._field("description")

    def _field(self, key: str) -> str:
        text = self.front_matter.text_of(key) if self.front_matter else None
        return (text or "").strip()

    @cached_property
    def num_words(self) -> int:
        """How many words the body has, cut at white space."""
        return len(self.body.split())

    @property
    def num_characters(self) -> int:
        """How many code points the body has."""
        return len(self.text) - self.body_start

    @property
    def num_lines(self) -> int:
        """How many lines the body has."""
        return len(self.lines) - self.body_line + 1 if self.body_start < len(self.text) else 0

    def count_tokens(self, count: TokenCounter = estimate_tokens) -> TokenCount:
        """Return the tokens of the body by ``count``; see ``skills_app.adapters.tokenizer`` for an exact one."""
        return count(self.body)

    def catalog_text(self) -> str:
        """Return the two values that a host lists before loading the skill: name and description."""
        return f"{self.name}: {self.description}"

    def place(self, start: int, end: int) -> Place:
        """Return the place of ``text[start:end]``."""
        return self.lines.place(start, end)

    def field_place(self, *path: str) -> Place | None:
        """Return the place of a front matter value, or None when it is absent."""
        entry = self.front_matter.entry(*path) if self.front_matter else None
        return None if entry is None else entry.value.place

    def to_bytes(self) -> bytes:
        """Return the document byte for byte as it was read."""
        return self.source

    def with_edits(self, edits: Iterable[Edit]) -> "SkillDocument":
        """Return the document with all edits applied at once, every other byte kept; see ``apply_edits`` for errors."""
        raw = self.text if self.is_utf8 else self.source.decode("utf-8", "surrogateescape")
        return parse_document(_encode(apply_edits(raw, edits)))


def parse_document(source: bytes | str) -> SkillDocument:
    """Read a document of any content and size; never raises, in time and memory that grow with its length.

    What is wrong with it as text or as front matter is in ``problems``, each with its place.
    """
    if isinstance(source, str):
        source = source.encode("utf-8", "surrogatepass")
    problems: list[Finding] = []
    try:
        text = source.decode("utf-8")
        is_utf8 = True
    except UnicodeDecodeError:
        text = _SURROGATES.sub(REPLACEMENT, source.decode("utf-8", "surrogateescape"))
        is_utf8 = False
    lines = TextLines(text)
    if not is_utf8:
        problems.append(_not_utf8(source, lines))
    has_bom = text.startswith(BOM)
    if has_bom:
        problems.append(_bom(lines))
    if b"\x00" in source:
        at = text.index("\x00")
        message = "The document contains a NUL character; it does not look like text."
        edits = Edit("Remove the character", at, at + 1, "")
        problems.append(
            Finding("document.nul", Severity.CRITICAL, message, lines.place(at, at + 1), True, edit=edits)
        )
    reading = read_front_matter(lines)
    problems += reading.problems
    return SkillDocument(
        source, text, lines, reading.front_matter, reading.body_start, tuple(problems), is_utf8, has_bom
    )


def _not_utf8(source: bytes, lines: TextLines) -> Finding:
    raw = source.decode("utf-8", "surrogateescape")
    bad = [m.start() for m in _SURROGATES.finditer(raw)]
    message = (
        f"The document is not UTF-8: {len(bad)} byte{'s' if len(bad) > 1 else ''} cannot be read, "
        f"the first is 0x{ord(raw[bad[0]]) - 0xDC00:02X}. Save it as UTF-8."
    )
    return Finding(
        "document.not-utf8", Severity.CRITICAL, message, lines.place(bad[0], bad[0] + 1), is_required=True
    )


def _bom(lines: TextLines) -> Finding:
    message = "The document starts with a byte order mark, which several readers take for text before the front matter."
    edit = Edit("Remove the byte order mark", 0, 1, "")
    return Finding("document.bom", Severity.WARNING, message, lines.place(0, 1), edit=edit)


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
