"""Who made a version, and who may be asked to review a skill, with how much already waits for each."""

from django.contrib.auth.models import User
from django.db.models import Count, Max, Q

from skills_app.domain.paths import lineage
from skills_app.domain.reviewing.assignment import REVIEWING_ROLES, Candidate
from skills_app.domain.reviewing.standing import LIVE
from skills_app.models import RoleGrant, Skill, SkillVersion


def candidates_for(skill: Skill) -> list[Candidate]:
    """Return everybody active whose role reaches the skill, once for each such grant, in two queries."""
    paths = lineage(skill.category.path if skill.category else "")
    grants = RoleGrant.objects.filter(
        Q(category=None) | Q(category__path__in=paths), role__in=REVIEWING_ROLES, user__is_active=True
    )
    rows = list(grants.select_related("user", "category"))
    waiting = Count("review_requests", filter=Q(review_requests__review__status__in=LIVE))
    people = User.objects.filter(pk__in={row.user_id for row in rows})
    load = people.annotate(num_waiting=waiting, last_asked_at=Max("review_requests__asked_at")).in_bulk()
    return [
        Candidate(
            row.user.get_username(),
            row.category.path if row.category else "",
            load[row.user_id].num_waiting,
            load[row.user_id].last_asked_at,
        )
        for row in rows
    ]


def maker_of(version: SkillVersion) -> User | None:
    """Return the person who made a version: its author, else who signs in by the name that it came with, or None.

    A version that was mirrored has a name alone, that of the run's user.
    """
    if version.author is not None or not version.author_name:
        return version.author
    return User.objects.filter(username=version.author_name).first()
