"""Profile ``skill-fleet``: our own house rules, on top of the specification."""

import re
from collections.abc import Callable, Collection, Iterator

from skills_app.domain.findings import Severity
from skills_app.domain.limits import DESCRIPTION_MAX, NAME_MAX
from skills_app.domain.profiles import checks
from skills_app.domain.rules import SKILL_PATH, Check, Hit, Profile, Rule, Subject, reading
from skills_app.domain.yaml_nodes import NodeKind, YamlEntry

_SOURCE = "Skill Fleet rules, 2026-01"
_HOUSE = "Skill Fleet rules, 2026-11"

MIN_CHARACTERS = 100
MAX_DEPTH = 3
WORDS_GOOD = (500, 5_000)
WORDS_ACCEPTABLE = 3_000
SKILL_ID = re.compile(r"[a-z0-9_-]+(?:/[a-z0-9_-]+)*\Z")
VERSION = re.compile(
    r"(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z.-]+)?\Z"
)
TYPES = ("cognitive", "technical", "domain", "tool", "mcp", "specialization", "task_focus", "memory")
WEIGHTS = {"lightweight": (0, 5), "medium": (3, 10), "heavyweight": (8, None)}
LOAD_PRIORITIES = ("always", "task_specific", "on_demand", "dormant")
STYLES = ("navigation_hub", "comprehensive", "minimal")

_WHEN = re.compile(r"when\s+(?:to|should\s+(?:you|i))\s+use\b", re.IGNORECASE)
_QUICK = re.compile(r"(?:quick\s*start|quick\s+examples?|getting\s+started)\b", re.IGNORECASE)
_TRIGGER = re.compile(
    r"\b(?:use\s+(?:this\s+)?(?:\w+\s+)?(?:when|whenever|if|for|to|before|after|while|during)|when(?:ever)?\s+(?:the\s+|a\s+|an\s+)?"
    r"(?:user|you|working|writing|building|creating|asked)|if\s+(?:the\s+)?user|trigger(?:s|ed)?\b|activate)",
    re.IGNORECASE,
)


def meta(subject: Subject, key: str) -> YamlEntry | None:
    """Return a field of our metadata: under ``metadata``, or, as older skills have it, at the top."""
    front_matter = checks.readable(subject)
    if front_matter is None:
        return None
    return front_matter.entry("metadata", key) or front_matter.entry(key)


def _pattern(key: str, pattern: re.Pattern[str], message: str) -> Check:
    def check(subject: Subject) -> Iterator[Hit]:
        entry = meta(subject, key)
        if entry is not None and not (entry.value.is_scalar and pattern.match(entry.value.text)):
            yield Hit(message, entry.value.place)

    return check


def _one_of(key: str, words: Collection[str]) -> Check:
    def check(subject: Subject) -> Iterator[Hit]:
        entry = meta(subject, key)
        if entry is not None and entry.value.text not in words:
            message = f"The {key} must be one of {', '.join(words)}; it is “{entry.value.text[:40]}”."
            yield Hit(message, entry.value.place)

    return check


def _weight_fits(subject: Subject) -> Iterator[Hit]:
    entry, capabilities = meta(subject, "weight"), meta(subject, "capabilities")
    if entry is None or capabilities is None or capabilities.value.kind is not NodeKind.LIST:
        return
    lowest, highest = WEIGHTS.get(entry.value.text, (0, None))
    num = len(capabilities.value.items)
    if num < lowest or (highest is not None and num > highest):
        bounds = (
            f"at least {lowest}"
            if highest is None
            else f"{lowest} to {highest}"
            if lowest
            else f"at most {highest}"
        )
        message = f"The weight {entry.value.text} goes with {bounds} capabilities; there are {num}."
        yield Hit(message, entry.value.place, "Change the weight, or split or merge capabilities.")


def _too_short(subject: Subject) -> Iterator[Hit]:
    num = len(subject.document.text.strip())
    if num < MIN_CHARACTERS:
        yield Hit(f"The document has {num} characters; a skill needs at least {MIN_CHARACTERS}.")


def _heading(pattern: re.Pattern[str], message: str, hint: str) -> Check:
    def check(subject: Subject) -> Iterator[Hit]:
        if not any(pattern.search(heading.text) for heading in subject.document.outline):
            yield Hit(message, None, hint)

    return check


def _code(subject: Subject) -> Iterator[Hit]:
    if not subject.document.code_blocks:
        yield Hit("The document shows no code block.", None, "Add an example that can be copied.")


def _open_code(subject: Subject) -> Iterator[Hit]:
    for block in subject.document.code_blocks:
        if not block.is_closed:
            place = subject.document.lines.line_place(block.start_line)
            yield Hit(
                "The code block is never closed, so all that follows reads as code.",
                place,
                "Close the fence.",
            )


def _placed(test: Callable[[str, Subject], str | None]) -> Check:
    @reading(SKILL_PATH)
    def check(subject: Subject) -> Iterator[Hit]:
        if subject.skill_path is not None:
            message = test(subject.skill_path, subject)
            if message:
                entry = meta(subject, "skill_id")
                yield Hit(message, entry.value.place if entry else None)

    return check


def _id_is_path(path: str, subject: Subject) -> str | None:
    entry = meta(subject, "skill_id")
    if entry is None or entry.value.text == path:
        return None
    return f"The skill_id is “{entry.value.text[:200]}”, but the skill lies at “{path}”."


def _depth(path: str, subject: Subject) -> str | None:
    depth = path.count("/") + 1
    return (
        f"The path is {depth} levels deep; up to {MAX_DEPTH} are easy to find." if depth > MAX_DEPTH else None
    )


def _alias(path: str, subject: Subject) -> str | None:
    return f"The path “{path}” is an old address of another skill." if path in subject.aliases else None


def _size(test: Callable[[int], str | None]) -> Check:
    def check(subject: Subject) -> Iterator[Hit]:
        message = test(subject.document.num_words)
        if message:
            yield Hit(message)

    return check


def _few_words(num: int) -> str | None:
    return (
        f"The body has {num:,} words; good skills have {WORDS_GOOD[0]:,} to {WORDS_GOOD[1]:,}."
        if num < WORDS_GOOD[0]
        else None
    )


def _more_words(num: int) -> str | None:
    return (
        f"The body has {num:,} words; over {WORDS_ACCEPTABLE:,} is acceptable, less is better."
        if WORDS_ACCEPTABLE < num <= WORDS_GOOD[1]
        else None
    )


def _many_words(num: int) -> str | None:
    return (
        f"The body has {num:,} words; over {WORDS_GOOD[1]:,} it should be split."
        if num > WORDS_GOOD[1]
        else None
    )


def _trigger(subject: Subject) -> Iterator[Hit]:
    node = checks.field_node(subject, "description")
    if node is not None and node.is_scalar and node.text.strip() and not _TRIGGER.search(node.text):
        message = "The description does not say when to use the skill."
        yield Hit(message, node.place, "Add a sentence that starts with “Use when …”.")


def _rule(rule_id: str, severity: Severity, sentence: str, check: Check, source: str = _SOURCE) -> Rule:
    return Rule(f"skill-fleet.{rule_id}", severity, sentence, source, check)


_CRITICAL, _WARNING, _INFO = Severity.CRITICAL, Severity.WARNING, Severity.INFO
_SKILL_ID_MESSAGE = (
    "The skill_id must be a path of lower-case letters, digits, “_” and “-”, with “/” between segments."
)

SKILL_FLEET = Profile(
    "skill-fleet",
    "2026-11",
    "Skill Fleet",
    _SOURCE,
    (
        _rule("structure.file", _CRITICAL, "SKILL.md is present, in these letters.", checks.file_name),
        _rule(
            "structure.utf8",
            _CRITICAL,
            "SKILL.md is UTF-8 text.",
            checks.problems("document.not-utf8", "document.nul"),
        ),
        _rule(
            "structure.bom",
            _WARNING,
            "SKILL.md has no byte order mark.",
            checks.problems("document.bom"),
            _HOUSE,
        ),
        _rule("structure.length", _CRITICAL, "SKILL.md has at least 100 characters.", _too_short),
        _rule(
            "front-matter.present",
            _CRITICAL,
            "Front matter is present, closed, valid YAML and a map.",
            checks.problems(
                "front-matter.missing",
                "front-matter.unclosed",
                "front-matter.yaml-error",
                "front-matter.not-mapping",
                "front-matter.too-deep",
                "front-matter.too-large",
                "front-matter.bomb",
            ),
        ),
        _rule("front-matter.duplicate-key", _WARNING, "No key stands twice.", checks.duplicate_keys, _HOUSE),
        _rule(
            "name.present", _CRITICAL, "name is required.", checks.missing("name", "Add the folder's name.")
        ),
        _rule("name.text", _CRITICAL, "name is text.", checks.not_text("name")),
        _rule("name.blank", _CRITICAL, "name is not empty.", checks.blank("name", "The name is empty.")),
        _rule("name.length", _CRITICAL, "name has at most 64 characters.", checks.too_long("name", NAME_MAX)),
        _rule("name.characters", _CRITICAL, "name is in kebab case.", checks.name_characters),
        _rule("name.hyphens", _CRITICAL, "name is in kebab case.", checks.name_hyphens),
        _rule("name.reserved", _CRITICAL, "Security: name holds no reserved word.", checks.name_reserved),
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
            "security.angle",
            _CRITICAL,
            "Security: name and description hold neither < nor >.",
            checks.angle_brackets("name", "description"),
        ),
        _rule("description.trigger", _WARNING, "description says when to use the skill.", _trigger),
        _rule(
            "metadata.skill-id",
            _WARNING,
            "skill_id is a path.",
            _pattern("skill_id", SKILL_ID, _SKILL_ID_MESSAGE),
        ),
        _rule(
            "metadata.version",
            _WARNING,
            "version is a semantic version.",
            _pattern("version", VERSION, "The version must be a semantic version such as 1.0.0."),
        ),
        _rule("metadata.type", _WARNING, "type is one of eight words.", _one_of("type", TYPES)),
        _rule("metadata.weight", _WARNING, "weight is one of three words.", _one_of("weight", WEIGHTS)),
        _rule(
            "metadata.capabilities", _WARNING, "weight goes with the number of capabilities.", _weight_fits
        ),
        _rule(
            "metadata.load-priority",
            _WARNING,
            "load_priority is one of four words.",
            _one_of("load_priority", LOAD_PRIORITIES),
        ),
        _rule(
            "metadata.style", _WARNING, "skill_style is one of three words.", _one_of("skill_style", STYLES)
        ),
        _rule(
            "documentation.when-to-use",
            _CRITICAL,
            "A section says when to use the skill.",
            _heading(_WHEN, "There is no section that says when to use the skill.", "Add “## When to Use”."),
        ),
        _rule(
            "documentation.quick-start",
            _INFO,
            "A quick start is recommended.",
            _heading(
                _QUICK, "There is no quick start.", "Add “## Quick Start” with the shortest path to a result."
            ),
        ),
        _rule("documentation.code", _WARNING, "At least one code block is shown.", _code),
        _rule("documentation.open-code", _WARNING, "Every code block is closed.", _open_code, _HOUSE),
        _rule("naming.path", _WARNING, "skill_id equals the path.", _placed(_id_is_path)),
        _rule("naming.depth", _WARNING, "The path is at most three levels deep.", _placed(_depth)),
        _rule("naming.alias", _WARNING, "The path is no alias.", _placed(_alias)),
        _rule("size.small", _INFO, "The body has 500 to 5,000 words.", _size(_few_words)),
        _rule("size.large", _INFO, "The body has 500 to 5,000 words.", _size(_more_words)),
        _rule("size.split", _WARNING, "The body has 500 to 5,000 words.", _size(_many_words)),
    ),
)
