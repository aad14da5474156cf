"""The taxonomy as files and its faults, as pages."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from skills_app.models import PlacementChange, RoleGrant, Skill, SkillDependency
from skills_app.services.make_skill import make_skill
from skills_app.services.set_facets import set_facets

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(client: Client) -> Client:
    for path in ("a/x", "a/y", "b/z"):
        make_skill(path=path)
    user = User.objects.create_user("ben")
    RoleGrant.objects.create(user=user, role="curator")
    client.force_login(user)
    return client


def upload(data: Any) -> SimpleUploadedFile:
    text = data if isinstance(data, str) else json.dumps(data)
    return SimpleUploadedFile("i.json", text.encode(), "application/json")


def test_the_page_tries_takes_in_and_says_what_is_wrong(ben: Client, dan: Client) -> None:
    wanted = {"skills": {"one": {"canonical_path": "new/xx", "aliases": ["a/x"]}}}
    page = ben.post("/taxonomy/files/", {"index": upload(wanted)}).content.decode()
    assert "Move: a/x to new/xx" in page
    assert "Nothing was written." in page
    assert not PlacementChange.objects.exists()
    page = ben.post("/taxonomy/files/", {"index": upload(wanted), "take": "1"}).content.decode()
    assert PlacementChange.objects.get().get_absolute_url() in page
    assert ben.post("/taxonomy/files/", {"index": upload("{")}).status_code == 422
    assert ben.post("/taxonomy/files/", {}).status_code == 422
    assert dan.post("/taxonomy/files/", {"index": upload(wanted)}).status_code == 403
    assert ben.get("/taxonomy/files/index/").json()["skills"] != {}
    assert ben.get("/taxonomy/files/meta/").json()["total_skills"] == 3


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "The library is as the index says."),
        ({"status": "archived"}, "There is nothing to take in; what differs is told here."),
        ({"facets": {}}, "What moves waits in your draft."),
    ],
)
def test_the_page_says_that_nothing_differs_only_when_nothing_does(
    ben: Client, more: dict[str, Any], said: str
) -> None:
    set_facets(skill=Skill.objects.get(path="a/x"), facets=[("lang", "go")])
    wanted = {"skills": {"one": {"canonical_path": "a/x", **more}}}
    page = ben.post("/taxonomy/files/", {"index": upload(wanted), "take": "1"}).content.decode()
    assert said in page


def test_the_page_of_faults_shows_one_kind_of_them(ben: Client) -> None:
    assert "Nothing is wrong" in ben.get("/taxonomy/check/").content.decode()
    make_skill(path="lone")
    first = Skill.objects.get(path="a/x")
    SkillDependency.objects.create(skill=first, kind="required", target_path="no/where")
    assert "lone has no home" in ben.get("/taxonomy/check/").content.decode()
    page = ben.get("/taxonomy/check/?fault=dangling").content.decode()
    assert "no/where" in page
    assert "lone has no home" not in page


def test_the_page_of_faults_has_pages_and_every_fault_is_on_one(
    ben: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skills_app.views.taxonomy_files.FAULTS_PER_PAGE", 2)
    for number in range(5):
        make_skill(path=f"lone{number}")
    first = ben.get("/taxonomy/check/?fault=orphan").content.decode()
    assert "What is wrong, 1 to 2 of 5" in first
    assert 'href="?fault=orphan&amp;page=2"' in first
    last = ben.get("/taxonomy/check/?fault=orphan&page=3").content.decode()
    assert [f"lone{n} has no home" in last for n in (3, 4)] == [False, True]
