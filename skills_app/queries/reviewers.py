"""Who made a version, and who may be asked to review a skill, with how much already waits for each."""

from django.contrib.auth.models import User
from django.db.models import Count, Max, Q, QuerySet

from skills_app.domain.paths import lineage
from skills_app.domain.reviewing.assignment import REVIEWING_ROLES, Candidate
from skills_app.domain.reviewing.standing import LIVE
from skills_app.models import Comment, Review, RoleGrant, Skill, SkillVersion
from skills_app.queries.compare_bases import approved_numbers
from skills_app.queries.version_line import text_line_of


def candidates_for(skill: Skill) -> list[Candidate]:
    """Return everybody active whose role reaches the skill, once for each such grant, in two queries."""
    grants = reviewing_grants(skill.category.path if skill.category else "")
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


def reviewing_grants(path: str) -> QuerySet[RoleGrant]:
    """Return the roles of active people who may review at ``path``: given for it, a branch above it, or the whole library."""
    reaching = Q(category=None) | Q(category__path__in=lineage(path))
    return RoleGrant.objects.filter(reaching, role__in=REVIEWING_ROLES, user__is_active=True)


def makers_of(version: SkillVersion) -> list[User]:
    """Return the people whose text a version holds that nobody else approved yet, by name.

    They are the authors of the version and of those that it came from since the last that was approved or published, those
    whose suggested edits were accepted in them, and the makers of their earlier reviews. A version that was mirrored has
    a name alone, that of the run's user; who signs in by it made it.
    """
    skill = SkillVersion.objects.filter(skill_id=version.skill_id)
    approved = skill.filter(number__in=approved_numbers(version)).values_list("pk", flat=True)
    line = text_line_of(version, set(approved))
    rows = skill.filter(pk__in=line)
    names = rows.filter(author=None).exclude(author_name="").values_list("author_name", flat=True)
    keys = {
        *rows.exclude(author=None).values_list("author", flat=True),
        *Review.objects.filter(version__in=line, makers__isnull=False).values_list("makers", flat=True),
        *Comment.objects.filter(accepted_in__in=line, author__isnull=False).values_list("author", flat=True),
    }
    return list(User.objects.filter(Q(pk__in=keys) | Q(username__in=set(names))).order_by("username"))
