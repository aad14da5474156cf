"""Keys: what identifies a thing for good, whatever it is called and wherever it stands."""

import secrets
from hashlib import sha256

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
KEY_LENGTH = 10
DERIVED_LENGTH = 16


def new_key() -> str:
    """Return ten random characters (49 bits) without look-alikes; a unique column guards against a repeat."""
    return "".join(secrets.choice(ALPHABET) for _ in range(KEY_LENGTH))


def derived_key(*parts: object) -> str:
    """Return sixteen characters (79 bits) that the same ``parts`` always lead to, so that what is asked twice is known again."""
    digest = sha256(repr(parts).encode("utf-8", "surrogatepass")).digest()
    number = int.from_bytes(digest, "big")
    found = []
    for _ in range(DERIVED_LENGTH):
        number, rest = divmod(number, len(ALPHABET))
        found.append(ALPHABET[rest])
    return "".join(found)
