"""Where the model that generated a skill wanted it to live; generations belong to the other app, so by its accessors."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from skills_app.domain.paths import clean_path, set_aside
from skills_app.models import Category, Skill

_STEP = "placement"
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class ProposedHome:
    """A model's own answer: the path it recommends, its confidence (0 to 1, None if it gave none) and its reason.

    ``home`` is the category of the library that the path means, None when there is none; ``to_make`` is then the path of the
    category that it would be, empty where none could have it.
    """

    path: str
    confidence: float | None
    reason: str
    alternatives: tuple[str, ...] = ()
    home: Category | None = None
    to_make: str = ""


def proposed_homes(skills: Iterable[Skill]) -> dict[str, ProposedHome]:
    """Return by key what the newest generation of each skill answered; one that was not generated here is left out.

    Two queries, for as many skills as a page shows.
    """
    rows = list(skills)
    answers = (
        Skill.objects.filter(pk__in=[skill.pk for skill in rows], generations__steps__step=_STEP)
        .order_by("generations__steps__finished_at", "generations__steps__pk")
        .values_list("key", "generations__steps__result")
    )
    said = {key: found for key, answer in answers if (found := _read(answer)) is not None}
    slugs = {skill.key: skill.slug for skill in rows}
    wanted = {key: _candidates(one.path, slugs[key]) for key, one in said.items()}
    places = Category.objects.in_bulk({p for paths in wanted.values() for p in paths}, field_name="path")
    return {
        key: ProposedHome(
            one.path,
            one.confidence,
            one.reason,
            one.alternatives,
            home := next((places[path] for path in wanted[key] if path in places), None),
            "" if home else _made_path(wanted[key][0]),
        )
        for key, one in said.items()
    }


def _read(answer: object) -> ProposedHome | None:
    if not isinstance(answer, Mapping):
        return None
    path = answer.get("recommended_path")
    if not isinstance(path, str) or not path.strip("/ "):
        return None
    sure = answer.get("confidence")
    others: Any = answer.get("alternative_paths")
    return ProposedHome(
        path.strip("/ ")[:_LONGEST],
        min(max(float(sure), 0.0), 1.0) if isinstance(sure, int | float) else None,
        str(answer.get("path_rationale") or "")[:_LONGEST],
        tuple(str(one)[:_LONGEST] for one in others[:3]) if isinstance(others, list) else (),
    )


def _made_path(path: str) -> str:
    return "" if set_aside(path) or clean_path(path) != path else path


def _candidates(path: str, slug: str) -> tuple[str, ...]:
    """Return the paths that may be meant: of the category, or of the skill in it."""
    above, _, last = path.rpartition("/")
    return (above, path) if last == slug and above else (path, above) if above else (path,)
