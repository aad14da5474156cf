"""Profile ``codex``: what Codex's skill loader takes in."""

from collections.abc import Iterator

from skills_app.domain.findings import Severity
from skills_app.domain.limits import DESCRIPTION_MAX, NAME_MAX
from skills_app.domain.profiles import checks
from skills_app.domain.rules import Check, Hit, Profile, Rule, Subject
from skills_app.domain.yaml_nodes import NodeKind

_LOADER = "openai/codex, codex-rs/core/src/skills/loader.rs"
SHORT_DESCRIPTION_MAX = 500
_SHORT_KEYS = ("short-description", "shortDescription", "short_description")


def early_fence(subject: Subject) -> Iterator[Hit]:
    """Yield a hit when an indented line of three hyphens inside a value ends the front matter for Codex."""
    document = subject.document
    front_matter = document.front_matter
    if front_matter is None or "---" not in front_matter.text:
        return
    first, last = document.lines.line_number(front_matter.start) + 1, front_matter.place.end_line
    for number in range(first, last):
        if document.lines.line(number).strip() == "---":
            message = (
                "Codex ends the front matter at this line, because it holds three hyphens and nothing else."
            )
            yield Hit(message, document.lines.line_place(number), "Write the value in quotes on one line.")
            return


def short_description(subject: Subject) -> Iterator[Hit]:
    """Yield a hit when metadata.short-description has more than 500 characters."""
    node = checks.field_node(subject, "metadata")
    for entry in node.entries if node is not None else ():
        text = " ".join(entry.value.text.split())
        if entry.key in _SHORT_KEYS and len(text) > SHORT_DESCRIPTION_MAX:
            message = f"The short description has {len(text):,} characters; at most {SHORT_DESCRIPTION_MAX} are allowed."
            yield Hit(message, entry.value.place, "Shorten it.")


def duplicate_field(subject: Subject) -> Iterator[Hit]:
    """Yield a hit for a second name, description or metadata; other keys may stand twice."""
    seen: set[str] = set()
    front_matter = checks.readable(subject)
    for entry in front_matter.entries if front_matter is not None else ():
        if entry.key in seen and entry.key in ("name", "description", "metadata"):
            yield Hit(f"The key “{entry.key}” stands twice.", entry.key_node.place, "Keep one of them.")
        seen.add(entry.key)


def metadata_shape(subject: Subject) -> Iterator[Hit]:
    """Yield a hit when the metadata is a scalar, or null, where Codex expects a map."""
    node = checks.field_node(subject, "metadata")
    if node is not None and node.kind is not NodeKind.MAP and node.is_scalar:
        yield Hit("The metadata must be a map.", node.place, "Write it as a map or remove it.")


def _rule(rule_id: str, sentence: str, check: Check) -> Rule:
    return Rule(f"codex.{rule_id}", Severity.CRITICAL, sentence, _LOADER, check)


CODEX = Profile(
    "codex",
    "2026-11",
    "Codex",
    _LOADER,
    (
        _rule("file.name", "The file is called SKILL.md, in these letters.", checks.file_name),
        _rule("text.utf8", "The document is UTF-8 text.", checks.problems("document.not-utf8")),
        _rule(
            "text.bom",
            "The first line is three hyphens, so no byte order mark stands before them.",
            checks.problems("document.bom"),
        ),
        _rule(
            "front-matter.present",
            "The first line is three hyphens and a later one closes the front matter.",
            checks.problems("front-matter.missing", "front-matter.unclosed"),
        ),
        _rule(
            "front-matter.yaml",
            "The front matter is valid YAML and a map.",
            checks.problems(
                "front-matter.yaml-error",
                "front-matter.not-mapping",
                "front-matter.too-deep",
                "front-matter.too-large",
                "front-matter.bomb",
            ),
        ),
        _rule(
            "front-matter.early-fence",
            "The first line of only three hyphens closes the front matter.",
            early_fence,
        ),
        _rule(
            "front-matter.duplicate-field", "name, description and metadata stand once each.", duplicate_field
        ),
        _rule("name.present", "name is required.", checks.missing("name", "Add the skill's name.")),
        _rule("name.text", "name is text, not a number or a list.", checks.not_text("name")),
        _rule("name.blank", "name is not empty.", checks.blank("name", "The name is empty.")),
        _rule(
            "name.length",
            "name has at most 64 characters, white space collapsed.",
            checks.too_long("name", NAME_MAX, collapse=True),
        ),
        _rule(
            "description.present",
            "description is required.",
            checks.missing("description", "Say what the skill does and when to use it."),
        ),
        _rule("description.text", "description is text.", checks.not_text("description")),
        _rule(
            "description.blank",
            "description is not empty.",
            checks.blank(
                "description", "The description is empty: say what the skill does and when to use it."
            ),
        ),
        _rule(
            "description.length",
            "description has at most 1,024 characters, white space collapsed.",
            checks.too_long("description", DESCRIPTION_MAX, collapse=True),
        ),
        _rule("metadata.map", "metadata is a map.", metadata_shape),
        _rule(
            "metadata.short-description",
            "metadata.short-description has at most 500 characters.",
            short_description,
        ),
    ),
)
