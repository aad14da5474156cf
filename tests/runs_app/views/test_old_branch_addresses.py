"""The old address of a branch answers on overview, trends, rows and charts, in alert rules, views and the digest."""

import re
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from runs_app.models import Alert, AlertRule, SavedView
from runs_app.queries.digest import weekly_digest
from runs_app.queries.people_waits import waits_of
from runs_app.queries.trends import read_trend_filter
from runs_app.services.alert_rules import check_alerts
from runs_app.services.update_rollups import update_rollups
from skills_app.domain.change_sets.operations import Rename
from skills_app.domain.change_sets.rows import Kind
from skills_app.models import Category, RoleGrant, Skill
from skills_app.services.apply_change import apply_change
from skills_app.services.draft_change import draft_change, preview_change
from tests.runs_app.trend_rows import LAST, fill, review_of

pytestmark = pytest.mark.django_db
UNTIL = LAST.date()


@pytest.fixture
def carol() -> User:
    user = User.objects.create_user("carol", email="carol@example.org")
    RoleGrant.objects.create(user=user, role="manager")
    return user


@pytest.fixture
def renamed(client: Client, carol: User) -> Client:
    """Return a manager's client after ``web``, with generations, versions and open reviews, became ``net``."""
    fill(num_runs=120, num_skills=24)
    web = Category.objects.get(path="web")
    Category.objects.filter(path__startswith="web/").update(parent=web)
    for skill in Skill.objects.filter(category__path="web"):
        if skill.current_version is not None:
            review_of(skill.current_version)
    change = draft_change(operations=[Rename(Kind.CATEGORY, web.key, "net")], actor=carol)
    preview_change(change=change)
    apply_change(change=change, actor=carol, expected_digest=change.digest)
    update_rollups(now=LAST)
    client.force_login(carol)
    return client


def shown(client: Client, address: str, branch: str) -> str:
    page = client.get(address, {"until": UNTIL.isoformat(), "branch": branch})
    assert page.status_code == 200
    # The menu of themes leads back to the very address that was asked for.
    return re.sub(r'name="(csrfmiddlewaretoken|next)" value="[^"]*"', "", page.content.decode())


PAGES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("overview", ()),
    ("list", ()),
    ("funnel", ()),
    ("funnel_csv", ()),
    ("rules_csv", ()),
    ("rows", ()),
    ("agreement", ()),
    ("chart_csv", ("gate",)),
    ("chart_svg", ("gate",)),
)


def test_an_old_address_shows_what_the_new_one_shows(renamed: Client) -> None:
    for name, args in PAGES:
        address = reverse(f"trends:{name}", args=args)
        new = shown(renamed, address, "net")
        assert shown(renamed, address, "web") == new, name
        assert "branch=web" not in new, name
        assert new != shown(renamed, address, "data"), name


def test_waits_are_those_of_the_branch_that_lived_there(renamed: Client) -> None:
    old, new = (waits_of(read_trend_filter({"branch": one}, today=UNTIL), now=LAST) for one in ("web", "net"))

    assert old == new
    assert old.queue.num_now > 0


def test_an_alert_rule_for_the_old_address_still_measures(renamed: Client, carol: User) -> None:
    values = {"owner": carol, "measure": "gate", "test": "below", "limit": 1.1}
    AlertRule.objects.create(name="old", query="branch=web&days=91", **values)
    AlertRule.objects.create(name="new", query="branch=net&days=91", **values)

    assert check_alerts(now=LAST) == 2
    old, new = (Alert.objects.get(rule__name=name).sentence for name in ("old", "new"))
    assert old == new


def test_a_view_kept_under_the_old_address_opens_the_branch(renamed: Client, carol: User) -> None:
    kept = SavedView.objects.create(owner=carol, name="Web", page="list", query="branch=web", key="k1")
    opened: Any = renamed.get(reverse("trends:view_open", args=[kept.key]), follow=True)
    assert opened.context["chosen"].value("branch") == "net"

    renamed.post(reverse("trends:view_save"), {"name": "New", "page": "list", "query": "branch=web"})
    assert dict(parse_qsl(SavedView.objects.get(name="New").query))["branch"] == "net"


def test_the_digest_of_the_old_address_is_that_of_the_branch(renamed: Client) -> None:
    assert weekly_digest(today=UNTIL, branch="web") == weekly_digest(today=UNTIL, branch="net")
