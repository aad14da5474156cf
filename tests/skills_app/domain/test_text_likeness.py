"""Alike texts are found, all of them, in order, and at the price of one process."""

import math
import random
import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skills_app.domain import text_likeness
from skills_app.domain.text_likeness import nearest_texts, words_of

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def plain_likenesses(texts: dict[str, str], one: str) -> dict[str, float]:
    """Return the likeness to ``one`` of each text that shares a word with it, by the formula alone."""
    counts = {key: Counter(words_of(text)) for key, text in texts.items()}
    spread = Counter(word for count in counts.values() for word in count)
    rarity = {word: math.log((1 + len(counts)) / (1 + number)) + 1 for word, number in spread.items()}
    weights = {
        key: {word: (1 + math.log(number)) * rarity[word] for word, number in count.items()}
        for key, count in counts.items()
    }
    ours, found = weights.pop(one), {}
    for other, theirs in weights.items():
        if common := ours.keys() & theirs.keys():
            product = sum(ours[word] * theirs[word] for word in common)
            found[other] = product / math.hypot(*ours.values()) / math.hypot(*theirs.values())
    return found


def test_words_that_say_nothing_are_left_out_and_plurals_count_as_one() -> None:
    assert words_of("Use when the Skills need caches, a class or C") == ["cache", "class"]


def test_the_likeness_is_the_cosine_of_weighed_words() -> None:
    found = dict(nearest_texts([("a", "cat dog"), ("b", "cat bird"), ("c", "fish")], most=10))
    common, rare = math.log(4 / 3) + 1, math.log(4 / 2) + 1
    expected = common**2 / (common**2 + rare**2)
    (near,) = found["a"]
    assert near.key == "b"
    assert math.isclose(near.likeness, expected)


def test_a_word_that_is_said_again_weighs_by_its_logarithm() -> None:
    found = dict(nearest_texts([("a", "cat cat cat dog"), ("b", "cat"), ("c", "dog")], most=10))
    cat = 1 + math.log(3)
    assert [near.key for near in found["a"]] == ["b", "c"]
    assert math.isclose(found["a"][0].likeness, cat / math.hypot(cat, 1))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.text("abc", min_size=1, max_size=3),
        st.lists(st.sampled_from(["loop", "task", "image", "push", "c++", "of"]), max_size=8).map(" ".join),
        max_size=8,
    )
)
def test_every_text_that_shares_a_word_is_found_in_order_with_its_likeness(texts: dict[str, str]) -> None:
    found = list(nearest_texts(texts.items(), most=25))
    assert [key for key, _ in found] == sorted(texts)
    alike = {(key, near.key): near.likeness for key, nearest in found for near in nearest}
    for key, nearest in found:
        assert {near.key: near.likeness for near in nearest} == pytest.approx(plain_likenesses(texts, key))
        assert list(nearest) == sorted(nearest, key=lambda near: (-near.likeness, near.key))
        assert all(0 < near.likeness <= 1 and near.likeness == alike[near.key, key] for near in nearest)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.sampled_from(["loop", "task loop", "image", "push image", "task"]), max_size=12),
    st.integers(1, 4),
    st.randoms(use_true_random=False),
)
def test_fewer_are_the_first_of_more_whatever_order_texts_come_in(
    texts: list[str], most: int, chance: random.Random
) -> None:
    named = [(LETTERS[place], text) for place, text in enumerate(texts)]
    every = dict(nearest_texts(named, most=25))
    chance.shuffle(named)
    assert dict(nearest_texts(named, most=most)) == {key: nearest[:most] for key, nearest in every.items()}


def test_of_texts_that_are_as_alike_those_first_by_key_are_named() -> None:
    texts = [(f"k{number:02}", "event loop") for number in range(30)]
    found = dict(nearest_texts(texts, most=3))
    assert [near.key for near in found["k00"]] == ["k01", "k02", "k03"]
    assert [near.key for near in found["k29"]] == ["k00", "k01", "k02"]


def test_batches_are_found_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [(f"k{number:02}", f"word{number % 3} other{number % 7}") for number in range(40)]
    whole = list(nearest_texts(texts, most=5))
    monkeypatch.setattr(text_likeness, "_MOST_HELD", 7 * len(texts))
    assert list(nearest_texts(texts, most=5)) == whole
    monkeypatch.setattr(text_likeness, "_MOST_HELD", 1)
    assert list(nearest_texts(texts, most=5)) == whole


def test_a_word_that_very_many_hold_tells_nothing() -> None:
    found = dict(nearest_texts([(f"k{n}", f"common own{n % 600}") for n in range(1_200)], most=10))
    assert [near.key for near in found["k7"]] == ["k607"]


@pytest.mark.parametrize(
    "texts",
    [
        [],
        [("a", ""), ("b", "of a")],
        [(f"k{number:03}", "common") for number in range(501)],
    ],
    ids=["none", "no words", "common words alone"],
)
def test_where_no_word_tells_anything_no_text_has_another_beside_it(texts: list[tuple[str, str]]) -> None:
    assert list(nearest_texts(texts, most=10)) == [(key, ()) for key, _ in texts]


def test_in_a_large_library_a_neighbour_by_common_words_alone_is_not_missed() -> None:
    texts = {f"k{n}": f"common{n % 3} rare{n // 2} other{n}" for n in range(900)} | {
        "twin": "common0 rare0 other0"
    }
    nearest = dict(nearest_texts(texts.items(), most=1_000))["twin"]
    assert [near.key for near in nearest[:2]] == ["k0", "k1"]
    assert {near.key for near in nearest} == {"k1", *(f"k{n}" for n in range(0, 900, 3))}
    assert {near.key: near.likeness for near in nearest} == pytest.approx(plain_likenesses(texts, "twin"))


def test_a_process_that_compares_no_texts_has_not_loaded_the_library() -> None:
    code = (
        "import sys\n"
        "from skills_app.domain.text_likeness import nearest_texts\n"
        "texts = [('a', 'python loop'), ('b', 'python task')]\n"
        "heavy = {'sklearn', 'scipy', 'numpy'}\n"
        "assert not heavy & set(sys.modules)\n"
        "assert len(list(nearest_texts(texts, most=1))) == 2\n"
        "assert heavy <= set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
