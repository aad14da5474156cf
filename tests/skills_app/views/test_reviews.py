"""Pages of reviews: the queue, a review, its comments and its steps, for each role, plain and as fragments."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from skills_app.domain.documents import parse_document
from skills_app.domain.enums import Role
from skills_app.domain.reviewing.parts import parts_of
from skills_app.domain.reviewing.verdicts import Decision
from skills_app.models import Comment, Review, SectionViewed, SkillVersion, Verdict
from skills_app.services.edit_gate import edit_gate
from skills_app.services.open_review import open_review
from skills_app.services.send_review import send_review
from tests.skills_app import review_makers as made
from tests.skills_app import skill_makers as make
from tests.skills_app.skill_makers import text_file

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
OPEN_GATE = {
    "name": "open",
    "title": "Open",
    "conditions": [{"key": "lines", "kind": "fact", "fact": "body_lines", "at_most": 300}],
}
A, R, X = Decision.APPROVE, Decision.REQUEST_CHANGES, Decision.REJECT


@pytest.fixture
def cast() -> dict[str, User]:
    return {
        "olga": made.person("olga", Role.CURATOR),
        "ada": made.person("ada", Role.REVIEWER),
        "bea": made.person("bea", Role.REVIEWER),
        "carol": made.person("carol", Role.MANAGER),
        "dan": made.person("dan", Role.READER),
    }


@pytest.fixture
def version(cast: dict[str, User]) -> SkillVersion:
    return made.draft(author=cast["olga"], files=(text_file("references/guide.md", "Guide.\n"),))


@pytest.fixture
def review(version: SkillVersion, cast: dict[str, User]) -> Review:
    return opened(version, cast["olga"], cast["ada"])


def opened(version: SkillVersion, opener: User, *reviewers: User) -> Review:
    """Open a review now, as a view does."""
    now = timezone.now()
    return open_review(
        version=version, opener=opener, reviewers=reviewers, now=now, today=timezone.localdate()
    ).review


def sent(review: Review, reviewer: User, decision: Decision | None = None, reason: str = "") -> None:
    send_review(
        review=review,
        reviewer=reviewer,
        decision=decision,
        reason=reason,
        seen_number=Review.objects.get(pk=review.pk).version.number,
        now=timezone.now(),
        today=timezone.localdate(),
    )


def client(user: User) -> Client:
    found = Client()
    found.force_login(user)
    return found


def page(user: User, review: Review, **headers: str) -> str:
    response = client(user).get(review.get_absolute_url(), headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def post(user: User, name: str, review: Review, *args: Any, htmx: bool = False, **data: Any) -> Any:
    address = reverse(f"reviews:{name}", args=[review.pk, *args])
    return client(user).post(address, data, headers=HTMX if htmx else {})


def test_a_review_is_asked_for_from_a_version_and_found_again(
    version: SkillVersion, cast: dict[str, User]
) -> None:
    address = reverse("reviews:of_version", args=[version.skill.key, version.number])

    form = client(cast["olga"]).get(address).content.decode()
    response = client(cast["olga"]).post(address, {"message": "please"})

    assert "It needs 1 approval." in form
    assert "<strong>ada</strong>" in form
    review = Review.objects.get()
    assert response["Location"] == review.get_absolute_url()
    assert review.message == "please"
    assert client(cast["dan"]).get(address)["Location"] == review.get_absolute_url()


def test_a_reader_may_look_and_neither_ask_nor_comment(review: Review, cast: dict[str, User]) -> None:
    dan = cast["dan"]
    other = made.draft("tools/two")
    address = reverse("reviews:of_version", args=[other.skill.key, other.number])

    text = page(dan, review)

    assert 'id="comment-form"' not in text
    assert "Reviewers of this branch decide" in text
    assert client(dan).post(address).status_code == 403
    for name in ("comment_add", "send", "claim", "people", "needed", "move", "end", "suggestions"):
        assert post(dan, name, review).status_code == 403, name


def test_a_reviewer_of_another_branch_decides_nothing_here(review: Review) -> None:
    made.draft("other/two")
    far = made.person("far", Role.REVIEWER, branch="other")

    response = post(far, "send", review, decision="approve", number=2)

    assert response.status_code == 403
    assert "in tools" in response.content.decode()
    assert not Verdict.objects.exists()


def test_the_page_has_document_parts_verdicts_and_forms(review: Review, cast: dict[str, User]) -> None:
    text = page(cast["ada"], review)

    for words in (
        "<strong>Your turn.</strong> Your verdict is asked for.",
        "4 of 4 sections and files need you.",
        "The second sentence says too little.",
        "1 of 1 approval is missing.",
        'id="comment-form"',
        "Request changes",
        "Low risk",
    ):
        assert words in text, words


def test_a_fragment_is_the_body_alone(review: Review, cast: dict[str, User]) -> None:
    text = page(cast["ada"], review, **HTMX)

    assert text.strip().startswith('<div id="review-body"')
    assert "<html" not in text


def test_no_review_has_that_number(cast: dict[str, User]) -> None:
    assert client(cast["ada"]).get("/reviews/999/").status_code == 404


def test_a_comment_is_kept_as_a_draft_at_its_place_and_others_do_not_see_it(
    review: Review, cast: dict[str, User]
) -> None:
    response = post(
        cast["ada"],
        "comment_add",
        review,
        number=2,
        quote="second sentence",
        body="Say more.",
        is_blocking="1",
    )

    row = Comment.objects.get()
    assert response["Location"].endswith(f"#comment-{row.pk}")
    mine, others = page(cast["ada"], review), page(cast["bea"], review)
    assert f'href="#comment-{row.pk}">C{row.pk}</a>' in mine
    assert "One, line " in mine
    assert "Send with 1 draft" in mine
    assert "Say more." not in others


def test_a_comment_on_a_section_and_one_on_a_file(review: Review, cast: dict[str, User]) -> None:
    post(cast["ada"], "comment_add", review, number=2, about="2", body="On a section.")
    post(cast["ada"], "comment_add", review, number=2, about="3", body="On a file.")
    post(cast["ada"], "comment_add", review, number=2, about="", body="On all.")

    rows = Comment.objects.order_by("pk")
    assert [(row.heading_path, row.path) for row in rows] == [
        (["One", "When to use"], ""),
        ([], "references/guide.md"),
        ([], ""),
    ]


def test_a_quote_that_is_not_there_comes_back_with_everything_typed(
    review: Review, cast: dict[str, User]
) -> None:
    response = post(
        cast["ada"],
        "comment_add",
        review,
        htmx=True,
        number=2,
        about="2",
        quote="not there at all",
        body="Words of mine.",
        has_suggestion="1",
        suggestion="better",
    )
    text = response.content.decode()

    assert response.status_code == 422
    assert "“not there at all” does not stand in the document" in text
    for words in (
        "Words of mine.",
        ">better</textarea>",
        '<option value="2" selected>',
        "not there at all</textarea>",
    ):
        assert words in text, words
    assert not Comment.objects.exists()


def test_words_selected_in_a_difference_begin_a_comment(
    review: Review, version: SkillVersion, cast: dict[str, User]
) -> None:
    address = reverse("reviews:of_version", args=[version.skill.key, version.number])

    response = client(cast["ada"]).get(address, {"quote": "<b> & words", "before": "x", "other": "y"})
    text = client(cast["ada"]).get(response["Location"]).content.decode()

    assert response["Location"] == f"{review.get_absolute_url()}?quote=%3Cb%3E+%26+words&before=x"
    assert "&lt;b&gt; &amp; words</textarea>" in text
    compared = reverse("skills:compare", args=[version.skill.key])
    assert f'href="{address}"' in client(cast["ada"]).get(f"{compared}?head=2").content.decode()


def test_drafts_are_changed_and_thrown_away(review: Review, cast: dict[str, User]) -> None:
    row = made.comment(review, cast["ada"])

    post(cast["ada"], "draft", review, row.pk, body="Other words.")
    row.refresh_from_db()
    assert row.body == "Other words."
    assert post(cast["bea"], "draft", review, row.pk, body="x").status_code == 422
    post(cast["ada"], "draft", review, row.pk, discard="1")
    assert not Comment.objects.exists()
    assert post(cast["ada"], "draft", review, row.pk, body="x").status_code == 404


def test_comments_and_decision_are_sent_by_one_post(review: Review, cast: dict[str, User]) -> None:
    made.comment(review, cast["ada"], quote="second sentence")

    response = post(
        cast["ada"], "send", review, htmx=True, number=2, decision="request_changes", reason="say more"
    )
    text = response.content.decode()

    assert response.status_code == 200
    assert "1 comment sent. You requested changes to version 2." in text
    assert "Take it back" in text
    assert Comment.objects.get().sent_at is not None
    assert "<strong>Your turn.</strong> ada requested changes." in page(cast["olga"], review)


def test_a_missing_reason_is_said_at_the_form_and_the_choice_is_kept(
    review: Review, cast: dict[str, User]
) -> None:
    response = post(cast["ada"], "send", review, number=2, decision="reject", reason="")
    text = response.content.decode()

    assert response.status_code == 422
    assert "Say why you reject" in text
    assert 'value="reject" checked' in text


def test_who_read_an_older_version_decides_nothing_and_sees_why(
    review: Review, version: SkillVersion, cast: dict[str, User]
) -> None:
    newer = made.next_draft(version, "A newer body.", cast["olga"])
    assert "Review version 3 instead" in page(cast["olga"], review)
    post(cast["olga"], "move", review, number=newer.number)

    response = post(cast["ada"], "send", review, number=2, decision="approve")
    text = response.content.decode()

    assert response.status_code == 422
    assert "Version 3 took the place of version 2 while you were reading." in text
    assert "A newer body." in text
    assert not Verdict.objects.exists()


def test_a_decision_is_taken_back_on_the_page(review: Review, cast: dict[str, User]) -> None:
    sent(review, cast["ada"], A)
    verdict = Verdict.objects.get()
    assert "Take it back" in page(cast["ada"], review)
    assert "Take it back" not in page(cast["bea"], review)

    post(cast["ada"], "undo", review, verdict.pk)

    verdict.refresh_from_db()
    assert verdict.undone_at is not None
    assert Review.objects.get().status == "open"
    assert post(cast["ada"], "undo", review, verdict.pk).status_code == 422


def test_after_a_decision_the_focus_belongs_to_taking_it_back_and_not_to_a_part_that_was_not_seen(
    review: Review, cast: dict[str, User]
) -> None:
    decided = post(cast["ada"], "send", review, htmx=True, number=2, decision="reject", reason="no")
    verdict = Verdict.objects.get()
    back = post(cast["ada"], "undo", review, verdict.pk, htmx=True)
    seen = post(cast["ada"], "parts", review, htmx=True, seen="none")

    focused = [re.findall(r"<(\w+)[^>]* data-focus", page.content.decode()) for page in (decided, back, seen)]
    assert focused == [["button"], ["h3"], ["button"]]
    assert "Take it back" in decided.content.decode().partition("data-focus")[2][:500]
    assert "aria-pressed" in seen.content.decode().partition("data-focus")[0][-300:]


def test_a_refused_undo_is_said_at_the_decision_and_marks_no_field(
    review: Review, cast: dict[str, User]
) -> None:
    sent(review, cast["ada"], A)
    verdict = Verdict.objects.get()
    Verdict.objects.update(given_at=verdict.given_at - timedelta(seconds=31))

    response = post(cast["ada"], "undo", review, verdict.pk, htmx=True)
    text = response.content.decode()

    assert response.status_code == 422
    assert "A decision can be taken back for 30 seconds." in text.partition('id="decision"')[2]
    assert "aria-invalid" not in text
    assert "Take it back" not in text


def test_a_rejected_review_says_how_it_goes_on(review: Review, cast: dict[str, User]) -> None:
    made.comment(review, cast["ada"], quote="second sentence")
    post(cast["ada"], "send", review, number=2, decision="reject", reason="no")
    newer = made.next_draft(review.version, "A newer body.", cast["olga"])

    text = page(cast["olga"], review)

    assert "Version 2 is rejected. The review goes on, with its comments" in text
    assert f"/reviews/{review.pk}/regenerate/" in text
    assert "Ask for another review of version 2" in text
    assert post(cast["olga"], "move", review, number=newer.number).status_code == 302
    assert Review.objects.get().status == "open"


def test_threads_are_answered_and_closed(review: Review, cast: dict[str, User]) -> None:
    row = made.comment(review, cast["ada"], is_blocking=True)
    sent(review, cast["ada"])

    assert post(cast["olga"], "state", review, row.pk, state="fixed").status_code == 422
    assert post(cast["olga"], "reply", review, row.pk, body="").status_code == 422
    post(cast["olga"], "reply", review, row.pk, body="Done in the next one.")
    post(cast["olga"], "send", review, number=2, decision="")
    post(cast["ada"], "state", review, row.pk, state="fixed", reason="")

    row.refresh_from_db()
    text = page(cast["ada"], review)
    assert row.state == "fixed"
    assert "Done in the next one." in text
    assert "Fixed by ada" in text
    assert post(cast["ada"], "state", review, row.pk, state="gone").status_code == 404


def test_suggested_edits_are_accepted_as_one_new_version(review: Review, cast: dict[str, User]) -> None:
    rows = [
        made.comment(review, cast["ada"], quote="first sentence", suggestion="opening sentence"),
        made.comment(review, cast["ada"], quote="too little", suggestion="enough"),
    ]
    sent(review, cast["ada"])
    assert "Accept suggested edits" in page(cast["olga"], review)

    assert post(cast["olga"], "suggestions", review, number=2).status_code == 422
    post(cast["olga"], "suggestions", review, number=2, comment=[row.pk for row in rows])

    text = page(cast["olga"], review)
    assert "Review of one version 3" in text
    assert "The opening sentence stands here. The second sentence says enough." in text
    assert "Version 3</a>" in text


def test_a_suggested_edit_of_a_file_is_accepted_on_the_page(review: Review, cast: dict[str, User]) -> None:
    row = made.comment(
        review, cast["ada"], file="references/guide.md", quote="Guide.", suggestion="The guide."
    )
    whole = made.comment(review, cast["ada"], "About all of it.", file="references/guide.md")
    sent(review, cast["ada"])

    text = page(cast["olga"], review)
    assert f'id="accept-{row.pk}"' in text
    assert "of ada in references/guide.md: The guide." in text
    assert f'id="accept-{whole.pk}"' not in text
    post(cast["olga"], "suggestions", review, number=2, comment=[row.pk])

    review.refresh_from_db()
    assert review.version.number == 3
    assert review.version.files.get().text == "The guide.\n"


def test_what_stops_the_promotion_is_named_in_words(review: Review, cast: dict[str, User]) -> None:
    assert '<span class="label">Approvals</span>' in page(cast["ada"], review)


def test_a_comment_whose_words_are_gone_lies_in_the_tray(
    review: Review, version: SkillVersion, cast: dict[str, User]
) -> None:
    made.comment(review, cast["ada"], "About the old words.", quote="The second sentence says too little.")
    sent(review, cast["ada"])
    newer = made.next_draft(version, "All is new.", cast["olga"])
    post(cast["olga"], "move", review, number=newer.number)

    text = page(cast["ada"], review)

    assert "1 comment lost its place" in text
    assert "was in One of version 2" in text


def test_each_comment_is_shown_as_met_or_not_in_a_newer_version(
    review: Review, version: SkillVersion, cast: dict[str, User]
) -> None:
    made.comment(review, cast["ada"], "More.", quote="The second sentence says too little.")
    made.comment(review, cast["ada"], "When not?", path=("One", "When to use"))
    made.comment(review, cast["ada"], "On the file.", file="references/guide.md")
    sent(review, cast["ada"])
    newer = made.next_draft(version, made.BODY.replace("says too little", "says 42 things"), cast["olga"])
    post(cast["olga"], "move", review, number=newer.number)

    text = page(cast["ada"], review)

    for words in (
        "by rule, in version 3: The words changed.",
        "The second sentence says 42 things.</blockquote>",
        "The section is as it was.",
        "The file is gone.",
    ):
        assert words in text, words


def test_parts_are_marked_one_by_one_and_stay_seen_where_nothing_changed(
    review: Review, version: SkillVersion, cast: dict[str, User]
) -> None:
    ada = cast["ada"]
    address = reverse("reviews:parts", args=[review.pk])
    client(ada).post(address, {"all": "1"})
    first = SectionViewed.objects.values_list("digest", flat=True)[0]
    fragment = client(ada).post(address, {"unseen": first}, headers=HTMX).content.decode()
    client(ada).post(address, {"seen": "no part of this version"})

    assert fragment.strip().startswith('<section id="review-parts"')
    assert "1 of 4 sections and files needs you." in fragment
    client(ada).post(address, {"all": "1"})
    newer = made.next_draft(version, "Another body of the first section.", cast["olga"])
    post(cast["olga"], "move", review, number=newer.number)
    assert "1 of 3 sections needs you." in page(ada, review)
    assert SectionViewed.objects.count() == 4


def test_words_that_the_source_writes_in_another_way_stand_on_their_whole_blocks(
    review: Review, version: SkillVersion, cast: dict[str, User]
) -> None:
    newer = made.next_draft(version, "Salt &amp; pepper and [more][ref].\n\n[ref]: x.md", cast["olga"])
    post(cast["olga"], "move", review, number=newer.number)
    line = newer.content.split("\n").index("Salt &amp; pepper and [more][ref].") + 1
    sent = {"quote": "Salt & pepper and more", "body": "Which?", "number": newer.number}
    lines = {"first_line": line, "last_line": line}

    assert post(cast["ada"], "comment_add", review, **sent).status_code == 422
    assert post(cast["ada"], "comment_add", review, **sent, first_line=1, last_line=1).status_code == 422
    elsewhere = {"first_line": 4, "last_line": 4}
    refused = post(cast["ada"], "comment_add", review, **sent, **elsewhere)
    assert (refused.status_code, 'name="first_line" value="4"' in refused.content.decode()) == (422, True)
    older = post(cast["ada"], "comment_add", review, **{**sent, "number": version.number}, **elsewhere)
    assert (older.status_code, 'name="first_line" value=""' in older.content.decode()) == (422, True)
    suggested = {"has_suggestion": "1", "suggestion": "x"}
    assert post(cast["ada"], "comment_add", review, **sent, **lines, **suggested).status_code == 422
    address = reverse("reviews:comment_add", args=[review.pk])
    answer = client(cast["ada"]).post(address, {**sent, **lines}, headers=HTMX)

    assert "stands on all of the paragraphs, items or rows" in answer.content.decode()
    row = Comment.objects.get(body="Which?")
    assert row.quote == "Salt &amp; pepper and [more][ref]."


TWICE = "def one():\n    return None\n\n\ndef two():\n    return None\n"


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"first_line": 2, "last_line": 2}, 2),
        ({"first_line": 6, "last_line": 6}, 6),
        ({"before": "def two():\n    "}, 6),
        ({"first_line": 6, "last_line": 6, "lines_of": 1}, 0),
        ({"first_line": 6, "last_line": 6, "path": "scripts/other.py"}, 0),
        ({"before": "def two():\n    ", "path": ""}, 0),
        ({}, 0),
    ],
)
def test_words_that_stand_twice_in_a_file_are_told_by_what_the_page_sends_of_that_file_and_version(
    cast: dict[str, User], fields: dict[str, Any], line: int
) -> None:
    version = made.draft("tools/two", author=cast["olga"], files=(text_file("scripts/run.py", TWICE),))
    review = opened(version, cast["olga"], cast["ada"])
    parts = parts_of(parse_document(version.content), version.files.values_list("path", "digest"))
    about = next(number for number, part in enumerate(parts) if part.path)
    sent = {"quote": "return None", "body": "Which?", "about": about, "number": version.number}

    answer = post(cast["ada"], "comment_add", review, **{**sent, "path": "scripts/run.py", **fields})

    assert answer.status_code == (302 if line else 422)
    if line:
        anchor = Comment.objects.get().anchor
        assert anchor["before"].endswith({2: "def one(): ", 6: "def two(): "}[line])
    else:
        assert "stands there several times" in answer.content.decode()


def test_what_a_difference_sends_beside_a_quote_stands_in_the_form(
    review: Review, version: SkillVersion, cast: dict[str, User]
) -> None:
    sent = {"quote": "x", "path": "a.py", "first_line": "4", "last_line": "5", "lines_of": "2"}
    address = reverse("reviews:of_version", args=[version.skill.key, version.number])

    text = client(cast["ada"]).get(address, sent, follow=True).content.decode()

    for name, value in list(sent.items())[1:]:
        assert f'name="{name}" value="{value}"' in text, name


def test_the_source_of_a_quote_is_told_as_a_suggestion_would_replace_it(
    review: Review, version: SkillVersion, cast: dict[str, User]
) -> None:
    newer = made.next_draft(version, "**Note:** do the\nfirst thing. <b>Bold</b> & thin.", cast["olga"])
    post(cast["olga"], "move", review, number=newer.number)

    told = post(cast["ada"], "quote_source", review, quote="Note: do the first thing.", number=newer.number)

    assert (told.status_code, told.content.decode()) == (200, "**Note:** do the\nfirst thing.")
    assert told.headers["Content-Type"].startswith("text/plain")
    assert post(cast["ada"], "quote_source", review, quote="Bold</b", number=newer.number).status_code == 422
    assert post(cast["ada"], "quote_source", review, quote="nowhere", number=newer.number).status_code == 422
    assert post(cast["ada"], "quote_source", review, quote="thin", removed_from=2).status_code == 422


def test_a_suggestion_in_the_draft_begins_with_what_it_replaces_line_by_line_and_with_both_marks(
    cast: dict[str, User],
) -> None:
    body = "Use **the first** tool.\n\n| a | b |\n| - | - |\n| c | d |"
    version = made.draft("tools/two", body, author=cast["olga"])
    review = opened(version, cast["olga"], cast["ada"])
    made.comment(review, cast["ada"], quote="the first tool")
    made.comment(review, cast["ada"], quote="b\nc d", suggestion="x |\n| - | - |\n| y | z")

    text = page(cast["ada"], review)

    assert 'name="suggestion" rows="3">**the first** tool</textarea>' in text
    assert "<del>b |\n| - | - |\n| c | d</del><ins>x |\n" in text


def test_the_source_of_words_of_a_markdown_file_is_told_with_its_marks(cast: dict[str, User]) -> None:
    guide = text_file("references/guide.md", "# Guide\n\nUse **the first** tool.\n")
    version = made.draft("tools/two", author=cast["olga"], files=(guide,))
    review = opened(version, cast["olga"], cast["ada"])
    parts = parts_of(parse_document(version.content), version.files.values_list("path", "digest"))
    sent = {
        "about": next(number for number, part in enumerate(parts) if part.path),
        "quote": "the first tool",
    }

    told = post(cast["ada"], "quote_source", review, **sent)

    assert (told.status_code, told.content.decode()) == (200, "**the first** tool")


def test_what_was_seen_under_an_older_key_can_be_marked_as_not_seen(
    review: Review, version: SkillVersion, cast: dict[str, User]
) -> None:
    part = parts_of(parse_document(version.content))[1]
    SectionViewed.objects.create(
        user=cast["ada"], skill=version.skill, digest=part.old_digest, viewed_at=made.NOON
    )
    assert "3 of 4 sections and files need you." in page(cast["ada"], review)

    client(cast["ada"]).post(reverse("reviews:parts", args=[review.pk]), {"unseen": part.digest})

    assert "4 of 4 sections and files need you." in page(cast["ada"], review)


def test_people_are_asked_let_go_and_a_manager_changes_the_number(
    review: Review, cast: dict[str, User]
) -> None:
    assert post(cast["olga"], "people", review, ask="nobody").status_code == 422
    post(cast["olga"], "people", review, ask="bea")
    assert set(review.requests.values_list("reviewer__username", flat=True)) == {"ada", "bea"}
    post(cast["olga"], "people", review, release="bea")
    assert review.requests.count() == 1
    assert post(cast["olga"], "needed", review, num_needed=2, reason="r").status_code == 403
    assert post(cast["carol"], "needed", review, num_needed="many", reason="r").status_code == 422
    post(cast["carol"], "needed", review, num_needed=2, reason="more eyes")
    assert Review.objects.get().num_needed == 2


def test_a_claim_shows_a_name(review: Review, cast: dict[str, User]) -> None:
    post(cast["ada"], "claim", review)

    assert "ada is at it" in page(cast["bea"], review)
    assert "ada is at it" in shelf(cast["olga"], "waiting")
    assert post(cast["bea"], "claim", review).status_code == 422
    post(cast["ada"], "claim", review, release="1")
    assert "is at it" not in page(cast["bea"], review).replace("I am at it", "")


def test_a_review_is_withdrawn_by_its_opener_with_a_reason(review: Review, cast: dict[str, User]) -> None:
    assert post(cast["bea"], "end", review, reason="no").status_code == 403
    assert post(cast["olga"], "end", review, reason="").status_code == 422
    post(cast["olga"], "end", review, reason="not yet")

    text = page(cast["ada"], review)
    assert "Withdrawn" in text
    assert "This review has ended." in text


def test_only_who_may_withdraw_is_offered_it_and_a_manager_may(review: Review, cast: dict[str, User]) -> None:
    offer = "Withdraw, because"
    offered = {name for name in cast if offer in page(cast[name], review)}

    assert offered == {"olga", "carol"}
    refused = post(cast["carol"], "end", review, reason="").content.decode()
    assert 'id="end-why" name="reason" required maxlength="2000" aria-invalid="true"' in refused
    assert post(cast["carol"], "end", review, reason="no longer wanted").status_code == 302
    assert Review.objects.get(pk=review.pk).status == "withdrawn"


def test_suggestions_that_cannot_be_accepted_stay_chosen(review: Review, cast: dict[str, User]) -> None:
    one = made.comment(review, cast["bea"], quote="sentence says too little", suggestion="a")
    two = made.comment(review, cast["bea"], quote="says too little", suggestion="b")
    sent(review, cast["bea"])

    answer = post(cast["olga"], "suggestions", review, comment=[one.pk, two.pk], number=review.version.number)

    text = answer.content.decode()
    assert answer.status_code == 422
    for row in (one, two):
        assert f'name="comment" value="{row.pk}" aria-invalid="true" checked' in text


def test_a_rejection_stays_one_when_the_gate_changes_afterwards(
    review: Review, cast: dict[str, User]
) -> None:
    sent(review, cast["ada"], X, "unsafe")
    gate = {"name": "g", "title": "G", "conditions": [{"kind": "fact", "fact": "body_lines", "at_most": 9}]}
    edit_gate(data=gate, actor=cast["carol"], reason="stricter")

    text = page(cast["olga"], review)

    assert "Rejected</span>" in text
    assert "This review is rejected." in text
    assert "Nobody may override this." in text


def test_the_request_of_open_comments_is_shown_and_given_as_text(
    review: Review, cast: dict[str, User]
) -> None:
    address = reverse("reviews:request", args=[review.pk])
    assert "No comment of this review is open" in client(cast["dan"]).get(address).content.decode()
    row = made.comment(review, cast["ada"], "Give a <b>number</b>.")
    sent(review, cast["ada"])

    shown = client(cast["dan"]).get(address).content.decode()
    text = client(cast["dan"]).get(f"{address}?format=text")

    assert "&lt;b&gt;number&lt;/b&gt;" in shown
    assert f"[C{row.pk}]" in text.content.decode()
    assert text["Content-Type"] == "text/plain; charset=utf-8"


def test_a_one_file_skill_is_reviewed_too(cast: dict[str, User]) -> None:
    skill = make.skill("tools/json", content='{"name": "json", "rules": ["one"]}', content_kind="json")
    version = made.version_of(skill.current_version_id)
    review = opened(version, cast["olga"], cast["ada"])
    post(cast["ada"], "comment_add", review, number=1, quote='"rules"', body="More rules.")
    sent(review, cast["ada"], A)

    text = page(cast["olga"], review)

    assert "More rules." in text
    assert "Our rules have not judged this version yet." in text


def test_hostile_comments_are_shown_as_text(review: Review, cast: dict[str, User]) -> None:
    bad = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    made.comment(review, cast["ada"], bad, quote="second sentence", suggestion=bad)
    sent(review, cast["ada"], R, bad)

    text = page(cast["olga"], review)

    assert "<script>alert" not in text
    assert "<img src=x" not in text


def shelf(user: User, name: str = "mine") -> str:
    response = client(user).get(reverse("reviews:list"), {"show": name})
    assert response.status_code == 200
    return response.content.decode()


def test_the_queue_has_my_turn_waiting_drafts_and_done(
    review: Review, version: SkillVersion, cast: dict[str, User]
) -> None:
    ada, olga = cast["ada"], cast["olga"]
    link = f'href="{review.get_absolute_url()}"'
    assert link in shelf(ada)
    assert "4 of 4 sections and files need you." in shelf(ada)
    assert link not in shelf(olga)
    assert link in shelf(olga, "waiting")
    assert "Nothing needs you" in shelf(cast["dan"])
    made.comment(review, ada)
    assert "1 draft not sent" in shelf(ada, "drafts")
    assert "No drafts" in shelf(olga, "drafts")

    sent(review, ada, X, "unsafe")

    assert link in shelf(ada, "done")
    assert "Nothing needs you" in shelf(ada)


def test_a_stale_verdict_brings_the_review_back_to_my_turn(
    review: Review, version: SkillVersion, cast: dict[str, User]
) -> None:
    edit_gate(data=OPEN_GATE, actor=cast["carol"], reason="for tests")
    sent(review, cast["ada"], A)
    assert "Nothing needs you" in shelf(cast["ada"])
    assert "It is approved and may be promoted." in shelf(cast["olga"])

    newer = made.next_draft(version, "A newer body.", cast["olga"])
    post(cast["olga"], "move", review, number=newer.number)

    assert "Your verdict is stale: Version 3 is under review" in shelf(cast["ada"])


def test_the_queue_as_a_fragment_is_the_shelf_alone(review: Review, cast: dict[str, User]) -> None:
    text = client(cast["ada"]).get(reverse("reviews:list"), headers=HTMX).content.decode()

    assert text.strip().startswith('<section id="review-queue"')


def num_queries(user: User, address: str) -> int:
    reader = client(user)
    reader.get(address)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert reader.get(address).status_code == 200
    return len(queries)


def test_the_queue_takes_as_many_queries_for_two_rows_as_for_twenty(
    cast: dict[str, User], settings: Any
) -> None:
    # So many verdicts would make a score doubtful, the gates' outcomes others, and the verdicts stale.
    settings.FLEET_LEAST_AGREEMENT = 0
    ada, bea = cast["ada"], cast["bea"]

    def add(numbers: range) -> None:
        for number in numbers:
            one = opened(made.draft(f"tools/s{number}", author=cast["olga"]), cast["olga"], ada, bea)
            sent(one, bea, R if number % 2 else A, "why")
            made.comment(one, ada)

    add(range(2))
    few = num_queries(ada, reverse("reviews:list"))
    add(range(2, 20))

    assert num_queries(ada, reverse("reviews:list")) == few


def test_a_review_takes_as_many_queries_for_two_comments_as_for_twenty(
    review: Review, cast: dict[str, User]
) -> None:
    for _ in range(2):
        made.comment(review, cast["ada"], quote="second sentence")
    sent(review, cast["ada"])
    few = num_queries(cast["bea"], review.get_absolute_url())
    for _ in range(18):
        made.comment(review, cast["ada"], quote="second sentence")
    sent(review, cast["ada"])

    assert num_queries(cast["bea"], review.get_absolute_url()) == few


def test_a_selection_that_an_address_cannot_hold_says_how_much_of_it_is_quoted(
    review: Review, cast: dict[str, User]
) -> None:
    page = client(cast["ada"]).get(review.get_absolute_url(), {"quote": "x" * 1500, "cut": "2345"})
    whole = client(cast["ada"]).get(review.get_absolute_url(), {"quote": "x" * 1500})

    assert "You selected 2345 characters; the first 1500 of them are quoted." in page.content.decode()
    assert "characters; the first" not in whole.content.decode()


@pytest.mark.parametrize(("branch", "is_offered"), [("tools", True), ("other", False)])
def test_the_promotion_is_offered_to_who_may_promote_in_the_branch(
    client: Client, version: SkillVersion, cast: dict[str, User], branch: str, is_offered: bool
) -> None:
    make.skill("other/one")
    edit_gate(data=OPEN_GATE, actor=cast["carol"], reason="for tests")
    review = opened(version, cast["olga"], cast["ada"])
    sent(review, cast["ada"], A)
    client.force_login(made.person("owen", Role.CURATOR, branch=branch))

    page = client.get(review.get_absolute_url()).content.decode()

    assert "Nothing stops the promotion" in page
    assert (f"Promote version {version.number}" in page) is is_offered
