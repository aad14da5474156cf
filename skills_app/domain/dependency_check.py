"""What stands between a skill and the skills it needs: missing ones, unusable ones, contradictions and cycles."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from skills_app.domain.enums import DependencyKind, SkillStatus

ARROW = " → "


class DependencyFault(StrEnum):
    """What is wrong with a dependency."""

    MISSING = "missing"
    NOT_ACTIVE = "not active"
    DEPRECATED = "deprecated"
    CONTRADICTION = "contradiction"
    CYCLE = "cycle"


@dataclass(frozen=True, slots=True)
class Need:
    """How a skill names another: the path as written and the key of the skill it leads to, None when to none."""

    kind: DependencyKind
    target_path: str
    target_key: str | None


@dataclass(frozen=True, slots=True)
class SkillNode:
    """A skill with what it needs."""

    key: str
    path: str
    status: SkillStatus
    needs: tuple[Need, ...] = ()

    def of_kind(self, kind: DependencyKind) -> Iterator[Need]:
        """Yield the needs of one kind, in their order."""
        return (need for need in self.needs if need.kind is kind)


@dataclass(frozen=True, slots=True)
class DependencyProblem:
    """One fault with a sentence that says what to do; ``chain`` are the paths that lead to it, the skill itself first."""

    fault: DependencyFault
    blocks: bool
    message: str
    chain: tuple[str, ...]


def check_dependencies(key: str, graph: Mapping[str, SkillNode]) -> tuple[DependencyProblem, ...]:
    """Return what is wrong with the dependencies of the skill ``key``, all it requires in turn included.

    ``graph`` holds the skills by key; a key that is absent counts as missing. A required skill that is missing or not
    active, a cycle and a contradiction block; what is only recommended, or deprecated, is said and does not. Each cycle
    is the shortest one through its first step. Time grows with the number of dependencies.
    """
    chains = _required_chains(key, graph)
    start = graph[key]
    found = [*_faults_of_needs(key, graph, chains), *_cycles(start, graph), *_contradictions(graph, chains)]
    found += [
        DependencyProblem(
            DependencyFault.MISSING,
            False,
            f"The recommended skill '{need.target_path}' does not exist.",
            (start.path, need.target_path),
        )
        for need in start.of_kind(DependencyKind.RECOMMENDED)
        if need.target_key not in graph
    ]
    return tuple(sorted(found, key=lambda problem: not problem.blocks))


def _required_chains(key: str, graph: Mapping[str, SkillNode]) -> dict[str, tuple[str, ...]]:
    """Return each skill that is required in turn, with the shortest chain of paths to it; the skill itself first."""
    chains: dict[str, tuple[str, ...]] = {key: (graph[key].path,)}
    waiting = deque([key])
    while waiting:
        node = graph[waiting.popleft()]
        for need in node.of_kind(DependencyKind.REQUIRED):
            target = graph.get(need.target_key or "")
            if target is not None and target.key not in chains:
                chains[target.key] = (*chains[node.key], target.path)
                waiting.append(target.key)
    return chains


def _faults_of_needs(
    key: str, graph: Mapping[str, SkillNode], chains: Mapping[str, tuple[str, ...]]
) -> Iterator[DependencyProblem]:
    for held, chain in chains.items():
        for need in graph[held].of_kind(DependencyKind.REQUIRED):
            target = graph.get(need.target_key or "")
            whole = (*chain, target.path if target else need.target_path)
            way = "" if held == key else f" ({ARROW.join(whole)})"
            if target is None:
                message = f"The required skill '{need.target_path}' does not exist{way}. Make it, or take the dependency out."
                yield DependencyProblem(DependencyFault.MISSING, True, message, whole)
            elif target.key == key:
                continue
            elif target.status in (SkillStatus.DRAFT, SkillStatus.ARCHIVED):
                message = f"The required skill '{target.path}' is {target.status}{way}. Publish it first."
                yield DependencyProblem(DependencyFault.NOT_ACTIVE, True, message, whole)
            elif target.status is SkillStatus.DEPRECATED:
                message = f"The required skill '{target.path}' is deprecated{way}."
                yield DependencyProblem(DependencyFault.DEPRECATED, False, message, whole)


def _cycles(start: SkillNode, graph: Mapping[str, SkillNode]) -> Iterator[DependencyProblem]:
    """Yield, for each required skill that leads back, the shortest way round."""
    for first in dict.fromkeys(need.target_key for need in start.of_kind(DependencyKind.REQUIRED)):
        if first is None or first not in graph:
            continue
        inner = _required_chains(first, graph) if first != start.key else {start.key: ()}
        if start.key not in inner:
            continue
        chain = (start.path, *inner[start.key]) if first != start.key else (start.path, start.path)
        message = f"The skill requires itself: {ARROW.join(chain)}. Take one of these dependencies out."
        yield DependencyProblem(DependencyFault.CYCLE, True, message, chain)


def _contradictions(
    graph: Mapping[str, SkillNode], chains: Mapping[str, tuple[str, ...]]
) -> Iterator[DependencyProblem]:
    for held, chain in chains.items():
        for need in graph[held].of_kind(DependencyKind.CONFLICT):
            target = graph.get(need.target_key or "")
            if target is not None and target.key in chains and target.key != held:
                both = ARROW.join(chains[target.key])
                message = (
                    f"'{graph[held].path}' excludes '{target.path}', yet it is required: {both}. "
                    "Take one of the two out."
                )
                yield DependencyProblem(DependencyFault.CONTRADICTION, True, message, (*chain, target.path))
