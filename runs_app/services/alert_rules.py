"""Make and remove alert rules, look whether they are true, tell their owners, and note what they have seen."""

import logging
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from smtplib import SMTPException
from urllib.parse import parse_qsl

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import send_mail
from django.db import transaction
from django.utils import timezone

from runs_app.domain.errors import AlertRefused
from runs_app.domain.trends.alerts import MEASURE_LABELS, NEVER_WORSE, PHASES, QUALITY, AlertTest, check_rule
from runs_app.domain.trends.charts import charts_of
from runs_app.domain.trends.people_charts import PEOPLE_CHARTS, people_charts_of
from runs_app.models import Alert, AlertRule
from runs_app.queries.people_waits import waits_of
from runs_app.queries.trends import Detail, read_trend_filter, trend_of
from skills_app.domain.storable import storable_text
from skills_app.services.record_audit import record_audit

MOST_RULES = 50
# A mail that could not be sent is tried again for so long.
TRIED_FOR = timedelta(days=1)
logger = logging.getLogger(__name__)


@transaction.atomic
def make_alert_rule(
    *, actor: User, name: str, measure: str, test: str, limit: float | None, query: str, has_mail: bool
) -> AlertRule:
    """Add a rule of ``actor`` and return it; ``query`` holds period and filters as an address does.

    Raises:
        AlertRefused: a part is missing or unknown, or there are fifty rules already.
    """
    if not name.strip():
        raise AlertRefused("Give the rule a name; it stands in the alert.", "name")
    if measure not in MEASURE_LABELS and not measure.startswith(QUALITY):
        raise AlertRefused("Choose one of the measures.", "measure")
    if test not in set(AlertTest):
        raise AlertRefused("Choose when the rule is true.", "test")
    if test == AlertTest.WORSE and measure in NEVER_WORSE:
        raise AlertRefused(NEVER_WORSE[measure], "test")
    if test != AlertTest.WORSE and limit is None:
        raise AlertRefused("Give the limit as a number, such as 0.8.", "limit")
    if has_mail and not actor.email:
        raise AlertRefused("Your account has no mail address; an admin can add one.", "has_mail")
    if AlertRule.objects.filter(owner=actor).count() >= MOST_RULES:
        raise AlertRefused(f"You have {MOST_RULES} rules; remove one first.", "name")
    rule = AlertRule.objects.create(
        owner=actor,
        name=storable_text(name.strip(), longest=120),
        measure=storable_text(measure, longest=128),
        test=test,
        limit=None if test == AlertTest.WORSE else limit,
        query=_plain_query(query),
        has_mail=has_mail,
    )
    after = {"measure": rule.measure, "test": rule.test, "limit": rule.limit, "query": rule.query}
    record_audit(
        verb="made_alert_rule", target_kind="alert_rule", target_key=rule.name, actor=actor, after=after
    )
    return rule


@transaction.atomic
def remove_alert_rule(*, rule: AlertRule, actor: User) -> None:
    """Remove a rule with the alerts that it raised."""
    record_audit(
        verb="removed_alert_rule",
        target_kind="alert_rule",
        target_key=rule.name,
        actor=actor,
        before={"measure": rule.measure, "test": rule.test, "limit": rule.limit, "query": rule.query},
    )
    rule.delete()


def see_alerts(*, owner: User, now: datetime | None = None) -> int:
    """Note that ``owner`` has seen all alerts; return how many were new."""
    return Alert.objects.filter(rule__owner=owner, seen_at=None).update(seen_at=now or timezone.now())


def check_alerts(*, now: datetime | None = None) -> int:
    """Look at every rule; one that has become true raises an alert, once, until it was false again. Return how many.

    Rules with the same period and filters read rollups, reviews and questions once, and only what they measure is worked
    out. Mails go out after the rows are written.
    """
    moment = now or timezone.now()
    today = timezone.localtime(moment).date()
    rules = AlertRule.objects.filter(is_enabled=True, owner__is_active=True).order_by("query", "pk")
    num_raised = 0
    for query, group in groupby(rules, key=attrgetter("query")):
        alike = list(group)
        measures = {rule.measure for rule in alike}
        chosen = read_trend_filter(dict(parse_qsl(query)), today=today)
        detail = Detail.ALL if PHASES in measures else Detail.NO_PHASES
        charts = charts_of(trend_of(chosen, detail=detail), keys=measures)
        if measures & PEOPLE_CHARTS:
            waits = waits_of(chosen, now=moment)
            charts |= people_charts_of(chosen.period, waits.series, waits, keys=measures)
        for rule in alike:
            sentence = check_rule(charts, measure=rule.measure, test=AlertTest(rule.test), limit=rule.limit)
            num_raised += _note(rule, sentence, moment)
    _send_due(moment)
    return num_raised


@transaction.atomic
def _note(rule: AlertRule, sentence: str | None, now: datetime) -> bool:
    """Write how a rule came out; return whether an alert was raised. Of two workers only one raises it."""
    is_true = sentence is not None
    turned = AlertRule.objects.filter(pk=rule.pk, is_firing=not is_true).update(
        is_firing=is_true, checked_at=now
    )
    if not turned:
        AlertRule.objects.filter(pk=rule.pk).update(checked_at=now)
    if sentence is None or not turned:
        return False
    Alert.objects.create(rule=rule, sentence=sentence, raised_at=now)
    return True


def _send_due(now: datetime) -> None:
    due = Alert.objects.filter(mailed_at=None, rule__has_mail=True, raised_at__gte=now - TRIED_FOR)
    for alert in due.select_related("rule__owner").order_by("pk"):
        address = alert.rule.owner.email
        if not address or not Alert.objects.filter(pk=alert.pk, mailed_at=None).update(mailed_at=now):
            continue
        link = f"{settings.FLEET_SITE_URL}{alert.rule.get_absolute_url()}"
        text = f"{alert.sentence}\n\nRule: {alert.rule.name}\n{link}\n"
        subject = " ".join(f"Skill Fleet: {alert.rule.name}".split())
        try:
            send_mail(subject, text, None, [address])
        except (SMTPException, OSError) as error:
            Alert.objects.filter(pk=alert.pk).update(mailed_at=None)
            logger.warning("the mail of an alert could not be sent and is tried again: %s", error)


def _plain_query(query: str) -> str:
    """Return period and filters as our own addresses write them; everything else is left out.

    A rule watches the days up to today, so the page's own last day stays behind, and days from one date to another become the
    usual period.
    """
    given = {name: value for name, value in parse_qsl(query[:2000]) if name not in ("since", "until")}
    return read_trend_filter(given, today=timezone.localdate()).query()[:2000]
