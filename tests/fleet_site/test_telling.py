"""Who is told of a change of the taxonomy, and whose verdicts it takes away."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from fleet_site.needs_me import needs_of
from skills_app.domain.change_sets.operations import MergeCategories, Move, Operation, Rename
from skills_app.domain.change_sets.rows import Kind
from skills_app.domain.documents import parse_document
from skills_app.domain.enums import Role
from skills_app.domain.judging import judge_skill
from skills_app.domain.reviewing.verdicts import Decision
from skills_app.models import (
    Category,
    Gate,
    Notice,
    PlacementChange,
    Review,
    Skill,
    SkillVersion,
    Waiver,
)
from skills_app.queries import bindings_elsewhere
from skills_app.queries.gate_of_version import built_in_gate
from skills_app.queries.review_standing import standing_of_review
from skills_app.services.apply_change import apply_change, undo_change
from skills_app.services.draft_change import draft_change, preview_change, propose_change
from skills_app.services.edit_gate import edit_gate
from skills_app.services.judge_version import judge_version
from skills_app.services.make_skill import make_skill
from tests.skills_app import review_makers as made
from tests.skills_app import skill_makers as make
from tests.skills_app.promotion_makers import OPEN_GATE
from tests.skills_app.review_makers import NOON, TODAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben() -> User:
    for path in ("a/x", "a/n/q", "b/x"):
        make_skill(path=path)
    return made.person("ben", Role.CURATOR)


def place_key(path: str) -> str:
    return Category.objects.get(path=path).key


def shown(actor: User, *operations: Operation) -> PlacementChange:
    change = draft_change(operations=operations, actor=actor, title="Tidy up")
    preview_change(change=change)
    return change


def done(actor: User, change: PlacementChange) -> PlacementChange:
    return apply_change(change=change, actor=actor, expected_digest=change.digest)


def told(change: PlacementChange) -> list[tuple[str, str, str]]:
    return [(one["name"], one["role"], one["branch"]) for one in change.impact["told"]]


def needs(user: User) -> list[tuple[str, str]]:
    found = needs_of(User.objects.get(pk=user.pk), now=timezone.now(), today=timezone.localdate())
    return [(item.kind, item.title) for item in found.items]


def test_owners_of_the_branches_are_told_and_those_of_the_library_only_where_there_are_none(
    ben: User,
) -> None:
    carol = made.person("carol", Role.MANAGER)
    change = shown(ben, Move(place_key("b"), (place_key("a/n"),)))
    assert told(change) == [("ben", "curator", ""), ("carol", "manager", "")]
    dan = made.person("dan", Role.CURATOR, branch="b")
    fay = made.person("fay", Role.CURATOR, branch="a")
    preview_change(change=change)
    assert told(change) == [("dan", "curator", "b"), ("fay", "curator", "a")]
    done(ben, change)
    assert needs(dan) == needs(fay) == [("Change", "ben applied “Tidy up”")]
    assert needs(carol) == needs(ben) == []
    assert "curator of b" in Notice.objects.get(person=dan).text


def test_those_of_the_library_are_told_for_the_one_branch_that_nobody_looks_after(ben: User) -> None:
    made.person("dan", Role.CURATOR, branch="b")
    library, dan = ("ben", "curator", ""), ("dan", "curator", "b")
    assert told(shown(ben, Move(place_key("b"), (place_key("a/n"),)))) == [library, dan]
    make_skill(path="b/m/y")
    assert told(shown(ben, Move(place_key("b/m"), skills=(Skill.objects.get(path="b/x").key,)))) == [dan]


@pytest.mark.parametrize("step", ["move", "rename", "merge", "title"])
def test_whoever_looks_after_the_very_branch_or_one_that_comes_along_is_told(ben: User, step: str) -> None:
    make_skill(path="a/n/deep/z")
    for name, branch in {"eve": "a", "fay": "a/n", "gil": "a/n/deep", "hal": "b"}.items():
        made.person(name, Role.CURATOR, branch=branch)
    branch, other = place_key("a/n"), place_key("b")
    steps: dict[str, Operation] = {
        "move": Move(other, (branch,)),
        "rename": Rename(Kind.CATEGORY, branch, "m"),
        "merge": MergeCategories((branch,), other),
        "title": Rename(Kind.CATEGORY, branch, "n", title="Numbers"),
    }
    change = shown(ben, steps[step])
    own = [("eve", "curator", "a"), ("fay", "curator", "a/n")]
    below, target = ("gil", "curator", "a/n/deep"), ("hal", "curator", "b")
    expected = {"move": [*own, below, target], "rename": [*own, below], "merge": [*own, below, target]}
    assert told(change) == expected.get(step, own)
    done(ben, change)
    told_now = set(Notice.objects.values_list("person__username", flat=True))
    assert told_now == {name for name, _, _ in told(change)}


def test_a_notice_is_over_once_one_has_looked_and_an_undo_is_told_anew(ben: User) -> None:
    made.person("dan", Role.CURATOR, branch="a")
    dan = made.person("dan", Role.CURATOR, branch="b")
    change = done(ben, shown(ben, Move(place_key("b"), (place_key("a/n"),))))
    client = Client()
    client.force_login(dan)
    text = client.get(change.get_absolute_url()).content.decode()
    assert "Told: " not in text  # nobody but the reader
    assert needs(dan) == []
    undo_change(change=change, actor=ben)
    assert needs(dan) == [("Change", "ben undid “Tidy up”")]
    assert Notice.objects.filter(person=ben).count() == 0


def test_the_impact_names_the_review_whose_verdict_goes_stale_and_applying_makes_it_so(ben: User) -> None:
    ada = made.person("ada", Role.REVIEWER)
    review = made.review(made.draft("tools/one", author=ben), ben, ada)
    made.send(review, ada, Decision.APPROVE)
    made.review(made.draft("b/other", author=ben), ben, made.person("bea", Role.REVIEWER))
    gate = Gate.objects.create(name="strict", category=Category.objects.get(path="b"))
    gate.revisions.create(number=1, data={**OPEN_GATE, "name": "strict"})
    change = shown(ben, Move(place_key("b"), (place_key("tools"),)))
    why = "The gate is strict r1; it was publish r0."
    assert change.impact["stale_reviews"] == [
        {"pk": review.pk, "skill": "tools/one", "people": ["ada", "ben"], "stale": ["ada"], "why": why}
    ]
    assert (change.impact["num_reviews"], change.impact["num_stale"]) == (1, 1)
    assert ("ada", "reviewer", "tools/one") in told(change)
    client = Client()
    client.force_login(ben)
    text = client.get(change.get_absolute_url()).content.decode()
    assert why in text
    assert "ada (at work on the review of tools/one)" in text
    assert review.get_absolute_url() in text
    assert [vote.stale for vote in standing_of_review(review, today=TODAY).votes] == [None]
    done(ben, change)
    review = Review.objects.get(pk=review.pk)
    assert [vote.stale is None for vote in standing_of_review(review, today=TODAY).votes] == [False]
    assert Notice.objects.get(person=ada).text == "You are told because of: your review of tools/one."


def test_a_gate_that_moves_along_takes_no_verdict_away(ben: User) -> None:
    ada = made.person("ada", Role.REVIEWER)
    made.send(made.review(made.draft("a/n/one", author=ben), ben, ada), ada, Decision.APPROVE)
    Gate.objects.create(name="own", category=Category.objects.get(path="a/n"))
    change = shown(ben, Move(place_key("b"), (place_key("a/n"),)))
    assert (change.impact["num_reviews"], change.impact["stale_reviews"]) == (1, [])
    assert change.impact["gates"] == []


@pytest.mark.parametrize(
    ("condition", "why"),
    [("lines", ["The gate condition lines was waived and is not met."]), ("other", [])],
)
def test_a_waiver_that_reaches_no_more_takes_away_the_verdicts_that_rest_on_it(
    ben: User, condition: str, why: list[str]
) -> None:
    limit = {"key": "lines", "kind": "fact", "fact": "body_lines", "at_most": 1}
    edit_gate(data={**OPEN_GATE, "conditions": [limit]}, actor=ben, reason="for tests")
    waived = Category.objects.get(path="a")
    told = {"reason": "r", "owner": ben, "owner_name": "ben", "until": "2030-01-01"}
    Waiver.objects.create(category=waived, condition_key=condition, **told)
    review, _ = voted(ben, "a/n/one")
    change = shown(ben, MergeCategories((place_key("a/n"),), place_key("b")))
    assert [one["why"] for one in change.impact["stale_reviews"]] == why
    done(ben, change)
    assert stale_sentences(review) == why


def voted(opener: User, path: str = "tools/one", **fields: Any) -> tuple[Review, SkillVersion]:
    """Return a review of a new skill that ada approved, and its version."""
    ada = made.person("ada", Role.REVIEWER)
    version = made.draft(path, author=opener, **fields)
    review = made.review(version, opener, ada)
    made.send(review, ada, Decision.APPROVE)
    return review, version


def stale_sentences(review: Review) -> list[str]:
    """Return why verdicts do not count, as the page of the review says it: the version is judged where it lies now."""
    judge_version(version=made.version_of(review.version_id))
    standing = standing_of_review(Review.objects.get(pk=review.pk), today=TODAY)
    return [vote.stale.sentence for vote in standing.votes if vote.stale]


def test_a_rename_that_breaks_the_gate_is_said_to_take_the_verdict_away_and_does(ben: User) -> None:
    review, version = voted(ben)
    change = shown(ben, Rename(Kind.SKILL, version.skill.key, "two"))
    (stale,) = change.impact["stale_reviews"]
    assert (stale["pk"], stale["stale"]) == (review.pk, ["ada"])
    assert stale["why"] == "The gate condition spec was met and is not met."
    assert stale_sentences(review) == []
    client = Client()
    client.force_login(ben)
    assert stale["why"] in client.get(change.get_absolute_url()).content.decode()
    done(ben, change)
    assert stale_sentences(review) == [stale["why"]]


def test_no_document_is_judged_again_where_a_verdict_is_bound_to_another_gate(
    ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    voted(ben)
    gate = Gate.objects.create(name="strict", category=Category.objects.get(path="b"))
    gate.revisions.create(number=1, data={**built_in_gate().as_data(), "name": "strict"})
    monkeypatch.setattr(bindings_elsewhere, "parse_document", lambda *_: pytest.fail("judged again"))
    change = shown(ben, Move(place_key("b"), (place_key("tools"),)))
    assert [one["stale"] for one in change.impact["stale_reviews"]] == [["ada"]]


@pytest.mark.parametrize(
    ("written", "target"), [("1.0.0", "a/n"), ("1.0.0\n  skill_id: tools/one", "b")], ids=["depth", "id"]
)
def test_a_move_that_a_rule_on_the_address_counts_takes_the_verdict_away(
    ben: User, written: str, target: str
) -> None:
    content = make.document("one").replace("1.0.0", written)
    found = judge_skill(parse_document(content), folder_name="one", skill_path="tools/one").matrix.reports
    warnings = next(one for one in found if one.profile == "skill-fleet").findings
    condition = {"key": "house", "kind": "findings", "profile": "skill-fleet", "severity": "warning"}
    at_most = sum(one.severity != "info" for one in warnings)
    gate = {**OPEN_GATE, "conditions": [{**condition, "at_most": at_most}]}
    edit_gate(data=gate, actor=ben, reason="for tests")
    review, _ = voted(ben, content=content)
    change = shown(ben, Move(place_key(target), (place_key("tools"),)))
    why = "The gate condition house was met and is not met."
    assert [one["why"] for one in change.impact["stale_reviews"]] == [why]
    done(ben, change)
    assert stale_sentences(review) == [why]


def test_where_not_every_finding_was_kept_the_whole_profile_is_judged_again(
    ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = make.document("one").replace("1.0.0", "1.0\n  skill_id: Bad!\n  weight: heavy")
    found = judge_skill(parse_document(content), folder_name="one", skill_path="tools/one").matrix.reports
    num = sum(one.severity != "info" for one in found[-1].findings)
    assert (found[-1].profile, num) == ("skill-fleet", 4)
    for module in ("queries.bindings_elsewhere", "services.judge_version"):
        monkeypatch.setattr(f"skills_app.{module}.MOST_FINDINGS", 1)
    condition = {"key": "house", "kind": "findings", "profile": "skill-fleet", "severity": "warning"}
    gate = {**OPEN_GATE, "conditions": [{**condition, "at_most": num - 1}]}
    edit_gate(data=gate, actor=ben, reason="for tests")
    voted(ben, content=content)
    change = shown(ben, Move(place_key("b"), (place_key("tools"),)))
    assert [one["stale"] for one in change.impact["stale_reviews"]] == [["ada"]]


def test_a_move_that_changes_nothing_about_the_gate_takes_no_verdict_away(ben: User) -> None:
    review, _ = voted(ben)
    change = shown(ben, Move(place_key("b"), (place_key("tools"),)))
    assert (change.impact["num_reviews"], change.impact["stale_reviews"]) == (1, [])
    done(ben, change)
    assert stale_sentences(review) == []


def test_a_verdict_that_is_stale_already_or_on_ones_own_text_is_not_said_to_go_stale(ben: User) -> None:
    review, version = voted(ben)
    made.send(review, ben, Decision.APPROVE)
    rename = Rename(Kind.SKILL, version.skill.key, "two")
    assert [one["stale"] for one in shown(ben, rename).impact["stale_reviews"]] == [["ada"]]
    edit_gate(data=OPEN_GATE, actor=ben, reason="another")
    assert shown(ben, rename).impact["stale_reviews"] == []


def test_looking_for_stale_verdicts_takes_no_query_for_each_review(ben: User) -> None:
    numbers = []
    for count in (1, 3):
        while Review.objects.count() < count:
            voted(ben, f"tools/skill-{Review.objects.count()}")
        skills = Skill.objects.filter(path__startswith="tools/")
        steps = [
            Rename(Kind.SKILL, key, f"other-{at}")
            for at, key in enumerate(skills.values_list("key", flat=True))
        ]
        change = draft_change(operations=steps, actor=ben)
        with CaptureQueriesContext(connection) as caught:
            preview_change(change=change)
        assert change.impact["num_stale"] == count
        numbers.append(len(caught))
    assert numbers[0] == numbers[1]


def test_a_proposal_waits_with_who_may_consent_until_they_do(ben: User) -> None:
    dan, eve = made.person("dan", Role.CURATOR, branch="a"), made.person("eve", Role.CURATOR, branch="b")
    change = shown(dan, Move(place_key("b"), (place_key("a/n"),)))
    propose_change(change=change, actor=dan, may_curate=["a"])
    assert needs(eve) == [("Proposal", "Tidy up")]
    assert needs(ben) == [("Proposal", "Tidy up")]
    assert needs(dan) == needs(made.person("fay", Role.READER)) == []
    client = Client()
    client.force_login(eve)
    client.post(reverse("taxonomy:change_accept", args=[change.key]), {"digest": change.digest})
    change.refresh_from_db()
    assert change.status == "applied"
    assert needs(ben) == []
    assert [kind for kind, _ in needs(dan)] == ["Change"]


def test_a_change_is_undone_weeks_later_with_what_came_into_the_branch_since(ben: User) -> None:
    change = done(ben, shown(ben, Move(place_key("b"), (place_key("a/n"),))))
    PlacementChange.objects.update(applied_at=NOON - timedelta(weeks=8))
    make_skill(path="b/n/came-later")
    make_skill(path="c/z")
    done(ben, shown(ben, Move(place_key("b"), (place_key("c"),))))
    assert undo_change(change=change, actor=ben).status == "undone"
    assert set(Category.objects.get(path="a/n").skills.values_list("slug", flat=True)) == {"q", "came-later"}
