"""Files of a run on this machine's disk, read without ever leaving their folder."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from runs_app.domain.enums import ProblemReason
from runs_app.domain.errors import ArtifactMissing, ArtifactTooLarge, PathLeavesSource, SourceUnreachable
from runs_app.domain.problems import problem
from runs_app.domain.records import ArtifactListing, ArtifactRecord, ProblemRecord

MOST_FILES = 5_000
DEEPEST = 32
PIECE_BYTES = 256 * 1024


def list_files(folder: Path, *, inside: Path, label: str, run_id: str = "") -> ArtifactListing:
    """List the regular files below ``folder``, with ``/`` in their paths, sorted.

    Links are followed only to files and folders inside ``inside``; every other link, special file, unreadable folder
    and name that is not UTF-8 becomes a problem under ``label`` (the folder's path as shown to people). A folder that
    does not exist holds no files.
    """
    if not os.path.lexists(folder):
        return ArtifactListing(())
    artifacts: list[ArtifactRecord] = []
    problems: list[ProblemRecord] = []
    real_inside = Path(os.path.realpath(inside))
    seen: set[str] = set()
    waiting: list[tuple[str, str, int]] = [(str(folder), "", 0)]
    while waiting:
        current, prefix, depth = waiting.pop()
        shown = f"{label}/{prefix}".rstrip("/")
        if os.path.realpath(current) in seen:
            continue
        seen.add(os.path.realpath(current))
        try:
            entries = sorted(os.scandir(current), key=lambda entry: entry.name)
        except FileNotFoundError:
            continue
        except NotADirectoryError:
            problems.append(
                problem(shown, ProblemReason.WRONG_SHAPE, f"{shown} is not a folder.", run_id=run_id)
            )
            continue
        except OSError as error:
            problems.append(_unreadable(shown, error, run_id))
            continue
        for entry in entries:
            path = f"{prefix}/{entry.name}" if prefix else entry.name
            if len(artifacts) >= MOST_FILES or depth >= DEEPEST:
                message = f"Only the first {len(artifacts)} files below {label} are listed: there are more, or they lie deeper than {DEEPEST} folders."
                problems.append(problem(label, ProblemReason.TOO_LARGE, message, run_id=run_id))
                return ArtifactListing(tuple(artifacts), tuple(problems))
            found = _look_at(entry, path, f"{label}/{path}", real_inside, run_id)
            if isinstance(found, ArtifactRecord):
                artifacts.append(found)
            elif isinstance(found, ProblemRecord):
                problems.append(found)
            else:
                waiting.append((entry.path, path, depth + 1))
    artifacts.sort(key=lambda artifact: artifact.path)
    return ArtifactListing(tuple(artifacts), tuple(problems))


def read_bytes(folder: Path, path: str, *, inside: Path, limit_bytes: int) -> bytes:
    """Return the file ``path`` below ``folder``.

    Raises:
        PathLeavesSource, ArtifactMissing, ArtifactTooLarge: see ``RunSource.read_artifact``.
        SourceUnreachable: the disk refuses to read it.
    """
    target = safe_path(folder, path, inside=inside)
    try:
        with open(target, "rb") as stream:
            data = stream.read(limit_bytes + 1)
    except OSError as error:
        raise SourceUnreachable(f"{path} cannot be read: {error.strerror or error}.") from error
    if len(data) > limit_bytes:
        raise ArtifactTooLarge(f"{path} is larger than {limit_bytes:,} bytes.")
    return data


def stream_bytes(folder: Path, path: str, *, inside: Path) -> Iterator[bytes]:
    """Yield the file ``path`` below ``folder`` in pieces; raises as ``read_bytes`` does, before the first piece."""
    target = safe_path(folder, path, inside=inside)
    try:
        stream = open(target, "rb")  # noqa: SIM115  (closed by the generator below)
    except OSError as error:
        raise SourceUnreachable(f"{path} cannot be read: {error.strerror or error}.") from error
    return _pieces(stream)


def safe_path(folder: Path, path: str, *, inside: Path) -> Path:
    """Return the real path of the regular file ``path`` below ``folder``, links resolved.

    Raises:
        PathLeavesSource: it is absolute, climbs, or a link of it ends outside ``inside``.
        ArtifactMissing: there is no regular file.
    """
    parts = path.split("/")
    if path.startswith("/") or "\x00" in path or ".." in parts or "\\" in path:
        raise PathLeavesSource(f"{path!r} is not a path below the run's artifacts.")
    target = Path(os.path.realpath(folder.joinpath(*parts)))
    if not target.is_relative_to(os.path.realpath(inside)):
        raise PathLeavesSource(f"{path} is a link that leads out of the source.")
    if not target.is_file():
        raise ArtifactMissing(f"There is no file {path} among the run's artifacts any more.")
    return target


def _look_at(
    entry: "os.DirEntry[str]", path: str, shown: str, inside: Path, run_id: str
) -> ArtifactRecord | ProblemRecord | None:
    """Return a file, a problem, or None for a folder to descend into."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        readable = os.fsencode(shown).decode("utf-8", "replace")
        message = f"The name of {readable} is not UTF-8, so the file cannot be shown."
        return problem(
            readable, ProblemReason.UNREADABLE_TEXT, message, run_id=run_id, remedy="Rename the file."
        )
    try:
        if entry.is_symlink() and not Path(os.path.realpath(entry.path)).is_relative_to(inside):
            message = f"{shown} is a link that leads out of the source; it is not followed."
            return problem(shown, ProblemReason.LEAVES_SOURCE, message, run_id=run_id)
        status = entry.stat()
    except FileNotFoundError:
        message = f"{shown} is a link to a file that does not exist."
        return problem(shown, ProblemReason.MISSING_FILE, message, run_id=run_id)
    except OSError as error:
        return _unreadable(shown, error, run_id)
    if stat.S_ISDIR(status.st_mode):
        return None
    if stat.S_ISREG(status.st_mode):
        return ArtifactRecord(path=path, size_bytes=status.st_size)
    message = f"{shown} is neither a file nor a folder."
    return problem(shown, ProblemReason.WRONG_SHAPE, message, run_id=run_id, remedy="Remove it, or leave it.")


def _unreadable(shown: str, error: OSError, run_id: str) -> ProblemRecord:
    reason = ProblemReason.PERMISSION if isinstance(error, PermissionError) else ProblemReason.MISSING_FILE
    return problem(shown, reason, f"{shown} cannot be read: {error.strerror or error}.", run_id=run_id)


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    with stream:
        while piece := stream.read(PIECE_BYTES):
            yield piece
