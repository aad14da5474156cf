"""Checks that several profiles share: each looks at one thing and yields a hit for every breach, with a fix if there is one."""

from collections.abc import Collection, Iterator

from skills_app.domain.documents import SkillDocument
from skills_app.domain.errors import DocumentEditError, DocumentWriteError
from skills_app.domain.findings import MAIN_FILE, Edit, Finding, apply_edits
from skills_app.domain.front_matter import FrontMatter
from skills_app.domain.limits import NAME_PATTERN
from skills_app.domain.rules import FOLDER_NAME, Check, Hit, Subject, reading
from skills_app.domain.skill_names import (
    as_name,
    has_wrong_hyphens,
    reserved_words,
    without_word,
    wrong_characters,
)
from skills_app.domain.writing import FieldValue, entry_removal, removal_edit, value_edit
from skills_app.domain.yaml_nodes import NodeKind, YamlNode


def readable(subject: Subject) -> FrontMatter | None:
    """Return the front matter when it is a map that can be read, else None: field rules then rest."""
    front_matter = subject.document.front_matter
    return front_matter if front_matter is not None and front_matter.is_mapping else None


def field_node(subject: Subject, key: str) -> YamlNode | None:
    """Return the value of a key, an alias followed, or None when it is absent or nothing can be read."""
    front_matter = readable(subject)
    return front_matter.node(key) if front_matter is not None else None


def problems(*codes: str) -> Check:
    """Return a check that passes on what the parser met under any of ``codes``."""
    wanted = frozenset(codes)

    def check(subject: Subject) -> Iterator[Hit]:
        for finding in subject.document.problems:
            if finding.rule_id in wanted:
                yield hit_of(finding)

    return check


def hit_of(finding: Finding) -> Hit:
    """Return a parser's finding as a hit of another rule."""
    return Hit(finding.message, finding.place, finding.fix_hint, finding.edit)


def set_value(
    document: SkillDocument, key: str | tuple[str, ...], value: FieldValue, title: str
) -> Edit | None:
    """Return the edit that sets a value, or None when it cannot be made safely."""
    try:
        edit = value_edit(document, (key,) if isinstance(key, str) else key, value)
    except (DocumentEditError, DocumentWriteError):
        return None
    return Edit(title, edit.start, edit.end, edit.replacement)


def missing(key: str, advice: str) -> Check:
    """Return a check that a key is there."""

    def check(subject: Subject) -> Iterator[Hit]:
        front_matter = readable(subject)
        if front_matter is not None and front_matter.entry(key) is None:
            message = f"The front matter has no “{key}”. {advice}"
            edit = None
            if key == "name" and subject.folder_name and NAME_PATTERN.match(subject.folder_name):
                edit = set_value(subject.document, key, subject.folder_name, "Name it after its folder")
            yield Hit(message, front_matter.place, advice, edit)

    return reading(FOLDER_NAME)(check) if key == "name" else check


def not_text(key: str) -> Check:
    """Return a check that a value is a string for a YAML 1.1 reader: no number, boolean, null, list or map."""

    def check(subject: Subject) -> Iterator[Hit]:
        node = field_node(subject, key)
        if node is None or node.is_string or node.kind is NodeKind.NULL:
            return
        if node.is_scalar:
            message = (
                f"YAML reads the value of “{key}” as {_article(node.kind)}, not as text; put it in quotes."
            )
            edit = set_value(subject.document, key, node.text, "Put it in quotes")
        else:
            message = f"The value of “{key}” must be text; it is {_article(node.kind)}."
            edit = _joined(subject.document, key, node) if key == "allowed-tools" else None
        yield Hit(message, node.place, "Write it as text.", edit)

    return check


def _joined(document: SkillDocument, key: str, node: YamlNode) -> Edit | None:
    texts = [(item.target or item).text for item in node.items if (item.target or item).is_scalar]
    if node.kind is not NodeKind.LIST or len(texts) != len(node.items) or not texts:
        return None
    return set_value(document, key, " ".join(texts), "Write the list as one line")


def _article(kind: NodeKind) -> str:
    return f"{'an' if kind.value[0] in 'aeio' else 'a'} {kind.value}"


def blank(key: str, message: str) -> Check:
    """Return a check that a scalar is not empty or blank (null counts as empty)."""

    def check(subject: Subject) -> Iterator[Hit]:
        node = field_node(subject, key)
        if node is not None and node.is_scalar and (node.kind is NodeKind.NULL or not node.text.strip()):
            yield Hit(message, node.place, f"Write a {key} or leave it out.")

    return check


def too_long(key: str, limit: int, *, collapse: bool = False, strip: bool = True) -> Check:
    """Return a check that a scalar has at most ``limit`` code points, white space collapsed or stripped first."""

    def check(subject: Subject) -> Iterator[Hit]:
        node = field_node(subject, key)
        if node is None or not node.is_scalar:
            return
        text = " ".join(node.text.split()) if collapse else node.text.strip() if strip else node.text
        if len(text) > limit:
            message = f"The {key} has {len(text):,} characters; at most {limit:,} are allowed."
            yield Hit(message, node.place, f"Shorten it by {len(text) - limit:,} characters.")

    return check


def name_text(subject: Subject) -> tuple[str, YamlNode] | None:
    """Return the stripped name and its node, or None when there is no name that is text or a plain value."""
    node = field_node(subject, "name")
    if node is None or not node.is_scalar or not node.text.strip() or node.kind is NodeKind.NULL:
        return None
    return node.text.strip(), node


def name_characters(subject: Subject) -> Iterator[Hit]:
    """Yield a hit unless the name has only a–z, 0–9 and hyphens."""
    found = name_text(subject)
    if found is None:
        return
    if wrong := wrong_characters(found[0]):
        shown = ", ".join("a blank" if c.isspace() else f"“{c}”" for c in wrong[:5])
        message = f"The name may hold only lower-case letters a–z, digits and hyphens; it holds {shown}."
        yield Hit(message, found[1].place, "", _renamed(subject, found[0]))


def name_hyphens(subject: Subject) -> Iterator[Hit]:
    """Yield a hit when the name starts or ends with a hyphen or holds two in a row."""
    found = name_text(subject)
    if found is not None and has_wrong_hyphens(found[0]):
        message = "The name must not start or end with a hyphen, nor hold two in a row."
        yield Hit(message, found[1].place, "", _renamed(subject, found[0]))


def _renamed(subject: Subject, name: str) -> Edit | None:
    better = as_name(name)
    return set_value(subject.document, "name", better, f"Rename it to “{better}”") if better else None


@reading(FOLDER_NAME)
def name_folder(subject: Subject) -> Iterator[Hit]:
    """Yield a hit when the name differs from the folder's."""
    found = name_text(subject)
    if found is None or subject.folder_name is None or found[0] == subject.folder_name:
        return
    edit = None
    if NAME_PATTERN.match(subject.folder_name):
        edit = set_value(subject.document, "name", subject.folder_name, "Name it after its folder")
    message = (
        f"The name is “{found[0][:80]}” but its folder is called “{subject.folder_name}”; they must be equal."
    )
    yield Hit(message, found[1].place, "Rename the skill or its folder.", edit)


def name_reserved(subject: Subject) -> Iterator[Hit]:
    """Yield a hit when the name contains a word that Anthropic keeps for itself."""
    found = name_text(subject)
    if found is None:
        return
    for word in reserved_words(found[0]):
        better = without_word(found[0], word)
        edit = set_value(subject.document, "name", better, f"Rename it to “{better}”") if better else None
        yield Hit(
            f"The name contains the reserved word “{word}”.", found[1].place, "Choose another name.", edit
        )


def angle_brackets(*keys: str) -> Check:
    """Return a check that values hold neither ``<`` nor ``>``."""

    def check(subject: Subject) -> Iterator[Hit]:
        for key in keys:
            node = field_node(subject, key)
            if node is not None and node.is_scalar and ("<" in node.text or ">" in node.text):
                better = " ".join(node.text.replace("<", "").replace(">", "").split())
                edit = set_value(subject.document, key, better, "Remove the angle brackets")
                message = f"The {key} holds “<” or “>”, which could pass for a tag in an agent's prompt."
                yield Hit(message, node.place, "Say it without angle brackets.", edit)

    return check


def unknown_keys(known: Collection[str], *, wanted: Collection[str] | None = None) -> Check:
    """Return a check for top-level keys outside ``known`` (only those in ``wanted``, when given)."""

    def check(subject: Subject) -> Iterator[Hit]:
        front_matter = readable(subject)
        for entry in front_matter.entries if front_matter is not None else ():
            if entry.key in known or (wanted is not None and entry.key not in wanted):
                continue
            edit = moved_to_metadata(subject.document, entry.key, entry.value)
            message = f"The key “{entry.key[:80]}” is not part of the specification."
            yield Hit(message, entry.key_node.place, "Put it under metadata or remove it.", edit)

    return check


def moved_to_metadata(document: SkillDocument, key: str, node: YamlNode) -> Edit | None:
    """Return the edit that moves a top-level value under metadata, or None when that cannot be made safely."""
    if not node.is_scalar or not node.text.strip():
        return None
    try:
        edits = [removal_edit(document, (key,)), value_edit(document, ("metadata", key), node.text)]
    except (DocumentEditError, DocumentWriteError):
        return None
    return merged(document, edits, f"Move “{key[:80]}” under metadata")


def merged(document: SkillDocument, edits: list[Edit], title: str) -> Edit | None:
    """Return several edits as one that spans them all, or None when they overlap."""
    start, end = min(e.start for e in edits), max(e.end for e in edits)
    shifted = [Edit(e.title, e.start - start, e.end - start, e.replacement) for e in edits]
    try:
        return Edit(title, start, end, apply_edits(document.text[start:end], shifted))
    except DocumentEditError:
        return None


def duplicate_keys(subject: Subject) -> Iterator[Hit]:
    """Yield a hit for each key that stands twice in one map; the fix removes the earlier one, which readers ignore."""
    front_matter = subject.document.front_matter
    entries = front_matter.entries if front_matter is not None else ()
    later = {entry.key_node.place: index for index, entry in enumerate(entries)}
    for finding in subject.document.problems:
        if finding.rule_id != "front-matter.duplicate-key":
            continue
        edit = None
        index = later.get(finding.place) if finding.place else None
        earlier = [e for e in entries[:index] if e.key == entries[index].key] if index is not None else []
        if earlier:
            try:
                edit = entry_removal(subject.document, earlier[-1])
            except DocumentEditError:
                edit = None
        yield Hit(finding.message, finding.place, "Keep one of them.", edit)


def metadata_strings(subject: Subject) -> Iterator[Hit]:
    """Yield a hit for each metadata value that is not a string: numbers, booleans, nulls, lists and maps."""
    node = field_node(subject, "metadata")
    if node is None or node.kind is not NodeKind.MAP:
        return
    for entry in node.entries:
        value = entry.value.target or entry.value
        if value.is_string:
            continue
        kind = _article(value.kind) if value.kind is not NodeKind.NULL else "empty"
        edit = None
        if value.is_scalar:
            edit = set_value(subject.document, ("metadata", entry.key), value.text, "Put it in quotes")
        message = f"The metadata value “{entry.key[:80]}” must be a string; it is {kind}."
        yield Hit(message, entry.place, "Put it in quotes.", edit)


def metadata_map(subject: Subject) -> Iterator[Hit]:
    """Yield a hit when the metadata is no map."""
    node = field_node(subject, "metadata")
    if node is not None and node.kind not in (NodeKind.MAP, NodeKind.NULL):
        yield Hit(f"The metadata must be a map of strings; it is {_article(node.kind)}.", node.place)


def file_name(subject: Subject) -> Iterator[Hit]:
    """Yield a hit unless the file is called SKILL.md, in these letters."""
    if subject.file_name != MAIN_FILE:
        yield Hit(
            f"The file must be called {MAIN_FILE}; it is called {subject.file_name}.",
            None,
            "Rename the file.",
        )


def body_lines(limit: int) -> Check:
    """Return a check that the body has at most ``limit`` lines."""

    def check(subject: Subject) -> Iterator[Hit]:
        document = subject.document
        if document.num_lines > limit:
            message = f"The body has {document.num_lines:,} lines; hosts advise at most {limit:,}."
            first = document.body_line + limit
            place = document.lines.line_place(min(first, len(document.lines)))
            yield Hit(message, place, "Move details to files that are read when needed.")

    return check


def body_tokens(limit: int) -> Check:
    """Return a check that the body has at most ``limit`` tokens, counted by the subject's counter."""

    def check(subject: Subject) -> Iterator[Hit]:
        document = subject.document
        if document.num_characters <= limit:
            return  # a token has at least one byte of text, almost always more than one character
        count = document.count_tokens(subject.count_tokens)
        if count.num_tokens > limit:
            message = f"The body has about {count.num_tokens:,} tokens ({count.method}); hosts advise under {limit:,}."
            yield Hit(message, None, "Move details to files that are read when needed.")

    return check


def body_missing(subject: Subject) -> Iterator[Hit]:
    """Yield a hit when nothing follows the front matter."""
    front_matter = subject.document.front_matter
    if front_matter is not None and not subject.document.body.strip():
        yield Hit(
            "There is no body: the skill tells an agent nothing beyond its description.", front_matter.place
        )
