"""The list of the versions, generations, active skills, reviews or questions behind a figure."""

from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from fleet_site.access import require
from fleet_site.http import render_page
from runs_app.domain.trends.row_choice import (
    read_question_choice,
    read_review_choice,
    read_run_choice,
    read_skill_choice,
    read_version_choice,
)
from runs_app.queries.trend_rows import SkillRows, VersionRows
from runs_app.queries.trend_run_rows import RunRows
from runs_app.queries.wait_rows import QuestionRows, ReviewRows
from runs_app.views.trends import chosen_of

ROWS_PER_PAGE = 50
# What rows are of, how its choice is read, and how they are.
_READERS: dict[str, Any] = {
    "versions": (read_version_choice, VersionRows),
    "runs": (read_run_choice, RunRows),
    "skills": (read_skill_choice, SkillRows),
    "reviews": (read_review_choice, ReviewRows),
    "questions": (read_question_choice, QuestionRows),
}


@require_GET
@require("read")
def trend_rows(request: HttpRequest) -> HttpResponse:
    """List the versions, generations, skills, reviews or questions behind a figure."""
    chosen = chosen_of(request)
    of = request.GET.get("of", "")
    of = of if of in _READERS else "versions"
    read, rows_of = _READERS[of]
    choice = read(request.GET.dict())
    pairs = [*chosen.pairs(), *choice.pairs()]
    context = {
        "chosen": chosen,
        "choice": choice,
        "of": of,
        "words": [*([chosen.words] if chosen.words else []), *choice.words],
        "page": Paginator(rows_of(chosen, choice), ROWS_PER_PAGE).get_page(request.GET.get("page")),
        "url_for": f"?{urlencode([('of', of), *pairs])}&page=",
        "many_url": f"{reverse('trends:compare_many_versions')}?{urlencode(pairs)}",
    }
    return render_page(request, "runs_app/trend_rows.html", context)
