"""Writing front matter: so that every host reads the same, and so that the rest of a document stays as it was."""

import re
from collections.abc import Mapping
from typing import Any

from skills_app.domain.documents import SkillDocument
from skills_app.domain.errors import DocumentEditError, DocumentWriteError
from skills_app.domain.findings import Edit
from skills_app.domain.front_matter import FrontMatter
from skills_app.domain.limits import (
    COMPATIBILITY_MAX,
    DESCRIPTION_MAX,
    NAME_MAX,
    NAME_PATTERN,
    RESERVED_WORDS,
    SPEC_KEYS,
)
from skills_app.domain.yaml_nodes import NodeKind, YamlEntry, YamlNode, resolve_scalar

FieldValue = str | Mapping[str, str]

_PLAIN = re.compile(r"[A-Za-z](?:[A-Za-z0-9_./ -]*[A-Za-z0-9_./])?\Z")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\Z")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\x00": "\\0"}
_TO_ESCAPE = re.compile('["\\\\\x00-\x1f\x7f-\xa0\xad\u2028\u2029\ufeff\ufffe\uffff]')
_SURROGATE = re.compile("[\ud800-\udfff]")


def format_scalar(value: str) -> str:
    """Return ``value`` as one line of YAML that YAML 1.1, YAML 1.2 and StrictYAML all read as this very string.

    Plain where nobody can mistake it, else in double quotes. Three hyphens in a row never appear, because some readers
    end the front matter there: the first is written as an escape. Raises DocumentWriteError for a lone surrogate.
    """
    if _SURROGATE.search(value):
        raise DocumentWriteError(
            "A value holds half a character (a lone surrogate), which cannot be written as UTF-8."
        )
    if (
        _PLAIN.match(value)
        and "--" not in value
        and "  " not in value
        and resolve_scalar(value) is NodeKind.TEXT
    ):
        return value
    return f'"{_TO_ESCAPE.sub(_escape, value).replace("---", chr(92) + "x2d--")}"'


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    code = ord(char)
    return _ESCAPES.get(char) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def format_key(key: str) -> str:
    """Return a map's key as YAML, plain or in double quotes."""
    return (
        key
        if _PLAIN_KEY.match(key) and resolve_scalar(key) is NodeKind.TEXT and "---" not in key
        else _quoted(key)
    )


def _quoted(value: str) -> str:
    text = format_scalar(value)
    return text if text.startswith('"') else f'"{text}"'


def write_document(fields: Mapping[str, FieldValue], body: str, *, folder_name: str | None = None) -> str:
    """Return a SKILL.md that is the strict meet of all profiles: what each of them loads without a warning about form.

    ``fields`` may hold name, description, license, compatibility, metadata (a map of strings) and allowed-tools; they
    are written in this order, one line each, the metadata in block style. The body gets LF breaks and one final break.
    Raises DocumentWriteError with one sentence for each thing that cannot be written, ``folder_name`` included when it
    is given and differs from the name.
    """
    problems = _problems(fields, folder_name)
    if _SURROGATE.search(body) or "\x00" in body:
        problems.append("The body holds a NUL or half a character (a lone surrogate); remove it.")
    if problems:
        raise DocumentWriteError(" ".join(problems))
    lines = ["---"]
    for key in SPEC_KEYS:
        value = fields.get(key)
        if value is None:
            continue
        if isinstance(value, str):
            lines.append(f"{key}: {_quoted(value) if key != 'name' else format_scalar(value)}")
        elif value:
            lines.append(f"{key}:")
            lines += [f"  {format_key(k)}: {_quoted(v)}" for k, v in value.items()]
    lines.append("---")
    text = body.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    return "\n".join(lines) + "\n" + (f"\n{text}\n" if text else "")


def _problems(fields: Mapping[str, FieldValue], folder_name: str | None) -> list[str]:
    unknown = sorted(set(fields) - set(SPEC_KEYS))
    problems = [
        f"The key “{key}” is not part of the specification; put it under metadata." for key in unknown
    ]
    name, description = fields.get("name", ""), fields.get("description", "")
    if not isinstance(name, str) or not NAME_PATTERN.match(name) or len(name) > NAME_MAX:
        problems.append(
            f"The name must be 1 to {NAME_MAX} lower-case letters, digits and single hyphens between them."
        )
    elif any(word in name for word in RESERVED_WORDS):
        problems.append("The name must not contain “claude” or “anthropic”.")
    elif folder_name is not None and folder_name != name:
        problems.append(f"The name “{name}” must equal the folder's name “{folder_name}”.")
    if not isinstance(description, str) or not description.strip() or len(description) > DESCRIPTION_MAX:
        problems.append(f"The description must have 1 to {DESCRIPTION_MAX} characters.")
    elif "<" in description or ">" in description or "\n" in description or "\r" in description:
        problems.append("The description must be one line without “<” and “>”.")
    elif description != description.strip():
        problems.append("The description must not start or end with blanks.")
    for key in ("license", "compatibility", "allowed-tools"):
        value = fields.get(key)
        if value is not None and (not isinstance(value, str) or not value.strip()):
            problems.append(f"The value of “{key}” must be text that is not blank, or be left out.")
    compatibility = fields.get("compatibility")
    if isinstance(compatibility, str) and len(compatibility) > COMPATIBILITY_MAX:
        problems.append(f"The compatibility must have at most {COMPATIBILITY_MAX} characters.")
    metadata = fields.get("metadata")
    if metadata is not None and not (
        isinstance(metadata, Mapping)
        and all(isinstance(k, str) and k and isinstance(v, str) for k, v in metadata.items())
    ):
        problems.append("The metadata must be a map of names to strings.")
    return problems


def with_front_matter_value(
    document: SkillDocument, path: str | tuple[str, ...], value: FieldValue
) -> SkillDocument:
    """Return the document with the value at ``path`` (a key, or keys from the top down) set, every other byte kept.

    A key that is absent is added at the end of its map, a map or a whole front matter that is absent is made. Raises
    DocumentEditError when the front matter cannot be read, or when the change cannot be made without touching more.
    """
    keys = (path,) if isinstance(path, str) else path
    edited = document.with_edits([value_edit(document, keys, value)])
    _check(document, edited, keys, dict(value) if isinstance(value, Mapping) else value)
    return edited


def without_front_matter_key(document: SkillDocument, path: str | tuple[str, ...]) -> SkillDocument:
    """Return the document without the key at ``path`` and the lines of its value; raises DocumentEditError as above."""
    keys = (path,) if isinstance(path, str) else path
    edited = document.with_edits([removal_edit(document, keys)])
    _check(document, edited, keys, None)
    return edited


def value_edit(document: SkillDocument, keys: tuple[str, ...], value: FieldValue) -> Edit:
    """Return the edit that sets the value at ``keys``; see ``with_front_matter_value``."""
    front_matter = document.front_matter
    title = f"Set “{'.'.join(keys)}”"
    newline = document.newline
    if front_matter is None:
        if any(f.rule_id == "front-matter.unclosed" for f in document.problems):
            raise DocumentEditError("The front matter is not closed; close it before changing a value.")
        block = newline.join(["---", *_block(keys, value, ""), "---", "", ""])
        return Edit(title, document.body_start, document.body_start, block)
    _require_readable(front_matter)
    entry = front_matter.entry(*keys)
    if entry is not None:
        return _replace(document, title, entry, value)
    for depth in range(len(keys) - 1, 0, -1):
        parent = front_matter.entry(*keys[:depth])
        if parent is not None:
            return _add_below(document, title, parent, keys[depth:], value)
    indent = " " * (front_matter.entries[0].key_node.place.column - 1) if front_matter.entries else ""
    if front_matter.root is not None and front_matter.root.style == "flow":
        return _add_in_flow(title, front_matter.root, keys, value)
    added = "".join(f"{line}{newline}" for line in _block(keys, value, indent))
    return Edit(title, front_matter.yaml_end, front_matter.yaml_end, added)


def removal_edit(document: SkillDocument, keys: tuple[str, ...]) -> Edit:
    """Return the edit that removes the lines of the key at ``keys``; see ``without_front_matter_key``."""
    front_matter = document.front_matter
    entry = front_matter.entry(*keys) if front_matter else None
    if front_matter is None or entry is None:
        raise DocumentEditError(f"The front matter has no key “{'.'.join(keys)}”.")
    _require_readable(front_matter)
    return entry_removal(document, entry)


def entry_removal(document: SkillDocument, entry: YamlEntry) -> Edit:
    """Return the edit that removes the lines of one entry; raises DocumentEditError when others share them."""
    lines, text = document.lines, document.text
    start = lines.starts[entry.key_node.place.line - 1]
    number = lines.line_number(max(entry.value.end, entry.key_node.end))
    end = lines.starts[number] if number < len(lines) else len(text)
    if text[start : entry.key_node.start].strip() or text[entry.value.end : end].lstrip().startswith(
        (",", "}")
    ):
        raise DocumentEditError(f"The key “{entry.key}” shares its line with others; remove it by hand.")
    return Edit(f"Remove “{entry.key}”", start, end, "")


def _require_readable(front_matter: FrontMatter) -> None:
    is_empty = front_matter.is_readable and (
        front_matter.root is None or front_matter.root.kind is NodeKind.NULL
    )
    if not front_matter.is_mapping and not is_empty:
        raise DocumentEditError("The front matter cannot be read as keys and values; mend that first.")


def _block(keys: tuple[str, ...], value: FieldValue, indent: str) -> list[str]:
    """The lines of a nested block map that ends in ``value``."""
    lines = [f"{indent}{'  ' * n}{format_key(key)}:" for n, key in enumerate(keys)]
    last = indent + "  " * len(keys)
    if isinstance(value, str):
        lines[-1] += f" {format_scalar(value)}"
    elif value:
        lines += [f"{last}{format_key(k)}: {_quoted(v)}" for k, v in value.items()]
    else:
        lines[-1] += " {}"
    return lines


def _after_colon(document: SkillDocument, entry: YamlEntry) -> int:
    colon = document.text.find(":", entry.key_node.end)
    if colon < 0:
        raise DocumentEditError(f"The key “{entry.key}” has no place for a value; edit it by hand.")
    return colon + 1


def _replace(document: SkillDocument, title: str, entry: YamlEntry, value: FieldValue) -> Edit:
    node = entry.value
    after = _after_colon(document, entry)
    if isinstance(value, str):
        if node.start == node.end:
            return Edit(title, after, after, f" {format_scalar(value)}")
        same_line = document.lines.line_number(node.start) == document.lines.line_number(after - 1)
        start = node.start if same_line else after
        return Edit(title, start, node.end, format_scalar(value) if same_line else f" {format_scalar(value)}")
    indent = " " * (entry.key_node.place.column - 1)
    block = _block((entry.key,), value, indent)
    added = document.newline.join(["", *block[1:]]) if value else " {}"
    return Edit(title, after, max(node.end, after), added)


def _add_below(
    document: SkillDocument, title: str, parent: YamlEntry, keys: tuple[str, ...], value: FieldValue
) -> Edit:
    node = parent.value
    if node.kind is NodeKind.NULL and node.start == node.end:
        after = _after_colon(document, parent)
        indent = " " * (parent.key_node.place.column + 1)
        return Edit(title, after, after, document.newline.join(["", *_block(keys, value, indent)]))
    if node.kind is not NodeKind.MAP:
        raise DocumentEditError(
            f"The value of “{parent.key}” is not a map, so “{keys[0]}” cannot stand below it."
        )
    if node.style == "flow":
        return _add_in_flow(title, node, keys, value)
    first, last = node.entries[0], node.entries[-1]
    number = document.lines.line_number(max(last.value.end, last.key_node.end))
    if last.value.style in ("literal", "folded"):
        while number < len(document.lines) and not document.lines.line(number + 1).strip():
            number += 1
    at = document.lines.span(number)[1]
    indent = " " * (first.key_node.place.column - 1)
    return Edit(title, at, at, document.newline.join(["", *_block(keys, value, indent)]))


def _add_in_flow(title: str, node: YamlNode, keys: tuple[str, ...], value: FieldValue) -> Edit:
    if len(keys) > 1 or not isinstance(value, str):
        raise DocumentEditError(f"“{keys[0]}” cannot be added inside braces; write the map in lines first.")
    comma = ", " if node.entries else ""
    at = node.end - 1
    return Edit(title, at, at, f"{comma}{format_key(keys[0])}: {_quoted(value)}")


def _check(before: SkillDocument, after: SkillDocument, keys: tuple[str, ...], value: Any) -> None:
    """Raise DocumentEditError unless exactly the value at ``keys`` changed."""
    expected = _plain_copy(before.front_matter.values if before.front_matter else {})
    at = expected
    for key in keys[:-1]:
        nested = at.get(key)
        if not isinstance(nested, dict):
            nested = at[key] = {}
        at = nested
    if value is None:
        at.pop(keys[-1], None)
    else:
        at[keys[-1]] = value
    found = after.front_matter.values if after.front_matter else {}
    is_emptied = value is None and not at
    body = after.body if before.front_matter else after.body.removeprefix(after.newline)
    if (found != expected and not is_emptied) or body != before.body:
        raise DocumentEditError(
            f"“{'.'.join(keys)}” cannot be changed without touching other text; edit it by hand."
        )


def _plain_copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain_copy(item) for key, item in value.items()}
    return value
