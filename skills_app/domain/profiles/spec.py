"""Profile ``spec``: the agent skills specification as it is written."""

from skills_app.domain.findings import Severity
from skills_app.domain.limits import (
    BODY_LINES_ADVICE,
    BODY_TOKENS_ADVICE,
    COMPATIBILITY_MAX,
    DESCRIPTION_MAX,
    NAME_MAX,
    SPEC_KEYS,
)
from skills_app.domain.profiles import checks
from skills_app.domain.rules import Check, Profile, Rule

_SPEC = "agentskills.io specification (August 2026)"
_YAML = "YAML 1.2, 3.2.1.1"


def _rule(rule_id: str, severity: Severity, sentence: str, check: Check, source: str = _SPEC) -> Rule:
    return Rule(f"spec.{rule_id}", severity, sentence, source, check)


_CRITICAL, _WARNING, _INFO = Severity.CRITICAL, Severity.WARNING, Severity.INFO

SPEC = Profile(
    "spec",
    "2026-08",
    "Specification",
    _SPEC,
    (
        _rule(
            "file.name",
            _CRITICAL,
            "A skill is a directory that holds a file called SKILL.md.",
            checks.file_name,
        ),
        _rule(
            "text.utf8",
            _CRITICAL,
            "The document is UTF-8 text.",
            checks.problems("document.not-utf8", "document.nul"),
        ),
        _rule(
            "front-matter.present",
            _CRITICAL,
            "SKILL.md starts with YAML front matter between two lines of three hyphens.",
            checks.problems("front-matter.missing", "front-matter.unclosed"),
        ),
        _rule(
            "front-matter.yaml",
            _CRITICAL,
            "The front matter is valid YAML.",
            checks.problems("front-matter.yaml-error"),
        ),
        _rule(
            "front-matter.mapping",
            _CRITICAL,
            "The front matter is a map of fields.",
            checks.problems("front-matter.not-mapping"),
        ),
        _rule(
            "front-matter.bounds",
            _CRITICAL,
            "The front matter is small enough to be read: depth, number of values and aliases are bounded.",
            checks.problems("front-matter.too-deep", "front-matter.too-large", "front-matter.bomb"),
            "Skill Fleet: what no reader should have to take",
        ),
        _rule(
            "front-matter.duplicate-key",
            _WARNING,
            "The keys of a map are unique.",
            checks.duplicate_keys,
            _YAML,
        ),
        _rule(
            "name.present", _CRITICAL, "name is required.", checks.missing("name", "Add the folder's name.")
        ),
        _rule("name.text", _WARNING, "name is text.", checks.not_text("name")),
        _rule(
            "name.blank",
            _CRITICAL,
            "name has 1 to 64 characters.",
            checks.blank("name", "The name is empty."),
        ),
        _rule("name.length", _CRITICAL, "name has 1 to 64 characters.", checks.too_long("name", NAME_MAX)),
        _rule(
            "name.characters",
            _CRITICAL,
            "name holds only lower-case letters a–z, digits and hyphens.",
            checks.name_characters,
        ),
        _rule(
            "name.hyphens",
            _CRITICAL,
            "name does not start or end with a hyphen, and holds no two hyphens in a row.",
            checks.name_hyphens,
        ),
        _rule("name.folder", _CRITICAL, "name equals the parent directory's name.", checks.name_folder),
        _rule(
            "description.present",
            _CRITICAL,
            "description is required.",
            checks.missing("description", "Say what the skill does and when to use it."),
        ),
        _rule("description.text", _CRITICAL, "description is text.", checks.not_text("description")),
        _rule(
            "description.blank",
            _CRITICAL,
            "description is not empty.",
            checks.blank(
                "description", "The description is empty: say what the skill does and when to use it."
            ),
        ),
        _rule(
            "description.length",
            _CRITICAL,
            "description has at most 1,024 characters.",
            checks.too_long("description", DESCRIPTION_MAX),
        ),
        _rule(
            "license.text", _WARNING, "license is a short name or a file's name.", checks.not_text("license")
        ),
        _rule(
            "license.blank",
            _INFO,
            "license is a short name or a file's name.",
            checks.blank("license", "The license is empty."),
        ),
        _rule("compatibility.text", _CRITICAL, "compatibility is text.", checks.not_text("compatibility")),
        _rule(
            "compatibility.blank",
            _CRITICAL,
            "compatibility has 1 to 500 characters.",
            checks.blank("compatibility", "The compatibility is empty; leave it out instead."),
        ),
        _rule(
            "compatibility.length",
            _CRITICAL,
            "compatibility has 1 to 500 characters.",
            checks.too_long("compatibility", COMPATIBILITY_MAX),
        ),
        _rule("metadata.map", _CRITICAL, "metadata is a map from string to string.", checks.metadata_map),
        _rule(
            "metadata.strings", _WARNING, "metadata is a map from string to string.", checks.metadata_strings
        ),
        _rule(
            "allowed-tools.text",
            _CRITICAL,
            "allowed-tools is one string of tools with blanks between them.",
            checks.not_text("allowed-tools"),
        ),
        _rule(
            "keys.unknown",
            _WARNING,
            "The fields are name, description, license, compatibility, metadata and allowed-tools.",
            checks.unknown_keys(SPEC_KEYS),
        ),
        _rule(
            "body.present",
            _INFO,
            "The Markdown body after the front matter holds the instructions.",
            checks.body_missing,
        ),
        _rule(
            "body.lines",
            _WARNING,
            "Keep SKILL.md under 500 lines.",
            checks.body_lines(BODY_LINES_ADVICE),
        ),
        _rule(
            "body.tokens",
            _WARNING,
            "Keep the instructions under 5,000 tokens.",
            checks.body_tokens(BODY_TOKENS_ADVICE),
        ),
    ),
)
