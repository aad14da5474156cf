"""Change-sets: what one would do, applying it, asking for consent, undoing it, and the history of all."""

from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from fleet_site.access import may, may_somewhere, refusal, require
from fleet_site.http import is_fragment, render_page
from skills_app.domain.change_sets.operations import Act, MergeCategories, Operation, operations_from
from skills_app.domain.change_sets.states import OPEN, ChangeStatus
from skills_app.domain.errors import (
    ChangeConflicts,
    ChangeDataError,
    ChangeNotOpen,
    ChangeOvertaken,
    PublishingError,
)
from skills_app.models import Category, PlacementChange
from skills_app.queries.change_addresses import addresses_for_page
from skills_app.queries.change_branches import branches_of
from skills_app.queries.changes_for_list import (
    Step,
    changes_for_list,
    endings_of,
    people_of_changes,
    steps_of,
)
from skills_app.queries.changes_since import changes_since
from skills_app.queries.draft_marks import open_draft
from skills_app.queries.drafted_tree import DraftedTree
from skills_app.queries.impact_tables import impact_tables, page_url
from skills_app.queries.merged_skills import MergedSkills, merged_skills
from skills_app.queries.name_advice import choice_advice
from skills_app.queries.other_changes import other_changes_for_list
from skills_app.services.apply_change import accept_change, apply_change, undo_change
from skills_app.services.draft_change import (
    LEFT_OUT,
    consents_missing,
    draft_again,
    draft_change,
    drop_change,
    note_changes_seen,
    pick_up_draft,
    preview_change,
    propose_change,
)
from skills_app.services.draft_steps import leave_step_out, put_step_back
from skills_app.services.tell_of_change import note_seen
from skills_app.taxonomy_forms import read_choice, read_moment


@require_GET
@require("read")
def change_list(request: HttpRequest) -> HttpResponse:
    """Show the history: change-sets but drafts, and what others changed, of a branch (``?branch=``) or a person (``?person=``)."""
    branch = request.GET.get("branch", "").strip().strip("/")[:512]
    person = request.GET.get("person", "").strip()[:150]
    rows = changes_for_list(branch=branch, person=person, page=request.GET.get("page"))
    others = other_changes_for_list(branch=branch, person=person, page=request.GET.get("others"))
    chosen = {name: value for name, value in (("branch", branch), ("person", person)) if value}
    context = {
        "rows": rows,
        "others": others,
        "branch": branch,
        "person": person,
        "branches": Category.objects.filter(parent=None).values_list("path", flat=True),
        "people": people_of_changes(),
        "rows_url": f"?{urlencode({**chosen, 'others': others.number})}&page=",
        "others_url": f"?{urlencode({**chosen, 'page': rows.number})}&others=",
    }
    return render_page(request, "skills_app/taxonomy_changes.html", context)


@require_GET
@require("read")
def change_detail(request: HttpRequest, key: str) -> HttpResponse:
    """Show the steps of a change-set, what is in their way, and what they mean; an open one is tried anew."""
    change = _change(key)
    note_seen(change=change, person=cast(User, request.user))
    return _page(request, change, 200)


@require_POST
@require("curate")
def change_steps(request: HttpRequest, key: str) -> HttpResponse:
    """Keep title and reason of one's own draft; take a way out, leave a step out or put it back, or choose for a merged skill."""
    change, user = _own(request, key), cast(User, request.user)
    operations = list(operations_from(change.operations))
    way, number = request.POST.get("way", ""), request.POST.get("leave_out", "")
    chosen = request.POST.get("choose", "")
    if way:
        operations = _mended(change, operations, way)
    elif number.isascii() and number.isdigit() and int(number) < len(operations):
        return _do(
            request,
            change,
            lambda: leave_step_out(change=change, actor=user, number=int(number)),
            "Left out. It can be put back.",
        )
    elif request.POST.get("put_back") and change.impact.get(LEFT_OUT):
        return _do(request, change, lambda: put_step_back(change=change, actor=user), "Put back.")
    elif chosen.isascii() and chosen.isdigit() and int(chosen) < len(operations):
        try:
            number_of = int(chosen)
            operations[number_of] = read_choice(request.POST, operations[number_of], operations[:number_of])
        except ChangeDataError as error:
            messages.error(request, str(error))
            return _page(request, change, 422)
    title, reason = request.POST.get("title", change.title), request.POST.get("reason", change.reason)
    return _do(
        request,
        change,
        lambda: draft_change(operations=operations, actor=user, change=change, title=title, reason=reason),
        "Kept.",
    )


@require_POST
@require("curate")
def change_pick_up(request: HttpRequest, key: str) -> HttpResponse:
    """Go on with one's own open change-set in the tree: the next steps are added to it."""
    change, user = _own(request, key), cast(User, request.user)
    try:
        pick_up_draft(change=change, actor=user)
    except (ChangeNotOpen, ChangeOvertaken) as error:
        messages.error(request, str(error))
        return _page(request, _change(key), 409)
    return redirect("taxonomy:tree")


@require_POST
@require("curate")
def change_seen(request: HttpRequest, key: str) -> HttpResponse:
    """Note that the author of an open change-set knows what others changed, as far as the page told it (``until``)."""
    change = _own(request, key)
    if until := read_moment(request.POST.get("until", "")):
        note_changes_seen(change=change, until=until)
    return redirect(change)


@require_GET
@require("curate")
def choice_check(request: HttpRequest, key: str) -> HttpResponse:
    """Say what speaks against a new name for one skill of a merge of one's own draft, while it is typed."""
    change = _own(request, key)
    if not is_fragment(request):
        return redirect(change)
    step, slug = request.GET.get("step", ""), request.GET.get("choice_value", "").strip()[:200]
    numbered = {str(number): one for number, one in enumerate(operations_from(change.operations))}
    merge, advice, is_good = numbered.get(step), "", False
    if isinstance(merge, MergeCategories) and slug and request.GET.get("choice_act") == Act.RENAME:
        draft = DraftedTree(tuple(numbered.values())[: int(step)])
        advice = choice_advice(merge=merge, skill=request.GET.get("choice_skill", ""), slug=slug, draft=draft)
        is_good = not advice
    return render_page(request, "skills_app/_choice_advice.html", {"advice": advice, "is_good": is_good})


@require_POST
@require("curate")
def change_apply(request: HttpRequest, key: str) -> HttpResponse:
    """Apply one's own draft where one may curate every branch that it touches."""
    change = _own(request, key)
    missing = [path for path in _branches(change) if not may(request.user, "curate", branch=path)]
    if missing:
        raise PermissionDenied(refusal("curate", branch=missing[0] or "the top"))
    digest, user = _shown_digest(request, change), cast(User, request.user)
    return _do(
        request, change, lambda: apply_change(change=change, actor=user, expected_digest=digest), "Applied."
    )


@require_POST
@require("curate")
def change_propose(request: HttpRequest, key: str) -> HttpResponse:
    """Ask those who curate the branches that one may not change."""
    change, user = _own(request, key), cast(User, request.user)
    mine = [path for path in _branches(change) if may(user, "curate", branch=path)]
    return _do(
        request, change, lambda: propose_change(change=change, actor=user, may_curate=mine), "Proposed."
    )


@require_POST
@require("curate")
def change_accept(request: HttpRequest, key: str) -> HttpResponse:
    """Consent to a proposal for the branches that one curates; with the last consent it is applied."""
    change, user = _change(key), cast(User, request.user)
    branches = _branches(change)
    mine = [path for path in branches if may(user, "curate", branch=path)]
    if not mine:
        raise PermissionDenied(refusal("curate", branch=", ".join(path or "the top" for path in branches)))
    digest = _shown_digest(request, change)
    return _do(
        request,
        change,
        lambda: accept_change(change=change, actor=user, may_curate=mine, expected_digest=digest),
        "Accepted.",
    )


@require_POST
@require("curate")
def change_drop(request: HttpRequest, key: str) -> HttpResponse:
    """Give up one's own open change-set; a proposal may be turned down by who curates one of its branches."""
    change, user = _change(key), cast(User, request.user)
    is_owner = any(may(user, "curate", branch=path) for path in _branches(change))
    if change.author_id != user.pk and not (change.status != ChangeStatus.DRAFT and is_owner):
        raise PermissionDenied("Only its author, or who curates one of its branches, may drop a change-set.")
    reason = request.POST.get("reason", "")
    return _do(request, change, lambda: drop_change(change=change, actor=user, reason=reason), "Dropped.")


@require_POST
@require("curate")
def change_undo(request: HttpRequest, key: str) -> HttpResponse:
    """Undo an applied change-set where one may curate every branch that it touched."""
    change, user = _change(key), cast(User, request.user)
    missing = [path for path in _branches(change) if not may(user, "curate", branch=path)]
    if missing:
        raise PermissionDenied(refusal("curate", branch=missing[0] or "the top"))
    reason = request.POST.get("reason", "").strip()
    return _do(request, change, lambda: undo_change(change=change, actor=user, reason=reason), "Undone.")


@require_POST
@require("curate")
def change_again(request: HttpRequest, key: str) -> HttpResponse:
    """Copy the steps of a change-set that was undone into a new draft of one's own."""
    change, user = _change(key), cast(User, request.user)
    if change.status != ChangeStatus.UNDONE:
        messages.error(request, "Only what was undone is drafted again.")
        return _page(request, change, 409)
    draft = draft_again(change=change, actor=user)
    messages.success(request, "The steps are in a new draft of yours. Nothing has moved yet.")
    return redirect(draft)


def _do(request: HttpRequest, change: PlacementChange, step: Callable[[], object], said: str) -> HttpResponse:
    """Do it and show the change-set again; when it cannot be done, say why and keep the work."""
    try:
        step()
    except ChangeDataError as error:
        messages.error(request, str(error))
        return _page(request, _change(change.key), 422)
    except (ChangeConflicts, ChangeOvertaken, ChangeNotOpen, PublishingError) as error:
        messages.error(request, str(error))
        return _page(request, _change(change.key), 409)
    messages.success(request, said)
    return redirect(change)


def _page(request: HttpRequest, change: PlacementChange, status: int) -> HttpResponse:
    user = cast(User, request.user)
    operations = operations_from(change.operations)
    preview = preview_change(change=change) if change.status in OPEN else None
    since = changes_since(change, preview) if preview is not None else []
    find = request.GET.get("address", "").strip()[:200]
    addresses = addresses_for_page(change, preview, text=find, page=request.GET.get("addresses"))
    conflicts = change.impact.get("conflicts", []) if change.status in OPEN else []
    branches = _branches(change)
    missing = [path for path in branches if not may(user, "curate", branch=path)]
    is_mine = change.author_id == user.pk and change.status in OPEN
    context = {
        "change": change,
        "steps": _steps(request, operations, is_mine),
        "left_out": _left_out(change) if is_mine else None,
        "impact": change.impact,
        "addresses": addresses,
        "num_addresses": sum(change.impact.get(name) or 0 for name in ("num_skills", "num_categories")),
        "address": find,
        "addresses_url": page_url(request.GET, "addresses"),
        "tables": impact_tables(change, preview, request.GET),
        "is_looking": bool(find) or "addresses" in request.GET,
        "told": [one for one in change.impact.get("told", []) if one["name"] != user.get_username()],
        "conflicts": conflicts,
        "is_empty": not change.branches,
        "since": since,
        "since_until": since[-1].at.isoformat() if since else "",
        "is_open": change.status in OPEN,
        "is_mine": is_mine,
        "is_picked_up": is_mine and change.status == ChangeStatus.DRAFT and open_draft(user) == change,
        "missing": missing,
        "waiting_for": consents_missing(change) if change.status == ChangeStatus.PROPOSED else [],
        "can_accept": change.status == ChangeStatus.PROPOSED and len(missing) < len(branches),
        "ending": endings_of([change]).get(change.key),
        "can_draft_again": change.status == ChangeStatus.UNDONE and may_somewhere(user, "curate"),
        "can_undo": change.status == ChangeStatus.APPLIED and not missing,
    }
    return render_page(request, "skills_app/taxonomy_change.html", context, status=status)


def _steps(
    request: HttpRequest, operations: tuple[Operation, ...], is_mine: bool
) -> list[tuple[Step, MergedSkills | None, bool]]:
    """Return each step in words, the skills of a merge of one's own draft, and whether they are searched (``?find=``)."""
    searched, text = request.GET.get("step", ""), request.GET.get("find", "").strip()[:200]
    rows = []
    for number, (words, one) in enumerate(zip(steps_of(operations), operations, strict=True)):
        finds, merged = searched == str(number), None
        if is_mine and isinstance(one, MergeCategories):
            merged = merged_skills(one, text=text if finds else "")
        rows.append((words, merged, finds))
    return rows


def _left_out(change: PlacementChange) -> Step | None:
    """Return in words the step that was taken out of an open change-set last, None where none was."""
    rows: list[dict[str, Any]] = change.impact.get(LEFT_OUT, [])
    return steps_of(operations_from([rows[-1]["step"]]))[0] if rows else None


def _mended(change: PlacementChange, operations: list[Operation], way: str) -> list[Operation]:
    """Return the operations with that of a conflict replaced as one of its ways out says (``conflict-way``, from 0)."""
    first, _, second = way.partition("-")
    conflicts: list[dict[str, Any]] = change.impact.get("conflicts", [])
    try:
        conflict = conflicts[int(first)]
        chosen = conflict["ways_out"][int(second)]
    except (ValueError, IndexError):
        return operations
    at = conflict["operation"]
    return [*operations[:at], *operations_from(chosen["instead"]), *operations[at + 1 :]]


def _branches(change: PlacementChange) -> list[str]:
    """Return the paths at which the branches of a change-set are now (empty: the top)."""
    return sorted({branch.path for branch in branches_of([change])[change.pk]})


def _shown_digest(request: HttpRequest, change: PlacementChange) -> str:
    """Return the digest that a form sends when it is the one last shown, whose branches are those kept; else nothing."""
    digest = request.POST.get("digest", "")
    return digest if digest == change.digest else ""


def _change(key: str) -> PlacementChange:
    return get_object_or_404(PlacementChange.objects.defer("effect", "kept", "tables"), key=key)


def _own(request: HttpRequest, key: str) -> PlacementChange:
    change = _change(key)
    if change.author_id != request.user.pk:
        raise PermissionDenied("Only its author may change a change-set. Make one of your own.")
    return change
