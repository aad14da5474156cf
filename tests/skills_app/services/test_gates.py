"""Gates that people write, waivers, fixes that people accept, and the gate in force for a version."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from skills_app.domain.errors import DocumentEditError, GateDataError
from skills_app.domain.gate_outcome import Status, Verdict
from skills_app.domain.gates import gate_from_data
from skills_app.models import AuditEntry, Category, Finding, Gate, Skill, SkillVersion
from skills_app.queries.gate_of_version import gate_for_version, gate_in_force
from skills_app.queries.gates import preview_gate
from skills_app.services.apply_fixes import apply_fixes
from skills_app.services.edit_gate import edit_gate
from skills_app.services.judge_version import judge_version
from skills_app.services.waive import waive_condition, withdraw_waiver
from tests.skills_app import skill_makers as make

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 20)
SHORT = {
    "name": "short",
    "title": "Short enough",
    "conditions": [{"key": "lines", "kind": "fact", "fact": "body_lines", "at_most": 3}],
}
LONG = {**SHORT, "conditions": [{"key": "lines", "kind": "fact", "fact": "body_lines", "at_most": 300}]}


@pytest.fixture
def carol() -> User:
    return User.objects.create_user("carol")


def judged(path: str = "a/b/one", **fields: Any) -> SkillVersion:
    skill = make.skill(path, **fields)
    version = SkillVersion.objects.select_related("skill__category", "parent").get(skill=skill)
    judge_version(version=version)
    return version


def test_the_built_in_gate_holds_until_somebody_writes_one(carol: User) -> None:
    version = judged()

    before = gate_for_version(version, today=TODAY)
    edit_gate(data=SHORT, actor=carol, reason="shorter")
    after = gate_for_version(version, today=TODAY)

    assert before is not None
    assert (before.in_force.label, before.in_force.row) == ("publish r0", None)
    assert after is not None
    assert (after.in_force.label, after.outcome.verdict) == ("short r1", Verdict.BLOCKED)
    assert [one.condition.key for one in after.blocking] == ["lines"]


def test_the_gate_of_the_nearest_branch_counts(carol: User) -> None:
    version = judged()
    edit_gate(data={**SHORT, "name": "all"}, actor=carol, reason="r")
    for path in ("a", "a/b"):
        branch = Category.objects.get(path=path)
        edit_gate(data={**LONG, "name": path.replace("/", "-")}, actor=carol, reason="r", category=branch)

    view = gate_for_version(version, today=TODAY)

    assert view is not None
    assert view.in_force.gate.name == "a-b"
    assert view.outcome.is_passed
    assert gate_in_force("other").gate.name == "all"


def test_every_revision_is_kept_with_who_and_why(carol: User) -> None:
    edit_gate(data=SHORT, actor=carol, reason="first")
    again = edit_gate(data=SHORT, actor=carol, reason="the same", expected_revision=1)
    second = edit_gate(data=LONG, actor=carol, reason="longer", expected_revision=1)

    assert (again.number, second.number) == (1, 2)
    gate = Gate.objects.get()
    assert [(r.number, r.reason, r.author_name) for r in gate.revisions.all()] == [
        (2, "longer", "carol"),
        (1, "first", "carol"),
    ]
    assert AuditEntry.objects.filter(verb="edited_gate").count() == 2


@pytest.mark.parametrize(
    ("data", "fields", "place"),
    [
        (SHORT, {"reason": " "}, "reason"),
        (SHORT, {"expected_revision": 4}, "revision"),
        ({**SHORT, "name": "taken"}, {}, "name"),
        (
            {**SHORT, "conditions": [{"kind": "fact", "fact": "nothing", "at_most": 1}]},
            {},
            "conditions[0].fact",
        ),
    ],
)
def test_what_cannot_be_kept_is_said_with_its_place(
    carol: User, data: dict[str, Any], fields: dict[str, Any], place: str
) -> None:
    make.skill("a/one")
    edit_gate(
        data={**SHORT, "name": "taken"}, actor=carol, reason="r", category=Category.objects.get(path="a")
    )

    with pytest.raises(GateDataError) as caught:
        edit_gate(data=data, actor=carol, **{"reason": "r", **fields})

    assert [found for found, _ in caught.value.problems] == [place]
    assert Gate.objects.count() == 1


def test_a_waiver_opens_the_gate_until_its_last_day_or_until_it_is_withdrawn(carol: User) -> None:
    version = judged()
    edit_gate(data=SHORT, actor=carol, reason="r")
    until = TODAY + timedelta(days=3)
    waiver = waive_condition(
        condition_key="lines", reason="soon", owner=carol, until=until, today=TODAY, skill=version.skill
    )

    def status(day: date) -> Status:
        view = gate_for_version(version, today=day)
        assert view is not None
        return view.outcome.conditions[0].status

    assert status(until) is Status.WAIVED
    assert status(until + timedelta(days=1)) is Status.NOT_MET
    assert withdraw_waiver(waiver=waiver, actor=carol)
    assert not withdraw_waiver(waiver=waiver, actor=carol)
    assert status(until) is Status.NOT_MET
    assert list(AuditEntry.objects.filter(target_key=version.skill.key).values_list("verb", flat=True))[
        :2
    ] == [
        "withdrew_waiver",
        "waived_condition",
    ]


def test_a_waiver_of_a_branch_reaches_what_lies_below_it(carol: User) -> None:
    version, beside = judged(), judged("c/two")
    edit_gate(data=SHORT, actor=carol, reason="r")
    branch = Category.objects.get(path="a")
    waive_condition(condition_key="lines", reason="r", owner=carol, until=TODAY, today=TODAY, category=branch)

    views = [gate_for_version(one, today=TODAY) for one in (version, beside)]

    assert [view.outcome.is_passed for view in views if view] == [True, False]


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"reason": " "}, "reason"),
        ({"until": TODAY - timedelta(days=1)}, "until"),
        ({"until": TODAY + timedelta(days=400)}, "until"),
    ],
)
def test_a_waiver_needs_a_reason_and_a_near_end(carol: User, fields: dict[str, Any], place: str) -> None:
    values: dict[str, Any] = {"condition_key": "lines", "reason": "r", "until": TODAY, **fields}
    with pytest.raises(GateDataError) as caught:
        waive_condition(owner=carol, today=TODAY, skill=make.skill("a/one"), **values)
    assert caught.value.problems[0][0] == place


CHANGE = {
    "name": "change",
    "title": "No worse",
    "conditions": [
        {"key": "new", "kind": "new_findings", "profile": "spec", "severity": "info", "at_most": 0}
    ],
}


@pytest.mark.parametrize(
    ("kind", "status"), [("markdown", Status.UNKNOWN), ("json", Status.NOTHING_TO_COMPARE)]
)
def test_a_parent_that_was_not_judged_yet_is_unknown_and_not_absent(
    carol: User, kind: str, status: Status
) -> None:
    skill = make.next_version(make.skill("a/one"), "Other advice.")
    version = SkillVersion.objects.select_related("skill__category", "parent").get(skill=skill, number=2)
    SkillVersion.objects.filter(number=1).update(content_kind=kind)
    assert version.parent
    version.parent.refresh_from_db()
    edit_gate(data=CHANGE, actor=carol, reason="so")
    judge_version(version=version)

    view = gate_for_version(version, today=TODAY)
    preview = preview_gate(gate_from_data(CHANGE), category=None, today=TODAY)

    assert view
    assert [one.status for one in view.outcome.conditions] == [status]
    assert preview.num_passed_then == (status is Status.NOTHING_TO_COMPARE)
    judge_version(version=version.parent)
    view = gate_for_version(version, today=TODAY)
    assert view
    assert view.outcome.is_passed


def test_a_preview_counts_what_would_change_and_asks_no_more_for_more_skills(
    carol: User, django_assert_num_queries: Any
) -> None:
    for number in range(6):
        judged(f"a/s{number}", body="\n".join("line" for _ in range(number * 100)))
    make.skill("a/unjudged")

    preview = preview_gate(gate_from_data(LONG), category=None, today=TODAY)
    with django_assert_num_queries(8):
        preview_gate(gate_from_data(LONG), category=None, today=TODAY)
    Skill.objects.exclude(path__in=["a/s0", "a/s1"]).delete()
    with django_assert_num_queries(8):
        preview_gate(gate_from_data(LONG), category=None, today=TODAY)

    assert (preview.num_skills, preview.num_passed_then, preview.num_unjudged) == (6, 3, 1)
    assert preview.num_passed_now == 0
    assert len(preview.changes) == 3


FIXABLE = "---\nname: one\ndescription: Use when in doubt.\nallowed-tools: [Read, Write]\n---\n# One\n"


def test_accepted_fixes_make_a_draft_version_that_is_judged(carol: User) -> None:
    version = judged("a/one", content=FIXABLE, files=(make.text_file("references/a.md", "A"),))
    chosen = list(Finding.objects.filter(report__version=version, edit__isnull=False))
    assert chosen, "a list of tools can be mended"

    added = apply_fixes(version=version, finding_ids=[row.pk for row in chosen], actor=carol)

    made = added.version
    assert (made.parent_id, made.origin, made.author_name) == (version.pk, "fix", "carol")
    assert "allowed-tools: Read Write" in made.content.replace('"', "")
    assert list(made.files.values_list("path", flat=True)) == ["references/a.md"]
    assert all(row.rule_id in made.message for row in chosen)
    made.skill.refresh_from_db()
    assert made.skill.current_version_id == version.pk
    left = Finding.objects.filter(report__version=made, rule_id__in={row.rule_id for row in chosen})
    assert made.validation_reports.exists()
    assert not left.exists()


def test_fixes_of_another_version_or_none_are_refused(carol: User) -> None:
    version, other = judged("a/one", content=FIXABLE), judged("a/two", content=FIXABLE)
    foreign = Finding.objects.filter(report__version=other, edit__isnull=False).values_list("pk", flat=True)

    for chosen in ([], list(foreign)):
        with pytest.raises(DocumentEditError):
            apply_fixes(version=version, finding_ids=chosen, actor=carol)
    assert version.skill.versions.count() == 1
