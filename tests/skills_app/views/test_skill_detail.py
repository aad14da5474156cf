"""A skill, its versions, its reports and files over HTTP."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from skills_app.domain.enums import DependencyKind
from skills_app.models import Skill, SkillDependency
from skills_app.services.add_alias import add_alias
from tests.skills_app import skill_makers as make

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
TABS = ["document", "source", "files", "versions", "runs", "about", "history"]


@pytest.fixture
def one() -> Skill:
    return make.skill(
        "tech/one",
        "Some **advice**.",
        files=(
            make.text_file("references/guide.md", "# Guide\n\n[up](../SKILL.md) <script>alert(1)</script>"),
            make.text_file("scripts/run.sh", "#!/bin/sh\necho hi\n", is_executable=True),
            make.text_file("assets/logo.png", b"\x89PNG\r\n\x1a\n\x00binary"),
            make.text_file("assets/evil.svg", "<svg onload=alert(1)>"),
            make.text_file("assets/blob.bin", b"\x00\x01"),
            make.text_file("odd name #1?.txt", "odd"),
        ),
    )


def url(skill: Skill, tab: str = "", **more: str) -> str:
    query = "&".join(f"{key}={value}" for key, value in ({"tab": tab} if tab else {} | more).items())
    return f"/skills/{skill.key}/" + (f"?{query}" if query else "")


def test_every_address_asks_an_anonymous_visitor_to_sign_in(anyone: Client, one: Skill) -> None:
    for address in (
        f"/skills/{one.key}/",
        f"/skills/{one.key}/versions/1/",
        f"/skills/{one.key}/versions/1/SKILL.md",
        f"/skills/{one.key}/versions/1/files/scripts/run.sh",
        f"/skills/{one.key}/versions/1/files/scripts/run.sh?raw=1",
        "/skills/at/tech/one/",
    ):
        answer = anyone.get(address)
        assert answer.status_code == 302, address
        assert "sign-in" in answer["Location"]


def test_document_outline_fields_and_meters(dan: Client, one: Skill) -> None:
    page = dan.get(url(one)).content.decode()

    assert "Some <strong>advice</strong>" in page
    assert 'href="#doc-when-to-use"' in page
    assert 'id="doc-when-to-use"' in page
    assert "3 of 64 characters" in page
    assert "18 of 1,024 characters" in page
    assert "the specification&#x27;s limit" in page
    assert "of 500 lines" in page
    assert "of 5,000 tokens" in page
    assert "counted with cl100k_base" in page
    assert f'href="/skills/{one.key}/versions/1/files/references/guide.md"' in page


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_is_a_page_and_a_fragment(dan: Client, one: Skill, tab: str) -> None:
    page, fragment = dan.get(url(one, tab)), dan.get(url(one, tab), headers=HTMX)
    restored = dan.get(url(one, tab), headers={**HTMX, "HX-History-Restore-Request": "true"})

    assert page.status_code == fragment.status_code == 200
    assert fragment.content.decode().strip().startswith('<div id="skill-body"')
    assert fragment.content.decode().strip() in page.content.decode()
    assert "<html" in restored.content.decode()
    assert f'tab={tab}"' in page.content.decode()


def test_finding_is_linked_to_its_place_and_back(dan: Client, one: Skill) -> None:
    made = make.report(
        one,
        {"title": "Bold advice", "line": 11, "severity": "critical", "fix": "Say it plainly."},
        {"title": "Description", "line": 3},
        {"title": "Blank line", "line": 10},
        {"title": "Everything", "line": None, "severity": "info"},
        {"title": "Fine", "line": 9, "is_passed": True},
        {"title": "Beyond the end", "line": 9999},
    )
    by_title = {finding.title: finding for finding in made.findings.all()}

    page = dan.get(url(one)).content.decode()

    def block(title: str) -> str:
        found = re.search(rf'<li class="finding" id="finding-{by_title[title].pk}".*?</li>', page, re.S)
        assert found is not None
        return found[0]

    chosen = f'href="?finding={by_title["Bold advice"].pk}#doc-L11"'
    assert chosen in block("Bold advice")
    assert "Say it plainly." in block("Bold advice")
    assert '#doc-L3"' in block("Description")
    assert '#doc-L9"' in block("Blank line")
    assert "The document as a whole" in block("Everything")
    places = re.findall(r'<a href="\?finding=\d+#(doc-L\d+)" data-row-link', page)
    assert len(places) == 5
    for place in places:
        assert page.count(f'id="{place}"') == 1
    marks = re.findall(r'class="finding-mark" data-severity="\w+" href="#([\w-]+)"', page)
    assert f"finding-{by_title['Bold advice'].pk}" in marks
    assert f"finding-{by_title['Description'].pk}" in marks
    assert f"finding-{by_title['Fine'].pk}" not in marks
    assert all(f'id="{mark}"' in page for mark in marks)
    assert "5 open findings, 1 check passed" in page


def test_finding_stands_at_its_very_line_in_the_source(dan: Client, one: Skill) -> None:
    made = make.report(one, {"line": 10})

    page = dan.get(url(one, "source")).content.decode()

    assert '#doc-L10"' in page
    assert re.search(
        rf'id="doc-L10" data-line="10"><a class="finding-mark"[^>]*#finding-{made.findings.get().pk}', page
    )


def test_the_address_of_a_finding_opens_its_report_and_marks_both_without_javascript(
    dan: Client, one: Skill
) -> None:
    older = make.report(
        one,
        {"title": "Advice", "line": 11, "severity": "critical"},
        {"title": "The description", "line": 3},
        {"title": "Folded away", "line": 9, "is_passed": True},
        validator="old-judge",
    )
    make.report(one, {"title": "New finding"}, made_at=make.START + timedelta(days=1))
    by_title = {finding.title: finding.pk for finding in older.findings.all()}

    def opened(title: str, query: str = "") -> str:
        return dan.get(f"{url(one)}?finding={by_title[title]}{query}").content.decode()

    page = opened("Advice")
    assert f'id="finding-{by_title["Advice"]}" tabindex="-1" data-row aria-current="true"' in page
    assert "New finding" not in page
    assert re.findall(r'id="(doc-L\d+)" data-marked', page) == ["doc-L11"]
    assert 'id="doc-L3" data-line="3" data-marked' in opened("The description")
    assert re.search(r"<details open><summary>1 passed check", opened("Folded away"))
    assert 'id="doc-L11" data-marked' in opened("Advice", "&tab=source")


def test_a_finding_of_another_version_or_of_none_marks_nothing(dan: Client, one: Skill) -> None:
    other = make.report(make.skill("tech/other"), {"title": "Elsewhere", "line": 1})
    make.report(one, {"title": "The finding", "line": 11})

    for number in (str(other.findings.get().pk), "x", "9" * 40):
        page = dan.get(f"{url(one)}?finding={number}").content.decode()
        assert "The finding" in page
        assert "data-marked" not in page


def test_findings_are_filtered_by_severity_with_a_way_back(dan: Client, one: Skill) -> None:
    make.report(
        one,
        {"title": "Worst", "line": 11, "severity": "error"},
        {"title": "Middling", "line": 3, "severity": "warning"},
        {"title": "By the way", "line": 9, "severity": "info"},
    )

    page = dan.get(f"{url(one)}?severity=critical").content.decode()
    none = dan.get(f"{url(one)}?severity=nonsense").content.decode()

    assert "Worst" in page
    assert "Middling" not in page
    assert page.count('class="finding-mark"') == 1
    assert re.search(r'severity=critical[^>]*aria-current="true">Critical <span class="num">1</span>', page)
    assert re.search(r'<a class="chip" href="\?report=\d+"[^>]*>All</a>', page)
    assert all(title in none for title in ("Worst", "Middling", "By the way"))


def test_a_severity_that_nothing_has_says_so(dan: Client, one: Skill) -> None:
    make.report(one, {"title": "Middling", "line": 3, "severity": "warning"})

    page = dan.get(f"{url(one)}?severity=critical").content.decode()

    assert "Middling" not in page
    assert "Every open finding is of another severity" in page


def test_several_reports_and_assessments_can_be_chosen(dan: Client, one: Skill) -> None:
    old = make.report(one, {"title": "Old finding"}, validator="old-judge")
    make.report(one, {"title": "New finding"}, validator="new-judge", made_at=make.START + timedelta(days=1))
    worse = make.assessment(one, quality_score=0.31, scorer="crude", strengths=["short <b>and</b> clear"])
    make.assessment(one, quality_score=0.92, made_at=make.START + timedelta(days=1), weaknesses=["thin"])

    latest = dan.get(url(one)).content.decode()
    chosen = dan.get(f"/skills/{one.key}/?report={old.pk}&assessment={worse.pk}").content.decode()

    assert "New finding" in latest
    assert "Old finding" not in latest
    assert "thin" in latest
    assert "Old finding" in chosen
    assert "0.31" in chosen
    assert "short &lt;b&gt;and&lt;/b&gt; clear" in chosen
    assert f"report={old.pk}&amp;assessment=" in chosen or f"assessment={worse.pk}" in chosen


@pytest.mark.parametrize("number", ["x", "-1", "9999", "9" * 40, ""])
def test_report_that_is_not_of_this_version_falls_back_to_the_latest(
    dan: Client, one: Skill, number: str
) -> None:
    make.report(one, {"title": "The finding"})

    assert (
        "The finding" in dan.get(f"/skills/{one.key}/?report={number}&assessment={number}").content.decode()
    )


def test_measures_are_a_table_with_words_for_true_and_false(dan: Client, one: Skill) -> None:
    make.assessment(
        one,
        measures={
            "pattern_count": 12,
            "has_core_principle": False,
            "issues": ["Missing overview"],
            "base": 0.59684,
        },
    )

    page = dan.get(url(one)).content.decode()

    assert "pattern_count" in page
    assert 'data-status="missing"' in page
    assert "<li>Missing overview</li>" in page
    assert "0.5968" in page


def test_version_has_its_own_address_and_says_that_it_is_not_current(dan: Client, one: Skill) -> None:
    now = make.next_version(one, "Newer words")

    old = dan.get(f"/skills/{one.key}/versions/1/").content.decode()
    new = dan.get(url(now)).content.decode()
    listed = dan.get(url(now, "versions")).content.decode()

    assert "This is version 1" in old
    assert "Some <strong>advice</strong>" in old
    assert "Newer words" in new
    assert "This is version" not in new
    assert "say Newer words" in listed
    assert "ben" in listed
    assert f'href="/skills/{one.key}/versions/1/"' in listed
    assert now.current_version is not None
    assert now.current_version.digest[:12] in listed


@pytest.mark.parametrize("address", ["/skills/zzzzzzzzzz/", "/skills/{key}/versions/7/", "/skills/at/no/where/",
                                     "/skills/{key}/versions/1/files/none.txt", "/skills/{key}/versions/9/SKILL.md"])  # fmt: skip
def test_what_is_not_there_is_404(dan: Client, one: Skill, address: str) -> None:
    assert dan.get(address.format(key=one.key)).status_code == 404


def test_paths_aliases_and_old_paths_lead_to_the_skill(dan: Client, one: Skill) -> None:
    add_alias(path="old/home", skill=one)

    for path in ("tech/one", "old/home", "skills/tech/one/SKILL.md"):
        answer = dan.get(f"/skills/at/{path}/")
        assert answer.status_code == 302, path
        assert answer["Location"] == f"/skills/{one.key}/"
    assert dan.get("/skills/at/tech/")["Location"] == "/skills/?branch=tech"


def test_neighbours_are_those_of_the_list_that_was_left(dan: Client, one: Skill) -> None:
    make.skill("tech/two")
    make.skill("ops/zero")

    page = dan.get(f"/skills/{one.key}/?from=branch%3Dtech").content.decode()

    assert "1 of 2" in page
    assert "Next skill, two" in page
    assert "?from=branch%3Dtech" in page
    assert "Previous skill" not in page
    assert 'href="/skills/?branch=tech"' in page


@pytest.mark.parametrize(
    "came_from", ["%00", "q%3D%22%22", "x" * 3000, "page%3Dx", "%26" * 900, "//evil.test"]
)
def test_hostile_list_addresses_are_answered(dan: Client, one: Skill, came_from: str) -> None:
    page = dan.get(f"/skills/{one.key}/?from={came_from}")

    assert page.status_code == 200
    assert "evil.test" not in page.content.decode().split("<main")[1].split('class="tabs"')[0]


def test_about_shows_aliases_facets_dependencies_and_dependents(dan: Client, one: Skill) -> None:
    two = make.skill("tech/two", facets=[("lang", "c++")])
    add_alias(path="old/two", skill=two)
    SkillDependency.objects.create(
        skill=two, kind=DependencyKind.REQUIRED, target_path="tech/one", target=one, reason="base"
    )
    SkillDependency.objects.create(skill=two, kind=DependencyKind.CONFLICT, target_path="not/there")

    page, other = dan.get(url(two, "about")).content.decode(), dan.get(url(one, "about")).content.decode()

    assert "/skills/at/old/two/" in page
    assert "facet=lang%3Ac%2B%2B" in page
    assert one.get_absolute_url() in page
    assert "not in the library" in page
    assert "base" in page
    assert two.get_absolute_url() in other


def test_file_tree_has_folders_sizes_and_kinds(dan: Client, one: Skill) -> None:
    page = dan.get(url(one, "files")).content.decode()

    assert "3 files" in page
    assert page.count("linked from the document") == 1
    assert "executable" in page
    assert "binary" in page
    assert "odd%20name%20%231%3F.txt" in page


def test_text_file_has_numbered_lines_and_markdown_is_rendered_safely(dan: Client, one: Skill) -> None:
    base = f"/skills/{one.key}/versions/1/files/"

    script = dan.get(f"{base}scripts/run.sh").content.decode()
    guide = dan.get(f"{base}references/guide.md").content.decode()
    source = dan.get(f"{base}references/guide.md?source=1").content.decode()
    odd = dan.get(f"{base}odd%20name%20%231%3F.txt")

    assert 'data-line="2"' in script
    assert "<h1" in guide.split("main-column")[1]
    assert f'href="{base}SKILL.md"' in guide
    assert "<script>alert" not in guide
    assert 'class="plain-source highlight"' in source
    assert odd.status_code == 200
    assert dan.get(f"{base}SKILL.md")["Location"] == f"/skills/{one.key}/versions/1/"


def test_raw_bytes_never_run_in_the_browser(dan: Client, one: Skill) -> None:
    base = f"/skills/{one.key}/versions/1/files/"

    picture, drawing, blob, text = (
        dan.get(f"{base}{path}?raw=1")
        for path in ("assets/logo.png", "assets/evil.svg", "assets/blob.bin", "scripts/run.sh")
    )

    assert picture["Content-Type"] == "image/png"
    assert picture["Content-Disposition"].startswith("inline")
    assert drawing["Content-Type"] == "text/plain; charset=utf-8"
    assert blob["Content-Type"] == "application/octet-stream"
    assert blob["Content-Disposition"].startswith("attachment")
    assert text.content == b"#!/bin/sh\necho hi\n"
    for answer in (picture, drawing, blob, text):
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer["Content-Security-Policy"]


def test_document_is_given_raw_and_as_a_download(dan: Client, one: Skill) -> None:
    raw = dan.get(f"/skills/{one.key}/versions/1/SKILL.md")
    download = dan.get(f"/skills/{one.key}/versions/1/SKILL.md?download=1")

    assert one.current_version is not None
    assert raw.content.decode() == one.current_version.content
    assert raw["Content-Type"] == "text/plain; charset=utf-8"
    assert download["Content-Disposition"].startswith("attachment; filename*=UTF-8''SKILL.md")


def test_json_skill_is_shown_as_source(dan: Client) -> None:
    one = make.skill("memory/block", content='{"skill_id": "x",\n "n": "<script>"}', content_kind="json")

    page = dan.get(url(one)).content.decode()

    assert 'id="doc-L2"' in page
    assert "<script>&quot;" not in page
    assert "is required and missing" not in page


def test_skill_without_a_version_says_so(dan: Client) -> None:
    one = Skill.objects.create(path="a/b", slug="b", name="Empty")

    for tab in TABS:
        assert dan.get(url(one, tab)).status_code == 200
    assert "No version yet" in dan.get(url(one)).content.decode()


@pytest.mark.parametrize(
    "content",
    ["", "no front matter", "---\nname: [", "---\nname: x\n---\n" + "[" * 50_000, "\ufeff---\r\nname: a\r\n---\r\n", "---\n- a\n---\n# x",
     "---\nname: x\ndescription: <script>alert(1)</script>\n---\n<script>alert(1)</script>", ">" * 9000],
)  # fmt: skip
def test_odd_documents_are_shown_and_never_run(dan: Client, content: str) -> None:
    one = make.skill("odd/doc", content=content)
    make.report(one, {"line": 1}, {"line": 3})

    for tab in ("document", "source"):
        page = dan.get(url(one, tab))
        assert page.status_code == 200
        assert "<script>alert" not in page.content.decode()


@pytest.mark.parametrize("tab", TABS)
def test_queries_do_not_grow_with_what_is_shown(dan: Client, tab: str) -> None:
    few, many = (
        make.skill("a/few"),
        make.skill("a/many", files=tuple(make.text_file(f"f/{n}.txt", "x") for n in range(20))),
    )
    for number in range(19):
        many = make.next_version(many, f"body {number}")
        add_alias(path=f"old/{number}", skill=many)
        make.report(many, *({"line": line} for line in range(1, 20)))
        make.assessment(many, quality_score=number / 20)
    make.report(few, {"line": 3})
    make.assessment(few)
    few = make.next_version(few, "other")
    make.report(few, {"line": 3})
    make.assessment(few)
    for skill, number in (
        (few, 1),
        (many, 9),
    ):  # chains of one length: each link of a chain is one query more
        for at in range(number):
            leaf = make.skill(f"leaf/{skill.slug}-{at}")
            SkillDependency.objects.create(
                skill=skill, kind="required", target_path=leaf.path, target=leaf, reason=""
            )

    def queries(skill: Skill) -> int:
        dan.get(url(skill, tab))
        with CaptureQueriesContext(connection) as captured:
            assert dan.get(url(skill, tab)).status_code == 200
        return len(captured)

    assert queries(many) == queries(few)
    assert queries(many) <= 28


def test_page_has_no_inline_script_or_style(dan: Client, one: Skill) -> None:
    make.report(one, {"line": 11})
    for tab in TABS:
        page = dan.get(url(one, tab)).content.decode()
        assert " style=" not in page
        assert not re.search(r"<script(?![^>]*\ssrc=)[^>]*>", page)
        assert not re.search(r"\son\w+=", page.split("<main")[1])


def test_outsider_without_an_account_that_is_active_sees_nothing(db: None, one: Skill) -> None:
    user = User.objects.create_user("eve")
    client = Client()
    client.force_login(user)
    User.objects.filter(pk=user.pk).update(is_active=False)

    assert client.get(reverse("skills:detail", args=[one.key])).status_code in {302, 403}
