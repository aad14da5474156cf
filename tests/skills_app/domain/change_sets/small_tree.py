"""Small trees for tests: keys are the paths at the start, so that a test reads well."""

from skills_app.domain.change_sets.rows import TOP, Home, Kind, Place, Target
from skills_app.domain.change_sets.tree import Tree

Snapshot = tuple[dict[str, Place], dict[str, Home], dict[str, Target]]


def tree_of(*skills: str, categories: tuple[str, ...] = (), aliases: dict[str, str] | None = None) -> Tree:
    """Return a tree with these skills, the categories above them and others; an alias leads to a skill's or category's key."""
    tree = Tree()
    paths = [*categories, *(skill.rpartition("/")[0] for skill in skills)]
    above = {"/".join(path.split("/")[: n + 1]) for path in paths if path for n in range(path.count("/") + 1)}
    for path in sorted(above):
        parent, _, slug = path.rpartition("/")
        tree.add_place(path, Place(parent or TOP, slug, slug.title()), path)
    for path in skills:
        category, _, slug = path.rpartition("/")
        tree.add_home(path, Home(category or TOP, slug), path)
    for path, key in (aliases or {}).items():
        tree.aliases[path] = Target(Kind.SKILL if key in tree.homes else Kind.CATEGORY, key)
    return tree


def fresh(tree: Tree) -> Tree:
    """Return the same tree as if it had just been read."""
    made = Tree(aliases=dict(tree.aliases))
    for key, place in tree.places.items():
        made.add_place(key, place, tree.path(Kind.CATEGORY, key))
    for key, home in tree.homes.items():
        made.add_home(key, home, tree.path(Kind.SKILL, key))
    return made


def snapshot(tree: Tree) -> Snapshot:
    """Return the rows and aliases as they stand."""
    return dict(tree.places), dict(tree.homes), dict(tree.aliases)


def addresses(tree: Tree) -> dict[str, str]:
    """Return the address of each skill, by its key."""
    return {key: tree.path(Kind.SKILL, key) for key in tree.homes}


def check(tree: Tree) -> None:
    """Fail unless the tree is a tree, its indexes agree with its rows, and no alias shadows an address."""
    for key, place in tree.places.items():
        chain, at = [], key
        while at != TOP:
            assert at not in chain, f"{key} lies inside itself"
            chain.append(at)
            at = tree.places[at].parent
        assert tree.path(Kind.CATEGORY, key) == "/".join(tree.places[k].slug for k in reversed(chain))
        assert key in tree.below[place.parent]
    for key, home in tree.homes.items():
        above = tree.path(Kind.CATEGORY, home.category)
        assert tree.path(Kind.SKILL, key) == (f"{above}/{home.slug}" if above else home.slug)
        assert key in tree.inside[home.category]
    for kind, rows in ((Kind.CATEGORY, tree.places), (Kind.SKILL, tree.homes)):
        assert tree.holders[kind] == {tree.path(kind, key): key for key in rows}
        assert len(tree.holders[kind]) == len(rows)
    assert sum(map(len, tree.below.values())) == len(tree.places)
    assert sum(map(len, tree.inside.values())) == len(tree.homes)
    assert len(tree.paths) == len(tree.places) + len(tree.homes)
    for path, target in tree.aliases.items():
        assert path not in tree.holders[Kind.SKILL], f"the alias {path} shadows a skill"
        assert path not in tree.holders[Kind.CATEGORY], f"the alias {path} shadows a category"
        assert target.key in (tree.homes if target.kind is Kind.SKILL else tree.places)
