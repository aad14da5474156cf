"""What a new skill meets: neighbours by shared words, two of them whole, and the branches there are."""

import pytest

from runs_app.queries.library_view import library_view, similar_skills
from tests.skills_app.skill_makers import skill as make_skill

pytestmark = pytest.mark.django_db


def skill(path: str, description: str) -> None:
    make_skill(path, description=description)


def test_the_most_similar_come_first_with_the_words_they_share() -> None:
    skill("data/csv-cleaning", "Use when CSV files need cleaning with pandas.")
    skill("data/csv-export", "Use when a table goes to a CSV file.")
    skill("web/http-status", "Use when choosing a status code.")

    found = similar_skills(task="Create a skill for cleaning CSV files with pandas")

    assert [one.skill.path for one in found] == ["data/csv-cleaning", "data/csv-export"]
    assert found[0].overlap == 1.0
    assert set(found[1].words) == {"csv", "files"}


def test_a_task_without_telling_words_has_no_neighbours() -> None:
    skill("data/csv-cleaning", "Use when CSV files need cleaning with pandas.")

    assert similar_skills(task="create a skill for me") == []
    assert similar_skills(task="") == []
    assert similar_skills(task='"; DROP TABLE -- *') == []


def test_the_two_nearest_come_with_their_text_and_the_branches_are_listed() -> None:
    for number in range(3):
        skill(f"data/csv-cleaning-{number}", "Use when CSV files need cleaning.")

    view = library_view(task="cleaning CSV files")

    assert view.branches == ("data",)
    assert [bool(one.content) for one in view.skills] == [True, True, False]
