"""Two versions compared over HTTP: the three views, folds, parts, other skills, hostile text, judgements."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from skills_app.domain.enums import Role, VersionOrigin
from skills_app.domain.records import FileRecord
from skills_app.domain.reviewing.comments import CommentState
from skills_app.models import QualityAssessment, Skill
from skills_app.services.add_version import add_version
from skills_app.services.move_comment import move_comment
from skills_app.services.note_on_comments import note_on_comments
from tests.skills_app import review_makers as made
from tests.skills_app import skill_makers as make

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
VIEWS = ["side", "unified", "rendered"]
STEPS = "1. Open it with care.\n2. Fill the form in.\n3. Close it and go.\n\n## Notes\n\n" + "\n\n".join(
    f"Note number {n} about the form." for n in range(40)
)
CHANGED = STEPS.replace("2. Fill the form in.\n3.", "2.").replace(
    "number 20 about the form", "number 20 about the new form"
)


def add(skill: Skill, content: str, **fields: object) -> Skill:
    add_version(
        skill=skill,
        content=content,
        origin=VersionOrigin.EDIT,
        made_at=make.START + timedelta(days=skill.num_versions),
        author_name="ben",
        **{"files": (), "message": "say it anew", **fields},
    )
    return Skill.objects.get(pk=skill.pk)


@pytest.fixture
def two() -> Skill:
    """A skill with two versions: a step went, a word came, a script changed, a picture came, a file was renamed."""
    skill = make.skill(
        "tech/one",
        STEPS,
        files=(
            make.text_file("scripts/run.sh", "echo one\necho two\n"),
            make.text_file("references/old.md", "# Guide\n\nWords."),
        ),
    )
    return add(
        skill,
        make.document("one", CHANGED, "Use when in doubt. Use when a form waits."),
        files=(
            make.text_file("scripts/run.sh", "echo one\necho three\n", is_executable=True),
            make.text_file("references/new.md", "# Guide\n\nWords."),
            make.text_file("assets/a.png", b"\x89PNG\x00"),
        ),
    )


def url(skill: Skill, **query: object) -> str:
    return f"/skills/{skill.key}/compare/?" + "&".join(f"{key}={value}" for key, value in query.items())


def words(page: str) -> list[str]:
    listed = re.search(r'<ul class="compare-summary">(.*?)</ul>', page, re.DOTALL)
    return (
        [re.sub(r"<[^>]+>", "", item) for item in re.findall(r"<li>(.*?)</li>", listed[1])] if listed else []
    )


def test_a_visitor_has_to_sign_in(anyone: Client, two: Skill) -> None:
    assert "sign-in" in anyone.get(url(two))["Location"]


def test_the_summary_says_first_in_words_what_changed(dan: Client, two: Skill) -> None:
    page = dan.get(url(two)).content.decode()

    assert words(page) == [
        "Trigger phrase added",
        "Step 2 removed of “One”",
        "Section “Notes” changed",
        "File assets/a.png added",
        "Reference references/old.md renamed to references/new.md",
        "Script scripts/run.sh changed, now executable",
    ]
    for anchor in re.findall(r'<li><a href="#([^"]+)">', page):
        assert page.count(f'id="{anchor}"') == 1


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_a_page_and_a_fragment_with_marked_words(dan: Client, two: Skill, view: str) -> None:
    page = dan.get(url(two, view=view)).content.decode()
    fragment = dan.get(url(two, view=view), headers=HTMX).content.decode()

    assert "<ins>new</ins>" in page
    assert "<del>" in page
    assert fragment.strip().startswith('<div id="compare-body"')
    assert fragment.strip() in page
    assert len(re.findall(r' id="([^"]+)"', page)) == len(set(re.findall(r' id="([^"]+)"', page)))


@pytest.mark.parametrize("view", VIEWS)
def test_a_file_that_is_renamed_and_edited_shows_its_changed_lines(dan: Client, view: str) -> None:
    lines = "".join(f"echo {number}\n" for number in range(9))
    skill = make.skill("tech/moved", STEPS, files=(make.text_file("scripts/a.sh", lines),))
    skill = add(
        skill,
        make.document("moved", STEPS),
        files=(make.text_file("scripts/b.sh", lines.replace("echo 4", "echo four")),),
    )

    page = dan.get(url(skill, view=view)).content.decode()

    assert "Script scripts/a.sh renamed to scripts/b.sh and changed" in words(page)
    section = page[page.index('data-path="scripts/b.sh"') :]
    assert section.startswith('data-path="scripts/b.sh" data-old-path="scripts/a.sh"')
    assert re.findall(r'data-state="(\w+)"', section) == ["renamed", "changed"]
    assert "was scripts/a.sh</span>" in section
    assert "four" in section
    assert "echo 8" in page
    assert 'data-state="removed"' not in page


def test_markdown_files_are_rendered_and_other_files_are_said_to_stand_in_lines(dan: Client) -> None:
    def files(word: str) -> tuple[FileRecord, ...]:
        guide = f"---\nowner: {word}\n---\n\nBefore.\n\n## Use\n\n- An *{word}* [hint](more.md)\n\n## Rest\n\nStays.\n"
        return (
            make.text_file("docs/guide.md", guide),
            make.text_file("docs/plain.md", f"One {word} word.\n"),
            make.text_file("scripts/run.sh", f"echo {word}\n"),
        )

    skill = make.skill("tech/docs", STEPS, files=files("older"))
    skill = add(skill, make.document("docs", STEPS), files=files("newer"))

    page = dan.get(url(skill, view="rendered")).content.decode()
    in_rows = dan.get(url(skill, view="unified")).content.decode()

    sentence = "Files that are not Markdown are not rendered: they are compared by line."
    assert page.count(sentence) == 1
    assert sentence not in in_rows
    guide = re.search(
        r'id="file-0-unit-\d+" data-path="docs/guide.md"[^>]*>(?:(?!</section>).)*<em>.*?</section>',
        page,
        re.S,
    )
    assert guide is not None
    assert "diff-table" not in guide[0]
    assert re.search(r"<em>.*<ins>newer</ins>.*</em>", guide[0])
    assert f'href="/skills/{skill.key}/versions/2/files/docs/more.md"' in guide[0]
    assert re.search(r'id="file-1-unit-0"(?:(?!</section>).)*<ins>newer</ins>', page, re.S)
    assert re.search(r'id="file-2"(?:(?!</section>).)*diff-table', page, re.S)
    assert re.search(r'id="file-0-unit-1"(?:(?!</section>).)*diff-table', page, re.S)
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_base_is_the_parent_unless_given_and_can_be_swapped(dan: Client, two: Skill) -> None:
    three = add(two, make.document("one", "All is new."))

    page = dan.get(url(three)).content.decode()
    swapped = dan.get(url(three, base=3, head=2)).content.decode()

    assert "version 2</a>" in page
    assert "?base=3&amp;head=2" in page
    assert "script scripts/run.sh added" in swapped.lower()


def test_a_first_version_has_nothing_to_compare_with(dan: Client) -> None:
    page = dan.get(url(make.skill("tech/first"))).content.decode()

    assert "Nothing to compare with" in page


@pytest.mark.parametrize("name", ["tech/one:1", "KEY:1", "tech/one"])
def test_versions_of_other_skills_are_compared(dan: Client, two: Skill, name: str) -> None:
    other = make.skill("ops/other", STEPS)

    page = dan.get(url(other, base=name.replace("KEY", two.key))).content.decode()

    assert "tech/one, version" in page
    assert "Name changed from one to other" in page


@pytest.mark.parametrize(
    "name", ["99", "nothing:1", "x" * 2_000, "one:two", "%00", ":", "tech/one:999999999999", "²"]
)
@pytest.mark.parametrize("side", ["base", "head"])
def test_what_names_no_version_is_not_found(dan: Client, two: Skill, name: str, side: str) -> None:
    answer = dan.get(url(two, **{side: name}))

    assert answer.status_code == (404 if name != ":" else 200)


@pytest.mark.parametrize(
    "query", ["view=odd", "part=0", "part=99", "part=x", "open=nothing", "view=side&open="]
)
def test_odd_parts_and_views_show_what_there_is(dan: Client, two: Skill, query: str) -> None:
    assert dan.get(f"/skills/{two.key}/compare/?{query}").status_code == 200


def test_unchanged_text_is_folded_and_a_short_fold_opens_without_a_request(dan: Client, two: Skill) -> None:
    page = dan.get(url(two)).content.decode()

    fold = re.search(r'<details class="diff-fold" id="([^"]+)"><summary>18 unchanged blocks', page)
    assert fold is not None
    opened = dan.get(url(two, open=fold[1])).content.decode()
    assert re.search(rf'id="{fold[1]}" open><summary>', opened)


def test_a_long_fold_is_a_link_that_opens_it(dan: Client) -> None:
    body = "\n\n".join(f"Line {n} of many." for n in range(100))
    skill = add(
        make.skill("tech/long", body), make.document("long", body.replace("Line 99 of many", "The last"))
    )

    page = dan.get(url(skill)).content.decode()
    assert "Line 30 of many." not in page
    link = re.search(r'href="\?open=([\w-]+)#', page)
    assert link is not None
    assert f'hx-select="#{link[1]}"' in page

    opened = dan.get(url(skill, open=link[1])).content.decode()
    assert "Line 30 of many." in opened


def lines(kind: str, num: int = 2_000) -> str:
    return "\n".join(
        f"## Part {n} of it"
        if n % 50 == 0
        else f"The {kind} {n} says {n * 7 % 100} & <b>more</b> of it here."
        for n in range(num)
    )


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("kind", ["rewritten", "word", "moved", "same"])
def test_a_page_of_two_thousand_lines_is_bounded_and_every_part_is_reached(
    dan: Client, kind: str, view: str
) -> None:
    old = lines("line")
    new = {
        "rewritten": "\n".join(old.split("\n")[:500] + lines("quite other text", 1_000).split("\n")[::-1]),
        "word": lines("row"),
        "moved": "\n".join(old.split("\n")[1_000:] + old.split("\n")[:1_000]),
        "same": old,
    }[kind]
    skill = add(make.skill("tech/large", old), make.document("large", new))

    answer = dan.get(url(skill, view=view, base=1, head=skill.num_versions))

    assert len(answer.content) < 1_000_000
    part = re.search(r"Part 1 of (\d+);", answer.content.decode())
    if kind == "word" and view != "rendered":
        assert part is not None
    if part is not None:
        last = dan.get(url(skill, view=view, part=part[1]))
        assert len(last.content) < 1_000_000
        assert f"Part {part[1]} of {part[1]};" in last.content.decode()


@pytest.mark.parametrize("view", VIEWS)
def test_text_of_angle_brackets_stays_within_the_size(dan: Client, view: str) -> None:
    old, new = "<&>" * 60_000, "\n\n".join("&<>" * 400 for _ in range(150))
    skill = add(make.skill("tech/sharp", old), make.document("sharp", new))

    assert len(dan.get(url(skill, view=view)).content) < 1_000_000


@pytest.mark.parametrize("view", VIEWS)
def test_hostile_text_is_shown_and_never_markup(dan: Client, view: str) -> None:
    hostile = "<script>alert(1)</script> <img src=x onerror=alert(1)> [a](javascript:alert(1)) \u202e x"
    skill = make.skill("tech/evil", f"Safe words {hostile}", files=(make.text_file("a.md", hostile),))
    skill = add(
        skill,
        make.document("evil", f"Other words {hostile} <iframe>", hostile),
        files=(make.text_file("a.md", f"<svg onload=alert(2)> {hostile}"), make.text_file("<b>.txt", "x")),
    )

    page = dan.get(url(skill, view=view)).content.decode()

    body = page[page.index('id="compare-body"') :]
    assert not re.search(r"<(?:script|img|iframe|svg onload|b>)", body)
    assert not re.search(r'href="\s*javascript:', body)
    assert "U+202E" in body
    assert "<ins>Other" in body


def test_a_file_name_and_a_json_skill_are_compared_by_line(dan: Client) -> None:
    skill = make.skill("core/one", content='{\n "a": 1\n}\n', content_kind="json")
    skill = add(skill, '{\n "a": 2\n}\n', content_kind="json")

    for view in VIEWS:
        page = dan.get(url(skill, view=view)).content.decode()
        assert "&quot;a&quot;: <" in page or '"a": <' in page


def test_the_rendered_view_marks_list_items_and_keeps_the_tags(dan: Client, two: Skill) -> None:
    page = dan.get(url(two, view="rendered")).content.decode()

    assert re.search(r'<li data-diff="removed"[^>]*>Fill the form in\.</li>', page)
    assert re.search(r"about the <ins>new</ins> form", page)


def test_findings_and_dimensions_stand_side_by_side(dan: Client, two: Skill) -> None:
    first, last = two.versions.get(number=1), two.versions.get(number=2)
    for version, value, why in ((first, 0.4, "Too little."), (last, 0.7, "Much better.")):
        QualityAssessment.objects.create(
            version=version, digest=f"d{version.pk}", scorer="model", quality_score=value, rationale=why
        )
    old = make.report(two, {"rule_id": "a", "message": "gone"}, {"rule_id": "b", "message": "stays"})
    old.version = first
    old.save()
    make.report(
        two, {"rule_id": "b", "message": "stays"}, {"rule_id": "c", "message": "came"}, status="failed"
    )

    page = dan.get(url(two)).content.decode()

    assert "Quality by model: 0.400 → 0.700" in page
    assert "+0.300" in page
    assert "Too little." in page
    assert "Much better." in page
    row = page[page.index('<th scope="row">model</th>') :]
    row = row[: row.index("</tr>")]
    assert re.findall(r"(\d+) (fixed|new|still there)</summary>", row) == [
        ("1", "fixed"),
        ("1", "new"),
        ("1", "still there"),
    ]
    assert page.count("Dimensions by fleet") == 1


def test_the_versions_list_leads_to_the_comparison(dan: Client, two: Skill) -> None:
    page = dan.get(f"/skills/{two.key}/?tab=versions").content.decode()

    assert f'href="/skills/{two.key}/compare/?base=1&amp;head=2"' in page


@pytest.mark.parametrize("view", VIEWS)
def test_the_number_of_queries_does_not_grow_with_versions_and_files(dan: Client, view: str) -> None:
    def queries(num: int) -> int:
        files = tuple(make.text_file(f"references/f{n}.md", f"words {n}") for n in range(num))
        skill = make.skill(f"tech/q{num}", STEPS, files=files)
        for n in range(num):
            changed = tuple(make.text_file(f"references/f{m}.md", f"words {n} {m} now") for m in range(num))
            skill = add(skill, make.document(f"q{num}", f"{CHANGED} {n}"), files=changed)
        dan.get(url(skill, view=view))
        with CaptureQueriesContext(
            connection,
        ) as captured:
            dan.get(url(skill, view=view))
        return len(captured)

    assert queries(2) == queries(20)


def test_the_difference_says_what_became_of_each_comment(dan: Client) -> None:
    ada, olga = made.person("ada", Role.REVIEWER), made.person("olga", Role.CURATOR)
    version = made.draft(author=olga)
    review = made.review(version, olga, ada)
    quote = "The second sentence says too little."
    rows = [
        made.comment(review, ada, "Say <b>how much</b>.", quote=quote, suggestion="The second says 42."),
        made.comment(review, ada, "Why two?", quote="second item", is_blocking=True),
        made.comment(review, ada, "Closed long ago."),
    ]
    made.send(review, ada)
    move_comment(comment=rows[2], state=CommentState.FIXED, actor=ada, now=made.NOON, today=made.TODAY)
    made.comment(review, ada, "A draft.")
    new = made.next_draft(version, made.BODY.replace(quote, "The second says 42."), olga)
    notes = {rows[1].pk: "Not met: nobody knows."}
    note_on_comments(review=review, version=new, notes=notes, author_name="Generation x", now=made.NOON)

    page = dan.get(url(version.skill, base=2, head=3)).content.decode()
    back = dan.get(url(version.skill, base=3, head=2)).content.decode()

    assert "1 met, 1 not met" in page
    assert "by rule, in version 3: The suggested words stand there now." in page
    assert "by rule, in version 3: The words and their section are as they were." in page
    assert "Say &lt;b&gt;how much&lt;/b&gt;." in page
    assert f'href="{review.get_absolute_url()}#comment-{rows[1].pk}"' in page
    assert "Not met: nobody knows." in page
    assert "Closed long ago." not in page
    assert "A draft." not in page
    assert "by rule" not in back


def test_the_queries_for_comments_do_not_grow_with_them(dan: Client) -> None:
    ada, olga = made.person("ada", Role.REVIEWER), made.person("olga", Role.CURATOR)

    def queries(num: int) -> int:
        version = made.draft(f"tools/q{num}", author=olga)
        review = made.review(version, olga, ada)
        for number in range(num):
            made.comment(review, ada, f"Comment {number}.", quote="second item")
        made.send(review, ada)
        made.next_draft(version, "Other words.", olga)
        dan.get(url(version.skill, base=2, head=3))
        with CaptureQueriesContext(connection) as captured:
            page = dan.get(url(version.skill, base=2, head=3)).content.decode()
        assert page.count("by rule") == num
        return len(captured)

    assert queries(2) == queries(20)
