"""The list: filters, orders, pages, facets with counts, neighbours."""

from datetime import timedelta

import pytest

from skills_app.domain.enums import VersionOrigin
from skills_app.domain.skill_filter import SkillFilter, SkillSort, parse_skill_filter, skill_filter_from_query
from skills_app.models import Skill
from skills_app.queries.skill_facets import FacetGroup, facets_for_list
from skills_app.queries.skills_for_list import neighbours_in_list, skills_for_list
from tests.skills_app import skill_makers as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def library() -> None:
    make.skill("tech/python/a", skill_type="technical", calibrated_score=0.95, quality_score=0.5,
               facets=[("lang", "python"), ("tool", "uv")])  # fmt: skip
    make.skill("tech/python/b", skill_type="technical", calibrated_score=0.65, report_status="passed",
               facets=[("lang", "python")])  # fmt: skip
    make.skill("tech/rust/c", skill_type="domain", status="deprecated", facets=[("lang", "rust")],
               origin=VersionOrigin.RUN, made_at=make.START + timedelta(days=3))  # fmt: skip
    make.skill("tech-notes/d", quality_score=0.2, facets=[("lang", "rust"), ("tool", "uv")])
    make.skill("e")


def paths(query: str) -> list[str]:
    return [row.skill.path for row in skills_for_list(skill_filter_from_query(query)).rows]


def group(query: str, key: str) -> FacetGroup:
    return next(one for one in facets_for_list(skill_filter_from_query(query)) if one.key == key)


def counts(query: str, key: str) -> dict[str, int]:
    return {value.value.rpartition(":")[2]: value.count for value in group(query, key).values}


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", ["e", "tech-notes/d", "tech/python/a", "tech/python/b", "tech/rust/c"]),
        ("branch=tech", ["tech/python/a", "tech/python/b", "tech/rust/c"]),
        ("branch=tech/rust&branch=tech-notes", ["tech-notes/d", "tech/rust/c"]),
        ("branch=none", ["e"]),
        ("branch=nowhere", []),
        ("status=deprecated", ["tech/rust/c"]),
        ("type=technical&type=domain", ["tech/python/a", "tech/python/b", "tech/rust/c"]),
        ("type=none", ["e", "tech-notes/d"]),
        ("origin=run", ["tech/rust/c"]),
        ("report=passed", ["tech/python/b"]),
        ("report=none&branch=tech", ["tech/python/a", "tech/rust/c"]),
        ("band=excellent", ["tech/python/a"]),
        ("band=fair&band=poor", ["tech-notes/d", "tech/python/b"]),
        ("band=none", ["e", "tech/rust/c"]),
        (
            "facet=lang:python&facet=lang:rust",
            ["tech-notes/d", "tech/python/a", "tech/python/b", "tech/rust/c"],
        ),
        ("facet=lang:rust&facet=tool:uv", ["tech-notes/d"]),
        ("q=advice&status=deprecated", ["tech/rust/c"]),
        ("q=%21%21", []),
        ("sort=quality", ["tech/python/a", "tech-notes/d", "e", "tech/python/b", "tech/rust/c"]),
        ("sort=calibrated&branch=tech", ["tech/python/a", "tech/python/b", "tech/rust/c"]),
        ("sort=newest", ["tech/rust/c", "e", "tech-notes/d", "tech/python/a", "tech/python/b"]),
        ("sort=name", ["tech/python/a", "tech/python/b", "tech/rust/c", "tech-notes/d", "e"]),
    ],
)
def test_or_inside_a_group_and_across_groups(library: None, query: str, wanted: list[str]) -> None:
    assert paths(query) == wanted


def test_counts_obey_other_groups_and_ignore_their_own(library: None) -> None:
    assert counts("status=deprecated", "status") == {"active": 4, "deprecated": 1}
    assert counts("status=deprecated", "type") == {"domain": 1}
    assert counts("facet=lang:python", "facet:lang") == {"python": 2, "rust": 2}
    assert counts("facet=lang:python", "facet:tool") == {"uv": 1}
    assert counts("facet=lang:python&facet=tool:uv", "facet:lang") == {"python": 1, "rust": 1}
    assert counts("q=advice", "band") == {"excellent": 1, "fair": 1, "poor": 1, "none": 2}


def test_every_count_is_what_choosing_it_shows(library: None) -> None:
    for start in ("", "branch=tech", "facet=lang:rust", "type=technical&band=fair"):
        chosen = skill_filter_from_query(start)
        for facet in facets_for_list(chosen):
            for value in facet.values:
                base = chosen.without(facet.key)
                kind = "facet" if facet.key.startswith("facet:") else facet.key
                assert skills_for_list(base.toggled(kind, value.value)).total == value.count, (start, value)


def test_branches_are_a_tree_that_opens_where_it_is_chosen(library: None) -> None:
    assert counts("", "branch") == {"tech": 3, "tech-notes": 1, "none": 1}
    opened = group("branch=tech", "branch")
    assert [(value.value, value.depth, value.is_chosen) for value in opened.values] == [
        ("tech", 0, True),
        ("tech/python", 1, False),
        ("tech/rust", 1, False),
        ("tech-notes", 0, False),
        ("none", 0, False),
    ]
    down = next(value for value in opened.values if value.value == "tech/rust")
    assert skill_filter_from_query(down.query).values("branch") == ("tech/rust",)


def test_choosing_a_chosen_branch_goes_one_step_up(library: None) -> None:
    chosen = next(v for v in group("branch=tech/rust", "branch").values if v.is_chosen)

    assert skill_filter_from_query(chosen.query).values("branch") == ("tech",)


def test_pages_hold_fifty_and_the_total_is_exact() -> None:
    for number in range(53):
        Skill.objects.create(path=f"s{number:02}", slug=f"s{number:02}", name=f"S {number}")

    first, last = skills_for_list(SkillFilter()), skills_for_list(SkillFilter(page=99))

    assert (first.total, len(first.rows), first.first, first.last, first.num_pages) == (53, 50, 1, 50, 2)
    assert (last.number, len(last.rows), last.first, last.last) == (2, 3, 51, 53)


def test_neighbours_follow_the_list_that_was_left(library: None) -> None:
    chosen = skill_filter_from_query("branch=tech&sort=calibrated")
    middle = Skill.objects.get(path="tech/python/b")

    found = neighbours_in_list(chosen, middle)

    assert found is not None
    assert (found.position, found.total) == (2, 3)
    assert (found.previous or ("", ""))[1] == "a"
    assert (found.following or ("", ""))[1] == "c"
    assert neighbours_in_list(chosen, Skill.objects.get(path="e")) is None


def test_neighbours_of_a_search_follow_its_rank(library: None) -> None:
    page = skills_for_list(skill_filter_from_query("q=advice"))

    positions = [neighbours_in_list(page.filter, row.skill) for row in page.rows]

    assert [one.position for one in positions if one] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "query",
    [
        "", "q=a+b", "branch=tech&branch=x%2Fy&status=draft", "facet=lang%3Apython&facet=a%3Ab%3Ac", "sort=name&page=3",
        "q=x&sort=path", "q=%22a+b%22&type=none&band=good",
    ],
)  # fmt: skip
def test_the_address_holds_the_whole_state(query: str) -> None:
    chosen = skill_filter_from_query(query)

    assert skill_filter_from_query(chosen.query()) == chosen
    assert chosen.query() == query


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"sort": ["size"]}, "order"),
        ({"page": ["two"]}, "page number"),
        ({"page": ["-1"]}, "page number"),
        ({"page": ["9" * 30]}, "page number"),
        ({"facet": ["lang"]}, "name:value"),
        ({"band": ["great"]}, "band"),
        ({"q": ["x" * 999]}, "cut"),
        ({"status": [str(n) for n in range(99)]}, "first 50"),
    ],
)
def test_what_of_an_address_is_not_used_is_said(parameters: dict[str, list[str]], words: str) -> None:
    chosen = parse_skill_filter(parameters)

    assert all(words in problem for problem in chosen.problems)
    assert chosen.problems
    assert chosen.page >= 1
    assert chosen.sort in set(SkillSort)


def test_every_value_of_a_facet_has_a_link_and_many_have_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skills_app.queries.skill_facets.REST_PER_PAGE", 2)
    for number in range(17):
        make.skill(f"more/s{number}", facets=[("tag", f"v{number:02}")])
    tags = group("facet=tag:v16", "facet:tag")
    assert [one.label for one in tags.values] == [f"v{number:02}" for number in range(12)] + ["v16"]
    assert tags.rest is not None
    assert ([one.label for one in tags.rest], tags.rest.paginator.count, tags.is_paged) == (
        ["v12", "v13"],
        4,
        False,
    )
    assert tags.rest[0].query == "facet=tag%3Av16&facet=tag%3Av12"
    chosen = skill_filter_from_query("")
    tags = next(
        one for one in facets_for_list(chosen, rest_of="facet:tag", page="3") if one.key == "facet:tag"
    )
    assert tags.rest is not None
    assert ([one.label for one in tags.rest], tags.is_paged) == (["v16"], True)
    assert group("", "status").rest is None
