"""Reviews that a change-set touches: which verdicts it would make stale, and who is at work there."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Q

from skills_app.domain.change_sets.effect import Effect
from skills_app.domain.change_sets.rows import Kind, Target
from skills_app.domain.change_sets.tree import Tree
from skills_app.domain.reviewing.verdicts import Binding, Stale, binding_from_data, stale_reason
from skills_app.models import Gate, Review, ReviewRequest, Verdict
from skills_app.queries.bindings_elsewhere import BoundVersion, Elsewhere, bindings_elsewhere, known_of_bound
from skills_app.queries.review_grounds import Known

LIBRARY = ""
# The columns of a ``BoundVersion``, of the version that is under review.
_OF_VERSION = (
    "version_id",
    "version__digest",
    "version__number",
    "version__parent_id",
    "version__skill_id",
    "version__skill__key",
    "version__skill__path",
)


@dataclass(frozen=True, slots=True)
class GateNames:
    """The names of gates by the address of the category that each belongs to."""

    gates: Mapping[str, str]
    found: dict[str, str] = field(default_factory=dict)

    def gate_of(self, path: str) -> str:
        """Return the gate that reaches what lives at ``path``; empty for that of the library."""
        branch = path.rpartition("/")[0]
        if branch not in self.found:
            holding = (self.gates[above] for above in _above(path) if above in self.gates)
            self.found[branch] = next(holding, LIBRARY)
        return self.found[branch]


@dataclass(frozen=True, slots=True)
class _Standing:
    """The last verdict of one reviewer in one review, on the version that is under review there."""

    review: int
    reviewer: str
    binding: Binding
    version: BoundVersion


def gates_around(tree: Tree) -> tuple[GateNames, GateNames]:
    """Return the gates at their addresses before and after the changes in ``tree``; those that end have none after."""
    gates = list(Gate.objects.filter(category__isnull=False).values_list("category__key", "name"))
    before, after = (
        GateNames({path: name for key, name in gates if (path := paths(key))})
        for paths in (_before(tree), _after(tree))
    )
    return before, after


def reviews_of(tree: Tree, effect: Effect) -> list[dict[str, Any]]:
    """Return the live reviews of skills that ``effect`` moves or archives, by address.

    Each says the skill's address, the review, and the people at work on it.
    """
    touched = _touched(tree, effect)
    rows = Review.objects.live().values_list("pk", "skill__key", "opened_by__username")
    reviews = {pk: (key, opener) for pk, key, opener in rows if key in touched}
    if not reviews:
        return []
    asked = _people(ReviewRequest, reviews, Q())
    voted = _people(Verdict, reviews, Q(undone_at=None))
    found = []
    for pk, (key, opener) in reviews.items():
        people = {*asked.get(pk, ()), *voted.get(pk, ()), *([opener] if opener else [])}
        found.append({"pk": pk, "skill": touched[key][0], "people": sorted(people)})
    return sorted(found, key=lambda one: (one["skill"], one["pk"]))


def stale_reviews_of(
    tree: Tree, effect: Effect, reviews: Iterable[Mapping[str, Any]], *, today: date
) -> list[dict[str, Any]]:
    """Return those of ``reviews``, as ``reviews_of`` gives them, in which ``effect`` makes a verdict stale.

    Each says beside that whose verdicts would not count any more, and why, as the page of the review will: a verdict is
    bound to the gate and to how its conditions come out, which rules on names and addresses have a part in. A number of
    queries that does not grow with the reviews; only versions with a verdict that counts are judged, and nothing is stored.
    """
    by_pk = {one["pk"]: one for one in reviews}
    standing = _standing(by_pk)
    touched = _touched(tree, effect)
    after = Elsewhere(_after(tree), {key: new for key, (_, new) in touched.items()})
    known = known_of_bound({one.version for one in standing})
    stale = _stale(standing, known, after, today)
    before = Elsewhere(_before(tree), {key: old for key, (old, _) in touched.items()})
    already = {
        (one.review, one.reviewer) for one, _ in _stale([one for one, _ in stale], known, before, today)
    }
    names: dict[int, list[str]] = {}
    reasons: dict[int, dict[str, None]] = {}
    for one, why in stale:
        if (one.review, one.reviewer) not in already:
            names.setdefault(one.review, []).append(one.reviewer)
            reasons.setdefault(one.review, {})[why.sentence] = None
    return [
        {**one, "stale": sorted(names[pk]), "why": " ".join(reasons[pk])}
        for pk, one in by_pk.items()
        if pk in names
    ]


def _touched(tree: Tree, effect: Effect) -> dict[str, tuple[str, str]]:
    """Return the addresses before and after of the skills that move or are written, by their keys."""
    moved = {t.key: pair for t, pair in effect.addresses.items() if t.kind is Kind.SKILL}
    return moved | {key: (tree.path(Kind.SKILL, key),) * 2 for key in effect.homes if key not in moved}


def _standing(reviews: Mapping[int, Any]) -> list[_Standing]:
    """Return the last verdict of each reviewer that was not undone, without those on one's own text, which never count."""
    rows = Verdict.objects.filter(undone_at=None, review__in=list(reviews)).order_by("given_at", "pk")
    last: dict[tuple[int, int | str], tuple[str, Any]] = {}
    for review, person, name, binding in rows.values_list(
        "review_id", "reviewer_id", "reviewer_name", "binding"
    ):
        last[review, person or name] = (name, binding)
    voted = {review for review, _ in last}
    makers = set(Review.makers.through.objects.filter(review__in=voted).values_list("review_id", "user_id"))
    versions = {
        pk: BoundVersion(*columns)
        for pk, *columns in Review.objects.filter(pk__in=voted).values_list("pk", *_OF_VERSION)
    }
    return [
        _Standing(review, name, binding_from_data(binding), versions[review])
        for (review, person), (name, binding) in last.items()
        if (review, person) not in makers
    ]


def _stale(
    standing: Sequence[_Standing], known: Known, elsewhere: Elsewhere, today: date
) -> list[tuple[_Standing, Stale]]:
    versions = {one.version.pk: one.version for one in standing}
    given: dict[int, list[Binding]] = {}
    for one in standing:
        given.setdefault(one.version.pk, []).append(one.binding)
    now = bindings_elsewhere(list(versions.values()), known, elsewhere, given=given, today=today)
    found = ((one, stale_reason(one.binding, now[one.version.pk])) for one in standing)
    return [(one, why) for one, why in found if why is not None]


def _people(model: Any, reviews: Mapping[int, Any], condition: Q) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    rows = model.objects.filter(condition, review__in=list(reviews), reviewer__is_active=True)
    for pk, name in rows.order_by().values_list("review_id", "reviewer__username"):
        found.setdefault(pk, set()).add(name)
    return found


def _before(tree: Tree) -> Callable[[str], str]:
    def path(key: str) -> str:
        target = Target(Kind.CATEGORY, key)
        return tree.first_paths.get(target) or tree.paths.get(target, "")

    return path


def _after(tree: Tree) -> Callable[[str], str]:
    return lambda key: tree.paths.get(Target(Kind.CATEGORY, key), "")


def _above(path: str) -> Iterator[str]:
    """Yield the addresses above ``path``, the nearest first."""
    while path := path.rpartition("/")[0]:
        yield path
