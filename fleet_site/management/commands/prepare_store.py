"""Make the tables of our own MLflow store, once, before several processes open it."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

SQLITE = "sqlite:///"


class Command(BaseCommand):
    """Two processes that open a new SQLite store at once collide in MLflow's first migration; this goes before them."""

    help = "Make the tables of the MLflow SQLite store in the data folder, if it is new."

    def handle(self, *args: Any, **options: Any) -> None:
        """Open the store once; one that exists, or is no SQLite file, is left alone."""
        uri: str = settings.FLEET_MLFLOW_URI
        if not uri.startswith(SQLITE):
            return
        path = Path(uri.removeprefix(SQLITE))
        marker = path.with_name(path.name + ".making")
        if path.exists() and not marker.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        if marker.exists():
            # It was broken off: a store that nobody has used yet is made anew.
            path.unlink(missing_ok=True)
        marker.touch()
        os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
        from mlflow import MlflowClient

        MlflowClient(tracking_uri=uri).search_experiments(max_results=1)
        marker.unlink()
        self.stdout.write("Made the store for runs.")
