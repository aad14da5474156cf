"""Where a selection may be moved to, and why not elsewhere."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from skills_app.domain.change_sets.applying import refusal_of
from skills_app.domain.change_sets.operations import Move
from skills_app.domain.change_sets.rows import TOP, Kind, Target
from skills_app.domain.change_sets.tree import Tree
from skills_app.domain.paths import is_path
from skills_app.queries.drafted_tree import DraftedPlace, DraftedTree
from skills_app.queries.one_files import StayingPut

MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class StepTarget:
    """A category or skill: how a form names it, its path (``/`` for the top), and why the selection cannot go there, empty when it can.

    ``hint`` says what is in the way there though there are ways out; ``note`` what the draft that the step joins does with it.
    ``label`` says why it stands on top of the list.
    """

    value: str
    path: str
    title: str
    reason: str = ""
    note: str = ""
    hint: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class _Selection:
    """What is to be moved, looked at once, so that each of thousands of targets is judged by a few look-ups.

    ``homes`` are the keys of the categories in which it lies, ``taken`` an address in the way for each path that has one
    below it, with its holder; ``worst`` is the last segment that is the first to make an address impossible;
    ``staying`` tells what of it has to stay where one-file skills are found.
    """

    categories: tuple[str, ...]
    homes: frozenset[str]
    taken: dict[str, tuple[str, Target]]
    worst: str
    staying: StayingPut


def move_targets(
    draft: DraftedTree,
    *,
    categories: Sequence[str],
    skills: Sequence[str],
    text: str = "",
    likely: Mapping[str, str] | None = None,
) -> tuple[list[StepTarget], int]:
    """Return the top and the categories with ``text`` in path or title, each with its reason, and how many are not shown.

    Those with a key in ``likely`` that can take the selection stand first, in that order, each with its label. All is judged as it will be after the steps of ``draft``.
    """
    found, labels = draft.places_with(text), likely or {}
    top = [DraftedPlace(TOP, "/", "/", "The top", "")] if not text.strip() else []
    judge = _Judge(draft, categories, skills)
    by_key = {one.key: one for one in found if one.key in labels}
    tried = [(by_key[key], *judge.judge(key)) for key in labels if key in by_key]
    first = [(one, reason, hint) for one, reason, hint in tried if not reason]
    above = {one.key for one, _, _ in first}
    rest = [one for one in found if one.key not in above]
    judged = [*first, *((one, *judge.judge(one.key)) for one in [*top, *rest[:MOST_SHOWN]])]
    targets = [
        StepTarget(
            one.value,
            one.path,
            one.title,
            reason,
            one.note,
            hint,
            labels[one.key] if one.key in above else "",
        )
        for one, reason, hint in judged
    ]
    return targets, max(len(rest) - MOST_SHOWN, 0)


def move_refusals(
    draft: DraftedTree, *, categories: Sequence[str], skills: Sequence[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return by the key of a category why it cannot take the selection, and what is in the way in others; the top has an empty key."""
    judge = _Judge(draft, categories, skills)
    keys = (TOP, *(one.key for one in draft.places_with("")))
    judged = {key: judge.judge(key) for key in keys}
    reasons = {key: reason for key, (reason, _) in judged.items() if reason}
    return reasons, {key: hint for key, (_, hint) in judged.items() if hint}


class _Judge:
    """Says of one category after the other why a selection cannot go there."""

    def __init__(self, draft: DraftedTree, categories: Sequence[str], skills: Sequence[str]) -> None:
        self.draft = draft
        self.ended = " ".join(draft.endings(categories, skills))
        self.selection = _selection(draft.tree, categories, skills) if not self.ended else None

    def judge(self, key: str) -> tuple[str, str]:
        """Return why nothing would help, or else what is in the way there; two empty texts when nothing is.

        A name that is taken is no reason, for the draft offers ways out.
        """
        ending = self.draft.ending_of(Kind.CATEGORY, key)
        if self.selection is None or ending:
            return self.ended or ending, ""
        if reason := _reason(self.draft.tree, key, self.selection):
            return reason, ""
        return "", _hint(self.selection, self.draft.tree.path(Kind.CATEGORY, key))


def _selection(tree: Tree, categories: Sequence[str], skills: Sequence[str]) -> _Selection:
    chosen = [(Target(Kind.CATEGORY, key), tree.places[key].slug) for key in categories]
    chosen += [(Target(Kind.SKILL, key), tree.homes[key].slug) for key in skills]
    by_slug: dict[str, set[Target]] = {}
    for target, slug in chosen:
        by_slug.setdefault(slug, set()).add(target)
    unsafe = next((slug for slug in by_slug if not is_path(slug)), "")
    return _Selection(
        tuple(categories),
        frozenset(
            [*(tree.places[key].parent for key in categories), *(tree.homes[key].category for key in skills)]
        ),
        _taken(tree, by_slug),
        unsafe or max(by_slug, key=len, default=""),
        StayingPut(tree, categories, skills),
    )


def _taken(tree: Tree, by_slug: dict[str, set[Target]]) -> dict[str, tuple[str, Target]]:
    taken: dict[str, tuple[str, Target]] = {}
    for path in _addresses(tree):
        above, _, slug = path.rpartition("/")
        holder = tree.resolve(path) if slug in by_slug else None
        if holder is not None and by_slug[slug] - {holder}:
            taken[above] = min((path, holder), taken.get(above, (path, holder)))
    return taken


def _addresses(tree: Tree) -> Iterable[str]:
    yield from tree.paths.values()
    yield from tree.ids
    yield from tree.aliases


def _hint(selection: _Selection, above: str) -> str:
    if above not in selection.taken:
        return ""
    path, holder = selection.taken[above]
    return f"{path} is taken: a {holder.kind.value} answers there. Your draft will offer ways out."


def _reason(tree: Tree, key: str, selection: _Selection) -> str:
    refusal = refusal_of(tree, Move(key, selection.categories))
    if refusal is not None:
        return refusal.message
    if selection.homes == {key}:
        return "It is there already."
    above = tree.path(Kind.CATEGORY, key)
    if stays := selection.staying.reason(above):
        return stays
    path = f"{above}/{selection.worst}".lstrip("/")
    return "" if is_path(path) else f"{path[:80]} would be too long or too deep."
