"""The sample as it lies on disk: a manifest, and a folder for each skill in its newest version."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from runs_app.domain.enums import Phase
from runs_app.domain.sample.older import older_document, with_version
from runs_app.domain.sample.shapes import PlannedRun, Sample, SampleError, SampleSkill, SampleVersion
from skills_app.domain.digests import digest_of
from skills_app.domain.enums import SkillStatus
from skills_app.domain.findings import MAIN_FILE
from skills_app.domain.records import FileRecord

FOLDER = Path(__file__).resolve().parent.parent / "sample"


def read_sample(folder: Path = FOLDER) -> Sample:
    """Return the sample that ``folder`` holds.

    Raises:
        SampleError: a file is missing, or an older version cannot be told from the newest one.
    """
    try:
        manifest: dict[str, Any] = yaml.safe_load((folder / "manifest.yaml").read_text(encoding="utf-8"))
        skills = tuple(_skill(folder / "library", values) for values in manifest["skills"])
        runs = tuple(_planned(values) for values in manifest["more_runs"])
        sample = Sample(manifest["categories"], manifest["models"], skills, runs)
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise SampleError(f"The sample in {folder} cannot be read: {error!r}.") from error
    for planned in runs:
        if planned.skill:
            sample.skill_at(planned.skill)
    return sample


def _skill(library: Path, values: Mapping[str, Any]) -> SampleSkill:
    home = library / values["path"]
    texts = partial(_texts, values)
    return SampleSkill(
        path=values["path"],
        status=SkillStatus(values["status"]),
        task=values["task"],
        style=values["style"],
        scope=values["scope"],
        capabilities=texts("capabilities"),
        tags=texts("tags"),
        facets={name: tuple(found) for name, found in values["facets"].items()},
        aliases=texts("aliases"),
        recommended=values.get("recommended", {}),
        strengths=texts("strengths"),
        weaknesses=texts("weaknesses"),
        recommendations=texts("recommendations"),
        versions=_versions(home, values["versions"]),
    )


def _versions(home: Path, told: list[Mapping[str, Any]]) -> tuple[SampleVersion, ...]:
    """Return the versions, the oldest first: each is the next newer one with its ``undo`` applied."""
    document = (home / MAIN_FILE).read_text(encoding="utf-8")
    files = _files(home)
    versions: list[SampleVersion] = []
    for values in reversed(told):
        undo = values.get("undo", {})
        document = older_document(document, drop=undo.get("drop", ()), replace=undo.get("replace", ()))
        document = with_version(document, values["number"])
        left_out = tuple(undo.get("without", ()))
        files = tuple(file for file in files if not file.path.startswith(left_out)) if left_out else files
        versions.append(
            SampleVersion(
                number=values["number"],
                days_ago=values["days_ago"],
                message=values["message"],
                quality=values["quality"],
                audience=values["audience"],
                document=document,
                files=files,
            )
        )
    return tuple(reversed(versions))


def _files(home: Path) -> tuple[FileRecord, ...]:
    paths = sorted(path for path in home.rglob("*") if path.is_file() and path.name != MAIN_FILE)
    return tuple(_file(path.relative_to(home).as_posix(), path.read_bytes()) for path in paths)


def _file(path: str, data: bytes) -> FileRecord:
    return FileRecord(path=path, size_bytes=len(data), digest=digest_of(data), data=data)


def _planned(values: Mapping[str, Any]) -> PlannedRun:
    phase = values.get("phase")
    return PlannedRun(**{**values, "phase": Phase(phase) if phase else None})


def _texts(values: Mapping[str, Any], key: str) -> tuple[str, ...]:
    return tuple(values.get(key, ()))
