"""What keeps a version from being promoted: one list that every way of promoting asks."""

from collections.abc import Callable, Iterator
from datetime import date

from django.db.models import Q

from skills_app.domain.dependency_check import DependencyFault
from skills_app.domain.enums import SkillStatus
from skills_app.domain.paths import NOT_CATEGORIES
from skills_app.domain.promotion import Blocker, BlockerKind, blocker
from skills_app.domain.published_files import publishing_faults
from skills_app.models import AuditEntry, SkillVersion
from skills_app.queries.dependency_graph import dependency_problems
from skills_app.queries.published import files_of_version, standing_promotion, stated_metadata
from skills_app.queries.resolve_path import resolve_path
from skills_app.queries.review_standing import stops_of_version

Check = Callable[[SkillVersion, date], Iterator[Blocker]]


def promotion_blockers(version: SkillVersion, *, today: date) -> tuple[Blocker, ...]:
    """Return everything that keeps ``version`` from being promoted today, what nobody may override first.

    To ask for more, add a check to ``CHECKS``. The version is to be judged beforehand.
    """
    found = [one for check in CHECKS for one in check(version, today)]
    return tuple(sorted(found, key=lambda one: one.can_override))


def _form(version: SkillVersion, _today: date) -> Iterator[Blocker]:
    if version.content_kind != "markdown":
        sentence = (
            "Agents load a folder with a SKILL.md, and this is a record in one JSON file that tells them nothing to do. "
            "Write a SKILL.md of it on the page of this version: that makes a draft, which goes through gate and review."
        )
        yield blocker(BlockerKind.ONE_FILE, sentence)
        return
    held = files_of_version(version)
    for path in held.missing:
        sentence = f"The bytes of {path} were not kept, only its digest, so the folder would not be complete."
        yield blocker(BlockerKind.NOT_KEPT, sentence)
    if not held.missing:
        yield from (blocker(BlockerKind.FILES, fault) for fault in publishing_faults(held.files))


def _place(version: SkillVersion, _today: date) -> Iterator[Blocker]:
    top = version.skill.path.partition("/")[0]
    if top in NOT_CATEGORIES:
        yield blocker(BlockerKind.PLACE, f"{top} is no category. Move the skill to one first.")


def _merged(version: SkillVersion, _today: date) -> Iterator[Blocker]:
    if version.skill.status != SkillStatus.ARCHIVED:
        return
    told = AuditEntry.objects.filter(target_kind="skill", target_key=version.skill.key)
    told = told.filter(Q(before__has_key="merged_into") | Q(after__has_key="merged_into"))
    last = told.order_by("at", "pk").last()
    if last is not None and (into := last.after.get("merged_into")):
        found = resolve_path(into)
        path = found.path if found and found.skill else into
        sentence = f"The skill was merged into {path}, to which its addresses lead. Publish that one, or undo the merge first."
        yield blocker(BlockerKind.MERGED, sentence)


def _standing(version: SkillVersion, _today: date) -> Iterator[Blocker]:
    skill = version.skill
    standing = standing_promotion(skill)
    if standing is None or (standing.digest, standing.path) != (version.digest, skill.path):
        return
    if skill.status == SkillStatus.ACTIVE:
        sentence = f"This is what is published, as {standing.semantic_version}. There is nothing to promote."
        yield blocker(BlockerKind.PUBLISHED, sentence)


def _rehearsal(version: SkillVersion, _today: date) -> Iterator[Blocker]:
    if is_rehearsal(version):
        sentence = "The rehearsal model wrote this document; it says nothing that anybody knows to be true."
        yield blocker(BlockerKind.REHEARSAL, sentence)


def _dependencies(version: SkillVersion, _today: date) -> Iterator[Blocker]:
    for problem in dependency_problems(version):
        if problem.blocks:
            is_cycle = problem.fault is DependencyFault.CYCLE
            yield blocker(BlockerKind.CYCLE if is_cycle else BlockerKind.DEPENDENCY, problem.message)


def _review(version: SkillVersion, today: date) -> Iterator[Blocker]:
    if version.content_kind == "markdown":
        for stop in stops_of_version(version, today=today):
            yield Blocker(BlockerKind.REVIEW, stop.kind.value, stop.sentence, stop.can_override)


CHECKS: list[Check] = [_form, _place, _merged, _standing, _rehearsal, _dependencies, _review]


def is_rehearsal(version: SkillVersion) -> bool:
    """Say whether the rehearsal model wrote the document, as its metadata states."""
    nested = version.front_matter.get("metadata") if isinstance(version.front_matter, dict) else None
    told = {**stated_metadata(version).values, **(nested if isinstance(nested, dict) else {})}
    return str(told.get("rehearsal", "")).strip().lower() == "true"
