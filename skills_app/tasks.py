"""Work for the background: each task calls one service."""

import logging

from celery import shared_task
from django.utils import timezone

from skills_app.domain.errors import PublishingError
from skills_app.services.judge_version import judge_versions
from skills_app.services.settle_promotions import settle_promotions
from skills_app.services.survey_placement import survey_placement

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def judge_due_versions_task() -> None:
    """Judge versions that the present rules have not judged, some hundred at a time; the next call takes the rest."""
    num_judged = judge_versions()
    if num_judged:
        logger.info("judged %s versions", num_judged)


@shared_task(ignore_result=True)
def settle_promotions_task() -> None:
    """Finish or undo what a publisher that ended early had left half done; usually one query finds nothing."""
    try:
        num_settled = settle_promotions()
    except PublishingError as error:
        logger.warning("a publication stays half done: %s", error)
        return
    if num_settled:
        logger.info("settled %s promotions", num_settled)


@shared_task(ignore_result=True)
def survey_placement_task() -> None:
    """Look through a large library for skills to place, if it has changed."""
    row = survey_placement(now=timezone.now())
    if row is not None:
        logger.info("looked at the homes of %s skills in %.0f seconds", row.num_skills, row.seconds)
