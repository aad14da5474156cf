"""What the catalog of a skill, a branch or any list of skills costs an agent."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from fleet_site.access import require
from fleet_site.http import render_page
from skills_app.adapters.tokenizer import count_tokens
from skills_app.domain.budget import CONTEXTS, USUAL_CONTEXT, Fate
from skills_app.domain.skill_filter import parse_skill_filter
from skills_app.queries.catalog_budget import MOST_SHOWN, catalog_budget


@require_GET
@require("read")
def skill_budget(request: HttpRequest) -> HttpResponse:
    """Show the catalog of the list that the address names (or of ``skill=`` keys) under every host's limit."""
    chosen = parse_skill_filter(dict(request.GET.lists()))
    keys = tuple(request.GET.getlist("skill"))[:500]
    raw = request.GET.get("context", "")
    context_size = (
        int(raw) if raw.isascii() and raw.isdigit() and int(raw) in (0, *CONTEXTS) else USUAL_CONTEXT
    )
    found = catalog_budget(chosen, keys=keys, context=context_size, count=count_tokens)
    hosts = []
    for budget in found.hosts:
        ranked = sorted(budget.entries, key=lambda one: (one.fate is Fate.WHOLE, -one.num_tokens))
        width = min(100, round(100 * budget.share))
        hosts.append((budget, ranked[:MOST_SHOWN], max(len(ranked) - MOST_SHOWN, 0), width))
    context = {
        "found": found,
        "hosts": hosts,
        "contexts": (0, *CONTEXTS),
        "context_size": context_size,
        "keys": keys,
        "list_query": chosen.query(),
        "hidden": [
            (name, value) for name, values in request.GET.lists() for value in values if name != "context"
        ],
        "method": count_tokens("a").method,
    }
    return render_page(request, "skills_app/skill_budget.html", context, partial="budget")
