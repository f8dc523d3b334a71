"""Free ports on the loopback address."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

ATTEMPTS = 200


class PortError(Exception):
    """No free port was found."""


@contextmanager
def reserved(base: int) -> Iterator[int]:
    """Yield the first free port from `base` upwards and keep other launchers off it meanwhile."""
    for port in range(base, min(base + ATTEMPTS, 65_536)):
        if not is_free(port):
            continue
        with socket.socket(socket.AF_UNIX) as claim:
            if is_claimed(claim, port):
                continue
            yield port
            return
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


def is_claimed(claim: socket.socket, port: int) -> bool:
    """Claim the port among launchers: between its choice and the server's start it would look free to another one.

    The claim is a name in Linux's abstract socket space, which vanishes with the process.
    """
    if sys.platform != "linux":
        return False
    try:
        claim.bind(f"\0agileadapt-port-{port}")
    except OSError:
        return True
    return False
