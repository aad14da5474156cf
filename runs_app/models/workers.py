"""Which workers live."""

from django.db import models


class WorkerBeat(models.Model):
    """The last sign of life of one worker process; a worker on another machine is seen here too."""

    name = models.CharField(max_length=255, unique=True, help_text="the worker's own name, with its host")
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-beat_at"]

    def __str__(self) -> str:
        return self.name
