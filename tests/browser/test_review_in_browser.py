"""A review in a real browser: the whole way with the keyboard alone, without JavaScript, by mouse, and axe."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from skills_app.domain.enums import Role
from skills_app.models import Comment, Promotion, Review, Skill, SkillVersion, Verdict
from skills_app.services.edit_gate import edit_gate
from tests.browser.pages import Open, assert_sound
from tests.browser.waiting import expect, wait_until
from tests.skills_app import review_makers as made
from tests.skills_app.skill_makers import text_file

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
GATE = {
    "name": "open",
    "title": "Open",
    "conditions": [{"key": "lines", "kind": "fact", "fact": "body_lines", "at_most": 300}],
}


@pytest.fixture
def version() -> SkillVersion:
    olga = made.person("olga", Role.CURATOR)
    made.person("bea", Role.REVIEWER)
    edit_gate(data=GATE, actor=olga, reason="for tests")
    return made.draft(author=olga, files=(text_file("references/guide.md", "Guide.\n"),))


def ada() -> User:
    return User.objects.get(username="ada")


@pytest.fixture
def review(version: SkillVersion, open_page: Open) -> Review:
    """A review that waits for Ada, who is signed in, with a sent comment of Bea."""
    review = made.review(version, User.objects.get(username="olga"), ada())
    bea = User.objects.get(username="bea")
    made.comment(review, bea, "Is this so?", quote="The first sentence", is_blocking=True)
    made.comment(review, bea, "On the list.", path=("One", "When to use"))
    made.send(review, bea)
    return review


def tab_to(page: Any, role: str, name: str) -> None:
    """Press Tab until the element with that role and name has the focus."""
    wanted = page.get_by_role(role, name=name, exact=True).first
    wanted.wait_for()
    for _ in range(150):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reached {role} {name}")


def test_a_version_is_reviewed_from_its_page_to_its_publication_by_keyboard_alone(
    open_page: Open,
    version: SkillVersion,
    root: Path,
) -> None:
    page = open_page(version.get_absolute_url())
    tab_to(page, "link", "Review")
    page.keyboard.press("Enter")
    page.wait_for_url("**/reviews/of/**")
    tab_to(page, "button", "Ask for the review")
    page.keyboard.press("Enter")

    page.get_by_role("heading", name="Review of one version 2").wait_for()
    page.wait_for_load_state()

    page.keyboard.press("s")
    wait_until(page, "document.activeElement.matches('[data-review-text]')")
    said = page.locator("#selection-said")
    expect(said).to_have_text("Selected: name: one")
    for _ in range(5):
        page.keyboard.press("ArrowDown")
    expect(said).to_have_text(f"Selected: {made.BODY}")
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowRight"):
        page.keyboard.press(key)
    expect(said).to_have_text("Selected: first sentence")
    page.keyboard.press("c")
    wait_until(page, "document.activeElement.id === 'comment-body'")
    page.keyboard.type("Say which one.")
    tab_to(page, "button", "Keep as a draft")
    page.keyboard.press("Enter")
    page.get_by_text("Kept as a draft; it is sent with your decision.").wait_for()
    assert Comment.objects.get().quote == "first sentence"
    wait_until(page, "document.activeElement.matches('[data-review-text]')")

    for left in (3, 2, 1):
        page.keyboard.press("v")
        page.get_by_text(f"{left} of 4 sections and files need").wait_for()
    page.keyboard.press("v")
    page.get_by_text("You have seen all 4 sections and files.").wait_for()

    page.keyboard.press("a")
    wait_until(page, "document.activeElement.textContent.trim() === 'Send with 1 draft'")
    assert not Verdict.objects.exists()
    page.keyboard.press("Enter")
    page.get_by_text("You approved version 2.").wait_for()
    assert Comment.objects.get().sent_at is not None
    expect(page.get_by_text("Nothing stops the promotion")).to_be_visible()

    tab_to(page, "button", "Take it back")
    page.keyboard.press("Enter")
    page.get_by_text("Your decision is taken back").wait_for()
    assert Review.objects.get().status == "open"
    assert Comment.objects.get().is_draft

    page.keyboard.press("a")
    wait_until(page, "document.activeElement.textContent.trim() === 'Send with 1 draft'")
    page.keyboard.press("Enter")
    page.get_by_text("You approved version 2.").wait_for()
    tab_to(page, "link", "Promote version 2")
    page.keyboard.press("Enter")
    page.wait_for_url("**/versions/2/promote/")
    tab_to(page, "textbox", "Semantic version")
    page.keyboard.press("Control+a")
    page.keyboard.type("1.2.0")
    tab_to(page, "textbox", "What changed")
    page.keyboard.type("Advice for all.")
    tab_to(page, "button", "Promote")
    page.keyboard.press("Enter")
    page.wait_for_url("**tab=publishing")
    expect(page.get_by_text("Version 2 is published as 1.2.0.")).to_be_visible()
    promotion = Promotion.objects.standing().get()
    assert (promotion.version_id, promotion.semantic_version) == (version.pk, "1.2.0")
    assert made.BODY in (root / "tools/one/SKILL.md").read_text()


def test_no_single_key_decides_anything(open_page: Open, review: Review) -> None:
    page = open_page(review.get_absolute_url())
    page.get_by_role("heading", name="Comments").wait_for()

    for key in "cvarxnpjk":
        page.locator(".page-head h1").click()
        page.keyboard.press(key)
        page.keyboard.press(key)
    page.wait_for_timeout(300)

    assert not Verdict.objects.exists()
    assert Review.objects.get().status == "open"


def test_words_selected_by_mouse_are_commented_with_a_button(open_page: Open, review: Review) -> None:
    page = open_page(review.get_absolute_url())
    paragraph = page.locator("[data-review-text] p").first
    box = paragraph.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 260, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] + 420, box["y"] + 8, steps=4)
    page.mouse.up()
    page.get_by_role("button", name="Comment", exact=True).click()

    quoted = page.get_by_label("Quoted words").input_value()
    assert quoted
    assert quoted in made.BODY
    expect(page.get_by_label("About")).to_have_value("1")
    page.get_by_label("Comment", exact=True).fill("Here.")
    page.get_by_label("Suggest other words for the quote").check()
    page.get_by_label("Suggested words").fill("other words")
    page.get_by_role("button", name="Keep as a draft").click()
    page.get_by_text("Kept as a draft").wait_for()
    row = Comment.objects.get(author=ada())
    assert (row.quote, row.suggestion) == (quoted, "other words")


@pytest.mark.parametrize("view", ["side", "unified", "rendered"])
def test_words_of_a_difference_are_selected_by_keyboard_alone(
    open_page: Open,
    review: Review,
    view: str,
) -> None:
    page = open_page(f"/skills/{review.skill.key}/compare/?head=2&view={view}")
    wait_until(page, "document.querySelector('[data-select-text]')?.tabIndex === 0")
    said = page.locator("#selection-said")
    page.keyboard.press("s")
    for _ in range(40):
        if "second sentence" in said.inner_text():
            break
        page.keyboard.press("ArrowDown")
    assert said.inner_text() == f"Selected: {made.BODY}"
    for _ in range(20):
        page.keyboard.press("ArrowRight")
        if said.inner_text() == "Selected: second":
            break
    page.keyboard.press("Shift+ArrowRight")
    expect(said).to_have_text("Selected: second sentence")
    page.keyboard.press("Enter")
    page.wait_for_url("**/reviews/**")

    expect(page.get_by_label("Quoted words")).to_have_value("second sentence")


@pytest.mark.parametrize("view", ["side", "unified", "rendered"])
def test_words_of_a_difference_are_commented_in_the_review(
    open_page: Open,
    review: Review,
    view: str,
) -> None:
    page = open_page(f"/skills/{review.skill.key}/compare/?head=2&view={view}")
    page.evaluate(
        """() => {
          const walk = document.createTreeWalker(document.querySelector("#compare-body"), NodeFilter.SHOW_TEXT);
          while (walk.nextNode()) {
            const at = walk.currentNode.data.indexOf("second sentence");
            if (at < 0 || walk.currentNode.parentElement.closest("td.old, del")) continue;
            getSelection().setBaseAndExtent(walk.currentNode, at, walk.currentNode, at + 15);
            return;
          }
        }"""
    )
    page.keyboard.press("c")
    page.wait_for_url("**/reviews/**")
    expect(page.get_by_label("Quoted words")).to_have_value("second sentence")
    page.get_by_label("Comment", exact=True).fill("From the difference.")
    page.get_by_role("button", name="Keep as a draft").click()
    page.get_by_text("Kept as a draft").wait_for()

    assert Comment.objects.get(author=ada()).quote == "second sentence"


def kept_words(page: Any) -> list[str]:
    found: list[str] = page.evaluate(
        "Object.keys(localStorage).filter(key => key.startsWith('fleet-unsent:'))"
    )
    return found


def test_what_is_typed_outlives_a_reload_and_goes_when_it_is_sent(open_page: Open, review: Review) -> None:
    page = open_page(review.get_absolute_url())
    page.keyboard.press("s")
    wait_until(page, "document.activeElement.matches('[data-select-text]')")
    for key in (*["ArrowDown"] * 5, "ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    wait_until(page, "document.activeElement.id === 'comment-body'")
    page.keyboard.type("Which sentence?")
    page.get_by_label("It blocks").first.check()
    page.get_by_label("Reason", exact=True).fill("Not clear yet.")
    owner = f"fleet-unsent:review-{review.pk}-person-{ada().pk}"
    assert sorted(kept_words(page)) == [f"{owner}:comment", f"{owner}:decision"]

    page.reload()
    page.get_by_text("What you typed and did not send is back.").first.wait_for()
    expect(page.get_by_label("Comment", exact=True)).to_have_value("Which sentence?")
    expect(page.get_by_label("Quoted words")).to_have_value("first")
    expect(page.get_by_label("Reason", exact=True)).to_have_value("Not clear yet.")
    page.get_by_role("button", name="Keep as a draft").click()
    page.get_by_text("Kept as a draft; it is sent with your decision.").wait_for()

    row = Comment.objects.get(author=ada())
    assert (row.body, row.quote, row.is_blocking) == ("Which sentence?", "first", True)
    assert [key.rpartition(":")[2] for key in kept_words(page)] == ["decision"]
    page.get_by_role("button", name="Throw it away", exact=True).first.click()
    expect(page.get_by_label("Reason", exact=True)).to_have_value("")
    assert kept_words(page) == []


def test_what_is_typed_outlives_a_lost_session(open_page: Open, review: Review) -> None:
    page = open_page(review.get_absolute_url())
    cookies = page.context.cookies()
    page.get_by_label("Comment", exact=True).fill("Written before the session ended.")
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Keep as a draft").click()
    page.wait_for_url("**/sign-in/**")
    assert not Comment.objects.filter(author=ada()).exists()

    page.context.add_cookies(cookies)
    page.goto(f"{review.get_absolute_url()}?quote=second+sentence")
    expect(page.get_by_label("Quoted words")).to_have_value("second sentence")
    page.get_by_role("button", name="Bring it back").click()
    expect(page.get_by_label("Comment", exact=True)).to_have_value("Written before the session ended.")
    page.get_by_role("button", name="Keep as a draft").click()
    page.get_by_text("Kept as a draft; it is sent with your decision.").wait_for()

    assert Comment.objects.get(author=ada()).body == "Written before the session ended."
    assert kept_words(page) == []


def test_words_sent_without_htmx_go_and_those_of_a_lost_session_stay(open_page: Open, review: Review) -> None:
    page = open_page("/reviews/")
    page.route("**/*htmx*", lambda route: route.fulfill(body="", content_type="text/javascript"))
    cookies = page.context.cookies()
    page.goto(review.get_absolute_url())
    assert page.evaluate("typeof window.htmx") == "undefined"
    page.get_by_label("Comment", exact=True).fill("Sent by the browser itself.")
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Keep as a draft").click()
    page.wait_for_url("**/sign-in/**")
    assert len(kept_words(page)) == 1

    page.context.add_cookies(cookies)
    page.goto(review.get_absolute_url())
    expect(page.get_by_label("Comment", exact=True)).to_have_value("Sent by the browser itself.")
    page.get_by_role("button", name="Keep as a draft").click()
    page.get_by_text("Kept as a draft").first.wait_for()
    wait_until(page, "!Object.keys(localStorage).some(key => key.startsWith('fleet-unsent:'))")

    expect(page.get_by_label("Comment", exact=True)).to_have_value("")
    assert Comment.objects.get(author=ada()).body == "Sent by the browser itself."


def test_the_way_without_javascript(open_page: Open, review: Review) -> None:
    page = open_page("/reviews/", java_script_enabled=False)
    page.get_by_role("link", name="one version 2").click()
    page.get_by_label("About").select_option(label="When to use")
    page.get_by_label("Comment", exact=True).fill("Say when not.")
    page.get_by_role("button", name="Keep as a draft").click()
    expect(page.get_by_role("article", name=re.compile(r"Comment \d+ of ada"))).to_be_visible()
    page.get_by_role("button", name="I have seen all").click()
    expect(page.get_by_text("You have seen all")).to_be_visible()
    page.get_by_label("Request changes").check()
    page.get_by_role("button", name="Send with 1 draft").click()
    expect(page.get_by_text("Say why you request changes")).to_be_visible()
    expect(page.get_by_label("Request changes")).to_be_checked()
    page.get_by_label("Reason", exact=True).fill("not yet")
    page.get_by_role("button", name="Send with 1 draft").click()

    expect(page.get_by_text("You requested changes to version 2.")).to_be_visible()
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("Your decision is taken back")).to_be_visible()


def test_a_comment_and_its_place_lead_to_each_other(open_page: Open, review: Review) -> None:
    page = open_page(review.get_absolute_url())
    row = Comment.objects.order_by("pk")[0]

    page.locator(f".finding-mark[href='#comment-{row.pk}']").click()
    wait_until(page, f"document.querySelector(':target')?.id === 'comment-{row.pk}'")
    page.locator(f"#comment-{row.pk} .thread-number").click()

    wait_until(page, "document.querySelector(':target')?.matches('[data-review-text] *')")


@pytest.mark.parametrize(("theme", "width"), [("light", 1400), ("dark", 400)])
def test_no_page_of_reviews_has_a_violation_or_scrolls_sideways(
    open_page: Open,
    review: Review,
    theme: str,
    width: int,
) -> None:
    made.comment(review, ada(), quote="too little", suggestion="enough")
    other = made.draft("tools/other", author=User.objects.get(username="olga"))
    made.next_draft(review.version, "The first sentence is another one.")
    paths = (
        "/",
        "/reviews/",
        "/reviews/?show=done",
        "/reviews/?show=waiting",
        review.get_absolute_url(),
        f"{review.get_absolute_url()}request/",
        f"{review.get_absolute_url()}regenerate/",
        f"/skills/{review.skill.key}/compare/?base=2&head=3",
        f"/reviews/of/{other.skill.key}/{other.number}/",
    )
    assert_sound(open_page, paths, theme=theme, width=width)


def test_a_review_of_a_long_document_keeps_the_readers_place(open_page: Open, review: Review) -> None:
    skill = Skill.objects.get(path="tools/one")
    body = "\n\n".join(f"## Part {number}\n\nWords of part {number}." for number in range(40))
    version = made.next_draft(SkillVersion.objects.get(skill=skill, number=2), body)
    long_one = made.review(version, User.objects.get(username="olga"), ada())
    page = open_page(long_one.get_absolute_url())
    page.locator("[data-review-text]").get_by_text("Words of part 30.").scroll_into_view_if_needed()
    before = page.evaluate("scrollY")

    page.keyboard.press("s")
    page.keyboard.press("c")
    page.keyboard.type("Here.")
    page.get_by_role("button", name="Keep as a draft").press("Enter")
    page.get_by_text("Kept as a draft").wait_for()

    assert before > 500
    assert abs(page.evaluate("scrollY") - before) < 400
