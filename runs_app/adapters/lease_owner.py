"""Who holds a lease: this process, for one time that it holds it."""

import os
import secrets
import socket


def new_owner() -> str:
    """Return a name of this process that no other hold of a lease has, of at most 64 characters.

    One process that lost something and took it again is two owners.
    """
    return f"{socket.gethostname()[:30]}|{os.getpid()}|{secrets.token_hex(6)}"
