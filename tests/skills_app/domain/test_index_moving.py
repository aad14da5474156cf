"""Moving in an index: what is named moves, all at once, and everything else stays as people wrote it."""

import json
from typing import Any

import pytest

from skills_app.domain.errors import PublishingConflict
from skills_app.domain.index_moving import EntryMove, IndexMoves, nodes_at


def index(**parts: Any) -> bytes:
    return json.dumps({"version": "9", "note": "by hand", **parts}).encode()


def entry(path: str, **fields: Any) -> dict[str, Any]:
    return {"canonical_path": path, "taxonomy_location": path.rpartition("/")[0], **fields}


def test_an_entry_gets_its_new_address_and_its_old_one_as_an_alias() -> None:
    current = index(skills={"x": entry("a/x", mine=1, aliases=["b/x"]), "y": entry("a/y")})
    moves = IndexMoves((EntryMove("a/x", "b/x", {"status": "archived"}, ("a/x",)),), (), "now")
    data = json.loads(moves.merged(current))
    assert data["skills"]["x"] == entry("b/x", mine=1, aliases=["a/x"], status="archived")
    assert data["skills"]["y"] == entry("a/y")
    assert (data["note"], data["version"], data["last_updated"]) == ("by hand", "9", "now")
    assert data["taxonomy_tree"] == {"b": {"children": {}}}


def test_two_entries_change_places_at_once() -> None:
    current = index(skills={"x": entry("a"), "y": entry("b")})
    moves = IndexMoves((EntryMove("a", "b", {}), EntryMove("b", "a", {})))
    skills = json.loads(moves.merged(current))["skills"]
    assert {key: one["canonical_path"] for key, one in skills.items()} == {"x": "b", "y": "a"}


def test_a_category_takes_its_words_and_all_below_along_and_joins_what_is_there() -> None:
    tree = {
        "a": {"description": "A", "children": {"n": {"description": "N", "children": {}}}},
        "b": {"description": "B", "children": {}},
    }
    moved = json.loads(IndexMoves((), (("a", "b/a"), ("a/n", "b/a/n"))).merged(index(taxonomy_tree=tree)))
    assert moved["taxonomy_tree"] == {"b": {"description": "B", "children": {"a": tree["a"]}}}
    joined = json.loads(IndexMoves((), (("a", "b"),)).merged(index(taxonomy_tree=tree)))
    assert joined["taxonomy_tree"] == {"b": {"description": "B", "children": tree["a"]["children"]}}


def test_a_field_without_a_value_goes_and_what_is_not_in_the_index_changes_nothing() -> None:
    current = index(skills={"x": entry("a/x", replaced_by="y")}, taxonomy_tree={})
    data = json.loads(IndexMoves((EntryMove("a/x", "a/x", {"replaced_by": None}),)).merged(current))
    assert data["skills"] == {"x": entry("a/x")}
    assert IndexMoves((EntryMove("q", "q", {"status": "active"}),)).merged(current) == current


def test_an_alias_goes_from_one_entry_to_another() -> None:
    current = index(skills={"x": entry("a/x", aliases=["old", "a"]), "y": entry("b", aliases="mine")})
    moves = IndexMoves((EntryMove("a/x", "a/x", {}, (), ("old",)), EntryMove("b", "b", {}, ("old", "mine"))))
    skills = json.loads(moves.merged(current))["skills"]
    assert (skills["x"]["aliases"], skills["y"]["aliases"]) == (["a"], ["mine", "old"])


def test_a_category_that_ends_leaves_the_index_unless_something_is_left_below_it() -> None:
    tree = {
        "a": {"description": "A", "children": {"n": {"description": "N", "children": {}}}},
        "b": {"children": {"only-here": {"children": {}}, "k": {"children": {}}}},
        "c": {"children": {}},
    }
    ended = IndexMoves((), (("a", ""), ("a/n", "c/n"), ("b", ""), ("b/k", ""), ("c", "a"), ("nowhere", "")))
    merged = json.loads(ended.merged(index(taxonomy_tree=tree)))["taxonomy_tree"]
    assert merged == {
        "a": {"children": {}},
        "b": {"children": {"only-here": {"children": {}}}},
        "c": {"children": {"n": tree["a"]["children"]["n"]}},
    }


def test_a_category_comes_with_what_was_said_of_it() -> None:
    said = {"description": "A", "mine": 1}
    current = index(taxonomy_tree={"a": {**said, "children": {"n": {"children": {}}}}})
    assert nodes_at(current, ["a", "a/n", "b", "b/c"]) == {"a": said, "a/n": {}}
    ended = IndexMoves((), (("a", ""), ("a/n", ""))).merged(current)
    assert json.loads(ended)["taxonomy_tree"] == {}
    back = IndexMoves((), (("", "a/n"), ("", "a")), "", {"a": said}).merged(ended)
    assert json.loads(back)["taxonomy_tree"] == json.loads(current)["taxonomy_tree"]


def test_moves_of_an_older_journal_are_read() -> None:
    data = {"entries": [["a", "b", {}]], "categories": [["c", "d"]], "changed_at": "now"}
    assert IndexMoves.from_data(data) == IndexMoves((EntryMove("a", "b", {}),), (("c", "d"),), "now")


def test_what_is_no_index_is_refused() -> None:
    with pytest.raises(PublishingConflict, match="not readable"):
        IndexMoves().merged(b"{")


def test_moves_come_back_from_their_data() -> None:
    entry_move = EntryMove("a", "b", {"status": "archived"}, ("g",), ("l",))
    moves = IndexMoves((entry_move,), (("c", "d"), ("", "e")), "now", {"e": {"description": "E"}})
    assert IndexMoves.from_data(json.loads(json.dumps(moves.as_data()))) == moves


def merged(moves: IndexMoves, **parts: Any) -> dict[str, Any]:
    return dict(json.loads(moves.merged(index(**parts))))


def test_addresses_of_categories_follow_and_go() -> None:
    tree = {"b": {"children": {}}, "c": {"children": {}}}
    moves = IndexMoves(aliases={"a": "b", "old": "", "new": "d/e"})
    got = merged(moves, taxonomy_tree=tree, aliases={"old": "c", "mine": "c"})
    assert got["aliases"] == {"a": "b", "mine": "c", "new": "d/e"}
    assert "e" in got["taxonomy_tree"]["d"]["children"]
    assert "aliases" not in merged(IndexMoves(aliases={"old": ""}), taxonomy_tree=tree, aliases={"old": "c"})


def test_an_alias_that_only_people_wrote_follows_what_it_leads_to() -> None:
    # By an id it stays; where a category and a skill share a path, the category is meant.
    entries = tuple(EntryMove(old, f"n/{old}", {}) for old in ("b", "s", "s2"))
    moves = IndexMoves(entries, (("a", "z"), ("b", "y")))
    tree: dict[str, Any] = {"a": {"children": {}}, "b": {"children": {}}}
    skills = {"x": entry("b"), "t": entry("s"), "s2": entry("s3")}
    aliases = {"one": "a", "two": "b", "three": "x", "four": ["a"], "five": "s", "six": "s2", "seven": "q"}
    got = merged(moves, taxonomy_tree=tree, skills=skills, aliases=aliases)["aliases"]
    assert got == aliases | {"one": "z", "two": "y", "five": "n/s"}


def test_aliases_of_skills_that_change_places_follow_at_once_and_come_back() -> None:
    skills, aliases = {"x": entry("a"), "y": entry("b")}, {"one": "a", "two": "b"}
    moves = IndexMoves((EntryMove("a", "b", {}), EntryMove("b", "a", {})))
    got = merged(moves, skills=skills, aliases=aliases)
    assert got["aliases"] == {"one": "b", "two": "a"}
    assert merged(moves, skills=got["skills"], aliases=got["aliases"])["aliases"] == aliases


def test_an_alias_that_an_entry_gets_or_loses_is_not_kept_apart_as_well() -> None:
    moves = IndexMoves((EntryMove("a/x", "b/x", {}, ("a/x",), ("old",)),))
    got = merged(moves, skills={"x": entry("a/x")}, aliases={"a/x": "x", "old": "x", "kept": "x"})
    assert got["aliases"] == {"kept": "x"}
    assert got["skills"]["x"]["aliases"] == ["a/x"]


def test_a_title_follows_unless_people_wrote_another() -> None:
    tree = {"a": {"title": "Old", "children": {"n": {"title": "By hand"}}}, "b": {}}
    titles = {"a": ("Old", "New"), "a/n": ("", "Other"), "b": ("", "B!"), "gone/far": ("", "No")}
    got = merged(IndexMoves(titles=titles), taxonomy_tree=tree)["taxonomy_tree"]
    assert got == {"a": {"title": "New", "children": {"n": {"title": "By hand"}}}, "b": {"title": "B!"}}
    back = IndexMoves(titles={"b": ("B!", "")})
    assert merged(back, taxonomy_tree=got)["taxonomy_tree"]["b"] == {}


def test_aliases_and_titles_are_written_down_and_read_back() -> None:
    moves = IndexMoves(aliases={"a": "b", "c": ""}, titles={"a": ("", "A!")})
    assert IndexMoves.from_data(json.loads(json.dumps(moves.as_data()))) == moves
    old = {"entries": [], "categories": [], "changed_at": ""}  # as an earlier version wrote it down
    assert IndexMoves.from_data(old) == IndexMoves()
