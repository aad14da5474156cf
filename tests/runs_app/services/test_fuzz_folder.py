"""Whatever happens to a file of a source: no exception, the rest is kept, and every loss is listed."""

import random
import shutil
import tempfile
from pathlib import Path

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runs_app.models import ImportProblem, MetricPoint, Run, RunArtifact, Source
from runs_app.services.sync_source import sync_source
from tests.runs_app.trees import make_run
from tests.shared_data import SHARED_DATA

ONE, OTHER = "a" * 32, "b" * 32


def make_tree(root: Path) -> None:
    """One whole run with every kind of file, a child of it, and the real records where they are at hand."""
    report = "\"passed=True status='passed' score=0.5 errors=[] warnings=[] checks=[]\""
    make_run(
        root,
        ONE,
        params={"model": "m", "deep/key": "1"},
        tags={"skill_fleet.skill": "x"},
        metrics={"loss": "1 2 0\n2 3 1\n", "deep/score": "1 0.5 0\n"},
        artifacts={
            "skill_content.md": "---\nname: a-skill\ndescription: Use when needed\n---\n# A skill\n",
            "validation_report.json": report,
            "quality_assessment.json": '{"quality_score": 0.5, "strengths": ["a"]}',
            "deep/plan.json": '{"a": [1, 2]}',
        },
    )
    make_run(root, OTHER, name="phase1_task_analysis", tags={"mlflow.parentRunId": ONE})
    (root / "7" / "meta.yaml").write_text("name: skills\nexperiment_id: '7'\nlifecycle_stage: active\n")
    if SHARED_DATA is not None:
        shutil.copytree(SHARED_DATA / "seed_mlruns", root, dirs_exist_ok=True)


@st.composite
def damages(draw: st.DrawFn) -> list[tuple[str, int, int, bytes]]:
    """A few damages: what kind, two numbers that choose the files and the place, and some bytes."""
    kinds = st.sampled_from(
        ["truncate", "swap", "overwrite", "replace", "empty", "remove", "insert", "folder"]
    )
    one = st.tuples(kinds, st.integers(0, 10_000), st.integers(0, 10_000), st.binary(min_size=1, max_size=64))
    return draw(st.lists(one, min_size=1, max_size=4))


def apply(root: Path, damage: tuple[str, int, int, bytes]) -> None:
    kind, first, second, data = damage
    files = sorted(path for path in root.rglob("*") if path.is_file())
    if not files:
        return
    target = files[first % len(files)]
    content = target.read_bytes()
    place = second % (len(content) + 1)
    if kind == "truncate":
        target.write_bytes(content[:place])
    elif kind == "swap":
        other = files[second % len(files)]
        held = other.read_bytes()
        other.write_bytes(content)
        target.write_bytes(held)
    elif kind == "overwrite":
        target.write_bytes(content[:place] + data + content[place + len(data) :])
    elif kind == "insert":
        target.write_bytes(content[:place] + data + content[place:])
    elif kind == "replace":
        target.write_bytes(random.Random(second).randbytes(len(data) * 8))
    elif kind == "empty":
        target.write_bytes(b"")
    elif kind == "remove":
        target.unlink()
    else:
        target.unlink()
        target.mkdir()


@pytest.mark.slow
@pytest.mark.django_db
@given(found=damages())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_damage_raises_or_loses_what_is_readable(found: list[tuple[str, int, int, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as folder, transaction.atomic():
        root = Path(folder)
        make_tree(root)
        files_before = {path for path in root.rglob("*") if path.is_file()}
        for damage in found:
            apply(root, damage)
        source = Source.objects.create(name="fuzz", kind="mlruns_folder", address=str(root))

        sync_source(source=source, who="fuzz")
        sync_source(source=source, who="fuzz", is_full=True)

        assert_all_is_kept_or_listed(source, root, files_before)
        transaction.set_rollback(True)


def assert_all_is_kept_or_listed(source: Source, root: Path, files_before: set[Path]) -> None:
    """Every run folder is a run, every artifact a row, and every file that is not what it was is kept or a problem."""
    open_paths = set(
        ImportProblem.objects.filter(source=source, closed_at__isnull=True).values_list("path", flat=True)
    )
    folders = {path.parent.name for path in root.glob("*/*/meta.yaml")} | {
        path.parent.name for path in root.glob("*/*/artifacts")
    }
    runs = {run.run_id: run for run in Run.objects.filter(source=source)}
    assert folders <= runs.keys()
    for path in root.rglob("*"):
        relative = path.relative_to(root).as_posix()
        parts = path.relative_to(root).parts
        if path.is_dir() or len(parts) < 3:
            continue
        run = runs[parts[1]]
        rest = "/".join(parts[3:])
        if parts[2] == "artifacts":
            row = RunArtifact.objects.get(run=run, path=rest)
            assert row.text is not None
            is_whole = row.text.encode() == path.read_bytes()
            assert is_whole or relative in open_paths
        elif parts[2] in ("params", "tags"):
            kept = getattr(run, parts[2]).filter(key=rest).values_list("value", flat=True)
            assert [value.encode() for value in kept] == [path.read_bytes()] or relative in open_paths
        elif parts[2] == "metrics":
            is_read = run.metrics.filter(key=rest).exists()
            assert is_read or relative in open_paths
            assert not MetricPoint.objects.filter(run=run, key=rest, value=None, special="").exists()
        elif parts[2] == "meta.yaml":
            is_known = run.status != "unknown" and run.started_at is not None and run.name
            assert is_known or relative in open_paths
    for path in files_before:
        if path.name == "meta.yaml" and path.parent.parent.parent == root and not path.is_file():
            assert path.relative_to(root).as_posix() in open_paths or path.parent.name not in runs
