"""The list of generations: one page of rows, how many are in each group, and who is waited for."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Prefetch, Q

from runs_app.domain.generation import PromptState
from runs_app.domain.generation_filter import GenerationFilter
from runs_app.domain.generation_words import GROUPS, StatusGroup
from runs_app.models import Generation, GenerationBatch, HumanPrompt
from runs_app.models.generations import GenerationQuerySet

PAGE_SIZE = 50
MOST_CHOICES = 50
_HEAVY = ("request", "options", "result", "failed_raw", "record_message")


@dataclass(frozen=True, slots=True)
class GenerationRow:
    """One line: the generation, and the question that it waits with, if any."""

    generation: Generation
    prompt: HumanPrompt | None


@dataclass(frozen=True, slots=True)
class GenerationList:
    """One page of the list. ``counts`` has every group, and None for all of them."""

    rows: tuple[GenerationRow, ...]
    page: Page
    counts: dict[StatusGroup | None, int]
    models: tuple[str, ...]
    batch: GenerationBatch | None


def generations_for_list(chosen: GenerationFilter, *, user: Any) -> GenerationList:
    """Return the page that ``chosen`` asks for; the number of queries does not depend on the rows."""
    found = _matching(chosen, user)
    by_status = {
        row["status"]: row["number"] for row in found.order_by().values("status").annotate(number=Count("pk"))
    }
    counts: dict[StatusGroup | None, int] = {
        group: sum(by_status.get(status, 0) for status in statuses) for group, statuses in GROUPS.items()
    }
    counts[None] = sum(by_status.values())
    if chosen.group is not None:
        found = found.filter(status__in=GROUPS[chosen.group])
    open_prompts = HumanPrompt.objects.filter(state=PromptState.OPEN).select_related("claimed_by")
    rows = found.select_related("batch", "version__skill", "requested_by").defer(
        *_HEAVY, "version__content", "version__metadata", "version__front_matter"
    )
    rows = rows.prefetch_related(Prefetch("prompts", queryset=open_prompts, to_attr="open_prompts"))
    page = Paginator(rows, PAGE_SIZE).get_page(chosen.page)
    models = Generation.objects.exclude(model="").order_by("model").values_list("model", flat=True).distinct()
    batch = GenerationBatch.objects.filter(key=chosen.batch).first() if chosen.batch else None
    return GenerationList(
        tuple(_row(one) for one in page.object_list), page, counts, tuple(models[:MOST_CHOICES]), batch
    )


def _matching(chosen: GenerationFilter, user: Any) -> GenerationQuerySet:
    found = Generation.objects.all()
    for word in chosen.text.split():
        found = found.filter(
            Q(task__icontains=word) | Q(requested_by_name__icontains=word) | Q(skill__path__icontains=word)
        )
    if chosen.is_mine:
        found = found.filter(requested_by=user)
    if chosen.model:
        found = found.filter(model=chosen.model)
    if chosen.batch:
        found = found.filter(batch__key=chosen.batch)
    return found


def _row(generation: Generation) -> GenerationRow:
    prompts: list[HumanPrompt] = getattr(generation, "open_prompts", [])
    return GenerationRow(generation, prompts[0] if prompts else None)
