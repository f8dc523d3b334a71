"""A TCP line that can be cut, in front of a server that stays well."""

import contextlib
import socket
import struct
from collections.abc import Iterator
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Event, Lock, Thread
from typing import Self

# Closing with this set sends RST, as a line that breaks does, instead of a polite FIN.
ABORT = struct.pack("ii", 1, 0)
BLOCK = 65_536


class Handler(BaseRequestHandler):
    server: "Proxy"

    def handle(self) -> None:
        if self.server.is_cut.is_set():
            abort(self.request)
            return
        with socket.create_connection(("127.0.0.1", self.server.behind)) as upstream:
            self.server.remember(self.request, upstream)
            back = Thread(target=pump, args=(upstream, self.request), daemon=True)
            back.start()
            pump(self.request, upstream)
            back.join()


class Proxy(ThreadingTCPServer):
    """Passes connections on to a port of this machine until it is cut."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, behind: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behind = behind
        self.is_cut = Event()
        self.lock = Lock()
        self.ends: list[socket.socket] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def __enter__(self) -> Self:
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.cut()
        self.server_close()

    def remember(self, *ends: socket.socket) -> None:
        with self.lock:
            self.ends.extend(ends)

    def cut(self) -> None:
        """Break every connection and accept none."""
        self.is_cut.set()
        with self.lock:
            broken, self.ends = self.ends, []
        for end in broken:
            abort(end)

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        self.cut()
        try:
            yield
        finally:
            self.is_cut.clear()


def pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):  # either end may break at any moment; that is what this is for
        while block := source.recv(BLOCK):
            target.sendall(block)
        target.shutdown(socket.SHUT_WR)


def abort(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
        end.shutdown(socket.SHUT_RDWR)
    end.close()
