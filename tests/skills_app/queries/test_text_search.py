"""Full-text search, on whichever database the suite runs."""

import pytest
from django.core.management import call_command
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skills_app.domain.search_words import search_terms
from skills_app.domain.skill_filter import SkillFilter, SkillSort
from skills_app.models import Skill, SkillAddresses, SkillText
from skills_app.queries.skills_for_list import skills_for_list
from skills_app.queries.skills_matching import skills_matching
from skills_app.queries.text_search import ranked_skill_ids, snippets
from skills_app.services.add_alias import add_alias
from skills_app.services.index_skill_text import index_skill_text
from tests.skills_app import skill_makers as make

pytestmark = pytest.mark.django_db


def found(text: str) -> list[str]:
    page = skills_for_list(SkillFilter(text=text, sort=SkillSort.RELEVANCE))
    return [row.skill.path for row in page.rows]


@pytest.fixture
def library() -> dict[str, Skill]:
    return {
        "async": make.skill("tech/python/python-async", "Use the event loop. Cancel with care."),
        "rust": make.skill(
            "tech/rust/ownership", "Borrow before you move. An async note: tokio runs loops for events."
        ),
        "docker": make.skill(
            "ops/docker",
            "Layers and caches.",
            files=(make.text_file("scripts/prune.sh", "docker system prune --force"),),
            facets=[("tool", "buildkit")],
        ),
    }


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("docker", ["ops/docker"]),
        ("borrow", ["tech/rust/ownership"]),
        ("borrowing", ["tech/rust/ownership"]),
        ("borr", ["tech/rust/ownership"]),
        ('"event loop"', ["tech/python/python-async"]),
        ('"loop event"', []),
        ("prune force", ["ops/docker"]),
        ("buildkit", ["ops/docker"]),
        ("python-async", ["tech/python/python-async"]),
        ("docker borrow", []),
        ("nowhere", []),
        ("BORROW", ["tech/rust/ownership"]),
    ],
)
def test_search_finds_words_prefixes_and_phrases_in_every_part(
    library: dict[str, Skill], text: str, paths: list[str]
) -> None:
    assert found(text) == paths


def test_a_hit_in_the_name_comes_before_one_in_the_body(library: dict[str, Skill]) -> None:
    assert found("async") == ["tech/python/python-async", "tech/rust/ownership"]


def test_snippet_marks_the_hit_and_keeps_hostile_text_as_text(library: dict[str, Skill]) -> None:
    bad = make.skill("x/bad", "Before <script>alert(1)</script> zanzibar \x02after\x03.")

    parts = snippets(search_terms("zanzibar"), [bad.pk])[bad.pk]

    assert [part.text for part in parts if part.is_hit] == ["zanzibar"]
    text = "".join(part.text for part in parts)
    assert "<script>" in text
    assert "\x02" not in text


def test_front_matter_is_found_and_the_passage_prefers_the_body(library: dict[str, Skill]) -> None:
    one = make.skill(
        "x/marked", content="---\nname: marked\nlicense: kestrel\nnote: osprey\n---\nAn osprey dives."
    )

    assert found("kestrel") == ["x/marked"]
    text = "".join(part.text for part in snippets(search_terms("osprey"), [one.pk])[one.pk])
    assert "osprey dives." in text.lstrip()[:40]


def test_terms_may_lie_in_text_and_address_and_a_hit_in_the_text_comes_first(
    library: dict[str, Skill],
) -> None:
    assert found("tech borrow") == ["tech/rust/ownership"]
    make.skill("x/other", "All about ops.")
    assert found("ops") == ["x/other", "ops/docker"]
    assert found("ops borrow") == []


def test_an_address_finds_what_lives_there_before_what_mentions_it(library: dict[str, Skill]) -> None:
    make.skill("x/other", "See ops/docker for layers, and ops/docker again.")
    add_alias(path="old/whale", skill=library["docker"])
    make.skill("x/more", "Once it was old/whale.")

    assert found("ops/docker") == ["ops/docker", "x/other"]
    assert found("old/wha") == ["ops/docker", "x/more"]


def test_new_version_replaces_what_was_found(library: dict[str, Skill]) -> None:
    make.next_version(library["docker"], "Only podman now")

    assert found("podman") == ["ops/docker"]
    assert found("layers") == []


def test_alias_is_found_and_a_removed_skill_is_not(library: dict[str, Skill]) -> None:
    add_alias(path="old/whale", skill=library["docker"])
    assert found("whale") == ["ops/docker"]

    library["docker"].delete()

    assert found("whale") == []
    assert ranked_skill_ids(search_terms("whale")) == []


def test_index_can_be_written_anew(library: dict[str, Skill]) -> None:
    SkillText.objects.all().delete()
    SkillAddresses.objects.all().delete()
    assert found("docker") == []

    assert index_skill_text() == 3
    assert index_skill_text() == 3

    assert found("docker") == ["ops/docker"]


def test_command_writes_the_index_anew(library: dict[str, Skill], capsys: pytest.CaptureFixture[str]) -> None:
    SkillText.objects.all().delete()
    SkillAddresses.objects.all().delete()

    call_command("index_skills")

    assert "Indexed 3 skills." in capsys.readouterr().out
    assert found("docker") == ["ops/docker"]


HOSTILE = [
    '"', "'", "\\", "*", "**", "(", ")", "()", "AND", "OR NOT", "NEAR(a b)", "a*b", "^a", "a:b", "name:docker", "{a}",
    "-docker", "docker -", "'; DROP TABLE skills_app_skill; --", "a'b", "a''b", "\x00", "a\x00b", "%", "_", "%s", "?",
    "&", "|", "!", "<->", "a & b | !c", ":*", "a:*", "<script>", "\u202e", "½", "𝟙", "ﷺ", "日本語", "é́́", "x" * 5000,
    '"' * 500, "(" * 500, "a " * 500, "\ud83d", "the", "'the'", '"the of"', "🙂", "\t\n", "a\\'b", "E'\\x'",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=[str(number) for number in range(len(HOSTILE))])
def test_hostile_queries_are_answered(library: dict[str, Skill], text: str) -> None:
    assert isinstance(found(text), list)
    assert skills_matching(text, 5) is not None
    snippets(search_terms(text), [one.pk for one in library.values()])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=40))
def test_no_text_is_an_error(library: dict[str, Skill], text: str) -> None:
    found(text)
    snippets(search_terms(text), [library["docker"].pk])


def test_matching_for_the_search_box_gives_label_path_and_address(library: dict[str, Skill]) -> None:
    assert skills_matching("docker", 5) == [("docker", "ops/docker", library["docker"].get_absolute_url())]
    assert len(skills_matching("async", 1)) == 1
    assert skills_matching("", 5) == []


def test_index_is_kept_by_the_database(library: dict[str, Skill]) -> None:
    with connection.cursor() as cursor:
        for table in ("skills_app_skilltext", "skills_app_skilladdresses"):
            if connection.vendor == "sqlite":
                cursor.execute(f"INSERT INTO {table}_fts ({table}_fts) VALUES ('integrity-check')")
            else:
                cursor.execute(f"SELECT count(*) FROM {table} WHERE vector IS NULL")
                assert cursor.fetchone() == (0,)
