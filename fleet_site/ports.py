"""Find out whether an address can be served before a server is started."""

import errno
import socket

MAX_TRIES = 20


class PortUnusable(Exception):
    """The address cannot be served; the message says why and what to do."""


def usable_port(host: str, port: int, *, is_fixed: bool) -> int:
    """Return ``port`` if it is free on ``host``, else the next free one; 0 asks for any.

    Raises:
        PortUnusable: the port is taken and ``is_fixed``, no other is free, or ``host`` is not of this machine.
    """
    for candidate in range(port, min(port + MAX_TRIES, 65536)) if port else (0,):
        try:
            return _try(host, candidate)
        except OSError as error:
            if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
                raise PortUnusable(
                    f"{host} is not an address of this machine. Use 127.0.0.1 or 0.0.0.0."
                ) from error
            if error.errno == errno.EACCES:
                raise PortUnusable(
                    f"Port {candidate} needs special rights. Choose one from 1024 up."
                ) from error
            if is_fixed:
                raise PortUnusable(
                    f"Port {candidate} is taken by another program. Choose another with PORT=…, or leave it out."
                ) from error
    raise PortUnusable(f"The ports from {port} on are all taken. Choose another with PORT=….")


def _try(host: str, port: int) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        number: int = probe.getsockname()[1]
        return number
