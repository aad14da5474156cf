"""What a change-set means for links between skills: where they lead once it is applied, and which circles they close."""

from collections.abc import Iterator, Sequence

from skills_app.domain.change_sets.circles import circles_closed
from skills_app.domain.change_sets.conflicts import Conflict, circle_conflict
from skills_app.domain.change_sets.effect import Effect, folds_of
from skills_app.domain.change_sets.operations import Operation
from skills_app.domain.change_sets.rows import Kind
from skills_app.domain.change_sets.tree import Tree
from skills_app.domain.enums import DependencyKind
from skills_app.models import SkillDependency
from skills_app.queries.change_exports import rows_of
from skills_app.queries.taxonomy_rows import TaxonomyRows

_CHUNK = 5_000


def links_of(tree: Tree, effect: Effect) -> Iterator[dict[str, str]]:
    """Yield the dependencies and ``see_also`` that lead to a skill whose address changes, and where each leads then.

    Those to a skill that another stands in for lead to that one; its own link to what it stands in for stays.
    """
    skills = {t.key: pair for t, pair in effect.addresses.items() if t.kind is Kind.SKILL}
    folds = folds_of(tree, effect)
    for rows in rows_of(SkillDependency.objects.all(), "target__", skills):
        values = rows.order_by("skill__path").values_list(
            "skill__path", "skill__key", "kind", "target_path", "target__key"
        )
        for path, source, kind, written, key in values:
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
    required = SkillDependency.objects.filter(kind=DependencyKind.REQUIRED, target__isnull=False).order_by()
    gone = sorted(rows.skill_pks[key] for key in heirs)
    chunks = (gone[start : start + _CHUNK] for start in range(0, len(gone), _CHUNK))
    if not any(required.filter(target__in=chunk).exists() for chunk in chunks):
        return
    keys = {pk: key for key, pk in rows.skill_pks.items()}
    pairs = required.values_list("skill_id", "target_id")
    links = ((keys[a], keys[b]) for a, b in pairs if a in keys and b in keys)
    for key, circle in circles_closed(links, heirs).items():
        if conflict := circle_conflict(rows.tree, operations, key, circle):
            yield conflict
