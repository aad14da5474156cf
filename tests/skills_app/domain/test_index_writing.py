"""Writing one skill into an index keeps all the rest of it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills_app.domain.errors import PublishingConflict
from skills_app.domain.index_writing import IndexChange, IndexEntry, index_bytes, merge_index
from skills_app.domain.taxonomy_index import read_index

ENTRY = IndexEntry("python/async", "active", "1.1.0", "d" * 64, ("old/async",), {"lang": ("python",)})
CHANGE = IndexChange(
    "python-async",
    ENTRY.as_data(),
    (("python", "All of Python"), ("python/web", "The web")),
    "2026-11-20T10:00:00Z",
)


def index(**more: Any) -> bytes:
    skills = {
        "docker": {"canonical_path": "devops/docker", "status": "active"},
        "python-async": {"canonical_path": "python/old", "owner": "team red"},
    }
    tree = {"python": {"description": "Ours", "children": {}}}
    return json.dumps({"skills": skills, "taxonomy_tree": tree, "note": "keep me", **more}).encode()


LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(st.dictionaries(st.text(), VALUES))
def test_an_index_is_written_as_the_standard_library_writes_it(data: dict[str, Any]) -> None:
    assert index_bytes(data) == (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode()


def test_a_new_index_is_read_back_as_it_was_meant() -> None:
    found, problems = read_index(json.loads(merge_index(None, CHANGE)), path="index")

    assert problems == ()
    assert found.categories == (("python", "All of Python"), ("python/web", "The web"))
    (skill,) = found.skills
    assert (skill.index_id, skill.canonical_path, skill.aliases) == (
        "python-async",
        "python/async",
        ("old/async",),
    )
    assert skill.facets == (("lang", "python"),)
    assert skill.status == "active"


def test_what_people_wrote_stays() -> None:
    data = json.loads(merge_index(index(), CHANGE))

    assert data["note"] == "keep me"
    assert data["skills"]["docker"] == {"canonical_path": "devops/docker", "status": "active"}
    assert data["skills"]["python-async"]["owner"] == "team red"
    assert data["skills"]["python-async"]["canonical_path"] == "python/async"
    assert data["taxonomy_tree"]["python"]["description"] == "Ours"


def test_a_change_that_is_made_already_leaves_the_very_bytes() -> None:
    once = merge_index(index(), CHANGE)
    later = IndexChange(CHANGE.index_id, CHANGE.entry, CHANGE.categories, "2027-01-01T00:00:00Z")

    assert merge_index(once, later) == once


def test_an_entry_is_removed_alone() -> None:
    data = json.loads(merge_index(index(), IndexChange("python-async", None, (), "now")))

    assert list(data["skills"]) == ["docker"]
    assert merge_index(index(), IndexChange("unknown", None)) == index()


def test_an_entry_that_names_another_place_by_now_is_not_removed() -> None:
    elsewhere = IndexChange("python-async", None, (), "now", "python/elsewhere")
    here = IndexChange("python-async", None, (), "now", "python/old")

    assert merge_index(index(), elsewhere) == index()
    assert list(json.loads(merge_index(index(), here))["skills"]) == ["docker"]


@pytest.mark.parametrize(
    "current",
    [b"{", b"[]", b"\xff", index(skills=[]), index(taxonomy_tree=3), index(taxonomy_tree={"python": "text"})],
)
def test_an_index_that_cannot_be_read_is_not_overwritten(current: bytes) -> None:
    with pytest.raises(PublishingConflict, match="Mend"):
        merge_index(current, CHANGE)


def test_a_path_that_another_skill_has_is_a_conflict() -> None:
    taken = index(skills={"other": {"canonical_path": "python/async"}})

    with pytest.raises(PublishingConflict, match="'other'"):
        merge_index(taken, CHANGE)


def test_a_change_survives_being_written_down() -> None:
    assert IndexChange.from_data(json.loads(json.dumps(CHANGE.as_data()))) == CHANGE


def test_half_a_character_in_the_index_is_kept_as_it_was_escaped() -> None:
    data = json.loads(merge_index(b'{"note": "\\ud800"}', CHANGE))

    assert data["note"] == "\ud800"
