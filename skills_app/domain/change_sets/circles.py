"""Circles of required skills that a change-set would close, because links lead to the skills that stand in for others."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping

Link = tuple[str, str]


def circles_closed(links: Iterable[Link], folds: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return for each folded skill the circle that the links to it close once they lead to its heir, which ends it too.

    All are keys. ``links`` are required ones: who requires, and whom; ``folds`` are heirs by the skill that each stands in
    for. An heir's own link to what it stands in for stays, and a circle that was there before is not told. Linear in the
    links for each heir.
    """
    before = set(links)
    turned = [(source, gone) for source, gone in before if gone in folds and source != folds[gone]]
    if not turned:
        return {}
    needs: dict[str, list[str]] = {}
    for source, target in before:
        needs.setdefault(source, []).append(
            target if source == folds.get(target) else folds.get(target, target)
        )
    trails: dict[str, dict[str, str]] = {}
    found: dict[str, tuple[str, ...]] = {}
    for source, gone in sorted(turned):
        heir = folds[gone]
        if gone in found or (source, heir) in before:
            continue
        trail = trails.get(heir)
        if trail is None:
            trail = trails[heir] = _reached(needs, heir)
        if source in trail:
            found[gone] = (*reversed(list(_back(trail, source, heir))), heir)
    return found


def leading_to(links: Iterable[Link], ends: Iterable[str]) -> set[str]:
    """Return ``ends`` and all that requires one of them in turn: only these can be on a circle through one of them."""
    sources: dict[str, list[str]] = {}
    for source, target in links:
        sources.setdefault(target, []).append(source)
    found = set(ends)
    waiting = list(found)
    while waiting:
        new = {source for source in sources.get(waiting.pop(), ()) if source not in found}
        found |= new
        waiting += new
    return found


def _reached(needs: Mapping[str, list[str]], start: str) -> dict[str, str]:
    """Return all that ``start`` requires in turn, each by the shortest way: by its key, who requires it."""
    found: dict[str, str] = {}
    waiting = deque([start])
    while waiting:
        key = waiting.popleft()
        for target in sorted(needs.get(key, ())):
            if target != start and target not in found:
                found[target] = key
                waiting.append(target)
    return found


def _back(trail: Mapping[str, str], key: str, start: str) -> Iterator[str]:
    """Yield the way from ``key`` back to ``start``, both included."""
    yield key
    while key != start:
        key = trail[key]
        yield key
