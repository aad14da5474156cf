"""``manage.py validate``: every format, exit codes, and that it needs neither Django nor a database."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fleet_site.env import BASE_DIR
from skills_app.management.validating import main

GOOD = "---\nname: good\ndescription: Use when a thing is to be checked. Checks it.\n---\n# Good\n\n## When to Use\n\nNow.\n"
BAD = "---\nname: Bad Name\n---\n# Bad\n\n[gone](references/gone.md)\n"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    for name, text in (("good", GOOD), ("bad", BAD)):
        folder = tmp_path / "skills" / name
        folder.mkdir(parents=True)
        (folder / "SKILL.md").write_text(text)
    return tmp_path / "skills"


def test_text_says_each_profile_and_place_and_how_many_were_rejected(
    library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(library)]) == 1

    said = capsys.readouterr().out
    assert f"{library}/bad/SKILL.md:2:7" in said
    assert "[spec.name.characters]" in said
    assert "[bundle.link.broken]" in said
    assert said.endswith("2 skills judged, 1 rejected.\n")


def test_a_profile_alone_decides(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(library / "good"), "--profile", "spec"]) == 0
    said = capsys.readouterr().out
    assert "spec         Loads." in said
    assert "codex" not in said
    assert said.endswith("1 skill judged, none rejected.\n")


def test_json_holds_everything(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(library), "--format", "json"])
    skills = {Path(one["path"]).parent.name: one for one in json.loads(capsys.readouterr().out)["skills"]}

    assert skills["bad"]["is_accepted"] is False
    assert [one["profile"] for one in skills["good"]["profiles"]][-2:] == ["skill-fleet", "bundle"]
    assert {score["scorer"] for score in skills["good"]["scores"]} == {"fleet-1", "skill-fleet-2026-01"}
    broken = next(
        f for one in skills["bad"]["profiles"] for f in one["findings"] if f["rule"] == "bundle.link.broken"
    )
    assert (broken["line"], broken["column"], broken["severity"]) == (6, 8, "warning")


def test_sarif_names_each_rule_once_and_points_at_regions(
    library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([str(library), "--format", "sarif"])
    run = json.loads(capsys.readouterr().out)["runs"][0]
    rules = run["tool"]["driver"]["rules"]

    assert len({rule["id"] for rule in rules}) == len(rules)
    assert all(rule["defaultConfiguration"]["level"] in {"error", "warning", "note"} for rule in rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        location = result["locations"][0]["physicalLocation"]
        assert location["artifactLocation"]["uri"].endswith("SKILL.md")
        assert location.get("region", {"startLine": 1})["startLine"] >= 1


def test_github_commands_are_one_line_each_and_escaped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "a,b"
    folder.mkdir()
    (folder / "SKILL.md").write_text("---\nname: a%b\n---\n")
    main([str(folder), "--format", "github"])
    lines = capsys.readouterr().out.splitlines()

    assert lines
    assert all(line.startswith(("::error file=", "::warning file=", "::notice file=")) for line in lines)
    assert all("a%2Cb/SKILL.md" in line for line in lines)
    assert any("a%25b" in line for line in lines)


@pytest.mark.parametrize("name", ["nothing", "empty"])
def test_what_is_not_there_is_said_and_is_another_failure(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert main([str(tmp_path / name)]) == 2
    assert str(tmp_path / name) in capsys.readouterr().err


def test_links_and_odd_files_are_named_and_not_followed(
    library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = library / "good"
    (folder / "scripts").mkdir()
    (folder / "assets").mkdir()
    (folder / "scripts" / "run.sh").symlink_to("/etc/passwd")
    (folder / "references").symlink_to("/etc")
    main([str(folder)])
    said = capsys.readouterr().out

    assert "scripts/run.sh is a symbolic link" in said
    assert "references is a symbolic link" in said
    assert "assets/ is empty" in said
    assert "root:" not in said


def test_it_runs_without_django_and_without_a_database(library: Path) -> None:
    code = (
        "import sys; from manage import main; sys.argv = ['manage.py', 'validate', sys.argv[1]]\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert end.code == 1, end.code\n"
        "assert not [name for name in sys.modules if name.split('.')[0] in ('django', 'celery', 'mlflow', 'litellm')]\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(library)], cwd=BASE_DIR, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "1 rejected" in done.stdout
