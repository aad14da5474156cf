"""System checks that say at start what would otherwise fail later."""

import os
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register


@register()
def data_dir_is_writable(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The data folder holds the database, the broker and the stores: it must take files."""
    if os.access(settings.DATA_DIR, os.W_OK):
        return []
    return [
        Error(
            f"The data folder {settings.DATA_DIR} cannot be written.",
            hint="Set FLEET_DATA_DIR to a folder that you own.",
            id="fleet.E001",
        )
    ]


@register(deploy=True)
def production_has_a_database_server(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Several web processes on one SQLite file work, but only on one machine."""
    if settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
        return []
    return [
        Warning(
            "The production database is a SQLite file.",
            hint="Set FLEET_DATABASE_URL=postgresql://… when more than one machine serves the site.",
            id="fleet.W001",
        )
    ]
