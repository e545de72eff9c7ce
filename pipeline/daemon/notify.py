"""sd_notify: what the service manager is told, as a datagram to the socket named in NOTIFY_SOCKET; see sd_notify(3).

Without that variable every call does nothing. A manager that does not listen is no reason to stop working.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping


class Notifier:
    """Tells the service manager how things are."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        given = environment.get("NOTIFY_SOCKET", "")
        # "@" stands for the zero byte with which the name of an abstract socket begins.
        self._address = "\0" + given[1:] if given.startswith("@") else given
        self._socket: socket.socket | None = None
        if given.startswith(("@", "/")):
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.watchdog_s = _watchdog_s(environment) if self._socket else None

    def tell(self, **fields: str | int) -> None:
        """One datagram, such as ``tell(READY=1, STATUS="live")``; a field's value is one line."""
        if self._socket is None:
            return
        lines = "\n".join(f"{name}={' '.join(str(value).split())}" for name, value in fields.items())
        with contextlib.suppress(OSError):
            self._socket.sendto(lines.encode(errors="replace"), self._address)

    def close(self) -> None:
        """Release the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _watchdog_s(environment: Mapping[str, str]) -> float | None:
    """How often a sign of life is to be given, half of the manager's patience; None: it expects none of us."""
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    given = environment.get("WATCHDOG_USEC", "")
    return max(0.1, int(given) / 2e6) if given.isascii() and given.isdigit() and int(given) > 0 else None
