"""Two versions to compare: which ones, what was said of each, and their files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from skills_app.domain.diffing import FileState
from skills_app.domain.judging import JUDGE_VERSION
from skills_app.domain.paths import clean_path
from skills_app.models import Finding, QualityAssessment, Skill, SkillVersion, ValidationReport
from skills_app.queries.resolve_path import resolve_path

MOST_CHOICES = 200


@dataclass(frozen=True, slots=True)
class VersionChoice:
    """A version to choose: what the address calls it and what a person reads."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Judgements:
    """What was said of a version: the latest report of each judge with open findings, the latest score of each scorer."""

    reports: dict[str, ValidationReport]
    findings: dict[str, list[Finding]]
    assessments: dict[str, QualityAssessment]


def version_named(name: str, skill: Skill) -> SkillVersion | None:
    """Return the version that an address names, or None.

    ``3`` is a version of ``skill``; ``KEY:3`` and ``path/of/skill:3`` one of another skill, its current one without a
    number. ``current`` is the current version of ``skill``.
    """
    place, has_place, number = name.rpartition(":")
    if not has_place and not (name.isascii() and name.isdigit()) and name != "current":
        place, number = name, "current"
    of = _skill_named(place.strip()) if place.strip() else skill
    if of is None:
        return None
    rows = SkillVersion.objects.select_related("skill__category", "author", "parent").filter(skill=of)
    if number.strip() in ("", "current"):
        return rows.filter(pk=of.current_version_id or 0).first()
    is_number = number.isascii() and number.isdigit() and len(number) < 9
    return rows.filter(number=int(number)).first() if is_number else None


def version_choices(skill: Skill) -> tuple[VersionChoice, ...]:
    """Return the newest versions of a skill to choose from, at most ``MOST_CHOICES``."""
    rows = skill.versions.order_by("-number").values_list("number", "message", "made_at")[:MOST_CHOICES]
    return tuple(
        VersionChoice(str(number), f"{number} – {message[:60] or 'no message'}, {made_at:%d %b %Y}")
        for number, message, made_at in rows
    )


def judgements_of(version: SkillVersion) -> Judgements:
    """Return what was said of a version, of each judge and scorer the latest; three queries."""
    reports: dict[str, ValidationReport] = {}
    rows = version.validation_reports.defer("raw").prefetch_related("findings").order_by("-made_at", "-pk")
    for row in rows:
        if not row.is_own or row.details.get("judge") == JUDGE_VERSION:
            reports.setdefault(row.validator, row)
    scores: dict[str, QualityAssessment] = {}
    # What a sample was given by another judge is for the trends: beside it the other version may have none.
    given = version.quality_assessments.defer("raw").exclude(details__has_key="sample")
    for score in given.order_by("-made_at", "-pk"):
        scores.setdefault(score.scorer, score)
    findings = {
        name: [one for one in row.findings.all() if not one.is_passed] for name, row in reports.items()
    }
    return Judgements(reports, findings, scores)


def states_of_both(base: SkillVersion, head: SkillVersion) -> tuple[list[FileState], list[FileState]]:
    """Return the files of two versions, with the texts of those whose path is in one of them alone; four queries at most.

    The texts tell which of them were renamed and changed; where nothing went or nothing came, none is read.
    """
    old, new = file_states(base), file_states(head)
    before, after = {file.path for file in old}, {file.path for file in new}
    gone, came = before - after, after - before
    if not gone or not came:
        return old, new
    return _with_texts(old, file_texts(base, gone)), _with_texts(new, file_texts(head, came))


def _with_texts(files: Iterable[FileState], texts: Mapping[str, str]) -> list[FileState]:
    return [replace(one, text=texts.get(one.path)) for one in files]


def file_states(version: SkillVersion) -> list[FileState]:
    """Return the files beside a version's document, without their texts."""
    rows = version.files.values_list("path", "digest", "size_bytes", "is_executable").order_by("path")
    return [FileState(path, digest, size, None, is_run) for path, digest, size, is_run in rows]


def file_texts(version: SkillVersion, paths: Iterable[str]) -> dict[str, str]:
    """Return the texts of those of ``paths`` that are text and were kept."""
    rows = version.files.filter(path__in=list(paths), text__isnull=False).values_list("path", "text")
    return {path: text for path, text in rows if text is not None}


def _skill_named(name: str) -> Skill | None:
    found = Skill.objects.filter(key=name[:16]).first() if "/" not in name else None
    if found is None and clean_path(name):
        resolution = resolve_path(name)
        found = resolution.skill if resolution else None
    return found
