"""The front matter as the reference scorer reads it, in bounded time whatever stands there."""

import re
from typing import Any

import yaml

MAX_CHARACTERS = 65_536
MAX_DEPTH = 100
MAX_ALIASES_WITH_MERGE = 24

_OPENS_A_LEVEL = re.compile(r"[\[{]|[-?:]\s")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# What PyYAML's constructors let through on values such as ``!!int x`` or ``2024-99-99``, beside its own errors.
_YAML_ERRORS = (
    yaml.YAMLError,
    ValueError,
    LookupError,
    AttributeError,
    TypeError,
    OverflowError,
    RecursionError,
)


def split_front_matter(text: str) -> tuple[dict[Any, Any], str]:
    """Return front matter and body of a document; ``({}, text)`` when the text does not begin with ``---``.

    The front matter is what stands between the first two ``---``, wherever they are, and the body is the
    stripped rest (domain rules, section 2). Front matter that is no YAML, no mapping, larger than 65,536
    characters, nested deeper than 100 levels or built to explode by merge keys reads as empty.
    """
    if not text.startswith("---"):
        return {}, text
    parts = text.split("---", 2)
    if len(parts) < 3:
        return {}, text
    return read_mapping(parts[1]), parts[2].strip()


def read_mapping(source: str) -> dict[Any, Any]:
    """Return the mapping that YAML text holds; empty when it is none, or hostile; never raises on a text."""
    try:
        if _is_hostile(source):
            return {}
        value = yaml.load(source, Loader=_LOADER)  # noqa: S506 - a safe loader, in C where it is built
    except _YAML_ERRORS:
        return {}
    return value if isinstance(value, dict) else {}


def _is_hostile(source: str) -> bool:
    if len(source) > MAX_CHARACTERS:
        return True
    if ("<<" in source or "merge" in source) and source.count("*") > MAX_ALIASES_WITH_MERGE:
        return True
    return len(_OPENS_A_LEVEL.findall(source)) > MAX_DEPTH and _depth(source) > MAX_DEPTH


def _depth(source: str) -> int:
    """Return the deepest level; events come one by one, so that depth costs no stack."""
    depth = deepest = 0
    for event in yaml.parse(source, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            deepest = max(deepest, depth)
            if deepest > MAX_DEPTH:
                break
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return deepest
