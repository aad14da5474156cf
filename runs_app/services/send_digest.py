"""Mail the week's digest: to managers once a week, or to whom somebody names."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
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
from skills_app.models import AuditEntry, RoleGrant
from skills_app.services.record_audit import record_audit

SENT, FAILED = "sent_digest", "could_not_send_digest"
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reader:
    """A manager with a mail address and a branch that is theirs; empty for the whole library."""

    user: User
    branch: str = ""


def readers_of_digests() -> list[Reader]:
    """Return the managers that have a mail address: of the library once, of branches once for each that lies in no other."""
    grants = RoleGrant.objects.filter(role=Role.MANAGER, user__is_active=True).exclude(user__email="")
    branches: dict[User, list[str]] = {}
    for grant in grants.select_related("user", "category").order_by("user_id", "category__path"):
        branches.setdefault(grant.user, []).append(grant.category.path if grant.category else "")
    return [Reader(user, branch) for user, own in branches.items() for branch in _uppermost(own)]


def _uppermost(branches: Sequence[str]) -> list[str]:
    """Return the branches that lie in no other of them; the whole library holds all."""
    if "" in branches:
        return [""]
    return [one for one in branches if not any(one.startswith(f"{other}/") for other in branches)]


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

    Who manages branches gets one of each of them.
    It is due on ``FLEET_DIGEST_DAY`` at ``FLEET_DIGEST_HOUR``, and for a day after that. The record of changes says who got
    which one, so two workers send it once; what could not be sent is tried again by the next call.
    """
    moment = timezone.localtime(now or timezone.now())
    due = digest_due(moment, day=settings.FLEET_DIGEST_DAY, hour=settings.FLEET_DIGEST_HOUR)
    readers = readers_of_digests() if due else []
    waiting = [reader for reader in readers if due and _claim(reader, due)]
    if not waiting or due is None:
        return 0
    last = due.date() - timedelta(days=1)
    digests: dict[str, Digest] = {}
    num_sent = 0
    for reader in waiting:
        if reader.branch not in digests:
            made = weekly_digest(today=last, branch=reader.branch, site_url=settings.FLEET_SITE_URL)
            digests[reader.branch] = made
        problems = send_digest(digest=digests[reader.branch], addresses=[reader.user.email])
        num_sent += not problems
        for problem in problems.values():
            logger.warning("the digest for %s could not be sent and is tried again: %s", reader.user, problem)
            record_audit(
                verb=FAILED, target_kind="digest", target_key=_key(reader, due), after={"problem": problem}
            )
    return num_sent


@transaction.atomic
def _claim(reader: Reader, due: datetime) -> bool:
    """Write down that somebody gets the digest, and return True; False when that stands there already."""
    state, _ = RollupState.objects.get_or_create(pk=RollupState.SINGLE)
    RollupState.objects.select_for_update().get(pk=state.pk)
    last = (
        AuditEntry.objects.filter(target_kind="digest", target_key=_key(reader, due)).order_by("-pk").first()
    )
    if last is not None and last.verb == SENT:
        return False
    record_audit(
        verb=SENT, target_kind="digest", target_key=_key(reader, due), after={"to": reader.user.email}
    )
    return True


def _key(reader: Reader, due: datetime) -> str:
    return f"{due.date().isoformat()} {reader.user.pk} {reader.branch}".strip()[:512]
