"""A library folder that holds each skill of the tables, as a folder and in its index."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from skills_app.adapters.library_folder import LibraryFolder
from skills_app.domain.enums import VersionOrigin
from skills_app.domain.paths import title_of
from skills_app.models import Category, PathAlias, Skill
from skills_app.services.add_version import add_version
from skills_app.services.make_skill import make_skill

INDEX = "taxonomy_index.json"
MADE_AT = datetime(2026, 1, 2, tzinfo=UTC)


def make_one_file(path: str, key: str = "") -> Skill:
    """Make a skill that is one JSON file, in the tables; its file says its key."""
    skill, _ = make_skill(path=path)
    if key:
        Skill.objects.filter(pk=skill.pk).update(key=key)
        skill.refresh_from_db()
    content = json.dumps({"note": skill.key})
    origin = VersionOrigin.LIBRARY
    add_version(skill=skill, content=content, content_kind="json", files=(), origin=origin, made_at=MADE_AT)
    return skill


def write_folder(root: Path) -> None:
    """Write a folder or file and an index entry for each skill, and a node for each category; their texts are their keys."""
    entries, known = {}, stored_aliases()
    rows = Skill.objects.values_list("key", "path", "status", "current_version__content_kind")
    for key, path, status, kind in rows:
        file = root / (f"{path}.json" if kind == "json" else f"{path}/SKILL.md")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"note": key}) if kind == "json" else key)
        place = {"canonical_path": path, "taxonomy_location": path.rpartition("/")[0]}
        entries[key] = {**place, "note": key, "status": status, "aliases": known.get(key, [])}
    tree: dict[str, Any] = {}
    told = stored_titles()
    for key, path, description in Category.objects.order_by("path").values_list("key", "path", "description"):
        *above, slug = path.split("/")
        level = tree
        for segment in above:
            level = level[segment]["children"]
        title = {"title": told[path]} if path in told else {}
        level[slug] = {"description": description, "note": key, **title, "children": {}}
    index = {"skills": entries, "taxonomy_tree": tree, "by": "hand"}
    if known_places := stored_category_aliases():
        index["aliases"] = known_places
    (root / INDEX).write_text(json.dumps(index))


def stored_aliases() -> dict[str, list[str]]:
    """Return the aliases of each skill in the tables that has some, in order, by its key."""
    found: dict[str, list[str]] = {}
    rows = PathAlias.objects.filter(skill__isnull=False).order_by("path")
    for key, path in rows.values_list("skill__key", "path"):
        found.setdefault(key, []).append(path)
    return found


def stored_category_aliases() -> dict[str, str]:
    """Return the path of the category that each of its aliases in the tables leads to."""
    return dict(PathAlias.objects.filter(category__isnull=False).values_list("path", "category__path"))


def stored_titles() -> dict[str, str]:
    """Return the titles in the tables that say more than the last segment of the path, by path."""
    rows = Category.objects.values_list("path", "slug", "title")
    return {path: title for path, slug, title in rows if title and title != title_of(slug)}


def index_of(root: Path) -> dict[str, Any]:
    """Return the index without the time at which it was written."""
    index: dict[str, Any] = json.loads((root / INDEX).read_text())
    index.pop("last_updated", None)
    return index


def index_aliases(root: Path) -> dict[str, list[str]]:
    """Return the aliases that the index gives each skill that has some, in order."""
    entries = index_of(root)["skills"]
    return {key: sorted(one["aliases"]) for key, one in entries.items() if one["aliases"]}


def index_categories(root: Path) -> dict[str, str | None]:
    """Return the note of each category in the index by its path; it has none when it was not written by hand."""
    return dict(_nodes(index_of(root)["taxonomy_tree"], ""))


def index_titles(root: Path) -> dict[str, str]:
    """Return the title that the index gives each category that has one, by its path."""
    nodes = _nodes(index_of(root)["taxonomy_tree"], "", "title")
    return {path: title for path, title in nodes if title is not None}


def _nodes(tree: dict[str, Any], above: str, name: str = "note") -> Iterator[tuple[str, str | None]]:
    for slug, node in tree.items():
        yield f"{above}{slug}", node.get(name)
        yield from _nodes(node["children"], f"{above}{slug}/", name)


def folders(root: Path) -> dict[str, str]:
    """Return the text of each skill in the folder by its path; of one that is a JSON file, what that notes."""
    found = LibraryFolder(root, limit_bytes=1_000_000).scan().skills
    return {
        one.path: json.loads((root / f"{one.path}.json").read_text())["note"]
        if one.is_json
        else (root / one.path / "SKILL.md").read_text()
        for one in found
    }


def index_paths(root: Path) -> dict[str, str]:
    """Return the address that the index gives each skill."""
    entries = json.loads((root / INDEX).read_text())["skills"]
    assert all(
        one["taxonomy_location"] == one["canonical_path"].rpartition("/")[0] for one in entries.values()
    )
    assert all(one["note"] == key for key, one in entries.items())
    return {key: one["canonical_path"] for key, one in entries.items()}


def check_folder(root: Path) -> None:
    """Fail unless folder, index and tables agree, and nothing waits to be finished."""
    stored = {path: key for key, path in Skill.objects.values_list("key", "path")}
    assert folders(root) == stored
    assert index_paths(root) == {key: path for path, key in stored.items()}
    assert index_aliases(root) == stored_aliases()
    assert index_of(root).get("aliases", {}) == stored_category_aliases()
    assert index_titles(root) == stored_titles()
    categories = dict(Category.objects.values_list("path", "key"))
    assert {path: note or categories.get(path) for path, note in index_categories(root).items()} == categories
    assert not {one.name for one in (root / ".skill-fleet").glob("*")} - {".gitignore", "lock"}
