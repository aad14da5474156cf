"""What holds for every test: no property test fails because the machine is busy, and who and what many tests begin with."""

import os
from collections import defaultdict
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import SimpleTestCase
from hypothesis import settings

from skills_app.domain.enums import Role
from tests.skills_app import review_makers

# Hypothesis has a profile of its own for CI: the same examples each time, and no deadline either.
if "CI" not in os.environ:
    settings.register_profile("at hand", deadline=None)
    settings.load_profile("at hand")


# What a test with this mark takes, about, in seconds.
SECONDS = {
    "slow": 20.0,
    "mlflow_server": 20.0,
    "browser": 5.0,
    "postgres": 5.0,
    "hypothesis": 3.0,
    "tables": 0.4,
}

# What drives other processes may fail because they are held up: in CI it has a second try, and the summary lists it.
DRIVES_PROCESSES = {"browser", "mlflow_server", "postgres", "rabbitmq", "redis", "slow"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what reads or writes the site's own tables, so that only that is repeated on another database; give second tries."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        test_class = getattr(item, "cls", None)
        is_django_case = isinstance(test_class, type) and issubclass(test_class, SimpleTestCase)
        if is_django_case or item.get_closest_marker("django_db") or fixtures & {"db", "transactional_db"}:
            item.add_marker(pytest.mark.tables)
        if os.environ.get("CI") == "true" and DRIVES_PROCESSES & {mark.name for mark in item.iter_markers()}:
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.hookimpl(trylast=True, specname="pytest_collection_modifyitems")
def longest_files_first(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let processes that share the files begin with the long ones, so that none is left alone with one at the end."""
    if not hasattr(config, "workerinput"):
        return
    seconds: dict[Path, float] = defaultdict(float)
    for item in items:
        seconds[item.path] += max([0.05, *(SECONDS.get(mark.name, 0.0) for mark in item.iter_markers())])
    items.sort(key=lambda item: -seconds[item.path])


@pytest.fixture
def olga() -> User:
    """Olga curates, and so she asks for reviews."""
    return review_makers.person("olga", Role.CURATOR)


@pytest.fixture
def ada() -> User:
    """Ada reviews."""
    return review_makers.person("ada", Role.REVIEWER)


@pytest.fixture
def bea() -> User:
    """Bea reviews too."""
    return review_makers.person("bea", Role.REVIEWER)


@pytest.fixture
def root(tmp_path: Path, settings: LazySettings) -> Path:
    """The folder that skills are published into; nobody made it yet."""
    settings.FLEET_LIBRARY_DIR = tmp_path / "library"
    return tmp_path / "library"
