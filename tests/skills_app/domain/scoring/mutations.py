"""Changes to a scorer's numbers and patterns, one at a time, so that a test can prove each is noticed."""

import re
from collections.abc import Iterator

_ESCAPED_OR_CHAR = re.compile(r"\\.|\[(?:\\.|[^\]])*\]|\(\?[:<=!s]*|.", re.S)


def mutated_alternatives(alternatives: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield (what changed, the changed tuple): each alternative left out, and each part of it altered."""
    for index, source in enumerate(alternatives):
        rest = alternatives[:index], alternatives[index + 1 :]
        yield f"without {source!r}", (*rest[0], *rest[1]) or (r"(?!)",)
        for changed in mutated_patterns(source):
            yield f"{source!r} as {changed!r}", (*rest[0], changed, *rest[1])


def mutated_patterns(source: str) -> Iterator[str]:
    """Yield the pattern with one part altered: a quantifier, an anchor, an inner alternative, a set's member."""
    tokens = _ESCAPED_OR_CHAR.findall(source)
    for changed in _changed_tokens(tokens):
        try:
            re.compile(changed)
        except re.error:
            continue
        if changed != source:
            yield changed
    yield from _without_inner_alternatives(source)


def _changed_tokens(tokens: list[str]) -> Iterator[str]:
    for i, token in enumerate(tokens):
        before, after = "".join(tokens[:i]), "".join(tokens[i + 1 :])
        if token in ("?", "*", "+") and tokens[i - 1] not in ("?", "*", "+"):
            yield before + after
        if token in ("^", "$", r"\b"):
            yield before + after
        if token.startswith("[") and len(token) > 3 and not token.startswith("[^") and "\\" not in token:
            for member in token[1:-1]:
                if "-" in token[2:-2]:
                    break
                yield before + token.replace(member, "", 1) + after


def _without_inner_alternatives(source: str) -> Iterator[str]:
    for group in re.finditer(r"\((\?:|\?<=|\?!)?([^()]*\|[^()]*)\)", source):
        words = group[2].split("|")
        for index in range(len(words)):
            left = "|".join(words[:index] + words[index + 1 :])
            yield source[: group.start(2)] + left + source[group.end(2) :]
