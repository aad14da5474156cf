"""Rules raise an alert once when they become true, tell by mail if wanted, and refuse what cannot be a rule."""

import random
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail

from runs_app.domain.errors import AlertRefused
from runs_app.domain.trends.alerts import MEASURE_LABELS, AlertTest, check_rule
from runs_app.domain.trends.charts import charts_of
from runs_app.domain.trends.people_charts import people_charts_of
from runs_app.domain.trends.trend_filter import parse_trend_filter
from runs_app.models import Alert, AlertRule
from runs_app.queries.people_waits import waits_of
from runs_app.queries.trends import trend_of
from runs_app.services.alert_rules import check_alerts, make_alert_rule, remove_alert_rule, see_alerts
from runs_app.services.update_rollups import update_rollups
from skills_app.models import AuditEntry, Review, Verdict
from tests.runs_app.trend_rows import LAST, add_people, fill, review_of, set_gate
from tests.skills_app import skill_makers as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def carol() -> User:
    return User.objects.create_user("carol", email="carol@example.org")


@pytest.fixture
def filled() -> None:
    fill(num_runs=80, num_skills=20)
    update_rollups(now=LAST)


def rule(owner: User, **fields: Any) -> AlertRule:
    values = {
        "name": "Gate",
        "measure": "gate",
        "test": "below",
        "limit": 0.99,
        "query": "",
        "has_mail": False,
    }
    return make_alert_rule(actor=owner, **{**values, **fields})


def test_a_rule_that_is_true_tells_once_with_value_number_and_limit(carol: User, filled: None) -> None:
    made = rule(carol)

    assert check_alerts(now=LAST) == 1
    assert check_alerts(now=LAST + timedelta(minutes=5)) == 0
    (alert,) = Alert.objects.filter(rule=made)
    assert alert.sentence.startswith("Versions that pass their gate: ")
    assert "(n = " in alert.sentence
    assert alert.sentence.endswith("below 99%.")
    assert mail.outbox == []


def test_it_tells_again_only_after_it_was_false_in_between(carol: User, filled: None) -> None:
    made = rule(carol)
    check_alerts(now=LAST)
    set_gate(limit=0.0)
    update_rollups(now=LAST)
    made.limit = 0.5
    made.save()

    assert check_alerts(now=LAST) == 0
    made.refresh_from_db()
    assert not made.is_firing
    AlertRule.objects.filter(pk=made.pk).update(limit=1.1)
    assert check_alerts(now=LAST) == 1


def test_a_mail_goes_to_the_owner_once(carol: User, filled: None) -> None:
    rule(carol, name="Gate\nBcc: all@example.org", has_mail=True)
    check_alerts(now=LAST)
    check_alerts(now=LAST + timedelta(minutes=5))

    (sent,) = mail.outbox
    assert sent.to == ["carol@example.org"]
    assert "\n" not in sent.subject
    assert "Versions that pass their gate" in sent.body


def test_a_mail_that_could_not_be_sent_is_tried_again(carol: User, filled: None, monkeypatch: Any) -> None:
    rule(carol, has_mail=True)

    def refuse(*_: Any, **__: Any) -> int:
        raise OSError("no route")

    with monkeypatch.context() as patch:
        patch.setattr("runs_app.services.alert_rules.send_mail", refuse)
        check_alerts(now=LAST)
    assert Alert.objects.get().mailed_at is None

    check_alerts(now=LAST + timedelta(minutes=5))
    assert len(mail.outbox) == 1


def test_worse_needs_an_interval_without_no_change(carol: User) -> None:
    rule(carol, name="cost", measure="cost", test="worse", limit=None)
    fill(num_runs=150, num_skills=3)
    update_rollups(now=LAST)

    assert check_alerts(now=LAST) == 0


def test_filters_of_a_rule_are_its_own(carol: User, filled: None) -> None:
    rule(carol, name="of a model", query="model=none-such&days=91&evil=1")

    assert AlertRule.objects.get().query == "model=none-such&days=91"
    assert check_alerts(now=LAST) == 0


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"measure": "weather"}, "measure"),
        ({"test": "odd"}, "test"),
        ({"limit": None}, "limit"),
    ],
)
def test_what_cannot_be_a_rule_is_refused_at_its_field(
    carol: User, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(AlertRefused) as refused:
        rule(carol, **fields)

    assert refused.value.field == field


def test_mail_needs_an_address() -> None:
    with pytest.raises(AlertRefused, match="no mail address"):
        rule(User.objects.create_user("ben"), has_mail=True)


def test_making_and_removing_a_rule_is_written_down_and_seeing_clears_the_count(
    carol: User, filled: None
) -> None:
    made = rule(carol)
    check_alerts(now=LAST)

    assert see_alerts(owner=carol, now=LAST) == 1
    assert see_alerts(owner=carol, now=LAST) == 0
    remove_alert_rule(rule=made, actor=carol)
    verbs = AuditEntry.objects.filter(target_kind="alert_rule").values_list("verb", flat=True)
    assert set(verbs) == {"made_alert_rule", "removed_alert_rule"}
    assert not Alert.objects.exists()


def test_each_measure_is_told_as_its_chart_tells_it_among_all_charts(carol: User, filled: None) -> None:
    add_people(random.Random(5), last=LAST)
    update_rollups(now=LAST)
    chosen = parse_trend_filter({}, today=LAST.date())
    waits = waits_of(chosen, now=LAST)
    charts = charts_of(trend_of(chosen)) | people_charts_of(chosen.period, waits.series, waits)
    assert charts.keys() - {"asked"} <= {*MEASURE_LABELS, "quality-fleet", "quality-model"}

    for measure in (*MEASURE_LABELS, "quality-fleet"):
        made = rule(carol, name=measure, measure=measure, test="above", limit=-1.0)
        assert check_alerts(now=LAST) == 1
        alert = Alert.objects.get(rule=made)
        assert alert.sentence == check_rule(charts, measure=measure, test=AlertTest.ABOVE, limit=-1.0)


def test_reviews_that_take_longer_are_told_and_what_was_spent_has_no_worse(carol: User) -> None:
    for number in range(12):
        for opened, days in ((20, 9), (50, 1)):
            version = make.skill(f"web/skill-{opened}-{number}").current_version
            one = review_of(version)
            given = LAST + timedelta(days=days + number / 10 - opened)
            Review.objects.filter(pk=one.pk).update(opened_at=LAST - timedelta(days=opened))
            Verdict.objects.create(
                review=one, version=version, decision="approve", given_at=given, binding={}
            )
    rule(carol, measure="decided", test="worse", limit=None)

    assert check_alerts(now=LAST) == 1
    sentence = Alert.objects.get().sentence
    assert sentence.startswith("Time to a decision: 9.")
    assert "worse than 1.6 days (n = 12)" in sentence
    with pytest.raises(AlertRefused, match="no interval"):
        rule(carol, measure="spent", test="worse", limit=None)
    with pytest.raises(AlertRefused, match="neither better nor worse"):
        rule(carol, measure="changed", test="worse", limit=None)
    for measure, page in (("decided", "/trends/people/"), ("gate", "/trends/")):
        address = rule(carol, measure=measure, test="above", limit=2.0, query="days=91").get_absolute_url()
        assert address == f"{page}?days=91#chart-{measure}"
    assert rule(carol, measure="spent", test="above", limit=2.0).pk


def test_a_rule_made_from_a_page_of_other_days_watches_the_days_up_to_today(carol: User) -> None:
    assert rule(carol, query="branch=web&days=91&until=2026-01-31").query == "branch=web&days=91"
    assert rule(carol, query="since=2026-01-01&until=2026-01-31&model=m").query == "model=m"
