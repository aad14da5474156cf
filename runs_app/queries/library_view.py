"""What a new skill meets in the library: the ones most like it, and the branches where it may belong."""

from collections import Counter
from dataclasses import dataclass

from runs_app.domain.early_checks import telling_words
from runs_app.domain.pipeline_items import LibraryView, NearbySkill
from skills_app.domain.search_words import Term
from skills_app.models import Category, Skill
from skills_app.queries.text_search import ranked_skill_ids

MOST_WORDS = 16
CANDIDATES_A_WORD = 300
CANDIDATES = 120
# Below this share of the task's telling words a skill is no neighbour.
LEAST_OVERLAP = 0.25
NUM_NEARBY = 30
NUM_MODELS = 2
MOST_BRANCHES = 200


@dataclass(frozen=True, slots=True)
class SimilarSkill:
    """A skill like the one that is asked for: ``overlap`` is the share (0 to 1) of the task's telling words in it."""

    skill: Skill
    overlap: float
    words: tuple[str, ...]


def similar_skills(*, task: str, limit: int = 5) -> list[SimilarSkill]:
    """Return the skills most like ``task``, best first: found by full text, ordered by how many of its words they have."""
    words = telling_words(task)[:MOST_WORDS]
    if not words:
        return []
    counted: Counter[int] = Counter()
    for word in words:
        counted.update(ranked_skill_ids((Term((word,), is_prefix=len(word) > 3),))[:CANDIDATES_A_WORD])
    best = [skill_id for skill_id, _ in counted.most_common(CANDIDATES)]
    skills = Skill.objects.filter(pk__in=best).select_related("category")
    found = []
    for skill in skills:
        said = telling_words(
            f"{skill.path} {skill.name} {skill.description} {' '.join(map(str, skill.keywords))}"
        )
        common = tuple(word for word in words if any(_same(word, other) for other in said))
        found.append(SimilarSkill(skill, len(common) / len(words), common))
    found.sort(key=lambda one: (-one.overlap, one.skill.path))
    return [one for one in found if one.overlap >= LEAST_OVERLAP][:limit]


def library_view(*, task: str) -> LibraryView:
    """Return what a pipeline is told of the library for ``task``: neighbours, two of them with their text, and branches."""
    nearby = []
    for position, one in enumerate(similar_skills(task=task, limit=NUM_NEARBY)):
        version = one.skill.current_version if position < NUM_MODELS else None
        content = version.content if version is not None and version.content_kind == "markdown" else ""
        nearby.append(NearbySkill(one.skill.path, one.skill.description, content))
    branches = Category.objects.order_by("path").values_list("path", flat=True)[:MOST_BRANCHES]
    return LibraryView(tuple(branches), tuple(nearby))


def _same(word: str, other: str) -> bool:
    """Say whether two words are one but for an ending, such as ``file`` and ``files``."""
    short, long = sorted((word, other), key=len)
    return long == short or (len(short) > 3 and long.startswith(short) and len(long) - len(short) <= 3)
