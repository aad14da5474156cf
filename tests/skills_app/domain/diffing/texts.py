"""Texts for the tests of differences: strategies that make skill documents, broken ones among them."""

from hypothesis import strategies as st

BREAKS = ["\n", "\r\n", "\r"]
LINES = [
    "---",
    "name: a",
    "name: b",
    "description: Use when x. Then y.",
    "metadata: {a: b}",
    "  version: 1",
    "- x",
    "# One",
    "## Two",
    "Setext",
    "------",
    "```python",
    "```",
    "x = 1",
    "",
    "   ",
    "Some words stand here. And more, e.g. these.",
    "Some words stand there. And more, e.g. these.",
    "1. Do it.",
    "2. Do that.",
    "   - nested item",
    "| a | b |",
    "> quoted",
    "<!-- hidden",
    "-->",
    "    indented code",
    "\ufeff",
    "日本語。次の文。",
    "😀 emoji ‮ bidi",
    "\x00 nul \x0b \x85 \u2028",
]

any_line = st.one_of(st.sampled_from(LINES), st.text(max_size=20))


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Return a text of lines that mean something in a skill document, with any line breaks and any end."""
    lines = draw(st.lists(any_line, max_size=30))
    breaks = draw(st.sampled_from([["\n"], ["\r\n"], BREAKS]))
    text = "".join(line + draw(st.sampled_from(breaks)) for line in lines)
    return text + draw(st.sampled_from(["", "no break at the end"]))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[str, str]:
    """Return two documents that share lines, in another order and with some left out."""
    old = draw(documents())
    lines = old.splitlines(keepends=True)
    kept = draw(st.lists(st.sampled_from(lines), max_size=30)) if lines else []
    new = draw(st.one_of(documents(), st.just("".join(kept)), st.permutations(lines).map("".join)))
    return old, new
