"""Dependencies are checked for what is missing, unusable, contradictory or circular."""

from skills_app.domain.dependency_check import DependencyFault, Need, SkillNode, check_dependencies
from skills_app.domain.enums import DependencyKind, SkillStatus

REQUIRED, RECOMMENDED, CONFLICT = (
    DependencyKind.REQUIRED,
    DependencyKind.RECOMMENDED,
    DependencyKind.CONFLICT,
)


def graph(
    edges: dict[str, list[tuple[DependencyKind, str]]], **statuses: SkillStatus
) -> dict[str, SkillNode]:
    """Make a graph of skills by key; an edge to a key that is not in it leads nowhere."""
    return {
        key: SkillNode(
            key,
            f"a/{key}",
            statuses.get(key, SkillStatus.ACTIVE),
            tuple(Need(kind, f"a/{to}", to if to in edges else None) for kind, to in needs),
        )
        for key, needs in edges.items()
    }


def test_what_is_there_and_active_is_no_problem() -> None:
    assert check_dependencies("x", graph({"x": [(REQUIRED, "y"), (RECOMMENDED, "y")], "y": []})) == ()


def test_a_missing_required_skill_blocks_and_a_recommended_one_does_not() -> None:
    found = check_dependencies("x", graph({"x": [(RECOMMENDED, "z"), (REQUIRED, "y")]}))

    assert [(p.fault, p.blocks, p.chain) for p in found] == [
        (DependencyFault.MISSING, True, ("a/x", "a/y")),
        (DependencyFault.MISSING, False, ("a/x", "a/z")),
    ]


def test_what_a_required_skill_requires_counts_too_with_the_way_to_it() -> None:
    found = check_dependencies("x", graph({"x": [(REQUIRED, "y")], "y": [(REQUIRED, "z")]}))

    assert found[0].chain == ("a/x", "a/y", "a/z")
    assert "a/x → a/y → a/z" in found[0].message


def test_drafts_and_archived_skills_block_and_deprecated_ones_are_said() -> None:
    edges = {"x": [(REQUIRED, "d"), (REQUIRED, "e"), (REQUIRED, "f")], "d": [], "e": [], "f": []}

    found = check_dependencies(
        "x", graph(edges, d=SkillStatus.DRAFT, e=SkillStatus.ARCHIVED, f=SkillStatus.DEPRECATED)
    )

    assert [(p.fault, p.blocks) for p in found] == [
        (DependencyFault.NOT_ACTIVE, True),
        (DependencyFault.NOT_ACTIVE, True),
        (DependencyFault.DEPRECATED, False),
    ]


def test_a_cycle_is_shown_as_the_path_that_closes_it() -> None:
    edges = {"x": [(REQUIRED, "y")], "y": [(REQUIRED, "w"), (REQUIRED, "z")], "w": [], "z": [(REQUIRED, "x")]}

    (problem,) = check_dependencies("x", graph(edges, x=SkillStatus.DRAFT))

    assert (problem.fault, problem.blocks) == (DependencyFault.CYCLE, True)
    assert problem.chain == ("a/x", "a/y", "a/z", "a/x")
    assert "a/x → a/y → a/z → a/x" in problem.message


def test_a_skill_that_requires_itself_is_a_cycle_of_one() -> None:
    (problem,) = check_dependencies("x", graph({"x": [(REQUIRED, "x")]}, x=SkillStatus.DRAFT))

    assert problem.chain == ("a/x", "a/x")


def test_a_cycle_elsewhere_ends_and_is_not_this_skills_fault() -> None:
    edges = {"x": [(REQUIRED, "y")], "y": [(REQUIRED, "z")], "z": [(REQUIRED, "y")]}

    assert check_dependencies("x", graph(edges)) == ()


def test_a_required_skill_that_another_excludes_is_a_contradiction() -> None:
    edges = {"x": [(REQUIRED, "y"), (REQUIRED, "z")], "y": [(CONFLICT, "z")], "z": []}

    (problem,) = check_dependencies("x", graph(edges))

    assert problem.fault is DependencyFault.CONTRADICTION
    assert "'a/y' excludes 'a/z'" in problem.message


def test_a_long_chain_is_walked_without_recursion() -> None:
    edges = {str(n): [(REQUIRED, str(n + 1))] for n in range(5_000)} | {"5000": []}

    assert check_dependencies("0", graph(edges)) == ()
