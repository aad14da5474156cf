"""Taking a decision back in a real browser: each way to press, and each way in which a press could have come to nothing."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from skills_app.models import Review, Verdict
from tests.browser.pages import Open
from tests.browser.test_review_in_browser import review, tab_to, version  # noqa: F401
from tests.browser.waiting import expect, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BACK = "Your decision is taken back; comments without a reply are drafts again."
# Notes the place of the button in the moment in which it comes, and that it is this page still.
NOTE_PLACE = """() => {
  window.isSamePage = true;
  new MutationObserver((_, self) => {
    const button = document.querySelector("form.undo button");
    if (!button) return;
    self.disconnect();
    const box = button.getBoundingClientRect();
    window.firstPlace = [Math.round(box.left), Math.round(box.top)];
    if (window.isPressedAtOnce) button.click();
  }).observe(document.body, { childList: true, subtree: true });
}"""
PLACE_NOW = """() => {
  const box = document.querySelector("form.undo button").getBoundingClientRect();
  return [Math.round(box.left), Math.round(box.top)];
}"""
IS_IN_SIGHT = """selector => {
  const box = document.querySelector(selector).getBoundingClientRect();
  const hit = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  return Boolean(hit?.closest(selector));
}"""


def reject(page: Any) -> None:
    """Reject by mouse, from the foot of the page, and wait until it is done."""
    page.get_by_label("Reject").check()
    page.get_by_label("Reason", exact=True).fill("Not safe.")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("You rejected version 2.")).to_be_visible()


def unwatched_page(open_page: Open) -> Any:
    """Return a page of the signed-in reader in which a request may fail: the browser's own report of it is expected."""
    return open_page("/reviews/").context.new_page()


def undo(page: Any) -> Any:
    return page.get_by_role("button", name="Take it back")


def num_undone() -> int:
    return Verdict.objects.exclude(undone_at=None).count()


def by_mouse(page: Any) -> None:
    undo(page).click()


def by_focus(page: Any) -> None:
    expect(undo(page)).to_be_focused()
    page.keyboard.press("Enter")


def by_space(page: Any) -> None:
    expect(undo(page)).to_be_focused()
    page.keyboard.press("Space")


def by_bare_mouse(page: Any) -> None:
    """Press where the button stood when it came, as a hand does that is quicker than any check."""
    left, top = page.evaluate("window.firstPlace")
    page.mouse.click(left + 10, top + 10)


@pytest.mark.parametrize("width", [1280, 400])
def test_a_rejection_is_taken_back_again_and_again(open_page: Open, review: Review, width: int) -> None:  # noqa: F811
    page = open_page(review.get_absolute_url(), width=width)
    for number, press in enumerate((by_mouse, by_focus, by_space, by_bare_mouse), start=1):
        page.evaluate(NOTE_PLACE)
        reject(page)
        assert Review.objects.get().status == "rejected"
        press(page)
        expect(page.get_by_text(BACK)).to_be_visible()
        expect(page.get_by_role("heading", name="Decide")).to_be_focused()
        assert page.evaluate(IS_IN_SIGHT, "#decision .notice")
        assert num_undone() == number
        assert Review.objects.get().status == "open"
        assert page.evaluate("window.isSamePage")


def test_the_button_stands_where_it_came_and_is_in_sight(open_page: Open, review: Review) -> None:  # noqa: F811
    for width in (1280, 400):
        page = open_page(review.get_absolute_url(), width=width)
        page.evaluate(NOTE_PLACE)
        reject(page)
        expect(undo(page)).to_be_focused()

        assert page.evaluate(PLACE_NOW) == page.evaluate("window.firstPlace")
        assert page.evaluate(IS_IN_SIGHT, "form.undo button")
        undo(page).click()
        expect(page.get_by_text(BACK)).to_be_visible()


def test_a_press_in_the_moment_in_which_the_button_comes_counts(open_page: Open, review: Review) -> None:  # noqa: F811
    page = open_page(review.get_absolute_url())
    page.evaluate("window.isPressedAtOnce = true")
    page.evaluate(NOTE_PLACE)
    page.get_by_label("Reject").check()
    page.get_by_label("Reason", exact=True).fill("Not safe.")
    page.get_by_role("button", name="Send", exact=True).click()

    expect(page.get_by_text(BACK)).to_be_visible()
    assert page.evaluate("window.isSamePage")
    assert num_undone() == 1


def test_pressing_twice_takes_it_back_once(open_page: Open, review: Review) -> None:  # noqa: F811
    page = open_page(review.get_absolute_url())
    reject(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/undo/" in request.url else None)
    undo(page).dblclick()

    expect(page.get_by_text(BACK)).to_be_visible()
    assert len(asked) == 1
    assert num_undone() == 1


def test_a_held_key_and_the_second_half_of_a_double_click_take_nothing_back(
    open_page: Open,
    review: Review,  # noqa: F811
) -> None:
    page = open_page(review.get_absolute_url())
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/undo/" in request.url else None)
    page.get_by_label("Reject").check()
    page.get_by_label("Reason", exact=True).fill("Not safe.")
    tab_to(page, "button", "Send")
    page.keyboard.down("Enter")
    expect(undo(page)).to_be_focused()
    page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    box = undo(page).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    page.mouse.down(click_count=2)
    page.mouse.up(click_count=2)

    expect(page.get_by_text("A double click takes nothing back. Press once to do it.")).to_be_visible()
    assert asked == []
    undo(page).press("Enter")
    expect(page.get_by_text(BACK)).to_be_visible()


def test_the_page_counts_down_and_says_when_the_time_is_over(open_page: Open, review: Review) -> None:  # noqa: F811
    page = open_page("/reviews/")
    page.clock.install()
    page.goto(review.get_absolute_url())
    reject(page)
    page.clock.fast_forward(15_000)
    wait_until(page, "Number(document.querySelector('[data-undo-left]').textContent.match(/\\d+/)[0]) <= 15")
    assert page.evaluate("document.activeElement.matches('form.undo button')")
    page.clock.fast_forward(16_000)

    expect(page.get_by_text("The time to take this decision back is over. It stands.")).to_be_visible()
    expect(undo(page)).to_have_count(0)
    assert page.evaluate("document.activeElement.id") == "undo-said"
    assert Review.objects.get().status == "rejected"


def test_an_answer_that_does_not_come_is_said_beside_the_button_and_in_sight(
    open_page: Open,
    review: Review,  # noqa: F811
) -> None:
    page = unwatched_page(open_page)
    page.goto(review.get_absolute_url())
    reject(page)
    page.route("**/undo/**", lambda route: route.abort())
    undo(page).click()

    expect(page.get_by_text("That did not get through.")).to_be_visible()
    expect(page.get_by_text("The server did not answer.")).to_be_visible()
    assert page.evaluate(IS_IN_SIGHT, "#notices .notice")
    page.unroute("**/undo/**")
    undo(page).click()
    expect(page.get_by_text(BACK)).to_be_visible()
    expect(page.get_by_text("The server did not answer.")).to_have_count(0)


def held_undo(page: Any, review: Review) -> Any:  # noqa: F811
    """Reject, take it back, and return the request on its way, when the 30 seconds have long passed on the page."""
    held: list[Any] = []
    page.clock.install()
    page.goto(review.get_absolute_url())
    reject(page)
    page.route("**/undo/**", lambda route: held.append(route))
    undo(page).click()
    expect(page.get_by_text("Your decision is being taken back…")).to_be_visible()
    page.clock.fast_forward(40_000)
    expect(page.locator("[data-undo-left]")).to_have_text("for 0 seconds")
    assert len(held) == 1
    # However long the browser took for it: by the server's clock the decision is a fresh one.
    Verdict.objects.update(given_at=timezone.now())
    return held[0]


def test_the_time_that_runs_out_while_the_answer_is_on_its_way_takes_nothing_away(
    open_page: Open,
    review: Review,  # noqa: F811
) -> None:
    page = open_page("/reviews/")
    held_undo(page, review).continue_()

    expect(page.get_by_text(BACK)).to_be_visible()
    assert Review.objects.get().status == "open"


def test_an_answer_that_never_came_and_no_time_left_is_said(open_page: Open, review: Review) -> None:  # noqa: F811
    page = unwatched_page(open_page)
    held_undo(page, review).abort()

    expect(page.get_by_text("Load the page again to see what counts.")).to_be_visible()
    expect(undo(page)).to_have_count(0)


def test_a_refusal_by_the_server_is_said_at_the_decision_and_in_sight(
    open_page: Open,
    review: Review,  # noqa: F811
) -> None:
    page = open_page(review.get_absolute_url())
    reject(page)
    Verdict.objects.update(given_at=timezone.now() - timedelta(seconds=31))
    undo(page).click()

    expect(
        page.locator("#decision").get_by_text("A decision can be taken back for 30 seconds.")
    ).to_be_visible()
    assert page.evaluate(IS_IN_SIGHT, "#decision .notice")
    expect(undo(page)).to_have_count(0)
