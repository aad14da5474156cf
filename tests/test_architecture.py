"""Imports point only downward: read from the syntax trees, so that no import has to run."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ("skills_app", "runs_app")
HEAVY = {"mlflow", "dspy", "litellm", "sqlalchemy", "tiktoken", "detect_secrets"}
# What the domain may compute with, but no process has to hold that never does.
NUMERIC = {"numpy", "scipy", "sklearn"}
# Which rooms of its own app (or of the library below it) a room may import.
ALLOWED = {
    "domain": {"domain"},
    "models": {"domain", "models"},
    "queries": {"domain", "models", "queries"},
    "adapters": {"domain", "models", "adapters"},
    "services": {"domain", "models", "queries", "adapters", "services", "pipeline"},
}


def modules(app: str, room: str = "") -> list[Path]:
    return sorted(
        path
        for path in (ROOT / app / room).rglob("*.py")
        if "migrations" not in path.parts and "library" not in path.relative_to(ROOT).parts
    )


def imports(path: Path, *, top_only: bool = False) -> Iterator[str]:
    tree = ast.parse(path.read_text())
    for node in tree.body if top_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("path", modules("skills_app"), ids=str)
def test_the_library_does_not_import_the_factory(path: Path) -> None:
    assert not [name for name in imports(path) if name.split(".")[0] == "runs_app"]


@pytest.mark.parametrize("app", APPS)
def test_the_domain_knows_no_django(app: str) -> None:
    found = {
        (path.name, name)
        for path in modules(app, "domain")
        for name in imports(path)
        if name.split(".")[0] in {"django", "fleet_site", "celery"} | HEAVY
    }
    assert not found


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_imports_only_what_lies_below_it(app: str, room: str) -> None:
    found = {
        (str(path.relative_to(ROOT)), name)
        for path in modules(app, room)
        for name in imports(path)
        if name.split(".")[0] in APPS and len(name.split(".")) > 1 and name.split(".")[1] not in ALLOWED[room]
    }
    assert not found


@pytest.mark.parametrize("app", [*APPS, "fleet_site"])
def test_heavy_packages_are_imported_inside_functions(app: str) -> None:
    found = {
        (str(path.relative_to(ROOT)), name)
        for path in modules(app)
        if "pipeline" not in path.parts
        for name in imports(path, top_only=True)
        if name.split(".")[0] in HEAVY | NUMERIC or name.startswith("runs_app.pipeline")
    }
    assert not found


def test_the_pipeline_knows_no_django_and_no_package_but_dspy_at_its_top() -> None:
    found = {
        (path.name, name)
        for path in modules("runs_app", "pipeline")
        for name in imports(path)
        if name.split(".")[0] in {"django", "fleet_site", "celery"} | HEAVY - {"dspy"}
        or (name.split(".")[0] in APPS and name.split(".")[1] not in {"domain", "pipeline"})
    }
    assert not found
