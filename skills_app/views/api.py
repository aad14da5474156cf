"""The JSON API: skills and categories by any address that they have or had, and the list of skills. It only reads."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from fleet_site.api import ApiProblem, api_view, json_response, moved
from skills_app.adapters.tokenizer import count_tokens
from skills_app.domain.enums import ReportStatus, SkillStatus, VersionOrigin
from skills_app.domain.skill_filter import (
    GROUPS,
    MAX_QUERY_CHARS,
    MAX_VALUES,
    QualityBand,
    SkillFilter,
    SkillSort,
    parse_skill_filter,
)
from skills_app.models import Category, Skill
from skills_app.queries.api_categories import category_for_api
from skills_app.queries.api_skills import category_url, rows_for_api, skill_for_api, skill_url
from skills_app.queries.resolve_path import category_at, resolve_path
from skills_app.queries.skill_page import skill_by_key
from skills_app.queries.skills_for_list import NO_VALUE, skills_for_list
from skills_app.services.judge_version import judge_version

PARAMETERS = ("q", *GROUPS, "facet", "sort", "page")
_WORDS = {
    "status": tuple(SkillStatus),
    "origin": (*VersionOrigin, NO_VALUE),
    "report": (*ReportStatus, NO_VALUE),
    "band": tuple(QualityBand),
}
_DEMANDS = {
    "q": f"It has at most {MAX_QUERY_CHARS} characters.",
    "page": "It is a number from 1.",
    "sort": f"It is one of {', '.join(SkillSort)}.",
    "facet": f"Each is written as name:value, and at most {MAX_VALUES} are taken.",
    **{name: f"Each is one of {', '.join(words)}." for name, words in _WORDS.items()},
}


@api_view
def skill(request: HttpRequest, path: str) -> HttpResponse:
    """Return a skill by its path; an old address leads to where it is now, for good."""
    _need_no_parameters(request)
    address = path.strip("/")
    found = resolve_path(address)
    if found is None or found.skill is None:
        raise _no_skill(request, address, found.category if found else None)
    if found.path != address:
        return moved(found.path, request.build_absolute_uri(skill_url(found.path)))
    whole = _judged(skill_by_key(found.skill.key))
    if whole is None:
        raise _no_skill(request, address, None)
    return json_response(
        skill_for_api(whole, today=timezone.localdate(), count=count_tokens, link=request.build_absolute_uri)
    )


@api_view
def category(request: HttpRequest, path: str) -> HttpResponse:
    """Return a category by its path; an old address leads to where it is now, for good."""
    _need_no_parameters(request)
    address = path.strip("/")
    place = category_at(address)
    if place is None:
        found = resolve_path(address)
        place = found.category if found else None
        if place is None:
            raise _no_category(request, address, is_skill=found is not None)
    if place.path != address:
        return moved(place.path, request.build_absolute_uri(category_url(place.path)))
    return json_response(category_for_api(place, link=request.build_absolute_uri))


@api_view
def skills(request: HttpRequest) -> HttpResponse:
    """Return one page of the list of skills, narrowed and ordered by the same words as the list on the site."""
    chosen = _filter(request)
    page = skills_for_list(chosen)
    if page.number != chosen.page:
        raise _bad("page", f"There is no page {chosen.page}; the last one is {page.num_pages}.")

    def at(number: int) -> str | None:
        if not 1 <= number <= page.num_pages:
            return None
        query = page.filter.on_page(number).query()
        address = reverse("api:skills")
        return request.build_absolute_uri(f"{address}?{query}" if query else address)

    return json_response(
        {
            "total": page.total,
            "page": page.number,
            "num_pages": page.num_pages,
            "page_size": page.size,
            "next": at(page.number + 1),
            "previous": at(page.number - 1),
            "results": rows_for_api([row.skill for row in page.rows], link=request.build_absolute_uri),
        }
    )


@api_view
def nothing(request: HttpRequest, path: str) -> HttpResponse:
    """Say that there is nothing at this address, and what there is."""
    raise ApiProblem(404, f"There is nothing at '{path[:200]}'.", _see_docs(request))


def _judged(skill: Skill | None) -> Skill | None:
    """Return a skill as it is once our rules have judged its current version and the one before, as on its page."""
    version = skill.current_version if skill else None
    if skill is None or version is None:
        return skill
    version.skill = skill
    is_new = judge_version(version=version)
    if version.parent is not None:
        version.parent.skill = skill
        judge_version(version=version.parent)
    return skill_by_key(skill.key) if is_new else skill


def _filter(request: HttpRequest) -> SkillFilter:
    """Return the filter in the address, or a 400 that names the parameter that cannot be used: none is passed over."""
    asked = dict(request.GET.lists())
    for name, values in asked.items():
        if name not in PARAMETERS:
            raise _bad(
                name[:100], f"'{name[:100]}' is no parameter of this list; use {', '.join(PARAMETERS)}."
            )
        demand = _DEMANDS.get(name, f"At most {MAX_VALUES} values are taken.")
        if parse_skill_filter({name: values, **({"q": ["x"]} if name == "sort" else {})}).problems:
            raise _bad(name, f"The value of '{name}' cannot be used. {demand}")
        if name != "q" and not all(value.strip() for value in values):
            raise _bad(name, f"'{name}' has no value. Leave it out, or give it one.")
        if not set(values) <= set(_WORDS.get(name, values)):
            raise _bad(name, f"The value of '{name}' cannot be used. {demand}")
    for path in asked.get("branch", []):
        if path != NO_VALUE and category_at(path) is None:
            raise _bad("branch", f"No branch is or was at '{path[:200]}'.")
    branches = [path.strip("/") for path in asked.get("branch", [])]
    return parse_skill_filter({**asked, **({"branch": branches} if branches else {})})


def _need_no_parameters(request: HttpRequest) -> None:
    for name in request.GET:
        raise _bad(name[:100], f"'{name[:100]}' is no parameter of this address; it takes none.")


def _bad(parameter: str, message: str) -> ApiProblem:
    return ApiProblem(
        400,
        message,
        "Mend the parameter and ask again; /docs/reference/api/ lists them.",
        parameter=parameter,
    )


def _no_skill(request: HttpRequest, address: str, place: Category | None) -> ApiProblem:
    if place is not None:
        url = request.build_absolute_uri(category_url(place.path))
        return ApiProblem(404, f"A category is at '{address[:200]}', and no skill.", f"Ask for {url}.")
    url = request.build_absolute_uri(f"{reverse('api:skills')}?q=")
    return ApiProblem(404, f"No skill is or was at '{address[:200]}'.", f"Search for its name: {url}NAME.")


def _no_category(request: HttpRequest, address: str, *, is_skill: bool) -> ApiProblem:
    if is_skill:
        url = request.build_absolute_uri(skill_url(address))
        return ApiProblem(404, f"A skill is at '{address[:200]}', and no category.", f"Ask for {url}.")
    url = request.build_absolute_uri(reverse("taxonomy:tree"))
    return ApiProblem(404, f"No category is or was at '{address[:200]}'.", f"The tree shows all: {url}.")


def _see_docs(request: HttpRequest) -> str:
    url = request.build_absolute_uri(reverse("site:docs", args=["reference/api"]))
    return f"The addresses of the API are listed at {url}."
