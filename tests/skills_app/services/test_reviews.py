"""Reviews from opening to the last verdict: who counts, what goes stale, what is refused, and what is written down."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection

from skills_app.domain.enums import Role
from skills_app.domain.errors import ReviewEnded, ReviewMoved, ReviewRefused
from skills_app.domain.reviewing.comments import CommentState
from skills_app.domain.reviewing.standing import ReviewStatus
from skills_app.domain.reviewing.stops import StopKind
from skills_app.domain.reviewing.verdicts import Decision
from skills_app.models import AuditEntry, Comment, QualityAssessment, Review, SkillVersion, Verdict
from skills_app.queries.review_standing import stops_of_version
from skills_app.services.add_comment import add_reply
from skills_app.services.ask_reviewer import ask_reviewer, change_needed, claim_review, release_reviewer
from skills_app.services.edit_gate import edit_gate
from skills_app.services.open_review import end_review, move_review, open_review, weigh_review
from skills_app.services.send_review import undo_verdict
from tests.skills_app import review_makers as made
from tests.skills_app.review_makers import NOON, TODAY
from tests.skills_app.skill_makers import text_file

pytestmark = pytest.mark.django_db
A, R, X = Decision.APPROVE, Decision.REQUEST_CHANGES, Decision.REJECT
OPEN_GATE = {
    "name": "open",
    "title": "Open",
    "conditions": [{"key": "lines", "kind": "fact", "fact": "body_lines", "at_most": 300}],
}


@pytest.fixture
def version(olga: User) -> SkillVersion:
    edit_gate(data=OPEN_GATE, actor=olga, reason="for tests")
    return made.draft(author=olga)


def fresh(review: Review) -> Review:
    return Review.objects.get(pk=review.pk)


def kinds(version: SkillVersion) -> list[StopKind]:
    return [stop.kind for stop in stops_of_version(made.version_of(version.pk), today=TODAY)]


def verbs() -> list[str]:
    return list(
        AuditEntry.objects.filter(after__has_key="review").order_by("pk").values_list("verb", flat=True)
    )


def test_opening_asks_the_reviewer_of_the_branch_and_never_who_opens_or_made_it(
    version: SkillVersion, olga: User, ada: User
) -> None:
    made.person("olga", Role.REVIEWER)
    near = made.person("near", Role.REVIEWER, branch="tools")

    review = made.review(version, olga, message="please")

    asked = review.requests.get()
    assert (asked.reviewer, asked.reason) == (near, "Reviews for tools; 0 reviews waiting.")
    assert (review.status, review.tier, review.num_needed) == ("open", "low", 1)
    assert list(review.makers.all()) == [olga]
    assert verbs() == ["opened_review", "asked_reviewer"]


def test_a_second_review_goes_to_who_has_less_to_do(olga: User, ada: User, bea: User) -> None:
    first = made.review(made.draft("tools/one"), olga)
    second = made.review(made.draft("tools/two"), olga)

    assert [r.requests.get().reviewer.username for r in (first, second)] == ["ada", "bea"]


def test_scripts_and_network_ask_for_more_approvals(olga: User) -> None:
    people = [made.person(name, Role.REVIEWER) for name in ("r1", "r2", "r3", "r4", "r5")]
    version = made.draft(files=(text_file("scripts/a.py", "import requests\n"),))

    review = made.review(version, olga)

    assert (review.tier, review.num_needed) == ("high", 3)
    assert review.requests.count() == 4 < len(people)


def test_a_version_of_more_risk_asks_as_many_people_more(olga: User) -> None:
    people = [made.person(name, Role.REVIEWER) for name in ("r1", "r2", "r3", "r4", "r5", "r6")]
    version = made.draft(author=olga)
    review = made.review(version, olga, people[1])
    risky = made.next_draft(version, "```bash\ncurl https://example.org -H $API_KEY\n```", people[0])

    move_review(review=review, version=risky, actor=olga, now=NOON, today=TODAY)
    weigh_review(review=review, now=NOON, today=TODAY)

    assert (fresh(review).tier, fresh(review).num_needed) == ("high", 3)
    asked = {row.reviewer.username: row.reason for row in review.requests.all()}
    assert list(asked) == ["r2", "r3", "r4", "r5"]
    assert asked["r3"] == "Reviews for the whole library; 0 reviews waiting."
    assert verbs().count("asked_reviewer") == 4


def test_a_version_of_less_risk_lets_nobody_go_and_asks_nobody(olga: User) -> None:
    for name in ("r1", "r2", "r3", "r4", "r5"):
        made.person(name, Role.REVIEWER)
    risky = made.draft(files=(text_file("scripts/a.py", "import requests\n"),))
    review = made.review(risky, olga)

    move_review(
        review=review, version=made.next_draft(risky, "Text alone."), actor=olga, now=NOON, today=TODAY
    )

    assert (fresh(review).tier, fresh(review).num_needed) == ("low", 3)
    assert review.requests.count() == 4


def test_opening_twice_is_one_review(version: SkillVersion, olga: User, ada: User) -> None:
    first = open_review(version=version, opener=olga, now=NOON, today=TODAY)
    second = open_review(version=version, opener=ada, now=NOON, today=TODAY)

    assert (first.is_new, second.is_new) == (True, False)
    assert first.review == second.review


def test_comments_stay_drafts_until_they_are_sent_with_the_decision(
    version: SkillVersion, olga: User, ada: User
) -> None:
    review = made.review(version, olga, ada)
    draft = made.comment(review, ada, quote="The second sentence")
    assert draft.is_draft

    sent = made.send(review, ada, R, "too little")

    draft.refresh_from_db()
    assert (sent.num_comments, draft.verdict, draft.sent_at) == (1, sent.verdict, NOON + timedelta(minutes=5))
    assert fresh(review).status == ReviewStatus.CHANGES_REQUESTED
    assert sent.sentence == "1 comment sent. You requested changes to version 2. ada requested changes."
    assert verbs()[-1] == "decided_review"


def test_a_verdict_is_bound_to_digest_gate_outcome_and_scorers(
    version: SkillVersion, olga: User, ada: User
) -> None:
    made.send(made.review(version, olga, ada), ada, A)

    binding = Verdict.objects.get().binding
    assert binding["digest"] == version.digest
    assert binding["gate"] == "open r1"
    assert binding["conditions"] == {"lines": "met"}
    assert "fleet-1" in binding["scorers"]


def test_enough_approvals_stop_nothing(version: SkillVersion, olga: User, ada: User) -> None:
    review = made.review(version, olga, ada)
    assert kinds(version) == [StopKind.APPROVALS]

    sent = made.send(review, ada, A)

    assert sent.sentence == "You approved version 2. Approved: 1 of 1 approval."
    assert fresh(review).status == ReviewStatus.APPROVED
    assert kinds(version) == []


def test_the_authors_own_verdict_is_kept_and_does_not_count(version: SkillVersion, olga: User) -> None:
    review = made.review(version, olga)

    sent = made.send(review, olga, A)

    assert "your own verdict is kept but does not count" in sent.sentence
    assert fresh(review).status == ReviewStatus.OPEN
    assert kinds(version) == [StopKind.APPROVALS]


@pytest.mark.parametrize("is_moved", [False, True])
def test_who_made_a_mirrored_version_is_known_by_name_alone_and_does_not_count(
    version: SkillVersion, ada: User, bea: User, is_moved: bool
) -> None:
    olga = made.person("olga", Role.REVIEWER)
    mirrored = made.next_draft(version, "Another body.")
    SkillVersion.objects.filter(pk=mirrored.pk).update(author_name="ada")
    mirrored = made.version_of(mirrored.pk)

    review = made.review(version, olga) if is_moved else made.review(mirrored, olga)
    if is_moved:
        move_review(review=review, version=mirrored, actor=olga, now=NOON, today=TODAY)
    sent = made.send(review, ada, A)

    assert ada in review.makers.all()
    assert "your own verdict is kept but does not count" in sent.sentence
    assert fresh(review).status == ReviewStatus.OPEN
    assert is_moved or [row.reviewer for row in review.requests.all()] == [bea]


def test_the_author_cannot_reject_away_the_approval_of_others(
    version: SkillVersion, olga: User, ada: User
) -> None:
    review = made.review(version, olga, ada)
    made.send(review, ada, A)

    made.send(review, olga, X, "I changed my mind")

    assert fresh(review).status == ReviewStatus.APPROVED


@pytest.mark.parametrize("decision", [R, X])
def test_a_reason_is_asked_for_where_it_matters(
    version: SkillVersion, olga: User, ada: User, decision: Decision
) -> None:
    review = made.review(version, olga, ada)
    draft = made.comment(review, ada)

    with pytest.raises(ReviewRefused, match="Say why you"):
        made.send(review, ada, decision, "  ")

    draft.refresh_from_db()
    assert draft.is_draft
    assert not Verdict.objects.exists()


def test_nothing_written_and_nothing_decided_is_not_sent(
    version: SkillVersion, olga: User, ada: User
) -> None:
    with pytest.raises(ReviewRefused, match="nothing to send"):
        made.send(made.review(version, olga, ada), ada)


def test_an_approval_beside_ones_own_blocking_draft_is_refused(
    version: SkillVersion, olga: User, ada: User
) -> None:
    review = made.review(version, olga, ada)
    made.comment(review, ada, is_blocking=True)

    with pytest.raises(ReviewRefused, match="one of your draft comments blocks"):
        made.send(review, ada, A)


def test_a_sent_blocking_comment_stops_the_promotion_and_a_draft_does_not(
    version: SkillVersion, olga: User, ada: User, bea: User
) -> None:
    review = made.review(version, olga, ada)
    made.send(review, ada, A)
    made.comment(review, bea, "Name the version", is_blocking=True)
    assert kinds(version) == []

    made.send(review, bea)

    stops = stops_of_version(made.version_of(version.pk), today=TODAY)
    assert [stop.kind for stop in stops] == [StopKind.COMMENT]
    assert "Name the version" in stops[0].sentence


def test_the_second_of_two_reviewers_at_once_hears_of_the_first(
    version: SkillVersion, olga: User, ada: User, bea: User
) -> None:
    review = made.review(version, olga, ada, bea)
    as_bea_read_it = Review.objects.get(pk=review.pk)
    made.send(review, ada, A)

    sent = made.send(as_bea_read_it, bea, R, "not yet")

    assert "ada approved before you." in sent.sentence
    assert sent.standing.status is ReviewStatus.CHANGES_REQUESTED
    assert Verdict.objects.count() == 2


def test_who_comes_after_a_rejection_is_told_who_when_and_that_drafts_are_kept(
    version: SkillVersion, olga: User, ada: User, bea: User
) -> None:
    review = made.review(version, olga, ada, bea)
    as_bea_read_it = Review.objects.get(pk=review.pk)
    draft = made.comment(review, bea)
    made.send(review, ada, X, "unsafe")

    with pytest.raises(ReviewEnded, match=r"ada rejected this version at .* kept as drafts"):
        made.send(as_bea_read_it, bea, A)

    draft.refresh_from_db()
    assert draft.is_draft


def test_a_version_that_changes_under_a_reviewer_decides_nothing_and_says_so(
    version: SkillVersion, olga: User, ada: User
) -> None:
    review = made.review(version, olga, ada)
    draft = made.comment(review, ada, quote="The second sentence")
    newer = made.next_draft(version, "Another body.", olga)
    move_review(review=review, version=newer, actor=olga, now=NOON, today=TODAY)

    with pytest.raises(ReviewMoved, match="Version 3 took the place of version 2"):
        made.send(review, ada, A, seen_number=2)

    draft.refresh_from_db()
    assert draft.is_draft
    assert not Verdict.objects.exists()


def test_a_newer_version_makes_verdicts_stale_and_keeps_the_comments(
    version: SkillVersion, olga: User, ada: User
) -> None:
    review = made.review(version, olga, ada)
    made.comment(review, ada)
    made.send(review, ada, A)
    newer = made.next_draft(version, "Another body.", olga)

    opened = open_review(version=newer, opener=olga, now=NOON, today=TODAY)

    assert (opened.review, opened.is_new) == (review, False)
    assert fresh(review).status == ReviewStatus.OPEN
    assert Comment.objects.get().review.version == newer
    stops = stops_of_version(newer, today=TODAY)
    assert [stop.kind for stop in stops] == [StopKind.APPROVALS, StopKind.STALE]
    assert "Version 3 is under review; the verdict was on version 2." in stops[1].sentence
    assert kinds(version) == [StopKind.NO_REVIEW]


def test_a_changed_gate_makes_the_approval_stale(version: SkillVersion, olga: User, ada: User) -> None:
    made.send(made.review(version, olga, ada), ada, A)
    stricter = {**OPEN_GATE, "conditions": [{**OPEN_GATE["conditions"][0], "at_most": 299}]}  # type: ignore[dict-item,index]
    edit_gate(data=stricter, actor=olga, reason="stricter", expected_revision=1)

    stops = stops_of_version(made.version_of(version.pk), today=TODAY)

    assert [stop.kind for stop in stops] == [StopKind.APPROVALS, StopKind.STALE]
    assert "The gate is open r2; it was open r1." in stops[1].sentence


def test_a_changed_scorer_makes_the_approval_stale(version: SkillVersion, olga: User, ada: User) -> None:
    made.send(made.review(version, olga, ada), ada, A)
    QualityAssessment.objects.filter(version=version, scorer="fleet-1").update(scorer_version="99")

    stops = stops_of_version(made.version_of(version.pk), today=TODAY)

    assert "The scorer fleet-1 was version" in stops[1].sentence


def test_a_decision_is_taken_back_within_thirty_seconds_with_its_comments(
    version: SkillVersion, olga: User, ada: User
) -> None:
    review = made.review(version, olga, ada)
    draft = made.comment(review, ada)
    sent = made.send(review, ada, X, "unsafe", now=NOON)
    assert sent.verdict
    assert fresh(review).status == ReviewStatus.REJECTED

    undo_verdict(verdict=sent.verdict, actor=ada, now=NOON + timedelta(seconds=30), today=TODAY)

    draft.refresh_from_db()
    assert draft.is_draft
    assert fresh(review).status == ReviewStatus.OPEN
    assert verbs()[-1] == "undid_verdict"
    with pytest.raises(ReviewRefused, match="no decision of yours"):
        undo_verdict(verdict=sent.verdict, actor=ada, now=NOON, today=TODAY)


def test_a_rejected_review_goes_on_with_another_version_and_a_withdrawn_one_does_not(
    version: SkillVersion, olga: User, ada: User
) -> None:
    review = made.review(version, olga, ada)
    made.comment(review, ada, "Say why.", quote="first sentence")
    made.send(review, ada, X, "unsafe")
    newer = made.next_draft(version, "The first sentence says why.", olga)

    move_review(review=review, version=newer, actor=olga, now=NOON, today=TODAY)

    assert (fresh(review).version_id, fresh(review).status) == (newer.pk, ReviewStatus.OPEN)
    assert fresh(review).comments.filter(sent_at__isnull=False).count() == 1
    assert kinds(version) == [StopKind.NO_REVIEW]
    end_review(review=review, actor=olga, status=ReviewStatus.WITHDRAWN, reason="no", now=NOON)
    with pytest.raises(ReviewEnded, match="withdrawn"):
        move_review(review=review, version=version, actor=olga, now=NOON, today=TODAY)


def test_a_comment_that_was_answered_stays_sent_when_its_decision_is_taken_back(
    version: SkillVersion, olga: User, ada: User
) -> None:
    review = made.review(version, olga, ada)
    answered, other = made.comment(review, ada), made.comment(review, ada)
    sent = made.send(review, ada, R, "why", now=NOON)
    assert sent.verdict
    add_reply(comment=Comment.objects.get(pk=answered.pk), author=olga, body="So.", now=NOON)

    undo_verdict(verdict=sent.verdict, actor=ada, now=NOON + timedelta(seconds=9), today=TODAY)

    assert not Comment.objects.get(pk=answered.pk).is_draft
    assert Comment.objects.get(pk=other.pk).is_draft


def test_a_decision_is_not_taken_back_later_or_by_others(
    version: SkillVersion, olga: User, ada: User, bea: User
) -> None:
    sent = made.send(made.review(version, olga, ada), ada, A, now=NOON)
    assert sent.verdict

    with pytest.raises(ReviewRefused, match="for 30 seconds"):
        undo_verdict(verdict=sent.verdict, actor=ada, now=NOON + timedelta(seconds=31), today=TODAY)
    with pytest.raises(ReviewRefused, match="no decision of yours"):
        undo_verdict(verdict=sent.verdict, actor=bea, now=NOON, today=TODAY)


def test_taking_back_brings_the_earlier_verdict_of_that_person_back(
    version: SkillVersion, olga: User, ada: User
) -> None:
    review = made.review(version, olga, ada)
    made.send(review, ada, A, now=NOON)
    later = made.send(review, ada, R, "wait", now=NOON + timedelta(minutes=1))
    assert later.verdict

    undo_verdict(verdict=later.verdict, actor=ada, now=NOON + timedelta(minutes=1), today=TODAY)

    assert fresh(review).status == ReviewStatus.APPROVED


def test_the_number_of_approvals_changes_while_it_is_open_with_a_reason(
    version: SkillVersion, olga: User, ada: User
) -> None:
    review = made.review(version, olga, ada)
    made.send(review, ada, A)
    with pytest.raises(ReviewRefused, match="Say why"):
        change_needed(review=review, num_needed=2, actor=olga, reason="", now=NOON, today=TODAY)
    with pytest.raises(ReviewRefused, match="1 to 9"):
        change_needed(review=review, num_needed=0, actor=olga, reason="r", now=NOON, today=TODAY)

    change_needed(review=review, num_needed=2, actor=olga, reason="more eyes", now=NOON, today=TODAY)

    assert fresh(review).status == ReviewStatus.OPEN
    assert kinds(version) == [StopKind.APPROVALS]


def test_reviewers_are_asked_once_and_let_go(version: SkillVersion, olga: User, ada: User, bea: User) -> None:
    review = made.review(version, olga, ada)

    assert ask_reviewer(review=review, reviewer=bea, actor=olga, now=NOON)
    assert not ask_reviewer(review=review, reviewer=bea, actor=olga, now=NOON)
    assert release_reviewer(review=review, reviewer=bea, actor=olga)
    assert not release_reviewer(review=review, reviewer=bea, actor=olga)
    assert verbs()[-2:] == ["asked_reviewer", "released_reviewer"]


def test_a_claim_shows_a_name_and_blocks_nobody(
    version: SkillVersion, olga: User, ada: User, bea: User
) -> None:
    review = made.review(version, olga, ada, bea)
    claim_review(review=review, actor=ada, now=NOON)

    with pytest.raises(ReviewRefused, match="ada is at it"):
        claim_review(review=review, actor=bea, now=NOON + timedelta(minutes=59))
    made.send(review, bea, A)
    later = claim_review(review=review, actor=bea, now=NOON + timedelta(minutes=61))

    assert later.claimed_by == bea
    assert claim_review(review=review, actor=bea, now=NOON, is_release=True).claimed_by is None


def test_a_decision_ends_the_claim_of_who_made_it(
    version: SkillVersion, olga: User, ada: User, bea: User
) -> None:
    review = made.review(version, olga, ada, bea)
    claim_review(review=review, actor=ada, now=NOON)

    made.send(review, bea, R, reason="Say more.")
    review.refresh_from_db()
    assert review.claimed_by == ada
    made.send(review, ada, A)
    review.refresh_from_db()
    assert (review.claimed_by, review.claimed_until) == (None, None)


def test_a_withdrawn_review_takes_nothing_and_a_new_one_may_be_opened(
    version: SkillVersion, olga: User, ada: User
) -> None:
    review = made.review(version, olga, ada)
    with pytest.raises(ReviewRefused, match="Say why"):
        end_review(review=review, actor=olga, status=ReviewStatus.WITHDRAWN, reason="", now=NOON)
    end_review(review=review, actor=olga, status=ReviewStatus.WITHDRAWN, reason="not yet", now=NOON)

    with pytest.raises(ReviewEnded, match="This review is withdrawn"):
        made.send(review, ada, A)
    assert kinds(version) == [StopKind.WITHDRAWN]
    assert open_review(version=version, opener=olga, now=NOON, today=TODAY).is_new


@pytest.mark.parametrize("is_rejected", [True, False])
def test_open_comments_go_on_in_another_review_of_the_same_version_and_still_stop_it(
    version: SkillVersion, olga: User, ada: User, bea: User, is_rejected: bool
) -> None:
    first = made.review(version, olga, ada)
    open_one = made.comment(first, ada, is_blocking=True)
    fixed, draft = made.comment(first, ada, is_blocking=True), made.comment(first, bea)
    made.send(first, ada, X if is_rejected else R, "unsafe")
    reply = add_reply(comment=Comment.objects.get(pk=open_one.pk), author=olga, body="So.", now=NOON)
    Comment.objects.filter(pk=fixed.pk).update(state=CommentState.FIXED)
    if not is_rejected:
        end_review(review=first, actor=olga, status=ReviewStatus.WITHDRAWN, reason="later", now=NOON)

    second = made.review(version, olga, bea)
    made.send(second, bea, A)

    assert second != first
    assert set(second.comments.all()) == {open_one, reply}
    assert set(first.comments.all()) == {fixed, draft}
    assert kinds(version) == [StopKind.COMMENT]
    assert AuditEntry.objects.get(verb="took_open_comments").after["comments"] == [open_one.pk]


def test_a_review_that_moves_to_a_version_takes_the_open_comments_of_its_ended_review(
    version: SkillVersion, olga: User, ada: User, bea: User
) -> None:
    ended = made.review(version, olga, ada)
    open_one = made.comment(ended, ada, is_blocking=True)
    made.send(ended, ada, R, "unsafe")
    end_review(review=ended, actor=olga, status=ReviewStatus.WITHDRAWN, reason="later", now=NOON)
    first = version.parent
    assert first is not None
    review = made.review(made.version_of(first.pk), olga, bea)

    move_review(review=review, version=version, actor=olga, now=NOON, today=TODAY)

    assert [row.pk for row in review.comments.all()] == [open_one.pk]
    made.send(review, bea, A)
    assert kinds(version) == [StopKind.COMMENT]


def test_another_skills_version_and_one_with_its_own_review_do_not_take_its_place(
    version: SkillVersion, olga: User, ada: User
) -> None:
    review = made.review(version, olga, ada)
    other = made.draft("tools/other")
    with pytest.raises(ReviewRefused, match="the same skill"):
        move_review(review=review, version=other, actor=olga, now=NOON, today=TODAY)

    first = version.parent
    assert first is not None
    made.review(made.version_of(first.pk), olga)
    with pytest.raises(ReviewRefused, match="a review of its own"):
        move_review(review=review, version=made.version_of(first.pk), actor=olga, now=NOON, today=TODAY)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite in memory has one writer; PostgreSQL has many"
)
def test_two_reviewers_in_two_threads_are_both_counted(version: SkillVersion, olga: User) -> None:
    people = [made.person(name, Role.REVIEWER) for name in ("r1", "r2", "r3", "r4")]
    review = made.review(version, olga, *people)
    start = threading.Barrier(4)

    def decide(user: User) -> int:
        start.wait()
        try:
            return made.send(review, user, A).standing.num_approvals
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        counted = sorted(pool.map(decide, people))

    assert counted == [1, 2, 3, 4]
