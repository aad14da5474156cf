"""Whether an address can be served, asked before anything is started."""

import socket
from collections.abc import Iterator

import pytest

from fleet_site.ports import PortUnusable, usable_port


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_a_free_port_is_taken_as_it_is() -> None:
    port = usable_port("127.0.0.1", 0, is_fixed=False)

    assert usable_port("127.0.0.1", port, is_fixed=True) == port


def test_a_taken_port_is_said_when_it_was_asked_for(taken_port: int) -> None:
    with pytest.raises(PortUnusable, match=f"Port {taken_port} is taken .* PORT="):
        usable_port("127.0.0.1", taken_port, is_fixed=True)


def test_the_next_free_port_is_found_otherwise(taken_port: int) -> None:
    assert taken_port < usable_port("127.0.0.1", taken_port, is_fixed=False) <= taken_port + 20


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
def test_an_address_of_another_machine_is_said(host: str) -> None:
    with pytest.raises(PortUnusable, match="not an address of this machine"):
        usable_port(host, 8000, is_fixed=False)
