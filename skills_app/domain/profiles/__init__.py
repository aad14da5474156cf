"""Named, versioned profiles: how each host and validator judges a skill document."""

from collections.abc import Sequence
from functools import cache

from skills_app.domain.bundle_rules import BUNDLE_RULES
from skills_app.domain.errors import UnknownProfileError
from skills_app.domain.profiles.claude import CLAUDE
from skills_app.domain.profiles.codex import CODEX
from skills_app.domain.profiles.mlflow import MLFLOW
from skills_app.domain.profiles.reference import REFERENCE
from skills_app.domain.profiles.skill_fleet import SKILL_FLEET
from skills_app.domain.profiles.spec import SPEC
from skills_app.domain.rules import (
    ADDRESS,
    FOLDER_NAME,
    Matrix,
    Outcome,
    Profile,
    ProfileReport,
    Rule,
    Subject,
    judge,
)

__all__ = [
    "PROFILES",
    "Matrix",
    "Outcome",
    "Profile",
    "ProfileReport",
    "Rule",
    "Subject",
    "find_rule",
    "judge",
    "judge_all",
    "profile_named",
    "rules_of_address",
]

PROFILES: dict[str, Profile] = {
    profile.name: profile for profile in (SPEC, REFERENCE, CLAUDE, CODEX, MLFLOW, SKILL_FLEET)
}
_RULES: dict[str, Rule] = {
    rule.id: rule for rules in (*(p.rules for p in PROFILES.values()), BUNDLE_RULES) for rule in rules
}


def profile_named(name: str) -> Profile:
    """Return a profile; raises UnknownProfileError, which lists those that there are."""
    try:
        return PROFILES[name]
    except KeyError:
        known = ", ".join(PROFILES)
        raise UnknownProfileError(f"There is no profile “{name}”; choose from {known}.") from None


def find_rule(rule_id: str) -> Rule | None:
    """Return the rule behind a finding, with its sentence and source; None for an id of another validator."""
    return _RULES.get(rule_id)


def judge_all(subject: Subject, names: Sequence[str] | None = None) -> Matrix:
    """Judge a document under several profiles (all by default); raises UnknownProfileError for an unknown name."""
    profiles = PROFILES.values() if names is None else [profile_named(name) for name in names]
    return Matrix(tuple(judge(subject, profile) for profile in profiles))


def rules_of_address(name: str, was: str | None, path: str) -> tuple[Rule, ...]:
    """Return the rules of a profile that may find something else at ``path`` than at ``was`` (None: nobody knows where).

    Raises:
        UnknownProfileError: the profile does not exist.
    """
    if path == was:
        return ()
    is_renamed = was is None or was.rpartition("/")[2] != path.rpartition("/")[2]
    return _rules_reading(name, frozenset(ADDRESS if is_renamed else {*ADDRESS} - {FOLDER_NAME}))


@cache
def _rules_reading(name: str, parts: frozenset[str]) -> tuple[Rule, ...]:
    return tuple(rule for rule in profile_named(name).rules if rule.reads & parts)
