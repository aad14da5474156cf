"""The tree of places: to look through, to search, and to select what a change-set moves."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from fleet_site.access import may_somewhere, require
from fleet_site.http import render_page
from skills_app.domain.change_sets.operations import Operation, operations_from
from skills_app.domain.errors import ChangeDataError, ChangeNotOpen, ChangeOvertaken
from skills_app.domain.skill_filter import SkillFilter
from skills_app.models import Category, PlacementChange
from skills_app.queries.changes_for_list import steps_of
from skills_app.queries.draft_marks import DraftMarks, drawn_change, marks_of, open_draft, other_open_changes
from skills_app.queries.empty_categories import empty_categories
from skills_app.queries.found_skills import MOST_SELECTED, found_skills
from skills_app.queries.resolve_path import branch_paths
from skills_app.queries.skill_facets import FacetGroup, facets_for_list
from skills_app.queries.taxonomy_tree import (
    CATALOG_TOKENS,
    Look,
    Node,
    Rest,
    branch_nodes,
    found_nodes,
    homes_of,
    more_nodes,
    opened,
    tree_nodes,
    unplaced_nodes,
)
from skills_app.services.draft_change import LEFT_OUT, draft_change
from skills_app.services.draft_steps import leave_step_out, put_step_back
from skills_app.taxonomy_forms import (
    NARROWING,
    read_moment,
    read_operation,
    read_tree_filter,
    with_every_found,
)

# What a form of the tree sends of how the tree is looked at, beside what narrows it.
_LOOK = ("q", "page", "by", "of", "at", "more")


@require_GET
@require("read")
def tree(request: HttpRequest) -> HttpResponse:
    """Show the tree, opened along every ``?at=`` (a path), or what ``?q=`` finds (``?page=``); with what one's draft does drawn in it.

    With ``?of=`` (a key) another open change-set is drawn instead, such as a proposal that one may accept.
    Each ``?more=`` (a path, empty for what has no home) shows more skills of a large category. Facets and the other groups of the list of skills narrow it; ``?by=facets`` offers them to choose from.
    """
    return _tree_page(request, {}, "", 200)


@require_GET
@require("read")
def branch(request: HttpRequest, key: str) -> HttpResponse:
    """Show what lies directly in a category, its skills from ``?from=`` on: the rows alone, or the tree opened there."""
    category = get_object_or_404(Category, key=key)
    if not request.headers.get("X-Tree-Branch"):
        return redirect(f"{request.path.split('branches/')[0]}?at={category.path}")
    look, start = _look_at_rows(request), _start(request)
    return _rows(request, look, more_nodes(category, look, start) if start else branch_nodes(category, look))


@require_GET
@require("read")
def unplaced(request: HttpRequest) -> HttpResponse:
    """Show the skills without a home from ``?from=`` on: the rows alone, or the tree."""
    if not request.headers.get("X-Tree-Branch"):
        return redirect("taxonomy:tree")
    look = _look_at_rows(request)
    return _rows(request, look, more_nodes(None, look, _start(request)))


@require_POST
@require("read")
def look(request: HttpRequest) -> HttpResponse:
    """Show the tree again with more rows of it, or another page of what was found; what is selected stays selected."""
    return _tree_page(request, request.POST.dict(), "", 200)


@require_POST
@require("curate")
def step_add(request: HttpRequest) -> HttpResponse:
    """Add what was asked of the selection to one's draft, and go on to its effect; else say what is missing."""
    user = cast(User, request.user)
    draft = open_draft(user)
    try:
        done = operations_from(draft.operations) if draft else ()
        operation = read_operation(with_every_found(request.POST), done)
        change = draft_change(
            operations=[*done, operation],
            actor=user,
            change=draft,
            title=draft.title if draft else "",
            reason=draft.reason if draft else "",
            as_of=read_moment(request.POST.get("as_of", "")),
        )
    except (ChangeDataError, ChangeNotOpen, ChangeOvertaken) as error:
        return _tree_page(request, request.POST.dict(), str(error), 422)
    messages.success(request, "The step is in your draft. Nothing has moved yet.")
    return redirect(change)


@require_POST
@require("curate")
def step_back(request: HttpRequest) -> HttpResponse:
    """Take the last step out of one's draft, and show the tree as it was looked at; the step can be put back."""

    def take(draft: PlacementChange, user: User) -> Operation:
        return leave_step_out(change=draft, actor=user, number=len(draft.operations) - 1)

    return _step_of_draft(request, take, "Taken out of your draft")


@require_POST
@require("curate")
def step_again(request: HttpRequest) -> HttpResponse:
    """Put the step that was taken out of one's draft last back into it, and show the tree as it was looked at."""
    return _step_of_draft(
        request, lambda draft, user: put_step_back(change=draft, actor=user), "Back in your draft"
    )


def _step_of_draft(
    request: HttpRequest, act: Callable[[PlacementChange, User], Operation], said: str
) -> HttpResponse:
    user = cast(User, request.user)
    draft = open_draft(user)
    if draft is None:
        return _tree_page(request, request.POST.dict(), "You have no draft.", 422)
    try:
        step = act(draft, user)
    except (ChangeDataError, ChangeNotOpen, ChangeOvertaken) as error:
        return _tree_page(request, request.POST.dict(), str(error), 422)
    told = steps_of([step])[0]
    messages.success(request, f"{said}: {': '.join(filter(None, (told.text, ', '.join(told.things))))}.")
    looked_at = QueryDict(mutable=True)
    for name in (*_LOOK, *NARROWING):
        looked_at.setlist(name, request.POST.getlist(name))
    return redirect(f"{reverse('taxonomy:tree')}?{looked_at.urlencode()}".rstrip("?"))


def _look_at_rows(request: HttpRequest) -> Look:
    drawn = _drawn(request, request.GET)
    draft = open_draft(request.user) if "of" in request.GET else drawn
    return Look(marks=_marks(drawn, draft), chosen=read_tree_filter(request.GET))


def _drawn(request: HttpRequest, asked: QueryDict) -> PlacementChange | None:
    return drawn_change(request.user, asked.get("of", "")[:16])


def _kept(chosen: SkillFilter, drawn: PlacementChange | None, draft: PlacementChange | None) -> str:
    """Return the query that shows more of the tree in the same way: what narrows it, and what is drawn in it."""
    of = f"of={drawn.key}" if drawn is not None and drawn != draft else ""
    return "&".join(part for part in (chosen.query(), of) if part)


def _start(request: HttpRequest) -> int:
    return _number(request.GET.get("from", ""), 0)


def _number(text: str, least: int) -> int:
    return max(int(text), least) if text.isascii() and text.isdigit() and len(text) < 8 else least


def _rows(request: HttpRequest, look: Look, found: tuple[tuple[Node, ...], Rest | None]) -> HttpResponse:
    nodes, rest = found
    context = {
        "nodes": nodes,
        "rest": rest,
        "keep_query": _kept(look.chosen, _drawn(request, request.GET), open_draft(request.user)),
        "catalog_tokens": CATALOG_TOKENS,
        "can_curate": may_somewhere(request.user, "curate"),
    }
    return render_page(request, "skills_app/_taxonomy_nodes.html", context)


def _tree_page(request: HttpRequest, typed: Mapping[str, object], error: str, status: int) -> HttpResponse:
    asked = request.POST if request.method == "POST" else request.GET
    query = asked.get("q", "").strip()[:200]
    picked = {*asked.getlist("category"), *asked.getlist("skill")}
    paths = [path.strip("/")[:512] for path in asked.getlist("at")]
    chosen, draft, drawn = read_tree_filter(asked), open_draft(request.user), _drawn(request, asked)
    more = [path.strip("/")[:512] for path in asked.getlist("more")]
    open_paths = opened([*branch_paths(paths), *homes_of(picked)])
    seen = Look(open_paths, _marks(drawn, draft), chosen, Counter(more), frozenset(picked))
    found = found_nodes(query, seen, _number(asked.get("page", ""), 1)) if query else None
    nodes = found.nodes if found else tree_nodes(seen)
    unplaced_ones, unplaced_rest = ((), None) if query else unplaced_nodes(seen)
    is_by_facets = asked.get("by") == "facets" or chosen.is_narrowed
    context = {
        "query": query,
        "nodes": nodes,
        "found": found,
        "num_every": found.num_skills if found else found_skills("", chosen).count(),
        "most_selected": MOST_SELECTED,
        "unplaced": unplaced_ones,
        "num_empty": 0 if query or chosen.is_narrowed else empty_categories().count(),
        "unplaced_rest": unplaced_rest,
        "more": more,
        "chosen": chosen,
        "filter_query": chosen.query(),
        "keep_query": _kept(chosen, drawn, draft),
        "drawn": drawn if drawn != draft else None,
        "others": other_open_changes(request.user, draft),
        "open_paths": sorted(seen.open_paths),
        "is_by_facets": is_by_facets,
        # What curators gave first, then the branches, then what every skill has.
        "facets": _facets(asked, chosen) if is_by_facets else [],
        "catalog_tokens": CATALOG_TOKENS,
        # What is typed on a refused step belongs to the tree that was looked at first.
        "as_of": request.POST.get("as_of") or timezone.now().isoformat(),
        "draft": draft,
        "can_put_back": draft is not None and bool(draft.impact.get(LEFT_OUT)),
        "num_proposed": PlacementChange.objects.filter(status="proposed").count(),
        "can_curate": may_somewhere(request.user, "curate"),
        "typed": typed,
        "picked": picked,
        "error": error,
    }
    return render_page(request, "skills_app/taxonomy_tree.html", context, status=status)


def _facets(asked: QueryDict, chosen: SkillFilter) -> list[FacetGroup]:
    rows = facets_for_list(chosen, rest_of=asked.get("rest_of", ""), page=asked.get("rest"))
    return sorted(rows, key=_facet_order)


def _facet_order(group: FacetGroup) -> tuple[bool, bool]:
    return not group.is_named, group.key != "branch"


def _marks(drawn: PlacementChange | None, draft: PlacementChange | None) -> DraftMarks:
    if drawn is None:
        return DraftMarks()
    url = drawn.get_absolute_url()
    return marks_of(operations_from(drawn.operations), is_own=drawn == draft, url=url)
