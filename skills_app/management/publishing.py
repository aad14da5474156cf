"""What ``manage.py publish`` does, apart from how it prints."""

import argparse
from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from fleet_site.access import may, refusal
from skills_app.domain.errors import PromotionInvalid
from skills_app.models import SkillVersion
from skills_app.queries.resolve_path import resolve_path
from skills_app.services.judge_version import judge_version
from skills_app.services.prepare_promotion import PreparedPromotion, prepare_promotion
from skills_app.services.promote_version import promote_version

HELP = (
    "Promote a version of a skill: the same rules as on its page. Exit code 0: published, or with --dry-run nothing stands "
    "in the way; 1: something does; 2: it could not be tried."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the skill, the version, who does it, and what the page asks for."""
    parser.add_argument("skill", help="the skill's path, id, key or an alias")
    parser.add_argument(
        "--version-number", type=int, metavar="N", help="which version; without it the current one"
    )
    parser.add_argument("--user", required=True, help="the name of the person who promotes it")
    parser.add_argument(
        "--as", dest="semantic_version", default="", help="a semantic version instead of the proposed one"
    )
    parser.add_argument("--summary", help="what changed, instead of the summary made from the difference")
    parser.add_argument(
        "--override", default="", metavar="REASON", help="promote it in spite of what may be overridden"
    )
    parser.add_argument(
        "--replace", default="", metavar="DIGEST", help="replace what lies there, as --dry-run names it"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would happen and write nothing")


def publish(options: dict[str, Any]) -> tuple[list[str], int]:
    """Do what was asked for; return the lines to print and the exit code.

    Raises:
        SkillsError: the skill, the version or the person is not there or may not do it, or the folder refuses.
    """
    version = _version(options["skill"], options["version_number"])
    user = _user(options["user"], version)
    if options["dry_run"]:
        judge_version(version=version)
        prepared = prepare_promotion(version, today=timezone.localdate())
        return list(_told(prepared)), int(bool(prepared.blockers) or prepared.place.is_closed)
    promotion = promote_version(
        version=version,
        actor=user,
        now=timezone.now(),
        semantic_version=options["semantic_version"],
        summary=options["summary"],
        may_override=bool(options["override"]) and may(user, "override_promotion", branch=_branch(version)),
        reason=options["override"],
        agreement=options["replace"],
    )
    lines = [f"Published {promotion.path} version {version.number} as {promotion.semantic_version}."]
    lines += [f"Commit {promotion.commit}"] if promotion.commit else []
    lines += [f"It was not committed. {promotion.problem}"] if promotion.problem else []
    return lines, 0


def _told(prepared: PreparedPromotion) -> Iterator[str]:
    yield f"Version {prepared.version.number} would be published: {prepared.proposal.sentence}"
    if prepared.proposal.summary:
        yield prepared.proposal.summary
    for one in prepared.blockers:
        yield f"In the way ({one.title}{'' if one.can_override else ', for everybody'}): {one.sentence}"
    yield from prepared.notes
    if prepared.place.sentence:
        yield prepared.place.sentence
    if prepared.place.agreement:
        yield f"To replace it, add --replace {prepared.place.agreement}"


def _version(address: str, number: int | None) -> SkillVersion:
    found = resolve_path(address)
    rows = SkillVersion.objects.select_related("skill__category", "parent")
    rows = rows.filter(skill=found.skill) if found and found.skill else rows.filter(skill__key=address)
    newest = rows.order_by("-number").first()
    if newest is None:
        raise PromotionInvalid("skill", f"No skill with a version answers to '{address[:200]}'.")
    if number is None:
        current_id = newest.skill.current_version_id
        return rows.filter(pk=current_id).first() or newest if current_id else newest
    version = rows.filter(number=number).first()
    if version is None:
        raise PromotionInvalid("version", f"{newest.skill.path} has no version {number}.")
    return version


def _user(name: str, version: SkillVersion) -> User:
    user = User.objects.filter(username=name, is_active=True).first()
    if user is None:
        raise PromotionInvalid("user", f"There is no active person called '{name[:150]}'.")
    if not may(user, "promote", branch=_branch(version)):
        raise PromotionInvalid(
            "user", f"{name} may not promote it. {refusal('promote', branch=_branch(version))}"
        )
    return user


def _branch(version: SkillVersion) -> str | None:
    category = version.skill.category
    return category.path if category else None
