"""Write one skill into a library's index and keep everything else that people wrote there."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from json.encoder import encode_basestring
from typing import Any

from skills_app.domain.errors import PublishingConflict
from skills_app.domain.paths import parent_of

INDEX_VERSION = "1.0.0"
_MEND = "Mend taxonomy_index.json or move it away, then try again."


@dataclass(frozen=True, slots=True)
class IndexChange:
    """What becomes of one entry. ``entry`` None removes it, else its fields are set and unknown ones stay.

    With ``path`` the entry is removed only while it names that place; another skill may have taken over the id.
    ``categories`` are path and description from the top down; ``changed_at`` is an ISO time.
    """

    index_id: str
    entry: Mapping[str, Any] | None
    categories: tuple[tuple[str, str], ...] = ()
    changed_at: str = ""
    path: str = ""

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "index_id": self.index_id,
            "entry": None if self.entry is None else dict(self.entry),
            "categories": [list(pair) for pair in self.categories],
            "changed_at": self.changed_at,
            "path": self.path,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "IndexChange":
        """Return the change that ``as_data`` wrote down."""
        pairs = tuple((str(path), str(description)) for path, description in data["categories"])
        path = str(data.get("path", ""))
        return cls(str(data["index_id"]), data["entry"], pairs, str(data["changed_at"]), path)

    def merged(self, current: bytes | None) -> bytes:
        """Return the index with this change made, as ``merge_index`` does."""
        return merge_index(current, self)


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """A skill as the index tells of it."""

    path: str
    status: str
    version: str
    digest: str
    aliases: tuple[str, ...] = ()
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    replaced_by: str = ""

    def as_data(self) -> dict[str, Any]:
        """Return the entry in the words of the index; a facet with one value is that value."""
        data: dict[str, Any] = {
            "canonical_path": self.path,
            "taxonomy_location": parent_of(self.path),
            "aliases": list(self.aliases),
            "facets": {
                name: values[0] if len(values) == 1 else list(values) for name, values in self.facets.items()
            },
            "status": self.status,
            "version": self.version,
            "digest": f"sha256:{self.digest}",
            "replaced_by": self.replaced_by or None,
        }
        return data


def merge_index(current: bytes | None, change: IndexChange) -> bytes:
    """Return the index with the change made; the same bytes when it is made already.

    ``current`` are the bytes of the file, None when there is none. Keys that are not ours stay, and so does the order.

    Raises:
        PublishingConflict: the file is no index, or gives the path to another skill.
    """
    data = read_index(current)
    skills = part_of_index(data, "skills")
    known = skills.get(change.index_id)
    if change.entry is None:
        place = known.get("canonical_path") if isinstance(known, dict) else None
        if change.index_id not in skills or (change.path and place not in (change.path, None)):
            return current if current is not None else index_bytes(data)
        del skills[change.index_id]
    else:
        _check_path(skills, change)
        merged = {**(known if isinstance(known, dict) else {}), **change.entry}
        skills[change.index_id] = {key: value for key, value in merged.items() if value is not None}
    _add_categories(data, change)
    if current is not None and read_index(current) == data:
        return current
    data["last_updated"] = change.changed_at
    return index_bytes(data)


def read_index(current: bytes | None) -> dict[str, Any]:
    """Return an index as data, an empty one for None; raises PublishingConflict when it is none."""
    if current is None:
        return {"version": INDEX_VERSION, "last_updated": "", "taxonomy_tree": {}, "skills": {}}
    try:
        data = json.loads(current.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise PublishingConflict(f"taxonomy_index.json is not readable JSON. {_MEND}") from error
    if not isinstance(data, dict):
        raise PublishingConflict(f"taxonomy_index.json is not an object. {_MEND}")
    return data


def part_of_index(data: dict[str, Any], key: str) -> dict[str, Any]:
    """Return the object under ``key``, made when it is missing; raises PublishingConflict when it is none."""
    part = data.setdefault(key, {})
    if not isinstance(part, dict):
        raise PublishingConflict(f"'{key}' in taxonomy_index.json is not an object. {_MEND}")
    return part


def _check_path(skills: Mapping[str, Any], change: IndexChange) -> None:
    path = (change.entry or {}).get("canonical_path")
    for index_id, entry in skills.items():
        if index_id != change.index_id and isinstance(entry, dict) and entry.get("canonical_path") == path:
            message = f"taxonomy_index.json gives '{path}' to '{index_id}', so it cannot be given to '{change.index_id}'."
            raise PublishingConflict(f"{message} Remove that entry, or import the library first.")


def _add_categories(data: dict[str, Any], change: IndexChange) -> None:
    """Add the categories that are missing; a description that people wrote stays."""
    for path, description in change.categories if change.entry is not None else ():
        level = part_of_index(data, "taxonomy_tree")
        for segment in path.split("/")[:-1]:
            level = part_of_index(part_of_index(level, segment), "children")
        node = part_of_index(level, path.rpartition("/")[2])
        if not node.get("description"):
            node["description"] = description
        part_of_index(node, "children")


def index_bytes(data: Mapping[str, Any]) -> bytes:
    """Return an index as it is written."""
    try:
        return f"{_indented(data)}\n".encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can only escape
        return (json.dumps(data, indent=2) + "\n").encode()


def _indented(value: Any, line: str = "\n") -> str:
    """Return what ``json.dumps`` with an indent of 2 and without escapes does, which takes more than twice as long.

    ``line`` ends one and indents the next. Keys are text.
    """
    if isinstance(value, dict) and value:
        inner = f"{line}  "
        pairs = [
            f"{encode_basestring(key)}: {encode_basestring(one) if type(one) is str else _indented(one, inner)}"
            for key, one in value.items()
        ]
        return f"{{{inner}{f',{inner}'.join(pairs)}{line}}}"
    if isinstance(value, list | tuple) and value:
        inner = f"{line}  "
        return f"[{inner}{f',{inner}'.join([_indented(one, inner) for one in value])}{line}]"
    return json.dumps(value, ensure_ascii=False)
