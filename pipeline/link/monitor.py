"""What befalls a socket's connections, of which the socket itself says nothing: CURVE refuses in silence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import zmq
from zmq.utils.monitor import parse_monitor_message

from pipeline.link.hub import Hub

NO_DETAIL = int(zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL)
AUTH = int(zmq.EVENT_HANDSHAKE_FAILED_AUTH)
PROTOCOL = int(zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL)
UP = int(zmq.EVENT_HANDSHAKE_SUCCEEDED)
DOWN = int(zmq.EVENT_DISCONNECTED)
HANDSHAKE_FAILURES = (NO_DETAIL, AUTH, PROTOCOL)


@dataclass(frozen=True, slots=True)
class Happened:
    """``kind``: one of the numbers above. ``value``: libzmq's detail of it."""

    kind: int
    value: int


class Monitor:
    """To be made before the socket is bound or connected; wakes the hub."""

    def __init__(self, hub: Hub, socket: zmq.Socket[bytes]) -> None:
        self._hub, self._watched = hub, socket
        self._socket = socket.get_monitor_socket(UP | DOWN | NO_DETAIL | AUTH | PROTOCOL)
        hub.watch(self._socket)

    def events(self) -> Iterator[Happened]:
        """Those that have come, in their order."""
        while not self._socket.closed:
            try:
                told = parse_monitor_message(self._socket.recv_multipart(zmq.NOBLOCK))
            except zmq.Again:
                return
            yield Happened(int(told["event"]), int(told["value"]))

    def close(self) -> None:
        """Before the socket is closed."""
        self._hub.unwatch(self._socket)
        self._watched.disable_monitor()
        self._socket.close(linger=0)
