"""Profile ``mlflow``: what the skill registry of MLflow 3.18 takes in."""

from skills_app.domain.findings import Severity
from skills_app.domain.limits import NAME_MAX
from skills_app.domain.profiles import checks
from skills_app.domain.rules import Check, Profile, Rule

_SOURCE = "MLflow 3.18.0, skill registry, as measured in November 2026"


def _rule(rule_id: str, sentence: str, check: Check) -> Rule:
    return Rule(f"mlflow.{rule_id}", Severity.CRITICAL, sentence, _SOURCE, check)


MLFLOW = Profile(
    "mlflow",
    "3.18.0",
    "MLflow registry",
    _SOURCE,
    (
        _rule("file.name", "The file is called SKILL.md, in these letters.", checks.file_name),
        _rule("text.utf8", "The document is UTF-8 text.", checks.problems("document.not-utf8")),
        _rule(
            "front-matter.present",
            "The document starts with closed front matter; a byte order mark may stand before it, a blank line may not.",
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
            "front-matter.anchor",
            "The front matter has no YAML anchors and aliases.",
            checks.problems("front-matter.anchor", "front-matter.alias"),
        ),
        _rule("name.present", "name is required.", checks.missing("name", "Add the skill's name.")),
        _rule("name.text", "name is text, not a number or a list.", checks.not_text("name")),
        _rule("name.blank", "name is not empty.", checks.blank("name", "The name is empty.")),
        _rule("name.length", "name has at most 64 characters.", checks.too_long("name", NAME_MAX)),
        _rule("name.characters", "name holds only a–z, 0–9 and hyphens.", checks.name_characters),
        _rule("name.hyphens", "name has hyphens only between words, one at a time.", checks.name_hyphens),
    ),
)
