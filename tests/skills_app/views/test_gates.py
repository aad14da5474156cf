"""Pages of gates, waivers and fixes: by role, with errors beside what they are about, and nothing typed lost."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from skills_app.domain.change_sets.operations import Rename
from skills_app.domain.change_sets.rows import Kind
from skills_app.domain.enums import Role
from skills_app.models import Category, Finding, Gate, RoleGrant, Skill, SkillVersion, Waiver
from skills_app.services.apply_change import apply_change
from skills_app.services.draft_change import draft_change, preview_change
from skills_app.services.judge_version import judge_version
from tests.skills_app import skill_makers as make

pytestmark = pytest.mark.django_db
FIXABLE = "---\nname: one\ndescription: Use when in doubt.\nallowed-tools: [Read, Write]\n---\n# One\n"


def person(name: str, *roles: Role, branch: str = "") -> Client:
    user = User.objects.create_user(name)
    category = Category.objects.get(path=branch) if branch else None
    for role in roles:
        RoleGrant.objects.create(user=user, role=role, category=category)
    client = Client()
    client.force_login(user)
    return client


def form(*conditions: tuple[str, str, str, str], **fields: Any) -> dict[str, Any]:
    """What the form of a gate sends: conditions as kind, subject, severity, limit."""
    columns = zip(*conditions, strict=True) if conditions else ((), (), (), ())
    kinds, subjects, severities, limits = (list(column) for column in columns)
    blank = [""] * len(kinds)
    return {
        "name": "mine",
        "title": "Mine",
        "reason": "because",
        "revision": "0",
        "kind": kinds,
        "subject": subjects,
        "severity": severities,
        "limit": limits,
        "dimension": blank,
        "key": blank,
        **fields,
    }


LINES = ("fact", "body_lines", "", "3")


@pytest.mark.parametrize("name", ["gates:list", "gates:edit", "gates:waiver_new"])
def test_a_stranger_is_sent_to_sign_in(client: Client, name: str) -> None:
    assert client.get(reverse(name)).status_code == 302


def test_a_reader_sees_gates_and_may_change_nothing() -> None:
    dan = person("dan", Role.READER)
    skill = make.skill("a/one")

    page = dan.get(reverse("gates:list")).content.decode()

    assert "Ready to publish" in page
    assert "Calibrated score at least 0.6" in page
    assert reverse("gates:edit") not in page
    assert dan.get(reverse("gates:edit")).status_code == 403
    assert dan.get(f"{reverse('gates:waiver_new')}?skill={skill.key}").status_code == 403
    assert dan.post(reverse("gates:edit"), form(LINES, save="1")).status_code == 403


def test_a_manager_writes_a_gate_and_its_history_shows_it() -> None:
    carol = person("carol", Role.MANAGER)

    response = carol.post(reverse("gates:edit"), form(LINES, ("findings", "spec", "critical", "0"), save="1"))
    page = carol.get(response["Location"]).content.decode()

    assert response.status_code == 302
    assert Gate.objects.get().name == "mine"
    for words in ("Revision 1", "because", "carol", "At most 3 lines in the body", "No critical finding"):
        assert words in page


def test_errors_stand_beside_their_condition_and_nothing_typed_is_lost() -> None:
    carol = person("carol", Role.MANAGER)
    sent = form(LINES, ("score", "fleet-1", "", "much"), ("fact", "nothing", "", "2"), save="1", reason="")

    response = carol.post(reverse("gates:edit"), sent, headers={"HX-Request": "true"})
    text = response.content.decode()

    assert response.status_code == 422
    assert text.strip().startswith('<form id="gate-form"')
    assert "Condition 2: Give the limit as a number; it is &#x27;much&#x27;." in text
    assert "Condition 3: Choose one of body_lines" in text
    assert 'value="much"' in text
    assert not Gate.objects.exists()


def test_rows_are_removed_and_added_without_saving() -> None:
    carol = person("carol", Role.MANAGER)

    text = carol.post(
        reverse("gates:edit"), form(LINES, ("fact", "num_files", "", "9"), remove=["0"], rows="1")
    ).content.decode()

    assert 'value="9"' in text
    assert 'id="limit-0" name="limit" value="9"' in text
    assert "Condition 3" in text
    assert not Gate.objects.exists()


def test_two_managers_at_once_lose_nothing() -> None:
    carol, mia = person("carol", Role.MANAGER), person("mia", Role.MANAGER)
    carol.post(reverse("gates:edit"), form(LINES, save="1"))

    response = mia.post(reverse("gates:edit"), form(LINES, save="1", title="Mine of Mia"))

    assert response.status_code == 422
    assert "Somebody made revision 1 meanwhile" in response.content.decode()
    assert "Mine of Mia" in response.content.decode()
    assert Gate.objects.get().revisions.count() == 1


def test_a_preview_says_what_would_change_and_keeps_nothing() -> None:
    carol = person("carol", Role.MANAGER)
    version = SkillVersion.objects.get(skill=make.skill("a/one"))
    judge_version(version=version)

    text = carol.post(
        reverse("gates:edit"), form(("fact", "body_lines", "", "900"), preview="1")
    ).content.decode()

    assert "<strong>1</strong> of 1 current version would pass; 0 pass now." in text
    assert "a/one</a>: would pass" in text
    assert not Gate.objects.exists()


def test_a_preview_counts_one_as_one() -> None:
    carol = person("carol", Role.MANAGER)
    judge_version(version=SkillVersion.objects.get(skill=make.skill("a/one")))
    make.skill("a/two")
    carol.post(reverse("gates:edit"), form(("fact", "body_lines", "", "900"), save="1"))

    text = carol.post(
        reverse("gates:edit"), form(("fact", "body_lines", "", "1"), preview="1")
    ).content.decode()

    assert "<strong>0</strong> of 1 current version would pass; 1 passes now. 1 is not judged yet." in text


def test_a_branch_has_a_gate_of_its_own_and_an_unknown_branch_has_none() -> None:
    make.skill("a/b/one")
    carol = person("carol", Role.MANAGER)

    text = carol.get(f"{reverse('gates:edit')}?branch=a/b").content.decode()
    carol.post(f"{reverse('gates:edit')}?branch=a/b", form(LINES, save="1"))

    assert 'value="a-b"' in text
    assert Gate.objects.get().category == Category.objects.get(path="a/b")
    assert carol.get(f"{reverse('gates:edit')}?branch=none").status_code == 404


def test_a_reviewer_of_the_branch_waives_and_takes_it_back() -> None:
    skill = make.skill("a/one")
    ada = person("ada", Role.REVIEWER, branch="a")
    page = f"{reverse('gates:waiver_new')}?skill={skill.key}&condition=score"
    until = (timezone.localdate() + timedelta(days=5)).isoformat()

    assert "Waive…" in ada.get(skill.get_absolute_url()).content.decode()
    assert '<option value="score" selected>' in ada.get(page).content.decode()
    sent = {"condition": "score", "reason": "known", "until": until}
    assert ada.post(page, sent)["Location"] == skill.get_absolute_url()
    waiver = Waiver.objects.get()
    assert (waiver.owner_name, waiver.reason) == ("ada", "known")
    listed = ada.get(reverse("gates:list")).content.decode()
    assert "known" in listed
    assert reverse("gates:waiver_withdraw", args=[waiver.pk]) in listed
    ada.post(reverse("gates:waiver_withdraw", args=[waiver.pk]))
    waiver.refresh_from_db()
    assert waiver.withdrawn_by == "ada"


def test_a_branch_is_waived_by_its_reviewer_and_reaches_its_skills() -> None:
    skill = make.skill("a/b/one")
    make.skill("c/two")
    ada, dan = person("ada", Role.REVIEWER, branch="a"), person("dan", Role.READER)
    new = reverse("gates:waiver_new")
    listed = ada.get(reverse("gates:list")).content.decode()
    sent = {"condition": "score", "reason": "old debt", "until": timezone.localdate().isoformat()}

    assert "<option>a</option><option>a/b</option>" in listed
    assert "<option>c</option>" not in listed
    assert "Waive for a branch" not in dan.get(reverse("gates:list")).content.decode()
    assert f"{new}?branch=a%2Fb" in ada.get(f"{new}?skill={skill.key}").content.decode()
    assert "every skill of a/b" in ada.get(f"{new}?branch=a/b").content.decode()
    assert ada.post(f"{new}?branch=c", sent).status_code == 403
    assert ada.post(f"{new}?branch=a/b", {**sent, "reason": ""}).status_code == 422
    assert ada.get(f"{new}?branch=nowhere").status_code == 404
    assert ada.post(f"{new}?branch=a/b", sent).status_code == 302
    waiver = Waiver.objects.get()
    assert (waiver.skill, str(waiver.category), waiver.owner_name) == (None, "a/b", "ada")
    assert "old debt" in ada.get(skill.get_absolute_url()).content.decode()


def test_waivers_of_a_place_are_its_own_those_below_and_those_that_reach_it() -> None:
    dan = person("dan", Role.READER)
    today = timezone.localdate()
    for path in ("a/b/one", "a/bc/two", "d/three"):
        values = {"condition_key": "score", "owner_name": "x", "until": today}
        Waiver.objects.create(skill=make.skill(path), reason=f"reason of {path}", **values)
    for path in ("a", "a/b", "d"):
        Waiver.objects.create(category=Category.objects.get(path=path), reason=f"branch {path}.", **values)

    def shown(place: str) -> set[str]:
        page = dan.get(reverse("gates:list"), {"of": place}).content.decode()
        every = ("reason of a/b/one", "reason of a/bc/two", "reason of d/three", "branch a.", "branch a/b.")
        return {reason for reason in (*every, "branch d.") if reason in page}

    assert shown("/a/b/") == {"reason of a/b/one", "branch a.", "branch a/b."}
    assert shown("a/b/one") == {"reason of a/b/one", "branch a.", "branch a/b."}
    assert shown("d/three") == {"reason of d/three", "branch d."}
    assert len(shown("")) == 6
    nothing = dan.get(reverse("gates:list"), {"of": "x"}).content.decode()
    assert "No waiver reaches it" in nothing
    assert "Show all" in nothing


def test_a_waiver_past_its_last_day_says_so_and_one_taken_back_stands_last() -> None:
    dan = person("dan", Role.READER)
    today = timezone.localdate()
    values = {"skill": make.skill("a/one"), "condition_key": "score", "owner_name": "x"}
    Waiver.objects.create(reason="in force", until=today, **values)
    Waiver.objects.create(reason="long past", until=today - timedelta(days=1), **values)
    Waiver.objects.create(reason="taken back", until=today, withdrawn_at=timezone.now(), **values)

    page = dan.get(reverse("gates:list")).content.decode()
    rows = [row for row in page.split("<tr>") if "data-label" in row]

    assert ["long past" in rows[0], "in force" in rows[1], "taken back" in rows[2]] == [True] * 3
    assert ["Ended" in rows[0], "Counts" in rows[1], "Withdrawn" in rows[2]] == [True] * 3


def test_a_reviewer_of_another_branch_may_not() -> None:
    skill = make.skill("a/one")
    make.skill("b/two")
    ben = person("ben", Role.REVIEWER, branch="b")
    waiver = Waiver.objects.create(
        skill=skill, condition_key="score", reason="r", owner_name="x", until=timezone.localdate()
    )

    page = f"{reverse('gates:waiver_new')}?skill={skill.key}"
    assert ben.get(page).status_code == 403
    assert "Waive…" not in ben.get(skill.get_absolute_url()).content.decode()
    assert (
        reverse("gates:waiver_withdraw", args=[waiver.pk])
        not in ben.get(reverse("gates:list")).content.decode()
    )
    assert ben.post(reverse("gates:waiver_withdraw", args=[waiver.pk])).status_code == 403
    assert ben.post(fix_address(skill), {}).status_code == 403


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"condition": "nothing"}, "Choose a condition"),
        ({"reason": " "}, "must name the reason"),
        ({"until": "2026-13-40"}, "as a date"),
        ({"until": "2020-01-01"}, "past"),
    ],
)
def test_a_waiver_that_cannot_be_is_explained(sent: dict[str, str], words: str) -> None:
    skill = make.skill("a/one")
    ada = person("ada", Role.REVIEWER)
    whole = {"condition": "score", "reason": "kept", "until": timezone.localdate().isoformat(), **sent}

    response = ada.post(f"{reverse('gates:waiver_new')}?skill={skill.key}", whole)

    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Waiver.objects.exists()


def fix_address(skill: Skill) -> str:
    return reverse("skills:fix", args=[skill.key, 1])


def test_fixes_are_offered_to_those_who_may_edit_and_lead_to_the_draft() -> None:
    skill = make.skill("a/one", content=FIXABLE)
    ada, dan = person("ada", Role.REVIEWER), person("dan", Role.READER)
    report = "?report="
    ada.get(skill.get_absolute_url())
    finding = Finding.objects.filter(edit__isnull=False).first()
    assert finding
    address = f"{skill.get_absolute_url()}{report}{finding.report_id}"

    assert "Make a draft version" in ada.get(address).content.decode()
    assert "Make a draft version" not in dan.get(address).content.decode()
    response = ada.post(fix_address(skill), {"finding": [finding.pk]})

    assert response["Location"].endswith("/versions/2/")
    assert "This is version 2" in ada.get(response["Location"]).content.decode()
    assert dan.post(fix_address(skill), {"finding": [finding.pk]}).status_code == 403


def test_choosing_no_fix_is_said_on_the_page() -> None:
    skill = make.skill("a/one", content=FIXABLE)
    ada = person("ada", Role.REVIEWER)

    response = ada.post(fix_address(skill), {})

    assert response.status_code == 422
    assert "Choose at least one finding" in response.content.decode()


def test_a_refused_fix_keeps_the_report_and_its_links_lead_on() -> None:
    skill = make.skill("a/one", content=FIXABLE)
    ada, dan = person("ada", Role.REVIEWER), person("dan", Role.READER)
    ada.get(skill.get_absolute_url())
    rows = Finding.objects.filter(edit__isnull=False, report__validator="spec")
    finding = rows.first()
    assert finding
    Finding.objects.filter(pk=finding.pk).update(edit={**finding.edit, "end": 10**6})
    address = f"{fix_address(skill)}?report={finding.report_id}"

    refused = ada.post(address, {"finding": [finding.pk]})
    led = ada.get(address)

    assert refused.status_code == 422
    assert f'href="?report={finding.report_id}"' in refused.content.decode()
    assert SkillVersion.objects.count() == 1
    assert led["Location"] == f"{skill.get_absolute_url()}versions/1/?report={finding.report_id}"
    assert dan.get(address).status_code == 403


def test_the_page_of_a_version_says_the_gate_first_and_shows_every_profile() -> None:
    skill = make.skill("a/one")
    dan = person("dan", Role.READER)

    text = dan.get(skill.get_absolute_url()).content.decode()

    assert text.index("Gate blocks") < text.index("How each host takes this version")
    for title in ("Specification", "Claude", "Codex", "MLflow registry", "Skill Fleet", "Files"):
        assert f">{title}</a>" in text
    assert 'class="dimension-title"' in text


def test_the_page_judges_the_parent_too_so_that_the_change_is_known() -> None:
    skill = make.next_version(make.skill("a/one"), "Other advice.")
    dan = person("dan", Role.READER)

    text = dan.get(skill.get_absolute_url()).content.decode()

    assert SkillVersion.objects.filter(validation_reports__is_own=True).distinct().count() == 2
    assert "was not run on the parent version" not in text


def test_the_list_of_gates_asks_as_much_for_twenty_waivers_as_for_two() -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    dan = person("dan", Role.READER)
    for number in range(20):
        Waiver.objects.create(
            skill=make.skill(f"a/s{number}"),
            condition_key="score",
            reason="r",
            owner_name="x",
            until=timezone.localdate(),
        )
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            dan.get(reverse("gates:list"))
        counts.append(len(captured))
        Waiver.objects.exclude(skill__slug__in=["s1", "s2"]).delete()
    assert counts[0] == counts[1]


def test_the_old_address_of_a_branch_leads_to_its_gate_and_its_waivers() -> None:
    skill = make.skill("a/one")
    mia = person("mia", Role.MANAGER)
    branch = Category.objects.get(path="a")
    change = draft_change(
        operations=[Rename(Kind.CATEGORY, branch.key, "aa")], actor=User.objects.get(username="mia")
    )
    preview_change(change=change)
    apply_change(change=change, actor=User.objects.get(username="mia"), expected_digest=change.digest)
    edit, new = reverse("gates:edit"), reverse("gates:waiver_new")
    until = timezone.localdate().isoformat()

    assert mia.get(f"{edit}?branch=a")["Location"] == f"{edit}?branch=aa"
    assert mia.post(f"{edit}?branch=a", form(LINES, save="1")).status_code == 302
    assert Gate.objects.get().category == branch
    assert mia.get(f"{new}?branch=a&condition=x")["Location"] == f"{new}?branch=aa&condition=x"
    sent = {"condition": Gate.objects.get().revisions.get().data["conditions"][0]["key"], "reason": "known"}
    assert mia.post(f"{new}?branch=a", {**sent, "until": until}).status_code == 302
    assert Waiver.objects.get().category == branch
    for place in ("a", "a/one"):
        listed = mia.get(reverse("gates:list"), {"of": place}).content.decode()
        assert "known" in listed
    assert Skill.objects.get(pk=skill.pk).path == "aa/one"
