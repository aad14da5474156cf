"""A process that is about to answer is warm, and its start-up is no work for the garbage collector."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("entry", ["asgi", "wsgi"])
def test_a_server_has_its_views_and_leaves_its_start_to_no_collection(entry: str, tmp_path: Path) -> None:
    program = f"import fleet_site.{entry}, gc, sys; print('skills_app.views.taxonomy' in sys.modules, gc.get_freeze_count(), gc.get_threshold()[0])"
    env = os.environ | {"FLEET_DATA_DIR": str(tmp_path)}
    said = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, env=env
    ).stdout
    is_loaded, num_frozen, threshold = said.split()
    assert is_loaded == "True"
    assert int(num_frozen) > 10_000
    assert int(threshold) >= 10_000
