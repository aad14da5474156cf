"""Documents to compare our ``reference`` profile with skills-ref: every quirk by hand, and seeded mixtures of them."""

import random
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """A document, the folder that it lies in and the name of its file."""

    content: bytes
    folder: str = "my-skill"
    file_name: str = "SKILL.md"


NAMES = [
    "my-skill", "My-Skill", "my_skill", "my.skill", "-my-skill", "my-skill-", "my--skill", "a" * 64, "a" * 65, "técnico",
    "技能", "ﬁle", "123", "1.5", "yes", "null", "~", "", '""', "''", '"my-skill"', "'my-skill'", "my skill", "my-skill # why",
    "claude-skill", "Ⅷ", "ß", "İx", "x²", "[my-skill]", "{a: b}", "&a my-skill", "*a", "!!str my-skill", "! my-skill",
    "|\n  my-skill", ">\n  my-skill", "|-\n  my-skill\n", ">+\n  my-skill\n\n", "\n  my-skill", "\n  - my-skill", "\n  a: b", "my-skill:", ": my-skill",
    "- my-skill", "? my-skill", "@my-skill", "`my-skill`", "%my-skill", "my-skill\tx", "\tmy-skill", '"my-\\x73kill"', '"my-\\qskill"',
    '"my-skill', "'my-skill", "my-skill, x", "my]skill", "my}skill", "#my-skill", "my-skill#x", "my-skill\n  more", "=", "<<", "0x1F", "2026-01-01",
]  # fmt: skip
DESCRIPTIONS = [
    "Does things. Use when needed.", "", "   ", '""', "Use when: x", "Use when x:y", '"Use when: x"', "'it''s'", "x" * 1024, "x" * 1025, "é" * 1024,
    "é" * 1025, "foo --- bar", "foo---bar", '"foo --- bar"', "a <b> c", "|\n  line one\n  line two", "|\n  a --- b\n  c", "|\n  a\n  ---\n  b", ">-\n  folded\n  text",
    "|2\n    indented", ">\n" + "  word\n" * 300, "plain\n  continued", "plain\ncontinued", "a # comment", "a#b", "[a, b]", "{a: b}", "- a", "\n  - a\n  - b", "\n  a: b",
    "!!int 3", "&x text", "*x", "null", "true", "12", "~", "\x07bell", "tab\there", "\ttab", "non\u00a0breaking", "zero\u200bwidth", "line\u2028sep", "next\u0085line", "emoji 😀",
    "\ufeffbom", "quote \" inside", "back\\slash", '"\\u263a"', '"\\ud83d"', '"a\\\n  b"', "x: ", "x :y", ":x", "%x", "@x", "`x`", "!x", "? x", "?x", "-x", "- x", ", x", "<<", "=",
    "\x7f", "\ufffe", "|\n\ttab", "|\n  a\n b", "'a\n  b'", "'a\nb'", '"a\nb"', "a\n\n  b", "|+\n  a\n\n", "|-", ">", "| # c\n  a", "x" * 1000 + "\n  " + "y" * 30,
]  # fmt: skip
EXTRAS = [
    "license: MIT", "license:", "license: ''", "license: [MIT]", "license:\n  - MIT", "compatibility: any", "compatibility:", "compatibility: " + "x" * 500,
    "compatibility: " + "x" * 501, "compatibility:\n  - a", "compatibility:\n  a: b", "compatibility: 3", "compatibility: ''", "metadata:\n  a: b", "metadata: {a: b}",
    "metadata:\n  - a", "metadata:\n  a:\n    b: c", "metadata:\n  a:\n    b: c\n  d:\n      e: f", "metadata:\n  a:\n    b: c\n  d:\n    e: f", "metadata:\n    a: b\n  c: d", "metadata:\n  a: b\n   c: d", "metadata:", "metadata: x",
    "metadata:\n- a", "metadata:\n- a: b\n  c: d\n- e: f", "metadata:\n  a: &x b\n  c: *x", "metadata:\n  <<: {a: b}", "metadata:\n  <<: x", "<<: x", "metadata:\n  a: 1\n  a: 2", "metadata:\n  1: a", "metadata:\n  1: a\n  '1': b",
    "allowed-tools: Read", "allowed-tools: [Read]", "allowed-tools:\n  - Read\n  - Bash(git:*)", "allowed-tools: Bash(git:*) Read", "allowed-tools: Bash(git: *)", "version: 1.0", "tags: [a]", "name: again",
    "description: again", "license: MIT\nlicense: MIT", "# comment", "  # indented comment", "", "   ", "\t", "? a\n: b", "? [a]\n: b", "? - a\n: b", "- a", "plain", "'quoted key': x", '"name": x', "a b: c", ": empty key",
    "null: x", "~: x", "true: x", "1: x", "!!str tagged: x", "&anchor key: x", "*alias : x", "[flow]: x", "{flow: a}: x", "%YAML 1.2", "...", "---", "--- ", "----", " ---", "metadata:\n  a: ---", "metadata:\n\ta: b", "metadata:\n  a:\tb", "license:\tMIT",
    "license : MIT", "license:MIT", "license: MIT\n  more", "license: MIT\n more: x", "  license: MIT", " license: MIT", "license: |\n  MIT\n compatibility: x", "metadata:\n  a: >\n    b\n\n  c: d", "metadata:\n  a: b # c\n  # d\n  e: f", "metadata:\n\n  a: b",
    "metadata: # c\n  a: b", "metadata:\n  'a': b\n  \"c\": d", "metadata:\n  a:\n  - b\n  - c", "metadata:\n  a:\n    - b\n    -\n    - d: e\n      f: g", "metadata:\n  - - a\n    - b", "metadata:\n  -\n    a: b", "metadata:\n  - ", "metadata:\n  a: 'b\n    c'", "metadata:\n  a: \"b\n  c\"", "metadata:\n  a: \"b\nc\"",
    "metadata:\n  a:\n    b: 1\n  c: x\n  d:\n      e: 2", "license: a: b", "license: 'a' b", "license: \"a\" # b", "license: \"a\"b", "license: [a", "license: a]", "license: }", "license: *", "license: &", "license: !", "license: |", "license: >x", "license: |3", "license: @", "license: `", "license: -", "license: ?", "license: :", "license: ,", "license: #", "license: %",
]  # fmt: skip
OPENINGS = [
    "---\n",
    "---\n",
    "---\n",
    "---\n",
    "---\n",
    "---\n",
    "--- \n",
    "---\t\n",
    "----\n",
    "--- # c\n",
    "---name: x\n",
    "--- x: y\n",
    "\n---\n",
    " ---\n",
    "\ufeff---\n",
    "--\n",
    "",
    "---\r\n",
    "---\n\n",
    "---\n---\n",
]
CLOSINGS = [
    "---\n",
    "---\n",
    "---\n",
    "---\n",
    "---\n",
    "---",
    "--- \n",
    "----\n",
    " ---\n",
    "...\n",
    "",
    "--\n",
    "---body\n",
    "\n---\n",
    "# c\n---\n",
    "---\r\n",
]
BODIES = ["# Title\n\nText.\n", "", "---\n", "a --- b\n", "```\n---\n```\n", "\x00", "x" * 5000]
FOLDERS = [
    "my-skill",
    "my-skill",
    "my-skill",
    "other",
    "My-Skill",
    "técnico",
    "te\u0301cnico",
    "技能",
    "a" * 64,
    "file",
    "123",
]
ALPHABET = "-:# \n\t'\"[]{}&*!|>%@`,?ab1\u00e9.\\=~<"


def handmade() -> Iterator[Case]:
    """Every name, description, extra line, opening and closing once, in an otherwise good document."""
    for name in NAMES:
        folder = (
            name.strip("\"'")
            if name.strip("\"'").replace("-", "").isalnum() and len(name) < 100
            else "my-skill"
        )
        yield Case(f"---\nname: {name}\ndescription: Fine.\n---\nBody\n".encode(), folder)
        yield Case(f"---\nname: {name}\ndescription: Fine.\n---\nBody\n".encode())
    for description in DESCRIPTIONS:
        yield Case(
            f"---\nname: my-skill\ndescription: {description}\n---\nBody\n".encode("utf-8", "surrogatepass")
        )
        yield Case(
            f"---\ndescription: {description}\nname: my-skill\n---\nBody\n".encode("utf-8", "surrogatepass")
        )
    for extra in EXTRAS:
        yield Case(f"---\nname: my-skill\ndescription: Fine.\n{extra}\n---\nBody\n".encode())
        yield Case(f"---\n{extra}\nname: my-skill\ndescription: Fine.\n---\nBody\n".encode())
        yield Case(f"---\nname: my-skill\n{extra}\ndescription: Fine.\n---\nBody\n".encode())
    for opening in OPENINGS:
        yield Case(f"{opening}name: my-skill\ndescription: Fine.\n---\nBody\n".encode())
    for closing in CLOSINGS:
        yield Case(f"---\nname: my-skill\ndescription: Fine.\n{closing}Body\n".encode())
    for folder in FOLDERS:
        yield Case(f"---\nname: {folder}\ndescription: Fine.\n---\n".encode(), folder)
        yield Case("---\nname: técnico\ndescription: Fine.\n---\n".encode(), folder)
    good = b"---\nname: my-skill\ndescription: Fine.\n---\nBody\n"
    yield Case(good, file_name="skill.md")
    yield Case(good, file_name="Skill.md")
    yield Case(good, file_name="README.md")
    yield Case(good.replace(b"\n", b"\r\n"))
    yield Case(good.replace(b"\n", b"\r"))
    yield Case(good.replace(b"Fine", b"caf\xe9"))
    yield Case(good + b"\xff\xfe")
    yield Case(good.decode().encode("utf-16"))
    yield Case(b"")
    yield Case(b"---")
    yield Case(b"------")
    yield Case(b"---\n---")


def mixed(num: int, seed: int) -> Iterator[Case]:
    """``num`` documents put together at random from the same parts, some of them scratched by random characters."""
    choose = random.Random(seed)
    for _ in range(num):
        name = "my-skill" if choose.random() < 0.7 else choose.choice(NAMES)
        description = "Fine." if choose.random() < 0.6 else choose.choice(DESCRIPTIONS)
        lines = [f"name: {name}", f"description: {description}"]
        lines += [choose.choice(EXTRAS) for _ in range(choose.choice([0, 0, 1, 1, 2, 3]))]
        if choose.random() < 0.1:
            lines.pop(choose.randrange(len(lines)))
        if choose.random() < 0.5:
            choose.shuffle(lines)
        opening = "---\n" if choose.random() < 0.9 else choose.choice(OPENINGS)
        closing = "---\n" if choose.random() < 0.9 else choose.choice(CLOSINGS)
        text = opening + "\n".join(lines) + "\n" + closing + choose.choice(BODIES)
        for _ in range(choose.choice([0, 0, 0, 1, 1, 2, 4])):
            at = choose.randrange(min(len(text), 120) + 1)
            keep = choose.choice([0, 0, 1])
            text = text[:at] + choose.choice(ALPHABET) + text[at + keep :]
        newline = choose.choice(["\n"] * 8 + ["\r\n", "\r"])
        folder = "my-skill" if choose.random() < 0.9 else choose.choice(FOLDERS)
        yield Case(text.replace("\n", newline).encode("utf-8", "surrogatepass"), folder)
