"""Homes, aliases and what an address means."""

from collections.abc import Callable
from typing import Any

import pytest

from skills_app.domain.enums import DependencyKind, SkillStatus
from skills_app.domain.errors import AliasLoops, PathInvalid, PathTaken
from skills_app.domain.records import DependencyRecord
from skills_app.models import AuditEntry, Category, PathAlias, Skill
from skills_app.queries.resolve_path import Match, resolve_path, skill_keys_by_address
from skills_app.services.add_alias import add_alias
from skills_app.services.link_dependencies import link_dependencies
from skills_app.services.make_category import make_category
from skills_app.services.make_skill import make_skill
from skills_app.services.place_skill import place_skill
from skills_app.services.record_audit import record_audit
from skills_app.services.set_dependencies import set_dependencies
from skills_app.services.set_facets import set_facets

pytestmark = pytest.mark.django_db


def skill_at(path: str, **options: str) -> Skill:
    """Return a new or known skill."""
    return make_skill(path=path, **options)[0]  # type: ignore[arg-type]


def test_a_skill_is_made_once_with_every_category_above_it() -> None:
    skill, is_new = make_skill(path="a/b/c_d", status=SkillStatus.ACTIVE, actor_name="ada")
    assert is_new
    assert make_skill(path="a/b/c_d") == (skill, False)
    assert (skill.slug, skill.name, skill.status) == ("c_d", "c-d", "active")
    assert list(Category.objects.values_list("path", "slug", "parent__path", "title")) == [
        ("a", "a", None, "A"),
        ("a/b", "b", "a", "B"),
    ]
    entry = AuditEntry.objects.get(verb="made_skill")
    assert (entry.actor_name, entry.target_key, entry.after) == (
        "ada",
        skill.key,
        {"path": "a/b/c_d", "status": "active"},
    )


@pytest.mark.parametrize("path", ["", "/a", "a/", "A", "a b", "../a", "a//b", "a" * 65, "x/" * 20 + "x"])
def test_a_path_that_is_no_address_is_refused(path: str) -> None:
    with pytest.raises(PathInvalid):
        make_skill(path=path)
    with pytest.raises(PathInvalid):
        make_category(path=path)


def test_nothing_is_made_where_a_library_keeps_what_is_no_skill() -> None:
    for make in (lambda: make_category(path="_drafts/a"), lambda: make_skill(path="_templates/a/b")):
        with pytest.raises(PathInvalid, match="keeps what is no skill there"):
            make()
    assert not Category.objects.exists()


def test_a_moved_skill_answers_at_its_old_path_and_keeps_its_key() -> None:
    skill = skill_at("a/x")
    key = skill.key
    assert place_skill(skill=skill, path="b/y", actor_name="ben", reason="better")
    assert not place_skill(skill=skill, path="b/y")
    found = resolve_path("a/x")
    assert found is not None
    assert (found.match, found.path) == (Match.ALIAS, "b/y")
    assert found.skill is not None
    assert (found.skill.key, found.skill.category) == (key, Category.objects.get(path="b"))
    entry = AuditEntry.objects.get(verb="placed_skill")
    assert (entry.before, entry.after, entry.reason) == ({"path": "a/x"}, {"path": "b/y"}, "better")


def test_a_skill_that_moves_back_leaves_no_loop() -> None:
    skill = skill_at("a/x")
    place_skill(skill=skill, path="b/x")
    skill.refresh_from_db()
    place_skill(skill=skill, path="a/x")
    assert list(PathAlias.objects.values_list("path", "skill__path")) == [("b/x", "a/x")]


def test_a_home_that_is_taken_is_refused_and_nothing_moves() -> None:
    first, second = skill_at("a/x"), skill_at("a/y")
    add_alias(path="old", skill=first)
    for path in ("a/x", "old"):
        with pytest.raises(PathTaken):
            place_skill(skill=second, path=path)
    second.refresh_from_db()
    assert second.path == "a/y"


def test_an_alias_never_shadows_and_never_loops() -> None:
    first, second = skill_at("a/x"), skill_at("a/y")
    assert add_alias(path="old/x", skill=first)
    assert not add_alias(path="old/x", skill=first)
    with pytest.raises(PathTaken, match="already leads to a/x"):
        add_alias(path="old/x", skill=second)
    with pytest.raises(PathTaken, match="path of a skill"):
        add_alias(path="a/x", skill=second)
    with pytest.raises(PathTaken, match="path of a category"):
        add_alias(path="a", skill=second)
    with pytest.raises(AliasLoops):
        add_alias(path="a/y", skill=second)
    for path in ("", "../up", "/abs", "x" * 513, "a\x00"):
        with pytest.raises(PathInvalid):
            add_alias(path=path, skill=second)
    with pytest.raises(PathTaken, match="alias of a/x"):
        make_skill(path="old/x")


def test_a_category_made_where_an_alias_was_takes_the_address() -> None:
    skill = skill_at("a/x")
    add_alias(path="old", skill=skill)
    skill_at("old/y")
    found = resolve_path("old")
    assert found is not None
    assert (found.match, found.category) == (Match.CANONICAL, Category.objects.get(path="old"))


ADDRESSES = [
    ("a/x", Match.CANONICAL),
    ("x-id", Match.CANONICAL),
    ("old/X place", Match.ALIAS),
    ("/a/x/", Match.CANONICAL),
    ("skills/a/x/SKILL.md", Match.DISK),
    ("skills/old/X place/SKILL.md", Match.DISK),
    ("a/x.json", Match.DISK),
    ("A/X", Match.DISK),
]


@pytest.mark.parametrize(("address", "match"), ADDRESSES)
def test_every_form_of_an_address_leads_to_the_skill(address: str, match: Match) -> None:
    skill = skill_at("a/x", external_id="x-id")
    add_alias(path="old/X place", skill=skill)
    found = resolve_path(address)
    assert found is not None
    assert (found.skill, found.match, found.path) == (skill, match, "a/x")


@pytest.mark.parametrize("address", ["", "/", "nowhere", "../a/x", "a\x00", "x" * 3000])
def test_an_unknown_address_leads_nowhere(address: str) -> None:
    skill_at("a/x")
    assert resolve_path(address) is None


def test_many_addresses_at_once_lead_where_each_alone_leads(
    django_assert_num_queries: Callable[..., Any],
) -> None:
    skill = skill_at("a/x", external_id="x-id")
    add_alias(path="old/X place", skill=skill)
    skill_at("b", external_id="a")
    skill_at("c/y", external_id="b")
    addresses = [
        *(address for address, _ in ADDRESSES),
        "b",
        "a",
        "c",
        "",
        "nowhere",
        "skills/b",
        "../a",
        "z" * 600,
        "\x00",
    ]
    alone = {address: resolve_path(address) for address in addresses}
    expected = {address: found.skill.pk for address, found in alone.items() if found and found.skill}
    with django_assert_num_queries(4):
        assert skill_keys_by_address(addresses) == expected
    assert len(expected) == len(ADDRESSES) + 2


def test_the_id_of_one_skill_does_not_shadow_the_path_of_another() -> None:
    skill_at("a/x", external_id="b")
    second = skill_at("b")
    found = resolve_path("b")
    assert found is not None
    assert found.skill == second


def test_facets_are_replaced_as_a_whole_and_only_when_they_differ() -> None:
    skill = skill_at("a/x")
    assert set_facets(skill=skill, facets=[("lang", "python"), ("lang", "go"), ("lang", "go"), ("", "x")])
    assert not set_facets(skill=skill, facets=[("lang", "go"), ("lang", "python")])
    assert set_facets(skill=skill, facets=[("lang", "go"), ("tool", "uv")])
    assert list(skill.facets.values_list("name", "value")) == [("lang", "go"), ("tool", "uv")]
    assert AuditEntry.objects.filter(verb="set_facets").count() == 2


def test_dependencies_are_linked_when_their_skill_appears() -> None:
    skill = skill_at("a/x")
    needs = [
        DependencyRecord(DependencyKind.REQUIRED, "b/y", "calls it"),
        DependencyRecord(DependencyKind.SEE_ALSO, "a/x"),
    ]
    assert set_dependencies(skill=skill, dependencies=needs)
    assert not set_dependencies(skill=skill, dependencies=needs)
    row = skill.dependencies.get()
    assert (row.kind, row.target_path, row.target, row.reason) == ("required", "b/y", None, "calls it")
    target = skill_at("b/y")
    assert (link_dependencies(), link_dependencies()) == (1, 0)
    assert skill.dependencies.get().target == target
    assert set_dependencies(skill=skill, dependencies=[])
    assert not skill.dependencies.exists()


def test_an_audit_entry_names_the_system_when_nobody_did_it() -> None:
    entry = record_audit(verb="tried", target_kind="skill", target_key="k\x00", after={"n": float("inf")})
    entry.refresh_from_db()
    assert (entry.actor_name, entry.target_key, entry.after) == ("system", "k\ufffd", {"n": "inf"})
