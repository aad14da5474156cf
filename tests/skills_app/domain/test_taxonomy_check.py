"""Each kind of fault is found, and a good taxonomy has none."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills_app.domain.change_sets.rows import TOP, Home, Kind, Place, Target
from skills_app.domain.change_sets.tree import Tree
from skills_app.domain.documents import parse_document
from skills_app.domain.profiles import PROFILES, Subject, judge
from skills_app.domain.taxonomy_check import (
    Fault,
    Link,
    TaxonomyFacts,
    check_taxonomy,
    name_fault,
    recommended_cycles,
    required_cycles,
)


def good() -> Tree:
    tree = Tree()
    tree.add_place("A", Place(TOP, "a"), "a")
    tree.add_place("B", Place("A", "b"), "a/b")
    tree.add_home("s", Home("B", "x"), "a/b/x")
    tree.add_home("t", Home("B", "y", external_id="why"), "a/b/y")
    tree.aliases["old/x"] = Target(Kind.SKILL, "s")
    return tree


def faults(tree: Tree, *links: Link, **names: str) -> list[tuple[Fault, str, bool]]:
    found = check_taxonomy(TaxonomyFacts(tree, links, names))
    return [(one.fault, one.path, one.is_error) for one in found]


def test_a_good_taxonomy_has_no_fault() -> None:
    assert faults(good(), Link("s", "required", "a/b/y", "t"), s="x", t="y") == []


def test_a_category_where_a_library_keeps_what_is_no_skill_is_an_error() -> None:
    tree = good()
    tree.add_place("D", Place(TOP, "_drafts"), "_drafts")
    tree.add_home("d", Home("D", "z"), "_drafts/z")
    assert (Fault.NAMING, "_drafts", True) in faults(tree)


def test_a_category_inside_itself_is_a_cycle() -> None:
    tree = good()
    tree.places["A"] = Place("B", "a")
    assert (Fault.CYCLE, "a", True) in faults(tree)
    assert (Fault.CYCLE, "a/b", True) in faults(tree)


def test_an_address_that_is_not_that_of_its_category_is_an_error() -> None:
    tree = good()
    tree.homes["s"] = Home("A", "x")
    assert faults(tree) == [(Fault.DANGLING, "a/b/x", True)]


def test_an_alias_that_a_path_or_an_id_hides_is_an_error() -> None:
    tree = good()
    tree.aliases["a/b"] = Target(Kind.SKILL, "s")
    tree.aliases["why"] = Target(Kind.SKILL, "s")
    assert faults(tree) == [(Fault.SHADOW, "a/b", True), (Fault.SHADOW, "why", True)]


def test_an_empty_category_and_a_skill_without_a_home_are_hints() -> None:
    tree = good()
    tree.add_place("E", Place(TOP, "e"), "e")
    tree.add_home("u", Home(TOP, "lone"), "lone")
    tree.add_home("v", Home(TOP, "ended", "archived"), "ended")
    assert faults(tree) == [(Fault.ORPHAN, "e", False), (Fault.ORPHAN, "lone", False)]


def test_a_name_that_a_host_would_refuse_is_a_hint_and_a_bad_slug_an_error() -> None:
    tree = good()
    tree.add_place("E", Place(TOP, "Ü b"), "Ü b")
    tree.add_home("w", Home("E", "z"), "Ü b/z")
    found = faults(tree, s="other")
    assert (Fault.NAMING, "Ü b", True) in found
    assert (Fault.NAMING, "a/b/x", False) in found


def test_a_required_skill_that_is_missing_is_an_error_and_another_link_a_hint() -> None:
    missing, see = Link("s", "required", "no/where"), Link("t", "see_also", "no/how")
    assert faults(good(), missing, see) == [
        (Fault.DANGLING, "a/b/x", True),
        (Fault.DANGLING, "a/b/y", False),
    ]


def test_every_skill_of_a_knot_is_on_a_cycle_that_is_told() -> None:
    ways = ("ab", "ba", "ac", "cb", "be", "ef", "fe", "fb", "gf")
    links = [Link(a, "required", "", b) for a, b in ways]
    assert required_cycles(links) == [("a", "b", "a"), ("a", "c", "b", "a"), ("e", "f", "e")]
    assert required_cycles(links[::-1]) == required_cycles(links)


@given(st.sets(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), max_size=14))
def test_cycles_follow_links_and_name_all_who_reach_themselves(ways: set[tuple[str, str]]) -> None:
    cycles = required_cycles([Link(a, "required", "", b) for a, b in sorted(ways)])
    assert all((a, b) in ways for cycle in cycles for a, b in itertools.pairwise(cycle))
    assert all(cycle[0] == cycle[-1] and len(set(cycle)) == len(cycle) - 1 for cycle in cycles)
    reach = {one: {b for a, b in ways if a == one} for one in "abcdef"}
    for _ in "abcdef":
        reach = {one: found.union(*(reach[b] for b in found)) for one, found in reach.items()}
    assert {key for cycle in cycles for key in cycle} == {one for one in reach if one in reach[one]}


def test_every_knot_of_required_skills_is_told_once_and_other_links_make_none() -> None:
    ring = [Link(a, "required", "", b) for a, b in ("ab", "bc", "ca", "cd", "dd")]
    assert sorted(required_cycles(ring)) == [("a", "b", "c", "a"), ("d", "d")]
    assert required_cycles([Link("a", "required", "", "b"), Link("b", "see_also", "", "a")]) == []


def test_a_long_chain_needs_no_recursion() -> None:
    links = [Link(f"{n:05}", "required", "", f"{n + 1:05}") for n in range(5_000)]
    assert required_cycles(links) == []
    assert len(required_cycles([*links, Link("05000", "required", "", "00000")])[0]) == 5_002


def test_a_name_is_told_what_would_do_instead() -> None:
    assert name_fault("good-one_2") == ""
    assert "Call it 'so-so'" in name_fault("So so")
    assert name_fault("")
    assert name_fault("x" * 65)
    assert "Call it" not in name_fault("ÜÖ")


NAMES = [
    ("a--b", "Call it 'a-b'", ""),
    ("a__b", "Call it 'a-b'", ""),
    ("claude-tools", "reserved word 'claude'. Call it 'tools'", ""),
    ("my-anthropic", "Call it 'my'", ""),
    ("claude", "reserved word 'claude'.", ""),
    ("_core", "", ""),
    ("core_syntax", "", ""),
]


@pytest.mark.parametrize(("slug", "of_a_skill", "of_a_category"), NAMES)
def test_the_name_of_a_skill_keeps_to_the_rules_of_hosts_and_that_of_a_category_need_not(
    slug: str, of_a_skill: str, of_a_category: str
) -> None:
    assert of_a_skill in name_fault(slug)
    assert bool(name_fault(slug)) is bool(of_a_skill)
    assert name_fault(slug, Kind.CATEGORY) == of_a_category


@pytest.mark.parametrize("slug", ["good-one", "a--b", "claude-tools", "my-anthropic", "x" * 65, "so so"])
def test_a_name_is_at_fault_here_exactly_when_a_profile_finds_it_so(slug: str) -> None:
    text = f"---\nname: {slug}\ndescription: Use when in doubt.\n---\n# Title\n"
    findings = judge(Subject(parse_document(text)), PROFILES["claude"]).findings
    assert bool(name_fault(slug)) is any(one.rule_id.startswith("claude.name.") for one in findings)


def test_a_name_that_hosts_refuse_is_a_hint_unless_its_skill_is_archived() -> None:
    tree = good()
    tree.add_home("u", Home("B", "a--b"), "a/b/a--b")
    tree.add_home("v", Home("B", "c--d", "archived"), "a/b/c--d")
    assert faults(tree) == [(Fault.NAMING, "a/b/a--b", False)]


def test_a_ring_with_a_recommended_link_is_a_hint_and_one_of_required_links_is_told_once() -> None:
    links = [Link(a, "required", "", b) for a, b in ("ab", "bc", "ca", "de")]
    soft = [Link(a, "recommended", "", b) for a, b in ("ab", "ac", "ed", "ff", "cg")]
    assert recommended_cycles(links) == []
    assert recommended_cycles([*links, *soft]) == [("a", "c", "a"), ("d", "e", "d"), ("f", "f")]
    assert recommended_cycles([*links, *soft][::-1]) == recommended_cycles([*links, *soft])
    assert recommended_cycles([Link("a", "recommended", "", "b"), Link("b", "see_also", "", "a")]) == []
    ring = [Link("s", "required", "", "t"), Link("t", "recommended", "", "s")]
    assert faults(good(), *ring) == [(Fault.CYCLE, "a/b/x", False)]


@pytest.mark.parametrize(
    ("status", "target_status", "kind", "found"),
    [
        ("active", "archived", "required", [True]),
        ("draft", "archived", "required", [False]),
        ("archived", "archived", "required", []),
        ("active", "deprecated", "required", []),
        ("active", "archived", "recommended", []),
    ],
)
def test_a_required_skill_that_is_archived_is_told_and_breaks_what_is_active(
    status: str, target_status: str, kind: str, found: list[bool]
) -> None:
    tree = good()
    tree.homes["s"] = tree.homes["s"]._replace(status=status)
    tree.homes["t"] = tree.homes["t"]._replace(status=target_status)
    told = check_taxonomy(TaxonomyFacts(tree, [Link("s", kind, "a/b/y", "t")]))
    assert [(one.fault, one.path, one.is_error) for one in told] == [
        (Fault.DANGLING, "a/b/x", is_error) for is_error in found
    ]
    assert all("a/b/x requires a/b/y, which is archived" in one.message for one in told)


def test_a_hidden_alias_is_told_with_where_its_owner_is() -> None:
    tree = good()
    tree.aliases["a/b"] = Target(Kind.SKILL, "s")
    (told,) = check_taxonomy(TaxonomyFacts(tree))
    assert "point what was meant for the other to a/b/x." in told.message
