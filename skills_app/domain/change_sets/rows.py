"""What the tree is made of: places, homes of skills, and what an address leads to. A key is identity, an address is not."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

TOP = ""


class Kind(StrEnum):
    """What a key names."""

    CATEGORY = "category"
    SKILL = "skill"


class Target(NamedTuple):
    """What an address leads to."""

    kind: Kind
    key: str


class Place(NamedTuple):
    """A category: ``parent`` is the key of the one above, or empty at the top."""

    parent: str
    slug: str
    title: str = ""


class Home(NamedTuple):
    """Where a skill lives: ``category`` is a key, or empty when it is unplaced; ``facets`` are names and values."""

    category: str
    slug: str
    status: str = "active"
    external_id: str = ""
    facets: frozenset[tuple[str, str]] = frozenset()


def place_data(place: Place | None) -> dict[str, Any] | None:
    """Return the row as JSON data."""
    return None if place is None else place._asdict()


def place_from(data: Mapping[str, Any] | None) -> Place | None:
    """Return the row that ``place_data`` wrote."""
    return None if data is None else Place(**data)


def home_data(home: Home) -> dict[str, Any]:
    """Return the row as JSON data; the facets in order."""
    return {**home._asdict(), "facets": sorted(map(list, home.facets))}


def home_from(data: Mapping[str, Any]) -> Home:
    """Return the row that ``home_data`` wrote."""
    return Home(**{**data, "facets": frozenset((name, value) for name, value in data["facets"])})
