"""The JSON API: what it tells, by every address, to whom, and what it says when it cannot."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from fleet_site.tokens import make_token, revoke_token
from skills_app.domain.change_sets.operations import MergeCategories, Move
from skills_app.domain.enums import DependencyKind
from skills_app.domain.records import DependencyRecord
from skills_app.domain.reviewing.assignment import choose_reviewers
from skills_app.domain.scoring import REFERENCE_SCORER
from skills_app.models import Category, PathAlias, Promotion, RoleGrant, Skill
from skills_app.queries.reviewers import candidates_for
from skills_app.queries.skills_for_list import PAGE_SIZE
from skills_app.services.apply_change import apply_change
from skills_app.services.draft_change import draft_change, preview_change
from skills_app.services.make_category import make_category
from skills_app.services.make_skill import make_skill
from skills_app.services.set_dependencies import set_dependencies
from tests.skills_app.skill_makers import skill, text_file

pytestmark = pytest.mark.django_db
DOCS = Path(__file__).resolve().parents[3] / "templates" / "docs" / "reference" / "api.md"
SKILL, LIST, CATEGORY = "A skill", "The list of skills", "A category"
# Maps whose keys are words of the library.
MAPS = {"facets"}


def described(title: str, *, first: str = "field") -> set[str]:
    """Return what the document lists under a heading, in the table whose first column is ``first``."""
    part = DOCS.read_text().split(f"\n## {title}\n")[1].split("\n## ")[0]
    table = part.split(f"| {first} | ")[1].split("\n\n")[0]
    return set(re.findall(r"^\| `([^`]+)`", table, re.MULTILINE))


def fields_of(value: Any, name: str = "") -> Iterator[str]:
    """Yield the names of an answer's fields as the document writes them, such as "gate.conditions[].key"."""
    if isinstance(value, dict) and name.rpartition(".")[2] not in MAPS:
        for key, inner in value.items():
            yield from fields_of(inner, f"{name}.{key}" if name else key)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for inner in value:
            yield from fields_of(inner, f"{name}[]")
    else:
        yield name


def rich_library() -> Skill:
    """Return a skill of which the API has everything to tell."""
    made = skill(
        "a/n/q",
        files=(text_file("references/guide.md", "Read me."),),
        facets=[("lang", "go"), ("lang", "python")],
    )
    skill("b/x")
    needs = [
        DependencyRecord(DependencyKind.REQUIRED, "b/x", "calls it"),
        DependencyRecord(DependencyKind.SEE_ALSO, "nowhere/y"),
    ]
    set_dependencies(skill=made, dependencies=needs)
    PathAlias.objects.create(path="old/q", skill=made)
    ada, bea, cleo = (User.objects.create_user(name) for name in ("ada", "bea", "cleo"))
    for user, path in ((bea, None), (bea, "a"), (ada, None), (cleo, "a/n")):
        RoleGrant.objects.create(
            user=user, role="reviewer", category=Category.objects.get(path=path) if path else None
        )
    User.objects.create_user("dora", is_active=False).role_grants.create(role="reviewer")
    RoleGrant.objects.create(user=ada, role="curator", category=Category.objects.get(path="a"))
    version = made.current_version
    assert version is not None
    Promotion.objects.create(
        skill=made,
        version=version,
        semantic_version="1.0.0",
        state="published",
        path="a/n/q",
        digest=version.digest,
        folder_digest="f" * 64,
        promoted_by_name="carol",
        started_at=timezone.now(),
    )
    return made


def error_of(response: HttpResponse, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/json"
    found: dict[str, Any] = response.json()["error"]  # type: ignore[attr-defined]
    assert found["status"] == status
    assert found["message"].endswith(".")
    assert found["next_step"].endswith(".")
    return found


def test_a_skill_is_told_with_every_documented_field_and_no_other(dan: Client) -> None:
    rich_library()

    answer = dan.get("/api/v1/skills/a/n/q/").json()

    assert set(fields_of(answer)) == described(SKILL)


def test_a_skill_says_what_its_page_says(dan: Client) -> None:
    made = rich_library()

    answer = dan.get("/api/v1/skills/a/n/q/").json()

    version = made.current_version
    assert version is not None
    assert (answer["path"], answer["status"], answer["category"]) == ("a/n/q", "active", "a/n")
    assert (answer["version"]["number"], answer["version"]["digest"]) == (1, version.digest)
    page = dan.get(made.get_absolute_url()).content.decode()
    assert answer["gate"]["verdict"] in ("passed", "blocked")
    assert answer["gate"]["summary"] in page
    assert answer["quality"]["scorer"] == REFERENCE_SCORER
    made.refresh_from_db()
    assert answer["quality"]["calibrated_score"] == made.calibrated_score
    assert answer["facets"] == {"lang": ["go", "python"]}
    assert answer["dependencies"] == [
        {"kind": "required", "written": "b/x", "path": "b/x", "reason": "calls it"}
    ]
    assert answer["see_also"] == [{"written": "nowhere/y", "path": None, "reason": ""}]
    assert answer["owners"] == [{"name": "ada", "branch": "a"}]
    assert answer["reviewers"] == [
        {"name": "cleo", "branch": "a/n"},
        {"name": "bea", "branch": "a"},
        {"name": "ada", "branch": None},
    ]
    asked = choose_reviewers(candidates_for(made), 9)
    assert [one.name for one in asked] == [one["name"] for one in answer["reviewers"]]
    assert answer["aliases"] == ["old/q"]
    assert [one["path"] for one in answer["files"]] == ["SKILL.md", "references/guide.md"]
    assert answer["files"][0]["sha256"] == version.content_digest
    assert answer["files"][1] == {
        "path": "references/guide.md",
        "size_bytes": 8,
        "sha256": text_file("x", "Read me.").digest,
        "is_executable": False,
    }
    assert answer["published"]["number"] == 1
    for name in ("page", "version_page", "document", "zip"):
        assert dan.get(answer["links"][name]).status_code == 200
    assert dan.get(answer["links"]["category"]).json()["path"] == "a/n"


def test_a_skill_without_a_version_has_no_gate_and_no_files(dan: Client) -> None:
    make_skill(path="a/x")

    answer = dan.get("/api/v1/skills/a/x").json()

    nothing = ("version", "published", "gate", "quality", "report_status")
    assert [answer[name] for name in nothing] == [None] * len(nothing)
    assert (answer["files"], answer["tokens"]["body"], answer["links"]["zip"]) == ([], None, None)


def test_a_category_is_told_with_every_documented_field_and_no_other(dan: Client) -> None:
    rich_library()
    PathAlias.objects.create(path="old", category=Category.objects.get(path="a"))

    answer = dan.get("/api/v1/categories/a/").json()

    assert set(fields_of(answer)) == described(CATEGORY)
    assert (answer["aliases"], answer["parent"]) == (["old"], None)
    assert [(one["path"], one["num_skills"]) for one in answer["children"]] == [("a/n", 1)]
    assert answer["counts"] == {"skills": 1, "skills_directly_here": 0, "open_reviews": 0}
    assert answer["owners"] == [{"name": "ada", "branch": "a"}]
    assert answer["reviewers"] == [{"name": "bea", "branch": "a"}, {"name": "ada", "branch": None}]
    assert answer["budget"]["num_tokens"] > 0
    assert not answer["budget"]["is_over"]
    assert dan.get(answer["children"][0]["url"]).json()["parent"] == "a"
    assert dan.get(answer["links"]["page"]).status_code == 200
    assert dan.get(answer["links"]["skills"]).json()["total"] == 1


def test_the_list_has_every_documented_field_and_takes_every_documented_parameter(dan: Client) -> None:
    rich_library()
    values = {
        "q": "q",
        "branch": "a",
        "status": "active",
        "type": "none",
        "origin": "library",
        "report": "none",
        "band": "none",
        "facet": "lang:go",
        "sort": "name",
        "page": "1",
    }

    answer = dan.get("/api/v1/skills/").json()

    assert set(fields_of(answer)) == described(LIST)
    assert described(LIST, first="parameter") == set(values)
    for name, value in values.items():
        found = dan.get("/api/v1/skills/", {name: value}).json()
        assert "a/n/q" in [one["path"] for one in found["results"]], name


def test_the_list_goes_page_by_page_and_keeps_its_filter(dan: Client) -> None:
    make_category(path="a")
    home = Category.objects.get(path="a")
    Skill.objects.bulk_create(
        Skill(key=f"k{n}", name=f"s{n}", slug=f"s{n:03}", path=f"a/s{n:03}", category=home)
        for n in range(2 * PAGE_SIZE + 1)
    )
    make_skill(path="b/x")

    seen: list[str] = []
    back: list[str | None] = []
    url: str | None = "/api/v1/skills/?branch=a"
    while url:
        answer = dan.get(url).json()
        assert (answer["total"], answer["num_pages"]) == (2 * PAGE_SIZE + 1, 3)
        seen += [one["path"] for one in answer["results"]]
        back.append(answer["previous"])
        url = answer["next"]

    assert seen == [f"a/s{n:03}" for n in range(2 * PAGE_SIZE + 1)]
    assert back[0] is None
    assert dan.get(back[2]).json()["page"] == 2


def test_an_old_branch_and_the_page_of_skills_mean_the_same_skills(dan: Client) -> None:
    rich_library()
    PathAlias.objects.create(path="past", category=Category.objects.get(path="a"))

    answer = dan.get("/api/v1/skills/?branch=/past/").json()

    assert [one["path"] for one in answer["results"]] == ["a/n/q"]
    assert 'data-key="' not in str(answer)
    assert "a/n/q" in dan.get("/skills/?branch=past").content.decode()


WRONG = [
    ("statsu=active", "statsu"),
    ("status=actve", "status"),
    ("status=", "status"),
    ("branch=no/where", "branch"),
    ("page=0", "page"),
    ("page=2", "page"),
    ("page=x", "page"),
    ("sort=best", "sort"),
    ("band=fine", "band"),
    ("facet=lang", "facet"),
    ("origin=elsewhere", "origin"),
    ("report=ok", "report"),
    (f"q={'x' * 301}", "q"),
    ("branch=a%00", "branch"),
]


@pytest.mark.parametrize(("query", "parameter"), WRONG)
def test_a_parameter_that_cannot_be_used_is_named_and_never_passed_over(
    dan: Client, query: str, parameter: str
) -> None:
    make_skill(path="a/x")

    assert error_of(dan.get(f"/api/v1/skills/?{query}"), 400)["parameter"] == parameter


def test_one_skill_and_one_category_take_no_parameters(dan: Client) -> None:
    make_skill(path="a/x")

    for address in ("skills/a/x", "categories/a"):
        assert error_of(dan.get(f"/api/v1/{address}/?version=2"), 400)["parameter"] == "version"


def test_errors_have_the_documented_fields(dan: Client) -> None:
    answer = dan.get("/api/v1/skills/?page=0").json()

    assert set(fields_of(answer)) == described("Errors")


@pytest.mark.parametrize(
    "address", ["skills/no/where/", "categories/no/where/", "categories/", "", "runs/", "skills/%00/"]
)
def test_what_is_nowhere_is_404_with_the_next_step(dan: Client, address: str) -> None:
    error_of(dan.get(f"/api/v1/{address}"), 404)


def test_who_asks_for_the_wrong_kind_is_told_where_it_is(dan: Client) -> None:
    make_skill(path="a/x")

    assert "/api/v1/categories/a/" in error_of(dan.get("/api/v1/skills/a/"), 404)["next_step"]
    assert "/api/v1/skills/a/x/" in error_of(dan.get("/api/v1/categories/a/x/"), 404)["next_step"]


def test_a_skill_and_a_category_at_one_address_both_answer(dan: Client) -> None:
    make_skill(path="b/c")
    make_skill(path="b/c/y")

    assert dan.get("/api/v1/skills/b/c/").json()["key"] == Skill.objects.get(path="b/c").key
    assert dan.get("/api/v1/categories/b/c/").json()["key"] == Category.objects.get(path="b/c").key


def test_every_old_address_leads_to_the_new_one_for_good(dan: Client) -> None:
    made = skill("a/n/q", external_id="q-id")
    skill("b/x")
    PathAlias.objects.create(path="older/Q place", skill=made)
    ben = User.objects.create_user("ben")
    keys = dict(Category.objects.values_list("path", "key"))
    for operation in (Move(keys["b"], (keys["a/n"],)), MergeCategories((keys["a"],), keys["b"])):
        change = draft_change(operations=[operation], actor=ben)
        preview_change(change=change)
        apply_change(change=change, actor=ben, expected_digest=change.digest)

    new = "http://testserver/api/v1/skills/b/n/q/"
    for old in ("a/n/q", "older/Q%20place", "q-id", "skills/a/n/q/SKILL.md", "B/N/Q"):
        response = dan.get(f"/api/v1/skills/{old}/")
        assert (response.status_code, response["Location"]) == (308, new), old
        assert response.json() == {"moved_to": {"path": "b/n/q", "url": new}}
        assert set(fields_of(response.json())) == described("An address that is old")
    assert dan.get(new).json()["key"] == made.key
    for old, now in (("a/n", "b/n"), ("a", "b")):
        response = dan.get(f"/api/v1/categories/{old}")
        assert (response.status_code, response.json()["moved_to"]["path"]) == (308, now)


def test_the_same_answer_is_not_sent_twice_and_another_one_is(dan: Client) -> None:
    made = rich_library()
    first = dan.get("/api/v1/skills/a/n/q/")

    again = dan.get("/api/v1/skills/a/n/q/", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")

    made.facets.create(name="tool", value="uv")
    assert (
        dan.get("/api/v1/skills/a/n/q/", headers={"If-None-Match": first["ETag"]}).json()["facets"]["tool"]
    ) == ["uv"]


@pytest.mark.parametrize("address", ["skills/", "skills/a/x/", "skills/old/x/", "categories/a/", "nothing/"])
def test_answers_are_private_and_vary_by_who_asks(dan: Client, address: str) -> None:
    PathAlias.objects.create(path="old/x", skill=make_skill(path="a/x")[0])

    response = dan.get(f"/api/v1/{address}")

    assert response["Cache-Control"] == "private, no-cache"
    assert {"Authorization", "Cookie"} <= set(response["Vary"].split(", "))
    assert response["X-Content-Type-Options"] == "nosniff"


ADDRESSES = ["", "skills", "skills/", "skills/a/x/", "skills/old/x/", "categories/a/", "nothing/here"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_nobody_learns_anything_without_signing_in(anyone: Client, address: str) -> None:
    PathAlias.objects.create(path="old/x", skill=make_skill(path="a/x")[0])

    response = anyone.get(f"/api/v1/{address}")

    assert "/account/tokens/" in error_of(response, 401)["next_step"]
    assert response["WWW-Authenticate"] == 'Bearer realm="Skill Fleet"'


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_changed(dan: Client, address: str, method: str) -> None:
    response = getattr(dan, method)(f"/api/v1/{address}")

    error_of(response, 405)
    assert response["Allow"] == "GET, HEAD"


def test_a_token_reads_what_its_owner_may_read_until_it_is_revoked(anyone: Client) -> None:
    make_skill(path="a/x")
    user = User.objects.create_user("eve")
    made = make_token(user=user, name="ci", days=30, now=timezone.now())
    bearer = {"Authorization": f"Bearer {made.token}"}

    assert anyone.get("/api/v1/skills/a/x/", headers=bearer).json()["path"] == "a/x"
    assert anyone.head("/api/v1/skills/a/x/", headers=bearer).status_code == 200
    assert anyone.get("/skills/", headers=bearer).status_code == 302
    error_of(anyone.post("/api/v1/skills/a/x/", headers=bearer), 405)

    revoke_token(user=user, token_id=made.row.pk, now=timezone.now())
    response = anyone.get("/api/v1/skills/a/x/", headers=bearer)
    error_of(response, 401)
    assert 'error="invalid_token"' in response["WWW-Authenticate"]


@pytest.mark.parametrize("header", ["Bearer", "Bearer nothing", "Basic YTpi", "x"])
def test_a_header_that_is_no_token_is_refused_even_beside_a_session(dan: Client, header: str) -> None:
    error_of(dan.get("/api/v1/skills/", headers={"Authorization": header}), 401)


def test_a_deactivated_owner_ends_the_token(anyone: Client) -> None:
    user = User.objects.create_user("eve")
    made = make_token(user=user, name="ci", days=30, now=timezone.now())
    User.objects.update(is_active=False)

    error_of(anyone.get("/api/v1/skills/", headers={"Authorization": f"Bearer {made.token}"}), 401)


@pytest.mark.parametrize("address", ["/api/v1/skills/", "/api/v1/categories/a/"])
def test_twenty_skills_take_no_more_queries_than_two(
    dan: Client, address: str, django_assert_num_queries: Callable[..., Any]
) -> None:
    def grow(first: int, last: int) -> None:
        for number in range(first, last):
            skill(f"a/s{number}", facets=[("n", str(number))])
            make_skill(path=f"a/c{number}/x")

    grow(0, 2)
    dan.get(address)
    with CaptureQueriesContext(
        connection,
    ) as few:
        dan.get(address)
    grow(2, 20)
    with django_assert_num_queries(len(few)):
        dan.get(address)
