"""What kind of file an artifact is, told from its name."""

import mimetypes

_BY_ENDING = {
    "md": "text/markdown",
    "markdown": "text/markdown",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "ndjson": "application/jsonl",
    "yaml": "application/yaml",
    "yml": "application/yaml",
    "toml": "application/toml",
    "log": "text/plain",
    "txt": "text/plain",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "py": "text/x-python",
    "sh": "text/x-shellscript",
    "ts": "text/plain",
    "svg": "image/svg+xml",
    "parquet": "application/octet-stream",
    "pkl": "application/octet-stream",
}
_TEXT = frozenset(
    {
        "application/json",
        "application/jsonl",
        "application/yaml",
        "application/toml",
        "application/xml",
        "application/javascript",
        "image/svg+xml",
    }
)


def media_type_of(path: str) -> str:
    """Return the media type that the name of ``path`` tells, or an empty string when it tells none."""
    name = path.rsplit("/", 1)[-1]
    ending = name.rsplit(".", 1)[1].lower() if "." in name else ""
    return _BY_ENDING.get(ending) or mimetypes.guess_type(name)[0] or ""


def is_text_type(media_type: str) -> bool:
    """Say whether files of this type are text to read; an empty type may be, and is found out by reading."""
    return media_type.startswith("text/") or media_type in _TEXT
