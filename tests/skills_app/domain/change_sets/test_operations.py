"""Operations as data."""

from typing import Any

import pytest

from skills_app.domain.change_sets.operations import (
    MAX_OPERATIONS,
    Act,
    Choice,
    MergeCategories,
    MergeSkills,
    Move,
    Part,
    Refacet,
    Rename,
    Retire,
    Split,
    operations_data,
    operations_from,
)
from skills_app.domain.change_sets.rows import Kind
from skills_app.domain.errors import ChangeDataError

EVERY = (
    Move("t", ("a",), ("s",), (("s", "new"),), ("old",)),
    Rename(Kind.CATEGORY, "a", "b", "B", ("x",)),
    Rename(Kind.SKILL, "s", "t"),
    MergeCategories(("a",), "b", (Choice("s", Act.FOLD, "t"),)),
    MergeSkills(("s",), "t"),
    Split("a", (Part("k", "", "new", "New", ("c",), ("s",)),)),
    Refacet(("s",), (("lang", "go"),), (("lang", "c"),)),
    Retire(("a/old", "b/old")),
)


def test_every_operation_comes_back_from_its_data() -> None:
    assert operations_from(operations_data(EVERY)) == EVERY


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        ["x"],
        [{"do": "burn"}],
        [{"do": "move"}],
        [{"do": "move", "target": 3}],
        [{"do": "move", "target": "a\x00"}],
        [{"do": "move", "target": "a", "skills": "s"}],
        [{"do": "move", "target": "a", "renames": [["s"]]}],
        [{"do": "move", "target": "a", "more": []}],
        [{"do": "rename", "kind": "house", "key": "a", "slug": "b"}],
        [{"do": "merge_categories", "sources": ["a"], "into": "b", "choices": ["s"]}],
        [
            {
                "do": "merge_categories",
                "sources": ["a"],
                "into": "b",
                "choices": [{"skill": "s", "act": "eat"}],
            }
        ],
        [{"do": "move", "target": "a"}] * (MAX_OPERATIONS + 1),
    ],
    ids=lambda data: str(data)[:60],
)
def test_what_is_no_change_set_is_refused_with_its_place(data: Any) -> None:
    with pytest.raises(ChangeDataError, match="Operation 1|at most"):
        operations_from(data)
