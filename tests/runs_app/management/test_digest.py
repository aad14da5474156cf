"""The weekly digest goes to managers with an address, or to whom it is told, and says what the overview says."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import CommandError, call_command

from runs_app.domain.trends.trend_filter import parse_trend_filter
from runs_app.queries.digest import weekly_digest
from runs_app.queries.overview import overview_of
from runs_app.services.update_rollups import update_rollups
from skills_app.models import Category, GateRevision, RoleGrant
from tests.runs_app.trend_rows import LAST, fill

pytestmark = pytest.mark.django_db


@pytest.fixture
def filled() -> None:
    fill(num_runs=80, num_skills=40, num_days=12)
    update_rollups(now=LAST)


def test_it_says_what_the_overview_says(filled: None) -> None:
    today = LAST.date()
    seen = overview_of(parse_trend_filter({"days": "7"}, today=today))

    digest = weekly_digest(today=today, site_url="https://fleet.example.org")

    assert f"{seen.num_passed} of {seen.num_active} active skills pass their gate" in digest.subject
    assert seen.worse
    for one in seen.worse:
        assert (
            f"- {one.skill.path}: {one.reason} https://fleet.example.org/skills/{one.skill.key}/"
            in digest.text
        )
    assert "https://fleet.example.org/overview/?days=7" in digest.text


def test_what_happened_is_told_and_how_much_more(filled: None, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = GateRevision.objects.get().gate
    for number in (2, 3, 4):
        GateRevision.objects.create(gate=gate, number=number, data={})
    GateRevision.objects.update(made_at=LAST)
    whole = weekly_digest(today=LAST.date()).text
    monkeypatch.setattr("runs_app.queries.digest.MOST_EVENTS", 3)

    text = weekly_digest(today=LAST.date()).text

    num = whole.count(": gate plain, revision") + whole.count("first used")
    assert whole.count(": gate plain, revision") == 4
    assert "earlier ones" not in whole
    assert f"What else happened:\n- {num - 3} earlier ones\n" in text


def test_managers_with_an_address_get_it(filled: None) -> None:
    for name, role in (("carol", "manager"), ("ben", "curator")):
        user = User.objects.create_user(name, email=f"{name}@example.org")
        RoleGrant.objects.create(user=user, role=role)

    call_command("digest")

    assert [sent.to for sent in mail.outbox] == [["carol@example.org"]]


def test_a_manager_of_one_branch_gets_that_branch_unless_another_is_named(filled: None) -> None:
    user = User.objects.create_user("dora", email="dora@example.org")
    RoleGrant.objects.create(user=user, role="manager", category=Category.objects.get(path="web"))

    call_command("digest")
    call_command("digest", "--branch", "data")

    subjects = [sent.subject.partition(":")[0] for sent in mail.outbox]
    assert subjects == ["Skill Fleet in web", "Skill Fleet in data"]


def test_without_anybody_to_tell_it_says_what_to_do(filled: None) -> None:
    with pytest.raises(CommandError, match="--to"):
        call_command("digest")


def test_it_can_be_printed_and_sent_to_others(filled: None, capsys: Any) -> None:
    call_command("digest", "--print")
    call_command("digest", "--to", "x@example.org", "--branch", "web")

    assert "active skill" in capsys.readouterr().out
    assert mail.outbox[0].subject.startswith("Skill Fleet in web: ")
