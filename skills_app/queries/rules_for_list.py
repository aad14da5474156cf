"""Every rule that we judge by, and how many skills break it now."""

from dataclasses import dataclass

from django.db.models import Count, QuerySet

from skills_app.domain.bundle import BUNDLE, BUNDLE_VERSION
from skills_app.domain.bundle_rules import BUNDLE_RULES
from skills_app.domain.judging import JUDGE_VERSION
from skills_app.domain.profiles import PROFILES
from skills_app.domain.rules import Rule
from skills_app.models import Finding, Skill


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule and how many current versions break it."""

    rule: Rule
    num_skills: int


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """The rules of one profile, or those about files."""

    name: str
    title: str
    version: str
    source: str
    rows: tuple[RuleRow, ...]


def rules_for_list(*, profile: str = "", severity: str = "", is_broken: bool = False) -> list[RuleGroup]:
    """Return the rules by profile; only those of ``profile``, of ``severity``, or that some skill breaks, when asked."""
    counts = _counts()
    groups = [(p.name, p.title, p.version, p.source, p.rules) for p in PROFILES.values()]
    groups.append((BUNDLE, "Files", BUNDLE_VERSION, "Rules about a skill's files", BUNDLE_RULES))
    found = []
    for name, title, version, source, rules in groups:
        rows = tuple(
            RuleRow(rule, counts.get(rule.id, 0))
            for rule in rules
            if severity in ("", rule.severity) and (not is_broken or counts.get(rule.id))
        )
        if rows and profile in ("", name):
            found.append(RuleGroup(name, title, version, source, rows))
    return found


def skills_breaking(rule_id: str, limit: int = 200) -> list[Skill]:
    """Return the skills whose current version breaks a rule, by path."""
    versions = _current().filter(rule_id=rule_id).values("report__version")
    return list(Skill.objects.filter(current_version__in=versions).order_by("path")[:limit])


def _counts() -> dict[str, int]:
    rows = _current().values("rule_id").annotate(n=Count("report__version", distinct=True))
    return dict(rows.values_list("rule_id", "n"))


def _current() -> QuerySet[Finding]:
    current = Skill.objects.exclude(current_version=None).values("current_version")
    own = Finding.objects.filter(report__is_own=True, report__details__judge=JUDGE_VERSION)
    return own.filter(report__version__in=current, is_passed=False).order_by()
