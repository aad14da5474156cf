"""Logs: one line an event, readable on a terminal or as JSON for a collector, and never with a key in it."""

import logging.config
from typing import Any

import structlog

from fleet_site.log_masking import MaskingFormatter, mask_every_record


def logging_setting(*, level: str, is_json: bool) -> dict[str, Any]:
    """Configure the standard library's logging and structlog alike; return the dictionary that was applied."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # A plain traceback: a prettier one would show local variables, among them keys, broken over lines.
    ending: list[Any] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if is_json
        else [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    )
    setting: dict[str, Any] = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": MaskingFormatter,
                "foreign_pre_chain": shared,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {name: {"level": level} for name in ("fleet_site", "skills_app", "runs_app")}
        | {"axes": {"level": "ERROR"}, "alembic": {"level": "WARNING"}, "mlflow": {"level": "WARNING"}},
    }
    mask_every_record()
    logging.config.dictConfig(setting)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return setting
