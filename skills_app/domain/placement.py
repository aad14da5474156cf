"""Where a skill may belong, by the homes of the skills most alike to it. A hint for a person, never more."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from skills_app.domain.body_likeness import Bodies
from skills_app.domain.text_likeness import Near

NEIGHBOURS = 10
# Of so many nearest skills the first ten that have a home are heard.
NEAREST = 20
LEAST_ALIKE = 0.1
DUPLICATE = 0.85
MOST_KEPT = 2_000
# A home elsewhere has to be this many times as alike as one's own, with at least two skills there.
_TIMES, _WITNESSES = 2.0, 2
# With so many others, the most alike to it, a skill may be told to be there twice.
_TWINS = 5


@dataclass(frozen=True, slots=True)
class HomeHint:
    """A home for a skill: its ``confidence`` is the share of the likeness of the nearest skills that lives there.

    ``siblings`` are the nearest skills there, best first; ``own_share`` is the share of the home that it has.
    """

    skill: str
    home: str
    confidence: float
    siblings: tuple[Near, ...]
    own_share: float = 0.0


class Pair(NamedTuple):
    """Two skills (keys) that say nearly the same: how alike they are described, and how alike their documents are.

    None where that is not known: one of the documents says too little, or many others are described more alike.
    """

    first: str
    second: str
    described: float | None
    written: float | None = None

    @property
    def likeness(self) -> float:
        """The greater of both."""
        return max(self.described or 0.0, self.written or 0.0)


@dataclass(frozen=True, slots=True)
class Survey:
    """All hints of a library: for skills without a home by key, misplaced ones surest first, and pairs most alike first.

    Of the last two at most ``MOST_KEPT`` are in it.
    """

    homeless: Mapping[str, HomeHint]
    misplaced: tuple[HomeHint, ...]
    twins: tuple[Pair, ...]


def survey(
    nearest: Iterable[tuple[str, Sequence[Near]]], homes: Mapping[str, str], bodies: Bodies | None = None
) -> Survey:
    """Return the hints of every skill in ``nearest``: each once, with the skills most alike to it, best first.

    ``homes`` are the categories of skills that have one, ``bodies`` what their documents say.
    """
    bodies = bodies or Bodies(())
    written = dict(_pairs_of(bodies.nearest(least=DUPLICATE, most=_TWINS)))
    homeless: dict[str, HomeHint] = {}
    wrong: list[HomeHint] = []
    described: dict[tuple[str, str], float] = {}
    for skill, near in nearest:
        hint = home_hint(skill, near, homes)
        if hint is not None and skill not in homes:
            homeless[skill] = hint
        elif hint is not None and _is_misplaced(hint, homes):
            wrong.append(hint)
        alike = [*near[:_TWINS], *(one for one in near[_TWINS:] if _pair(skill, one.key) in written)]
        described |= {
            pair: likeness
            for pair, likeness in _pairs_of([(skill, alike)])
            if likeness >= DUPLICATE or pair in written
        }
    twins = [
        Pair(*pair, described.get(pair), written.get(pair, bodies.likeness(*pair)))
        for pair in described.keys() | written.keys()
    ]
    twins.sort(key=lambda one: (-one.likeness, one.first, one.second))
    return Survey(homeless, tuple(sorted(wrong, key=_surest)[:MOST_KEPT]), tuple(twins[:MOST_KEPT]))


def home_hint(skill: str, nearest: Sequence[Near], homes: Mapping[str, str]) -> HomeHint | None:
    """Return where the skills most alike to ``skill`` live, or None when none is alike enough.

    ``nearest`` are they, best first. ``homes`` are the categories of skills that have one; its own, if any, is among the
    candidates.
    """
    near = [one for one in nearest[:NEAREST] if one.key in homes][:NEIGHBOURS]
    near = [one for one in near if one.likeness >= LEAST_ALIKE]
    if not near:
        return None
    shares: dict[str, float] = {}
    for one in near:
        shares[homes[one.key]] = shares.get(homes[one.key], 0.0) + one.likeness
    total = sum(shares.values())
    best = min(shares, key=lambda home: (-shares[home], home))
    siblings = tuple(one for one in near if homes[one.key] == best)
    return HomeHint(
        skill, best, shares[best] / total, siblings, shares.get(homes.get(skill, ""), 0.0) / total
    )


def _is_misplaced(hint: HomeHint, homes: Mapping[str, str]) -> bool:
    """Say whether a skill is much more alike to skills of another category than to those of its own."""
    return (
        hint.home != homes[hint.skill]
        and len(hint.siblings) >= _WITNESSES
        and hint.confidence >= _TIMES * hint.own_share
    )


def _surest(hint: HomeHint) -> tuple[float, str]:
    return hint.own_share - hint.confidence, hint.skill


def _pairs_of(
    nearest: Iterable[tuple[str, Sequence[Near]]],
) -> Iterator[tuple[tuple[str, str], float]]:
    for skill, near in nearest:
        for one in near:
            yield _pair(skill, one.key), one.likeness


def _pair(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)


def survey_data(found: Survey) -> dict[str, Any]:
    """Return a survey as plain data; of the siblings of a hint the nearest three."""
    return {
        "homeless": [_hint_data(hint) for hint in found.homeless.values()],
        "misplaced": [_hint_data(hint) for hint in found.misplaced],
        "twins": [list(pair) for pair in found.twins],
    }


def survey_from_data(data: Mapping[str, Any]) -> Survey:
    """Return the survey that ``survey_data`` wrote; nothing stands in an empty one."""
    homeless = [_hint(row) for row in data.get("homeless", ())]
    return Survey(
        {hint.skill: hint for hint in homeless},
        tuple(_hint(row) for row in data.get("misplaced", ())),
        tuple(Pair(*pair) for pair in data.get("twins", ())),
    )


def _hint_data(hint: HomeHint) -> list[Any]:
    siblings = [[near.key, round(near.likeness, 4)] for near in hint.siblings[:3]]
    return [hint.skill, hint.home, round(hint.confidence, 4), siblings, round(hint.own_share, 4)]


def _hint(row: list[Any]) -> HomeHint:
    skill, home, confidence, siblings, own_share = row
    return HomeHint(skill, home, confidence, tuple(Near(*near) for near in siblings), own_share)
