"""Keys: what identifies a thing for good, whatever it is called and wherever it stands."""

import secrets

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
KEY_LENGTH = 10


def new_key() -> str:
    """Return ten random characters (49 bits) without look-alikes; a unique column guards against a repeat."""
    return "".join(secrets.choice(ALPHABET) for _ in range(KEY_LENGTH))
