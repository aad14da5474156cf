"""The index of a library, whole and broken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills_app.domain.enums import SkillStatus
from skills_app.domain.library_problems import LibraryReason
from skills_app.domain.taxonomy_index import IndexedSkill, TaxonomyIndex, read_index


def index_of(**skills: object) -> tuple[TaxonomyIndex, tuple[tuple[str, LibraryReason], ...]]:
    """Read an index with these entries; return it and the places and reasons of its problems."""
    index, problems = read_index({"skills": skills}, path="i")
    return index, tuple((problem.path, problem.reason) for problem in problems)


def test_an_index_is_read_whole() -> None:
    value = {
        "taxonomy_tree": {"a": {"description": "A", "children": {"b": {"children": {}}}}, "c": {}},
        "skills": {
            "one": {
                "canonical_path": "a/one",
                "aliases": ["skills/old/one/SKILL.md"],
                "facets": {"lang": ["go", "c"], "level": 2},
                "status": "draft",
            },
            "two": {"canonical_path": "c/two", "taxonomy_location": None},
        },
        "aliases": {"first": "one", "second": "c/two"},
    }
    index, problems = read_index(value, path="i")
    assert problems == ()
    assert index.categories == (("a", "A"), ("a/b", ""), ("c", ""))
    facets = (("lang", "go"), ("lang", "c"), ("level", "2"))
    assert index.skills == (
        IndexedSkill("one", "a/one", ("old/one", "first"), facets, SkillStatus.DRAFT),
        IndexedSkill("two", "c/two", ("second",), None, None),
    )


def test_an_entry_is_found_by_path_then_id_then_alias() -> None:
    index, _ = index_of(
        one={"canonical_path": "a/one", "aliases": ["old/one"]},
        two={"canonical_path": "a/two", "aliases": ["old"]},
    )
    names = {
        address: (entry := index.entry_for(address)) and entry.index_id
        for address in ("a/one", "two", "old", "x", "")
    }
    assert names == {"a/one": "one", "two": "two", "old": "two", "x": None, "": None}
    found = index.entry_for("nothing", "old/one")
    assert found is not None
    assert found.index_id == "one"


WRONG = LibraryReason.WRONG_SHAPE
CONFLICT = LibraryReason.CONFLICT
BROKEN = [
    ({"one": 3}, [("i#skills/one", WRONG)]),
    ({"one": {}}, [("i#skills/one", WRONG)]),
    ({"one": {"canonical_path": "../x"}}, [("i#skills/one", WRONG)]),
    ({"one": {"canonical_path": "a", "aliases": [3]}}, [("i#skills/one/aliases", WRONG)]),
    ({"one": {"canonical_path": "a", "aliases": ["../up"]}}, [("i#skills/one/aliases", WRONG)]),
    ({"one": {"canonical_path": "a", "facets": ["x"]}}, [("i#skills/one/facets", WRONG)]),
    ({"one": {"canonical_path": "a", "facets": {"x": None}}}, [("i#skills/one/facets", WRONG)]),
    ({"one": {"canonical_path": "a", "status": "gone"}}, [("i#skills/one/status", WRONG)]),
    ({"one": {"canonical_path": "a"}, "two": {"canonical_path": "a"}}, [("i#skills/two", CONFLICT)]),
    (
        {"one": {"canonical_path": "a"}, "two": {"canonical_path": "b", "aliases": ["a"]}},
        [("i#skills/two/aliases/a", CONFLICT)],
    ),
    (
        {"one": {"canonical_path": "a", "aliases": ["x"]}, "two": {"canonical_path": "b", "aliases": ["x"]}},
        [("i#skills/two/aliases/x", CONFLICT)],
    ),
]


@pytest.mark.parametrize(("skills", "expected"), BROKEN)
def test_a_broken_entry_is_one_problem(
    skills: dict[str, object], expected: list[tuple[str, LibraryReason]]
) -> None:
    assert list(index_of(**skills)[1]) == expected


def test_what_stands_beside_a_broken_entry_is_kept() -> None:
    index, _ = index_of(
        one=3, two={"canonical_path": "b", "aliases": [3, "c"], "facets": {"x": None, "y": "z"}}
    )
    assert index.skills == (IndexedSkill("two", "b", ("c",), (("y", "z"),), None),)


@pytest.mark.parametrize(
    ("facets", "read"),
    [
        (None, None),
        ({}, ()),
        ({"lang": []}, ()),
        ({"lang": None}, None),
        ("go", None),
        ({"a": "b"}, (("a", "b"),)),
    ],
)
def test_no_facets_are_another_thing_than_none_said(facets: object, read: object) -> None:
    index, _ = index_of(one={"canonical_path": "a", "facets": facets})
    assert index.skills[0].facets == read


def test_an_alias_that_leads_back_to_its_own_path_is_dropped() -> None:
    index, problems = index_of(one={"canonical_path": "a", "aliases": ["a", "b", "b"]})
    assert (index.skills[0].aliases, problems) == (("b",), ())


def test_a_tree_too_deep_is_a_problem_and_its_top_is_kept() -> None:
    node: dict[str, object] = {}
    for _ in range(40):
        node = {"children": {"a": node}}
    index, problems = read_index({"taxonomy_tree": node["children"]}, path="i")
    assert len(index.categories) == 16
    assert len(problems) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["taxonomy_tree", "skills", "aliases", "canonical_path", "facets", "status", "children", "a"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_no_value_raises(value: object) -> None:
    index, problems = read_index(value, path="i")
    assert len({(problem.path, problem.reason) for problem in problems}) == len(problems)
    assert len({skill.canonical_path for skill in index.skills}) == len(index.skills)
