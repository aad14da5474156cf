"""Keys are masked wherever text goes."""

import pytest

from runs_app.domain.masking import MASK, masked


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: swordfish-7.",
        "Authorization: Bearer abcdefgh12345",
        "sk-proj-aaaaaaaaaaaaaaaaaaaa was refused",
        "see http://ada:secret@proxy.example.org/v1",
        "AIzaSyA1234567890abcdefghijklmnop",
        "OpenAI(api_key='topsecretvalue')",
    ],
)
def test_nothing_of_a_key_is_left(text: str) -> None:
    found = masked(text, ["swordfish-7"])
    assert MASK in found
    for secret in ("swordfish", "abcdefgh12345", "aaaaaaaa", "ada:secret", "AIzaSy", "topsecret"):
        assert secret not in found


def test_other_text_stays() -> None:
    text = "The task-oriented keyboard at http://127.0.0.1:4000/v1 answered 500; ask-me-anything."
    assert masked(text, ["", "abc"]) == text
