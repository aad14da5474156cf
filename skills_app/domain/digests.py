"""Digests: SHA-256 in hex, the same for the same content on every machine."""

import hashlib
from collections.abc import Iterable

from skills_app.domain.findings import MAIN_FILE


def digest_of(content: bytes | str) -> str:
    """Return the SHA-256 of bytes, or of text in UTF-8 (a lone surrogate counts as its own three bytes)."""
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    return hashlib.sha256(data).hexdigest()


def version_digest(
    content_digest: str, files: Iterable[tuple[str, str]] = (), *, main: str = MAIN_FILE
) -> str:
    """Return the digest of a version: SHA-256 over its sorted paths and file digests, the document's among them.

    Each entry is ``path NUL digest LF``, so that no two lists of files read alike.
    """
    entries = sorted({main: content_digest, **dict(files)}.items())
    return digest_of("".join(f"{path}\x00{digest}\n" for path, digest in entries))
