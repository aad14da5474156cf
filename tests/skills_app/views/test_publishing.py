"""Promoting, restoring, retiring and downloading on pages: who may, what is asked, and what comes of it."""

import hashlib
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from skills_app.domain.enums import Role, SkillStatus
from skills_app.models import Promotion, Skill, SkillVersion
from skills_app.services.import_library import import_library
from tests.skills_app import promotion_makers as made
from tests.skills_app import review_makers
from tests.skills_app import skill_makers as make

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def ben(db: None) -> Client:
    return signed_in(made.people()[0])


@pytest.fixture
def version(ben: Client, root: Path) -> SkillVersion:
    return made.ready()


def at(name: str, version: SkillVersion) -> str:
    return reverse(f"skills:{name}", args=[version.skill.key, version.number])


def of(name: str, version: SkillVersion) -> str:
    return reverse(f"skills:{name}", args=[version.skill.key])


@pytest.mark.parametrize("name", ["promote", "restore"])
def test_only_who_may_reaches_the_forms_of_a_version(name: str, version: SkillVersion, dan: Client) -> None:
    address = at(name, version)
    assert Client().get(address)["Location"].startswith("/sign-in/")
    assert dan.get(address).status_code == 403
    assert dan.post(address, {"reason": "r"}).status_code == 403


@pytest.mark.parametrize("name", ["deprecate", "reactivate", "withdraw"])
def test_only_who_may_reaches_the_forms_of_a_skill(name: str, version: SkillVersion, dan: Client) -> None:
    address = of(name, version)
    assert Client().get(address)["Location"].startswith("/sign-in/")
    assert dan.get(address).status_code == 403
    assert dan.post(address, {"reason": "r"}).status_code == 403


def test_a_curator_of_another_branch_may_not(version: SkillVersion) -> None:
    make.skill("other/one")
    eve = review_makers.person("eve", Role.CURATOR, branch="other")

    assert signed_in(eve).get(at("promote", version)).status_code == 403
    assert signed_in(eve).post(of("withdraw", version), {"reason": "r"}).status_code == 403


def test_the_form_proposes_a_number_and_says_that_nothing_is_in_the_way(
    version: SkillVersion, ben: Client
) -> None:
    page = ben.get(at("promote", version)).content.decode()

    assert 'name="semantic_version" value="1.0.0"' in page
    assert "It passes its gate and is approved" in page
    assert 'name="reason"' not in page


def test_promoting_leads_to_the_publishing_tab_and_says_so(
    version: SkillVersion, ben: Client, root: Path
) -> None:
    response = ben.post(
        at("promote", version), {"semantic_version": "1.2.0", "summary": "The first."}, follow=True
    )

    page = response.content.decode()
    assert response.redirect_chain[-1][0].endswith("?tab=publishing")
    assert "Version 1 is published as 1.2.0." in page
    assert "The first." in page
    assert (root / "python/async/SKILL.md").exists()


def test_a_wrong_number_comes_back_with_what_was_typed(version: SkillVersion, ben: Client) -> None:
    response = ben.post(at("promote", version), {"semantic_version": "soon", "summary": "My words."})

    page = response.content.decode()
    assert response.status_code == 422
    assert "Give the version as three numbers" in page
    assert 'value="soon"' in page
    assert "My words." in page
    assert not Promotion.objects.exists()


def test_htmx_gets_the_form_alone(version: SkillVersion, ben: Client) -> None:
    response = ben.post(at("promote", version), {"semantic_version": "soon"}, headers={"HX-Request": "true"})

    assert response.status_code == 422
    assert response.content.decode().lstrip().startswith('<div id="promotion-form"')


def test_each_thing_in_the_way_is_explained_and_no_form_is_offered(
    version: SkillVersion, ben: Client
) -> None:
    draft = made.next_draft(version.skill, "Not looked at.")

    page = ben.get(at("promote", draft)).content.decode()
    response = ben.post(at("promote", draft), {"semantic_version": "1.0.0", "reason": "please"})

    assert "Nobody asked for a review of this version." in page
    assert "A manager of this branch may promote it" in page
    assert 'name="semantic_version"' not in page
    assert response.status_code == 422
    assert not Promotion.objects.exists()


def test_a_manager_overrides_with_a_reason(version: SkillVersion, root: Path) -> None:
    carol = signed_in(review_makers.person("carol", Role.MANAGER))
    draft = made.next_draft(version.skill, "In a hurry.")
    typed = {"semantic_version": "1.0.0", "summary": "s"}

    assert "Override and promote" in carol.get(at("promote", draft)).content.decode()
    assert carol.post(at("promote", draft), {**typed, "reason": " "}).status_code == 422
    assert carol.post(at("promote", draft), {**typed, "reason": "cannot wait"}).status_code == 302
    page = carol.get(f"{draft.get_absolute_url()}?tab=publishing").content.decode()
    assert "In spite of: Nobody asked for a review of this version. Reason: cannot wait" in page


def test_what_lies_there_instead_is_shown_and_replaced_when_agreed(
    version: SkillVersion, ben: Client, root: Path
) -> None:
    made.promote(version)
    (root / "python/async/SKILL.md").write_text(version.content.replace("Some advice.", "Theirs."))
    second = made.next_ready(version.skill, "Ours.")

    closed = ben.get(at("promote", second)).content.decode()
    assert "was changed on disk" in closed
    assert 'name="semantic_version"' not in closed
    assert ben.post(at("promote", second), {"semantic_version": "1.1.0"}).status_code == 422

    import_library(root=root)
    page = ben.get(at("promote", second)).content.decode()
    assert "holds version 3" in page
    digest = page.partition('name="agreement" value="')[2][:64]
    done = ben.post(at("promote", second), {"semantic_version": "1.1.0", "agreement": digest})
    assert done.status_code == 302
    assert "Ours." in (root / "python/async/SKILL.md").read_text()


def test_a_folder_that_cannot_be_written_is_said_on_the_page(
    version: SkillVersion, ben: Client, root: Path
) -> None:
    root.parent.mkdir(exist_ok=True)
    root.write_text("a file where the folder should be")

    response = ben.post(at("promote", version), {"semantic_version": "1.0.0"})

    assert response.status_code == 422
    assert "cannot be written" in response.content.decode()
    assert Skill.objects.get().status == SkillStatus.DRAFT


def test_hostile_text_in_a_summary_is_shown_as_text(version: SkillVersion, ben: Client) -> None:
    made.promote(version, summary="<script>alert(1)</script>")

    page = ben.get(f"{version.get_absolute_url()}?tab=publishing").content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_tab_asks_as_many_questions_for_many_promotions(
    version: SkillVersion, ben: Client, django_assert_num_queries: object
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    address = f"{version.get_absolute_url()}?tab=publishing"
    made.promote(version)
    with CaptureQueriesContext(connection) as few:
        ben.get(address)
    for number in range(5):
        made.promote(made.next_ready(Skill.objects.get(), f"Advice number {number}."))
    with CaptureQueriesContext(connection) as many:
        ben.get(address)

    assert len(many) == len(few)


def test_deprecating_asks_why_and_takes_a_successor(version: SkillVersion, ben: Client) -> None:
    made.promote(version)
    make.skill("python/better")
    address = of("deprecate", version)

    assert "Deprecate it" in ben.get(address).content.decode()
    unknown = ben.post(address, {"reason": "old", "replaced_by": "no/where"})
    assert unknown.status_code == 422
    assert "No skill answers to" in unknown.content.decode()
    done = ben.post(address, {"reason": "old", "replaced_by": "python/better"}, follow=True)
    assert "python/async is deprecated." in done.content.decode()
    assert "Take the deprecation back" in done.content.decode()
    back = ben.post(of("reactivate", version), {"reason": "needed"}, follow=True)
    assert "is active again" in back.content.decode()


def test_withdrawing_shows_who_requires_it(version: SkillVersion, ben: Client, root: Path) -> None:
    made.promote(version)
    address = of("withdraw", version)

    assert ben.post(address, {"reason": " "}).status_code == 422
    done = ben.post(address, {"reason": "wrong"}, follow=True)

    assert "is withdrawn" in done.content.decode()
    assert not (root / "python").exists()
    assert "Nothing of this skill was published" in done.content.decode()


def test_restoring_makes_a_draft_and_leads_there(version: SkillVersion, ben: Client) -> None:
    made.next_draft(version.skill, "Other.")

    assert ben.post(at("restore", version), {"reason": ""}).status_code == 422
    response = ben.post(at("restore", version), {"reason": "better"})

    assert response["Location"] == reverse("skills:version", args=[version.skill.key, 3])


def test_a_zip_is_the_same_each_time_and_carries_its_digest(version: SkillVersion, dan: Client) -> None:
    first, second = dan.get(at("zip", version)), dan.get(at("zip", version))

    assert first.content == second.content
    assert first["ETag"] == f'"sha256-{hashlib.sha256(first.content).hexdigest()}"'
    assert first["Content-Disposition"] == 'attachment; filename="async-v1.zip"'
    assert dan.get(at("zip", version), headers={"If-None-Match": first["ETag"]}).status_code == 304


def test_a_version_that_cannot_be_a_folder_has_no_zip(ben: Client, root: Path) -> None:
    lost = make.skill("a/one", content='{"skill_id": "a/one"}', content_kind="json").current_version

    response = ben.get(at("zip", lost))

    assert response.status_code == 404
    assert "cannot be a folder" in response.content.decode()
