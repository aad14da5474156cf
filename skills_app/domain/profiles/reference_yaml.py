"""Why StrictYAML, as skills-ref 0.1.1 uses it, refuses a piece of YAML."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from skills_app.domain.yaml_nodes import NodeKind, YamlEntry, YamlNode, YamlResult


@dataclass(frozen=True, slots=True)
class StrictFault:
    """A fault, its span in the text that was read, and whether skills-ref crashes on it rather than refusing."""

    code: str
    message: str
    start: int
    end: int
    is_crash: bool = False


_FROM_READER = {
    "yaml-error": "yaml",
    "too-deep": "yaml",
    "too-large": "yaml",
    "duplicate-key": "duplicate-key",
    "anchor": "anchor",
    "alias": "anchor",
}


MERGE_KEY = "<<"
_NO_TEXT = frozenset({MERGE_KEY, "="})
_SEPARATOR = re.compile("[\x85\u2028\u2029]")
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


def for_composer(yaml_text: str) -> str:
    """Return a text of equal length that libyaml composes as StrictYAML does.

    StrictYAML reads YAML 1.2, where U+0085, U+2028 and U+2029 end no line, and takes escapes of half characters.
    """
    text = _SEPARATOR.sub("\u00a0", yaml_text)
    return _SURROGATE_ESCAPE.sub(r"\\u00b7", text) if "\\u" in text else text


def is_text(node: YamlNode) -> bool:
    """Whether StrictYAML gives a string; a bare ``<<`` or ``=`` becomes an object of its own."""
    return node.is_scalar and not (node.style == "plain" and node.text in _NO_TEXT)


def strict_faults(result: YamlResult, yaml_text: str, base: int) -> tuple[StrictFault, ...]:
    """Return the faults of composed YAML under StrictYAML's rules, in document order."""
    faults = [
        StrictFault(_FROM_READER[fault.code], fault.message, fault.start, fault.end)
        for fault in result.faults
    ]
    if result.root is not None:
        faults += _walk(result.root)
        if "\t" in yaml_text:
            faults += _tabs(result.root, yaml_text, base)
    return tuple(sorted(faults, key=lambda fault: fault.start))


def _walk(root: YamlNode) -> Iterator[StrictFault]:
    stack = [root]
    while stack:
        node = stack.pop()
        if node.tag:
            yield StrictFault("tag", f"StrictYAML allows no tags ({node.tag[:60]}).", node.start, node.end)
        if node.style == "flow":
            message = (
                "StrictYAML allows no braces or brackets around a value; write it in lines or in quotes."
            )
            yield StrictFault("flow", message, node.start, node.end)
            continue
        if node.kind is NodeKind.MAP:
            yield from _indentation(node)
            for entry in node.entries:
                yield from _merge(entry)
                stack += [entry.key_node, entry.value]
        else:
            stack += node.items


def _indentation(node: YamlNode) -> Iterator[StrictFault]:
    """Maps that are values of one map must start in the same column."""
    column: int | None = None
    for entry in node.entries:
        if entry.value.kind is not NodeKind.MAP or entry.value.style == "flow":
            continue
        if column is None:
            column = entry.value.place.column
        elif entry.value.place.column != column:
            message = f"The map under “{entry.key[:60]}” is indented otherwise than the map before it."
            yield StrictFault("indentation", message, entry.value.start, entry.value.end)


def is_merge(entry: YamlEntry) -> bool:
    """Whether an entry merges another map into its own rather than being a key."""
    return entry.key == MERGE_KEY and entry.key_node.style == "plain"


def _merge(entry: YamlEntry) -> Iterator[StrictFault]:
    value = entry.value
    is_fine = value.kind is NodeKind.MAP or (
        value.kind is NodeKind.LIST and all(item.kind is NodeKind.MAP for item in value.items)
    )
    if is_merge(entry) and not is_fine:
        message = "The key << merges maps, and its value is none; put it in quotes."
        yield StrictFault("yaml", message, entry.key_node.start, entry.key_node.end)


def _tabs(root: YamlNode, yaml_text: str, base: int) -> Iterator[StrictFault]:
    """The first tab that separates tokens: StrictYAML takes tabs only in quotes, block text and comments."""
    shielded = _shielded(root)
    index = 0
    for match in re.finditer("\t", yaml_text):
        at = base + match.start()
        while index < len(shielded) and shielded[index][1] <= at:
            index += 1
        if index < len(shielded) and shielded[index][0] <= at:
            continue
        if not _in_comment(yaml_text, match.start(), shielded, base):
            message = "StrictYAML takes tabs only inside quotes, block text and comments; write blanks."
            yield StrictFault("yaml", message, at, at + 1)
            return


def _shielded(root: YamlNode) -> list[tuple[int, int]]:
    """The spans, in order, in which a tab is text: quoted scalars, and block scalars below their first line."""
    spans = []
    stack = [root]
    while stack:
        node = stack.pop()
        if node.style in ("single", "double"):
            spans.append((node.start, node.end))
        elif node.style in ("literal", "folded"):
            spans.append((node.start + 2, node.end))
        stack += [part for entry in node.entries for part in (entry.key_node, entry.value)]
        stack += node.items
    return sorted(spans)


def _in_comment(yaml_text: str, at: int, shielded: list[tuple[int, int]], base: int) -> bool:
    line_start = yaml_text.rfind("\n", 0, at) + 1
    for match in re.finditer(r"(?:^|(?<=[ ]))#", yaml_text[line_start:at]):
        mark = base + line_start + match.start()
        if not any(start <= mark < end for start, end in shielded):
            return True
    return False
