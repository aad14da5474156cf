"""The reference score, scorer ``skill-fleet-2026-01``: old records carry it, so it is kept to the last digit.

Source of every step and sentence: domain rules, section 2, and the inventory of the reference system,
section 4. It is crude (it looks for its own headings); ``fleet1`` is the scorer to trust.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from skills_app.domain.documents import SkillDocument
from skills_app.domain.scoring import reference_rules as rules
from skills_app.domain.scoring.front_matter import split_front_matter
from skills_app.domain.scoring.score import Measure, Score

SCORER = "skill-fleet-2026-01"
VERSION = "2026-01"

_compiled: dict[tuple[tuple[str, ...], int], re.Pattern[str]] = {}
_lowered: dict[tuple[tuple[str, ...], int], re.Pattern[str]] = {}


# Characters whose lower case is not what a search that ignores case takes them for.
_CASE_ODDITIES = "İıſ"
# As plain numbers: arithmetic with the enumeration costs more than many a search.
_IGNORE_CASE = int(re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Body:
    """A body as written and as it is searched: in lower case where that finds the same, since it is faster."""

    text: str
    searched: str
    flags: int
    is_lowered: bool = False

    @classmethod
    def of(cls, text: str) -> "_Body":
        flags = int(rules.FLAGS)
        if not flags & _IGNORE_CASE or any(map(text.__contains__, _CASE_ODDITIES)):
            return cls(text, text, flags)
        return cls(text, text.lower(), flags & ~_IGNORE_CASE, is_lowered=True)


@dataclass(slots=True)
class _Report:
    measures: dict[str, Measure] = field(default_factory=dict)
    issues: list[str] = field(default_factory=list)
    strengths: list[str] = field(default_factory=list)

    def say(self, condition: Any, strength: str = "", issue: str = "") -> None:
        """Note the strength when the condition holds and the issue when it does not; empty says nothing."""
        if condition and strength:
            self.strengths.append(strength)
        elif not condition and issue:
            self.issues.append(issue)


def score_reference(source: str | SkillDocument) -> Score:
    """Return the reference score of a SKILL.md, as text or parsed, with every measure, issue and strength in order.

    Scores 0 to 1 as the reference computed them, to the last binary digit; never raises on a text, and takes
    time linear in its length. Where the reference itself failed (front matter that is YAML but no mapping),
    the front matter counts as empty. Source: domain rules, section 2.
    """
    text = source if isinstance(source, str) else source.text
    front_matter, body_text = split_front_matter(text)
    body = _Body.of(body_text)
    report = _Report()
    description = _description_of(front_matter)
    _judge_front_matter(front_matter, description, report)
    _judge_structure(body, report)
    _judge_patterns(body, report)
    _judge_code(body, report)
    _judge_indicators(body, description, report)
    value = report.measures["overall_score"] = _overall(report.measures)
    measures = {name: report.measures[name] for name in rules.MEASURES}
    return Score(SCORER, VERSION, value, measures, tuple(report.issues), tuple(report.strengths))


def _overall(measures: dict[str, Measure]) -> float:
    """Return base times multiplier, both sums in the order of rules.WEIGHTS."""
    total = weights = 0.0
    for name, weight in rules.WEIGHTS.items():
        value = float(measures[name])
        if name == "pattern_count":
            value = min(value / rules.FULL_PATTERN_COUNT, 1.0)
        total += weight * value
        weights += weight
    critical = sum(
        bool(measures[name])
        for name in ("has_core_principle", "has_strong_guidance", "has_good_bad_contrast")
    )
    if not (measures["has_when_to_use"] or measures["has_when_to_use_section"]):
        critical = max(critical - 1, 0)
    return total / weights * rules.MULTIPLIERS[critical]


def _judge_front_matter(front_matter: dict[Any, Any], description: str, report: _Report) -> None:
    metadata = front_matter.get("metadata", {})
    has_description = bool(front_matter.get("description"))
    starts_right = has_description and description.lower().startswith(rules.TRIGGER)
    report.say(front_matter.get("name"), "Has skill name", "Missing required 'name' field")
    report.say(has_description, "", "Missing required 'description' field")
    if has_description:
        report.say(
            starts_right,
            "Description follows 'Use when...' pattern",
            "Description should start with 'Use when...'",
        )
    is_mapping = isinstance(metadata, dict)
    report.say(is_mapping, "", "Missing or invalid 'metadata' section")
    found = metadata if is_mapping else {}
    if found.get("skill_id") and found.get("version") and found.get("type"):
        report.strengths.append("Complete metadata section")
    completeness = 0.0
    for name, share in rules.FRONT_MATTER_SHARES.items():
        home, _, key = name.rpartition(".")
        holder = found if home else front_matter
        if starts_right if name == "starts_with_use_when" else holder.get(key):
            completeness += share
    report.measures["frontmatter_completeness"] = min(completeness, 1.0)


def _judge_structure(body: _Body, report: _Report) -> None:
    measures, say = report.measures, report.say
    for name in (
        "has_overview",
        "has_when_to_use",
        "has_when_to_use_section",
        "has_quick_start",
        "has_quick_reference",
        "has_common_mistakes",
        "has_red_flags",
        "has_real_world_impact",
    ):
        measures[name] = _has(name, body)
    has_when_to_use = measures["has_when_to_use"] or measures["has_when_to_use_section"]
    has_core_patterns = _has("has_core_patterns", body)
    sections = (
        (measures["has_overview"], "Overview"),
        (has_when_to_use, "When to Use"),
        (has_core_patterns, "Core Patterns"),
    )
    for is_there, title in sections:
        say(is_there, f"Has {title} section", f"Missing {title} section")
    say(measures["has_quick_reference"], "Has Quick Reference section")
    say(measures["has_common_mistakes"], "Has Common Mistakes section")
    say(measures["has_red_flags"], "Has Red Flags section")
    say(measures["has_quick_start"], "Has Quick Start section")
    say(measures["has_real_world_impact"], "Includes real-world impact/benefits")
    say(measures["has_quick_start"], "Has Quick Start section (v2 recommended)")
    num_mentions = _count("folder_mention", body)
    measures["uses_progressive_disclosure"] = _discloses(body, num_mentions)
    measures["skill_style_detected"] = _style(body, num_mentions)
    say(
        measures["uses_progressive_disclosure"],
        "Uses progressive disclosure pattern with subdirectories",
    )
    say(measures["skill_style_detected"] == "navigation_hub", "Well-structured navigation hub skill")


def _discloses(body: _Body, num_mentions: int) -> bool:
    if _has("folder_heading", body):
        return True
    if not num_mentions:
        return False
    return _has("pointer_to_folder", body) or _has("more_in_folder", body) or _links_into_folder(body)


def _links_into_folder(body: _Body) -> bool:
    """Return whether a link's target begins with a known folder, its bracket opening on the same line."""
    seen = 0
    for match in _search(rules.PATTERNS["link_into_folder"], body).finditer(body.searched):
        start = max(body.searched.rfind("\n", seen, match.start()), seen)
        if "[" in body.searched[start : match.start()]:
            return True
        seen = match.end()
    return False


def _style(body: _Body, num_mentions: int) -> str:
    headings = len(_pattern(rules.CASED_PATTERNS["second_level_heading"], re.MULTILINE).findall(body.text))
    if (
        len(body.text) < rules.STYLE_LIMITS["hub_under"]
        and num_mentions >= rules.STYLE_LIMITS["hub_mentions"]
    ):
        return "navigation_hub"
    if len(body.text) > rules.STYLE_LIMITS["long_over"] or headings >= rules.STYLE_LIMITS["long_headings"]:
        return "comprehensive"
    return "minimal"


def _judge_patterns(body: _Body, report: _Report) -> None:
    count = len(_pattern(rules.CASED_PATTERNS["pattern_heading"]).findall(body.text))
    report.measures["pattern_count"] = count
    if count >= rules.FULL_PATTERN_COUNT:
        report.strengths.append(f"Excellent pattern coverage ({count} patterns)")
    elif count >= 3:
        report.strengths.append(f"Good pattern coverage ({count} patterns)")
    elif count:
        report.issues.append(f"Limited patterns ({count}), target is 5+")
    else:
        report.issues.append("No patterns found")
    anti = _has("has_anti_patterns", body)
    production = _has("has_production_patterns", body)
    insights = _has("has_key_insights", body)
    if anti and production:
        report.strengths.append("Shows both anti-patterns (❌) and production patterns (✅)")
    elif not anti:
        report.issues.append("Missing anti-pattern examples (❌)")
    else:
        report.issues.append("Missing production pattern examples (✅)")
    report.say(insights, "Includes key insights after patterns", "Missing key insights after patterns")
    report.measures["has_anti_patterns"] = anti
    report.measures["has_production_patterns"] = production
    report.measures["has_key_insights"] = insights


def _judge_code(body: _Body, report: _Report) -> None:
    blocks = _pattern(rules.CASED_PATTERNS["code_block"]).findall(body.text)
    report.measures["code_examples_count"] = len(blocks)
    report.measures["code_examples_quality"] = _code_quality(blocks, report)
    if len(blocks) >= 5:
        report.strengths.append(f"Rich code examples ({len(blocks)} blocks)")
    elif len(blocks) >= 2:
        report.strengths.append(f"Has code examples ({len(blocks)} blocks)")
    elif not blocks:
        report.issues.append("No code examples found")


def _code_quality(blocks: list[tuple[str, str]], report: _Report) -> float:
    if not blocks:
        return 0.0
    quality = rules.CODE_SHARES["has_code"]
    num_named = sum(bool(language) for language, _ in blocks)
    if num_named == len(blocks):
        quality += rules.CODE_SHARES["every_block_named"]
        report.strengths.append("All code blocks have language specification")
    elif num_named:
        quality += rules.CODE_SHARES["some_block_named"]
    placeholder = _pattern(rules.CASED_PATTERNS["placeholder"], re.MULTILINE)
    if any(placeholder.search(code) for _, code in blocks):
        report.issues.append("Some code examples contain placeholders")
    else:
        quality += rules.CODE_SHARES["no_placeholder"]
        report.strengths.append("Code examples are complete (no placeholders)")
    num_substantial = sum(code.strip().count("\n") + 1 >= rules.SUBSTANTIAL_LINES for _, code in blocks)
    if num_substantial >= rules.SUBSTANTIAL_SHARE * len(blocks):
        quality += rules.CODE_SHARES["substantial"]
        report.strengths.append("Code examples are substantial")
    return min(quality, 1.0)


def _judge_indicators(body: _Body, description: str, report: _Report) -> None:
    measures = report.measures
    measures["has_core_principle"] = _has("has_core_principle", body)
    measures["has_strong_guidance"] = _has("has_strong_guidance", body)
    measures["has_good_bad_contrast"] = _contrasts(body)
    measures["description_quality"] = quality = _description_quality(description)
    report.say(
        measures["has_core_principle"],
        "Has clear core principle statement",
        "Missing core principle statement (add '**Core principle:**')",
    )
    report.say(
        measures["has_strong_guidance"],
        "Has strong imperative guidance (Iron Law style)",
        "Missing strong guidance (add imperative rules like 'NO X WITHOUT Y')",
    )
    report.say(
        measures["has_good_bad_contrast"],
        "Has Good/Bad contrast examples",
        "Missing paired Good/Bad contrast examples",
    )
    if quality >= 0.7:
        report.strengths.append("High-quality description with specific triggers")
    else:
        report.say(
            quality >= 0.5, "Adequate description quality", "Description lacks specific triggering conditions"
        )


def _contrasts(body: _Body) -> bool:
    if all(mark in body.text for mark in rules.MARKS) or (_has("good_mark", body) and _has("bad_mark", body)):
        return True
    mistake = _search(rules.PATTERNS["common_mistake"], body).search(body.searched)
    production = _search(rules.PATTERNS["production_pattern"], body)
    return mistake is not None and production.search(body.searched, mistake.end()) is not None


def _description_of(front_matter: dict[Any, Any]) -> str:
    """Return the description as text; a list or mapping in its place has no words of its own."""
    value = front_matter.get("description")
    return "" if not value or isinstance(value, dict | list | tuple | set) else str(value)


def _description_quality(description: str) -> float:
    if not description:
        return 0.0
    lowered = description.lower()
    low, high = rules.DESCRIPTION_WORDS
    quality = rules.DESCRIPTION_SHARES["present"]
    if lowered.startswith(rules.TRIGGER):
        quality += rules.DESCRIPTION_SHARES["starts_with_use_when"]
    if any(word in lowered for word in rules.CONDITIONS):
        quality += rules.DESCRIPTION_SHARES["condition"]
    if any(word in lowered for word in rules.ACTIVITIES):
        quality += rules.DESCRIPTION_SHARES["activity"]
    if low <= len(description.split()) <= high:
        quality += rules.DESCRIPTION_SHARES["length"]
    return min(quality, 1.0)


def _has(name: str, body: _Body) -> bool:
    return _search(rules.PATTERNS[name], body).search(body.searched) is not None


def _count(name: str, body: _Body) -> int:
    return sum(1 for _ in _search(rules.PATTERNS[name], body).finditer(body.searched))


def _search(alternatives: tuple[str, ...], body: _Body) -> re.Pattern[str]:
    """Return the pattern that searches a body; its source holds no class whose meaning turns with its case."""
    if not body.is_lowered:
        return _pattern(alternatives, body.flags)
    key = (alternatives, body.flags)
    pattern = _lowered.get(key)
    if pattern is None:
        lowered = tuple(source.lower() for source in alternatives)
        pattern = _lowered[key] = _pattern(lowered, body.flags)
    return pattern


def _pattern(alternatives: tuple[str, ...], flags: int = 0) -> re.Pattern[str]:
    pattern = _compiled.get((alternatives, flags))
    if pattern is None:
        pattern = _compiled[(alternatives, flags)] = re.compile("|".join(alternatives), flags)
    return pattern
