"""Keys are masked wherever text goes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs_app.domain.masking import MASK, is_clean_json, masked


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


# What may be a part of a text: keys, what looks like one, what JSON writes otherwise, and other words.
PARTS = st.sampled_from(
    [
        'sword"fish',
        "sword\nfish",
        "sk-",
        "a" * 14,
        "Bearer ",
        "Bearer\t",
        "://",
        "ada:pw@",
        '"',
        "\\",
        "ü",
        "task-",
        " ",
    ]
)
TEXTS = st.lists(PARTS, max_size=6).map("".join)


@given(st.dictionaries(TEXTS, st.lists(TEXTS, max_size=3), max_size=3))
def test_json_that_looks_clean_holds_nothing_to_mask(value: dict[str, list[str]]) -> None:
    secrets = ('sword"fish', "sword\nfish")
    texts = [*value, *(text for texts in value.values() for text in texts)]
    if is_clean_json(json.dumps(value, ensure_ascii=False), secrets):
        assert [masked(text, secrets) for text in texts] == texts


def test_plain_json_looks_clean() -> None:
    assert is_clean_json('{"task": "Write about pytest", "n": [1, 2.5, null]}', ["swordfish-7", ""])
