"""An answer that comes in pieces is shown in its fields, wherever the pieces are cut."""

from hypothesis import given
from hypothesis import strategies as st

from runs_app.domain.answer_stream import AnswerStream

WHOLE = (
    "Sure, here it is.\n[[ ## reasoning ## ]]\nFirst [this], then [[that]].\n\n[[ ## skill_content ## ]]\n"
    "# Title\n\n- [ ] a list\n\n```toml\n[[bin]]\nname = 'x'\n```\n\n[[ ## completed ## ]]\n"
)


def shown(pieces: list[str], *, piece: int = 10) -> dict[str, str]:
    stream = AnswerStream(piece=piece)
    found: dict[str, str] = {}
    for text in pieces:
        for name, part in stream.feed(text):
            found[name] = found.get(name, "") + part
    for name, part in stream.end():
        found[name] = found.get(name, "") + part
    return found


@given(st.lists(st.integers(0, len(WHOLE)), max_size=30))
def test_the_cuts_change_nothing(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(WHOLE)]
    pieces = [WHOLE[start:end] for start, end in zip(places, places[1:], strict=False)]

    found = shown(pieces)

    assert set(found) == {"reasoning", "skill_content"}
    assert found["reasoning"].strip() == "First [this], then [[that]]."
    assert found["skill_content"].strip().startswith("# Title")
    assert found["skill_content"].strip().endswith("name = 'x'\n```")


def test_a_piece_is_not_made_of_every_token() -> None:
    stream = AnswerStream(piece=100)
    given_pieces = [part for char in "[[ ## a ## ]]\n" + "x" * 450 for part in stream.feed(char)]
    assert [len(text) for _, text in given_pieces] == [100, 100, 100, 100]
    assert [len(text) for _, text in stream.end()] == [50]


@given(st.text(max_size=200), st.integers(1, 7))
def test_no_text_whatever_breaks_it(text: str, size: int) -> None:
    shown([text[at : at + size] for at in range(0, len(text), size)])
