"""Addresses of sources: what kind one names, and how it is shown without its secrets."""

import re
from urllib.parse import SplitResult, urlsplit, urlunsplit

from runs_app.domain.enums import SourceKind
from runs_app.domain.errors import AddressInvalid

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_DRIVERS = {"postgres": "postgresql", "postgresql": "postgresql"}
_SECRET_PARAMETER = re.compile(r"(?i)\b((?:password|passwd|token|secret|sslpassword)=)[^&\s]*")


def kind_of_address(address: str) -> SourceKind:
    """Return the kind of source that ``address`` names: a URL, a database URI, or the path of a folder.

    Raises:
        AddressInvalid: it is empty, holds control characters, or begins with a scheme that is not read here.
    """
    if not address.strip() or any(ord(character) < 32 for character in address):
        raise AddressInvalid(
            "Give the address of a tracking server (http://…), a store (sqlite:///…, postgresql://…) or a folder."
        )
    scheme = address.split(":", 1)[0].lower() if "://" in address or address.startswith("file:") else ""
    base = scheme.split("+")[0]
    if base in {"http", "https"}:
        if not _split(address).hostname:
            raise AddressInvalid(f"{address} names no host, such as http://127.0.0.1:5000.")
        return SourceKind.MLFLOW_HTTP
    if base in {"sqlite", *_DRIVERS}:
        return SourceKind.MLFLOW_SQL
    if base in {"", "file"}:
        return SourceKind.MLRUNS_FOLDER
    raise AddressInvalid(
        f"An address that begins with '{scheme}:' cannot be read; use http://, sqlite:///, postgresql:// or a folder."
    )


def canonical_address(address: str, *, kind: SourceKind) -> str:
    """Return the one spelling of ``address`` that sources are compared by; folders and files are made real by others.

    Servers lose a closing slash, ``postgres://`` becomes ``postgresql+psycopg://`` (the driver that is installed).
    """
    address = address.strip()
    if kind is SourceKind.MLFLOW_HTTP:
        parts = _split(address)
        return urlunsplit((parts.scheme.lower(), parts.netloc, parts.path.rstrip("/"), "", ""))
    if kind is SourceKind.MLFLOW_SQL and not address.lower().startswith("sqlite"):
        scheme, rest = address.split("://", 1)
        return f"postgresql+psycopg://{rest}" if scheme.split("+")[0] in _DRIVERS else address
    if kind is SourceKind.MLRUNS_FOLDER and address.startswith("file:"):
        return _split(address).path
    return address


def shown_address(address: str) -> str:
    """Return ``address`` as it may be shown: user names stay, passwords and tokens become ``•••``."""
    if "://" not in address:
        return address
    scheme, rest = address.split("://", 1)
    authority, slash, path = rest.partition("/")
    if "@" in authority:
        credentials, host = authority.rsplit("@", 1)
        user, colon, _ = credentials.partition(":")
        authority = f"{user}:•••@{host}" if colon else f"{user}@{host}"
    return _SECRET_PARAMETER.sub(r"\1•••", f"{scheme}://{authority}{slash}{path}")


def sqlite_path(uri: str) -> str:
    """Return the file path of a ``sqlite:///relative`` or ``sqlite:////absolute`` address; empty for none."""
    return uri.split(":///", 1)[1].split("?", 1)[0] if ":///" in uri else ""


def is_loopback(address: str) -> bool:
    """Say whether a server's address is on this machine."""
    return (_split(address).hostname or "") in LOOPBACK


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address.strip())
        _ = parts.port
    except ValueError as error:
        raise AddressInvalid(f"{shown_address(address)} is not a valid address: {error}.") from error
    return parts
