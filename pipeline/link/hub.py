"""What a process waits on: its ZeroMQ sockets and any file descriptors, polled by the one thread that it has."""

from __future__ import annotations

from pathlib import Path

import zmq

from pipeline.errors import ResourceError

LINGER_MS = 1000
RECONNECT_MS = 10
SLOWEST_RECONNECT_MS = 100  # a neighbour that is FAILED may not come back for days


def endpoint(folder: Path | str, name: str) -> str:
    """The ipc endpoint of that name in a run's private folder."""
    return f"ipc://{folder}/{name}"


class Hub:
    """The ZeroMQ context of a process and a poller over its sockets and any file descriptors."""

    def __init__(self) -> None:
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._poller = zmq.Poller()

    def socket(self, kind: int, largest: int) -> zmq.Socket[bytes]:
        """A socket whose options are set before it is bound or connected."""
        socket = self.context.socket(kind)
        socket.setsockopt(zmq.LINGER, LINGER_MS)
        socket.setsockopt(zmq.SNDHWM, 0)
        socket.setsockopt(zmq.RCVHWM, 0)
        socket.setsockopt(zmq.MAXMSGSIZE, largest)
        socket.setsockopt(zmq.RECONNECT_IVL, RECONNECT_MS)
        socket.setsockopt(zmq.RECONNECT_IVL_MAX, SLOWEST_RECONNECT_MS)
        if kind == zmq.ROUTER:
            socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
        return socket

    def watch(self, what: zmq.Socket[bytes] | int) -> None:
        """Wake ``wait`` when ``what`` is readable."""
        self._poller.register(what, zmq.POLLIN)

    def unwatch(self, what: zmq.Socket[bytes] | int) -> None:
        """Stop watching."""
        if what in self._poller:
            self._poller.unregister(what)

    def wait(self, timeout_s: float) -> bool:
        """Block until something watched is readable or the time is up; whether something was."""
        return bool(self._poller.poll(max(0, round(timeout_s * 1000))))

    def close(self) -> None:
        """Close all sockets; what is queued is given ``LINGER_MS`` to leave."""
        self.context.destroy(LINGER_MS)


def bound(hub: Hub, kind: int, address: str, largest: int) -> zmq.Socket[bytes]:
    """A socket that listens. Raises ResourceError."""
    socket = hub.socket(kind, largest)
    bound_socket(hub, socket, address)
    return socket


def bound_socket(hub: Hub, socket: zmq.Socket[bytes], address: str) -> None:
    """Have it listen, with the options it was given. Raises ResourceError."""
    try:
        socket.bind(address)
    except zmq.ZMQError as e:
        socket.close()
        raise ResourceError(f"cannot listen on {address}: {e.strerror}") from e
    hub.watch(socket)


def received(socket: zmq.Socket[bytes]) -> list[memoryview] | None:
    """The parts of the next message, or None if there is none now."""
    try:
        return [frame.buffer for frame in socket.recv_multipart(zmq.NOBLOCK, copy=False)]
    except zmq.Again:
        return None
