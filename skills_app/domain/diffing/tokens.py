"""Cut text into sentences and words, and say what of them counts when two texts are compared."""

import re

_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]*_`]*[ \t\r\n]+|[。！？]")
_LINE_END = re.compile(r"\n(?=[A-Z])(?<=[a-z]{4}[.!?]\n)(?<![Aa]pprox\.\n)(?<![Ii]ncl\.\n)")
_LIST_MARKER = re.compile(r"[ \t>]*(?:[-+*]|(\d{1,9})[.)])[ \t]+")
_ABBREVIATIONS = frozenset(
    {"e.g", "i.e", "etc", "vs", "cf", "approx", "fig", "no", "dr", "mr", "mrs", "ms", "st", "incl"}
)
_TOKEN = re.compile(r"(?:\w+|[^\w\s])\s*|\s+")
_WORD = re.compile(r"\w+")
_MARK = re.compile(r"[.!?…。！？]")
# For each byte of ASCII what stands for it where only words count: its small letter, or a blank for a mark.
_SMALL_WORDS = bytes(ord(chr(at).lower()) if _WORD.match(chr(at)) else ord(" ") for at in range(128)) + bytes(
    128
)


def sentence_ends(text: str) -> list[int]:
    """Return the offset after each sentence of a paragraph, blanks included; the last one is the length of ``text``.

    A full stop ends no sentence before a small letter, after a common abbreviation, or as part of a list marker.
    """
    if is_one_sentence(text):
        return [len(text)] if text else []
    ends: list[int] = []
    marker = _LIST_MARKER.match(text)
    for match in _SENTENCE_END.finditer(text, marker.end() if marker else 0):
        end = match.end()
        if end < len(text) and not text[end].islower() and not _is_abbreviated(text, match.start()):
            ends.append(end)
    if text:
        ends.append(len(text))
    return ends


def is_one_sentence(text: str) -> bool:
    """Whether a text may be taken for one sentence at once: no mark that may end a sentence stands before the last letter; plain letters are asked in a faster way."""
    if text.isascii() and "!" not in text and "?" not in text:
        stop = text.find(".")
        return stop < 0 or stop + 1 >= len(text.rstrip(" \t\r\n"))
    mark = _MARK.search(text)
    return mark is None or (mark[0] in ".!?…" and not text[mark.end() :].strip(" \t\r\n"))


def line_sentence_ends(text: str, start: int, end: int) -> list[int]:
    """Return offsets after line breaks inside ``text[start:end]`` that end a sentence for sure; ``sentence_ends`` has them all."""
    return [match.end() for match in _LINE_END.finditer(text, start, end)]


def _is_abbreviated(text: str, stop: int) -> bool:
    before = text[max(0, stop - 12) : stop].split()
    return bool(before) and before[-1].lstrip("([*_`\"'“‘").lower() in _ABBREVIATIONS


def prose_key(text: str, *, is_first: bool) -> str:
    """Return a sentence without its line breaks, blanks and list number, so that a reflowed paragraph counts as equal.

    The first sentence of a block keeps its list marker and how far it is indented: they decide what it belongs to.
    """
    marker = _LIST_MARKER.match(text) if is_first and not text[:1].isalpha() else None
    if marker is None:
        key = text.strip()
        # Of all blanks only the simple one counts as printable: there is nothing to join then.
        return key if "  " not in key and key.isprintable() else " ".join(text.split())
    head = marker[0].expandtabs(4).rstrip()
    if marker[1] is not None:
        head = head.replace(marker[1], "1", 1)
    return f"{head} {' '.join(text[marker.end() :].split())}"


def is_unnumbered(text: str) -> bool:
    """Whether a text surely begins with no number of a list."""
    return text[:1].isalpha() or not text.lstrip(" \t>")[:1].isdigit()


def step_number(text: str) -> int | None:
    """Return the number of an ordered list item's text, or None for anything else."""
    marker = _LIST_MARKER.match(text)
    return int(marker[1]) if marker and marker[1] else None


def word_tokens(text: str) -> list[str]:
    """Return words and marks of ``text``, each with the blanks after it; joined they are ``text`` again."""
    tokens: list[str] = []
    *words, last = text.split(" ")
    if "" not in words and "".join(words).isalnum() and not last[:1].isspace():
        return [word + " " for word in words] + _TOKEN.findall(last)
    for word in words:
        if word.isalnum():
            tokens.append(word + " ")
        elif not word or word[0].isspace():
            return _TOKEN.findall(text)
        else:
            tokens += _TOKEN.findall(word + " ")
    if last[:1].isspace():
        return _TOKEN.findall(text)
    return tokens + _TOKEN.findall(last)


def words_of(text: str, *, limit: int = 2_000) -> list[str]:
    """Return the first words of a text in lower case, without marks: at most ``limit``, of its first 40 × ``limit`` characters."""
    text = text[: limit * 40]
    if text.isascii():
        return text.encode().translate(_SMALL_WORDS).decode().split(maxsplit=limit)[:limit]
    return _WORD.findall(text.lower())[:limit]
