"""As few folders move as will do, and each skill lands at its new address."""

import pytest

from skills_app.domain.folder_moves import FolderPlan, landing_of, planned_moves

Moves = list[tuple[str, str]]


def moves_of(categories: dict[str, str], skills: dict[str, str], taken: set[str], nested: set[str]) -> Moves:
    plan = FolderPlan(categories, skills, frozenset(taken))
    return planned_moves(
        plan, nested=lambda path: [one for one in sorted(nested) if one.startswith(f"{path}/")]
    )


@pytest.mark.parametrize(
    ("categories", "skills", "taken", "nested", "expected"),
    [
        # A branch goes as one folder, with all that is in it.
        ({"a": "b/a", "a/n": "b/a/n"}, {"a/x": "b/a/x", "a/n/q": "b/a/n/q"}, {"b"}, set(), [("a", "b/a")]),
        # What goes elsewhere out of it goes by itself.
        ({"a": "z"}, {"a/x": "z/x", "a/y": "c/y"}, set(), set(), [("a", "z"), ("a/y", "c/y")]),
        ({"a": "z", "a/n": "n"}, {"a/n/q": "n/q"}, set(), set(), [("a", "z"), ("a/n", "n")]),
        # Where a folder lies already, what is in the category goes in there one by one.
        ({"a": "b"}, {"a/x": "b/x"}, {"b"}, set(), [("a/x", "b/x")]),
        # Two that change places are both free to go.
        ({"a": "b", "b": "a"}, {"a/x": "b/x", "b/y": "a/y"}, {"a", "b"}, set(), [("a", "b"), ("b", "a")]),
        # A skill inside another one stays where it is, and makes room for one that comes.
        ({}, {"a/b": "c/b"}, set(), {"a/b/y"}, [("a/b", "c/b"), ("a/b/y", "a/b/y")]),
        ({}, {"c/b": "a/b"}, set(), {"a/b/y"}, [("c/b", "a/b"), ("a/b/y", "a/b/y")]),
        ({}, {"a/b": "c/b", "a/b/y": "d"}, set(), {"a/b/y"}, [("a/b", "c/b"), ("a/b/y", "d")]),
        # It goes with the branch when the skill around it goes elsewhere, and so it comes back.
        (
            {"b": "x"},
            {"b/c": "x/c_old", "b/c/y": "x/c/y", "b/x": "x/x"},
            set(),
            {"b/c/y", "b/c/z"},
            [("b", "x"), ("b/c", "x/c_old"), ("b/c/y", "x/c/y"), ("b/c/z", "x/c/z")],
        ),
        (
            {"x": "b", "x/c": "b/c"},
            {"x/c_old": "b/c", "x/c/y": "b/c/y", "x/x": "b/x"},
            set(),
            {"x/c/y", "x/c/z"},
            [("x", "b"), ("x/c_old", "b/c"), ("x/c/y", "b/c/y"), ("x/c/z", "b/c/z")],
        ),
        # A category whose address a skill is to have, too, is no folder of its own.
        (
            {"b/z": "b/c"},
            {"b/z/y": "b/c/y", "b/c_old": "b/c"},
            set(),
            {"b/z/y"},
            [("b/c_old", "b/c"), ("b/z/y", "b/c/y")],
        ),
        ({}, {}, set(), set(), []),
    ],
)
def test_moves(
    categories: dict[str, str], skills: dict[str, str], taken: set[str], nested: set[str], expected: Moves
) -> None:
    assert moves_of(categories, skills, taken, nested) == expected


def test_a_folder_lands_with_the_nearest_one_around_it_that_moves() -> None:
    moves = {"a": "z", "a/n": "n"}
    landed = [landing_of(path, moves) for path in ("a", "a/x", "a/n/q", "ab/x", "")]
    assert landed == ["z", "z/x", "n/q", "ab/x", ""]
