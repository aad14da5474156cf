"""The search of the tree: by old addresses, page by page, and with the selection kept without JavaScript."""

import re

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from skills_app.domain.change_sets.operations import Move, Operation, Rename
from skills_app.domain.change_sets.rows import Kind
from skills_app.models import Category, PathAlias, RoleGrant, Skill
from skills_app.queries.branch_totals import totals_by_branch
from skills_app.queries.taxonomy_tree import Found, Look, found_nodes
from skills_app.services.apply_change import apply_change
from skills_app.services.draft_change import draft_change, preview_change
from skills_app.services.make_skill import make_skill

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(client: Client) -> Client:
    for path in ("a/x", "a/n/q", "b/y"):
        make_skill(path=path)
    user = User.objects.create_user("ben")
    RoleGrant.objects.create(user=user, role="curator")
    client.force_login(user)
    return client


def place(path: str) -> str:
    return Category.objects.get(path=path).key


def done(*operations: Operation) -> None:
    user = User.objects.get(username="ben")
    change = draft_change(operations=operations, actor=user)
    preview_change(change=change)
    apply_change(change=change, actor=user, expected_digest=change.digest)


def found(page: str) -> dict[str, str]:
    """Return the rows that the page shows, by path, each with the old address by which it was found."""
    rows = [row for row in re.split(r'<li class="taxo-item"', page)[1:] if "data-rest" not in row]
    old = (re.search(r"<span>was ([^<]*)</span>", row) for row in rows)
    paths = (re.search(r'data-path="([^"]+)"', row) for row in rows)
    return {path[1]: was[1] if was else "" for path, was in zip(paths, old, strict=True) if path}


def wide(number: int) -> list[Skill]:
    home = Category.objects.get(path="a")
    return Skill.objects.bulk_create(
        Skill(key=f"k{n}", name=f"s{n:03}", slug=f"s{n:03}", path=f"a/s{n:03}", category=home)
        for n in range(number)
    )


def test_a_place_and_a_skill_are_found_by_an_old_address_which_is_said(ben: Client) -> None:
    done(Rename(Kind.CATEGORY, place("a/n"), "later", title="Later"), Move(place("b"), (place("a/n"),)))
    assert found(ben.get("/taxonomy/?q=a/n").content.decode()) == {"b/later": "a/n", "b/later/q": "a/n/q"}
    # What is found by what it is called now needs no word of what it was.
    assert found(ben.get("/taxonomy/?q=LATER").content.decode()) == {"b/later": "", "b/later/q": ""}
    assert "Found: 0 categories and 0 skills" not in ben.get("/taxonomy/?q=nowhere").content.decode()


def test_old_addresses_are_found_among_the_skills_that_facets_let_through(ben: Client) -> None:
    done(Move(place("b"), (place("a/n"),)))
    Skill.objects.get(path="b/n/q").facets.create(name="lang", value="go")
    assert found(ben.get("/taxonomy/?q=a/n&facet=lang:go").content.decode()) == {
        "b/n": "a/n",
        "b/n/q": "a/n/q",
    }
    assert found(ben.get("/taxonomy/?q=a/n&facet=lang:c").content.decode()) == {}


def test_what_was_found_has_pages_that_hold_each_row_once(ben: Client) -> None:
    wide(120)
    pages = [found(ben.get(f"/taxonomy/?q=a/s&page={number}").content.decode()) for number in (1, 2, 3)]
    assert [len(rows) for rows in pages] == [50, 50, 20]
    assert sorted({path for rows in pages for path in rows}) == [f"a/s{n:03}" for n in range(120)]
    last = ben.get("/taxonomy/?q=a/s&page=3").content.decode()
    assert "Found: 0 categories and 120 skills. Page 3 of 3," in last
    assert 'name="page" value="2"' in last
    assert 'name="page" value="4"' not in last
    for odd in ("0", "-1", "x", "9"):
        assert ben.get(f"/taxonomy/?q=a/s&page={odd}").status_code == 200


def test_another_page_keeps_the_selection_which_stands_first(ben: Client) -> None:
    wide(60)
    words = {"q": "a/s", "skill": ["k0", "k1"], "category": place("b"), "target": "b", "page": ["1", "2"]}
    page = ben.post("/taxonomy/look/", words).content.decode()
    assert [*found(page)] == ["b", "a/s000", "a/s001", *(f"a/s{n:03}" for n in range(50, 60))]
    checked = re.findall(r'name="(?:skill|category)" value="([^"]+)"[^>]* checked', page)
    assert checked == [place("b"), "k0", "k1"]
    assert 'name="target" value="b"' in page


def test_more_of_a_large_category_keeps_the_selection_without_javascript(
    ben: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skills_app.queries.taxonomy_tree.MOST_SKILLS", 10)
    wide(25)
    first = ben.get("/taxonomy/?at=a").content.decode()
    assert len(found(first)) == 3 + 10  # a, n and b
    assert '<noscript><button class="button"' in first
    assert 'formaction="/taxonomy/look/" formnovalidate name="more" value="a"' in first
    page = ben.post("/taxonomy/look/", {"at": "a", "more": "a", "skill": ["k3", "k24"]}).content.decode()
    assert len(found(page)) == 3 + 20 + 1
    assert re.findall(r'name="skill" value="([^"]+)"[^>]* checked', page) == ["k3", "k24"]
    # Enter in a field goes on doing what it did: the first button of the form is the move.
    form = page.split('id="taxonomy-form"')[1]
    assert form.index('name="do" value="move"') < form.index("formaction")


def searched(text: str, page: int = 1) -> tuple[Found, list[str]]:
    """Return what the search finds, and the statements that read old addresses for it."""
    with CaptureQueriesContext(connection) as asked:
        found_now = found_nodes(text, Look(), page)
    return found_now, [each["sql"] for each in asked.captured_queries if "pathalias" in each["sql"]]


def test_old_addresses_are_gone_through_once_for_a_search(ben: Client) -> None:
    wide(60)
    for skill in Skill.objects.filter(path__startswith="a/s").order_by("path")[:3]:
        PathAlias.objects.create(path=f"old/{skill.slug}", skill=skill)
    PathAlias.objects.create(path="old/b", category=Category.objects.get(path="b"))
    # What is found by its own path, more than one page of it, has no old address looked up.
    assert len(searched("a/s")[1]) == 1
    found_now, reads = searched("old/")
    assert [(node.path, node.was) for node in found_now.nodes] == [
        ("b", "old/b"),
        *((f"a/s{n:03}", f"old/s{n:03}") for n in range(3)),
    ]
    # The second names the four rows that were found.
    assert len(reads) == 2
    assert "IN (" in reads[1]


def test_many_old_addresses_find_what_few_find(ben: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    wide(60)
    PathAlias.objects.bulk_create(
        [PathAlias(path=f"old/{skill.slug}", skill=skill) for skill in Skill.objects.all()]
        + [PathAlias(path=f"old/{place.path}", category=place) for place in Category.objects.all()]
    )
    few = [searched(text, page)[0] for text in ("old/", "old/a", "old/s01") for page in (1, 2)]
    monkeypatch.setattr("skills_app.queries.taxonomy_tree.MOST_LED", 1)
    many = [searched(text, page) for text in ("old/", "old/a", "old/s01") for page in (1, 2)]
    assert [each for each, _ in many] == few
    assert [(each.num_categories, each.num_skills) for each in few] == [(3, 63)] * 2 + [(2, 0)] * 2 + [
        (0, 10)
    ] * 2
    # A subquery, so that no statement carries thousands of numbers.
    assert any("IN (SELECT" in sql for sql in many[0][1])


def test_what_is_found_tells_what_it_holds(ben: Client) -> None:
    for path in ("a/n/deep/s", "c/s", "d/s", "e/s", "a2/s"):
        make_skill(path=path)
    Skill.objects.get(path="a/n/q").delete()
    whole = totals_by_branch()
    for text in ("a", "a/n", "n", "deep", "c", "/", "title"):
        for node in searched(text)[0].nodes:
            if node.kind == "category":
                assert node.totals == whole[node.path], (text, node.path)
    for branches in (["a"], ["a/n", "a"], ["a/n", "b"], ["a", "a2", "b", "c", "d", "e"]):
        told = totals_by_branch(branches=branches)
        inside = [path for path in whole if any(f"{path}/".startswith(f"{one}/") for one in branches)]
        assert {path: told[path] for path in inside} == {path: whole[path] for path in inside}
    # A neighbour whose name begins alike is not counted along, and no branch is no question.
    assert set(totals_by_branch(branches=["a"])) == {"a", "a/n", "a/n/deep"}
    with CaptureQueriesContext(connection) as asked:
        assert totals_by_branch(branches=[]) == {}
    assert len(asked) == 0
