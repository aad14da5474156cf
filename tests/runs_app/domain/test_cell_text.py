"""How values of runs are written."""

import pytest

from runs_app.domain.cell_text import cell_text, cost_text, duration_text, number_text


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "–"),
        (0.0, "0"),
        (12.0, "12"),
        (1234567, "1,234,567"),
        (0.905, "0.9050"),
        (83.081, "83.08"),
        (1234.567, "1,235"),
        (0.00001234, "1.234e-05"),
        (12345678.9, "1.235e+07"),
        (float("inf"), "inf"),
    ],
)
def test_numbers_are_short(value: float | None, words: str) -> None:
    assert number_text(value) == words


def test_a_value_that_is_no_number_is_its_word() -> None:
    assert number_text(None, "nan") == "nan"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "–"),
        (0.42, "0.42 s"),
        (9.96, "10.0 s"),
        (51.003, "51 s"),
        (59.6, "1 min"),
        (200, "3 min 20 s"),
        (7500, "2 h 5 min"),
        (3600, "1 h"),
        (90_000 * 3, "3 d 3 h"),
    ],
)
def test_lengths_of_time_have_their_unit(seconds: float | None, words: str) -> None:
    assert duration_text(seconds) == words


@pytest.mark.parametrize(
    ("dollars", "words"),
    [(None, "–"), (0.0, "$0.00"), (0.13364, "$0.1336"), (12.4, "$12.40"), (1e4, "$10,000.00")],
)
def test_costs_have_as_many_digits_as_matter(dollars: float | None, words: str) -> None:
    assert cost_text(dollars) == words


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("text", "", "–"),
        ("text", "x" * 90, "x" * 79 + "…"),
        ("flag", True, "yes"),
        ("flag", False, "no"),
        ("duration", 61.0, "1 min 1 s"),
        ("cost", 0.5, "$0.5000"),
        ("number", "nan", "nan"),
    ],
)
def test_a_cell_says_its_value_in_the_way_of_its_kind(kind: str, value: object, words: str) -> None:
    assert cell_text(kind, value) == words
