"""A TCP proxy of the tests' own between a program and a server: it can cut connections, refuse them, and swallow what is sent."""

import select
import socket
import struct
import threading
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

_BLOCK: Final = 1 << 16
_TICK_SECONDS: Final = 0.02
_RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER: a close that tells the other side nothing but "reset"


class TcpProxy:
    """Forwards connections of `port` to a server.

    `cut` resets every connection and refuses new ones; `hole` keeps them open and carries nothing, as a broken switch
    does; `mend` ends either, and what was sent into the hole arrives then.
    """

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server
        self._open, self._carries = threading.Event(), threading.Event()
        self._open.set()
        self._carries.set()
        self._ended = False
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def cut(self) -> int:
        """Reset every connection and refuse new ones; return how many there were."""
        self._open.clear()
        with self._lock:
            pairs, self._pairs = self._pairs, set()
        for pair in pairs:
            _reset(pair)
        return len(pairs)

    def hole(self) -> None:
        """Carry nothing any more, in either direction, and tell nobody."""
        self._carries.clear()

    def mend(self) -> None:
        """Work again."""
        self._open.set()
        self._carries.set()

    @property
    def is_waited_for(self) -> bool:
        """Whether a client has sent something into the hole."""
        with self._lock:
            clients = [client for client, _ in self._pairs]
        return bool(clients and select.select(clients, [], [], 0)[0])

    @property
    def n_connections(self) -> int:
        with self._lock:
            return len(self._pairs)

    def close(self) -> None:
        self._ended = True
        self._carries.set()
        self.cut()
        self._thread.join(timeout=10)
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _accept(self) -> None:
        while not self._ended:
            ready, _, _ = select.select([self._listener], [], [], _TICK_SECONDS)
            if not ready:
                continue
            client, _ = self._listener.accept()
            try:
                if not self._open.is_set():
                    raise ConnectionRefusedError
                server = socket.create_connection(self._server, timeout=10)
            except OSError:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                client.close()
                continue
            with self._lock:
                self._pairs.add((client, server))
            threading.Thread(target=self._carry, args=((client, server),), daemon=True).start()

    def _carry(self, pair: tuple[socket.socket, socket.socket]) -> None:
        """Forward in both directions until one side ends."""
        other = {pair[0]: pair[1], pair[1]: pair[0]}
        with suppress(OSError, ValueError):  # closed by `cut`
            while self._carries.wait() and not self._ended:
                ready, _, _ = select.select(pair, [], [], _TICK_SECONDS)
                if not self._carries.is_set():
                    continue  # what arrived lies in the socket until it is mended
                for one in ready:
                    if not (block := one.recv(_BLOCK)):
                        raise ConnectionAbortedError
                    other[one].sendall(block)
        with self._lock:
            self._pairs.discard(pair)
        _reset(pair)


def _reset(pair: tuple[socket.socket, socket.socket]) -> None:
    for one in pair:
        with suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            one.close()
