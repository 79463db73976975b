"""The address to listen on."""

import socket
from dataclasses import dataclass

from generation.core.errors import InputError

N_PORTS_TRIED = 100


@dataclass(frozen=True)
class Address:
    """A host and a port to listen on."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read `host:port`, such as 127.0.0.1:8000 or [::1]:8000."""
        host, colon, port = text.rpartition(":")
        if not colon or not port.isdecimal() or not 0 < int(port) < 65536:
            raise InputError(f'The address "{text}" cannot be used; write host:port, such as 127.0.0.1:8000.')
        return cls(host=host.strip("[]") or "127.0.0.1", port=int(port))

    @property
    def bind(self) -> str:
        """As gunicorn takes it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """As a browser on this machine takes it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104
        return (
            f"http://[{host}]:{self.port}"
            if ":" in host and not host.startswith("[")
            else f"http://{host}:{self.port}"
        )

    @property
    def is_free(self) -> bool:
        """True if nothing listens there now."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError:
                return False
        return True


def choose(wanted: Address, *, any_port: bool) -> Address:
    """Take the wanted address; if it is taken and any port will do, the next free one.

    Raises
    ------
    InputError
        If the port is taken.
    """
    if wanted.is_free:
        return wanted
    if any_port:
        for port in range(wanted.port + 1, min(wanted.port + N_PORTS_TRIED, 65535) + 1):
            if (candidate := Address(wanted.host, port)).is_free:
                return candidate
    raise InputError(
        f"Another program listens on {wanted.bind}, or this machine does not have that address; "
        f"choose another port, such as --bind {Address(wanted.host, wanted.port % 65535 + 1).bind}, or add --any-port."
    )
