"""Read the versions of a period that both scores and reviewers have judged."""

from django.db.models import Exists, OuterRef

from runs_app.domain.trends.trend_filter import TrendFilter
from runs_app.models import VersionStanding
from runs_app.queries.overview import narrowed
from skills_app.domain.agreement import ReviewedVersion
from skills_app.models import SkillVersion, Verdict
from skills_app.queries.reviewer_agreement import reviewed_versions

MOST = 1_000


def reviewed_in(chosen: TrendFilter, *, has_dimensions: bool = True) -> list[ReviewedVersion]:
    """Return the versions made in a filter's period that have a verdict, at most 1,000, the newest, with all their scores."""
    rows = VersionStanding.objects.filter(
        day__gte=chosen.period.first,
        day__lte=chosen.period.last,
    )
    # Asked of one row after the other, newest first, so that 1,000 are found before most of the verdicts were looked at.
    rows = rows.filter(Exists(Verdict.objects.filter(undone_at=None, version=OuterRef("version"))))
    pks = narrowed(rows, chosen).order_by("-day", "-version_id").values_list("version_id", flat=True)
    return reviewed_versions(list(pks[:MOST]), has_dimensions=has_dimensions)


def named_versions(pks: list[int]) -> dict[int, SkillVersion]:
    """Return versions by key, with their skill and without their text."""
    rows = (
        SkillVersion.objects.filter(pk__in=pks)
        .select_related("skill")
        .defer("content", "front_matter", "metadata")
    )
    return {row.pk: row for row in rows}
