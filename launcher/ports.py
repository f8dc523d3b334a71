"""Free ports on the loopback address."""

import socket
from itertools import islice

ATTEMPTS = 200


class PortError(Exception):
    """No free port was found."""


def first_free(base: int, *, step: int = 1) -> int:
    """Return the first free port of base, base + step, …: two checkouts can run side by side."""
    for port in islice(range(base, 65_536, step), ATTEMPTS):
        if is_free(port):
            return port
    raise PortError(f"no free port from {base} upwards")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port that only waits for stragglers of an ended connection is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
