"""Profile ``claude``: the checks before an upload to Claude, and what Claude Code does with the entry in its list."""

from collections.abc import Iterator

from skills_app.domain.findings import Severity
from skills_app.domain.limits import (
    CLAUDE_ENTRY_CHARACTERS,
    COMPATIBILITY_MAX,
    DESCRIPTION_MAX,
    NAME_MAX,
    SPEC_KEYS,
)
from skills_app.domain.profiles import checks
from skills_app.domain.rules import Check, Hit, Profile, Rule, Subject

_CHECK = "anthropics/skills, skill-creator/scripts/quick_validate.py"
_UPLOAD = "Anthropic, authoring rules for skills that are uploaded"
_CODE = "Claude Code documentation, skills"
CODE_KEYS = (
    "when_to_use",
    "argument-hint",
    "arguments",
    "disable-model-invocation",
    "user-invocable",
    "model",
    "effort",
    "context",
    "agent",
    "hooks",
    "paths",
    "shell",
)
_ALL_KEYS = (*SPEC_KEYS, *CODE_KEYS)


def entry_cut(subject: Subject) -> Iterator[Hit]:
    """Yield a hit when description and when_to_use together are longer than an entry in Claude Code's list."""
    node = checks.field_node(subject, "description")
    if node is None or not node.is_scalar:
        return
    when = checks.field_node(subject, "when_to_use")
    length = len(node.text.strip()) + (len(when.text.strip()) if when is not None and when.is_scalar else 0)
    if length > CLAUDE_ENTRY_CHARACTERS:
        message = f"The catalog entry has {length:,} characters and is cut at {CLAUDE_ENTRY_CHARACTERS:,}."
        yield Hit(message, node.place, "Put what triggers the skill first.", cut_at=CLAUDE_ENTRY_CHARACTERS)


def _rule(
    rule_id: str,
    sentence: str,
    check: Check,
    source: str = _CHECK,
    severity: Severity = Severity.CRITICAL,
) -> Rule:
    return Rule(f"claude.{rule_id}", severity, sentence, source, check, cuts=rule_id == "entry.cut")


CLAUDE = Profile(
    "claude",
    "2026-11",
    "Claude",
    f"{_CHECK}; {_UPLOAD}; {_CODE}",
    (
        _rule("file.name", "The file is called SKILL.md, in these letters.", checks.file_name),
        _rule("text.utf8", "The document is UTF-8 text.", checks.problems("document.not-utf8")),
        _rule(
            "text.bom",
            "The document starts with three hyphens, so no byte order mark stands before them.",
            checks.problems("document.bom"),
        ),
        _rule(
            "front-matter.present",
            "The document starts with front matter that is closed.",
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
        _rule("name.present", "name is required.", checks.missing("name", "Add the skill's name.")),
        _rule("name.text", "name is text, not a number or a list.", checks.not_text("name")),
        _rule("name.blank", "name is not empty.", checks.blank("name", "The name is empty."), _UPLOAD),
        _rule("name.length", "name has at most 64 characters.", checks.too_long("name", NAME_MAX)),
        _rule("name.characters", "name holds only a–z, 0–9 and hyphens.", checks.name_characters),
        _rule("name.hyphens", "name has hyphens only between words, one at a time.", checks.name_hyphens),
        _rule(
            "name.reserved", "name does not contain “claude” or “anthropic”.", checks.name_reserved, _UPLOAD
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
            _UPLOAD,
        ),
        _rule(
            "description.length",
            "description has at most 1,024 characters.",
            checks.too_long("description", DESCRIPTION_MAX),
        ),
        _rule(
            "description.angle", "description holds neither < nor >.", checks.angle_brackets("description")
        ),
        _rule("compatibility.text", "compatibility is text.", checks.not_text("compatibility")),
        _rule(
            "compatibility.blank",
            "compatibility is not empty.",
            checks.blank("compatibility", "The compatibility is empty; leave it out instead."),
        ),
        _rule(
            "compatibility.length",
            "compatibility has at most 500 characters.",
            checks.too_long("compatibility", COMPATIBILITY_MAX, strip=False),
        ),
        _rule(
            "keys.unknown",
            "The keys are name, description, license, compatibility, metadata and allowed-tools.",
            checks.unknown_keys(_ALL_KEYS),
        ),
        _rule(
            "keys.code-only",
            "Keys that only Claude Code knows are refused by an upload.",
            checks.unknown_keys(SPEC_KEYS, wanted=CODE_KEYS),
            _CODE,
            Severity.WARNING,
        ),
        _rule(
            "entry.cut",
            "Claude Code shows at most 1,536 characters of a skill's entry.",
            entry_cut,
            _CODE,
            Severity.WARNING,
        ),
    ),
)
