"""Remember which parts of a skill a person has seen."""

from collections.abc import Collection
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from skills_app.models import SectionViewed, Skill


@transaction.atomic
def view_parts(*, user: User, skill: Skill, digests: Collection[str], is_seen: bool, now: datetime) -> None:
    """Mark parts, by digest, as seen by ``user`` or as not seen; it is their own note, so no audit entry is written."""
    if is_seen:
        rows = [
            SectionViewed(user=user, skill=skill, digest=digest, viewed_at=now) for digest in set(digests)
        ]
        SectionViewed.objects.bulk_create(rows, ignore_conflicts=True)
    else:
        SectionViewed.objects.filter(user=user, skill=skill, digest__in=digests).delete()
