"""The tree, the draft of a curator, and a change-set's way from draft to undone, as pages."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from skills_app.domain.change_sets.operations import Act, Choice, MergeCategories, Move
from skills_app.domain.enums import DependencyKind
from skills_app.domain.records import DependencyRecord
from skills_app.models import Category, PlacementChange, RoleGrant, Skill
from skills_app.queries.draft_marks import marks_of
from skills_app.services.apply_change import apply_change
from skills_app.services.draft_change import draft_change, preview_change
from skills_app.services.make_skill import make_skill
from skills_app.services.place_skill import place_skill
from skills_app.services.set_dependencies import set_dependencies
from skills_app.services.set_facets import set_facets

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 2, 3, tzinfo=UTC)


def person(name: str, branch: str | None = None) -> Client:
    user = User.objects.create_user(name)
    place = Category.objects.get(path=branch) if branch else None
    RoleGrant.objects.create(user=user, role="curator", category=place)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def ben() -> Client:
    for path in ("a/x", "a/y", "a/n/q", "b/x", "lone"):
        make_skill(path=path)
    return person("ben")


def step(client: Client, **words: Any) -> PlacementChange:
    response = client.post("/taxonomy/steps/add/", words)
    assert response.status_code == 302, response.content
    return PlacementChange.objects.get(key=response["Location"].split("/")[-2])


def skill_key(path: str) -> str:
    return Skill.objects.get(path=path).key


def place_key(path: str) -> str:
    return Category.objects.get(path=path).key


def act(client: Client, change: PlacementChange, verb: str, **words: Any) -> Any:
    client.get(change.get_absolute_url())
    change.refresh_from_db()
    return client.post(f"{change.get_absolute_url()}{verb}/", {"digest": change.digest, **words})


def test_the_tree_opens_along_an_address_and_counts_each_branch(ben: Client) -> None:
    page = ben.get("/taxonomy/?at=a").content.decode()
    assert f'data-key="{skill_key("a/x")}"' in page
    assert f'data-key="{place_key("a/n")}"' in page
    assert f'data-key="{skill_key("a/n/q")}"' not in page
    assert "3 skills <progress" in page
    assert "Without a home" in page
    assert skill_key("lone") in page


def test_a_branch_alone_is_sent_to_the_tree_and_others_are_led_to_the_page(ben: Client) -> None:
    address = f"/taxonomy/branches/{place_key('a')}/"
    rows = ben.get(address, headers={"X-Tree-Branch": "1"}).content.decode()
    assert skill_key("a/x") in rows
    assert "<html" not in rows
    assert ben.get(address)["Location"] == "/taxonomy/?at=a"


@pytest.mark.parametrize("many", [2, 20])
def test_the_tree_asks_as_often_for_many_rows_as_for_few(
    ben: Client, many: int, django_assert_max_num_queries: Any
) -> None:
    opened = "".join(f"&at=a/n{number}" for number in range(many))
    for number in range(many):
        make_skill(path=f"a/n{number}/s{number}")
    with django_assert_max_num_queries(18):
        page = ben.get(f"/taxonomy/?at=b{opened}").content.decode()
    assert page.count('data-kind="skill"') == many + 4


@pytest.fixture
def facets(ben: Client) -> None:
    for path, values in {"a/x": ("go", "uv"), "a/n/q": ("go",), "b/x": ("python",), "lone": ("go",)}.items():
        for value in values:
            Skill.objects.get(path=path).facets.create(name="tool" if value == "uv" else "lang", value=value)
    Skill.objects.filter(path="a/n/q").update(status="archived")


@pytest.mark.usefixtures("facets")
def test_facets_narrow_the_tree_and_count_in_each_branch(ben: Client) -> None:
    assert "By facets" in ben.get("/taxonomy/").content.decode()
    page = ben.get("/taxonomy/?by=facets").content.decode()
    assert 'href="/taxonomy/?by=facets&amp;facet=lang%3Ago"' in page
    page = ben.get("/taxonomy/?by=facets&facet=lang:go&at=a").content.decode()
    assert [key in page for key in (place_key("a"), place_key("b"))] == [True, False]
    assert "1 skill <progress" in page
    assert [f'data-key="{skill_key(p)}"' in page for p in ("a/x", "a/y", "lone")] == [True, False, True]
    assert f'data-branch="/taxonomy/branches/{place_key("a")}/?facet=lang%3Ago"' in page
    assert 'href="/taxonomy/?by=facets&amp;at=a&amp;facet=lang%3Ago&amp;facet=tool%3Auv"' in page
    assert 'href="/skills/?facet=lang%3Ago"' in page
    both = ben.get("/taxonomy/?facet=lang:go&facet=tool:uv&at=a").content.decode()
    assert [f'data-key="{skill_key(p)}"' in both for p in ("a/x", "lone")] == [True, False]
    branch = ben.get("/taxonomy/?facet=lang:go&branch=a/n").content.decode()
    assert "1 skill <progress" not in branch
    assert "1 skill <progress" in ben.get("/taxonomy/?branch=a/n&status=archived").content.decode()


@pytest.mark.usefixtures("facets")
def test_a_branch_under_facets_and_a_search_under_facets_hold_only_what_fits(ben: Client) -> None:
    address = f"/taxonomy/branches/{place_key('a')}/?facet=lang:go"
    rows = ben.get(address, headers={"X-Tree-Branch": "1"}).content.decode()
    assert [skill_key(path) in rows for path in ("a/x", "a/y")] == [True, False]
    found = ben.get("/taxonomy/?q=x&facet=lang:python").content.decode()
    assert [f'data-key="{skill_key(p)}"' in found for p in ("a/x", "b/x")] == [False, True]
    assert "Nothing found" in ben.get("/taxonomy/?facet=lang:cobol").content.decode()
    assert "not written as name:value" in ben.get("/taxonomy/?facet=cobol").content.decode()


def test_an_invalid_step_leaves_the_tree_open_and_narrowed_as_it_was(ben: Client) -> None:
    Skill.objects.get(path="a/x").facets.create(name="lang", value="go")
    words = {"do": "move", "skill": skill_key("a/n/q"), "target": "nowhere", "at": ["b"]}
    response = ben.post("/taxonomy/steps/add/", words)
    page = response.content.decode()
    assert response.status_code == 422
    shown = ("b/x", "a/n/q", "a/x")
    assert [f'data-key="{skill_key(path)}"' in page for path in shown] == [True, True, True]
    assert f'value="{skill_key("a/n/q")}" aria-label="Select skill a/n/q" checked' in page
    assert '<input type="hidden" name="at" value="a/n">' in page
    page = ben.post("/taxonomy/steps/add/", {**words, "facet": "lang:go"}).content.decode()
    assert f'data-key="{skill_key("b/x")}"' not in page
    assert 'name="facet" value="lang:go"' in page
    page = ben.post("/taxonomy/steps/add/", {**words, "q": "a/n"}).content.decode()
    assert 'value="a/n" maxlength' in page


def test_each_branch_tells_its_open_reviews_and_what_its_catalog_costs(ben: Client) -> None:
    skill = Skill.objects.get(path="a/n/q")
    Skill.objects.filter(pk=skill.pk).update(description="word " * 2_000)
    assert "data-over" not in ben.get("/taxonomy/?at=a").content.decode()
    Skill.objects.filter(pk=skill.pk).update(status="active")
    version = skill.versions.create(number=1, digest="d", content_digest="c", origin="run", made_at=NOW)
    skill.reviews.create(version=version, tier="low", num_needed=1, opened_at=NOW, version_at=NOW)
    page = ben.get("/taxonomy/?at=a").content.decode()
    assert page.count("1 open review <progress") == 2
    assert page.count("data-over") == 2


def test_a_search_finds_places_and_skills_and_says_when_there_are_none(ben: Client) -> None:
    page = ben.get("/taxonomy/?q=a/n").content.decode()
    assert place_key("a/n") in page
    assert skill_key("a/n/q") in page
    assert skill_key("b/x") not in page
    assert "Nothing found" in ben.get("/taxonomy/?q=nowhere").content.decode()


def test_a_reader_sees_the_tree_but_can_change_nothing(ben: Client, dan: Client) -> None:
    page = dan.get("/taxonomy/").content.decode()
    assert 'aria-label="Select' not in page
    assert dan.post("/taxonomy/steps/add/", {"do": "move"}).status_code == 403
    assert PlacementChange.objects.count() == 0


def test_a_step_is_drawn_in_the_tree_shown_with_its_impact_applied_and_undone(ben: Client) -> None:
    change = step(ben, do="move", category=place_key("a/n"), target="b")
    assert "moves to b" in ben.get("/taxonomy/?at=a").content.decode()
    page = ben.get(change.get_absolute_url()).content.decode()
    assert "1 skill and 1 category get another address; 2 old addresses go on answering." in page
    assert Skill.objects.filter(path="a/n/q").exists()
    assert act(ben, change, "apply").status_code == 302
    assert Skill.objects.filter(path="b/n/q").exists()
    assert ben.get("/skills/at/a/n/q/").status_code in (301, 302)
    assert change.key in ben.get("/taxonomy/changes/?branch=a&person=ben").content.decode()
    assert change.key not in ben.get("/taxonomy/changes/?branch=zz").content.decode()
    assert act(ben, change, "undo", reason="no").status_code == 302
    assert Skill.objects.filter(path="a/n/q").exists()


def test_the_impact_says_how_many_rows_its_tables_have(ben: Client) -> None:
    paths = [f"wide/c{number}/s" for number in range(60)]
    for path in paths:
        make_skill(path=path)
    kinds = (DependencyKind.SEE_ALSO, DependencyKind.RECOMMENDED)
    records = [DependencyRecord(kind, path) for kind in kinds for path in paths]
    set_dependencies(skill=Skill.objects.get(path="lone"), dependencies=records)
    change = step(ben, do="move", category=place_key("wide"), target="b")
    page = ben.get(change.get_absolute_url()).content.decode()
    assert "Addresses that change: 121<" in page
    assert "Old addresses that go on answering: 121<" in page
    assert "<td>wide/c0</td><td>b/wide/c0</td>" in page
    assert "120 links of other skills lead there<" in page


def test_a_draft_draws_what_leaves_and_what_arrives(ben: Client) -> None:
    step(ben, do="move", category=place_key("a/n"), skill=skill_key("lone"), target="b")
    step(ben, do="split", skill=skill_key("a/x"), slug="fresh")
    page = ben.get("/taxonomy/?at=a&at=b").content.decode()
    for words in ("moves to b", "2 arriving", "arrives from a/n", "arrives from lone", "splits off to fresh"):
        assert words in page
    assert "new, 1 arriving" in page
    assert page.count("data-new") == 3
    rows = ben.get(f"/taxonomy/branches/{place_key('b')}/", headers={"X-Tree-Branch": "1"}).content.decode()
    assert rows.count("data-new") == 2


def test_a_merge_draws_what_ends_what_arrives_and_what_is_kept(ben: Client) -> None:
    for path in ("a/n/m/deep", "b/m/other"):
        make_skill(path=path)
    step(ben, do="merge", category=[place_key("a/n"), place_key("a")], target="b")

    marks = marked(ben, "a", "a/n", "b")

    assert marks["a"] == marks["a/n"] == "merges into b and ends"
    assert marks["a/x"] == marks["a/y"] == marks["a/n/q"] == "goes to b"
    assert marks["a/n/m"] == "merges into b/m and ends"
    assert marks["b"] == "is kept, 3 arriving"
    assert marks["b/m"] == "is kept, 1 arriving"
    assert arriving(ben, "b") == ["q arrives from a/n/q", "x arrives from a/x", "y arrives from a/y"]
    assert arriving(ben, "b/m") == ["deep arrives from a/n/m/deep"]
    assert act(ben, PlacementChange.objects.get(), "steps").status_code == 302


def test_a_merge_draws_the_choice_for_each_skill(ben: Client) -> None:
    for path in ("c/one", "c/two", "c/three"):
        make_skill(path=path)
    one, two, three = (skill_key(f"c/{name}") for name in ("one", "two", "three"))
    choices = (
        Choice(one, Act.RENAME, "uno"),
        Choice(two, Act.FOLD, skill_key("b/x")),
        Choice(three, Act.ELSEWHERE, place_key("a")),
    )
    merge = MergeCategories((place_key("c"),), place_key("b"), choices)
    draft_change(operations=[merge], actor=User.objects.get(username="ben"))

    marks = marked(ben, "a", "b", "c")

    assert marks["c/one"] == "goes to b as uno"
    assert marks["c/two"] == "merges into b/x, is archived"
    assert marks["c/three"] == "goes to a"
    assert marks["b/x"] == "is kept, takes in c/two"
    assert arriving(ben, "b") == [
        "two arrives from c/two, archived under another name",
        "uno arrives from c/one",
    ]
    assert arriving(ben, "a") == ["three arrives from c/three"]


def test_a_merge_of_skills_and_new_facets_are_drawn_beside_what_other_steps_do(ben: Client) -> None:
    step(ben, do="merge", skill=skill_key("a/x"), target="b/x")
    step(ben, do="refacet", skill=[skill_key("a/y"), skill_key("b/x")], add="lang: go", remove="tool: uv")
    step(ben, do="move", skill=skill_key("a/y"), target="b")

    marks = marked(ben, "a", "b")

    assert marks["a/x"] == "merges into b/x, is archived"
    assert marks["b/x"] == "is kept, takes in a/x; changed: gets lang: go, loses tool: uv"
    assert marks["a/y"] == "changed: gets lang: go, loses tool: uv; moves to b"


def test_marks_of_a_large_merge_show_a_part_and_take_few_queries(
    ben: Client, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    home = Category.objects.get(path="a")
    Skill.objects.bulk_create(
        Skill(key=f"k{n}", name=f"s{n}", slug=f"s{n}", path=f"a/s{n}", category=home) for n in range(210)
    )
    merge = MergeCategories((home.key,), place_key("b"))

    with django_assert_max_num_queries(6):
        marks = marks_of([merge])

    rows = marks.arrivals[place_key("b")]
    assert (len(rows), rows[-1].label, rows[-1].words) == (21, "193 more", "arrive too")
    assert marks.words[place_key("b")] == "is kept, 213 arriving"


def marked(client: Client, *open_paths: str) -> dict[str, str]:
    """Return what the draft does with each row that the tree marks, by path."""
    page = client.get("/taxonomy/", {"at": open_paths}).content.decode()
    rows = re.findall(r'data-path="([^"]+)"[^>]* data-marked>.*?taxo-mark">([^<]*)<', page, re.DOTALL)
    return dict(rows)


def arriving(client: Client, path: str) -> list[str]:
    """Return the rows that the draft would add in a category, each with its words."""
    page = client.get(
        f"/taxonomy/branches/{place_key(path)}/", headers={"X-Tree-Branch": "1"}
    ).content.decode()
    rows = re.findall(r"data-new .*?data-label>.*?</svg>([^<]*)<.*?small\">([^<]*)<", page, re.DOTALL)
    return [f"{label.strip()} {words.strip()}" for label, words in rows]


def test_a_draft_without_a_title_is_called_after_its_first_step(ben: Client) -> None:
    step(ben, do="move", skill=skill_key("lone"), target="b")
    step(ben, do="split", skill=skill_key("a/x"), slug="fresh")
    change = PlacementChange.objects.get()

    assert "<h1>Move to b and 1 more step</h1>" in ben.get(change.get_absolute_url()).content.decode()
    PlacementChange.objects.update(title="Tidy up")
    assert "<h1>Tidy up</h1>" in ben.get(change.get_absolute_url()).content.decode()


def test_a_long_tray_and_a_large_category_show_a_part_and_lead_to_the_rest(ben: Client) -> None:
    home = Category.objects.get(path="a")
    made = [Skill(key=f"k{n}", name=f"s{n}", slug=f"s{n}", path=f"a/s{n}", category=home) for n in range(210)]
    made += [Skill(key=f"u{n}", name=f"u{n}", slug=f"u{n}", path=f"u{n}") for n in range(60)]
    Skill.objects.bulk_create(made)
    page = ben.get("/taxonomy/?at=a").content.decode()
    assert ">12 more skills</a>" in page
    assert ">11 more skills</a>" in page
    assert 'href="/skills/?branch=none"' in page
    assert len(page) < 900_000
    found = ben.get("/taxonomy/?q=a/s").content.decode()
    assert found.count('data-kind="skill"') == 50
    assert "Found: 0 categories and 210 skills. Page 1 of 5," in found
    assert "Found: 0 categories and 11 skills.<" in ben.get("/taxonomy/?q=a/s20").content.decode()


EACH = [
    ({"do": "rename", "slug": "z", "title": "Zed"}, "a/n", "z"),
    ({"do": "merge", "target": "b"}, "a/n", "b"),
    ({"do": "split", "slug": "new"}, "a/n", "new"),
]


@pytest.mark.parametrize(("words", "place", "made"), EACH, ids=[each[0]["do"] for each in EACH])
def test_every_step_of_the_form_can_be_applied(ben: Client, words: Any, place: str, made: str) -> None:
    change = step(ben, category=place_key(place), **words)
    assert act(ben, change, "apply").status_code == 302
    assert Category.objects.filter(slug=made).exists()


def test_facets_and_a_merge_of_skills_are_steps_too(ben: Client) -> None:
    step(ben, do="refacet", skill=skill_key("a/x"), add="lang: go, tool: uv")
    change = step(ben, do="merge", skill=skill_key("a/y"), target="b/x")
    assert len(change.operations) == 2
    assert act(ben, change, "apply").status_code == 302
    assert list(Skill.objects.get(path="a/x").facets.values_list("name", flat=True)) == ["lang", "tool"]
    assert Skill.objects.filter(status="archived").count() == 1


@pytest.mark.parametrize(
    "words",
    [
        {"do": "move", "target": "b"},
        {"do": "move", "target": "nowhere", "skill": "k"},
        {"do": "burn", "skill": "k"},
        {"do": "rename", "skill": "k", "slug": "Ü"},
        {"do": "rename", "skill": ["k", "l"], "slug": "x"},
        {"do": "merge", "skill": "k", "category": "c", "target": "b"},
        {"do": "merge", "skill": "k", "target": "nowhere"},
        {"do": "split", "skill": "k", "slug": "x"},
        {"do": "refacet", "skill": "k", "add": "nothing"},
        {"do": "refacet", "category": "c", "add": "a: b"},
    ],
    ids=str,
)
def test_what_is_missing_is_said_and_what_was_typed_stays(ben: Client, words: dict[str, Any]) -> None:
    response = ben.post("/taxonomy/steps/add/", words)
    assert response.status_code == 422
    page = response.content.decode()
    assert 'role="alert"' in page
    assert f'value="{words.get("target", "")}"' in page
    assert PlacementChange.objects.count() == 0


def test_a_conflict_offers_its_ways_out_and_one_is_taken(ben: Client) -> None:
    change = step(ben, do="move", skill=skill_key("a/x"), target="b")
    page = ben.get(change.get_absolute_url()).content.decode()
    assert "Skill a/x cannot be at" in page
    assert ">Apply<" not in page
    assert act(ben, change, "apply").status_code == 409
    assert act(ben, change, "steps", way="0-0").status_code == 302
    assert act(ben, change, "apply").status_code == 302
    assert Skill.objects.filter(path="b/x-2").exists()


def test_a_step_is_left_out_and_title_and_reason_are_kept(ben: Client) -> None:
    change = step(ben, do="move", skill=skill_key("a/y"), target="b")
    act(ben, change, "steps", title="Tidy up", reason="it was not")
    assert "Tidy up" in ben.get(change.get_absolute_url()).content.decode()
    act(ben, change, "steps", leave_out="0")
    change.refresh_from_db()
    assert (change.operations, change.title, change.reason) == ([], "Tidy up", "it was not")
    act(ben, change, "drop")
    change.refresh_from_db()
    assert change.status == "dropped"


def test_a_title_is_changed_alone_and_taken_away(ben: Client) -> None:
    Category.objects.filter(path="a").update(title="First")
    change = step(ben, do="rename", category=place_key("a"), title="Better")
    assert "Rename to a, titled Better" in ben.get(change.get_absolute_url()).content.decode()
    act(ben, change, "apply")
    assert Category.objects.get(path="a").title == "Better"
    change = step(ben, do="rename", category=place_key("a"), slug="d", no_title="1")
    assert "Rename to d, without a title" in ben.get(change.get_absolute_url()).content.decode()
    assert "becomes d, without a title" in ben.get("/taxonomy/").content.decode()
    act(ben, change, "apply")
    assert Category.objects.get(path="d").title == ""
    act(ben, change, "undo")
    assert Category.objects.get(path="a").title == "Better"
    words = {"do": "rename", "category": place_key("a"), "title": "One", "no_title": "1"}
    assert ben.post("/taxonomy/steps/add/", words).status_code == 422
    assert ben.post("/taxonomy/steps/add/", {"do": "rename", "category": place_key("a")}).status_code == 422


def test_steps_are_taken_out_from_the_tree_and_put_back_to_their_places(ben: Client) -> None:
    for path in ("x", "y"):
        change = step(ben, do="move", skill=skill_key(f"a/{path}"), target="a/n")
    both = change.operations
    assert "Put the step back" not in ben.get("/taxonomy/").content.decode()
    back = ben.post("/taxonomy/steps/back/", {"at": ["a", "b"], "facet": "lang:go"})
    assert back["Location"] == "/taxonomy/?at=a&at=b&facet=lang%3Ago"
    act(ben, change, "steps", leave_out="0")
    change.refresh_from_db()
    assert change.operations == []
    page = ben.get(change.get_absolute_url()).content.decode()
    assert "Left out last: Move to a/n: a/x" in page
    act(ben, change, "steps", put_back="1")
    assert "Put the step back" in ben.get("/taxonomy/").content.decode()
    assert ben.post("/taxonomy/steps/again/")["Location"] == "/taxonomy/"
    change.refresh_from_db()
    assert change.operations == both
    assert ben.post("/taxonomy/steps/again/").status_code == 422


def test_a_look_at_steps_that_are_others_by_now_forgets_nothing_of_the_draft(ben: Client) -> None:
    for path in ("x", "y"):
        change = step(ben, do="move", skill=skill_key(f"a/{path}"), target="a/n")
    change.digest = ""
    act(ben, change, "steps", leave_out="0")
    preview_change(change=change)
    assert "Left out last: Move to a/n: a/x" in ben.get(change.get_absolute_url()).content.decode()


def test_a_step_that_a_full_draft_cannot_take_back_is_refused_in_words(
    ben: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = step(ben, do="move", skill=skill_key("a/x"), target="a/n")
    act(ben, change, "steps", leave_out="0")
    change = step(ben, do="move", skill=skill_key("a/y"), target="a/n")
    monkeypatch.setattr("skills_app.domain.change_sets.operations.MAX_OPERATIONS", 1)
    answer = act(ben, change, "steps", put_back="1")
    assert (answer.status_code, "at most 1" in answer.content.decode()) == (422, True)
    change.refresh_from_db()
    assert len(change.operations) == 1


def test_no_step_is_taken_out_or_put_back_without_a_draft(ben: Client) -> None:
    for address in ("/taxonomy/steps/back/", "/taxonomy/steps/again/"):
        answer = ben.post(address)
        assert (answer.status_code, "You have no draft." in answer.content.decode()) == (422, True)


def test_a_curator_of_one_branch_proposes_and_the_owner_of_the_other_accepts(ben: Client) -> None:
    carol, eve = person("carol", "a"), person("eve", "b")
    change = step(carol, do="move", category=place_key("a/n"), target="b")
    page = carol.get(change.get_absolute_url()).content.decode()
    assert ">Propose<" in page
    assert ">Apply<" not in page
    assert act(carol, change, "apply").status_code == 403
    assert act(carol, change, "propose").status_code == 302
    assert act(carol, change, "undo").status_code == 403
    assert "Waits for the consent of who curates b." in eve.get(change.get_absolute_url()).content.decode()
    assert act(eve, change, "apply").status_code == 403
    assert act(eve, change, "accept").status_code == 302
    change.refresh_from_db()
    assert (change.status, change.applied_by) == ("applied", "eve")


def test_the_second_curator_is_told_and_keeps_the_draft(ben: Client) -> None:
    mine = step(ben, do="move", category=place_key("a/n"), target="b")
    ben.get(mine.get_absolute_url())
    mine.refresh_from_db()
    carol = person("carol")
    act(carol, step(carol, do="rename", category=place_key("a/n"), slug="m"), "apply")
    response = ben.post(f"{mine.get_absolute_url()}apply/", {"digest": mine.digest})
    assert response.status_code == 409
    assert re.search(r"by carol \(.*\) came first", response.content.decode())
    assert act(ben, mine, "apply").status_code == 302


def test_the_history_names_who_and_why_and_what_changed_outside_of_change_sets(ben: Client) -> None:
    change = step(ben, do="move", skill=skill_key("a/y"), target="a/n")
    act(ben, change, "steps", title="Tidy up", reason="it fits there")
    place_skill(
        skill=Skill.objects.get(path="lone"), path="c/d/lone", actor_name="carol", reason="from an index"
    )

    def shown(query: str = "") -> str:
        return str(ben.get(f"/taxonomy/changes/{query}").content.decode())

    assert act(ben, change, "apply").status_code == 302
    text = shown()
    for words in (
        "Tidy up",
        "Why: it fits there",
        "Skill placed",
        "c/d/lone",
        "Why: from an index",
        "carol",
    ):
        assert words in text
    assert "Tidy up" not in shown("?branch=c")
    assert "Skill placed" in shown("?branch=c")
    assert "Skill placed" not in shown("?person=ben")
    assert "Nobody changed the taxonomy there." in shown("?person=nobody")


def history(client: Client, query: str = "") -> str:
    return str(client.get(f"/taxonomy/changes/{query}").content.decode())


def test_the_history_shows_before_and_after_and_folds_what_is_long(ben: Client) -> None:
    change = step(ben, do="move", skill=skill_key("lone"), target="b")
    act(ben, change, "apply")
    page = history(ben)
    assert '<span class="muted">before</span> lone <span class="muted">after</span> b/lone' in page
    assert "<details><summary" not in page

    set_facets(skill=Skill.objects.get(path="a/x"), facets=[("tool", "uv")])
    step(ben, do="refacet", skill=skill_key("a/x"), add="lang: go", remove="tool: uv")
    step(ben, do="rename", category=place_key("a/n"), slug="nn", title="New")
    act(ben, step(ben, do="merge", skill=skill_key("a/y"), target="b/lone"), "apply")

    page = history(ben)
    assert "<details><summary" in page
    for words in (
        'a/x, facets: <span class="muted">before</span> tool: uv <span class="muted">after</span> lang: go',
        'a/n, title: <span class="muted">before</span> N <span class="muted">after</span> New',
        'a/y, status: <span class="muted">before</span> draft <span class="muted">after</span> archived',
        'before</span> a/n/q <span class="muted">after</span> a/nn/q',
    ):
        assert words in page
    detail = ben.get(PlacementChange.objects.latest("created_at").get_absolute_url()).content.decode()
    assert "<td>facets</td><td>tool: uv</td><td>lang: go</td>" in detail


def test_the_history_names_a_category_that_has_ended(ben: Client) -> None:
    act(ben, step(ben, do="merge", category=place_key("a/n"), target="b"), "apply")

    assert "Merge into b: a/n<" in history(ben)


def test_the_history_of_twenty_changes_takes_no_more_queries_than_that_of_two(
    ben: Client, django_assert_num_queries: Callable[..., Any]
) -> None:
    def grow(number: int) -> None:
        for _ in range(number):
            change = step(
                ben, do="rename", category=Category.objects.get(title="A").key, slug=f"a{n_changes()}"
            )
            act(ben, change, "apply")

    n_changes = PlacementChange.objects.count
    grow(2)
    for query in ("", "?branch=a"):
        history(ben, query)
        with CaptureQueriesContext(connection) as few:
            history(ben, query)
        number = len(few)
        grow(9)
        with django_assert_num_queries(number):
            history(ben, query)


def test_the_history_of_a_branch_has_what_touched_it_under_another_address(ben: Client) -> None:
    for path in ("web/old/w", "web/old/sub/z", "other/y"):
        make_skill(path=path)
    place_skill(skill=Skill.objects.get(path="lone"), path="web/old/placed", actor_name="carol")
    act(ben, step(ben, do="move", skill=skill_key("web/old/sub/z"), target="a"), "steps", title="Out of sub")
    act(ben, PlacementChange.objects.latest("created_at"), "apply")
    act(ben, step(ben, do="move", skill=skill_key("web/old/w"), target="a"), "steps", title="Out of old")
    act(ben, PlacementChange.objects.latest("created_at"), "apply")
    act(ben, step(ben, do="rename", category=place_key("web/old"), slug="new"), "apply")
    act(ben, step(ben, do="move", skill=skill_key("other/y"), target="web/new"), "steps", title="Into new")
    act(ben, PlacementChange.objects.latest("created_at"), "apply")

    for branch in ("web/new", "web/old"):
        page = history(ben, f"?branch={branch}")
        for words in ("Out of old", "Out of sub", "Into new", "Skill placed"):
            assert words in page, (branch, words)
    for branch in ("web/new/sub", "web/old/sub"):
        assert "Out of sub" in history(ben, f"?branch={branch}")
    assert "Into new" not in history(ben, "?branch=b")
    assert "Skill placed" not in history(ben, "?branch=other")


def test_the_history_finds_a_branch_by_its_row_when_its_old_address_was_taken(ben: Client) -> None:
    make_skill(path="web/old/w")
    act(ben, step(ben, do="move", skill=skill_key("web/old/w"), target="a"), "steps", title="Out of old")
    act(ben, PlacementChange.objects.latest("created_at"), "apply")
    act(ben, step(ben, do="rename", category=place_key("web/old"), slug="new"), "apply")
    make_skill(path="web/old/again")

    assert "Out of old" in history(ben, "?branch=web/new")


def test_the_old_address_of_a_branch_answers_on_every_page_and_in_every_list(client: Client) -> None:
    make_skill(path="tech/web/forms")
    make_skill(path="other/x")
    User.objects.create_superuser("root")
    root = User.objects.get(username="root")
    moved = Category.objects.get(path="tech/web")
    change = draft_change(operations=[Move(Category.objects.get(path="other").key, (moved.key,))], actor=root)
    preview_change(change=change)
    apply_change(change=change, actor=root, expected_digest=change.digest)
    client.force_login(root, backend="django.contrib.auth.backends.ModelBackend")

    assert client.get("/skills/available.xml?branch=tech/web").status_code == 200
    assert "other/web/forms" in client.get("/skills/?branch=tech/web").content.decode()
    assert "other/web/forms" in client.get("/taxonomy/?at=tech/web").content.decode()
    assert "There is no category" not in client.get("/taxonomy/placement/?at=tech/web").content.decode()
    assert (
        client.get("/skills/at/tech/web/forms/")
        .headers["Location"]
        .endswith(f"/{Skill.objects.get(path='other/web/forms').key}/")
    )
    printed = StringIO()
    call_command("available_skills", branch="tech/web", stdout=printed)
    assert printed.getvalue().startswith("<available_skills>")


def test_each_skill_of_a_merge_has_a_choice_of_its_own(ben: Client) -> None:
    for path in ("a/p", "a/r"):
        make_skill(path=path)
    change = step(ben, do="merge", category=place_key("a"), target="b")
    choices = [
        ("a/x", "fold", "b/x"),
        ("a/y", "rename", "why"),
        ("a/p", "elsewhere", "a/n"),
        ("a/n/q", "move", ""),
    ]
    for path, what, value in choices:
        words = {"choice_skill": skill_key(path), "choice_act": what, "choice_value": value}
        assert act(ben, change, "steps", choose="0", **words).status_code == 302
    page = ben.get(change.get_absolute_url()).content.decode()
    for said in ("a/x merges into b/x", "a/y is called why", "a/p goes to a/n"):
        assert said in page
    assert act(ben, change, "apply").status_code == 302
    active = set(Skill.objects.exclude(status="archived").values_list("path", flat=True))
    assert active == {"b/x", "b/why", "b/r", "b/n/p", "b/n/q", "lone"}


@pytest.mark.parametrize(
    ("what", "value", "said"),
    [
        ("rename", "No Name", "cannot be a name"),
        ("fold", "nowhere/at-all", "There is no skill"),
        ("elsewhere", "nowhere", "There is no category"),
        ("burn", "", "Choose what happens"),
    ],
)
def test_a_choice_that_cannot_be_read_is_refused_and_the_draft_kept(
    ben: Client, what: str, value: str, said: str
) -> None:
    change = step(ben, do="merge", category=place_key("a"), target="b")
    words = {"choice_skill": skill_key("a/y"), "choice_act": what, "choice_value": value}
    response = act(ben, change, "steps", choose="0", **words)
    assert response.status_code == 422
    assert said in response.content.decode()
    before = change.operations
    change.refresh_from_db()
    assert change.operations == before
