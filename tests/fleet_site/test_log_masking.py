"""Keys are never logged: not by us, not by a library with a handler of its own, not in an exception."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from uvicorn.logging import AccessFormatter

from fleet_site.log_masking import known_secrets, masked_line
from fleet_site.logs import logging_setting
from runs_app.domain.masking import MASK

KEY = "correct-horse-battery"


@pytest.fixture
def key_in_a_file(settings: Any, tmp_path: Path) -> Iterator[None]:
    """The site has one key, in its file of keys, under a name that only the configuration knows."""
    settings.FLEET_KEYS_FILE = tmp_path / "keys.env"
    settings.FLEET_KEYS_FILE.write_text(f"export SOME_NAME='{KEY}'\n")
    settings.FLEET_MODELS_FILE = tmp_path / "models.yaml"
    settings.FLEET_MODELS_FILE.write_text(
        "models: {default: openai/x, registry: {openai/x: {env: SOME_NAME}}}"
    )
    known_secrets._until = 0.0
    yield
    known_secrets._until = 0.0


@pytest.fixture(params=[False, True], ids=["lines", "json"])
def written(request: pytest.FixtureRequest, settings: Any) -> Iterator[io.StringIO]:
    """What the site's own handler writes, in both shapes."""
    setting = logging_setting(level="INFO", is_json=request.param)
    handler = logging.getLogger().handlers[-1]
    assert handler.formatter is not None
    stream = io.StringIO()
    own = logging.StreamHandler(stream)
    own.setFormatter(handler.formatter)
    logger = logging.getLogger("runs_app.masking")
    logger.addHandler(own)
    stream.is_json = request.param  # type: ignore[attr-defined]
    yield stream
    logger.removeHandler(own)
    logging_setting(level="INFO", is_json=False)
    assert setting["root"]["handlers"] == ["stderr"]


def fail_with(text: str) -> None:
    raise ValueError(f"the provider said: {text}")


@pytest.mark.usefixtures("key_in_a_file")
def test_message_arguments_and_exception_hold_no_key(written: io.StringIO) -> None:
    logger = logging.getLogger("runs_app.masking")
    logger.warning("asked with %s and %s", KEY, "sk-proj-aaaaaaaaaaaaaaaaaaaa")
    try:
        fail_with(f"{KEY} and Bearer abcdefgh12345")
    except ValueError:
        logger.exception("it failed")

    said = written.getvalue()
    assert said.count(MASK) + said.count(json.dumps(MASK)[1:-1]) >= 4
    assert "the provider said" in said
    for secret in (KEY, "aaaaaaaa", "abcdefgh12345"):
        assert secret not in said
    if written.is_json:  # type: ignore[attr-defined]
        assert [json.loads(line)["level"] for line in said.splitlines()] == ["warning", "error"]


@pytest.mark.usefixtures("key_in_a_file", "written")
def test_a_library_with_a_handler_of_its_own_writes_no_key_either() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    library = logging.getLogger("some.library")
    library.propagate = False
    library.addHandler(handler)
    try:
        fail_with(KEY)
    except ValueError:
        library.error("calling with %(headers)s", {"headers": {"x-api-key": KEY}}, exc_info=True)
    finally:
        library.removeHandler(handler)

    assert KEY not in stream.getvalue()
    assert stream.getvalue().count(MASK) == 2


@pytest.mark.parametrize(
    "line",
    [
        "{'api_key': 'swordfish7'}",
        '{\\"api_key\\": \\"swordfish7\\"}',
        "OpenAI(api_key='swordfish7')",
        "Authorization: Basic swordfish7",
        "x-goog-api-key: swordfish7",
        "https://host.example/?api_key=swordfish7&x=1",
    ],
)
def test_what_is_named_like_a_key_is_masked_though_nobody_knows_it(line: str) -> None:
    assert "swordfish7" not in masked_line(line)


@pytest.mark.parametrize(
    "line",
    ["synchronised finance: 12 new", "the monkey=banana", "https://fleet.example.org/docs/ answered 500"],
)
def test_other_lines_stay(line: str) -> None:
    assert masked_line(line) == line


def test_an_access_log_that_takes_its_arguments_apart_still_can() -> None:
    words = ("127.0.0.1:1", "GET", "/x?api_key=swordfish7", "1.1", 200)

    record = logging.getLogRecordFactory()(
        "x", logging.INFO, "x.py", 1, '%s - "%s %s HTTP/%s" %d', words, None
    )
    shown = AccessFormatter('%(client_addr)s "%(request_line)s" %(status_code)s', use_colors=False).format(
        record
    )

    assert shown == f'127.0.0.1:1 "GET /x?api_key={MASK} HTTP/1.1" 200 OK'


def test_arguments_that_do_not_fit_are_no_fault_of_the_one_who_logs(caplog: pytest.LogCaptureFixture) -> None:
    record = logging.getLogRecordFactory()("x", logging.INFO, "x.py", 1, "%s and %s", ("one",), None)

    assert record.args == ("one",)
