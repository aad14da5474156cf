"""The pages of rules and of the catalog's budget."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from skills_app.domain.bundle_rules import BUNDLE_RULES
from skills_app.domain.profiles import PROFILES
from skills_app.models import Skill
from skills_app.services.judge_version import judge_versions
from tests.skills_app import skill_makers as make

pytestmark = pytest.mark.django_db
ALL = {rule.id for rules in (*(p.rules for p in PROFILES.values()), BUNDLE_RULES) for rule in rules}


@pytest.fixture
def dan() -> Client:
    client = Client()
    client.force_login(User.objects.create_user("dan"))
    return client


@pytest.mark.parametrize("name", ["skills:rules", "skills:budget"])
def test_a_stranger_is_sent_to_sign_in(client: Client, name: str) -> None:
    assert client.get(reverse(name)).status_code == 302


def test_every_rule_is_listed_and_has_a_page(dan: Client) -> None:
    text = dan.get(reverse("skills:rules")).content.decode()

    assert f"<strong>{len(ALL)}</strong> rules" in text
    for rule_id in sorted(ALL):
        assert f"<code>{rule_id}</code>" in text
    for rule_id in ("spec.name.characters", "bundle.secret", "claude.entry.cut"):
        assert dan.get(reverse("skills:rule", args=[rule_id])).status_code == 200
    assert dan.get(reverse("skills:rule", args=["no.such"])).status_code == 404


def test_rules_are_narrowed_by_profile_severity_and_what_is_broken(dan: Client) -> None:
    make.skill("a/one")
    judge_versions()

    text = dan.get(reverse("skills:rules") + "?profile=bundle&broken=1").content.decode()
    page = dan.get(reverse("skills:rule", args=["bundle.link.broken"])).content.decode()

    assert "bundle.link.broken" in text
    assert "bundle.secret" not in text
    assert "a/one" in page
    only = dan.get(reverse("skills:rules") + "?severity=critical").content.decode()
    assert "bundle.link.broken" not in only
    assert (
        "No rule is like that"
        in dan.get(reverse("skills:rules") + "?profile=mlflow&severity=info&broken=1").content.decode()
    )


def test_a_finding_of_ours_leads_to_its_rule(dan: Client) -> None:
    skill = make.skill("a/one")
    text = dan.get(skill.get_absolute_url()).content.decode()
    assert 'href="/skills/rules/' in text


def test_the_budget_of_a_set_says_who_is_cut_and_where(dan: Client) -> None:
    one = make.skill("a/one", description="Use when. " + "x" * 900)
    make.skill("a/two", description="Use when. " + "y" * 990)
    make.skill("b/three")

    every = dan.get(reverse("skills:budget") + "?context=0").content.decode()
    branch = dan.get(reverse("skills:budget") + "?branch=b").content.decode()
    single = dan.get(reverse("skills:budget") + f"?skill={one.key}").content.decode()

    assert "all 3 skills" in every
    assert "Codex shows every entry whole" in every
    assert "the 1 skill of this list" in branch
    assert "1 chosen skill" in single
    for number in range(10):
        make.skill(f"c/s{number}", description="Use when. " + "z" * 990)
    cut = dan.get(reverse("skills:budget") + "?context=0").content.decode()
    assert "Codex shows 12 of 13 entries not whole" in cut
    assert "Cut</span>" in cut


def test_the_budget_asks_as_much_for_twenty_skills_as_for_two(dan: Client) -> None:
    for number in range(20):
        make.skill(f"a/s{number}")
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            dan.get(reverse("skills:budget"))
        counts.append(len(captured))
        Skill.objects.exclude(slug__in=["s1", "s2"]).delete()
    assert counts[0] == counts[1]


@pytest.mark.parametrize("name", ["skills:rules", "skills:budget"])
def test_a_fragment_is_one_element(dan: Client, name: str) -> None:
    headers: Any = {"HX-Request": "true"}
    text = dan.get(reverse(name), headers=headers).content.decode().strip()
    assert text.startswith(f'<div id="{"rule-list" if "rules" in name else "budget"}"')
