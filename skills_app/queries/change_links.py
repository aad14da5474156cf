"""What a change-set means for links between skills: where they lead once it is applied, and which circles they close."""

from collections.abc import Iterable, Iterator, Sequence

from skills_app.domain.change_sets.circles import circles_closed, leading_to
from skills_app.domain.change_sets.conflicts import Conflict, circle_conflict
from skills_app.domain.change_sets.effect import Effect, effect_of, folds_of
from skills_app.domain.change_sets.operations import MergeSkills, Operation
from skills_app.domain.change_sets.rows import Kind
from skills_app.domain.change_sets.tree import Tree
from skills_app.domain.enums import DependencyKind
from skills_app.models import SkillDependency
from skills_app.queries.change_exports import rows_of
from skills_app.queries.drafted_tree import DraftedTree
from skills_app.queries.taxonomy_rows import TaxonomyRows

_CHUNK = 5_000


def links_of(tree: Tree, effect: Effect) -> Iterator[dict[str, str]]:
    """Yield the dependencies and ``see_also`` that lead to a skill whose address changes, and where each leads then.

    Those to a skill that another stands in for lead to that one; its own link to what it stands in for stays.
    """
    skills = {t.key: pair for t, pair in effect.addresses.items() if t.kind is Kind.SKILL}
    folds = folds_of(tree, effect)
    for rows in rows_of(SkillDependency.objects.all(), "target__", skills):
        # Sorted here: a database takes twice as long for it, and each in an order of its own.
        values = rows.order_by().values_list(
            "skill__path", "target_path", "pk", "skill__key", "kind", "target__key"
        )
        for path, written, _, source, kind, key in sorted(values):
            if key in skills:
                heir = folds.get(key, source)
                now = skills[key][1] if heir == source else tree.path(Kind.SKILL, heir)
                yield {"skill": path, "kind": kind, "written": written, "now": now}


def circles_of(rows: TaxonomyRows, operations: Sequence[Operation], effect: Effect) -> Iterator[Conflict]:
    """Yield a conflict for each skill whose merge closes a circle of required skills that was not there before.

    ``effect`` is in the tree of ``rows`` already and not in the tables yet. Without a merge of skills nothing is read; with
    one, a query for each 5,000 merged skills, and one of all required links if somebody requires one of them.
    """
    heirs = folds_of(rows.tree, effect)
    links = _required_links(rows, heirs)
    for key, circle in circles_closed(links, heirs).items():
        if conflict := circle_conflict(rows.tree, operations, key, circle):
            yield conflict


def circles_of_merges(draft: DraftedTree, sources: Sequence[str], targets: Sequence[str]) -> dict[str, str]:
    """Return for each of ``targets`` into which no merge of the skills ``sources`` may go, in words, the circle that it would close.

    All are keys. Links lead where the steps of ``draft`` let them lead. Queries as ``circles_of``.
    """
    rows = draft.rows
    pairs = _required_links(rows, sources)
    if not pairs:
        return {}
    folds = folds_of(rows.tree, effect_of(rows.tree)) if draft.operations else {}
    links = {(a, folds.get(b, b)) for a, b in pairs if folds.get(b, b) != a}
    chosen = set(sources)
    near = leading_to(links, {a for a, b in links if b in chosen}) | chosen
    links = {(a, b) for a, b in links if a in near and b in near}
    found: dict[str, str] = {}
    for target in targets:
        if target in near and target not in chosen:
            closed = circles_closed(links, dict.fromkeys(sources, target))
            merge = (MergeSkills(tuple(sources), target),)
            told = (circle_conflict(rows.tree, merge, key, circle) for key, circle in closed.items())
            found[target] = " ".join(one.message for one in told if one)
    return {target: words for target, words in found.items() if words}


def _required_links(rows: TaxonomyRows, gone: Iterable[str]) -> list[tuple[str, str]]:
    """Return who requires whom, by keys: every such link when one leads to a skill of ``gone``, else none."""
    required = SkillDependency.objects.filter(kind=DependencyKind.REQUIRED, target__isnull=False).order_by()
    pks = sorted(rows.skill_pks[key] for key in gone)
    chunks = (pks[start : start + _CHUNK] for start in range(0, len(pks), _CHUNK))
    if not any(required.filter(target__in=chunk).exists() for chunk in chunks):
        return []
    keys = {pk: key for key, pk in rows.skill_pks.items()}
    pairs = required.values_list("skill_id", "target_id")
    return [(keys[a], keys[b]) for a, b in pairs if a in keys and b in keys]
