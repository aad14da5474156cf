"""What ``make run`` installs is enough: nothing that a worker needs comes from a package of development alone."""

import re
import subprocess
import sys

import pytest

from fleet_site.env import BASE_DIR

# Run in a process that sees only the packages of requirements.txt: each name is imported, what traces need is made, and texts
# are compared.
PROGRAM = """
import importlib, importlib.metadata, os, sys

locked = set(sys.argv[1].split())
owners = importlib.metadata.packages_distributions()
plain = lambda name: name.lower().replace("_", "-").replace(".", "-")
hidden = {top for top, dists in owners.items() if not locked & {plain(one) for one in dists}}

class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in hidden:
            raise ModuleNotFoundError(f"No module named {name!r} among what is installed to run", name=name)

sys.meta_path.insert(0, Hide())
os.environ["DJANGO_SETTINGS_MODULE"] = "fleet_site.settings"
import django
django.setup()
import fleet_site.asgi, fleet_site.celery, runs_app.tasks, skills_app.tasks
from runs_app.services.advance_generations import HEAVY_PACKAGES
for name in HEAVY_PACKAGES:
    importlib.import_module(name)
from runs_app.adapters import mlflow_traces
mlflow_traces._install()
from skills_app.domain.text_likeness import nearest_texts
assert dict(nearest_texts([("a", "python loop"), ("b", "python task")], most=1))["a"][0].key == "b"
assert hidden & {"pytest", "playwright", "gunicorn"}, hidden
print("enough")
"""


@pytest.mark.slow
def test_a_worker_needs_no_package_of_development() -> None:
    names = re.findall(
        r"^([a-z0-9._-]+)(?:\[[a-z,]+\])?==", (BASE_DIR / "requirements.txt").read_text(), re.MULTILINE
    )
    locked = " ".join(re.sub(r"[._]", "-", name) for name in names)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, locked], cwd=BASE_DIR, capture_output=True, text=True, timeout=600
    )

    assert done.stdout.strip() == "enough", done.stderr[-3000:]
