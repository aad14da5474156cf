"""Write runs into an MLflow store as a user's code does."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class MlflowDatabase:
    """A store and the folder of its artifacts."""

    uri: str
    artifacts: Path
    experiment_id: str = ""
    client: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        from mlflow import MlflowClient

        self.client = MlflowClient(tracking_uri=self.uri)
        self.artifacts.mkdir(parents=True, exist_ok=True)
        self.experiment_id = self.client.create_experiment(
            "skills", artifact_location=self.artifacts.as_uri()
        )

    def log(
        self,
        name: str = "a run",
        *,
        params: dict[str, str] | None = None,
        tags: dict[str, str] | None = None,
        metrics: dict[str, float] | None = None,
        artifacts: dict[str, str] | None = None,
        parent: str = "",
        start_ms: int | None = None,
        status: str = "FINISHED",
    ) -> str:
        """Log one run and end it (``status`` RUNNING leaves it open); return its id."""
        every_tag = (tags or {}) | ({"mlflow.parentRunId": parent} if parent else {})
        run = self.client.create_run(self.experiment_id, run_name=name, tags=every_tag, start_time=start_ms)
        run_id = str(run.info.run_id)
        for key, value in (params or {}).items():
            self.client.log_param(run_id, key, value)
        for key, number in (metrics or {}).items():
            self.client.log_metric(run_id, key, number)
        for path, text in (artifacts or {}).items():
            self.client.log_text(run_id, text, path)
        if status != "RUNNING":
            self.client.set_terminated(run_id, status=status)
        return run_id
