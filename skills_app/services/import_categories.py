"""Bring the categories that a library's index names into the tree, and let their other addresses lead there."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Exists, OuterRef

from skills_app.domain.errors import AliasLoops, SkillsError
from skills_app.domain.library_problems import LibraryProblem, LibraryReason, conflict_at
from skills_app.domain.paths import lineage, set_aside
from skills_app.domain.taxonomy_index import TaxonomyIndex
from skills_app.models import Category, PathAlias, Skill
from skills_app.queries.resolve_path import category_at
from skills_app.services.add_alias import add_category_alias
from skills_app.services.make_category import make_category

_CHUNK = 500
_OLD_CATEGORY_REMEDY = "Remove this category from the taxonomy_tree of the index."


@dataclass(slots=True)
class CategoryImport:
    """The categories of one index: made first, given their other addresses when every skill has its home.

    What is there already is known from a query for all of it, so that a look at an unchanged index asks for none by itself.
    """

    index: TaxonomyIndex
    reaches: Callable[[str], bool]
    actor_name: str
    problems: list[LibraryProblem] = field(default_factory=list)
    led_away: dict[str, str] = field(default_factory=dict)

    @transaction.atomic
    def make(self) -> None:
        """Make the categories that the index names, but none at or below an address that leads elsewhere by now."""
        descriptions = dict(Category.objects.values_list("path", "description"))
        wanted = {one for path, _ in self.index.categories for one in lineage(path)} - descriptions.keys()
        aliases = {alias.path for alias in _aliases_at(wanted)}
        titles = dict(self.index.titles)
        for path, description in self.index.categories:
            old = next((one for one in lineage(path) if one not in descriptions and one in aliases), None)
            if old is not None:
                self.led_away[path] = old
                continue
            if why := set_aside(path):
                self.problems.append(conflict_at(f"index#taxonomy_tree/{path}", why))
                continue
            if path in descriptions and (descriptions[path] or not description):
                continue
            made = make_category(
                path=path, description=description, title=titles.get(path, ""), actor_name=self.actor_name
            )
            descriptions |= {one: descriptions.get(one, "") for one in lineage(path)}
            descriptions[path] = made.description

    def add_aliases(self) -> None:
        """Let the other addresses of categories that the index names lead there, but take none away."""
        if not self.index.category_aliases:
            return
        places = set(Category.objects.values_list("path", flat=True))
        led = _category_aliases()
        for alias, stated in self.index.category_aliases:
            home = stated if stated in places else led.get(stated)
            if home is not None and (alias == home or (led.get(alias) == home and alias not in places)):
                continue
            category = category_at(stated)
            if category is None or not (self.reaches(alias) and self.reaches(category.path)):
                continue
            try:
                add_category_alias(path=alias, category=category, actor_name=self.actor_name)
            except AliasLoops:
                continue
            except SkillsError as error:
                self.problems.append(conflict_at(f"index#aliases/{alias}", str(error)))

    def note_old(self) -> None:
        """Say which categories of the index were not made, unless a skill that lies there made them."""
        led = {alias.path: alias.skill or alias.category for alias in _aliases_at(self.led_away.values())}
        for path, old in self.led_away.items():
            if old not in led:
                continue
            message = f"The index still names the category '{path}', but '{old}' leads to {led[old]} now, so it was not made."
            where = f"index#taxonomy_tree/{path}"[:1024]
            self.problems.append(LibraryProblem(where, LibraryReason.CONFLICT, message, _OLD_CATEGORY_REMEDY))


def _aliases_at(paths: Iterable[str]) -> Iterator[PathAlias]:
    """Yield the old addresses among ``paths`` with what they lead to; one query for every 500."""
    every = sorted(set(paths))
    for start in range(0, len(every), _CHUNK):
        rows = PathAlias.objects.filter(path__in=every[start : start + _CHUNK])
        yield from rows.select_related("skill", "category")


def _category_aliases() -> dict[str, str]:
    """Return the path of the category that each old address leads to, unless a skill lives there by now. One query."""
    rows = PathAlias.objects.filter(category__isnull=False).order_by()
    free = rows.exclude(Exists(Skill.objects.filter(path=OuterRef("path"))))
    return dict(free.values_list("path", "category__path"))
