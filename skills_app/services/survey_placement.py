"""Look through a large library for skills to place, so that no page has to."""

import time
from datetime import datetime, timedelta

from django.db.models import Q

from skills_app.domain.placement import survey_data
from skills_app.models import PlacementSurvey
from skills_app.queries.placement_help import MOST_AT_ONCE
from skills_app.queries.placement_texts import library_state, library_survey, num_compared

# A worker that has not come back by then has ended.
GIVEN_UP_AFTER = timedelta(minutes=30)
# A library that changes all the time is looked at during at most this share of the time.
_SHARE = 20


def survey_placement(*, now: datetime, is_forced: bool = False) -> PlacementSurvey | None:
    """Look at the whole library if it has changed, and keep what was found; return the row, or None when nothing was due.

    A library of at most ``MOST_AT_ONCE`` skills needs none: its page looks itself. Only one worker looks at a time.
    """
    state = library_state()
    row, _ = PlacementSurvey.objects.get_or_create(pk=1)
    if not is_forced and (row.state == state or not _is_due(row, now) or num_compared() <= MOST_AT_ONCE):
        return None
    free = Q(begun_at=None) | Q(begun_at__lt=now - GIVEN_UP_AFTER)
    if PlacementSurvey.objects.filter(free, pk=row.pk).update(begun_at=now) != 1:
        return None
    began = time.perf_counter()
    try:
        found, num_skills = library_survey()
    finally:
        PlacementSurvey.objects.filter(pk=row.pk).update(begun_at=None)
    row.state, row.found, row.num_skills = state, survey_data(found), num_skills
    row.seconds, row.computed_at, row.begun_at = time.perf_counter() - began, now, None
    row.save()
    return row


def _is_due(row: PlacementSurvey, now: datetime) -> bool:
    return row.computed_at is None or now - row.computed_at >= timedelta(seconds=_SHARE * row.seconds)
