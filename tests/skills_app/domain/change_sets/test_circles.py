"""Circles of required skills that appear because links lead to heirs."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills_app.domain.change_sets.circles import circles_closed

CASES: dict[str, tuple[str, dict[str, str], dict[str, str]]] = {
    "the heir needs who needs the other": ("ug hu", {"g": "h"}, {"g": "huh"}),
    "by the way of others": ("ug hv vw wu", {"g": "h"}, {"g": "hvwuh"}),
    "two merges together": ("ug hw wk", {"g": "h", "k": "u"}, {"g": "hwuh", "k": "uhwu"}),
    "nobody needs the other": ("hu uv", {"g": "h"}, {}),
    "the heir needs what it stands in for": ("hg", {"g": "h"}, {}),
    "what goes needs its heir": ("gh", {"g": "h"}, {}),
    "a circle that was there": ("ug uh hu", {"g": "h"}, {}),
    "a circle elsewhere": ("ug vw wv", {"g": "h"}, {}),
}


@pytest.mark.parametrize(("links", "folds", "circles"), CASES.values(), ids=CASES)
def test_the_circles_that_are_new(links: str, folds: dict[str, str], circles: dict[str, str]) -> None:
    found = circles_closed([(one[0], one[1]) for one in links.split()], folds)
    assert {gone: "".join(keys) for gone, keys in found.items()} == circles


@given(
    st.sets(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef"))),
    st.dictionaries(st.sampled_from("abc"), st.sampled_from("def")),
)
def test_a_circle_is_told_if_and_only_if_a_turned_link_lies_on_it(
    links: set[tuple[str, str]], folds: dict[str, str]
) -> None:
    after = {(a, b if a == folds.get(b) else folds.get(b, b)) for a, b in links}
    reach = {(a, b) for a, b in after}
    for _ in range(6):
        reach |= {(a, d) for a, b in reach for c, d in after if b == c}
    turned = {(a, b) for a, b in links if b in folds and a != folds[b] and (a, folds[b]) not in links}
    found = circles_closed(links, folds)
    assert set(found) == {gone for source, gone in turned if (folds[gone], source) in reach}
    for gone, keys in found.items():
        assert keys[0] == keys[-1] == folds[gone]
        assert set(pairwise(keys)) <= after
