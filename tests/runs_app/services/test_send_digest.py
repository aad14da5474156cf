"""The worker mails the week to managers: once, on its day, about the days before, and again where a mail failed."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from celery import current_app
from django.contrib.auth.models import User
from django.core import mail
from django.utils import timezone

from runs_app import tasks
from runs_app.queries.digest import weekly_digest
from runs_app.services import send_digest
from runs_app.services.send_digest import send_due_digest
from skills_app.models import AuditEntry, RoleGrant
from skills_app.services.make_category import make_category

pytestmark = pytest.mark.django_db
# A Monday, at the hour of the settings below.
DUE = datetime(2026, 11, 16, 7, tzinfo=timezone.get_fixed_timezone(0))


@pytest.fixture(autouse=True)
def people(settings: Any) -> None:
    settings.TIME_ZONE, settings.FLEET_DIGEST_DAY, settings.FLEET_DIGEST_HOUR = "UTC", "mon", 7
    for name, role in (("carol", "manager"), ("cecil", "manager"), ("ben", "curator")):
        user = User.objects.create_user(name, email=f"{name}@example.org")
        RoleGrant.objects.create(user=user, role=role)


def test_the_embedded_worker_looks_for_it() -> None:
    current_app.finalize()

    entry = current_app.conf.beat_schedule["send due digest"]
    assert entry["task"] == tasks.send_due_digest_task.name
    assert 0 < entry["schedule"] <= 3600


def test_each_manager_gets_it_once_about_the_seven_days_before() -> None:
    num_sent = [send_due_digest(now=DUE + timedelta(hours=hours)) for hours in (-1, 0, 1, 23, 25)]

    assert num_sent == [0, 2, 0, 0, 0]
    assert [sent.to for sent in mail.outbox] == [["carol@example.org"], ["cecil@example.org"]]
    assert mail.outbox[0].body == weekly_digest(today=DUE.date() - timedelta(days=1)).text
    assert "until=2026-11-15" in mail.outbox[0].body


def test_it_comes_again_a_week_later() -> None:
    assert send_due_digest(now=DUE) == send_due_digest(now=DUE + timedelta(days=7)) == 2


def test_a_mail_that_failed_is_tried_again_and_no_other(monkeypatch: Any) -> None:
    plain = send_digest.send_mail

    def fail(subject: str, text: str, sender: Any, to: list[str]) -> int:
        if to == ["carol@example.org"]:
            raise OSError("no such host")
        return plain(subject, text, sender, to)

    monkeypatch.setattr(send_digest, "send_mail", fail)
    first = send_due_digest(now=DUE)
    monkeypatch.setattr(send_digest, "send_mail", plain)
    again = [send_due_digest(now=DUE + timedelta(minutes=10 * number)) for number in (1, 2)]

    assert (first, again) == (1, [1, 0])
    assert [sent.to for sent in mail.outbox] == [["cecil@example.org"], ["carol@example.org"]]
    assert AuditEntry.objects.filter(verb="could_not_send_digest").get().after == {"problem": "no such host"}


def test_another_day_or_never_is_a_setting(settings: Any) -> None:
    settings.FLEET_DIGEST_DAY = "never"
    assert send_due_digest(now=DUE) == 0
    settings.FLEET_DIGEST_DAY = "tue"
    assert send_due_digest(now=DUE) == 0
    assert send_due_digest(now=DUE + timedelta(days=1)) == 2


def test_who_manages_branches_is_told_of_each_of_them_and_of_no_other() -> None:
    paths = {path: make_category(path=path) for path in ("web", "web/front", "data", "other")}
    dora, both = (User.objects.create_user(name, email=f"{name}@example.org") for name in ("dora", "both"))
    for user, path in ((dora, "web/front"), (dora, "web"), (dora, "data"), (both, None), (both, "data")):
        RoleGrant.objects.create(user=user, role="manager", category=paths[path] if path else None)

    num_sent = [send_due_digest(now=DUE + timedelta(hours=hours)) for hours in (0, 1)]

    assert num_sent == [5, 0]
    last = DUE.date() - timedelta(days=1)
    told = [(sent.to[0].partition("@")[0], sent.body) for sent in mail.outbox]
    wanted = [("carol", ""), ("cecil", ""), ("dora", "data"), ("dora", "web"), ("both", "")]
    assert told == [(name, weekly_digest(today=last, branch=branch).text) for name, branch in wanted]
    assert "branch=web" in told[3][1]
