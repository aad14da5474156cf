"""Homes follow from neighbours, and what is written twice is told."""

import json

from skills_app.domain.body_likeness import Bodies
from skills_app.domain.placement import (
    NEAREST,
    HomeHint,
    Survey,
    home_hint,
    survey,
    survey_data,
    survey_from_data,
)
from skills_app.domain.text_likeness import Near, nearest_texts

TEXTS = {
    "p1": "python asyncio coroutines event loop",
    "p2": "python asyncio tasks event loop cancel",
    "p3": "python coroutines tasks gather",
    "d1": "docker image layers registry",
    "d2": "docker compose image network",
    "d3": "docker registry image push",
}
HOMES = {key: "python" if key[0] == "p" else "docker" for key in TEXTS}


def nearest(texts: dict[str, str]) -> dict[str, tuple[Near, ...]]:
    return dict(nearest_texts(texts.items(), most=NEAREST))


def found_in(texts: dict[str, str], homes: dict[str, str]) -> Survey:
    return survey(nearest_texts(texts.items(), most=NEAREST), homes)


def hint_for(skill: str, texts: dict[str, str]) -> HomeHint | None:
    return home_hint(skill, nearest(texts)[skill], HOMES)


def test_a_skill_without_a_home_gets_that_of_its_neighbours() -> None:
    hint = hint_for("new", {**TEXTS, "new": "cancel python asyncio tasks"})
    assert hint is not None
    assert (hint.home, hint.confidence, hint.siblings[0].key) == ("python", 1.0, "p2")
    assert hint_for("new", {**TEXTS, "new": "gardening"}) is None


def test_of_the_nearest_ten_with_a_home_are_heard() -> None:
    near = [Near(f"n{number:02}", 0.9 - number / 100) for number in range(NEAREST + 1)]
    homes = {one.key: "many" for one in near[5:14]} | {"n14": "one", "n15": "late"}
    hint = home_hint("new", near, homes)
    assert hint is not None
    assert (hint.home, [one.key for one in hint.siblings]) == ("many", [f"n{n:02}" for n in range(5, 14)])
    assert round(hint.confidence, 3) == round(1 - 0.76 / sum(0.9 - n / 100 for n in range(5, 15)), 3)
    assert home_hint("new", near, {f"n{NEAREST}": "far"}) is None
    assert home_hint("new", [Near("faint", 0.09)], {"faint": "far"}) is None


def test_a_skill_in_the_wrong_place_is_a_candidate_and_others_are_not() -> None:
    (hint,) = found_in(TEXTS, {**HOMES, "d3": "python"}).misplaced
    assert (hint.skill, hint.home) == ("d3", "docker")
    assert hint.confidence > hint.own_share
    assert found_in(TEXTS, HOMES).misplaced == ()


def test_one_witness_is_too_few_to_call_a_skill_misplaced() -> None:
    texts = {"a": "kafka topics", "b": "kafka topics consumers", "c": "gardening"}
    assert found_in(texts, {"a": "x", "b": "y", "c": "x"}).misplaced == ()


def test_what_is_written_twice_is_one_pair_and_what_is_only_alike_is_none() -> None:
    texts = {**TEXTS, "p9": "event loop python asyncio coroutine"}
    (pair,) = found_in(texts, HOMES).twins
    assert (pair.first, pair.second, round(pair.likeness, 3), pair.written) == ("p1", "p9", 1.0, None)
    assert found_in(TEXTS, HOMES).twins == ()


def test_what_is_written_twice_under_other_descriptions_is_a_pair_with_both_likenesses() -> None:
    words = [f"word{letter}{other}" for letter in "abcdef" for other in "ghijkl"]
    long, other = " ".join(words), " ".join(f"{word}s{word}" for word in words)
    bodies = Bodies({"p1": long, "p2": other, "d1": long}.items())
    (pair,) = survey(nearest_texts(TEXTS.items(), most=NEAREST), HOMES, bodies).twins
    assert (pair.first, pair.second, pair.described) == ("d1", "p1", None)
    assert round(pair.likeness, 3) == 1.0
    bodies = Bodies({"p1": long, "p2": long}.items())
    (pair,) = survey(nearest_texts(TEXTS.items(), most=NEAREST), HOMES, bodies).twins
    alike = {near.key: near.likeness for near in nearest(TEXTS)["p1"]}
    assert (pair.first, pair.second, pair.described) == ("p1", "p2", alike["p2"])


def test_what_is_described_alike_is_a_pair_also_where_it_is_written_otherwise() -> None:
    words = [f"word{letter}{other}" for letter in "abcdef" for other in "ghijkl"]
    texts = {**TEXTS, "p9": TEXTS["p1"]}
    bodies = Bodies({"p1": " ".join(words), "p9": " ".join(f"{word}s{word}" for word in words)}.items())
    (pair,) = survey(nearest_texts(texts.items(), most=NEAREST), HOMES, bodies).twins
    assert (pair.first, pair.second, round(pair.described or 0, 3), pair.written) == ("p1", "p9", 1.0, 0.0)


def test_a_survey_that_an_older_release_wrote_is_read() -> None:
    (pair,) = survey_from_data({"twins": [["a", "b", 0.9]]}).twins
    assert (pair.likeness, pair.written) == (0.9, None)


def test_a_survey_keeps_homeless_skills_apart_and_survives_being_written_down() -> None:
    texts = {**TEXTS, "new": "cancel python asyncio tasks", "p9": "event loop python asyncio coroutine"}
    found = found_in(texts, {**HOMES, "d3": "python", "p9": "python"})
    assert set(found.homeless) == {"new"}
    read = survey_from_data(json.loads(json.dumps(survey_data(found))))
    assert read.twins == found.twins
    assert [hint.skill for hint in read.misplaced] == [hint.skill for hint in found.misplaced] == ["d3"]
    assert read.homeless["new"].siblings[0].key == found.homeless["new"].siblings[0].key
    assert survey_from_data({}) == survey_from_data(survey_data(survey_from_data({})))
