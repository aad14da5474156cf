"""The exact counter agrees with tiktoken's own encoding, needs no network and no import of LiteLLM."""

import subprocess
import sys

import pytest
import tiktoken
from tiktoken import load

from skills_app.adapters import tokenizer
from skills_app.domain.documents import parse_document
from skills_app.domain.tokens import ESTIMATE, estimate_tokens

TEXTS = ["", "Hello world", "def f(x):\n    return x + 1\n", "技能 é 😀", "<|endoftext|>", "1234567 don't"]


@pytest.fixture
def _fresh_encoding():
    tokenizer._encoding.cache_clear()
    yield
    tokenizer._encoding.cache_clear()


@pytest.mark.parametrize("text", TEXTS)
def test_counts_equal_those_of_tiktoken(text, monkeypatch):
    path = tokenizer.vocabulary_path()
    monkeypatch.setattr(load, "read_file_cached", lambda *args: path.read_bytes())
    from tiktoken_ext.openai_public import cl100k_base

    theirs = tiktoken.Encoding(**cl100k_base())
    count = tokenizer.count_tokens(text)
    assert count.method == "cl100k_base"
    assert count.num_tokens == len(theirs.encode(text, disallowed_special=()))


@pytest.mark.usefixtures("_fresh_encoding")
def test_without_the_vocabulary_the_estimate_says_that_it_is_one(monkeypatch):
    monkeypatch.setattr(tokenizer, "vocabulary_path", lambda: None)
    count = tokenizer.count_tokens("Hello world")
    assert count.method == ESTIMATE
    assert count.is_estimate


@pytest.mark.usefixtures("_fresh_encoding")
def test_a_damaged_vocabulary_is_not_used(monkeypatch, tmp_path):
    (tmp_path / "vocabulary").write_bytes(b"YQ== 0\n")
    monkeypatch.setattr(tokenizer, "vocabulary_path", lambda: tmp_path / "vocabulary")
    assert tokenizer.count_tokens("Hello world").is_estimate


def test_the_estimate_is_near_on_english_markdown():
    text = (
        "# Title\n\nUse this skill when a form must be filled in, and never when it is signed already.\n" * 20
    )
    exact, guess = tokenizer.count_tokens(text).num_tokens, estimate_tokens(text).num_tokens
    assert abs(guess - exact) < 0.15 * exact


def test_a_document_counts_its_body_alone():
    document = parse_document("---\nname: a\ndescription: b\n---\nHello world\n")
    assert document.count_tokens(tokenizer.count_tokens).num_tokens == 3


def test_counting_imports_neither_litellm_nor_the_network():
    code = (
        "import sys, socket; socket.socket = None\n"
        "from skills_app.adapters.tokenizer import count_tokens\n"
        "assert count_tokens('Hello world').num_tokens == 2\n"
        "assert not {'litellm', 'requests', 'django'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
