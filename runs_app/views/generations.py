"""Pages of many generations: the list, and the inbox of questions to people."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from fleet_site.access import may, people_who_may, require
from fleet_site.http import render_page
from runs_app.domain.generation_filter import parse_generation_filter
from runs_app.domain.generation_words import GROUP_WORDS
from runs_app.queries.generation_inbox import num_prompts_for, prompts_for_inbox
from runs_app.queries.generations_for_list import generations_for_list


@require_GET
@require("read")
def generation_list(request: HttpRequest) -> HttpResponse:
    """Show one page of generations as the address asks."""
    chosen = parse_generation_filter(request.GET.dict())
    listed = generations_for_list(chosen, user=request.user)
    tabs = [
        (chosen.in_group(group).query(), words, listed.counts[group], chosen.group == group)
        for group, words in ((None, "All"), *GROUP_WORDS.items())
    ]
    context = {
        "chosen": chosen,
        "listed": listed,
        "tabs": tabs,
        "pager_url": _pager_url(chosen.in_group(chosen.group).query()),
    }
    return render_page(request, "runs_app/generation_list.html", context, partial="generation-results")


def _pager_url(query: str) -> str:
    return f"?{query}&page=" if query else "?page="


@require_GET
@require("read")
def generation_inbox(request: HttpRequest) -> HttpResponse:
    """Show every open question that the visitor may answer, oldest first."""
    may_all = may(request.user, "answer_prompts")
    context = {
        "page": prompts_for_inbox(user=request.user, may_answer_all=may_all, page=request.GET.get("page")),
        "people": people_who_may("answer_prompts"),
        "num_mine": num_prompts_for(user=request.user, may_answer_all=may_all),
    }
    return render_page(request, "runs_app/generation_inbox.html", context, partial="inbox")
