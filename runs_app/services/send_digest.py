"""Mail the week's digest: to managers once a week, or to whom somebody names."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import send_mail
from django.db import transaction
from django.utils import timezone

from runs_app.domain.trends.digest_time import digest_due
from runs_app.models import RollupState
from runs_app.queries.digest import Digest, weekly_digest
from skills_app.domain.enums import Role
from skills_app.models import AuditEntry
from skills_app.services.record_audit import record_audit

SENT, FAILED = "sent_digest", "could_not_send_digest"
logger = logging.getLogger(__name__)


def managers_with_mail() -> list[User]:
    """Return the managers, of the library or of a branch, that have a mail address, each once."""
    people = User.objects.filter(is_active=True, role_grants__role=Role.MANAGER).exclude(email="")
    return list(people.distinct().order_by("pk"))


def send_digest(*, digest: Digest, addresses: Sequence[str]) -> dict[str, str]:
    """Mail ``digest`` to each address by itself; return what went wrong, by address."""
    problems = {}
    for address in addresses:
        try:
            send_mail(digest.subject, digest.text, None, [address])
        except (SMTPException, OSError) as error:
            problems[address] = str(error)
    return problems


def send_due_digest(*, now: datetime | None = None) -> int:
    """Mail the digest of the seven days before its day to every manager who did not get it yet; return how many mails went.

    It is due on ``FLEET_DIGEST_DAY`` at ``FLEET_DIGEST_HOUR``, and for a day after that. The record of changes says who got
    which one, so two workers send it once; what could not be sent is tried again by the next call.
    """
    moment = timezone.localtime(now or timezone.now())
    due = digest_due(moment, day=settings.FLEET_DIGEST_DAY, hour=settings.FLEET_DIGEST_HOUR)
    people = managers_with_mail() if due else []
    waiting = [user for user in people if due and _claim(user, due)]
    if not waiting or due is None:
        return 0
    digest = weekly_digest(today=due.date() - timedelta(days=1), site_url=settings.FLEET_SITE_URL)
    num_sent = 0
    for user in waiting:
        problems = send_digest(digest=digest, addresses=[user.email])
        num_sent += not problems
        for problem in problems.values():
            logger.warning("the digest for %s could not be sent and is tried again: %s", user, problem)
            record_audit(
                verb=FAILED, target_kind="digest", target_key=_key(user, due), after={"problem": problem}
            )
    return num_sent


@transaction.atomic
def _claim(user: User, due: datetime) -> bool:
    """Write down that ``user`` gets the digest, and return True; False when that stands there already."""
    state, _ = RollupState.objects.get_or_create(pk=RollupState.SINGLE)
    RollupState.objects.select_for_update().get(pk=state.pk)
    last = AuditEntry.objects.filter(target_kind="digest", target_key=_key(user, due)).order_by("-pk").first()
    if last is not None and last.verb == SENT:
        return False
    record_audit(verb=SENT, target_kind="digest", target_key=_key(user, due), after={"to": user.email})
    return True


def _key(user: User, due: datetime) -> str:
    return f"{due.date().isoformat()} {user.pk}"
