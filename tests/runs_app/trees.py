"""Build ``mlruns`` trees on disk."""

from pathlib import Path

META = """artifact_uri: /another/machine/{run}/artifacts
end_time: {end}
entry_point_name: ''
experiment_id: '{experiment}'
lifecycle_stage: {stage}
run_id: {run}
run_name: {name}
source_name: ''
source_type: 4
source_version: ''
start_time: {start}
status: {status}
tags: []
user_id: ada
"""


def make_run(
    root: Path,
    run: str,
    *,
    experiment: str = "7",
    name: str = "a run",
    status: int = 3,
    start: int = 1_700_000_000_000,
    stage: str = "active",
    params: dict[str, str] | None = None,
    tags: dict[str, str] | None = None,
    metrics: dict[str, str] | None = None,
    artifacts: dict[str, str | bytes] | None = None,
) -> Path:
    """Write one run as MLflow's file store did; ``metrics`` maps a key to the lines of its file."""
    folder = root / experiment / run
    folder.mkdir(parents=True, exist_ok=True)
    folder.joinpath("meta.yaml").write_text(
        META.format(
            run=run,
            experiment=experiment,
            name=name,
            status=status,
            start=start,
            end=start + 60_000,
            stage=stage,
        )
    )
    for part, files in (("params", params), ("tags", tags), ("metrics", metrics), ("artifacts", artifacts)):
        for path, content in (files or {}).items():
            target = folder / part / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder
