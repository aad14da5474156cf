"""What a worker imports of MLflow, in a process of its own."""

import subprocess
import sys

import pytest

from fleet_site.env import BASE_DIR

pytest.importorskip("mlflow")
_LEAN = """
import sys
from runs_app.adapters.mlflow_lean import import_mlflow_lean
import_mlflow_lean()
from mlflow.dspy.callback import MlflowCallback
import mlflow.version, mlflow.store.tracking.sqlalchemy_workspace_store
from mlflow.tracing.utils import maybe_get_logged_model_id
assert maybe_get_logged_model_id() is None
assert not mlflow.version.IS_TRACING_SDK_ONLY
assert not {"pandas", "pyarrow", "scipy"} & set(sys.modules), sorted(sys.modules)
import pandas
print(pandas.DataFrame({"a": [1]}).shape)
"""


def test_a_worker_has_mlflow_without_pandas_which_others_may_still_import() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LEAN], cwd=BASE_DIR, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == "(1, 1)"


def test_what_was_imported_whole_stays_as_it_is() -> None:
    whole = "import mlflow.dspy, sys\nfrom runs_app.adapters.mlflow_lean import import_mlflow_lean\nimport_mlflow_lean()\nimport mlflow.pyfunc"
    done = subprocess.run(
        [sys.executable, "-c", whole], cwd=BASE_DIR, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr[-2000:]
