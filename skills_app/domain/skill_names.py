"""What a skill may be called, on text alone: the validation profiles, the taxonomy and its forms all ask here."""

import re
import unicodedata

from skills_app.domain.limits import NAME_MAX, RESERVED_WORDS

_NOT_NAME = re.compile(r"[^a-z0-9]+")


def wrong_characters(name: str) -> list[str]:
    """Return the characters of a name that are none of a–z, 0–9 and hyphen, in order, each once."""
    return sorted({char for char in name if not ("a" <= char <= "z" or "0" <= char <= "9" or char == "-")})


def has_wrong_hyphens(name: str) -> bool:
    """Say whether a name starts or ends with a hyphen or holds two in a row."""
    return name.startswith("-") or name.endswith("-") or "--" in name


def reserved_words(name: str) -> list[str]:
    """Return the words in a name that Anthropic keeps for itself."""
    return [word for word in RESERVED_WORDS if word in name.lower()]


def as_name(text: str) -> str:
    """Return a text as a valid skill name: lower-case ASCII words with single hyphens; empty when nothing is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _NOT_NAME.sub("-", plain).strip("-")[:NAME_MAX].strip("-")


def without_word(name: str, word: str) -> str:
    """Return a name without a word in it, as a valid name; empty when nothing is left."""
    return as_name(name.lower().replace(word, ""))


def better_name(name: str) -> str:
    """Return the nearest name that every host takes; empty when nothing is left of it."""
    for word in reserved_words(name):
        name = without_word(name, word)
    better = as_name(name)
    return "" if reserved_words(better) else better


def skill_name_fault(name: str) -> str:
    """Return why hosts refuse a name of safe characters, with a better one; empty text when they take it."""
    reserved = reserved_words(name)
    if not reserved and not has_wrong_hyphens(name):
        return ""
    what = f"the reserved word '{reserved[0]}'" if reserved else "two hyphens in a row, or one at an end"
    better = better_name(name)
    hint = f" Call it '{better}'." if better else ""
    return f"'{name}' holds {what}.{hint}"
