"""Documents that say nearly the same are found by what they say, in bounded memory, and others are not."""

import math
import random

import pytest

from skills_app.domain import text_likeness
from skills_app.domain.body_likeness import MOST_CHARACTERS, Bodies

WORDS = [f"{a}{b}{c}" for a in ("bar", "del", "fog", "gim") for b in ("ka", "lo", "mu") for c in "bcdfghk"]


def text_of(chance: random.Random, *, words: int = 200) -> str:
    return " ".join(chance.choices(chance.sample(WORDS, 60), k=words))


def pairs_of(bodies: Bodies, *, least: float = 0.85, most: int = 5) -> dict[tuple[str, str], float]:
    return {
        (key, one.key): one.likeness for key, near in bodies.nearest(least=least, most=most) for one in near
    }


def test_a_text_with_a_few_other_lines_is_found_and_others_are_not() -> None:
    chance = random.Random(3)
    texts = {f"t{number}": text_of(chance) for number in range(20)}
    words = texts["t4"].split()
    edited = " ".join(word for number, word in enumerate(words) if number % 12)
    bodies = Bodies([*texts.items(), ("edited", edited), ("copy", texts["t9"])])
    found = pairs_of(bodies)
    assert set(found) == {("t4", "edited"), ("edited", "t4"), ("t9", "copy"), ("copy", "t9")}
    assert math.isclose(found["t9", "copy"], 1, abs_tol=1e-6)
    assert found["t4", "edited"] == pytest.approx(bodies.likeness("edited", "t4"))


def test_the_likeness_is_the_cosine_of_weighed_words() -> None:
    both, first, second = WORDS[:20], WORDS[20:24], WORDS[24:27]
    bodies = Bodies([("a", " ".join([*both, *first])), ("b", " ".join([*both, *second, both[0]]))])
    rare = math.log(3 / 2) + 1
    said = 1 + math.log(2)
    expected = (19 + said) / math.sqrt((20 + 4 * rare**2) * (19 + said**2 + 3 * rare**2))
    assert bodies.likeness("a", "b") == pytest.approx(expected, abs=1e-5)


def test_of_a_long_text_the_words_that_tell_most_are_compared() -> None:
    # What each of many texts says tells little of one; what two of them say alone tells much.
    chance, usual = random.Random(5), " ".join(WORDS[:70])
    own = [" ".join(chance.sample([f"own{a}{b}" for a in WORDS for b in "xz"], 64)) for _ in range(12)]
    bodies = Bodies([*((f"t{n}", f"{usual} {text}") for n, text in enumerate(own)), ("twin", own[3])])
    assert bodies.likeness("t3", "twin") == pytest.approx(1, abs=0.02)
    assert (bodies.likeness("t3", "t4") or 0) < 0.4


@pytest.mark.parametrize("text", ["", "see the other one", "of a"])
def test_a_text_of_few_words_is_alike_to_none(text: str) -> None:
    bodies = Bodies([("a", text), ("b", text)])
    assert pairs_of(bodies, least=0.0) == {}
    assert bodies.likeness("a", "b") is None
    assert bodies.likeness("a", "nothing") is None


def test_nothing_is_compared_without_texts() -> None:
    assert list(Bodies(()).nearest(least=0.5, most=5)) == []
    assert Bodies(()).likeness("a", "b") is None


def test_only_the_beginning_of_a_very_long_text_is_read() -> None:
    begin = text_of(random.Random(7), words=6_000)
    assert len(begin) > MOST_CHARACTERS
    bodies = Bodies([("a", begin), ("b", begin[:MOST_CHARACTERS])])
    assert bodies.likeness("a", "b") == pytest.approx(1, abs=1e-6)


def test_a_word_that_very_many_hold_tells_nothing() -> None:
    usual = " ".join(WORDS[:30])
    texts = [(f"t{number:03}", f"{usual} {WORDS[30 + number % 50]}") for number in range(520)]
    bodies = Bodies(texts)
    assert bodies.likeness("t000", "t001") == 0
    assert bodies.likeness("t000", "t050") == pytest.approx(1)


def test_batches_are_found_alike_and_the_nearest_of_many_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(11)
    texts = [(f"t{number:02}", text_of(chance)) for number in range(10)]
    texts += [(f"u{number:02}", texts[number % 2][1]) for number in range(10)]
    whole = pairs_of(Bodies(texts), most=3)
    assert [b for a, b in whole if a == "t00"] == ["u00", "u02", "u04"]
    monkeypatch.setattr(text_likeness, "_MOST_HELD", 1)
    assert pairs_of(Bodies(texts), most=3) == whole
