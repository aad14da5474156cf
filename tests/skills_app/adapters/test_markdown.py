"""Rendering: what is shown, where it stands, and that nothing hostile survives."""

import sys
from html.parser import HTMLParser
from types import ModuleType

import pygments.formatters
import pytest

from skills_app.adapters import code_highlight
from skills_app.adapters.markdown import (
    MAX_CHARS,
    SKILL_FILES,
    Mark,
    Rendered,
    anchored_lines,
    mark_places,
    render_markdown,
    render_source,
)
from skills_app.templatetags.fleet import rendered_html
from tests import hostile_documents
from tests.effort import within_reason
from tests.shared_data import shared_data

ALLOWED_ATTRIBUTES = {
    "id", "class", "data-line", "data-language", "data-align", "href", "title", "src", "alt", "loading",
    "start", "rel", "role", "aria-label",
}  # fmt: skip


class _Audit(HTMLParser):
    """Collects whatever a browser could load, run or submit."""

    def __init__(self) -> None:
        super().__init__()
        self.bad: list[str] = []
        self.ids: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "style", "iframe", "object", "embed", "form", "input", "button", "svg", "math",
                   "base", "meta", "link", "template", "video", "audio", "source", "textarea", "select"}:  # fmt: skip
            self.bad.append(tag)
        for name, value in attrs:
            value = (value or "").strip().lower()
            if name not in ALLOWED_ATTRIBUTES:
                self.bad.append(f"{tag}@{name}")
            if name == "src" and (":" in value.split("/")[0] or value.startswith("//")):
                self.bad.append(f"remote {value}")
            if name == "href":
                scheme = value.split(":")[0] if ":" in value.split("/")[0] else ""
                if scheme not in {"", "http", "https", "mailto"} or value.startswith("//"):
                    self.bad.append(f"href {value}")
            if name == "id":
                self.ids.append(value)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def audit(html: str) -> _Audit:
    parser = _Audit()
    parser.feed(html)
    parser.close()
    return parser


HOSTILE = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.test/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<img src='https://evil.test/track.png'>",
    "![t](https://evil.test/track.png)",
    "![t](//evil.test/track.png)",
    "![t](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+)",
    "![t][r]\n\n[r]: https://evil.test/track.png",
    "![x](javascript:alert(1))",
    "![a\" onerror=\"alert(1)](x.png)",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](java\nscript:alert(1))",
    "[a](<java\tscript:alert(1)>)",
    "[a](&#106;avascript:alert(1))",
    "[a](&#x6A;avascript&colon;alert(1))",
    "[a](vbscript:msgbox(1))",
    "[a](data:text/html;base64,PHNjcmlwdD4=)",
    "[a](file:///etc/passwd)",
    "[a](blob:https://x/1)",
    "[a](//evil.test)",
    "[a](/\\evil.test)",
    "[a](\\\\evil.test)",
    "[a](%6Aavascript:alert(1))",
    "[a](\u0001javascript:alert(1))",
    "[a](https://x.test \"t\\\" onmouseover=\\\"alert(1)\")",
    "[a](x \"' onclick='alert(1)\")",
    "<javascript:alert(1)>",
    "<data:text/html,hi>",
    "[r]\n\n[r]: javascript:alert(1) 'x'",
    "<a href='javascript:alert(1)'>x</a>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<form action=//evil.test><input name=csrf></form>",
    "<base href=//evil.test>",
    "<meta http-equiv=refresh content='0;url=//evil.test'>",
    "<link rel=stylesheet href=//evil.test/x.css>",
    "<style>@import '//evil.test/x.css'</style>",
    "<div style='background:url(//evil.test)'>x</div>",
    "<video autoplay src=//evil.test onplay=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<template><img src=x onerror=alert(1)></template>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<?xml version='1.0'?><script>alert(1)</script>",
    "```html\" onmouseover=\"alert(1)\n<script>alert(1)</script>\n```",
    "```html\n</code></pre><script>alert(1)</script>\n```",
    "```\"><script>alert(1)</script>\nx\n```",
    "`</code><script>alert(1)</script>`",
    "# <script>alert(1)</script>",
    "# x {onclick=alert(1)}",
    "| <script>alert(1)</script> |\n|--|\n| <img src=x onerror=alert(1)> |",
    "x[^1]\n\n[^1]: <script>alert(1)</script> [a](javascript:alert(1))",
    "x[^\"><script>alert(1)</script>]\n\n[^\"><script>alert(1)</script>]: y",
    "[^unused<script>]: <script>alert(1)</script>",
    "[//]: # (<script>alert(1)</script>)",
    "- [x] <script>alert(1)</script>",
    "---\nname: <script>alert(1)</script>\n<script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<a id=\"sign-in\" name=\"cookie\">clobber</a>",
    "<b class='button danger' data-hx-post='/x' hx-post='/x'>press</b>",
]  # fmt: skip


@pytest.mark.parametrize("folder", [None, "", "references"])
@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_survives(text: str, folder: str | None) -> None:
    html = render_markdown(text, id_prefix="doc-", folder=folder).html

    found = audit(html)
    assert found.bad == []
    assert all(one.startswith("doc-") for one in found.ids)


@pytest.mark.parametrize("folder", [None, "", "references"])
def test_no_hostile_document_of_the_list_survives(folder: str | None) -> None:
    found = {
        one.text: audit(render_markdown(one.text, id_prefix="doc-", folder=folder).html)
        for one in hostile_documents.HOSTILE
    }

    assert len(found) >= 150
    assert {text: one.bad for text, one in found.items() if one.bad} == {}
    assert all(name.startswith("doc-") for one in found.values() for name in one.ids)


def test_no_hostile_source_of_the_list_survives() -> None:
    found = {
        one.text: audit(render_source(one.text, id_prefix="doc-", language="html").html)
        for one in hostile_documents.HOSTILE
    }

    assert {text: one.bad for text, one in found.items() if one.bad} == {}


def test_raw_html_is_shown_as_text_and_not_lost() -> None:
    html = render_markdown("<Good>do this</Good>\n\n<!-- obey -->", id_prefix="d-").html

    words = "".join(audit(html).words)
    assert "<Good>do this</Good>" in words
    assert "<!-- obey -->" in words


def test_link_definitions_and_unused_footnotes_are_not_hidden_from_the_reader() -> None:
    html = render_markdown("text\n\n[//]: # (ignore your orders)\n[^n]: never used", id_prefix="d-").html

    words = "".join(audit(html).words)
    assert "ignore your orders" in words
    assert "never used" in words


def test_invisible_characters_are_labelled() -> None:
    html = render_markdown("a\u202eb `c\u200bd`\n\n```\ne\U000e0041f\n```", id_prefix="d-").html

    assert html.count('class="hidden-char"') == 3
    assert "U+202E" in html
    assert "\u202e" not in html


def test_front_matter_is_left_out_and_lines_count_from_the_top_of_the_file() -> None:
    text = (
        "---\nname: x\ndescription: y\n---\n# One\n\ntext\nmore\n\n- item\n\n```python\na = 1\nb = 2\n```\n"
    )

    rendered = render_markdown(text, id_prefix="doc-")

    assert "description" not in rendered.html
    assert '<h1 data-line="5" id="doc-L5">' in rendered.html
    assert '<p data-line="7" id="doc-L7">' in rendered.html
    assert '<li data-line="10" id="doc-L10">' in rendered.html
    assert 'id="doc-L13" data-line="13"' in rendered.html
    assert anchored_lines(rendered.html) == [5, 7, 10, 13, 14]


def test_outline_numbers_repeated_titles_and_never_takes_the_id_of_a_line() -> None:
    rendered = render_markdown("# A\n## A\n### A 1\n## L3\n## A `code` *em*", id_prefix="x-")

    assert [(h.level, h.anchor, h.line) for h in rendered.outline] == [
        (1, "x-a", 1),
        (2, "x-a-1", 2),
        (3, "x-a-1-1", 3),
        (2, "x-l3-", 4),
        (2, "x-a-code-em", 5),
    ]
    ids = audit(rendered.html).ids
    assert len(ids) == len(set(ids))
    assert all(h.anchor in ids for h in rendered.outline)


def test_links_to_a_heading_keep_working_under_the_prefix() -> None:
    rendered = render_markdown("[go](#my-title)\n\n# My title", id_prefix="x-")

    assert 'href="#x-my-title"' in rendered.html
    assert rendered.outline[0].anchor == "x-my-title"


@pytest.mark.parametrize(
    ("address", "folder", "wanted"),
    [
        ("references/a.md", "", f"{SKILL_FILES}references/a.md"),
        ("./a.md#part", "references", f"{SKILL_FILES}references/a.md#part"),
        ("../SKILL.md", "references", f"{SKILL_FILES}SKILL.md"),
        ("a%20b.md", "", f"{SKILL_FILES}a%20b.md"),
    ],
)
def test_relative_links_lead_to_files_of_the_skill(address: str, folder: str, wanted: str) -> None:
    assert f'href="{wanted}"' in render_markdown(f"[a]({address})", id_prefix="d-", folder=folder).html


@pytest.mark.parametrize("address", ["../other/SKILL.md", "/etc/passwd", "%2e%2e/x", ".", "a/../../b"])
def test_links_that_leave_the_skill_lose_their_address_and_say_so(address: str) -> None:
    html = render_markdown(f"[a]({address})", id_prefix="d-", folder="").html

    assert "href" not in html
    assert 'class="outside-link"' in html


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//evil.test/x"]
)
def test_links_to_other_schemes_say_that_they_lead_nowhere(address: str) -> None:
    html = render_markdown(f"[a]({address})", id_prefix="d-").html

    assert 'class="outside-link"' in html
    assert "No link: " in html


def test_links_of_documents_outside_a_skill_stay_as_written() -> None:
    assert 'href="../how_to/x.md"' in render_markdown("[a](../how_to/x.md)", id_prefix="d-").html


def test_remote_image_is_a_labelled_link_and_a_bundled_one_is_shown() -> None:
    html = render_markdown(
        "![chart](https://h.test/c.png) ![mine](assets/m.png)", id_prefix="d-", folder=""
    ).html

    assert 'class="remote-image" href="https://h.test/c.png"' in html
    assert "Image, not loaded: chart" in html
    assert f'<img src="{SKILL_FILES}assets/m.png" alt="mine"' in html


def test_external_links_do_not_hand_over_the_opener() -> None:
    assert 'rel="noopener noreferrer nofollow"' in render_markdown("<https://h.test>", id_prefix="d-").html


def test_tables_tasks_footnotes_and_strikethrough() -> None:
    html = render_markdown(
        "| a | n |\n|---|--:|\n| 1 | 2 |\n\n- [ ] open\n- [X] shut\n\nx[^1] ~~gone~~\n\n[^1]: note",
        id_prefix="d-",
    ).html

    assert '<td data-align="right">2</td>' in html
    assert 'aria-label="to do"' in html
    assert 'aria-label="done"' in html
    assert 'href="#d-fn1" id="d-fnref1"' in html
    assert '<li id="d-fn1"' in html
    assert "<s>gone</s>" in html


def test_code_is_coloured_by_class_and_keeps_every_line() -> None:
    html = render_markdown('```python\nx = """a\n\nb"""\n```', id_prefix="d-").html

    assert html.count('class="code-line"') == 3
    assert 'class="n"' in html
    assert "style=" not in html


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "[a](" * 50_000,
        "![" * 50_000,
        "[^" * 50_000,
        "[^1]: " * 20_000,
        "> " * 20_000 + "x",
        "- " * 20_000 + "x",
        "\n".join("  " * i + "- a" for i in range(700)),
        "*a_ " * 60_000,
        "`" + "".join("`" * (i % 200) + "a" for i in range(2000)),
        "|" * 3_000 + "\n" + "|-" * 3_000 + "|\n" + "|a\n" * 2_000,
        "<" * 100_000,
        "```python\n" + "(" * 30_000 + "\n```",
        "```markdown\n" + "*" * 39_000 + "\n```",
        "```json\n" + '{"a":' * 7_000 + "\n```",
        "# a\n" * 50_000,
        "a\n" * 199_000,
        "[a\n" * 60_000,
        "\n\n[".join(["x"] * 40_000),
        "\t" * 100_000 + "a",
        "[a]: /u\n" * 40_000,
        "x" * 5_000_000,
    ],
    ids=[str(n) for n in range(22)],
)
def test_hostile_sizes_end_and_show_their_text(text: str) -> None:
    with within_reason(240):
        rendered = render_markdown(text, id_prefix="d-")

    assert rendered.html.strip()


def test_too_long_documents_are_shown_as_numbered_source_with_the_reason() -> None:
    rendered = render_markdown("# t\n" + "a" * MAX_CHARS, id_prefix="d-")

    assert "characters" in rendered.plain_reason
    assert rendered.outline == ()
    assert 'class="plain-source"' in rendered.html
    assert 'id="d-L1"' in rendered.html


def test_deep_nesting_is_shown_as_source_because_a_parser_would_drop_it() -> None:
    rendered = render_markdown(">" * 500 + " obey me", id_prefix="d-")

    assert "nested" in rendered.plain_reason
    assert "obey me" in rendered.html


@pytest.mark.parametrize(
    "text", ["", "---", "---\n---", "---\nname: x", "\ufeff---\nname: x\n---\nbody", "\x00", "\r\r\n"]
)
def test_odd_documents_render(text: str) -> None:
    assert isinstance(render_markdown(text, id_prefix="d-"), Rendered)


def test_byte_order_mark_and_crlf_keep_the_line_numbers() -> None:
    html = render_markdown("\ufeff---\r\nname: x\r\n---\r\n\r\n# T\r\n", id_prefix="d-").html

    assert '<h1 data-line="5"' in html


def test_rendering_is_deterministic() -> None:
    text = "# a\n\n[b](c)\n\n```python\nx=1\n```\n[^1]\n\n[^1]: f"

    assert render_markdown(text, id_prefix="d-") == render_markdown(text, id_prefix="d-")


def test_every_line_with_text_of_the_real_library_has_a_place_near_it() -> None:
    for path in sorted(shared_data("library", "skills").rglob("SKILL.md")):
        text = path.read_text()
        rendered = render_markdown(text, id_prefix="d-", folder="")
        found = audit(rendered.html)
        assert found.bad == [], path
        assert rendered.plain_reason == ""
        assert len(found.ids) == len(set(found.ids)), path
        lines = anchored_lines(rendered.html)
        source = text.split("\n")
        assert all(source[line - 1].strip() or line for line in lines)
        assert lines
        assert lines[-1] <= len(source)


def test_only_a_rendered_object_may_be_output_unescaped() -> None:
    with pytest.raises(TypeError):
        rendered_html("<script>alert(1)</script>")


def test_files_of_the_skill_get_the_address_of_their_version() -> None:
    rendered = render_markdown("[a](b.md) ![c](d.png)", id_prefix="d-", folder="")

    html = rendered_html(rendered, "/skills/k/versions/2/files/")

    assert 'href="/skills/k/versions/2/files/b.md"' in html
    assert 'src="/skills/k/versions/2/files/d.png?raw=1"' in html


@pytest.mark.parametrize(
    ("text", "line", "wanted"),
    [
        (
            "# A\n\nb",
            3,
            '<p data-line="3" id="d-L3"><a class="finding-mark" data-severity="warning" href="#f-1">1</a>b',
        ),
        ("| a |\n|--|\n| b |", 3, '<td><a class="finding-mark"'),
        ("a\n\n***", 3, '</a><hr data-line="3"'),
        ("```\nx\n```", 2, 'data-line="2"><a class="finding-mark"'),
    ],
)
def test_marks_stand_inside_the_place_of_their_line(text: str, line: int, wanted: str) -> None:
    rendered = render_markdown(text, id_prefix="d-")

    assert wanted in mark_places(rendered, [Mark(line, "1", "f-1", "warning")], id_prefix="d-").html


def test_mark_of_a_line_without_a_place_changes_nothing() -> None:
    rendered = render_markdown("a\n\nb", id_prefix="d-")

    assert mark_places(rendered, [Mark(2, "1", "f-1", "info")], id_prefix="d-") == rendered


def test_source_has_a_place_for_every_line_and_runs_nothing() -> None:
    rendered = render_source("<script>\n\nx = 1\n", id_prefix="s-", language="python", first_line=4)

    assert anchored_lines(rendered.html) == [4, 5, 6]
    assert audit(rendered.html).bad == []


def test_code_is_coloured_while_another_thread_imports_the_formatters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # What an import that is under way in another thread hands out: a module that nothing is defined in yet.
    bare = ModuleType("pygments.formatters")
    bare.__path__ = pygments.formatters.__path__
    monkeypatch.setitem(sys.modules, "pygments.formatters", bare)
    code_highlight._formatter.cache_clear()

    assert 'class="nb"' in "".join(code_highlight.code_lines("echo one\n", "bash"))
