"""Weights, shares, limits and patterns of the reference score, as data.

Source: domain rules, section 2, and the inventory of the reference system, section 4. Each alternative of a
pattern stands by itself, so that a test can change every one of them and see that the change is noticed.
"""

import re

# The order in which the records list what was measured.
MEASURES: tuple[str, ...] = (
    "frontmatter_completeness",
    "has_overview",
    "has_when_to_use",
    "has_when_to_use_section",
    "has_quick_start",
    "has_quick_reference",
    "pattern_count",
    "has_anti_patterns",
    "has_production_patterns",
    "has_key_insights",
    "has_common_mistakes",
    "has_red_flags",
    "has_real_world_impact",
    "code_examples_count",
    "code_examples_quality",
    "has_core_principle",
    "has_strong_guidance",
    "has_good_bad_contrast",
    "description_quality",
    "uses_progressive_disclosure",
    "skill_style_detected",
    "overall_score",
)

# The two sums of the weighted mean run in this order; another order changes the last digit.
WEIGHTS: dict[str, float] = {
    "pattern_count": 0.08,
    "has_anti_patterns": 0.06,
    "has_key_insights": 0.06,
    "has_real_world_impact": 0.06,
    "has_quick_reference": 0.04,
    "has_common_mistakes": 0.04,
    "has_red_flags": 0.03,
    "has_core_principle": 0.08,
    "has_strong_guidance": 0.07,
    "has_good_bad_contrast": 0.06,
    "has_when_to_use_section": 0.06,
    "has_quick_start": 0.04,
    "uses_progressive_disclosure": 0.04,
    "frontmatter_completeness": 0.08,
    "code_examples_quality": 0.08,
    "description_quality": 0.04,
}
FULL_PATTERN_COUNT = 5
MULTIPLIERS: dict[int, float] = {0: 0.70, 1: 0.85, 2: 0.95, 3: 1.00}

FRONT_MATTER_SHARES: dict[str, float] = {
    "name": 0.2,
    "description": 0.2,
    "starts_with_use_when": 0.1,
    "metadata.skill_id": 0.1,
    "metadata.version": 0.1,
    "metadata.type": 0.05,
    "metadata.weight": 0.05,
    "keywords": 0.05,
    "license": 0.05,
    "compatibility": 0.05,
    "see_also": 0.05,
}
CODE_SHARES: dict[str, float] = {
    "has_code": 0.3,
    "every_block_named": 0.2,
    "some_block_named": 0.1,
    "no_placeholder": 0.3,
    "substantial": 0.2,
}
DESCRIPTION_SHARES: dict[str, float] = {
    "present": 0.2,
    "starts_with_use_when": 0.3,
    "condition": 0.2,
    "activity": 0.15,
    "length": 0.15,
}
TRIGGER = "use when"
CONDITIONS: tuple[str, ...] = ("before", "after", "during", "when encountering", "if", "while")
ACTIVITIES: tuple[str, ...] = ("implementing", "building", "creating", "debugging", "fixing", "writing")
DESCRIPTION_WORDS = (8, 30)
SUBSTANTIAL_LINES = 3
SUBSTANTIAL_SHARE = 0.7
STYLE_LIMITS: dict[str, int] = {"hub_under": 3000, "hub_mentions": 3, "long_over": 8000, "long_headings": 5}

FLAGS = re.IGNORECASE | re.MULTILINE
_FOLDERS = r"(?:references|guides|templates|scripts|examples)/"
# Every search takes FLAGS and runs in linear time; the alternatives of a measure are tried in turn.
PATTERNS: dict[str, tuple[str, ...]] = {
    "has_overview": (r"##\s*Overview", r"##\s*Introduction"),
    "has_when_to_use": (r"##\s*When\s+(?:to\s+)?Use",),
    "has_when_to_use_section": (r"##\s*When\s+to\s+Use\s+(?:This\s+)?Skill",),
    "has_quick_start": (
        r"##\s*Quick\s+Start",
        r"##\s*Quick\s+Example",
        r"##\s*Getting\s+Started",
    ),
    "has_quick_reference": (r"##\s*Quick\s+Reference",),
    "has_core_patterns": (r"##\s*(?:Core\s+)?Pattern",),
    "has_common_mistakes": (r"##\s*Common\s+Mistake",),
    "has_red_flags": (r"##\s*Red\s+Flag",),
    "has_real_world_impact": (r"##\s*Real[- ]World\s+Impact", r"##\s*Impact", r"##\s*Benefits"),
    "has_anti_patterns": (r"❌", r"Common\s+mistake", r"Anti[- ]?pattern", r"Don'?t"),
    "has_production_patterns": (r"✅", r"Production\s+pattern", r"Correct", r"Do\s+this"),
    "has_key_insights": (r"\*\*Key\s+insights?:?\*\*", r"\*\*Insight:?\*\*", r"Key\s+takeaway"),
    "has_core_principle": (r"\*\*Core\s+principle:?\*\*", r"Core\s+principle[:.]"),
    "has_strong_guidance": (
        r"NO\s+\w+\s+WITHOUT",
        r"Iron\s+Law",
        r"\*\*ALWAYS:?\*\*",
        r"\*\*NEVER:?\*\*",
        r"You\s+MUST",
        r"MANDATORY",
    ),
    "good_mark": (r"<Good>",),
    "bad_mark": (r"<Bad>",),
    "common_mistake": (r"Common\s+mistake",),
    "production_pattern": (r"Production\s+pattern",),
    "link_into_folder": (r"\]\(" + _FOLDERS,),
    "pointer_to_folder": (
        r"see\s+(?:the\s+)?`?" + _FOLDERS,
        r"check\s+(?:the\s+)?`?" + _FOLDERS,
        r"refer\s+to\s+(?:the\s+)?`?" + _FOLDERS,
    ),
    "folder_heading": (
        r"##\s*Reference\s+Files?\s*$",
        r"##\s*Guides?\s*$",
        r"##\s*Templates?\s*$",
        r"##\s*Scripts?\s*$",
        r"##\s*Examples?\s*$",
    ),
    "more_in_folder": (
        r"(?:detailed|more|additional)\s+(?:information|docs?|documentation)\s+in\s+`?(?:references|guides)/",
    ),
    # A folder's name before a slash; beginning with the slash, the search jumps from one to the next.
    "folder_mention": (
        r"/(?<=references/)",
        r"/(?<=guides/)",
        r"/(?<=templates/)",
        r"/(?<=scripts/)",
        r"/(?<=examples/)",
    ),
}
# These mind the case.
# The pattern count is that of ``###\s+(?:Pattern\s+)?\d*\.?\s*\w+``, written so that it never backtracks twice.
CASED_PATTERNS: dict[str, tuple[str, ...]] = {
    "pattern_heading": (r"###\s+(?:\.\s*)?\w",),
    "second_level_heading": (r"^##\s",),
    "code_block": (r"(?s:```(\w*)\n(.*?)```)",),
    "placeholder": (r"\.\.\..*\.\.\.", r"#\s*TODO", r"pass$", r"raise\s+NotImplementedError"),
}
MARKS = ("❌", "✅")
