"""What MLflow raises, turned into our errors; and calls that are tried again when that may help."""

import json
import logging
import random
import re
import time
from collections.abc import Callable
from typing import TypeVar

from runs_app.domain.addresses import shown_address
from runs_app.domain.errors import RunMissing, SourceError, SourceRefused, SourceUnreachable, SourceUnsuitable

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")

TRIES = 3
FIRST_PAUSE_SECONDS = 0.5
_STATUS = re.compile(r"error code (\d{3})|\b(\d{3}) (?:Client|Server) Error")
_DENIED = frozenset({"PERMISSION_DENIED", "UNAUTHENTICATED", "CUSTOMER_UNAUTHORIZED"})
_MISSING = frozenset({"RESOURCE_DOES_NOT_EXIST", "NOT_FOUND"})
_OURS_TO_BLAME = frozenset(
    {"INVALID_PARAMETER_VALUE", "BAD_REQUEST", "ENDPOINT_NOT_FOUND", "FEATURE_DISABLED", "NOT_IMPLEMENTED"}
)

# What HTTP clients and database drivers say at length, in a few words.
_PLAIN_WORDS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("Connection refused", "Failed to establish a new connection"), "nothing listens there."),
    (
        ("NameResolutionError", "Name or service not known", "failed to resolve host"),
        "its host is not known.",
    ),
    (("timed out", "ReadTimeout", "timeout expired", "ConnectTimeout"), "no answer came in time."),
    (
        ("RemoteDisconnected", "Connection reset", "Connection aborted", "IncompleteRead"),
        "it broke the connection off.",
    ),
    (("too many 429",), "it asks for fewer requests."),
    (("too many 5",), "it answers with server errors."),
)


def call(
    answer: Callable[[], Answer],
    *,
    uri: str,
    tries: int = TRIES,
    sleep: Callable[[float], None] = time.sleep,
) -> Answer:
    """Return ``answer()``, tried up to ``tries`` times with doubled, jittered pauses while the source is unreachable.

    Raises:
        SourceUnreachable: no try was answered.
        SourceRefused, SourceUnsuitable, RunMissing: the source answered; another try would not help.
    """
    for attempt in range(1, tries + 1):
        try:
            return answer()
        except _mlflow_failures() as error:
            translated = translate(error, uri=uri)
            if attempt == tries or not isinstance(translated, SourceUnreachable):
                raise translated from error
            pause = FIRST_PAUSE_SECONDS * 2 ** (attempt - 1) * (1 + random.random() / 4)  # noqa: S311
            logger.info("%s; try %d of %d in %.1f s", translated, attempt + 1, tries, pause)
            sleep(pause)
    raise AssertionError("unreachable: the last try returns or raises")


def translate(error: Exception, *, uri: str) -> SourceError | RunMissing:
    """Return our error for one that MLflow, its database driver or its HTTP client raised; secrets are left out."""
    shown = shown_address(uri)
    detail = _detail(error, uri)
    code = str(getattr(error, "error_code", ""))
    status = _http_status(error, detail)
    if code in _DENIED or status in (401, 403):
        return SourceRefused(
            f"{shown} refuses the request: {detail}",
            remedy="Give this site's process the credentials of the server (MLFLOW_TRACKING_USERNAME and "
            "MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN).",
        )
    if code in _MISSING and getattr(error, "json", None) is not None:
        return RunMissing(f"{shown} has no such record: {detail}")
    if status == 404 or _is_strange(error) or "not in a valid JSON format" in detail:
        return SourceUnsuitable(
            f"What answers at {shown} is no MLflow tracking server: {detail}",
            remedy="Check the address; it ends before /api, as in http://127.0.0.1:5000.",
        )
    if code in _MISSING:
        return RunMissing(f"{shown} has no such record: {detail}")
    if code in _OURS_TO_BLAME or status == 400:
        return SourceRefused(
            f"{shown} does not take the request: {detail}",
            remedy="Use MLflow 3.17 or newer at the source.",
        )
    return SourceUnreachable(
        f"{shown} does not answer: {detail}",
        remedy="Start the server or mend its address; the next try is made by itself.",
    )


def _mlflow_failures() -> tuple[type[Exception], ...]:
    """Return what reading through MLflow may raise (its packages are loaded only when a source is opened)."""
    from google.protobuf.json_format import Error as ProtobufError  # type: ignore[import-untyped]
    from mlflow.exceptions import MlflowException
    from requests.exceptions import RequestException
    from sqlalchemy.exc import SQLAlchemyError

    return (MlflowException, RequestException, SQLAlchemyError, ProtobufError, OSError, *_STRANGE)


# A server that is not MLflow may answer with anything; MLflow's client then trips over the shape of it.
_STRANGE = (KeyError, TypeError, AttributeError, ValueError)


def _is_strange(error: Exception) -> bool:
    return isinstance(error, _STRANGE) or type(error).__module__.startswith("google.protobuf")


def _http_status(error: Exception, detail: str) -> int | None:
    response = getattr(error, "response", None)
    if response is not None and isinstance(getattr(response, "status_code", None), int):
        return int(response.status_code)
    match = _STATUS.search(detail)
    return int(match[1] or match[2]) if match else None


def _detail(error: Exception, uri: str) -> str:
    """Return one line that says what went wrong, without credentials and markup."""
    text = getattr(error, "message", "") or str(error) or type(error).__name__
    if isinstance(error, json.JSONDecodeError):
        text = "the answer is not JSON"
    for words, sentence in _PLAIN_WORDS:
        if any(word in text for word in words):
            return sentence
    text = re.sub(r"(?s)<[^>]{0,200}>", " ", str(text).replace(uri, shown_address(uri)))
    text = re.sub(r"//([^/:@\s]+):[^/@\s]+@", r"//\1:•••@", text)
    text = " ".join(text.split())
    return f"{text[:300].rstrip('. ')}{'…' if len(text) > 300 else '.'}"
