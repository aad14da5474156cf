"""Which skills are one-file skills, and what of a change-set would take them from where they are found."""

from collections.abc import Iterable, Sequence, Set

from skills_app.domain.change_sets.conflicts import Conflict, stay_conflict
from skills_app.domain.change_sets.effect import Effect
from skills_app.domain.change_sets.operations import Operation
from skills_app.domain.change_sets.rows import Kind, Target
from skills_app.domain.change_sets.tree import Tree
from skills_app.domain.one_file_skills import (
    FOLDERS_STAY,
    ONE_FILE_FOLDERS,
    SKILLS_STAY,
    led_astray,
    one_file_paths,
)
from skills_app.models import Skill

_CHUNK = 5_000


def stay_conflicts(
    tree: Tree, operations: Sequence[Operation], effect: Effect, *, but: Set[str] = frozenset()
) -> list[Conflict]:
    """Return a conflict for each one-file skill that would leave the folders for such, and for each of these that would go.

    Skills with a key of ``but`` may leave, for they have no file there.
    ``tree`` holds the addresses with the effect. Reads nothing where no such folder is touched.
    """
    inside = [
        target.key
        for target, (before, _) in effect.addresses.items()
        if target.kind is Kind.SKILL and one_file_paths(before)[1] and target.key not in but
    ]
    return [
        stay_conflict(tree, operations, target, why) for target, why in led_astray(effect, _one_files(inside))
    ]


class StayingPut:
    """Why a selection cannot go where it is to go: categories and skills by key, by where they are before the changes in ``tree``."""

    def __init__(self, tree: Tree, categories: Sequence[str], skills: Sequence[str]) -> None:
        places = [_first_path(tree, Target(Kind.CATEGORY, key)) for key in categories]
        folders = [path for path in places if path in ONE_FILE_FOLDERS]
        held = Skill.objects.filter(category__path__in=folders, current_version__content_kind="json")
        self.has_folder = bool(folders) and held.exists()
        inside = [key for key in skills if one_file_paths(_first_path(tree, Target(Kind.SKILL, key)))[1]]
        self.has_skill = bool(_one_files(inside))

    def reason(self, path: str) -> str:
        """Return why the selection cannot go into the category at ``path`` (empty: the top), or an empty text."""
        if self.has_folder:
            return FOLDERS_STAY
        return SKILLS_STAY if self.has_skill and path not in ONE_FILE_FOLDERS else ""


def _first_path(tree: Tree, target: Target) -> str:
    """Return the address before the changes in ``tree``; a category that these made has none."""
    return tree.first_paths.get(target) or tree.paths.get(target, "")


def _one_files(keys: Iterable[str]) -> frozenset[str]:
    """Return those of ``keys`` whose skill is one JSON file now; one that was published as a folder is none any more."""
    wanted, found = sorted(keys), set[str]()
    for start in range(0, len(wanted), _CHUNK):
        rows = Skill.objects.filter(key__in=wanted[start : start + _CHUNK])
        found.update(
            rows.filter(current_version__content_kind="json").order_by().values_list("key", flat=True)
        )
    return frozenset(found)
