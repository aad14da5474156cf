"""Keeps the leases of one worker process from a thread of its own, so that a loop that is busy for a while loses nothing."""

import logging
import threading
import time

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from runs_app.domain.generation import GenerationStatus
from runs_app.models import Generation
from runs_app.services.generation_store import GenerationLease, lease_end

logger = logging.getLogger(__name__)
# A loop that did not come round for this long is taken for dead: its leases run out, and others go on.
LONGEST_SILENCE_SECONDS = 120.0


class Heart:
    """Renews the leases that it is given, a few times in each lease, as long as it is told that its owner lives."""

    def __init__(self) -> None:
        self._leases: dict[str, GenerationLease] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._ticked = time.monotonic()
        self._thread = threading.Thread(target=self._beat, name="lease keeper", daemon=True)

    def start(self) -> None:
        """Begin to renew."""
        self._thread.start()

    def stop(self) -> None:
        """Renew no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def tick(self) -> None:
        """Say that the owner lives."""
        self._ticked = time.monotonic()

    def hold(self, lease: GenerationLease) -> None:
        """Keep a lease."""
        with self._lock:
            self._leases[lease.owner] = lease

    def release(self, lease: GenerationLease) -> None:
        """Keep a lease no more."""
        with self._lock:
            self._leases.pop(lease.owner, None)

    def renew(self) -> int:
        """Prolong what is held, now; return how many rows that were."""
        with self._lock:
            owners = list(self._leases)
        if not owners:
            return 0
        rows = Generation.objects.filter(lease_owner__in=owners, status=GenerationStatus.RUNNING)
        return rows.update(lease_until=lease_end(timezone.now()))

    def _beat(self) -> None:
        try:
            while not self._stopping.wait(settings.FLEET_LEASE_SECONDS / 4):
                if time.monotonic() - self._ticked > LONGEST_SILENCE_SECONDS:
                    logger.error("the worker's loop did not come round for %s s", LONGEST_SILENCE_SECONDS)
                    continue
                try:
                    close_old_connections()
                    self.renew()
                except DatabaseError as error:
                    logger.warning("the leases could not be renewed: %s", error)
        finally:
            connection.close()
