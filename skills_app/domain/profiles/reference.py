"""Profile ``reference``: accepts and rejects as ``skills-ref`` 0.1.1 does, line by line and quirk by quirk.

Its reader cuts the text at the first two runs of three hyphens, wherever they stand, and reads what lies between as
StrictYAML: block style only, no anchors, tags or repeated keys, every scalar a string.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from skills_app.domain.documents import SkillDocument
from skills_app.domain.findings import Edit, Place, Severity
from skills_app.domain.limits import COMPATIBILITY_MAX, DESCRIPTION_MAX, NAME_MAX, SPEC_KEYS
from skills_app.domain.profiles import checks
from skills_app.domain.profiles.reference_yaml import (
    StrictFault,
    for_composer,
    is_merge,
    is_text,
    strict_faults,
)
from skills_app.domain.rules import FOLDER_NAME, Check, Hit, Profile, Rule, Subject, reading
from skills_app.domain.skill_names import as_name
from skills_app.domain.text_lines import TextLines
from skills_app.domain.yaml_nodes import NodeKind, YamlEntry, YamlNode, YamlResult, compose

_SOURCE = "skills-ref 0.1.1"
_FENCE = "---"
FILE_NAMES = ("SKILL.md", "skill.md")


@dataclass(frozen=True)
class ReferenceReading:
    """What skills-ref gets out of a document: the map's entries, or the faults that end its reading."""

    entries: tuple[YamlEntry, ...] | None
    faults: tuple[StrictFault, ...]
    lines: TextLines
    is_mapping: bool = False
    lost: Place | None = None

    def node(self, key: str) -> YamlNode | None:
        """Return the value under ``key``, or None."""
        return next((e.value for e in self.entries or () if e.key == key and not is_merge(e)), None)


def read_as_reference(document: SkillDocument) -> ReferenceReading:
    """Read a document as skills-ref does: line breaks made LF, cut at the first two fences, YAML read strictly."""
    text, lines = document.text, document.lines
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        lines = TextLines(text)
    if not document.is_utf8 or not text.startswith(_FENCE):
        return ReferenceReading(None, (), lines)
    closing = text.find(_FENCE, len(_FENCE))
    if closing < 0:
        return ReferenceReading(None, (), lines)
    yaml_text = text[len(_FENCE) : closing]
    result = _composed(document, yaml_text, lines)
    faults = strict_faults(result, yaml_text, len(_FENCE))
    root = result.root
    is_mapping = root is not None and root.kind is NodeKind.MAP and root.style == "block"
    entries = root.entries if root is not None and is_mapping and not faults else None
    front_matter = document.front_matter
    lost = None
    if front_matter is not None and lines.line_number(closing) < front_matter.place.end_line:
        lost = lines.place(closing, closing + len(_FENCE))
    return ReferenceReading(entries, faults, lines, is_mapping, lost)


def _composed(document: SkillDocument, yaml_text: str, lines: TextLines) -> YamlResult:
    """Return the composed YAML; what was composed for the document already, when it is the very same text."""
    text = for_composer(yaml_text)
    front = document.front_matter
    if (
        front is not None
        and front.composed is not None
        and lines is document.lines
        and text == "\n" + front.text
        and front.yaml_start == len(_FENCE) + 1
    ):
        return front.composed
    return compose(text, base=len(_FENCE), lines=lines)


def _reading(subject: Subject) -> ReferenceReading:
    if "reference" not in subject.cache:
        subject.cache["reference"] = read_as_reference(subject.document)
    reading: ReferenceReading = subject.cache["reference"]
    return reading


def _file(subject: Subject) -> Iterator[Hit]:
    if subject.file_name not in FILE_NAMES:
        yield Hit(f"skills-ref looks for SKILL.md or skill.md; the file is called {subject.file_name}.")


def _starts(subject: Subject) -> Iterator[Hit]:
    document = subject.document
    if document.is_utf8 and not document.text.startswith(_FENCE):
        problem = next(
            (p for p in document.problems if p.rule_id in ("document.bom", "front-matter.missing")), None
        )
        edit = problem.edit if problem else None
        yield Hit("The very first characters must be three hyphens.", document.place(0, 1), "", edit)


def _closed(subject: Subject) -> Iterator[Hit]:
    document = subject.document
    if document.is_utf8 and document.text.startswith(_FENCE) and document.text.find(_FENCE, 3) < 0:
        problem = next((p for p in document.problems if p.rule_id == "front-matter.unclosed"), None)
        yield Hit(
            "The front matter is never closed by three hyphens.",
            document.place(0, 3),
            "",
            problem.edit if problem else None,
        )


def _strict(code: str) -> Check:
    def check(subject: Subject) -> Iterator[Hit]:
        reading = _reading(subject)
        for fault in reading.faults:
            if fault.code == code:
                place = reading.lines.place(fault.start, fault.end)
                yield Hit(fault.message, place, "", _fix(subject, code, place))

    return check


def _fix(subject: Subject, code: str, place: Place) -> Edit | None:
    """The fix of a flow value (metadata and allowed-tools), or the one that the parser knows at the same place."""
    document = subject.document
    if code == "flow":
        for key in ("metadata", "allowed-tools"):
            node = checks.field_node(subject, key)
            if node is not None and node.place == place:
                return _unflowed(document, key, node)
        return None
    return next((p.edit for p in document.problems if p.place == place and p.edit is not None), None)


def _unflowed(document: SkillDocument, key: str, node: YamlNode) -> Edit | None:
    if node.kind is NodeKind.MAP and all(e.value.is_scalar for e in node.entries) and node.entries:
        values = {e.key: e.value.text for e in node.entries}
        return checks.set_value(document, key, values, "Write the map in lines")
    if node.kind is NodeKind.LIST and all(item.is_scalar for item in node.items) and node.items:
        return checks.set_value(
            document, key, " ".join(i.text for i in node.items), "Write the list as one line"
        )
    return None


def _mapping(subject: Subject) -> Iterator[Hit]:
    document, reading = subject.document, _reading(subject)
    is_cut = document.is_utf8 and document.text.startswith(_FENCE) and document.text.find(_FENCE, 3) >= 0
    if is_cut and not reading.faults and not reading.is_mapping:
        yield Hit(
            "What skills-ref reads between the first two runs of three hyphens is no map.",
            document.place(0, 3),
        )


def _lost(subject: Subject) -> Iterator[Hit]:
    reading = _reading(subject)
    if reading.lost is not None:
        message = "skills-ref ends the front matter at these three hyphens and loses what follows in it."
        yield Hit(message, reading.lost, "Write the value without three hyphens in a row.", _escaped(subject))


def _escaped(subject: Subject) -> Edit | None:
    for key in ("description", "license", "compatibility", "allowed-tools"):
        node = checks.field_node(subject, key)
        if node is not None and node.is_scalar and _FENCE in node.text:
            return checks.set_value(
                subject.document, key, node.text.strip(), "Hide the hyphens from simple readers"
            )
    return None


def _keys(subject: Subject) -> Iterator[Hit]:
    document = subject.document
    for entry in _reading(subject).entries or ():
        if entry.key not in SPEC_KEYS and not is_merge(entry):
            edit = checks.moved_to_metadata(document, entry.key, entry.value)
            message = f"skills-ref refuses the key “{entry.key[:80]}”."
            yield Hit(message, entry.key_node.place, "Put it under metadata or remove it.", edit)


def _present(key: str) -> Check:
    def check(subject: Subject) -> Iterator[Hit]:
        reading = _reading(subject)
        if reading.entries is None:
            return
        node = reading.node(key)
        if node is None:
            yield Hit(f"The required field “{key}” is missing.", subject.document.place(0, 3))
        elif not is_text(node):
            yield Hit(f"The {key} must be text, not a {node.kind.value}.", node.place)
        elif not node.text.strip():
            yield Hit(f"The {key} is empty.", node.place)

    return check


def _name(subject: Subject) -> tuple[str, YamlNode] | None:
    node = _reading(subject).node("name")
    if node is None or not is_text(node) or not node.text.strip():
        return None
    return unicodedata.normalize("NFKC", node.text.strip()), node


def _name_length(subject: Subject) -> Iterator[Hit]:
    found = _name(subject)
    if found is not None and len(found[0]) > NAME_MAX:
        yield Hit(f"The name has {len(found[0])} characters; at most {NAME_MAX} are allowed.", found[1].place)


def _name_lower(subject: Subject) -> Iterator[Hit]:
    found = _name(subject)
    if found is not None and found[0] != found[0].lower():
        yield Hit("The name must be in lower case.", found[1].place, "", _renamed(subject, found[0]))


def _name_hyphens(subject: Subject) -> Iterator[Hit]:
    found = _name(subject)
    if found is not None and (found[0].startswith("-") or found[0].endswith("-") or "--" in found[0]):
        message = "The name must not start or end with a hyphen, nor hold two in a row."
        yield Hit(message, found[1].place, "", _renamed(subject, found[0]))


def _name_characters(subject: Subject) -> Iterator[Hit]:
    found = _name(subject)
    if found is not None and not all(char.isalnum() or char == "-" for char in found[0]):
        message = "The name may hold only letters and digits, of any script, and hyphens."
        yield Hit(message, found[1].place, "", _renamed(subject, found[0]))


@reading(FOLDER_NAME)
def _name_folder(subject: Subject) -> Iterator[Hit]:
    found = _name(subject)
    if found is None or subject.folder_name is None:
        return
    if unicodedata.normalize("NFKC", subject.folder_name) != found[0]:
        message = f"The folder “{subject.folder_name}” must be called as the skill, “{found[0][:80]}”."
        yield Hit(message, found[1].place, "Rename the skill or its folder.")


def _renamed(subject: Subject, name: str) -> Edit | None:
    better = as_name(name)
    return checks.set_value(subject.document, "name", better, f"Rename it to “{better}”") if better else None


def _length(key: str, limit: int) -> Check:
    def check(subject: Subject) -> Iterator[Hit]:
        node = _reading(subject).node(key)
        if node is not None and is_text(node) and node.text.strip() and len(node.text) > limit:
            message = f"The {key} has {len(node.text):,} characters; at most {limit:,} are allowed."
            yield Hit(message, node.place, f"Shorten it by {len(node.text) - limit:,} characters.")

    return check


def _compatibility_text(subject: Subject) -> Iterator[Hit]:
    node = _reading(subject).node("compatibility")
    if node is not None and not is_text(node):
        yield Hit(f"The compatibility must be text, not a {node.kind.value}.", node.place)


def _rule(rule_id: str, sentence: str, check: Check, severity: Severity = Severity.CRITICAL) -> Rule:
    return Rule(f"reference.{rule_id}", severity, sentence, _SOURCE, check)


REFERENCE = Profile(
    "reference",
    "0.1.1",
    "Reference validator",
    _SOURCE,
    (
        _rule("file.name", "The folder holds SKILL.md or skill.md.", _file),
        _rule(
            "text.utf8",
            "The document is UTF-8 text; skills-ref crashes on anything else.",
            checks.problems("document.not-utf8"),
        ),
        _rule(
            "front-matter.start", "The text starts with three hyphens, without a byte order mark.", _starts
        ),
        _rule("front-matter.closed", "Three hyphens stand a second time.", _closed),
        _rule("front-matter.yaml", "What lies between is YAML.", _strict("yaml")),
        _rule("front-matter.flow", "StrictYAML has no flow style.", _strict("flow")),
        _rule("front-matter.anchor", "StrictYAML has no anchors.", _strict("anchor")),
        _rule("front-matter.tag", "StrictYAML has no tags.", _strict("tag")),
        _rule("front-matter.duplicate-key", "StrictYAML has no repeated keys.", _strict("duplicate-key")),
        _rule("front-matter.indentation", "Maps inside one map are indented alike.", _strict("indentation")),
        _rule("front-matter.mapping", "What lies between is a map.", _mapping),
        _rule(
            "front-matter.lost",
            "Three hyphens anywhere end the front matter; what follows is lost without a word.",
            _lost,
            Severity.WARNING,
        ),
        _rule("keys.unknown", "Only the six fields of the specification are allowed.", _keys),
        _rule("name.present", "name is text that is not empty.", _present("name")),
        _rule("name.length", "name has at most 64 characters after NFKC.", _name_length),
        _rule("name.lower", "name is in lower case.", _name_lower),
        _rule("name.hyphens", "name has hyphens only between words, one at a time.", _name_hyphens),
        _rule("name.characters", "name holds letters, digits and hyphens.", _name_characters),
        _rule("name.folder", "name equals the folder's name after NFKC.", _name_folder),
        _rule("description.present", "description is text that is not empty.", _present("description")),
        _rule(
            "description.length",
            "description has at most 1,024 characters, blanks at its ends counted.",
            _length("description", DESCRIPTION_MAX),
        ),
        _rule("compatibility.text", "compatibility is text.", _compatibility_text),
        _rule(
            "compatibility.length",
            "compatibility has at most 500 characters, blanks at its ends counted.",
            _length("compatibility", COMPATIBILITY_MAX),
        ),
    ),
)
