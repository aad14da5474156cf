"""The queue of files: whole messages or none, broken ones dropped, a broken table made anew."""

from pathlib import Path
from typing import Any

import pytest
from kombu import Connection

import fleet_site.celery  # noqa: F401 - it names the transport
from fleet_site.queue_folder import Transport


@pytest.fixture
def options(tmp_path: Path) -> dict[str, Any]:
    for name in ("messages", "control"):
        (tmp_path / name).mkdir()
    # What kombu remembers of other folders in this process is none of this test's.
    Transport.global_state.clear()
    messages = str(tmp_path / "messages")
    return {
        "data_folder_in": messages,
        "data_folder_out": messages,
        "control_folder": str(tmp_path / "control"),
    }


def connection(options: dict[str, Any]) -> Connection:
    return Connection("filesystem://localhost", transport_options=options)


def test_the_site_uses_it_for_the_queue_of_files(options: dict[str, Any]) -> None:
    assert isinstance(connection(options).transport, Transport)


def test_a_message_comes_back_and_leaves_nothing_behind(options: dict[str, Any], tmp_path: Path) -> None:
    with connection(options) as queue_of_files:
        queue = queue_of_files.SimpleQueue("one")
        queue.put({"a": 1})
        message = queue.get(timeout=5)
        message.ack()

        assert message.payload == {"a": 1}
        assert list((tmp_path / "messages").iterdir()) == []


@pytest.mark.parametrize("text", ["", "{", "[1"])
def test_a_broken_message_is_dropped_and_the_next_is_read(
    options: dict[str, Any], tmp_path: Path, text: str
) -> None:
    (tmp_path / "messages" / "0_broken.one.msg").write_text(text)
    with connection(options) as queue_of_files:
        queue = queue_of_files.SimpleQueue("one")
        queue.put("next")

        assert queue.get(timeout=5).payload == "next"


def test_a_table_that_was_cut_off_is_made_anew(options: dict[str, Any], tmp_path: Path) -> None:
    with connection(options) as queue_of_files:
        queue_of_files.SimpleQueue("one").put("first")
    tables = list((tmp_path / "control").iterdir())
    assert tables
    for table in tables:
        table.write_text("")
    Transport.global_state.clear()

    with connection(options) as queue_of_files:
        queue = queue_of_files.SimpleQueue("one")
        queue.put("second")
        assert {queue.get(timeout=5).payload, queue.get(timeout=5).payload} == {"first", "second"}
