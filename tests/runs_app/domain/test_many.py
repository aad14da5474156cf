"""Pictures of many runs lie within their frame and leave out what has no value."""

from hypothesis import given
from hypothesis import strategies as st

from runs_app.domain.many import HEIGHT, WIDTH, axis_of, parallel, scatter

NUMBER = st.one_of(st.none(), st.floats(-1e9, 1e9), st.just(float("nan")))
ROWS = st.lists(st.fixed_dictionaries({"a": NUMBER, "b": NUMBER, "c": NUMBER}), min_size=1, max_size=20)


@given(ROWS)
def test_each_run_with_both_numbers_is_a_dot_within_the_frame(rows: list[dict[str, float | None]]) -> None:
    keys = list(range(len(rows)))
    x, y = axis_of("a", rows), axis_of("b", rows)
    dots = scatter(keys, rows, [1] * len(rows), across=x, up=y) if x and y else ()

    def is_there(value: float | None) -> bool:
        return value is not None and value == value

    if x and y:
        assert [dot.key for dot in dots] == [
            k for k in keys if is_there(rows[k]["a"]) and is_there(rows[k]["b"])
        ]
    assert all(0 <= dot.x <= WIDTH and 0 <= dot.y <= HEIGHT for dot in dots)


def test_a_line_breaks_where_a_run_has_no_value_and_a_single_value_is_no_line() -> None:
    rows = [
        {"a": 0.0, "b": 1.0, "c": 2.0, "d": 3.0},
        {"a": 1.0, "b": 2.0, "c": None, "d": 4.0},
        {"a": 1.0, "b": None, "c": None, "d": None},
    ]
    axes, lines = parallel([7, 8, 9], rows, [1, 1, 2], ["a", "b", "c", "d", "missing"])

    assert [axis.name for axis in axes] == ["a", "b", "c", "d"]
    assert [(line.key, line.path.count("M")) for line in lines] == [(7, 1), (8, 2)]
    assert lines[0].path.startswith("M64.0,280.0 L")
