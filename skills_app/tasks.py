"""Work for the background: each task calls one service."""

import logging

from celery import shared_task

from skills_app.services.judge_version import judge_versions

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def judge_due_versions_task() -> None:
    """Judge versions that the present rules have not judged, some hundred at a time; the next call takes the rest."""
    num_judged = judge_versions()
    if num_judged:
        logger.info("judged %s versions", num_judged)
