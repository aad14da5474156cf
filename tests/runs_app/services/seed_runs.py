"""The seven real runs, put into our tables as a mirror would, for tests that start behind it."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from runs_app.models import Experiment, Run, RunArtifact, Source

NOW = datetime(2026, 2, 1, 12, 0, tzinfo=UTC)


def mirrored_run(
    run_id: str, artifacts: dict[str, str | None], *, source: Source | None = None, ended_at: datetime = NOW
) -> Run:
    """Return a run with stored artifacts; their digests are those of the texts."""
    source = (
        source
        or Source.objects.get_or_create(address="/runs", defaults={"name": "runs", "kind": "mlruns_folder"})[
            0
        ]
    )
    experiment, _ = Experiment.objects.get_or_create(source=source, experiment_id="330001648406427495")
    run = Run.objects.create(
        source=source,
        experiment=experiment,
        run_id=run_id,
        name=f"run {run_id[:6]}",
        status="finished",
        ended_at=ended_at,
        synced_at=NOW,
    )
    keep_artifacts(run, artifacts)
    return run


def keep_artifacts(run: Run, artifacts: dict[str, str | None]) -> None:
    """Replace the stored artifacts of ``run``."""
    run.artifacts.all().delete()
    for path, text in artifacts.items():
        data = (text or "").encode("utf-8", "replace")
        RunArtifact.objects.create(
            run=run,
            path=path,
            text=text,
            size_bytes=len(data),
            digest=hashlib.sha256(data).hexdigest() if text is not None else "",
        )


def seed_artifacts(root: Path) -> dict[str, dict[str, str]]:
    """Return the texts of the artifacts of each run folder below ``root``, by run id and file name."""
    return {
        folder.name: {path.name: path.read_text("utf-8") for path in sorted(folder.glob("artifacts/*"))}
        for folder in sorted(root.glob("*/*"))
        if folder.is_dir()
    }
