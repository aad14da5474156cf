"""Rows that many tests of a module read: written once, and taken away after the module's last test."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction


@contextmanager
def kept_for_a_module(blocker: Any) -> Iterator[None]:
    """Keep what is written inside until the module's tests are done; what a test changes is undone after it.

    ``blocker`` is pytest-django's ``django_db_blocker``. Only for modules without ``transaction=True``.
    """
    with blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)
