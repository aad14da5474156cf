"""Give a skill the facets by which it is found beside its home."""

from collections.abc import Iterable

from django.db import transaction

from skills_app.domain.storable import storable_text
from skills_app.models import Skill, SkillFacet
from skills_app.services.index_skill_text import index_skill_text
from skills_app.services.record_audit import record_audit


@transaction.atomic
def set_facets(*, skill: Skill, facets: Iterable[tuple[str, str]], actor_name: str = "") -> bool:
    """Make ``facets`` (name and value, repeats ignored) the skill's facets; return whether anything changed."""
    wanted = storable_facets(facets)
    held = {(facet.name, facet.value): facet for facet in skill.facets.all()}
    if wanted == held.keys():
        return False
    SkillFacet.objects.filter(pk__in=[held[key].pk for key in held.keys() - wanted]).delete()
    SkillFacet.objects.bulk_create(
        [SkillFacet(skill=skill, name=name, value=value) for name, value in sorted(wanted - held.keys())],
        ignore_conflicts=True,
    )
    index_skill_text(skill_ids=[skill.pk])
    record_audit(
        verb="set_facets",
        target_kind="skill",
        target_key=skill.key,
        actor_name=actor_name,
        before={"facets": sorted(held)},
        after={"facets": sorted(wanted)},
    )
    return True


def storable_facets(facets: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Return ``facets`` as they are kept, each once; what has no name or no value is left out."""
    return frozenset(
        (storable_text(name, longest=64), storable_text(value, longest=256))
        for name, value in facets
        if name and value
    )
