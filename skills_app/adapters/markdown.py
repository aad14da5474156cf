"""The one place that turns Markdown of users and models into HTML, and makes it safe.

CommonMark by markdown-it-py (it knows the source line of every block and stays near linear on hostile brackets),
tables, strikethrough, footnotes and task lists on top; Pygments for code; nh3 has the last word on every tag.
"""

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from html import escape
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

from skills_app.adapters.code_highlight import code_lines, show_hidden

# Changes whenever the same text would give other HTML: the cache of rendered documents is kept by it.
RENDERER = "fleet-md-1"

MAX_CHARS = 400_000
MAX_BRACKETS = 1_500  # in one paragraph: beyond it, link parsing takes more than its share
MAX_NESTING = 60
MAX_PLAIN_LINES = 20_000

SKILL_FILES = "/.skill-files/"
_SCHEMES = frozenset({"http", "https", "mailto"})
_SCHEME = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]*:")
_PARAGRAPHS = re.compile(r"\n[ \t]*\n")
_TASK = re.compile(r"^\[([ xX])\][ \t]+")
# What a finding's place is marked on; the containers around them would mark too much.
_PLACES = frozenset({"heading_open", "paragraph_open", "list_item_open", "tr_open", "hr"})
_CLASSES = re.compile(r"^(?:[a-z]{1,3}\d?|hll)$")
_OWN_CLASSES = frozenset(
    [
        "highlight",
        "code-line",
        "hidden-char",
        "remote-image",
        "outside-link",
        "task",
        "footnotes",
        "footnote-item",
        "footnote-ref",
        "footnote-backref",
        "footnotes-sep",
        "unseen-definitions",
        "plain-source",
    ]
)


@dataclass(frozen=True, slots=True)
class Heading:
    """One line of the outline: ``level`` 1 to 6, its words, the id to link to, and its 1-based line."""

    level: int
    title: str
    anchor: str
    line: int


@dataclass(frozen=True, slots=True)
class Rendered:
    """Safe HTML and its outline. ``plain_reason`` says why a document is shown as source instead, if it is."""

    html: str
    outline: tuple[Heading, ...]
    plain_reason: str = ""


def render_markdown(text: str, *, id_prefix: str, folder: str | None = None) -> Rendered:
    """Render ``text`` to sanitised HTML; the same input always gives the same output, and no input raises.

    Front matter is left out. Raw HTML is shown as text. Each block carries ``data-line`` (1-based line of the whole
    file) and each place that a finding can stand at has the id ``{id_prefix}L{line}``; headings have
    ``{id_prefix}{slug}``. Links go to http, https, mailto or relative addresses only; a remote image becomes a
    labelled link and is not loaded. With ``folder`` (the folder of the file inside its skill, ``""`` for the root)
    relative addresses are read as files of the skill and begin with ``SKILL_FILES``, to be replaced by the address
    of that version's files; those that leave the skill lose their link.

    Text over ``MAX_CHARS``, a paragraph over ``MAX_BRACKETS`` brackets, or blocks nested deeper than
    ``MAX_NESTING`` are shown as numbered source lines, with the reason in ``plain_reason``.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    first_line, body = _without_front_matter(text)
    reason = _too_hard(body)
    if reason:
        return _plain(text, id_prefix, reason)
    env: dict[str, Any] = {"id_prefix": id_prefix, "folder": folder}
    parser = _parser()
    tokens = parser.parse(body, env)
    if any(token.level >= MAX_NESTING - 1 for token in tokens):
        return _plain(text, id_prefix, f"Blocks are nested more than {MAX_NESTING} deep.")
    outline = _prepare(tokens, id_prefix=id_prefix, first_line=first_line)
    env["first_line"] = first_line
    html = parser.renderer.render(tokens, parser.options, env) + _unseen(env, body, id_prefix, first_line)
    return Rendered(html=_sanitise(html), outline=outline)


def render_source(text: str, *, id_prefix: str, language: str = "", first_line: int = 1) -> Rendered:
    """Render ``text`` as numbered source lines with the same places as ``render_markdown`` gives; coloured if it can be."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > MAX_CHARS or text.count("\n") > MAX_PLAIN_LINES:
        reason = f"Only the first {MAX_CHARS:,} characters or {MAX_PLAIN_LINES:,} lines are shown."
        return _plain(text, id_prefix, reason)
    rows = (
        _code_line(html, number, id_prefix)
        for number, html in enumerate(code_lines(text, language), start=first_line)
    )
    return Rendered(_sanitise(f'<pre class="plain-source highlight"><code>{"".join(rows)}</code></pre>'), ())


@dataclass(frozen=True, slots=True)
class Mark:
    """A link from a place in the text back to what was said about it; ``kind`` is a severity, in plain letters."""

    line: int
    label: str
    target: str
    kind: str


def mark_places(
    rendered: Rendered, marks: Sequence[Mark], *, id_prefix: str, lit: range = range(0)
) -> Rendered:
    """Return the document with a link at each mark's place; a mark whose line has no place of its own is left out.

    Places whose line is in ``lit`` are marked as chosen (``data-marked``).
    """
    html = rendered.html
    if lit:
        html = re.sub(
            rf'id="{re.escape(escape(id_prefix))}L(\d+)"',
            lambda found: f"{found[0]} data-marked" if int(found[1]) in lit else found[0],
            html,
        )
    by_line: dict[int, list[Mark]] = {}
    for mark in marks:
        by_line.setdefault(mark.line, []).append(mark)
    for line, here in by_line.items():
        links = "".join(
            f'<a class="finding-mark" data-severity="{escape(mark.kind)}" href="#{escape(mark.target)}">'
            f"{escape(mark.label)}</a>"
            for mark in here
        )
        at = html.find(f'id="{escape(id_prefix)}L{line}"')
        if at >= 0:
            html = _insert(html, at, links)
    return replace(rendered, html=html)


def _insert(html: str, at: int, links: str) -> str:
    """Put ``links`` inside the element whose id stands at ``at``: in a row's first cell, before a rule."""
    start, end = html.rfind("<", 0, at), html.find(">", at) + 1
    if html.startswith("<hr", start):
        return html[:start] + links + html[start:]
    if html.startswith("<tr", start):
        end = html.find(">", html.find("<t", end)) + 1
    return html[:end] + links + html[end:]


def anchored_lines(html: str) -> list[int]:
    """Return, sorted, the lines that rendered ``html`` has a place for (an id ``…L{line}``)."""
    return sorted({int(line) for line in re.findall(r'id="[^"]*?L(\d+)"', html)})


def _without_front_matter(text: str) -> tuple[int, str]:
    """Return the number of lines before the body and the body; without closed front matter, 0 and the text."""
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        return 0, text
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() == "---":
            return number + 1, "\n".join(lines[number + 1 :])
    return 0, text


def _too_hard(body: str) -> str:
    if len(body) > MAX_CHARS:
        return f"The document has {len(body):,} characters; {MAX_CHARS:,} are rendered at most."
    if body.count("[") > MAX_BRACKETS and any(
        part.count("[") > MAX_BRACKETS for part in _PARAGRAPHS.split(body)
    ):
        return f"One paragraph has more than {MAX_BRACKETS:,} opening brackets."
    return ""


def _plain(text: str, id_prefix: str, reason: str) -> Rendered:
    """Show the source by numbered lines, at most ``MAX_PLAIN_LINES`` of them and ``MAX_CHARS`` characters."""
    rows: list[str] = []
    room = MAX_CHARS
    for number, line in enumerate(text.split("\n")[:MAX_PLAIN_LINES], start=1):
        rows.append(_code_line(show_hidden(escape(line[:room])), number, id_prefix))
        room -= len(line) + 1
        if room <= 0:
            break
    return Rendered(_sanitise(f'<pre class="plain-source"><code>{"".join(rows)}</code></pre>'), (), reason)


def _code_line(html: str, line: int, id_prefix: str) -> str:
    return f'<span class="code-line" id="{escape(id_prefix)}L{line}" data-line="{line}">{html}\n</span>'


def _prepare(tokens: Sequence[Token], *, id_prefix: str, first_line: int) -> tuple[Heading, ...]:
    """Put lines and ids on the tokens, and return the outline."""
    taken_lines: set[int] = set()
    taken_slugs: dict[str, int] = {}
    outline: list[Heading] = []
    for index, token in enumerate(tokens):
        if token.attrs.pop("style", None) == "text-align:right":
            token.attrSet("data-align", "right")
        if token.map is None or token.nesting < 0:
            continue
        line = token.map[0] + first_line + 1
        token.attrSet("data-line", str(line))
        if token.type == "heading_open":
            title = _words(tokens[index + 1])
            anchor = id_prefix + _slug(title, taken_slugs)
            outline.append(Heading(int(token.tag[1]), title, anchor, line))
            token.meta["anchor"] = anchor
        if token.type in _PLACES and line not in taken_lines:
            taken_lines.add(line)
            token.attrSet("id", f"{id_prefix}L{line}")
        if token.type == "list_item_open":
            _mark_task(tokens, index)
    return tuple(outline)


def _mark_task(tokens: Sequence[Token], index: int) -> None:
    """Turn ``[ ]`` or ``[x]`` at the start of a list item into a box that says its state."""
    inline = next(iter(tokens[index + 2 : index + 3]), None)
    if inline is None or inline.type != "inline" or not inline.children:
        return
    first = inline.children[0]
    found = _TASK.match(first.content) if first.type == "text" else None
    if found is None:
        return
    first.content = first.content[found.end() :]
    inline.children.insert(0, Token("task_box", "span", 0, info="done" if found[1] in "xX" else "to do"))
    tokens[index].attrSet("class", "task")


def _words(inline: Token) -> str:
    parts = (child.content for child in inline.children or [] if child.type in {"text", "code_inline"})
    return " ".join("".join(parts).split())


def _slug(title: str, taken: dict[str, int]) -> str:
    """Return GitHub's form of a heading's id (lower case, hyphens), numbered when it repeats."""
    base = re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") or "section"
    # A heading "L12" must not take the id of line 12.
    base = f"{base}-" if re.fullmatch(r"l\d+", base) else base
    count = taken.get(base, 0)
    taken[base] = count + 1
    slug = f"{base}-{count}" if count else base
    if count:
        taken.setdefault(slug, 1)
    return slug


def _unseen(env: dict[str, Any], body: str, id_prefix: str, first_line: int) -> str:
    """List the definitions that Markdown hides from a reader but a model reads: link targets, unused footnotes."""
    items: list[tuple[int, str]] = []
    lines = body.split("\n")
    references = [*env.get("references", {}).values(), *env.get("duplicate_refs", [])]
    for entry in references:
        if entry.get("map"):
            start, end = entry["map"]
            items.append((start + 1, "\n".join(lines[start : max(end, start + 1)])))
    footnotes = env.get("footnotes", {}).get("refs", {})
    for label in (key[1:] for key, number in footnotes.items() if number < 0):
        at = next((i for i, line in enumerate(lines) if f"[^{label}]:" in line), None)
        if at is not None:
            items.append((at + 1, lines[at]))
    if not items:
        return ""
    rows = "".join(
        f"<li>{_code_line(show_hidden(escape(source)), line + first_line, id_prefix)}</li>"
        for line, source in sorted(items)
    )
    return (
        '<section class="unseen-definitions"><p>Definitions that the text does not show</p>'
        f"<ul>{rows}</ul></section>"
    )


class _Renderer(RendererHTML):
    """HTML for the tokens that need more than markdown-it's own renderer gives."""

    def heading_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        token = tokens[idx]
        anchor = escape(token.meta["anchor"])
        return (
            f'{self.renderToken(tokens, idx, options, env)}<span class="heading-anchor" id="{anchor}"></span>'
        )

    def fence(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        token = tokens[idx]
        info = token.info.strip().split()
        return self._code(token, info[0] if info else "", env, lines_before=1)

    def code_block(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return self._code(tokens[idx], "", env, lines_before=0)

    def _code(self, token: Token, language: str, env: Any, *, lines_before: int) -> str:
        start = int(token.attrGet("data-line") or 1) + lines_before
        prefix = env["id_prefix"]
        rows = (
            _code_line(html, start + offset, prefix)
            for offset, html in enumerate(code_lines(token.content, language))
        )
        label = f' data-language="{escape(language)}"' if language else ""
        return f'<pre class="highlight" data-line="{start - lines_before}"{label}><code>{"".join(rows)}</code></pre>\n'

    def text(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return show_hidden(escape(tokens[idx].content))

    def code_inline(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return f"<code>{show_hidden(escape(tokens[idx].content))}</code>"

    def task_box(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        state = tokens[idx].info
        return f'<span class="task-box" role="img" aria-label="{state}">{"☑" if state == "done" else "☐"}</span> '

    def link_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        address = str(tokens[idx].attrGet("href") or "")
        title = str(tokens[idx].attrGet("title") or "")
        return _link_start(address, title, env)

    def link_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return "</a>"

    def our_footnote_ref(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        number, sub, prefix = _footnote(tokens[idx], env)
        return (
            f'<sup class="footnote-ref"><a href="#{prefix}fn{number}" id="{prefix}fnref{number}{sub}">'
            f"[{number}]</a></sup>"
        )

    def our_footnote_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        number, _, prefix = _footnote(tokens[idx], env)
        return f'<li id="{prefix}fn{number}" class="footnote-item">'

    def our_footnote_anchor(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        number, sub, prefix = _footnote(tokens[idx], env)
        return f' <a href="#{prefix}fnref{number}{sub}" class="footnote-backref" aria-label="back">↩</a>'

    def image(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        token = tokens[idx]
        label = self.renderInlineAsText(token.children or [], options, env)
        address = _safe_address(str(token.attrGet("src") or ""), env)
        if address and not _SCHEME.match(address):
            return f'<img src="{escape(address)}" alt="{escape(label)}" loading="lazy">'
        words = show_hidden(escape(f"Image, not loaded: {label or address or 'without a name'}"))
        if address is None:
            return f'<span class="outside-link">{words}</span>'
        return f'<a class="remote-image" href="{escape(address)}">{words}</a>'


def _footnote(token: Token, env: dict[str, Any]) -> tuple[int, str, str]:
    """Return a footnote's number, the suffix of its second and later references, and the prefix of ids."""
    sub = int(token.meta.get("subId", 0))
    return int(token.meta["id"]) + 1, f"-{sub}" if sub > 0 else "", escape(env["id_prefix"])


def _link_start(address: str, title: str, env: dict[str, Any]) -> str:
    safe = _safe_address(address, env)
    if safe is None:
        return f'<a class="outside-link" title="{escape(f"No link: {address[:200]}")}">'
    attribute = f' title="{escape(title)}"' if title else ""
    return f'<a href="{escape(safe)}"{attribute}>'


def _safe_address(address: str, env: dict[str, Any]) -> str | None:
    """Return the address to link to, or ``None`` when it may not be followed."""
    address = address.strip()
    if address.startswith("#"):
        return f"#{env['id_prefix']}{address[1:]}"
    if _SCHEME.match(address):
        return address if address.split(":", 1)[0].lower() in _SCHEMES else None
    if address.startswith(("//", "\\", "/\\")) or "\\" in address[:2]:
        return None
    if ":" in address.split("/", 1)[0]:
        return None  # a scheme in disguise
    folder = env["folder"]
    if folder is None:
        return address
    return _inside_skill(address, folder)


def _inside_skill(address: str, folder: str) -> str | None:
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    path = posixpath.normpath(posixpath.join(folder, unquote(parts.path)))
    if parts.path.startswith("/") or path == ".." or path.startswith(("../", "/")) or "\x00" in path:
        return None
    if path == ".":
        return None
    fragment = f"#{parts.fragment}" if parts.fragment else ""
    return f"{SKILL_FILES}{quote(path)}{fragment}"


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt(
        "commonmark", {"html": False, "maxNesting": MAX_NESTING, "linkify": False}, renderer_cls=_Renderer
    )
    parser.enable(["table", "strikethrough"]).use(footnote_plugin, inline=False)
    # Every address reaches our renderer, which decides and says so; markdown-it would show it as bare source.
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    for name in ("footnote_ref", "footnote_open", "footnote_anchor"):
        parser.renderer.rules[name] = getattr(parser.renderer, f"our_{name}")  # type: ignore[attr-defined]
    return parser


_ATTRIBUTES: dict[str, set[str]] = {
    "*": {"id", "class", "data-line", "data-language"},
    "a": {"href", "title", "aria-label"},
    "img": {"src", "alt", "loading"},
    "ol": {"start"},
    "td": {"data-align"},
    "th": {"data-align"},
    "span": {"role", "aria-label"},
}
_TAGS = {
    "a",
    "blockquote",
    "br",
    "code",
    "del",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "img",
    "li",
    "ol",
    "p",
    "pre",
    "s",
    "section",
    "span",
    "strong",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
}


def _sanitise(html: str) -> str:
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_keep_attribute,
        url_schemes=set(_SCHEMES),
        link_rel="noopener noreferrer nofollow",
    )


def _keep_attribute(tag: str, name: str, value: str) -> str | None:
    if name == "class":
        return " ".join(_known_classes(value)) or None
    if name == "src":
        return None if _SCHEME.match(value) or value.startswith("//") else value
    return value


def _known_classes(value: str) -> Iterator[str]:
    return (
        name
        for name in value.split()
        if name in _OWN_CLASSES or name in {"heading-anchor", "task-box"} or _CLASSES.match(name)
    )
