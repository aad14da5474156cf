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


_NO_FACETS: frozenset[tuple[str, str]] = frozenset()


class Home(NamedTuple):
    """Where a skill lives: ``category`` is a key, or empty when it is unplaced; ``facets`` are names and values."""

    category: str
    slug: str
    status: str = "active"
    external_id: str = ""
    facets: frozenset[tuple[str, str]] = frozenset()


def place_data(place: Place | None) -> dict[str, Any] | None:
    """Return the row as JSON data."""
    if place is None:
        return None
    return {"parent": place.parent, "slug": place.slug, "title": place.title}


def place_from(data: Mapping[str, Any] | None) -> Place | None:
    """Return the row that ``place_data`` wrote."""
    return None if data is None else Place(**data)


def home_data(home: Home) -> dict[str, Any]:
    """Return the row as JSON data; the facets in order."""
    return {
        "category": home.category,
        "slug": home.slug,
        "status": home.status,
        "external_id": home.external_id,
        "facets": sorted(map(list, home.facets)) if home.facets else [],
    }


def home_from(data: Mapping[str, Any]) -> Home:
    """Return the row that ``home_data`` wrote."""
    facets = frozenset((name, value) for name, value in data["facets"]) if data["facets"] else _NO_FACETS
    return Home(data["category"], data["slug"], data["status"], data["external_id"], facets)
