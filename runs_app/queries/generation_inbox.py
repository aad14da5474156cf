"""Questions that wait for people: for the inbox, and for the number beside its name."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet

from runs_app.domain.generation import PromptState
from runs_app.models import HumanPrompt

PAGE_SIZE = 50


def open_prompts(*, user: Any, may_answer_all: bool) -> "QuerySet[HumanPrompt]":
    """Return the open questions that ``user`` may answer, oldest first: all of them, or those of own generations."""
    found = HumanPrompt.objects.filter(state=PromptState.OPEN).order_by("asked_at", "pk")
    return found if may_answer_all else found.filter(generation__requested_by=user)


def prompts_for_inbox(*, user: Any, may_answer_all: bool, page: str | None = None) -> Page:
    """Return one page of the open questions, each with its generation and who looks after it."""
    rows = open_prompts(user=user, may_answer_all=may_answer_all)
    rows = rows.select_related("generation__requested_by", "claimed_by")
    rows = rows.defer(
        "generation__request", "generation__result", "generation__options", "generation__failed_raw"
    )
    return Paginator(rows, PAGE_SIZE).get_page(page)


def num_prompts_for(*, user: Any, may_answer_all: bool) -> int:
    """Return how many open questions wait for ``user``: those that nobody else looks after."""
    rows = open_prompts(user=user, may_answer_all=may_answer_all)
    return rows.filter(Q(claimed_by__isnull=True) | Q(claimed_by=user)).count()
