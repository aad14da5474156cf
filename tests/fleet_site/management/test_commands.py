"""The small commands: a sign-in link, our own MLflow store, the icon sprite."""

import re
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from skills_app.models import AuditEntry


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue().strip()


@pytest.mark.django_db
def test_the_first_link_makes_the_first_admin() -> None:
    link = run("sign_in_link", "--site", "https://fleet.example/")

    assert link.startswith("https://fleet.example/sign-in/")
    client = Client()
    client.post(link.removeprefix("https://fleet.example"))
    assert client.get("/people/").status_code == 200
    assert AuditEntry.objects.get(verb="made_link").target_key == "admin"


@pytest.mark.django_db
def test_a_link_for_somebody_signs_in_that_person() -> None:
    User.objects.create_user("dan")

    client = Client()
    client.post(run("sign_in_link", "dan", "--site", ""))

    assert client.get("/people/").status_code == 403


@pytest.mark.django_db
def test_a_link_for_nobody_or_somebody_deactivated_says_why() -> None:
    User.objects.create_user("dan", is_active=False)

    with pytest.raises(CommandError, match="nobody called ann. There are: dan"):
        run("sign_in_link", "ann")
    with pytest.raises(CommandError, match="dan is deactivated"):
        run("sign_in_link", "dan")


def test_the_store_is_made_once(tmp_path: Path, settings: object) -> None:
    store = tmp_path / "deep" / "mlflow.db"
    settings.FLEET_MLFLOW_URI = f"sqlite:///{store}"  # type: ignore[attr-defined]

    assert run("prepare_store") == "Made the store for runs."
    made = store.stat().st_mtime_ns
    assert run("prepare_store") == ""

    assert store.read_bytes()[:16] == b"SQLite format 3\x00"
    assert store.stat().st_mtime_ns == made
    assert [path.name for path in store.parent.iterdir()] == ["mlflow.db"]


def test_a_store_whose_making_was_broken_off_is_made_anew(tmp_path: Path, settings: object) -> None:
    store = tmp_path / "mlflow.db"
    settings.FLEET_MLFLOW_URI = f"sqlite:///{store}"  # type: ignore[attr-defined]
    store.write_text("half of a store")
    store.with_name("mlflow.db.making").touch()

    assert run("prepare_store") == "Made the store for runs."
    assert store.read_bytes()[:16] == b"SQLite format 3\x00"


def test_a_store_elsewhere_is_left_alone(settings: object) -> None:
    settings.FLEET_MLFLOW_URI = "http://127.0.0.1:1"  # type: ignore[attr-defined]

    assert run("prepare_store") == ""


def test_an_icon_that_the_package_does_not_have_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"stack-2\.svg does not exist: correct 'stack-2'"):
        run("build_icons", str(tmp_path))


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    import json
    import re

    folder = Path(settings.BASE_DIR)
    sprite = (folder / "static" / "img" / "icons.svg").read_text()
    drawn = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    named = {
        match
        for path in (folder / "templates").rglob("*.html")
        for match in re.findall(r'_icon\.html" with name="([a-z0-9-]+)" only', path.read_text())
    }

    assert named
    assert named <= drawn
    assert drawn == set(json.loads((folder / "static" / "img" / "icons.json").read_text())["icons"])


def test_the_reference_names_every_command_and_every_setting() -> None:
    root = Path(settings.BASE_DIR)
    reference = root / "templates/docs/reference"
    said = (reference / "commands.md").read_text()
    pages = "".join(page.read_text() for page in reference.glob("*.md"))

    commands = [path.stem for path in root.glob("*/management/commands/[a-z]*.py")]
    variables = re.findall(r"^#?(FLEET_[A-Z_]+)=", (root / ".env.example").read_text(), re.MULTILINE)

    assert len(commands) > 10
    assert len(variables) > 20
    assert [name for name in commands if not re.search(rf"`{name}\b", said)] == []
    assert [name for name in variables if f"`{name}`" not in pages] == []
