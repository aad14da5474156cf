"""The skills around one skill, as a picture and with what is wrong about them."""

from collections.abc import Iterable

from skills_app.domain.dependency_check import DependencyProblem
from skills_app.domain.relation_graph import STEPS, RelationGraph, Tie, relation_graph
from skills_app.models import Skill, SkillDependency
from skills_app.queries.dependency_graph import dependency_problems

_MOST = 200


def graph_of_skill(skill: Skill) -> RelationGraph | None:
    """Return the picture of what ``skill`` names and what names it, two steps far, or None when there is nothing.

    At most four queries; of a step with more than 200 skills the first by key are followed.
    """
    ties: dict[Tie, None] = {}
    paths = {skill.key: skill.path}
    ahead, behind = {skill.key}, {skill.key}
    for _ in range(STEPS):
        ahead = _follow("skill__key__in", ahead, ties, paths)
        behind = _follow("target__key__in", behind, ties, paths)
    return relation_graph(skill.key, ties, paths) if ties else None


def problems_of_skill(skill: Skill) -> tuple[DependencyProblem, ...]:
    """Return cycles, missing and unusable skills among what ``skill`` needs; nothing when it has no version."""
    version = skill.current_version
    return dependency_problems(version) if version is not None else ()


def _follow(way: str, keys: Iterable[str], ties: dict[Tie, None], paths: dict[str, str]) -> set[str]:
    wanted = sorted(keys)[:_MOST]
    if not wanted:
        return set()
    found: set[str] = set()
    rows = SkillDependency.objects.filter(**{way: wanted}).order_by("pk")
    columns = ("skill__key", "skill__path", "kind", "target_path", "target__key", "target__path")
    for source, source_path, kind, written, target, target_path in rows.values_list(*columns):
        new = {source: source_path} | ({target: target_path} if target else {})
        found |= {key for key in new if key not in paths}
        paths.update(new)
        ties[Tie(source, target or written, kind)] = None
    return found
