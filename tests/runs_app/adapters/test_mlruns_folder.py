"""A plain folder of runs is read whatever state it is in."""

import os
import shutil
from pathlib import Path

import pytest

from runs_app.adapters.mlruns_folder import MlrunsFolder
from runs_app.domain.enums import ProblemReason, RunStatus
from runs_app.domain.errors import ArtifactMissing, ArtifactTooLarge, PathLeavesSource, SourceUnreachable
from runs_app.domain.records import ProblemRecord, RunAddress, RunRecord
from tests.runs_app.trees import make_run
from tests.shared_data import shared_data


def read(root: Path) -> tuple[dict[str, RunRecord], list[ProblemRecord]]:
    runs: dict[str, RunRecord] = {}
    problems: list[ProblemRecord] = []
    for page in MlrunsFolder(root).all_runs(started_from_ms=0, page_size=2):
        runs |= {run.run_id: run for run in page.runs}
        problems += page.problems
    return runs, problems


def reasons(problems: list[ProblemRecord]) -> set[tuple[str, str]]:
    return {(problem.path, problem.reason.value) for problem in problems}


def address(run: str, experiment: str = "7") -> RunAddress:
    return RunAddress(run_id=run, experiment_id=experiment, artifact_uri="/another/machine")


def test_the_seed_has_seven_runs_and_one_problem() -> None:
    runs, problems = read(shared_data("seed_mlruns"))

    assert len(runs) == 7
    assert [run.run_id for run in runs.values() if run.status is RunStatus.UNKNOWN] == [
        "2ebd630de0414022a714c7d015ef856d"
    ]
    assert reasons(problems) == {
        ("330001648406427495/2ebd630de0414022a714c7d015ef856d/meta.yaml", "missing_file")
    }
    task = runs["2c825fc5620542d9a680d343181c1237"]
    assert (task.name, task.user, task.started_at_ms) == (
        "I want a design system guideline skill",
        "zocho",
        1769536320204,
    )


def test_every_artifact_of_the_seed_is_found_beside_its_record() -> None:
    root = shared_data("seed_mlruns")
    source = MlrunsFolder(root)
    runs, _ = read(root)
    found = {
        f"{run.run_id}/{artifact.path}"
        for run in runs.values()
        for artifact in source.list_artifacts(
            RunAddress(run.run_id, run.experiment_id, run.artifact_uri)
        ).artifacts
    }

    on_disk = {
        f"{path.relative_to(root).parts[1]}/{path.relative_to(root / Path(*path.relative_to(root).parts[:3])).as_posix()}"
        for path in root.rglob("*")
        if path.is_file() and path.name != "meta.yaml"
    }
    assert found == on_disk
    assert len(found) == 7


def test_params_tags_and_nested_metrics_are_read(tmp_path: Path) -> None:
    make_run(
        tmp_path,
        "a" * 32,
        params={"model": "m", "phase1/depth": "3"},
        tags={"mlflow.parentRunId": "b" * 32},
        metrics={"loss": "10 1.5 1\n20 0.5 2\n", "phase1/plan/score": "10 nan 0\n", "old": "10 7\n"},
    )

    runs, problems = read(tmp_path)

    run = runs["a" * 32]
    assert problems == []
    assert run.params == {"model": "m", "phase1/depth": "3"}
    assert run.parent_run_id == "b" * 32
    latest = {point.key: (point.value, point.step, point.timestamp_ms) for point in run.metrics}
    assert latest["loss"] == (0.5, 2, 20)
    assert latest["old"] == (7, 0, 10)
    assert latest["phase1/plan/score"][1:] == (0, 10)
    history = MlrunsFolder(tmp_path).metric_history(address("a" * 32), "loss")
    assert [(point.step, point.value) for point in history] == [(1, 1.5), (2, 0.5)]


def test_readable_lines_of_a_broken_metric_are_kept(tmp_path: Path) -> None:
    make_run(tmp_path, "a" * 32, metrics={"loss": "10 1.5 1\nrubbish\n20 x 2\n30 2.5 3\n"})

    runs, problems = read(tmp_path)

    assert runs["a" * 32].metrics[0].value == 2.5
    assert reasons(problems) == {(f"7/{'a' * 32}/metrics/loss", "wrong_shape")}
    assert "2 of 4 lines" in problems[0].message
    assert "line 2" in problems[0].message


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"status: [3", "unreadable_yaml"),
        (b"\xff\xfe\x00", "unreadable_text"),
        (b"just words", "wrong_shape"),
        (b"", "wrong_shape"),
        (b"- " * 60_000, "unreadable_yaml"),
        (b"[" * 60_000, "unreadable_yaml"),
        (b"a: &a [x]\nb: *nothere", "unreadable_yaml"),
    ],
)
def test_a_run_with_a_broken_record_is_kept_with_its_parts(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    folder = make_run(tmp_path, "a" * 32, params={"model": "m"})
    folder.joinpath("meta.yaml").write_bytes(content)

    runs, problems = read(tmp_path)

    assert runs["a" * 32].status is RunStatus.UNKNOWN
    assert runs["a" * 32].params == {"model": "m"}
    assert (f"7/{'a' * 32}/meta.yaml", reason) in reasons(problems)


@pytest.mark.parametrize("field", ["status", "start_time", "run_id", "experiment_id", "lifecycle_stage"])
def test_a_missing_field_of_the_record_is_a_problem(tmp_path: Path, field: str) -> None:
    folder = make_run(tmp_path, "a" * 32)
    meta = folder / "meta.yaml"
    meta.write_text("".join(line for line in meta.read_text().splitlines(True) if not line.startswith(field)))

    runs, problems = read(tmp_path)

    assert runs["a" * 32].name == "a run"
    assert reasons(problems) == {(f"7/{'a' * 32}/meta.yaml", "wrong_shape")}
    assert field in problems[0].message


def test_swapped_records_are_told_by_their_folders(tmp_path: Path) -> None:
    one, other = make_run(tmp_path, "a" * 32, name="one"), make_run(tmp_path, "b" * 32, name="other")
    held = one.joinpath("meta.yaml").read_text()
    one.joinpath("meta.yaml").write_text(other.joinpath("meta.yaml").read_text())
    other.joinpath("meta.yaml").write_text(held)

    runs, problems = read(tmp_path)

    assert set(runs) == {"a" * 32, "b" * 32}
    assert {problem.reason for problem in problems} == {ProblemReason.CONFLICT}
    assert len(problems) == 2


def test_the_same_id_in_two_experiments_is_a_conflict_and_the_first_counts(tmp_path: Path) -> None:
    make_run(tmp_path, "a" * 32, experiment="1", name="first")
    make_run(tmp_path, "a" * 32, experiment="2", name="second")

    runs, problems = read(tmp_path)

    assert runs["a" * 32].name == "first"
    assert reasons(problems) == {(f"2/{'a' * 32}", "conflict")}


def test_links_that_leave_the_source_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    outside.joinpath("secret.txt").write_text("secret")
    root = tmp_path / "mlruns"
    folder = make_run(root, "a" * 32, artifacts={"kept.txt": "kept"}, params={"p": "1"})
    os.symlink(outside / "secret.txt", folder / "artifacts" / "stolen.txt")
    os.symlink(outside, folder / "artifacts" / "folder")
    os.symlink(outside / "secret.txt", folder / "params" / "stolen")
    os.symlink(outside, root / "9")
    os.symlink(outside, root / "7" / ("c" * 32))
    os.symlink("kept.txt", folder / "artifacts" / "inside.txt")

    runs, problems = read(root)
    listing = MlrunsFolder(root).list_artifacts(address("a" * 32))

    assert set(runs) == {"a" * 32}
    assert runs["a" * 32].params == {"p": "1"}
    assert [artifact.path for artifact in listing.artifacts] == ["inside.txt", "kept.txt"]
    label = f"7/{'a' * 32}"
    assert reasons(list(listing.problems)) == {
        (f"{label}/artifacts/stolen.txt", "leaves_source"),
        (f"{label}/artifacts/folder", "leaves_source"),
    }
    assert (f"{label}/params/stolen", "leaves_source") in reasons(problems)
    assert (f"7/{'c' * 32}", "leaves_source") in reasons(problems)
    assert ("9", "leaves_source") in reasons(list(MlrunsFolder(root).experiments().problems))


@pytest.mark.parametrize(
    "path", ["../meta.yaml", "/etc/passwd", "a/../../meta.yaml", "stolen.txt", "a\\b", "a\x00"]
)
def test_no_path_reads_outside_the_artifacts(tmp_path: Path, path: str) -> None:
    root = tmp_path / "mlruns"
    folder = make_run(root, "a" * 32, artifacts={"kept.txt": "kept"})
    os.symlink("/etc/hostname", folder / "artifacts" / "stolen.txt")

    with pytest.raises(PathLeavesSource):
        MlrunsFolder(root).read_artifact(address("a" * 32), path, limit_bytes=1000)
    with pytest.raises(PathLeavesSource):
        MlrunsFolder(root).stream_artifact(address("a" * 32), path)


def test_a_file_over_the_limit_can_only_be_streamed(tmp_path: Path) -> None:
    make_run(tmp_path, "a" * 32, artifacts={"big.txt": b"x" * 1_000_000})
    source = MlrunsFolder(tmp_path)

    with pytest.raises(ArtifactTooLarge):
        source.read_artifact(address("a" * 32), "big.txt", limit_bytes=999_999)
    assert sum(map(len, source.stream_artifact(address("a" * 32), "big.txt"))) == 1_000_000
    with pytest.raises(ArtifactMissing):
        source.stream_artifact(address("a" * 32), "gone.txt")


def test_special_files_are_problems_and_never_opened(tmp_path: Path) -> None:
    folder = make_run(tmp_path, "a" * 32, artifacts={"kept.txt": "kept"}, params={"p": "1"})
    os.mkfifo(folder / "artifacts" / "pipe")
    os.mkfifo(folder / "params" / "pipe")

    listing = MlrunsFolder(tmp_path).list_artifacts(address("a" * 32))
    _, problems = read(tmp_path)

    assert reasons(list(listing.problems)) == {(f"7/{'a' * 32}/artifacts/pipe", "wrong_shape")}
    assert (f"7/{'a' * 32}/params/pipe", "wrong_shape") in reasons(problems)


def test_a_folder_that_is_gone_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreachable, match="cannot be read"):
        MlrunsFolder(tmp_path / "gone").experiments()


def test_recent_runs_are_those_that_changed_on_disk(tmp_path: Path) -> None:
    make_run(tmp_path, "a" * 32)
    elsewhere = make_run(tmp_path / "elsewhere", "b" * 32)
    os.utime(elsewhere / "meta.yaml", (1, 1))
    source = MlrunsFolder(tmp_path)
    changed = int(max(os.stat(tmp_path / "7" / ("a" * 32) / "meta.yaml").st_ctime, 0) * 1000)
    shutil.move(tmp_path / "elsewhere" / "7" / ("b" * 32), tmp_path / "7" / ("b" * 32))
    shutil.rmtree(tmp_path / "elsewhere")

    def recent(since: int) -> set[str]:
        pages = source.recent_runs(started_from_ms=0, ended_from_ms=0, looked_at_ms=since, page_size=10)
        return {run.run_id for page in pages for run in page.runs}

    assert recent(changed - 1000) == {"a" * 32, "b" * 32}
    assert recent(changed + 3_600_000) == set()
