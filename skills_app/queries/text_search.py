"""Full-text search over skills: which match in text or address, how well, and the words around the hit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from skills_app.domain.search_words import Term, fts5_expression, holds_an_address, tsquery_expression
from skills_app.models import Skill

# Marks around a hit; the index holds neither character.
_HIT, _END = "\x02", "\x03"
# PostgreSQL leaves out of a passage what looks like a tag; these stand for < and > until it has been cut.
_LESS, _GREATER = "\x04", "\x05"
_PG_PARTED = "translate(description, '-_/.<>&@:', '         ')"
# The columns in which a passage is looked for: description, body, files, keywords, name.
_SHOWN_FIRST = (1, 3, 4, 2, 0)
_FTS = "skills_app_skilltext_fts"
_ADDRESS_FTS = "skills_app_skilladdresses_fts"
# A hit in the name counts more than one in the description, keywords, body or files, in this order.
_SQLITE_RANK = f"bm25({_FTS}, 12.0, 5.0, 5.0, 1.0, 0.5)"
_PG_HEADLINE = (
    f'StartSel={_HIT}, StopSel={_END}, MaxFragments=2, MinWords=8, MaxWords=22, FragmentDelimiter=" … "'
)


@dataclass(frozen=True, slots=True)
class SnippetPart:
    """A piece of text around a hit, or the hit itself."""

    text: str
    is_hit: bool


def skills_with_text(skills: QuerySet[Skill], terms: tuple[Term, ...]) -> QuerySet[Skill]:
    """Return those of ``skills`` in whose text or addresses every term occurs; all of them without terms."""
    if not terms:
        return skills
    sql, parameters = _everywhere(terms)
    return skills.filter(pk__in=RawSQL(sql, parameters))  # noqa: S611


def ranked_skill_ids(terms: tuple[Term, ...]) -> list[int]:
    """Return the ids of all skills that match, best first; the order is always the same.

    Where the text holds all terms, it ranks; what matches only with the help of an address comes after that, the
    shorter address first. If an address was typed, those that it leads to come before all others.
    """
    if not terms:
        return []
    first = _by_address(*_in_addresses(terms)) if holds_an_address(terms) else []
    by_text = _ids(*_ranked(terms))
    rest = _by_address(*_everywhere(terms))
    return list(dict.fromkeys([*first, *by_text, *rest]))


def _ranked(terms: tuple[Term, ...]) -> tuple[str, list[str]]:
    if connection.vendor == "sqlite":
        sql = f"SELECT rowid FROM {_FTS} WHERE {_FTS} MATCH %s ORDER BY {_SQLITE_RANK}, rowid"  # noqa: S608
        return sql, [fts5_expression(terms)]
    sql = (
        "SELECT skill_id FROM skills_app_skilltext, to_tsquery('english', %s) query WHERE vector @@ query "
        "ORDER BY ts_rank_cd('{0.05, 0.1, 0.5, 1.0}', vector, query, 1) DESC, skill_id"
    )
    return sql, [tsquery_expression(terms)]


def _everywhere(terms: tuple[Term, ...]) -> tuple[str, list[str]]:
    """Return a query for the ids of skills in which each term occurs, be it in the text or in an address.

    All terms together are asked for first: PostgreSQL passes over words such as "the" only beside others.
    """
    together, parameters = _in_text(terms)
    parts: list[str] = []
    for number, term in enumerate(terms):
        text, address = _in_text((term,)), _in_addresses((term,))
        parts.append(f"SELECT id FROM ({text[0]} UNION {address[0]}) AS found_{number}")  # noqa: S608
        parameters += [*text[1], *address[1]]
    mixed = f"SELECT id FROM ({' INTERSECT '.join(parts)}) AS mixed"  # noqa: S608
    return f"{mixed} UNION {together}", [*parameters[1:], parameters[0]]


def _in_text(terms: tuple[Term, ...]) -> tuple[str, list[str]]:
    if connection.vendor == "sqlite":
        return f"SELECT rowid AS id FROM {_FTS} WHERE {_FTS} MATCH %s", [fts5_expression(terms)]  # noqa: S608
    sql = "SELECT skill_id AS id FROM skills_app_skilltext WHERE vector @@ to_tsquery('english', %s)"
    return sql, [tsquery_expression(terms)]


def _in_addresses(terms: tuple[Term, ...]) -> tuple[str, list[str]]:
    if connection.vendor == "sqlite":
        sql = f"SELECT rowid AS id FROM {_ADDRESS_FTS} WHERE {_ADDRESS_FTS} MATCH %s"  # noqa: S608
        return sql, [fts5_expression(terms)]
    sql = "SELECT skill_id AS id FROM skills_app_skilladdresses WHERE vector @@ to_tsquery('simple', %s)"
    return sql, [tsquery_expression(terms)]


def _by_address(sql: str, parameters: list[str]) -> list[int]:
    rows = f"SELECT id FROM skills_app_skill WHERE id IN ({sql}) ORDER BY length(path), path"  # noqa: S608
    return _ids(rows, parameters)


def _ids(sql: str, parameters: list[str]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [row[0] for row in cursor.fetchall()]


def snippets(terms: tuple[Term, ...], skill_ids: Sequence[int]) -> dict[int, tuple[SnippetPart, ...]]:
    """Return, for each of these skills that matches, the passage with the best hits, cut into parts."""
    if not terms or not skill_ids:
        return {}
    parameters: list[str | int]
    marks = ", ".join(["%s"] * len(skill_ids))
    if connection.vendor == "sqlite":
        passages = ", ".join(f"snippet({_FTS}, {column}, %s, %s, '…', 28)" for column in _SHOWN_FIRST)
        sql = f"SELECT rowid, {passages} FROM {_FTS} WHERE {_FTS} MATCH %s AND rowid IN ({marks})"  # noqa: S608
        parameters = [*([_HIT, _END] * len(_SHOWN_FIRST)), fts5_expression(terms), *skill_ids]
    else:
        sql = (
            "SELECT skill_id, ts_headline('english', translate(CASE WHEN to_tsvector('english', "  # noqa: S608
            f"{_PG_PARTED}) @@ query THEN description ELSE left(description || ' … ' || body || ' … ' || files, "
            f"100000) || ' … ' || keywords END, '<>', '{_LESS}{_GREATER}'), query, %s) "
            "FROM skills_app_skilltext, to_tsquery('english', %s) query "
            f"WHERE vector @@ query AND skill_id IN ({marks})"
        )
        parameters = [_PG_HEADLINE, tsquery_expression(terms), *skill_ids]
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows = cursor.fetchall()
    return {row[0]: tuple(_parts(_first_with_hit(row[1:]))) for row in rows}


def _first_with_hit(passages: Sequence[str | None]) -> str:
    return next((text for text in passages if text and _HIT in text), passages[0] or "")


def _parts(marked: str) -> Iterable[SnippetPart]:
    marked = marked.replace(_LESS, "<").replace(_GREATER, ">")
    for index, piece in enumerate(marked.split(_HIT)):
        hit, end, rest = piece.partition(_END)
        if index and end:
            yield SnippetPart(hit, is_hit=True)
            hit = rest
        if hit:
            yield SnippetPart(hit, is_hit=False)
