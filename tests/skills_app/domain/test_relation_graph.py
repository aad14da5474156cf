"""The picture around a skill: columns by steps, nothing twice, nothing outside its frame."""

from hypothesis import given
from hypothesis import strategies as st

from skills_app.domain.relation_graph import (
    BOX_HEIGHT,
    BOX_WIDTH,
    MOST_FURTHER,
    MOST_IN_A_COLUMN,
    RelationGraph,
    Tie,
    relation_graph,
)

PATHS = {key: f"p/{key}" for key in "abcdef"}


def columns(graph: RelationGraph) -> dict[str, int]:
    return {box.key: box.column for box in graph.boxes}


def test_what_is_named_stands_right_and_what_names_left_two_steps_far() -> None:
    ties = [Tie(a, b, "required") for a, b in ("ab", "bc", "cd", "ea", "fe")]
    graph = relation_graph("a", ties, PATHS)
    assert columns(graph) == {"a": 0, "b": 1, "c": 2, "e": -1, "f": -2}
    assert len(graph.arrows) == 4


def test_links_that_do_not_touch_the_skill_are_told_in_words_also_without_room() -> None:
    ties = [Tie(a, b, "required") for a, b in ("ab", "bc", "ea", "fe", "fb")] + [
        Tie("b", "no/where", "see_also")
    ]
    graph = relation_graph("a", ties, PATHS)
    told = [(one.source, one.kind, one.target, one.target_key) for one in graph.further]
    assert told == [
        ("p/b", "see_also", "no/where", ""),
        ("p/b", "required", "p/c", "c"),
        ("p/f", "required", "p/b", "b"),
        ("p/f", "required", "p/e", "e"),
    ]
    many = [Tie("a", "b", "required"), *(Tie("b", f"x{n:03}", "required") for n in range(MOST_FURTHER + 5))]
    graph = relation_graph("a", many, PATHS)
    assert (len(graph.further), graph.num_further) == (MOST_FURTHER, MOST_FURTHER + 5)
    assert graph.num_left_out == MOST_FURTHER + 5 - MOST_IN_A_COLUMN


def test_a_ring_is_drawn_with_each_skill_once() -> None:
    graph = relation_graph("a", [Tie(a, b, "required") for a, b in ("ab", "ba", "aa")], PATHS)
    assert columns(graph) == {"a": 0, "b": 1}
    assert len(graph.arrows) == 3


def test_a_skill_that_is_not_there_is_marked_and_long_names_are_cut() -> None:
    graph = relation_graph("a", [Tie("a", f"no/{'x' * 40}", "see_also")], PATHS)
    missing = next(box for box in graph.boxes if box.column == 1)
    assert missing.is_missing
    assert (len(missing.label), missing.label[-1]) == (24, "…")
    assert graph.arrows[0].words == f"p/a → no/{'x' * 40}: see also"


def test_what_has_no_room_is_counted() -> None:
    graph = relation_graph("a", [Tie("a", f"k{n}", "required") for n in range(20)], PATHS)
    assert graph.num_left_out == 20 - MOST_IN_A_COLUMN
    assert len(graph.boxes) == 1 + MOST_IN_A_COLUMN


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh")), max_size=30))
def test_every_box_lies_within_the_picture_and_none_on_another(pairs: list[tuple[str, str]]) -> None:
    graph = relation_graph("a", [Tie(a, b, "required") for a, b in pairs], PATHS)
    corners = [(box.x, box.y) for box in graph.boxes]
    assert len(set(corners)) == len(corners)
    for x, y in corners:
        assert x >= 0
        assert y >= 0
        assert x + BOX_WIDTH <= graph.width
        assert y + BOX_HEIGHT <= graph.height
    for one in graph.boxes:
        for other in graph.boxes:
            assert one is other or one.x != other.x or abs(one.y - other.y) >= BOX_HEIGHT
