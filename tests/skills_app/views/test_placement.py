"""Hints, targets and names as pages: what is offered becomes a step of a draft, and nothing moves by itself."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from skills_app.domain.enums import VersionOrigin
from skills_app.models import Category, PlacementChange, PlacementSurvey, RoleGrant, Skill
from skills_app.queries.resolve_path import category_at
from skills_app.services.add_version import add_version
from skills_app.services.make_skill import make_skill
from skills_app.services.place_skill import place_skill
from skills_app.services.survey_placement import survey_placement
from skills_app.tasks import survey_placement_task

pytestmark = pytest.mark.django_db
ALL = {
    "py/loop": "python asyncio coroutines event loop",
    "py/tasks": "python asyncio tasks event loop cancel",
    "py/gather": "python coroutines tasks gather",
    "ops/image": "docker image layers registry",
    "ops/push": "docker registry image push",
    "ops/compose": "docker compose image network",
    "py/layers": "docker image layers network registry",
    "lone": "cancel python asyncio tasks event",
}
TAKEN = "ops/loop is taken: a skill answers there. Your draft will offer ways out."


@pytest.fixture
def ben() -> Client:
    for path, description in ALL.items():
        made, _ = make_skill(path=path)
        made.description = description
        made.save()
    user = User.objects.create_user("ben")
    RoleGrant.objects.create(user=user, role="curator")
    client = Client()
    client.force_login(user)
    return client


def key(path: str) -> str:
    row = Skill.objects.filter(path=path).first() or Category.objects.get(path=path)
    return row.key


def test_documents_that_say_the_same_under_other_descriptions_are_offered_for_a_merge(ben: Client) -> None:
    said = " ".join(f"word{a}{b}" for a in "abcdef" for b in "ghijkl")
    for path in ("py/gather", "ops/compose"):
        skill = Skill.objects.get(path=path)
        text = f"---\nname: {skill.name}\ndescription: {ALL[path]}\n---\n\n{said}\n"
        add_version(skill=skill, content=text, origin=VersionOrigin.EDIT, made_at=timezone.now())
    page = " ".join(ben.get("/taxonomy/placement/").content.decode().split())
    assert page.count('<td data-label="Written alike" class="num">1.00</td>') == 1
    assert '<td data-label="Described alike" class="num">–</td>' in page
    offered = re.search(
        r'value="(\w+)"> ?<input type="hidden" name="target" value="([^"]+)">', page.split("twins-title")[-1]
    )
    assert offered is not None
    assert {offered[1], key(offered[2])} == {key("py/gather"), key("ops/compose")}
    words = {"do": "merge", "skill": offered[1], "target": offered[2]}
    assert ben.post("/taxonomy/steps/add/", words).status_code == 302


def test_hints_stand_with_confidence_and_neighbours_and_become_a_step(ben: Client) -> None:
    page = ben.get("/taxonomy/placement/").content.decode()
    assert 'Move<span class="visually-hidden"> lone to py</span>' in page
    assert "py/layers to ops" in page
    assert PlacementChange.objects.count() == 0
    words = {"do": "move", "skill": key("lone"), "target": "py"}
    assert ben.post("/taxonomy/steps/add/", words).status_code == 302
    assert Skill.objects.filter(path="lone").exists()


def test_hints_follow_a_change_of_the_library_and_the_branch(ben: Client) -> None:
    assert "py/layers to ops" in ben.get("/taxonomy/placement/?at=py").content.decode()
    assert "py/layers to ops" not in ben.get("/taxonomy/placement/?at=ops").content.decode()
    skill = Skill.objects.get(path="py/layers")
    skill.description = ALL["py/tasks"]
    skill.save()
    page = ben.get("/taxonomy/placement/?at=py").content.decode()
    assert "py/layers to ops" not in page


def test_what_is_there_twice_is_offered_for_a_merge_into_the_better_one(ben: Client) -> None:
    Skill.objects.filter(path="ops/push").update(description=ALL["ops/image"], name="same")
    best = Skill.objects.get(path="ops/image")
    best.quality_score, best.name = 0.9, "same"
    best.save()
    page = ben.get("/taxonomy/placement/").content.decode()
    assert "ops/push into ops/image" in page


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the library of these tests for one that is too large to be looked at by a page."""
    for name in ("queries.placement_help", "services.survey_placement"):
        monkeypatch.setattr(f"skills_app.{name}.MOST_AT_ONCE", 3)


@pytest.mark.usefixtures("large")
def test_a_large_library_is_looked_at_by_a_worker_and_the_page_says_when(ben: Client) -> None:
    page = ben.get("/taxonomy/placement/").content.decode()
    assert "looked through in the background" in page
    assert "lone" in page
    assert "py/layers to ops" not in page
    survey_placement_task()
    page = ben.get("/taxonomy/placement/").content.decode()
    assert "py/layers to ops" in page
    assert "lone to py" in page
    assert "ago, at <time" in page
    assert "has changed since" not in page


@pytest.mark.usefixtures("large")
def test_what_was_settled_since_a_worker_looked_is_not_offered_again(ben: Client) -> None:
    survey_placement_task()
    place_skill(skill=Skill.objects.get(path="py/layers"), path="ops/layers")
    place_skill(skill=Skill.objects.get(path="lone"), path="py/lone")
    page = ben.get("/taxonomy/placement/").content.decode()
    assert "to ops</span>" not in page
    assert "Every skill has a home." in page
    assert "The library has changed since" in page


@pytest.mark.usefixtures("large")
def test_one_worker_looks_at_a_time_and_only_when_something_changed(ben: Client) -> None:
    now = timezone.now()
    first = survey_placement(now=now)
    assert first is not None
    assert survey_placement(now=now + timedelta(days=1)) is None
    make_skill(path="py/more")
    PlacementSurvey.objects.update(begun_at=now)
    assert survey_placement(now=now + timedelta(minutes=20)) is None
    assert survey_placement(now=now + timedelta(minutes=40)) is not None
    call_command("taxonomy", "placement")
    assert PlacementSurvey.objects.get().num_skills == len(ALL) + 1


def test_the_model_s_own_proposal_stands_beside_with_its_confidence(ben: Client) -> None:
    lone, layers = Skill.objects.get(path="lone"), Skill.objects.get(path="py/layers")
    said = {"recommended_path": "py/lone", "confidence": 0.83, "path_rationale": "It cancels tasks."}
    answered(lone, {"recommended_path": "old/answer", "confidence": 0.1})
    answered(lone, {**said, "alternative_paths": ["ops", "new"]})
    answered(layers, {"recommended_path": "net/containers"})
    page = ben.get("/taxonomy/placement/").content.decode()
    for words in ("py/lone", "confidence 0.83", "the same home", "It cancels tasks.", "or: ops, new"):
        assert words in page
    assert "old/answer" not in page
    assert "net/containers" in page
    assert "not a category yet" in page
    about = ben.get(f"/skills/{lone.key}/?tab=about").content.decode()
    assert "The model proposed" in about
    assert "confidence 0.83" in about
    answered(layers, {"recommended_path": 7})
    answered(lone, {"recommended_path": "ops", "confidence": 0.4})
    page = ben.get("/taxonomy/placement/").content.decode()
    assert "lone to ops" in page
    assert "lone to py" in page


def answered(skill: Skill, answer: Any) -> None:
    """Let a generation of ``skill`` have answered where it belongs."""
    now = timezone.now()
    generation = skill.generations.create(task="t", model="m", queued_at=now)
    number = generation.pk
    generation.steps.create(
        key=f"placement:{number}", step="placement", result=answer, started_at=now, finished_at=now
    )


def test_a_reader_sees_hints_without_steps_and_may_not_choose_targets(ben: Client, dan: Client) -> None:
    page = dan.get("/taxonomy/placement/").content.decode()
    assert "lone" in page
    assert 'value="move"' not in page
    assert dan.post("/taxonomy/targets/", {"skill": key("lone")}).status_code == 403


def targets(client: Client, **words: Any) -> dict[str, bool]:
    page = client.post("/taxonomy/targets/", words).content.decode()
    rows = [row.split("</p>")[0] for row in page.split('<p class="choice">')[1:]]
    return {row.split('value="')[1].split('"')[0]: " disabled" not in row for row in rows}


def test_impossible_targets_are_disabled_with_the_reason(ben: Client) -> None:
    make_skill(path="py/deep/x")
    make_skill(path="ops/loop")
    assert targets(ben, category=key("py")) == {"/": False, "ops": True, "py": False, "py/deep": False}
    assert targets(ben, skill=key("py/loop")) == {"/": True, "ops": True, "py": False, "py/deep": True}
    page = ben.post("/taxonomy/targets/", {"skill": key("py/loop")}).content.decode()
    assert f"{TAKEN}</span>" in page
    assert "It is there already." in page
    page = ben.post("/taxonomy/targets/", {"category": key("py")}).content.decode()
    assert "lies inside it" in page
    assert targets(ben, skill=key("lone"), find="dee") == {"py/deep": True}
    assert ben.post("/taxonomy/targets/", {}).status_code == 422


@pytest.mark.parametrize(
    ("slug", "target", "said"),
    [
        ("So so", "", "Call it &#x27;so-so&#x27;"),
        ("loop", "py", "py/loop is taken: a skill answers there."),
        ("loop", "ops", "This name will do."),
        ("", "", "The last part of the path"),
    ],
)
def test_a_name_is_looked_at_while_it_is_typed(ben: Client, slug: str, target: str, said: str) -> None:
    asked = {"slug": slug, "target": target}
    response = ben.get("/taxonomy/names/", asked, headers={"HX-Request": "true"})
    assert response.status_code == 200
    assert said in response.content.decode()
    assert "<html" not in response.content.decode()


@pytest.mark.parametrize(
    ("slug", "selected", "said"),
    [
        ("tasks", ["py/loop"], "py/tasks is taken: a skill answers there."),
        ("loop", ["py/loop"], "This name will do."),
        ("ops", ["py"], "ops is taken: a category answers there."),
        ("ops", ["lone"], "ops is taken"),
        ("tasks", ["py/loop", "ops/push"], "This name will do."),
        ("_drafts", ["py"], "is no category: a library keeps what is no skill there."),
    ],
)
def test_a_name_is_looked_at_where_the_selection_lies(
    ben: Client, slug: str, selected: list[str], said: str
) -> None:
    asked = {"slug": slug, "skill": [key(path) for path in selected]}
    response = ben.get("/taxonomy/names/", asked, headers={"HX-Request": "true"})
    assert said in response.content.decode()


def test_a_name_check_by_hand_leads_to_the_tree(ben: Client) -> None:
    assert ben.get("/taxonomy/names/?slug=x")["Location"] == "/taxonomy/"


def merge_targets(client: Client, **words: Any) -> dict[str, bool]:
    return targets(client, aim="merge", **words)


def test_what_cannot_be_merged_into_is_disabled_with_the_reason(ben: Client) -> None:
    make_skill(path="py/deep/x")
    Skill.objects.filter(path="ops/push").update(status="archived")
    assert merge_targets(ben, category=key("py")) == {"/": False, "ops": True, "py": False, "py/deep": False}
    assert merge_targets(ben, category=key("py"), find="OP") == {"ops": True}
    found = merge_targets(ben, skill=[key("py/loop"), key("lone")])
    assert [found.get(path) for path in ("py/loop", "lone", "py/tasks", "ops/push")] == [
        False,
        False,
        True,
        None,
    ]
    assert merge_targets(ben, skill=key("lone"), find="gath") == {"py/gather": True}
    page = ben.post("/taxonomy/targets/", {"aim": "merge", "category": key("py")}).content.decode()
    assert "lies inside it" in page
    assert "The top is no category." in page
    assert "For 1 selected: py." in page
    assert 'value="merge" type="submit">Merge into it' in page


def test_places_and_skills_together_have_nothing_to_merge_into(ben: Client) -> None:
    words = {"aim": "merge", "category": key("py"), "skill": key("lone")}
    response = ben.post("/taxonomy/targets/", words)
    assert response.status_code == 422
    assert "not both at once" in response.content.decode()
    assert 'name="target"' not in response.content.decode()


def test_what_is_dragged_is_told_where_it_cannot_go_and_why(ben: Client, dan: Client) -> None:
    for path in ("py/deep/x", "ops/loop"):
        make_skill(path=path)
    found = ben.post("/taxonomy/refusals/", {"skill": key("py/loop")}).json()
    assert found == {"reasons": {key("py"): "It is there already."}, "hints": {key("ops"): TAKEN}}
    found = ben.post("/taxonomy/refusals/", {"category": key("py")}).json()["reasons"]
    assert found.keys() == {"", key("py"), key("py/deep")}
    assert found[""] == "It is there already."
    assert "lies inside it" in found[key("py/deep")]
    assert dan.post("/taxonomy/refusals/", {"skill": key("lone")}).status_code == 403


def test_two_of_one_name_and_an_old_address_are_in_the_way_of_a_move(ben: Client) -> None:
    make_skill(path="ops/loop")
    place_skill(skill=Skill.objects.get(path="ops/push"), path="ops/pull")
    make_skill(path="net/push")
    found = ben.post("/taxonomy/refusals/", {"skill": [key("py/loop"), key("ops/loop")]}).json()
    assert found["hints"] == {key(path): TAKEN.replace("ops", path) for path in ("py", "ops")}
    assert found["reasons"] == {}
    found = ben.post("/taxonomy/refusals/", {"skill": key("net/push")}).json()
    assert found["hints"][key("ops")] == TAKEN.replace("loop", "push")


def test_a_name_that_is_taken_in_a_target_leads_to_the_ways_out(ben: Client) -> None:
    make_skill(path="ops/loop")
    assert targets(ben, skill=key("py/loop"), find="ops") == {"ops": True}
    words = {"do": "move", "skill": key("py/loop"), "target": "ops"}
    page = ben.post("/taxonomy/steps/add/", words, follow=True).content.decode()
    assert "Call it &#x27;loop-2&#x27; there" in page
    assert "Merge it into skill ops/loop" in page


def test_the_tray_alone_is_sent_to_the_tree(ben: Client) -> None:
    tree = ben.get("/taxonomy/").content.decode()
    assert 'hx-get="/taxonomy/placement/"' in tree
    assert "confidence" not in tree
    tray = ben.get("/taxonomy/placement/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in tray
    assert 'Move<span class="visually-hidden"> lone to py</span>' in tray
    for words in ("confidence", "nearest: ", "Worked out"):
        assert words in tray
    assert "py/layers" not in tray


@pytest.mark.parametrize(
    ("slug", "selected", "said"),
    [
        ("tasks", ["py/loop"], "Rename: py/tasks is taken: a skill answers there. Split off: it will do."),
        ("ops", ["py/loop"], "Rename: it will do. Split off: ops is taken: a category answers there."),
        ("ops", ["py/loop", "py/tasks"], "Split off: ops is taken: a category answers there."),
        ("new", ["py/loop", "py/tasks"], "This name will do."),
        ("So so", ["py/loop", "py/tasks"], "Call it &#x27;so-so&#x27;"),
        ("my-claude", ["py/loop"], "Split off: it will do."),
        ("my-claude", ["py"], "This name will do."),
    ],
)
def test_a_name_is_looked_at_for_a_split_as_well(
    ben: Client, slug: str, selected: list[str], said: str
) -> None:
    asked = {"slug": slug, "target": "ops", "skill": [key(path) for path in selected]}
    response = ben.post("/taxonomy/names/", asked, headers={"HX-Request": "true"})
    assert said in response.content.decode()


def test_each_list_has_pages_of_its_own(ben: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        make_skill(path=f"stray{number}")
    make_skill(path="ops/push-2")
    Skill.objects.filter(path="ops/push-2").update(description=ALL["ops/push"])
    monkeypatch.setattr("skills_app.queries.placement_help.PER_PAGE", 2)

    def strays(query: str, **headers: str) -> tuple[str, list[str]]:
        page = ben.get(f"/taxonomy/placement/{query}", headers=headers).content.decode()
        tray = page[page.index('id="placement-tray"') :].split("</section>")[0]
        return page, [path for path in ("lone", *(f"stray{n}" for n in range(4))) if f">{path}</a>" in tray]

    first, shown = strays("?at=ops")
    assert shown == ["lone", "stray0"]
    assert "Skills without a home, 1 to 2 of 5<" in first
    assert "/taxonomy/placement/?at=ops&amp;misplaced=1&amp;twins=1&amp;tray=2" in first
    assert strays("?at=ops&tray=2")[1] == ["stray1", "stray2"]
    last, shown = strays("?tray=3")
    assert shown == ["stray3"]
    assert "Skills that are more alike to another branch" in last
    # On the page of the tree the tray is swapped where it stands, and the address stays.
    alone, shown = strays("?tray=2", **{"HX-Request": "true"})
    assert shown == ["stray1", "stray2"]
    assert 'hx-target="#placement-tray"' in alone
    assert "hx-push-url" not in alone


def emptied(path: str) -> None:
    """Make the category at ``path``, in which nothing lies."""
    made, _ = make_skill(path=f"{path}/gone")
    made.delete()


def test_empty_categories_stand_beside_the_tray_with_steps(ben: Client, dan: Client) -> None:
    assert "No category is empty." in ben.get("/taxonomy/placement/").content.decode()
    assert "empty categor" not in ben.get("/taxonomy/").content.decode()
    for path in ("py/old", "void"):
        emptied(path)
    assert '<a href="/taxonomy/placement/#empty-title">2 empty categories</a>' in (
        ben.get("/taxonomy/").content.decode()
    )
    assert "empty categor" not in ben.get("/taxonomy/?q=py").content.decode()
    page = ben.get("/taxonomy/placement/?at=ops").content.decode()
    assert 'Merge<span class="visually-hidden"> py/old</span> into py</button>' in page
    assert "void</span> into" in page
    assert 'Merge<span class="visually-hidden"> void</span>' not in page
    assert 'value="merge"' not in dan.get("/taxonomy/placement/").content.decode()

    assert targets(ben, category=key("void"), aim="merge")["ops"]
    words = {"do": "merge", "category": key("py/old"), "target": "py"}
    change_page = ben.post("/taxonomy/steps/add/", words)["Location"]
    ben.get(change_page)
    digest = PlacementChange.objects.get().digest
    assert ben.post(f"{change_page}apply/", {"digest": digest}).status_code == 302
    assert not Category.objects.filter(path="py/old").exists()
    assert category_at("py/old") == Category.objects.get(path="py")
    assert "1 empty category</a>, with what to do about it" in ben.get("/taxonomy/").content.decode()


def test_empty_categories_have_pages_of_their_own(ben: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in ("e1", "e2", "e3"):
        emptied(path)
    monkeypatch.setattr("skills_app.queries.empty_categories.PER_PAGE", 2)
    first = ben.get("/taxonomy/placement/?tray=1").content.decode()
    assert "Empty categories, 1 to 2 of 3" in first
    assert "misplaced=1&amp;twins=1&amp;empty=2" in first
    last = ben.get("/taxonomy/placement/?empty=2").content.decode()
    assert ("?q=e3" in last, "?q=e1" in last) == (True, False)
