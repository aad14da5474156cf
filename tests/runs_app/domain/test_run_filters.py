"""The address of a list of runs: what it means, what it refuses, and that it is written as it is read."""

from urllib.parse import parse_qs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runs_app.domain.query_ast import FieldKind
from runs_app.domain.run_columns import (
    DEFAULTS,
    MAX_COLUMNS,
    Column,
    column_named,
    default_columns,
    join_names,
    read_columns,
    split_names,
)
from runs_app.domain.run_filters import (
    FACETS,
    NEWEST_FIRST,
    RunFilter,
    RunSort,
    parse_run_filter,
    run_filter_from_query,
)

COST = Column(FieldKind.ATTRIBUTE, "cost")
LOSS = Column(FieldKind.METRIC, "loss")


def parsed(query: str) -> RunFilter:
    return parse_run_filter(parse_qs(query))


def test_an_address_is_read() -> None:
    chosen = parsed(
        "status=failed&status=killed&skill=a/b&q=quality_score+%3E+0.8&sort=-metrics.loss"
        "&page=3&cols=status,metrics.loss,tags.a%252Cb&open=12&open=14&experiment=007"
    )

    assert chosen.values("status") == ("failed", "killed")
    assert chosen.values("skill") == ("a/b",)
    assert chosen.values("experiment") == ("7",)
    assert chosen.text == "quality_score > 0.8"
    assert chosen.sort == RunSort(LOSS, is_down=True)
    assert chosen.page == 3
    assert [column.name for column in chosen.columns] == ["status", "metrics.loss", "tags.a,b"]
    assert chosen.opened == (12, 14)
    assert chosen.problems == ()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("status=broken", "'broken' is no value of status"),
        ("kind=thing", "no value of kind"),
        ("document=maybe", "use no, yes"),
        ("experiment=x", "not the number of a known experiment"),
        ("sort=nothing", "not an order of this list"),
        ("sort=experiment", "not an order of this list"),
        ("page=0", "not a page number"),
        ("page=%C2%B2", "not a page number"),
        ("page=99999999999999999999", "not a page number"),
        ("cols=status,loss", "There is no column 'loss'"),
        ("cols=metrics.", "There is no column 'metrics.'"),
        ("&".join(f"model=m{n}" for n in range(60)), "first 50 values of model"),
        ("cols=" + ",".join(f"metrics.m{n}" for n in range(30)), f"first {MAX_COLUMNS} columns"),
    ],
)
def test_what_cannot_be_used_is_named_and_the_rest_is_kept(query: str, said: str) -> None:
    chosen = parsed(f"{query}&skill=kept")

    assert said in chosen.problems[0]
    assert chosen.values("skill") == ("kept",)


def test_choosing_and_unchoosing_go_back_to_the_first_page() -> None:
    chosen = parsed("status=failed&page=4&q=has_document&sort=cost&open=3")

    more = chosen.toggled("status", "killed")
    assert more.query() == "status=failed&status=killed&q=has_document&sort=cost"
    assert more.toggled("status", "failed").toggled("status", "killed").chosen == ()
    assert chosen.without("status").query() == "q=has_document&sort=cost&open=3"
    assert chosen.on_page(2).query() == "status=failed&q=has_document&sort=cost&page=2"


def test_a_column_orders_downwards_first_when_it_holds_numbers_and_turns_when_chosen_again() -> None:
    name = Column(FieldKind.ATTRIBUTE, "name")
    plain = RunFilter()

    assert plain.sorted_by(COST).sort == RunSort(COST, is_down=True)
    assert plain.sorted_by(COST).sorted_by(COST).sort == RunSort(COST, is_down=False)
    assert plain.sorted_by(name).sort == RunSort(name, is_down=False)
    assert plain.sorted_by(NEWEST_FIRST.column).query() == "sort=started"


@pytest.mark.parametrize(
    ("query", "is_folded"),
    [
        ("", True),
        ("phase=generate", False),
        ("kind=phase", False),
        ("kind=generation", True),
        ("fold=0", False),
        ("fold=1&phase=generate", True),
    ],
)
def test_lines_are_folded_unless_phases_are_asked_for(query: str, is_folded: bool) -> None:
    assert parsed(query).is_folded is is_folded


def test_opening_a_line_twice_closes_it() -> None:
    chosen = RunFilter().toggled_open(5).toggled_open(7)

    assert chosen.query() == "open=5&open=7"
    assert chosen.toggled_open(5).opened == (7,)


def test_each_kind_has_its_own_columns_and_they_are_not_named_in_the_address() -> None:
    for kind, names in DEFAULTS.items():
        assert 6 <= len(names) <= 9
        assert [c.name for c in default_columns([kind.value] if kind else [])] == list(names)
    assert default_columns(["phase", "generation"]) == default_columns([])
    assert parsed("kind=phase&cols=" + ",".join(DEFAULTS["phase"])).query() == "kind=phase"
    assert parsed("cols=started,cost").shown_columns == (NEWEST_FIRST.column, COST)


def test_the_form_of_columns_sends_single_names() -> None:
    chosen = parsed("col=cost&col=started&add=metrics.loss,+tags.team&cols=")

    assert chosen.query() == "cols=cost%2Cstarted%2Cmetrics.loss%2Ctags.team"


def test_the_name_is_always_first_and_never_twice() -> None:
    assert read_columns(["name", "cost", "cost_usd", ""]) == ((COST,), ())
    assert column_named("metrics.a.b") == Column(FieldKind.METRIC, "a.b")
    assert column_named("params.") is None


@given(
    st.lists(
        st.builds(
            Column, st.sampled_from([FieldKind.METRIC, FieldKind.TAG]), st.text("ab ,%./é", min_size=1)
        ),
        max_size=5,
    )
)
def test_names_of_columns_are_read_as_they_are_written(columns: list[Column]) -> None:
    names = [column.name for column in columns]
    if columns:
        assert split_names(join_names(columns)) == names


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(
    st.dictionaries(
        st.one_of(
            st.sampled_from([*FACETS, "q", "sort", "page", "cols", "col", "add", "fold", "open"]), WORDS
        ),
        st.lists(
            st.one_of(
                WORDS,
                st.sampled_from(
                    ["failed", "1", "2", "yes", "none", "-cost", "metrics.x", "0", "has_document"]
                ),
            ),
            min_size=1,
            max_size=4,
        ),
        max_size=6,
    )
)
@settings(max_examples=300, deadline=None)
def test_what_is_written_is_read_as_the_same_list(parameters: dict[str, list[str]]) -> None:
    chosen = parse_run_filter(parameters)

    again = run_filter_from_query(chosen.query())

    assert again.query() == chosen.query()
    assert (again.chosen, again.text, again.sort, again.columns) == (
        chosen.chosen,
        chosen.text,
        chosen.sort,
        chosen.columns,
    )
    assert again.problems == ()


@pytest.mark.parametrize("query", ["x" * 9000, "&" * 300, "%00=%ff", "q=%00"])
def test_a_hostile_query_string_is_some_list(query: str) -> None:
    assert isinstance(run_filter_from_query(query), RunFilter)
