"""What a version may be compared with by name: its parent, what this person last looked at, what was last approved."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Max

from skills_app.domain.documents import parse_document
from skills_app.domain.reviewing.parts import parts_of
from skills_app.domain.reviewing.places import removed_in
from skills_app.domain.reviewing.verdicts import Decision
from skills_app.models import Comment, Promotion, SectionViewed, SkillFile, SkillVersion, Verdict

MOST_LOOKED_AT = 10
PARENT, LOOKED_AT, APPROVED = "parent", "looked-at", "approved"


@dataclass(frozen=True, slots=True)
class BaseChoice:
    """A base by name: what an address calls it, what a person reads, and the number of the version that it is now."""

    name: str
    label: str
    number: int


def base_choices(head: SkillVersion, user: User) -> tuple[BaseChoice, ...]:
    """Return the bases by name that ``head`` has for this person, all of them versions of the same skill."""
    found = (
        (PARENT, "the version it came from", parent_number(head)),
        (LOOKED_AT, "what I last looked at", looked_at_number(head, user)),
        (APPROVED, "the last approved version", approved_number(head)),
    )
    return tuple(BaseChoice(name, label, number) for name, label, number in found if number is not None)


def parent_number(head: SkillVersion) -> int | None:
    """Return the version of the same skill that ``head`` came from, or else the one before it; None for a first one."""
    number = head.parent.number if head.parent and head.parent.skill_id == head.skill_id else head.number - 1
    return number or None


def looked_at_number(head: SkillVersion, user: User) -> int | None:
    """Return the newest version before ``head`` that a person decided on, sent comments on, or saw every part of; None without one.

    Of versions after those, the newest ``MOST_LOOKED_AT`` are looked through; five queries at most.
    """
    if not user.is_authenticated:
        return None
    mine = Verdict.objects.filter(
        reviewer=user, undone_at=None, version__skill=head.skill_id, version__number__lt=head.number
    )
    numbers = [mine.aggregate(number=Max("version__number"))["number"], _commented_number(head, user)]
    decided: int | None = max(filter(None, numbers), default=None)
    seen = set(SectionViewed.objects.filter(user=user, skill=head.skill_id).values_list("digest", flat=True))
    if not seen:
        return decided
    between = SkillVersion.objects.filter(
        skill=head.skill_id, number__lt=head.number, number__gt=decided or 0
    ).order_by("-number")
    rows = list(between.values_list("pk", "number", "content")[:MOST_LOOKED_AT])
    files: dict[int, list[tuple[str, str]]] = defaultdict(list)
    beside = SkillFile.objects.filter(version__in=[pk for pk, _, _ in rows])
    for version_id, path, digest in beside.values_list("version_id", "path", "digest"):
        files[version_id].append((path, digest))
    for pk, number, content in rows:
        parts = parts_of(parse_document(content), files[pk], seen)
        if parts and all(part.is_seen for part in parts):
            return number
    return decided


def _commented_number(head: SkillVersion, user: User) -> int | None:
    """Return the newest version before ``head`` that a person read when they wrote a comment that was sent."""
    rows = Comment.objects.filter(author=user, sent_at__isnull=False, version__skill=head.skill_id)
    # Words that a version removed are quoted from the one before, and read in the difference of both.
    read = (
        max(number, removed_in(anchor)) for number, anchor in rows.values_list("version__number", "anchor")
    )
    return max((number for number in read if number < head.number), default=None)


def approved_number(head: SkillVersion) -> int | None:
    """Return the newest version before ``head`` that was published, or approved by as many as it needed; None without one."""
    return max(approved_numbers(head), default=None)


def approved_numbers(head: SkillVersion) -> set[int]:
    """Return the versions before ``head`` that were published, or approved by as many as they needed.

    An approval counts as it was given: what changed since in gates and scorers does not take it back.
    """
    earlier: dict[str, Any] = {"version__skill": head.skill_id, "version__number__lt": head.number}
    published = Promotion.objects.once_published().filter(**earlier).values_list("version__number", flat=True)
    latest: dict[tuple[int, int], dict[int | str, Verdict]] = defaultdict(dict)
    rows = Verdict.objects.filter(undone_at=None, **earlier).select_related("review", "version")
    for row in rows.defer("version__content").prefetch_related("review__makers").order_by("given_at", "pk"):
        if row.reviewer_id not in {maker.pk for maker in row.review.makers.all()}:
            latest[row.version.number, row.review.num_needed][row.reviewer_id or row.reviewer_name] = row
    approved = {
        number
        for (number, num_needed), verdicts in latest.items()
        if len(verdicts) >= num_needed
        and all(one.decision == Decision.APPROVE.value for one in verdicts.values())
    }
    return approved | set(published)
