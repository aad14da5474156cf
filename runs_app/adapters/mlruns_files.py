"""The small files of an ``mlruns`` tree, each of which may be broken in any way."""

import math
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from runs_app.domain.enums import ProblemReason
from runs_app.domain.problems import problem
from runs_app.domain.records import MetricRecord, ProblemRecord
from runs_app.domain.storable import LONGEST_KEY, moment

META_BYTES = 256 * 1024
TEXT_BYTES = 64 * 1024
METRIC_BYTES = 64 * 1024 * 1024
MOST_NESTING = 200
MOST_KEYS = 5_000
_LARGEST = 2**63 - 1
_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class FileReader:
    """Reads files below ``root`` for one run and collects what could not be read."""

    def __init__(self, root: Path, *, run_id: str = "") -> None:
        self.root = root
        self.run_id = run_id
        self.problems: list[ProblemRecord] = []

    def add(self, path: str, reason: ProblemReason, message: str) -> None:
        """Note a problem; the first of a reason at a path is kept, as it is shown once."""
        if not any(known.path == path and known.reason is reason for known in self.problems):
            self.problems.append(problem(path, reason, message, run_id=self.run_id))

    def has_problem_at(self, path: str) -> bool:
        """Say whether a problem was noted for exactly this path."""
        return any(known.path == path for known in self.problems)

    def meta(self, path: str) -> dict[str, str] | None:
        """Return the flat fields of a ``meta.yaml`` as text, or None when it is missing or unreadable.

        YAML is read without its types, so that no value can fail to be built; ``null`` and ``~`` become empty text.
        """
        data = self._bytes(path, META_BYTES)
        if data is None:
            return None
        text = self._text(path, data)
        try:
            # Deep nesting would exhaust the parser's stack, and a record of a run has none.
            if text.count("[") + text.count("{") + text.count("- ") + text.count("? ") > MOST_NESTING:
                raise yaml.YAMLError("it is nested far too deeply")
            loaded = yaml.load(text, Loader=_Loader)  # noqa: S506  (the base loader builds text only)
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            self.add(
                path, ProblemReason.UNREADABLE_YAML, f"{path} is not readable YAML: {_first_line(error)}."
            )
            return None
        if not isinstance(loaded, dict):
            self.add(path, ProblemReason.WRONG_SHAPE, f"{path} holds no fields.")
            return None
        return {
            str(key): "" if value in ("null", "~", "None") else value
            for key, value in loaded.items()
            if isinstance(key, str) and isinstance(value, str)
        }

    def expect(self, path: str, meta: Mapping[str, str], fields: tuple[str, ...]) -> None:
        """Note a problem when any of ``fields`` is missing or empty."""
        missing = [field for field in fields if not meta.get(field)]
        if missing:
            self.add(path, ProblemReason.WRONG_SHAPE, f"{path} lacks {', '.join(missing)}.")

    def milliseconds(self, path: str, meta: Mapping[str, str], field: str) -> int | None:
        """Return a time in milliseconds since 1970, or None; one that is no time between 1970 and 9999 is a problem."""
        said = meta.get(field, "")
        if not said:
            return None
        value = _integer(said)
        if value is None or moment(value) is None:
            self.add(path, ProblemReason.WRONG_SHAPE, f"{path} has a {field} that is no time: {said[:40]!r}.")
            return None
        return value

    def texts(self, folder: str) -> dict[str, str]:
        """Return the text of every file below ``folder`` by its path there (params and tags)."""
        values: dict[str, str] = {}
        for key, path in self._files(folder):
            data = self._bytes(path, TEXT_BYTES)
            if data is not None:
                values[key] = self._text(path, data)
        return values

    def latest_metrics(self, folder: str) -> tuple[MetricRecord, ...]:
        """Return the last point of every metric below ``folder``: the highest step, then time, then value."""
        latest = []
        for key, path in self._files(folder):
            points = self.metric_points(path, key)
            if points:
                latest.append(max(points, key=_rank))
        return tuple(latest)

    def metric_points(self, path: str, key: str) -> list[MetricRecord]:
        """Return the readable lines of a metric file (``time value`` or ``time value step``)."""
        data = self._bytes(path, METRIC_BYTES)
        points: list[MetricRecord] = []
        num_bad, first_bad = 0, 0
        lines = data.decode("utf-8", "replace").splitlines() if data else []
        for number, line in enumerate(lines, start=1):
            point = _point(key, line)
            if point is not None:
                points.append(point)
            elif line.strip():
                num_bad, first_bad = num_bad + 1, first_bad or number
        if num_bad or (data is not None and not points):
            what = f"{num_bad} of {len(lines)} lines are not readable, the first is line {first_bad}"
            message = f"{path}: {what if num_bad else 'it holds no value'}."
            self.add(path, ProblemReason.WRONG_SHAPE, message)
        return points

    def _files(self, folder: str) -> Iterator[tuple[str, str]]:
        """Yield key and path of every regular file below ``folder``; names with ``/`` are folders on disk."""
        waiting = [("", folder, 0)]
        num = 0
        while waiting:
            prefix, current, depth = waiting.pop()
            for entry in self._entries(current):
                key, path = f"{prefix}{entry.name}", f"{current}/{entry.name}"
                kind = self._kind(entry, path)
                if kind == "folder" and depth < 16:
                    waiting.append((f"{key}/", path, depth + 1))
                elif kind == "folder" or (kind == "file" and (len(key) > LONGEST_KEY or num >= MOST_KEYS)):
                    message = f"{folder} holds names over {LONGEST_KEY} characters, or more than {MOST_KEYS} of them; those are left out."
                    self.add(folder, ProblemReason.TOO_LARGE, message)
                elif kind == "file":
                    num += 1
                    yield key, path

    def _entries(self, folder: str) -> "list[os.DirEntry[str]]":
        try:
            return sorted(os.scandir(self.root / folder), key=lambda entry: entry.name)
        except FileNotFoundError:
            return []
        except NotADirectoryError:
            self.add(folder, ProblemReason.WRONG_SHAPE, f"{folder} is a file where a folder is expected.")
        except OSError as error:
            self.add(folder, ProblemReason.PERMISSION, f"{folder} cannot be read: {error.strerror or error}.")
        return []

    def _kind(self, entry: "os.DirEntry[str]", path: str) -> str:
        """Return ``file``, ``folder``, or an empty word for what is left out (and noted)."""
        try:
            path.encode("utf-8")
            if entry.is_symlink() and not self._is_inside(Path(entry.path)):
                self.add(path, ProblemReason.LEAVES_SOURCE, f"{path} is a link that leads out of the source.")
                return ""
            mode = entry.stat().st_mode
        except UnicodeEncodeError:
            shown = os.fsencode(path).decode("utf-8", "replace")
            self.add(
                shown, ProblemReason.UNREADABLE_TEXT, f"The name of {shown} is not UTF-8; it is left out."
            )
            return ""
        except OSError as error:
            self.add(path, ProblemReason.MISSING_FILE, f"{path} cannot be read: {error.strerror or error}.")
            return ""
        if stat.S_ISDIR(mode):
            return "folder"
        if stat.S_ISREG(mode):
            return "file"
        self.add(path, ProblemReason.WRONG_SHAPE, f"{path} is neither a file nor a folder.")
        return ""

    def _is_inside(self, path: Path) -> bool:
        return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(self.root))

    def _bytes(self, path: str, limit: int) -> bytes | None:
        """Return at most ``limit`` bytes of a regular file inside the source, or None when there is none."""
        target = self.root / path
        try:
            if target.is_symlink() and not self._is_inside(target):
                self.add(path, ProblemReason.LEAVES_SOURCE, f"{path} is a link that leads out of the source.")
                return None
            if not target.is_file():
                if os.path.lexists(target):
                    self.add(path, ProblemReason.WRONG_SHAPE, f"{path} is not a file.")
                return None
            with open(target, "rb") as stream:
                data = stream.read(limit + 1)
        except OSError as error:
            self.add(path, ProblemReason.PERMISSION, f"{path} cannot be read: {error.strerror or error}.")
            return None
        if len(data) > limit:
            self.add(
                path,
                ProblemReason.TOO_LARGE,
                f"{path} is larger than {limit:,} bytes; only its start is kept.",
            )
            data = data[:limit]
        return data

    def _text(self, path: str, data: bytes) -> str:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            self.add(path, ProblemReason.UNREADABLE_TEXT, f"{path} is not UTF-8 at byte {error.start}.")
            text = data.decode("utf-8", "replace")
        if "\x00" in text:
            self.add(
                path, ProblemReason.UNREADABLE_TEXT, f"{path} holds NUL characters; they are shown as �."
            )
        return text


def _point(key: str, line: str) -> MetricRecord | None:
    parts = line.split()
    if len(parts) not in (2, 3):
        return None
    timestamp, step = _integer(parts[0]), _integer(parts[2]) if len(parts) == 3 else 0
    try:
        value = float(parts[1])
    except ValueError:
        return None
    if timestamp is None or step is None:
        return None
    return MetricRecord(key=key, value=value, step=step, timestamp_ms=timestamp)


def _integer(text: str) -> int | None:
    """Return a whole number that fits 64 bits, or None."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
        return None
    value = int(text)
    return value if abs(value) <= _LARGEST else None


def _rank(point: MetricRecord) -> tuple[int, int, float]:
    return point.step, point.timestamp_ms, -math.inf if math.isnan(point.value) else point.value


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200].rstrip(".")
