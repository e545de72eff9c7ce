"""The bus: what children say to the supervisor, and what they are told."""

from __future__ import annotations

import zmq

from pipeline.errors import WireError
from pipeline.link.hub import Hub, bound, received
from pipeline.messages import BusMessage
from pipeline.wire import MAX_HEADER_BYTES, decode_message, encode_message


def _said(parts: list[memoryview]) -> BusMessage:
    if len(parts) != 1:
        raise WireError(f"bus: a message of {len(parts)} parts")
    try:
        return decode_message(parts[0])
    except WireError as e:
        raise WireError(f"bus: {e}") from e


class BusServer:
    """The supervisor's end of the bus."""

    def __init__(self, hub: Hub, address: str) -> None:
        self._socket = bound(hub, zmq.ROUTER, address, MAX_HEADER_BYTES)

    def receive(self) -> tuple[bytes, BusMessage] | None:
        """Who sent it (an opaque identity) and the next message. Raises WireError."""
        parts = received(self._socket)
        if parts is None:
            return None
        return bytes(parts[0]), _said(parts[1:])

    def send(self, peer: bytes, message: BusMessage) -> None:
        """Tell one child; a child that is gone is no error."""
        try:
            self._socket.send_multipart([peer, encode_message(message)], zmq.NOBLOCK)
        except zmq.ZMQError as e:
            if e.errno not in (zmq.EHOSTUNREACH, zmq.EAGAIN):
                raise


class BusClient:
    """A child's end of the bus."""

    def __init__(self, hub: Hub, address: str) -> None:
        self._socket = hub.socket(zmq.DEALER, MAX_HEADER_BYTES)
        self._socket.connect(address)
        hub.watch(self._socket)

    def send(self, message: BusMessage) -> None:
        """Tell the supervisor."""
        self._socket.send(encode_message(message))

    def receive(self) -> BusMessage | None:
        """The next message, or None if there is none now. Raises WireError."""
        parts = received(self._socket)
        if parts is None:
            return None
        return _said(parts)
