"""The front matter of a SKILL.md: where it stands, its keys and values with their places, and what is wrong with it."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from skills_app.domain.findings import Edit, Finding, Place, Severity
from skills_app.domain.text_lines import TextLines
from skills_app.domain.yaml_nodes import (
    NodeKind,
    PlainLimitError,
    YamlEntry,
    YamlFault,
    YamlNode,
    YamlResult,
    compose,
    plain_value,
)

BOM = "\ufeff"
# Stands where headings stand for a section. No heading holds a line break, so no section has this path.
FRONT_MATTER_PATH = ("front matter\n",)
MAX_YAML_CHARACTERS = 262_144
_UNQUOTED_COLON = re.compile(r"^([A-Za-z_][\w-]*):[ \t]+([^\s\"'|>\[{&*!#%@`].*?)[ \t]*$")
_KEY_LINE = re.compile(r"[A-Za-z_][\w-]*[ \t]*:(?:[ \t]|$)")


@dataclass(frozen=True)
class FrontMatter:
    """What stands between the two fences.

    ``start`` to ``end`` are the offsets of the whole block with both fences and the break after the closing one;
    ``yaml_start`` to ``yaml_end`` those of the YAML alone. ``is_readable`` is False when a YAML reader would refuse it;
    ``entries`` then hold what was read before the fault. ``root`` is the top value, whatever its kind.
    """

    text: str
    start: int
    end: int
    yaml_start: int
    yaml_end: int
    place: Place
    entries: tuple[YamlEntry, ...]
    root: YamlNode | None
    is_readable: bool
    # What the YAML reader gave, for others that read the very same text.
    composed: YamlResult | None = field(default=None, compare=False, repr=False)

    @property
    def is_mapping(self) -> bool:
        """Whether it was read and is a map of keys to values."""
        return self.is_readable and self.root is not None and self.root.kind is NodeKind.MAP

    @property
    def keys(self) -> tuple[str, ...]:
        """The top-level keys in their order, duplicates included."""
        return tuple(entry.key for entry in self.entries)

    @cached_property
    def _by_key(self) -> dict[str, YamlEntry]:
        """The top-level entries by key, the last duplicate of each."""
        return {entry.key: entry for entry in self.entries}

    def entry(self, *path: str) -> YamlEntry | None:
        """Return the entry at a path of keys such as ``("metadata", "version")``, or None. The last duplicate counts."""
        if not path:
            return None
        found = self._by_key.get(path[0])
        if found is None:
            return None
        entries = (found.value.target or found.value).entries
        for key in path[1:]:
            found = next((e for e in reversed(entries) if e.key == key), None)
            if found is None:
                return None
            node = found.value.target or found.value
            entries = node.entries
        return found

    def node(self, *path: str) -> YamlNode | None:
        """Return the value at a path of keys, an alias followed, or None."""
        entry = self.entry(*path)
        return None if entry is None else entry.value.target or entry.value

    def text_of(self, *path: str) -> str | None:
        """Return a scalar at a path of keys as text (a number as it is written, null as an empty string), else None."""
        node = self.node(*path)
        if node is None or not node.is_scalar:
            return None
        return "" if node.kind is NodeKind.NULL else node.text

    @cached_property
    def values(self) -> dict[str, Any]:
        """The map as plain JSON-like data; empty when it is no map or expands beyond all bounds."""
        if not self.is_mapping or self.root is None:
            return {}
        try:
            value: dict[str, Any] = plain_value(self.root)
        except PlainLimitError:
            return {}
        return value


@dataclass(frozen=True, slots=True)
class FrontMatterReading:
    """The front matter, or None, the offset at which the body starts, and what was found on the way."""

    front_matter: FrontMatter | None
    body_start: int
    problems: tuple[Finding, ...]


def is_fence(line: str) -> bool:
    """Whether a line is a fence: three hyphens at its start and nothing else but blanks."""
    return line.startswith("---") and not line[3:].strip(" \t")


def read_front_matter(lines: TextLines) -> FrontMatterReading:
    """Read the front matter of a text; never raises. The body is the whole text when there is none or it is unclosed."""
    text = lines.text
    offset = 1 if text.startswith(BOM) else 0
    first_start, first_end = lines.span(1)
    first = text[max(first_start, offset) : first_end]
    if not is_fence(first):
        return FrontMatterReading(None, offset, (_missing(lines, first, offset),))
    closing = _closing_fence(lines)
    if closing is None:
        return FrontMatterReading(None, offset, (_unclosed(lines, offset, first_end),))
    return _read_closed(lines, offset, closing)


def _closing_fence(lines: TextLines) -> int | None:
    """Return the line of the first fence after the first line, or None; lines after it are not looked at."""
    number = 2
    while (start := lines.start(number)) is not None:
        if lines.text.startswith("---", start) and is_fence(lines.line(number)):
            return number
        number += 1
    return None


def _read_closed(lines: TextLines, offset: int, closing: int) -> FrontMatterReading:
    text = lines.text
    yaml_start, yaml_end = lines.span(2)[0], lines.span(closing)[0]
    following = lines.start(closing + 1)
    end = len(text) if following is None else following
    place = lines.place(offset, lines.span(closing)[1])
    if yaml_end - yaml_start > MAX_YAML_CHARACTERS:
        message = f"The front matter is longer than {MAX_YAML_CHARACTERS:,} characters and was not read."
        finding = Finding("front-matter.too-large", Severity.CRITICAL, message, place, is_required=True)
        front_matter = FrontMatter(
            text[yaml_start:yaml_end], offset, end, yaml_start, yaml_end, place, (), None, is_readable=False
        )
        return FrontMatterReading(front_matter, end, (finding,))
    yaml_text = text[yaml_start:yaml_end]
    result = compose(yaml_text, base=yaml_start, lines=lines)
    root = result.root
    entries = root.entries if root is not None and root.kind is NodeKind.MAP else result.partial_entries
    front_matter = FrontMatter(
        yaml_text, offset, end, yaml_start, yaml_end, place, entries, root, result.is_readable, result
    )
    problems = [_fault_finding(fault, lines) for fault in result.faults]
    if result.is_readable and not front_matter.is_mapping:
        problems.append(_not_mapping(front_matter))
    if front_matter.is_mapping and root is not None and _expands_too_far(root, result.faults):
        message = (
            "The aliases of the front matter expand to more values than can be held; write the values out."
        )
        problems.append(Finding("front-matter.bomb", Severity.CRITICAL, message, place, is_required=True))
    return FrontMatterReading(front_matter, end, tuple(problems))


def _expands_too_far(root: YamlNode, faults: list[YamlFault]) -> bool:
    if not any(fault.code == "alias" for fault in faults):
        return False
    try:
        plain_value(root)
    except PlainLimitError:
        return True
    return False


def _missing(lines: TextLines, first: str, offset: int) -> Finding:
    num = next(
        (n for n in range(1, 51) if lines.start(n) is not None and lines.line(n).strip(" \t" + BOM)), None
    )
    if num is not None and is_fence(lines.line(num).strip(" \t" + BOM)):
        start = lines.span(num)[0]
        fence_start = start + lines.line(num).index("---")
        message = "The front matter must start on the first line, without blanks before its fence (---)."
        edit = Edit("Remove what stands before the fence", offset, fence_start, "")
        return _front_matter_finding("missing", message, lines.line_place(num), edit)
    if first.startswith("---"):
        message = "The first line must be three hyphens (---) and nothing else, to open the front matter."
        return _front_matter_finding("missing", message, lines.line_place(1), None)
    message = "The document has no front matter: it must start with a line of three hyphens (---), name and description."
    return _front_matter_finding("missing", message, lines.line_place(1), None)


def _unclosed(lines: TextLines, offset: int, first_end: int) -> Finding:
    last = 1
    for number in range(2, 201):
        if lines.start(number) is None:
            break
        line = lines.line(number)
        if not (_KEY_LINE.match(line) or line.startswith((" ", "\t", "- "))):
            break
        last = number
    message = "The front matter is not closed: put a line of three hyphens (---) after its last key."
    at = lines.span(last)[1]
    edit = Edit("Close the front matter", at, at, f"{lines.newline}---") if last > 1 else None
    return _front_matter_finding("unclosed", message, lines.place(offset, first_end), edit)


def _not_mapping(front_matter: FrontMatter) -> Finding:
    root = front_matter.root
    kind = "empty" if root is None or root.kind is NodeKind.NULL else f"a {root.kind.value}"
    message = f"The front matter must be a map of keys to values, such as “name: my-skill”; it is {kind}."
    return _front_matter_finding("not-mapping", message, front_matter.place, None)


def _front_matter_finding(code: str, message: str, place: Place, edit: Edit | None) -> Finding:
    return Finding(f"front-matter.{code}", Severity.CRITICAL, message, place, is_required=True, edit=edit)


_UNWISE = frozenset({"alias", "anchor", "duplicate-key"})


def _fault_finding(fault: YamlFault, lines: TextLines) -> Finding:
    is_unwise = fault.code in _UNWISE
    edit = _quote_edit(fault, lines) if fault.code == "yaml-error" else None
    return Finding(
        f"front-matter.{fault.code}",
        Severity.WARNING if is_unwise else Severity.CRITICAL,
        fault.message,
        lines.place(fault.start, fault.end),
        is_required=not is_unwise,
        fix_hint="Put the value between double quotes." if edit else "",
        edit=edit,
    )


def _quote_edit(fault: YamlFault, lines: TextLines) -> Edit | None:
    number = lines.line_number(fault.start)
    start, end = lines.span(number)
    if end - start > 4_000:
        return None
    line = lines.text[start:end]
    match = _UNQUOTED_COLON.match(line)
    if match is None or (": " not in match[2] and not match[2].endswith(":")):
        return None
    quoted = '"' + match[2].replace("\\", "\\\\").replace('"', '\\"') + '"'
    return Edit(f"Quote the value of “{match[1]}”", start + match.start(2), start + match.end(2), quoted)
