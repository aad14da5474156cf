"""Change-sets in the tables: drafted, shown, applied, proposed, accepted, undone."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from skills_app.domain.change_sets.conflicts import Conflict, Reason
from skills_app.domain.change_sets.operations import (
    Act,
    Choice,
    MergeCategories,
    MergeSkills,
    Move,
    Operation,
    Part,
    Refacet,
    Rename,
    Split,
)
from skills_app.domain.change_sets.rewriting import Obstacle
from skills_app.domain.change_sets.rows import TOP, Kind
from skills_app.domain.enums import DependencyKind
from skills_app.domain.errors import ChangeConflicts, ChangeNotOpen, ChangeOvertaken
from skills_app.domain.records import DependencyRecord
from skills_app.models import AuditEntry, Category, Gate, PlacementChange, RoleGrant, Skill, Waiver
from skills_app.queries.skill_timeline import timeline_of_skill
from skills_app.queries.skills_matching import skills_matching
from skills_app.services.apply_change import accept_change, apply_change, undo_change
from skills_app.services.draft_change import draft_change, drop_change, preview_change, propose_change
from skills_app.services.make_skill import make_skill
from skills_app.services.place_skill import place_skill
from skills_app.services.set_dependencies import set_dependencies
from skills_app.services.set_facets import set_facets
from tests.skills_app.services.taxonomy_state import aliases, check_rows, lead, state

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben() -> User:
    return User.objects.create_user("ben")


def library(*paths: str) -> None:
    for path in paths or ("a/x", "a/y", "a/n/q", "b/x", "c/i", "c_d/e_f"):
        make_skill(path=path)


def skill_key(path: str) -> str:
    return Skill.objects.get(path=path).key


def place_key(path: str) -> str:
    return Category.objects.get(path=path).key


def done(actor: User, *operations: Operation, **words: str) -> PlacementChange:
    change = draft_change(operations=operations, actor=actor, **words)
    preview_change(change=change)
    return apply_change(change=change, actor=actor, expected_digest=change.digest)


def test_a_moved_branch_answers_at_both_addresses_and_is_found_by_the_new_one(ben: User) -> None:
    library()
    key = skill_key("a/n/q")
    change = done(ben, Move(place_key("b"), (place_key("a/n"),)), reason="belongs there")
    check_rows()
    assert lead("a/n/q") == lead("b/n/q") == ("skill", key)
    assert lead("a/n") == ("category", place_key("b/n"))
    assert skills_matching("b/n/q", 5)[0][1] == "b/n/q"
    assert (change.status, change.applied_by, change.branches) == ("applied", "ben", ["a", "b"])
    entry = AuditEntry.objects.get(target_key=key, verb="applied_change_of_place")
    assert (entry.before, entry.after, entry.actor) == ({"path": "a/n/q"}, {"path": "b/n/q"}, ben)


def test_an_underscore_in_a_branch_is_no_wildcard(ben: User) -> None:
    library("a_b/x", "axb/x", "c/z")
    done(ben, Move(place_key("c"), (place_key("a_b"),)))
    assert set(Skill.objects.values_list("path", flat=True)) == {"c/a_b/x", "axb/x", "c/z"}


def test_branches_that_change_places_do_not_meet_on_the_way(ben: User) -> None:
    library("a/x", "b/y")
    a, b = place_key("a"), place_key("b")
    done(
        ben,
        Rename(Kind.CATEGORY, a, "tmp"),
        Rename(Kind.CATEGORY, b, "a", takes=("a", "a/y")),
        Rename(Kind.CATEGORY, a, "b", takes=("b", "b/x")),
    )
    check_rows()
    assert set(Skill.objects.values_list("path", flat=True)) == {"b/x", "a/y"}


def test_a_skill_leaves_an_address_before_another_comes_along_to_it(ben: User) -> None:
    library("a/x", "b/x", "c/y")
    mine, theirs = skill_key("a/x"), skill_key("b/x")
    a, b = place_key("a"), place_key("b")
    change = done(
        ben,
        Move(place_key("c"), skills=(mine,)),
        Rename(Kind.CATEGORY, a, "tmp"),
        Rename(Kind.CATEGORY, b, "a", takes=("a", "a/x")),
    )
    check_rows()
    assert {skill_key("c/x"), skill_key("a/x")} == {mine, theirs}
    undo_change(change=change, actor=ben)
    assert (skill_key("a/x"), skill_key("b/x")) == (mine, theirs)


EACH: list[tuple[str, Any]] = [
    ("move", lambda: [Move(place_key("b"), (place_key("a/n"),), (skill_key("a/y"),))]),
    ("rename", lambda: [Rename(Kind.CATEGORY, place_key("a"), "new", "New")]),
    ("merge", lambda: [MergeCategories((place_key("a/n"), place_key("c")), place_key("a"))]),
    ("fold", lambda: [MergeSkills((skill_key("a/x"),), skill_key("b/x"))]),
    ("split", lambda: [Split(place_key("a"), (Part("kk", TOP, "web", "Web", (), (skill_key("a/y"),)),))]),
    ("made", lambda: [Split(TOP, (Part("kk", place_key("c"), "web", "Web", (), (skill_key("a/y"),)),))]),
    ("facets", lambda: [Refacet((skill_key("a/x"),), (("l", "go"),), (("l", "c"),))]),
]


@pytest.mark.parametrize(("name", "make"), EACH, ids=[name for name, _ in EACH])
def test_undo_brings_every_row_back_even_what_hung_on_an_ended_category(
    ben: User, name: str, make: Any
) -> None:
    library()
    first, second = Skill.objects.get(path="a/x"), Skill.objects.get(path="a/y")
    set_facets(skill=first, facets=[("l", "c"), ("t", "1")])
    set_dependencies(skill=second, dependencies=[DependencyRecord(DependencyKind.REQUIRED, "a/x", "why")])
    ended = Category.objects.get(path="a/n")
    RoleGrant.objects.create(user=ben, role="curator", category=ended)
    Gate.objects.create(name="g", category=ended).revisions.create(number=1, data={"name": "g"})
    Waiver.objects.create(category=ended, condition_key="k", reason="r", owner=ben, until="2030-01-01")
    before, old = state(), aliases()
    change = done(ben, *make())
    check_rows()
    assert state() != before
    undo_change(change=change, actor=ben)
    check_rows()
    assert state() == before
    assert old.items() <= aliases().items()
    assert Gate.objects.get().revisions.count() == 1


def test_links_to_a_merged_skill_lead_to_the_other(ben: User) -> None:
    library()
    user = Skill.objects.get(path="c/i")
    set_dependencies(skill=user, dependencies=[DependencyRecord(DependencyKind.REQUIRED, "a/x")])
    done(ben, MergeSkills((skill_key("a/x"),), skill_key("b/x")))
    assert user.dependencies.get().target == Skill.objects.get(path="b/x")


MERGES: list[tuple[str, Any]] = [
    ("of skills", lambda: [MergeSkills((skill_key("a/x"),), skill_key("b/x"))]),
    (
        "of categories",
        lambda: [
            MergeCategories(
                (place_key("a"),), place_key("b"), (Choice(skill_key("a/x"), Act.FOLD, skill_key("b/x")),)
            )
        ],
    ),
    (
        "of what is merged in turn",
        lambda: [
            MergeSkills((skill_key("a/x"),), skill_key("a/y")),
            MergeSkills((skill_key("a/y"),), skill_key("b/x")),
        ],
    ),
]


@pytest.mark.parametrize(("name", "make"), MERGES, ids=[name for name, _ in MERGES])
def test_the_impact_of_a_merge_says_where_links_lead_once_it_is_applied(
    ben: User, name: str, make: Any
) -> None:
    library()
    user, heir = Skill.objects.get(path="c/i"), Skill.objects.get(path="b/x")
    for skill in (user, heir):
        set_dependencies(skill=skill, dependencies=[DependencyRecord(DependencyKind.SEE_ALSO, "a/x")])
    change = draft_change(operations=make(), actor=ben)
    links = {one["skill"]: one["now"] for one in preview_change(change=change).impact["links"]}
    apply_change(change=change, actor=ben, expected_digest=change.digest)
    reached = {path: Skill.objects.get(path=path).dependencies.get().target for path in links}
    assert links == {path: target.path for path, target in reached.items() if target}
    assert links["c/i"] == "b/x" != links["b/x"]


def test_the_impact_says_what_leads_there_what_it_costs_and_who_is_told(ben: User) -> None:
    library()
    Skill.objects.update(status="active", description="Use when in doubt.")
    set_dependencies(
        skill=Skill.objects.get(path="c/i"), dependencies=[DependencyRecord(DependencyKind.SEE_ALSO, "a/n/q")]
    )
    RoleGrant.objects.create(user=ben, role="curator", category=Category.objects.get(path="b"))
    Gate.objects.create(name="strict", category=Category.objects.get(path="b"))
    change = draft_change(operations=[Move(place_key("b"), (place_key("a/n"),))], actor=ben)
    impact = preview_change(change=change).impact
    assert (impact["num_skills"], impact["num_categories"], impact["num_aliases"]) == (1, 1, 2)
    assert impact["addresses"] == [["a/n", "b/n"], ["a/n/q", "b/n/q"]]
    assert impact["aliases"] == [["a/n", "b/n"], ["a/n/q", "b/n/q"]]
    assert impact["links"] == [{"skill": "c/i", "kind": "see_also", "written": "a/n/q", "now": "b/n/q"}]
    sizes = [
        (row["branch"], row["becomes"], row["before"]["num_skills"], row["after"]["num_skills"])
        for row in impact["budgets"]
    ]
    assert sizes == [("a", "", 3, 2), ("a/n", "b/n", 1, 1), ("b", "", 1, 2)]
    assert impact["budgets"][2]["num_tokens"] > 0
    assert impact["exports"] == {
        "num_entries": 1,
        "num_published": 0,
        "num_active": 1,
        "branches": ["a", "b/n", "b"],
        "num_branches": 3,
    }
    assert impact["gates"] == [{"from": "", "to": "strict", "num_skills": 1}]
    assert impact["told"] == [{"name": "ben", "role": "curator", "branch": "b"}]


def test_a_branch_that_grows_over_the_limit_of_a_host_is_named_before_it_does(ben: User) -> None:
    library("big/one", "small/two")
    Skill.objects.update(status="active", description="x" * 4_500)
    change = draft_change(operations=[Move(place_key("small"), (place_key("big"),))], actor=ben)
    budgets = {row["branch"]: row for row in preview_change(change=change).impact["budgets"]}
    assert budgets["big"]["becomes"] == "small/big"
    assert budgets["big"]["hosts"] == []
    (claude,) = budgets["small"]["hosts"]
    assert (claude["title"], claude["limit"], claude["was_over"], claude["is_over"]) == (
        "Claude Code",
        2_000,
        False,
        True,
    )


@pytest.mark.parametrize(
    ("make", "rows"),
    [
        (
            lambda: MergeCategories((place_key("a/n"),), place_key("c")),
            [("a", -1, False), ("a/n", -1, True), ("c", 1, False)],
        ),
        (lambda: MergeSkills((skill_key("a/x"),), skill_key("b/x")), [("a", -1, False)]),
        (lambda: Rename(Kind.SKILL, skill_key("a/x"), "z"), []),
    ],
)
def test_the_budgets_count_what_ends_and_what_is_archived(ben: User, make: Any, rows: Any) -> None:
    library()
    Skill.objects.update(status="active")
    impact = preview_change(change=draft_change(operations=[make()], actor=ben)).impact
    assert [(row["branch"], row["num_skills"], row["is_ended"]) for row in impact["budgets"]] == rows
    assert impact["exports"]["num_active"] == 1


def test_a_preview_writes_nothing(ben: User) -> None:
    library()
    before, old = state(), aliases()
    preview_change(
        change=draft_change(operations=[MergeCategories((place_key("a"),), place_key("c"))], actor=ben)
    )
    assert (state(), aliases()) == (before, old)


def test_what_is_in_the_way_keeps_everything_as_it_was(ben: User) -> None:
    library()
    before, old = state(), aliases()
    change = draft_change(operations=[Move(place_key("b"), skills=(skill_key("a/x"),))], actor=ben)
    preview_change(change=change)
    with pytest.raises(ChangeConflicts) as caught:
        apply_change(change=change, actor=ben, expected_digest=change.digest)
    assert len(caught.value.conflicts) == 1
    assert (state(), aliases()) == (before, old)
    with pytest.raises(ChangeConflicts, match="change nothing"):
        apply_change(change=draft_change(operations=[], actor=ben), actor=ben, expected_digest="")


@pytest.mark.parametrize(("name", "make"), MERGES[:2], ids=[name for name, _ in MERGES[:2]])
def test_a_merge_that_closes_a_circle_of_required_skills_is_in_the_way_until_it_is_left_out(
    ben: User, name: str, make: Any
) -> None:
    library()
    required = DependencyKind.REQUIRED
    for path, other in (("c/i", "a/x"), ("b/x", "a/y"), ("a/y", "c/i")):
        set_dependencies(skill=Skill.objects.get(path=path), dependencies=[DependencyRecord(required, other)])
    change = draft_change(operations=make(), actor=ben)
    (conflict,) = preview_change(change=change).conflicts
    assert (conflict.operation, conflict.reason) == (0, Reason.REQUIRED_CIRCLE)
    assert conflict.target == (Kind.SKILL, skill_key("a/x"))
    assert "b/x → a/y → c/i → b/x" in conflict.message
    with pytest.raises(ChangeConflicts) as caught:
        apply_change(change=change, actor=ben, expected_digest=change.digest)
    assert caught.value.conflicts == (conflict,)
    (way,) = conflict.ways_out
    mended = draft_change(operations=way.instead, actor=ben, change=change)
    assert Reason.REQUIRED_CIRCLE not in [one.reason for one in preview_change(change=mended).conflicts]
    assert mended.impact["archived"] == 0


def test_a_merge_along_a_circle_that_was_there_is_not_in_the_way(ben: User) -> None:
    library()
    required = DependencyKind.REQUIRED
    for path, others in (("c/i", ("a/x", "b/x")), ("b/x", ("c/i",))):
        records = [DependencyRecord(required, other) for other in others]
        set_dependencies(skill=Skill.objects.get(path=path), dependencies=records)
    done(ben, MergeSkills((skill_key("a/x"),), skill_key("b/x")))


def test_the_second_of_two_curators_sees_the_first_change_and_keeps_the_work(ben: User) -> None:
    library()
    ada = User.objects.create_user("ada")
    mine = draft_change(operations=[Move(place_key("b"), (place_key("a/n"),))], actor=ben)
    preview_change(change=mine)
    done(ada, Rename(Kind.CATEGORY, place_key("a/n"), "m"), title="shorter")
    with pytest.raises(ChangeOvertaken, match=r"“shorter” by ada \(.*\) came first"):
        apply_change(change=mine, actor=ben, expected_digest=mine.digest)
    preview_change(change=mine)
    assert apply_change(change=mine, actor=ben, expected_digest=mine.digest).status == "applied"
    assert Category.objects.filter(path="b/m").exists()


def test_a_change_is_applied_and_undone_once(ben: User) -> None:
    library()
    change = done(ben, Rename(Kind.CATEGORY, place_key("a"), "z"))
    with pytest.raises(ChangeNotOpen):
        apply_change(change=change, actor=ben, expected_digest=change.digest)
    with pytest.raises(ChangeNotOpen):
        draft_change(operations=[], actor=ben, change=change)
    undo_change(change=change, actor=ben)
    with pytest.raises(ChangeNotOpen):
        undo_change(change=change, actor=ben)
    with pytest.raises(ChangeNotOpen):
        drop_change(change=change, actor=ben)


def test_an_undo_names_the_later_change_that_is_in_its_way(ben: User) -> None:
    library()
    first = done(ben, Move(place_key("b"), (place_key("a/n"),)))
    second = done(ben, Move(place_key("c"), (place_key("b/n"),)), title="further")
    before = state()
    with pytest.raises(ChangeConflicts, match=f"“further” \\({second.key}\\)") as caught:
        undo_change(change=first, actor=ben)
    assert caught.value.conflicts[0].reason is Reason.OVERTAKEN  # type: ignore[attr-defined]
    assert state() == before
    undo_change(change=second, actor=ben)
    assert undo_change(change=first, actor=ben).status == "undone"


def test_facets_that_a_change_set_gives_and_takes_back_stand_in_the_line_of_time_of_the_skill(
    ben: User,
) -> None:
    library()
    skill = Skill.objects.get(path="a/x")
    set_facets(skill=skill, facets=[("l", "c"), ("t", "1")], actor_name="import")
    change = done(ben, Refacet((skill.key,), (("l", "go"),), (("l", "c"),)), title="go", reason="It is Go.")
    undo_change(change=change, actor=ben, reason="It was C.")
    shown = timeline_of_skill(skill, kind="other")
    assert [(one.who, one.sentence, one.reason, one.change, one.change_title) for one in shown] == [
        ("ben", "Facets are l: c, t: 1.", "It was C.", change.key, "go"),
        ("ben", "Facets are l: go, t: 1.", "It is Go.", change.key, "go"),
        ("import", "Facets are l: c, t: 1.", "", "", ""),
    ]
    verbs = ["applied_change_of_facets", "undid_change_of_facets"]
    given, taken = AuditEntry.objects.filter(verb__in=verbs).order_by("pk")
    assert given.before == taken.after == {"facets": [["l", "c"], ["t", "1"]]}
    assert given.after == taken.before == {"facets": [["l", "go"], ["t", "1"]]}


def refused(actor: User, change: PlacementChange, later: PlacementChange) -> Obstacle | Reason:
    """Undo ``change``, which must be refused with ``later`` alone named; return the reason of the first conflict."""
    before = state()
    with pytest.raises(ChangeConflicts, match=f"Undo first: “{later}” \\({later.key}\\)\\.$") as caught:
        undo_change(change=change, actor=actor)
    assert state() == before
    conflicts: tuple[Conflict, ...] = caught.value.conflicts  # type: ignore[attr-defined]
    return conflicts[0].reason


def test_an_undo_names_the_later_change_that_ended_the_category_to_go_back_to(ben: User) -> None:
    library()
    first = done(ben, Move(place_key("b"), skills=(skill_key("a/y"),)))
    later = done(ben, MergeCategories((place_key("a"),), place_key("c")), title="one less")
    done(ben, Rename(Kind.CATEGORY, place_key("c_d"), "d"), title="elsewhere")
    assert refused(ben, first, later) is Obstacle.PARENT_GONE
    undo_change(change=later, actor=ben)
    assert undo_change(change=first, actor=ben).status == "undone"
    assert lead("a/y") == ("skill", skill_key("a/y"))


def test_an_undo_names_the_later_change_that_moved_the_old_place_into_what_comes_back(ben: User) -> None:
    library()
    first = done(ben, Move(TOP, (place_key("a/n"),)))
    later = done(ben, Move(place_key("n"), (place_key("a"),)), title="inside out")
    done(ben, Rename(Kind.CATEGORY, place_key("c_d"), "d"), title="elsewhere")
    assert refused(ben, first, later) is Obstacle.CYCLE
    undo_change(change=later, actor=ben)
    assert undo_change(change=first, actor=ben).status == "undone"
    assert lead("a/n/q") == ("skill", skill_key("a/n/q"))


def test_an_undo_says_when_something_was_moved_outside_of_change_sets(ben: User) -> None:
    library()
    change = done(ben, Move(place_key("b"), skills=(skill_key("a/y"),)))
    place_skill(skill=Skill.objects.get(path="b/y"), path="c/y", actor_name="olga")
    with pytest.raises(ChangeConflicts, match=r"sets: skill placed \(b/y → c/y\) by olga, \d+ \w+ \d{4} "):
        undo_change(change=change, actor=ben)


def test_a_proposal_is_applied_when_every_branch_has_consent(ben: User) -> None:
    library()
    carol, dan = User.objects.create_user("carol"), User.objects.create_user("dan")
    change = draft_change(operations=[Move(place_key("b"), (place_key("a/n"),))], actor=ben)
    propose_change(change=change, actor=ben, may_curate=[])
    change = accept_change(change=change, actor=carol, may_curate=["a"], expected_digest=change.digest)
    assert change.status == "proposed"
    change = accept_change(change=change, actor=dan, may_curate=["b"], expected_digest=change.digest)
    assert (change.status, change.applied_by) == ("applied", "dan")
    assert [consent["by"] for consent in change.consents] == ["ben", "carol", "dan"]
    with pytest.raises(ChangeNotOpen):
        accept_change(change=change, actor=dan, may_curate=["b"], expected_digest=change.digest)


def test_a_proposal_that_is_changed_needs_consent_anew(ben: User) -> None:
    library()
    change = draft_change(operations=[Move(place_key("b"), (place_key("a/n"),))], actor=ben)
    propose_change(change=change, actor=ben, may_curate=["a"])
    change = draft_change(operations=[], actor=ben, change=change)
    assert (change.status, change.consents) == ("draft", [])
