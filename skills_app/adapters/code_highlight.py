"""Colour code blocks by CSS class, line by line, within bounds of size."""

import re
from functools import cache
from html import escape
from typing import Any

# Languages that skills use. An unknown name is shown without colour, never guessed.
LANGUAGES = frozenset(
    [
        "bash",
        "c",
        "cpp",
        "csharp",
        "css",
        "diff",
        "docker",
        "dockerfile",
        "go",
        "graphql",
        "hcl",
        "html",
        "ini",
        "java",
        "javascript",
        "js",
        "json",
        "json5",
        "jsonc",
        "jsx",
        "kotlin",
        "lua",
        "make",
        "makefile",
        "markdown",
        "md",
        "mermaid",
        "nginx",
        "perl",
        "php",
        "powershell",
        "proto",
        "protobuf",
        "py",
        "python",
        "python3",
        "pycon",
        "r",
        "ruby",
        "rust",
        "scala",
        "sh",
        "shell",
        "shell-session",
        "sql",
        "swift",
        "terraform",
        "toml",
        "ts",
        "tsx",
        "typescript",
        "xml",
        "yaml",
        "yml",
        "zsh",
        "console",
    ]
)
MAX_BLOCK_CHARS = 40_000
MAX_LINE_CHARS = 2_000

# Characters that a reader cannot see but a model reads: direction controls, zero-width spaces, tag characters.
_HIDDEN = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]")


def show_hidden(html: str) -> str:
    """Return escaped ``html`` text with every invisible control character as a labelled ``U+…`` mark."""
    return _HIDDEN.sub(lambda m: f'<span class="hidden-char">U+{ord(m.group()):04X}</span>', html)


def code_lines(text: str, language: str) -> list[str]:
    """Return one safe HTML string for each line of ``text``, coloured by Pygments classes (no inline style).

    A language that is not in ``LANGUAGES``, a block over ``MAX_BLOCK_CHARS`` or a line over ``MAX_LINE_CHARS``
    comes back escaped and without colour, so that a hostile block costs no more than its size. The number of
    strings is the number of lines of ``text``; a final newline opens no further line.
    """
    lines = text.split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    plain = [show_hidden(escape(line)) for line in lines]
    name = language.lower()
    if name not in LANGUAGES or len(text) > MAX_BLOCK_CHARS or any(len(s) > MAX_LINE_CHARS for s in lines):
        return plain
    from pygments import highlight

    coloured = highlight("\n".join(lines), _lexer(name), _formatter()).split("\n")
    if coloured and coloured[-1] == "":
        coloured.pop()
    return [show_hidden(line) for line in coloured] if len(coloured) == len(lines) else plain


@cache
def _lexer(name: str) -> Any:
    from pygments.lexers import get_lexer_by_name
    from pygments.lexers.special import TextLexer
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(name, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return TextLexer(stripnl=False, ensurenl=False)


@cache
def _formatter() -> Any:
    # Not from the package: it puts another module in its place while it is imported, and a second thread gets the first one.
    from pygments.formatters.html import HtmlFormatter

    return HtmlFormatter(nowrap=True)
