"""Make reviews for tests through the services that the product uses."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User

from skills_app.domain.enums import Role, VersionOrigin
from skills_app.domain.records import FileRecord
from skills_app.domain.reviewing.verdicts import Decision
from skills_app.models import Category, Comment, Review, RoleGrant, Skill, SkillVersion
from skills_app.services.add_comment import CommentTarget, CommentText, add_comment
from skills_app.services.add_version import add_version
from skills_app.services.open_review import open_review
from skills_app.services.send_review import SentReview, send_review
from tests.skills_app import skill_makers as make

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = date(2026, 11, 20)
BODY = "The first sentence stands here. The second sentence says too little."


def person(name: str, *roles: Role, branch: str = "") -> User:
    """Make a person, or find the one of that name, with roles for the library or a branch."""
    user, _ = User.objects.get_or_create(username=name)
    category = Category.objects.get(path=branch) if branch else None
    for role in roles:
        RoleGrant.objects.get_or_create(user=user, role=role, category=category)
    return user


def draft(
    path: str = "tools/one", body: str = BODY, *, author: User | None = None, **fields: Any
) -> SkillVersion:
    """Make a skill and a version of it written by ``author``; its ``content`` passes the built-in gate."""
    files: tuple[FileRecord, ...] = fields.pop("files", ())
    skill = make.skill(path, "An older body.")
    added = add_version(
        skill=skill,
        content=fields.pop("content", make.document(skill.slug, body)),
        origin=VersionOrigin.EDIT,
        made_at=NOON,
        files=files,
        author=author,
        author_name=author.get_username() if author else "",
        becomes_current=False,
    )
    return version_of(added.version.pk)


def version_of(pk: int) -> SkillVersion:
    """Read a version afresh, as a view does."""
    return SkillVersion.objects.select_related("skill__category", "parent", "author").get(pk=pk)


def next_draft(version: SkillVersion, body: str, author: User | None = None) -> SkillVersion:
    """Add a version whose parent is ``version``."""
    added = add_version(
        skill=Skill.objects.get(pk=version.skill_id),
        content=make.document(version.skill.slug, body),
        origin=VersionOrigin.EDIT,
        made_at=NOON + timedelta(hours=1),
        files=(),
        author=author,
        parent=version,
        becomes_current=False,
    )
    return version_of(added.version.pk)


def review(version: SkillVersion, opener: User, *reviewers: User, **fields: Any) -> Review:
    """Open a review at noon."""
    return open_review(
        version=version, opener=opener, now=NOON, today=TODAY, reviewers=reviewers, **fields
    ).review


def comment(of: Review, author: User, body: str = "Say more.", *, quote: str = "", **fields: Any) -> Comment:
    """Write a draft comment; ``path`` are headings, ``file`` a file."""
    return add_comment(
        review=of,
        version=Review.objects.get(pk=of.pk).version,
        author=author,
        text=CommentText(body, fields.pop("is_blocking", False), fields.pop("suggestion", None)),
        target=CommentTarget(
            heading_path=tuple(fields.pop("path", ())), quote=quote, path=fields.pop("file", ""), **fields
        ),
        now=NOON,
    )


def send(
    of: Review, reviewer: User, decision: Decision | None = None, reason: str = "", **fields: Any
) -> SentReview:
    """Send what somebody wrote, on the version that is under review now."""
    fields.setdefault("seen_number", Review.objects.get(pk=of.pk).version.number)
    fields.setdefault("now", NOON + timedelta(minutes=5))
    return send_review(review=of, reviewer=reviewer, decision=decision, reason=reason, today=TODAY, **fields)
