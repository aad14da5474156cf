"""Help with placing: hints from likeness, targets with the reason why not, and names looked at while they are typed."""

from typing import cast
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fleet_site.access import may_somewhere, require
from fleet_site.http import is_fragment, render_page
from skills_app.domain.errors import ChangeDataError
from skills_app.models import Category, Skill
from skills_app.queries.drafted_tree import DraftedPlace, DraftedTree, steps_of_draft
from skills_app.queries.empty_categories import empty_categories_for_page
from skills_app.queries.likely_targets import likely_targets
from skills_app.queries.merge_targets import MIXED, merge_targets
from skills_app.queries.move_targets import move_refusals, move_targets
from skills_app.queries.name_advice import name_advice
from skills_app.queries.placement_help import placement_help
from skills_app.queries.resolve_path import category_at
from skills_app.taxonomy_forms import with_every_found

_LISTS = ("tray", "misplaced", "twins")


@require_GET
@require("read")
def placement(request: HttpRequest) -> HttpResponse:
    """Show skills without a home, in a doubtful one, or there twice, at or below ``?at=`` (a path), and empty categories.

    Each of the lists has pages of its own: ``?tray=``, ``?empty=``, ``?misplaced=`` and ``?twins=``.
    """
    at = request.GET.get("at", "").strip().strip("/")[:512]
    place = category_at(at)
    at = place.path if place else at
    pages = {name: request.GET.get(name, "1") for name in _LISTS}
    known = {"at": at, **pages, **({"empty": request.GET["empty"]} if "empty" in request.GET else {})}
    is_tray_alone = is_fragment(request)
    context = {
        "help": placement_help(branch=at, pages=pages),
        "urls": {
            name: f"{request.path}?{urlencode({n: v for n, v in known.items() if n != name})}&{name}="
            for name in (*_LISTS, "empty")
        },
        "empty": None if is_tray_alone else empty_categories_for_page(request.GET.get("empty")),
        "at": at,
        "is_unknown": bool(at) and place is None,
        "branches": Category.objects.filter(parent=None).values_list("path", flat=True),
        "can_curate": may_somewhere(request.user, "curate"),
        "is_tray_alone": is_tray_alone,
    }
    return render_page(request, "skills_app/taxonomy_placement.html", context, partial="placement-tray")


@require_POST
@require("curate")
def targets(request: HttpRequest) -> HttpResponse:
    """Show where the selection may go, or with ``aim=merge`` what it may merge into; what is impossible is disabled, with the reason.

    It is judged after the steps of one's draft, which this one would join.
    """
    draft = DraftedTree(steps_of_draft(request.user))
    posted, error = _with_every_found(request.POST)
    places, homes = _selected(posted, draft)
    is_merge = request.POST.get("aim") == "merge"
    text = request.POST.get("find", "").strip()[:200]
    chosen, keys = [place.key for place in places], [skill.key for skill in homes]
    if is_merge:
        found, num_more = merge_targets(draft, categories=chosen, skills=keys, text=text)
    else:
        likely = likely_targets(cast(User, request.user), keys) if chosen or keys else {}
        found, num_more = move_targets(draft, categories=chosen, skills=keys, text=text, likely=likely)
    error = error or ("" if places or homes else "Select something in the tree first.")
    context = {
        "places": places,
        "homes": homes,
        "num_selected": len(places) + len(homes),
        "targets": found,
        "num_more": num_more,
        "num_steps": len(draft.operations),
        "find": text,
        "is_merge": is_merge,
        "is_of_skills": is_merge and not places,
        "error": error or (MIXED if is_merge and places and homes else ""),
    }
    status = 422 if context["error"] else 200
    return render_page(request, "skills_app/taxonomy_targets.html", context, status=status)


@require_POST
@require("curate")
def refusals(request: HttpRequest) -> JsonResponse:
    """Say which categories cannot take the selection, and in which others something is in the way, for which there are ways out.

    ``reasons`` and ``hints`` stand by the key of the category, which the top has empty.
    """
    draft = DraftedTree(steps_of_draft(request.user))
    places, homes = _selected(_with_every_found(request.POST)[0], draft)
    reasons, hints = move_refusals(
        draft,
        categories=[place.key for place in places],
        skills=[skill.key for skill in homes],
    )
    return JsonResponse({"reasons": reasons, "hints": hints})


@require_http_methods(["GET", "POST"])
@require("read")
def name_check(request: HttpRequest) -> HttpResponse:
    """Say what speaks against a name (``slug``) where the selection lies, or else in ``target``, while it is typed.

    It is looked at in the tree as one's draft, which the step would join, will leave it. A large selection would not go into
    an address, so the page sends it as a form.
    """
    if not is_fragment(request):
        return redirect("taxonomy:tree")
    asked = _with_every_found(request.POST)[0] if request.method == "POST" else request.GET
    slug = asked.get("slug", "").strip()[:200]
    keys = [*asked.getlist("category"), *asked.getlist("skill")]
    target, under = asked.get("target", "")[:512], asked.get("under", "")[:512]
    draft = DraftedTree(steps_of_draft(request.user))
    advice = name_advice(slug=slug, target=target, under=under, keys=keys, draft=draft) if slug else ""
    return render_page(
        request, "skills_app/_name_advice.html", {"advice": advice, "is_good": slug and not advice}
    )


def _with_every_found(posted: QueryDict) -> tuple[QueryDict, str]:
    """Return the form with all that was found selected, if that is asked for; as it is, and why, where it cannot be."""
    try:
        return with_every_found(posted), ""
    except ChangeDataError as error:
        return posted, str(error)


def _selected(posted: QueryDict, draft: DraftedTree) -> tuple[list[Category | DraftedPlace], list[Skill]]:
    """Return what is selected: categories of today and those that the draft makes, and skills."""
    keys = posted.getlist("category")
    places: list[Category | DraftedPlace] = [*Category.objects.filter(key__in=keys)]
    places += draft.made_places(set(keys) - {place.key for place in places})
    return places, list(Skill.objects.filter(key__in=posted.getlist("skill")))
