"""What a person typed into a search box, as terms that no index can choke on."""

import re
from dataclasses import dataclass

MAX_TERMS = 12
MAX_QUERY_CHARS = 300
_PARTS = re.compile(r'"([^"]*)"?|(\S+)')
_WORDS = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Term:
    """Words that must stand one after the other; with ``is_prefix`` the last one may go on."""

    words: tuple[str, ...]
    is_prefix: bool


def search_terms(text: str) -> tuple[Term, ...]:
    """Return the terms of ``text``, all of which must match; empty when it has no letter or digit.

    Quoted words are one phrase, matched as it stands. A bare word also matches as the beginning of a word;
    one with hyphens, dots or slashes is a phrase of its parts. Everything else in the text is punctuation and means
    nothing, so that no input is an error. At most ``MAX_TERMS`` terms of the first ``MAX_QUERY_CHARS`` characters.
    """
    terms: list[Term] = []
    for quoted, bare in _PARTS.findall(text[:MAX_QUERY_CHARS].replace("\x00", " ")):
        words = tuple(word.lower() for word in _WORDS.findall(quoted or bare))
        term = Term(words, is_prefix=not quoted)
        if words and term not in terms:
            terms.append(term)
    return tuple(terms[:MAX_TERMS])


def holds_an_address(terms: tuple[Term, ...]) -> bool:
    """Say whether a bare word of several parts is among the terms, as in ``tools/csv``; then an address may be meant."""
    return any(term.is_prefix and len(term.words) > 1 for term in terms)


def fts5_expression(terms: tuple[Term, ...]) -> str:
    """Return the terms as a SQLite FTS5 query: each a quoted string (so nothing is an operator), all required."""
    return " AND ".join(f'"{" ".join(term.words)}"{"*" if term.is_prefix else ""}' for term in terms)


def tsquery_expression(terms: tuple[Term, ...]) -> str:
    """Return the terms as the text of a PostgreSQL ``tsquery``: each word quoted, phrases by ``<->``, all required."""
    return " & ".join(
        "("
        + " <-> ".join(
            f"'{word}'{':*' if term.is_prefix and at == len(term.words) else ''}"
            for at, word in enumerate(term.words, start=1)
        )
        + ")"
        for term in terms
    )
