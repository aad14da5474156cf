"""The app's place in Django."""

from django.apps import AppConfig


class RunsAppConfig(AppConfig):
    """The factory and its records: runs mirrored from MLflow, and what they made."""

    name = "runs_app"
    verbose_name = "Runs"
