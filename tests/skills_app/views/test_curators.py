"""Who curates a branch, a skill that gets another name, and what its line of time tells in the end."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from skills_app.domain.change_sets.operations import MergeSkills, Move, Operation
from skills_app.domain.enums import Role, VersionOrigin
from skills_app.models import Category, PlacementChange, RoleGrant, Skill
from skills_app.services.apply_change import apply_change, undo_change
from skills_app.services.draft_change import draft_change, preview_change
from skills_app.services.make_skill import make_skill
from tests.skills_app import promotion_makers as made
from tests.skills_app.review_makers import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(client: Client) -> Client:
    """Ben curates the whole library."""
    for path in ("a/x", "a/n/q", "b/y"):
        make_skill(path=path)
    client.force_login(person("ben", Role.CURATOR))
    return client


def tree_row(client: Client, path: str) -> str:
    """Return what the tree says of one branch, up to the next row."""
    page = client.get(f"/taxonomy/?at={path}").content.decode()
    key = Category.objects.get(path=path).key
    start = page.index(f'data-key="{key}"')
    end = page.find("data-key=", start + 10)
    return page[start : end if end > 0 else None]


def test_a_branch_names_who_curates_it_or_the_nearest_above(ben: Client) -> None:
    make_skill(path="a/n/deep/q")
    person("carol", Role.CURATOR, branch="a")
    person("eve", Role.CURATOR, branch="a")
    person("ada", Role.REVIEWER, branch="b")
    left = person("gus", Role.CURATOR, branch="a")
    User.objects.filter(pk=left.pk).update(is_active=False)
    assert "curated by carol, eve<" in tree_row(ben, "a")
    assert "curated by carol, eve, from a<" in tree_row(ben, "a/n")
    assert "curated by carol, eve, from a<" in tree_row(ben, "a/n/deep")
    assert "curated by" not in tree_row(ben, "b")
    person("dora", Role.CURATOR, branch="a/n")
    assert "curated by dora<" in tree_row(ben, "a/n")
    assert "curated by dora, from a/n<" in tree_row(ben, "a/n/deep")
    RoleGrant.objects.filter(user__username="eve").delete()
    assert "curated by carol<" in tree_row(ben, "a")


def act(client: Client, change: PlacementChange, verb: str) -> Any:
    client.get(change.get_absolute_url())
    change.refresh_from_db()
    return client.post(f"{change.get_absolute_url()}{verb}/", {"digest": change.digest})


def test_a_skill_gets_another_name_in_its_place_and_gets_the_old_one_back(ben: Client) -> None:
    skill = Skill.objects.get(path="a/x")
    response = ben.post("/taxonomy/steps/add/", {"do": "rename", "skill": skill.key, "slug": "newer"})
    change = PlacementChange.objects.get(key=response["Location"].split("/")[-2])
    page = ben.get(change.get_absolute_url()).content.decode()
    assert "<td>a/x</td><td>a/newer</td>" in page
    assert act(ben, change, "apply").status_code == 302
    assert ben.get("/skills/at/a/x/", follow=True).redirect_chain[-1][0] == skill.get_absolute_url()
    skill.refresh_from_db()
    assert (skill.path, skill.slug, skill.category.path if skill.category else "") == (
        "a/newer",
        "newer",
        "a",
    )
    assert act(ben, change, "undo").status_code == 302
    skill.refresh_from_db()
    assert skill.path == "a/x"
    assert ben.get("/skills/at/a/newer/", follow=True).redirect_chain[-1][0] == skill.get_absolute_url()


@pytest.mark.parametrize("name", ["a--b", "claude-x", "Not this"])
def test_a_name_that_hosts_refuse_is_not_taken_for_a_skill(ben: Client, name: str) -> None:
    key = Skill.objects.get(path="a/x").key
    response = ben.post("/taxonomy/steps/add/", {"do": "rename", "skill": key, "slug": name})
    assert response.status_code == 422
    assert f'value="{name}"' in response.content.decode()
    assert not PlacementChange.objects.exists()
    if name != "Not this":
        assert "Call it" in advice(ben, slug=name, target="b", skill=key)
        assert "will do" in advice(ben, slug=name, target="b", category=Category.objects.get(path="a/n").key)


def advice(client: Client, **words: str) -> str:
    return client.get("/taxonomy/names/", words, headers={"HX-Request": "true"}).content.decode()


def done(actor: User, *operations: Operation) -> PlacementChange:
    change = draft_change(operations=operations, actor=actor)
    preview_change(change=change)
    return apply_change(change=change, actor=actor, expected_digest=change.digest)


def told(client: Client, skill: Skill) -> list[str]:
    """Return the sentences of a skill's line of time, the oldest first."""
    page = client.get(f"{skill.get_absolute_url()}?tab=history").content.decode()
    rows = page.split('<th scope="row">')[1:]
    return [row.split("</th>")[0].split(" <a ")[0] for row in rows][::-1]


def test_the_block_for_agents_has_what_is_published_at_the_old_address_of_a_branch_too(
    dan: Client, root: Path
) -> None:
    curator, _ = made.people()
    skill = made.ready("tech/web/forms").skill
    made.promote(made.version_of(skill))
    make_skill(path="other/x")

    def block(branch: str) -> str:
        from_page = dan.get(f"/skills/available.xml?branch={branch}").content.decode()
        printed = StringIO()
        call_command("available_skills", branch=branch, stdout=printed)
        assert printed.getvalue().strip() == from_page.strip()
        assert from_page.count("<skill>") == 1
        return from_page

    assert f"<location>\n{root}/tech/web/forms/SKILL.md\n</location>" in block("tech/web")
    other, web = (Category.objects.get(path=path).key for path in ("other", "tech/web"))
    change = done(curator, Move(other, (web,)))
    told = block("tech/web")
    assert told == block("other/web")
    assert f"<location>\n{root}/other/web/forms/SKILL.md\n</location>" in told
    assert (root / "other/web/forms/SKILL.md").is_file()
    undo_change(change=change, actor=curator)
    assert block("other/web") == block("tech/web")
    assert f"<location>\n{root}/tech/web/forms/SKILL.md\n</location>" in block("other/web")


def test_the_line_of_time_goes_from_generated_to_merged(dan: Client, root: Path) -> None:
    curator, _ = made.people()
    version = made.ready("a/x", origin=VersionOrigin.RUN)
    make_skill(path="b/y")
    skill, heir = version.skill, Skill.objects.get(path="b/y")
    done(curator, Move(Category.objects.get(path="b").key, skills=(skill.key,)))
    made.promote(made.version_of(skill))
    merge = done(curator, MergeSkills((skill.key,), heir.key))
    expected = [
        "Made at a/x, as active.",
        "Version 1 was generated.",
        "Reviewed: approve.",
        "Moved from a/x to b/x.",
        "Published as 1.0.0.",
        "Merged into b/y.",
    ]
    sentences = told(dan, skill)
    assert [one for one in sentences if one in expected] == expected
    page = dan.get("/taxonomy/changes/").content.decode()
    assert "merged into b/y" in page
    assert f"_{skill.key}" not in page + "".join(sentences)
    undo_change(change=merge, actor=curator)
    assert told(dan, skill)[-1] == "Taken out of b/y again, back at b/x."
