"""The Celery application: tasks are found in each app's ``tasks`` module."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleet_site.settings")

app = Celery("fleet")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_after_finalize.connect
def schedule(sender: Celery, **kwargs: object) -> None:
    """Look for due sources every FLEET_SYNC_SECONDS; each sync decides itself whether its sweep is due.

    A message that no worker takes before the next one is sent is void, so that none pile up.
    """
    from django.conf import settings

    seconds = float(settings.FLEET_SYNC_SECONDS)
    sender.add_periodic_task(
        seconds,
        sender.signature("runs_app.tasks.sync_due_sources_task"),
        name="sync due sources",
        expires=seconds,
    )
