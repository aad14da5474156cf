"""Comments on what is not the text under review: front matter, words that were removed, and other files."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from skills_app.domain.enums import Role, VersionOrigin
from skills_app.domain.front_matter import FRONT_MATTER_PATH
from skills_app.models import Comment, Review, SkillVersion
from skills_app.services.add_version import add_version
from skills_app.services.open_review import move_review
from tests.browser.pages import Open
from tests.browser.waiting import expect, wait_until
from tests.skills_app import review_makers as made
from tests.skills_app.skill_makers import text_file

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def review(open_page: Open) -> Review:
    """A review of Ada, who is signed in."""
    olga = made.person("olga", Role.CURATOR)
    return made.review(
        made.draft(author=olga, files=(text_file("references/guide.md", "Guide.\n"),)),
        olga,
        User.objects.get(username="ada"),
    )


def keep(page: Any, words: str) -> Comment:
    page.get_by_label("Comment", exact=True).fill(words)
    page.get_by_role("button", name="Keep as a draft").click()
    page.get_by_text("Kept as a draft").first.wait_for()
    return Comment.objects.get(body=words)


def test_words_of_the_front_matter_are_commented_by_keyboard_alone(open_page: Open, review: Review) -> None:
    page = open_page(review.get_absolute_url())
    said = page.locator("#selection-said")
    page.keyboard.press("s")
    wait_until(page, "document.activeElement.matches('[data-review-text]')")
    expect(said).to_have_text("Selected: name: one")
    page.keyboard.press("ArrowDown")
    expect(said).to_have_text("Selected: description: Use when in doubt.")
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowRight"):
        page.keyboard.press(key)
    expect(said).to_have_text("Selected: Use when")
    page.keyboard.press("c")
    wait_until(page, "document.activeElement.id === 'comment-body'")
    expect(page.get_by_label("About").locator("option:checked")).to_have_text("Front matter")

    row = keep(page, "When exactly?")

    assert (row.quote, row.heading_path) == ("Use when", list(FRONT_MATTER_PATH))
    mark = page.locator(f".front-field .finding-mark[href='#comment-{row.pk}']")
    expect(mark).to_have_text(f"C{row.pk}")
    expect(page.locator(f"#comment-{row.pk}")).to_contain_text("front matter, line 3")


def test_a_whole_field_of_the_front_matter_is_commented_by_mouse(open_page: Open, review: Review) -> None:
    page = open_page(review.get_absolute_url())
    field = page.locator(".front-field").nth(1)
    box = field.locator("dd").bounding_box()
    head = field.locator("dt code").bounding_box()
    assert box is not None
    assert head is not None
    page.mouse.move(head["x"] + 1, head["y"] + head["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 8, steps=4)
    page.mouse.up()
    page.get_by_role("button", name="Comment", exact=True).click()

    expect(page.get_by_label("About").locator("option:checked")).to_have_text("Front matter")
    row = keep(page, "Here.")

    assert row.heading_path == list(FRONT_MATTER_PATH)
    assert row.quote.startswith("description: Use")


def test_the_front_matter_as_a_whole_is_chosen_as_the_place(open_page: Open, review: Review) -> None:
    page = open_page(review.get_absolute_url())
    page.get_by_label("About").select_option(label="Front matter")

    row = keep(page, "Say who made it.")

    assert (row.quote, row.heading_path) == ("", list(FRONT_MATTER_PATH))
    page.locator(f"#comment-{row.pk} .thread-number").click()
    wait_until(page, "document.querySelector(':target')?.matches('.front-field')")


@pytest.mark.parametrize("view", ["side", "unified", "rendered"])
def test_removed_words_of_a_difference_are_commented(open_page: Open, review: Review, view: str) -> None:
    page = open_page(f"/skills/{review.skill.key}/compare/?head=2&view={view}")
    page.evaluate(
        """() => {
          const walk = document.createTreeWalker(document.querySelector("#compare-body"), NodeFilter.SHOW_TEXT);
          while (walk.nextNode()) {
            const at = walk.currentNode.data.indexOf("older body");
            if (at < 0) continue;
            getSelection().setBaseAndExtent(walk.currentNode, at, walk.currentNode, at + 10);
            return;
          }
        }"""
    )
    page.keyboard.press("c")
    page.wait_for_url("**/reviews/**")
    expect(page.get_by_label("Quoted words")).to_have_value("older body")
    expect(page.get_by_label("About words of version 1 that were removed since")).to_be_checked()

    row = keep(page, "Why is this gone?")

    assert (row.version.number, row.quote) == (1, "older body")
    thread = page.locator(f"#comment-{row.pk}")
    expect(thread).to_contain_text("removed, was in One of version 1")
    thread.get_by_role("link", name="the difference").click()
    page.wait_for_url("**/compare/?base=1&head=2")


@pytest.mark.parametrize("view", ["side", "unified", "rendered"])
def test_removed_words_are_reached_by_keyboard_alone(open_page: Open, review: Review, view: str) -> None:
    page = open_page(f"/skills/{review.skill.key}/compare/?head=2&view={view}")
    wait_until(page, "document.querySelector('[data-select-text]')?.tabIndex === 0")
    said = page.locator("#selection-said")
    page.keyboard.press("s")
    for _ in range(40):
        if "older body" in said.inner_text():
            break
        page.keyboard.press("ArrowDown")
    for _ in range(20):
        if said.inner_text() == "Selected of the older text: older":
            break
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(said).to_have_text("Selected of the older text: older body")
    page.keyboard.press("Enter")
    page.wait_for_url("**/reviews/**")

    expect(page.get_by_label("Quoted words")).to_have_value("older body")
    expect(page.get_by_label("About words of version 1 that were removed since")).to_be_checked()


def test_words_of_another_file_of_a_difference_are_commented_on_that_file(
    open_page: Open,
    review: Review,
) -> None:
    page = open_page(f"/skills/{review.skill.key}/compare/?head=2&view=unified")
    page.evaluate(
        """() => {
          const walk = document.createTreeWalker(document.querySelector("#compare-body"), NodeFilter.SHOW_TEXT);
          while (walk.nextNode()) {
            const at = walk.currentNode.data.indexOf("Guide.");
            if (at < 0 || !walk.currentNode.parentElement.closest("[data-path] td.both")) continue;
            getSelection().setBaseAndExtent(walk.currentNode, at, walk.currentNode, at + 6);
            return;
          }
        }"""
    )
    page.keyboard.press("c")
    page.wait_for_url("**/reviews/**")
    expect(page.get_by_label("Quoted words")).to_have_value("Guide.")
    expect(page.get_by_label("About").locator("option:checked")).to_have_text("references/guide.md")
    page.get_by_label("Comment", exact=True).fill("Guide to what?")
    page.get_by_role("button", name="Keep as a draft").click()
    page.get_by_text("Kept as a draft").wait_for()

    row = Comment.objects.get()
    assert (row.path, row.quote) == ("references/guide.md", "Guide.")


def test_removed_words_of_a_renamed_file_are_commented_under_its_older_name(open_page: Open) -> None:
    lines = "".join(f"echo {number}\n" for number in range(9))
    olga = made.person("olga", Role.CURATOR)
    first = made.draft("tools/moved", author=olga, files=(text_file("scripts/a.sh", lines),))
    after = text_file("scripts/b.sh", lines.replace("echo 4", "echo four"))
    added = add_version(
        skill=first.skill,
        content=first.content,
        origin=VersionOrigin.EDIT,
        made_at=made.NOON,
        files=(after,),
        parent=first,
        becomes_current=False,
    )
    made.review(made.version_of(added.version.pk), olga)
    page = open_page(f"/skills/{first.skill.key}/compare/?base=2&head=3&view=unified")
    page.evaluate(
        """() => {
          const cell = document.querySelector("[data-path='scripts/b.sh'] tr[data-kind=removed] td.both");
          getSelection().setBaseAndExtent(cell, 0, cell, cell.childNodes.length);
        }"""
    )
    page.keyboard.press("c")
    page.wait_for_url("**/reviews/**")

    row = keep(page, "Why not 4?")

    assert (row.path, row.quote.strip(), row.version_id) == ("scripts/a.sh", "echo 4", first.pk)


def test_a_selection_longer_than_an_address_holds_is_said_to_be_cut(open_page: Open) -> None:
    long = " ".join(f"Sentence {number} says a little more." for number in range(80))
    olga = made.person("olga", Role.CURATOR)
    made.review(made.draft("tools/long", long, author=olga), olga)
    version = SkillVersion.objects.get(skill__path="tools/long", number=2)
    page = open_page(f"/skills/{version.skill.key}/compare/?head=2&view=unified")
    page.evaluate(
        """() => {
          const cells = [...document.querySelectorAll("tr[data-kind=added] td.both")];
          const last = cells.at(-1);
          getSelection().setBaseAndExtent(cells[0], 0, last, last.childNodes.length);
        }"""
    )
    page.keyboard.press("c")
    page.wait_for_url("**/reviews/**")
    expect(page.get_by_text("the first 1500 of them are quoted")).to_be_visible()

    row = keep(page, "All of this is too long.")

    assert " ".join(long.split()).startswith(" ".join(row.quote.split()))
    assert len(row.quote) > 1400


@pytest.mark.parametrize("view", ["unified", "rendered"])
def test_a_removed_word_within_a_sentence_is_one_of_the_older_text(
    open_page: Open, review: Review, view: str
) -> None:
    olga = User.objects.get(username="olga")
    made.review(made.next_draft(review.version, made.BODY.replace("too little", "far enough")), olga)
    page = open_page(f"/skills/{review.skill.key}/compare/?base=2&head=3&view={view}")
    page.evaluate("getSelection().selectAllChildren(document.querySelector('#compare-body del'))")
    page.keyboard.press("c")
    page.wait_for_url("**/reviews/**")
    expect(page.get_by_label("Quoted words")).to_have_value("too little")

    row = keep(page, "It was right.")

    assert (row.version.number, row.quote, row.anchor["removed_in"]) == (2, "too little", 3)


def test_a_selection_that_the_source_writes_in_another_way_stands_on_its_blocks(
    open_page: Open, review: Review
) -> None:
    body = "Salt &amp; pepper, ![a picture](https://a.example/p.png) and [more][ref].\n\n- see <https://a.example>\n- then\n\n[ref]: x.md"
    newer = made.next_draft(review.version, body, review.version.author)
    move_review(review=review, version=newer, actor=review.version.author, now=made.NOON, today=made.TODAY)
    page = open_page(review.get_absolute_url())
    page.evaluate(
        """() => {
          const blocks = [...document.querySelectorAll("[data-review-text] :is(p, li)")];
          const from = blocks.find((block) => block.textContent.includes("pepper"));
          const to = blocks.find((block) => block.textContent.includes("see"));
          window.getSelection().setBaseAndExtent(from.firstChild, 2, to, to.childNodes.length);
        }"""
    )
    page.keyboard.press("c")
    wait_until(page, "document.activeElement.id === 'comment-body'")
    page.get_by_label("Comment", exact=True).fill("Which?")
    page.get_by_role("button", name="Keep as a draft").click()

    expect(page.get_by_text("stands on all of the paragraphs, items or rows").first).to_be_visible()
    quote = Comment.objects.get(body="Which?").quote
    assert (
        quote
        == "Salt &amp; pepper, ![a picture](https://a.example/p.png) and [more][ref]. - see <https://a.example>"
    )


def test_a_suggestion_begins_with_the_source_of_the_selection(open_page: Open, review: Review) -> None:
    newer = made.next_draft(review.version, "**Note:** do the first thing.", review.version.author)
    move_review(review=review, version=newer, actor=review.version.author, now=made.NOON, today=made.TODAY)
    page = open_page(review.get_absolute_url())
    page.evaluate(
        """() => {
          const blocks = [...document.querySelectorAll("[data-review-text] p")];
          window.getSelection().selectAllChildren(blocks.find((block) => block.textContent.includes("Note:")));
        }"""
    )
    page.keyboard.press("c")
    wait_until(page, "document.activeElement.id === 'comment-body'")
    expect(page.get_by_label("Suggested words")).to_have_value("Note: do the first thing.")
    page.get_by_label("Suggest other words for the quote").check()

    expect(page.get_by_label("Suggested words")).to_have_value("**Note:** do the first thing.")


TWICE = "def one():\n    return None\n\n\ndef two():\n    return None\n"


@pytest.mark.parametrize("view", ["side", "unified"])
@pytest.mark.parametrize("number", [0, 1])
def test_of_words_that_stand_twice_in_a_file_the_selected_ones_are_commented(
    open_page: Open, view: str, number: int
) -> None:
    olga = made.person("olga", Role.CURATOR)
    version = made.draft("tools/two", author=olga, files=(text_file("scripts/run.py", TWICE),))
    made.review(version, olga)
    page = open_page(f"/skills/{version.skill.key}/compare/?head=2&view={view}")
    page.evaluate(
        """(number) => {
          const cells = [...document.querySelectorAll("[data-path] td:is(.new, .both)")];
          const cell = cells.filter((one) => one.textContent.includes("return None"))[number];
          const walk = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
          while (walk.nextNode()) {
            const at = walk.currentNode.data.indexOf("return None");
            if (at >= 0) getSelection().setBaseAndExtent(walk.currentNode, at, walk.currentNode, at + 11);
          }
        }""",
        number,
    )
    page.keyboard.press("c")
    page.wait_for_url("**/reviews/**")

    row = keep(page, "Why nothing?")

    assert row.quote == "return None"
    expect(page.locator(f"#comment-{row.pk}")).to_contain_text(f"scripts/run.py, line {(2, 6)[number]}")


TABLE = """Salt &amp; pepper first.

| Name | What |
| ---- | ---- |
| salt | a &amp; b |
| oil | [more][ref] |

- see ![a picture](https://a.example/p.png) here
- then stop

[ref]: x.md
"""
BLOCKS = {
    "table": ("salt", "oil", "| salt | a &amp; b | | oil |"),
    "list": ("see", "then", "- see ![a picture](https://a.example/p.png) here - then stop"),
}


def select_from_to(page: Any, first: str, last: str) -> None:
    """Select from the beginning of one text of the difference to the end of another."""
    page.evaluate(
        """([first, last]) => {
          const texts = [];
          const walk = document.createTreeWalker(document.querySelector("#compare-body"), NodeFilter.SHOW_TEXT);
          while (walk.nextNode()) {
            if (walk.currentNode.parentElement.closest("td:is(.new, .both), .diff-doc")) texts.push(walk.currentNode);
          }
          const from = texts.find((text) => text.data.includes(first));
          const to = texts.find((text) => text.data.includes(last));
          const end = to.data.indexOf(last) + last.length;
          getSelection().setBaseAndExtent(from, from.data.indexOf(first), to, end);
        }""",
        [first, last],
    )


@pytest.mark.parametrize("is_file", [False, True])
@pytest.mark.parametrize("name", list(BLOCKS))
def test_a_selection_in_a_rendered_difference_that_the_source_writes_in_another_way_stands_on_its_blocks(
    open_page: Open, name: str, is_file: bool
) -> None:
    olga = made.person("olga", Role.CURATOR)
    files = (text_file("references/guide.md", f"# Guide\n\n{TABLE}"),) if is_file else ()
    version = made.draft("tools/two", "Short." if is_file else TABLE, author=olga, files=files)
    made.review(version, olga)
    page = open_page(f"/skills/{version.skill.key}/compare/?head=2&view=rendered")
    first, last, expected = BLOCKS[name]
    select_from_to(page, first, last)
    page.keyboard.press("c")
    page.wait_for_url("**/reviews/**")
    page.get_by_label("Comment", exact=True).fill("Which?")
    page.get_by_role("button", name="Keep as a draft").click()

    expect(page.get_by_text("stands on all of the paragraphs, items or rows").first).to_be_visible()
    row = Comment.objects.get(body="Which?")
    assert " ".join(row.quote.split()).startswith(expected)
    assert row.path == ("references/guide.md" if is_file else "")


def test_a_removed_table_that_the_source_writes_in_another_way_is_commented_by_its_rows(
    open_page: Open, review: Review
) -> None:
    olga = User.objects.get(username="olga")
    older = made.next_draft(review.version, TABLE, olga)
    newer = made.next_draft(older, "Something else entirely.", olga)
    made.review(newer, olga)
    page = open_page(f"/skills/{review.skill.key}/compare/?base=3&head=4&view=rendered")
    select_from_to(page, "salt", "oil")
    page.keyboard.press("c")
    page.wait_for_url("**/reviews/**")
    expect(page.get_by_label("About words of version 3 that were removed since")).to_be_checked()
    page.get_by_label("Comment", exact=True).fill("Which?")
    page.get_by_role("button", name="Keep as a draft").click()

    expect(page.get_by_text("stands on all of the paragraphs, items or rows").first).to_be_visible()
    row = Comment.objects.get(body="Which?")
    assert (row.version_id, row.quote.startswith("| salt |")) == (older.pk, True)


@pytest.mark.parametrize("view", ["side", "unified"])
def test_a_selection_over_a_fold_stands_on_all_that_is_between(open_page: Open, view: str) -> None:
    lines = [f"Line {number} is one of many lines." for number in range(12)]
    olga = made.person("olga", Role.CURATOR)
    older = made.draft("tools/two", "\n\n".join(lines), author=olga)
    lines[0], lines[11] = "The first line is new.", "The last line is new."
    newer = made.next_draft(older, "\n\n".join(lines), olga)
    made.review(newer, olga)
    page = open_page(f"/skills/{older.skill.key}/compare/?base=2&head=3&view={view}")
    expect(page.locator("details.diff-fold").first).to_be_visible()
    select_from_to(page, "first line is new", "last line is")
    page.keyboard.press("c")
    page.wait_for_url("**/reviews/**")

    row = keep(page, "All of it.")

    assert row.quote.startswith(("The first line", "first line"))
    assert "Line 5 is one of many" in row.quote
    assert "unchanged" not in row.quote


@pytest.mark.parametrize("is_file", [False, True])
@pytest.mark.parametrize("view", ["side", "rendered"])
def test_a_suggestion_from_a_difference_says_what_it_replaces_and_keeps_the_row(
    open_page: Open, view: str, is_file: bool
) -> None:
    olga = made.person("olga", Role.CURATOR)
    table = "| Name | What |\n| ---- | ---- |\n| salt | **very** white |\n| oil | yellow |"
    files = (text_file("references/guide.md", f"# Guide\n\n{table}\n"),) if is_file else ()
    version = made.draft("tools/two", "Short." if is_file else table, author=olga, files=files)
    made.review(version, olga)
    page = open_page(f"/skills/{version.skill.key}/compare/?head=2&view={view}")
    select_from_to(page, "salt", "white")
    page.keyboard.press("c")
    page.wait_for_url("**/reviews/**")
    page.get_by_label("Suggest other words for the quote").check()

    expect(page.get_by_label("Suggested words")).to_have_value("salt | **very** white")
    expect(page.locator("#comment-replaces")).to_have_text(
        "These words take the place of:\nsalt | **very** white"
    )
    page.get_by_label("Suggested words").fill("pepper")
    page.get_by_role("button", name="Keep as a draft").click()
    expect(page.get_by_text("must keep its rows whole: each on one line, with 2 cells")).to_be_visible()
    page.get_by_label("Suggested words").fill("pepper | black")
    page.get_by_role("button", name="Keep as a draft").click()
    page.get_by_text("Kept as a draft").first.wait_for()
    row = Comment.objects.get()
    assert (row.quote, row.suggestion) == ("salt | **very** white", "pepper | black")


def test_a_suggestion_for_words_that_nothing_can_replace_says_why(open_page: Open, review: Review) -> None:
    newer = made.next_draft(review.version, "Press <kbd>Enter</kbd> twice.", review.version.author)
    move_review(review=review, version=newer, actor=review.version.author, now=made.NOON, today=made.TODAY)
    page = open_page(review.get_absolute_url())
    page.get_by_label("Quoted words").fill("Enter</kbd> twice")
    page.get_by_label("Suggest other words for the quote").check()

    expect(page.locator("#comment-replaces")).to_contain_text("only one half of a pair of HTML tags")
    page.get_by_label("Quoted words").fill("twice")
    page.get_by_label("Comment", exact=True).focus()
    expect(page.locator("#comment-replaces")).to_have_text("These words take the place of:\ntwice")
    page.get_by_label("Suggest other words for the quote").uncheck()
    expect(page.locator("#comment-replaces")).to_have_text("")
