"""Files of runs in an MLflow store: straight from the artifact address, wherever it points."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from runs_app.adapters.local_files import (
    DEEPEST,
    MOST_FILES,
    PIECE_BYTES,
    list_files,
    read_bytes,
    stream_bytes,
)
from runs_app.adapters.mlflow_errors import call
from runs_app.domain.addresses import is_loopback, sqlite_path
from runs_app.domain.enums import ProblemReason
from runs_app.domain.errors import (
    ArtifactMissing,
    ArtifactTooLarge,
    PathLeavesSource,
    RunMissing,
    SourceRefused,
    SourceUnsuitable,
)
from runs_app.domain.problems import problem
from runs_app.domain.records import ArtifactListing, ArtifactRecord, ProblemRecord, RunAddress


class MlflowArtifacts:
    """Artifacts of one store. Folders of this machine are read directly, all else by MLflow's artifact repositories.

    The repository of the run's own address is asked: MLflow's client would read the run again for each listing.
    """

    def __init__(self, *, uri: str, is_server: bool) -> None:
        self.uri = uri
        self.is_server = is_server

    def is_local(self, run: RunAddress) -> bool:
        """Say whether the files are in a folder of this machine that may be read for this source."""
        return self._local(run) is not None

    def list_files(self, run: RunAddress) -> ArtifactListing:
        """Return the files of one run; a folder of this machine that a remote server names is not opened."""
        label = f"{run.experiment_id}/{run.run_id}/artifacts"
        folder = self._local(run)
        if folder is not None:
            return list_files(folder, inside=folder, label=label, run_id=run.run_id)
        if not run.artifact_uri:
            return ArtifactListing(())
        refusal = self._refusal(run, label)
        if refusal is not None:
            return ArtifactListing((), (refusal,))
        return self._list_remote(run, label)

    def read(self, run: RunAddress, path: str, *, limit_bytes: int) -> bytes:
        """Return a whole file; raises as ``RunSource.read_artifact`` does."""
        folder = self._local(run)
        if folder is not None:
            return read_bytes(folder, path, inside=folder, limit_bytes=limit_bytes)
        with self._downloaded(run, path) as target:
            name = Path(target)
            if name.stat().st_size > limit_bytes:
                raise ArtifactTooLarge(f"{path} is larger than {limit_bytes:,} bytes.")
            return name.read_bytes()

    def stream(self, run: RunAddress, path: str) -> Iterator[bytes]:
        """Yield a file in pieces; raises before the first piece."""
        folder = self._local(run)
        if folder is not None:
            return stream_bytes(folder, path, inside=folder)
        return _pieces(self._downloaded(run, path))

    def close(self) -> None:
        """Nothing is kept between calls."""

    def _local(self, run: RunAddress) -> Path | None:
        parts = urlsplit(run.artifact_uri)
        if not run.artifact_uri or parts.scheme not in ("", "file") or parts.netloc not in ("", "localhost"):
            return None
        if self.is_server and not is_loopback(self.uri):
            return None
        path = Path(unquote(parts.path) if parts.scheme == "file" else run.artifact_uri)
        if path.is_absolute():
            return path
        beside = sqlite_path(self.uri) if self.uri.startswith("sqlite") else ""
        return Path(beside).resolve().parent / path if beside else None

    def _refusal(self, run: RunAddress, label: str) -> ProblemRecord | None:
        """Return why an address is not opened: it would be a folder of ours, or needs a server that we do not know."""
        scheme = urlsplit(run.artifact_uri).scheme
        if scheme in ("", "file"):
            message = f"The artifacts of {run.run_id} are said to lie at {run.artifact_uri}, a folder of the server's machine."
            remedy = "Start the server with --serve-artifacts (the default), so that it hands its files out."
            return problem(label, ProblemReason.LEAVES_SOURCE, message, run_id=run.run_id, remedy=remedy)
        if scheme == "mlflow-artifacts" and not self.is_server:
            message = (
                f"The artifacts of {run.run_id} are handed out by a tracking server, not by its database."
            )
            remedy = "Add the tracking server as the source instead of its database."
            return problem(label, ProblemReason.MISSING_FILE, message, run_id=run.run_id, remedy=remedy)
        if scheme in ("runs", "models"):
            message = f"The artifact address {run.artifact_uri} points to another record, not to files."
            return problem(label, ProblemReason.WRONG_SHAPE, message, run_id=run.run_id)
        return None

    def _repository(self, run: RunAddress) -> Any:
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        return call(
            lambda: get_artifact_repository(run.artifact_uri, tracking_uri=self.uri), uri=self.uri, tries=1
        )

    def _list_remote(self, run: RunAddress, label: str) -> ArtifactListing:
        files: list[ArtifactRecord] = []
        problems: list[ProblemRecord] = []
        try:
            repository = self._repository(run)
            waiting: list[tuple[str | None, int]] = [(None, 0)]
            while waiting:
                folder, depth = waiting.pop()
                rows = call(lambda folder=folder: repository.list_artifacts(folder), uri=self.uri)  # type: ignore[misc]
                for row in rows:
                    if not _is_safe(row.path):
                        message = f"The source names a file {row.path[:80]!r}, which is not below the run."
                        problems.append(
                            problem(label, ProblemReason.LEAVES_SOURCE, message, run_id=run.run_id)
                        )
                    elif row.is_dir and depth < DEEPEST:
                        waiting.append((row.path, depth + 1))
                    elif len(files) >= MOST_FILES or row.is_dir:
                        message = f"Only the first {len(files)} files of {label} are listed."
                        problems.append(problem(label, ProblemReason.TOO_LARGE, message, run_id=run.run_id))
                        waiting.clear()
                        break
                    else:
                        files.append(ArtifactRecord(path=row.path, size_bytes=row.file_size))
        except (SourceRefused, SourceUnsuitable, RunMissing, ImportError) as error:
            message = f"The artifacts of {run.run_id} at {run.artifact_uri} cannot be listed: {error}"
            problems.append(problem(label, ProblemReason.REFUSED, message, run_id=run.run_id))
        files.sort(key=lambda file: file.path)
        return ArtifactListing(tuple(files), tuple(problems))

    def _downloaded(self, run: RunAddress, path: str) -> "_Download":
        if not _is_safe(path):
            raise PathLeavesSource(f"{path!r} is not a path below the run's artifacts.")
        refusal = self._refusal(run, path)
        if refusal is not None:
            raise ArtifactMissing(refusal.message)
        repository = self._repository(run)
        folder = tempfile.TemporaryDirectory(prefix="fleet-artifact-")
        try:
            name = call(lambda: repository.download_artifacts(path, folder.name), uri=self.uri)
        except (SourceRefused, SourceUnsuitable, RunMissing) as error:
            folder.cleanup()
            raise ArtifactMissing(f"{path} cannot be fetched: {error}") from error
        except BaseException:
            folder.cleanup()
            raise
        if not Path(name).is_file():
            folder.cleanup()
            raise ArtifactMissing(f"There is no file {path} among the run's artifacts any more.")
        return _Download(folder, str(name))


class _Download:
    """A fetched file that is removed when it was used."""

    def __init__(self, folder: "tempfile.TemporaryDirectory[str]", name: str) -> None:
        self.folder = folder
        self.name = name

    def __enter__(self) -> str:
        return self.name

    def __exit__(self, *exception: object) -> None:
        self.folder.cleanup()


def _pieces(download: _Download) -> Iterator[bytes]:
    with download as name, open(name, "rb") as stream:
        while piece := stream.read(PIECE_BYTES):
            yield piece


def _is_safe(path: str) -> bool:
    return not (path.startswith("/") or "\\" in path or "\x00" in path or ".." in path.split("/"))
