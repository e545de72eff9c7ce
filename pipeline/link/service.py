"""The end of a service that is asked: it listens, lets in whom it knows, and hands each request to whoever answers it.

Beside the credit links, which carry frames along a tree; here anybody may come and go. Nothing that a caller sends or
leaves undone ends it: what cannot be read is answered so and counted. What requests mean is for the application.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import zmq

from pipeline.call import Call
from pipeline.errors import WireError
from pipeline.link.addresses import to_bind
from pipeline.link.admission import DOMAIN, Admission
from pipeline.link.hub import Hub, bound_socket
from pipeline.link.keys import ServerKeys
from pipeline.link.monitor import HANDSHAKE_FAILURES, Monitor
from pipeline.planes import Part
from pipeline.wire import decode_call, encode_call

MALFORMED, REFUSED = "malformed", "refused"  # answers of the service itself, with the reason in ``why``

HEARTBEAT_MS = 2000  # a host that vanished is noticed after three of them
HANDSHAKE_MS = 2000
_SMALLEST = 1 << 14  # a header of a call, with room
_SEAL = 64  # bytes that CURVE adds to a part, at most; the limit is compared with what comes on the wire
_WAITING = 16  # messages of one caller that wait to be read, or to be taken by it, before it is not read any more
_AT_ONCE = 64  # requests that are taken before others have their turn


def limit(largest: int) -> int:
    """``ZMQ_MAXMSGSIZE`` for planes of that many bytes."""
    return max(largest, _SMALLEST) + _SEAL


@dataclass(frozen=True, slots=True)
class Peer:
    """Who asked. ``connection``: of it. ``name``: of its key; nothing where there are no keys."""

    connection: bytes
    name: str


@dataclass(slots=True)
class Seen:
    """What a service has turned away, and answers that found nobody any more."""

    malformed: int = 0
    refused: int = 0
    handshakes_failed: int = 0
    gone: int = 0


class Service:
    """Raises ConfigError for an address that will not do, ResourceError where it cannot listen.

    ``largest``: bytes of the largest plane that is taken; whoever sends more is cut off. ``keys``: without, the service
    is for this host alone.
    """

    def __init__(self, hub: Hub, address: str, keys: ServerKeys | None, largest: int) -> None:
        checked = to_bind(address, keys is not None)
        self._hub = hub
        self._seen = Seen()
        self._admission: Admission | None = None
        socket = self._socket = hub.socket(zmq.ROUTER, limit(largest))
        socket.setsockopt(zmq.RCVHWM, _WAITING)
        socket.setsockopt(zmq.SNDHWM, _WAITING)
        socket.setsockopt(zmq.IPV6, checked.six)
        socket.setsockopt(zmq.HEARTBEAT_IVL, HEARTBEAT_MS)
        socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, 3 * HEARTBEAT_MS)
        socket.setsockopt(zmq.HANDSHAKE_IVL, HANDSHAKE_MS)
        if keys is not None:
            self._admission = Admission(hub, keys.clients)
            socket.curve_server = True
            socket.curve_secretkey = keys.own.secret.encode()
            socket.setsockopt_string(zmq.ZAP_DOMAIN, DOMAIN)
            socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)
        self._monitor = Monitor(hub, socket)
        bound_socket(hub, socket, address)
        self.address = socket.getsockopt_string(zmq.LAST_ENDPOINT)

    @property
    def seen(self) -> Seen:
        """As of now."""
        self._seen.refused += self._taken_refusals()
        return self._seen

    def allow(self, keys: ServerKeys) -> None:
        """Another list of who may connect; whoever is not on it any more is refused from here on."""
        if self._admission is not None:
            self._admission.clients = keys.clients

    def receive(self) -> list[tuple[Peer, Call]]:
        """The requests that have come, in their order; at most so many that others have their turn."""
        if self._admission is not None:
            self._admission.attend()
        for happened in self._monitor.events():
            self._seen.handshakes_failed += happened.kind in HANDSHAKE_FAILURES
        came = []
        for _ in range(_AT_ONCE):
            try:
                frames = self._socket.recv_multipart(zmq.NOBLOCK, copy=False)
            except zmq.Again:
                break
            if (one := self._read(frames)) is not None:
                came.append(one)
        return came

    def answer(self, peer: Peer, call: Call) -> bool:
        """Whether it could be sent: a caller that went away, or takes no answers, is no error."""
        return self._send(peer.connection, call)

    def close(self) -> None:
        """Answers that were sent are given time to leave by ``Hub.close``."""
        self._monitor.close()

    def _read(self, frames: list[zmq.Frame]) -> tuple[Peer, Call] | None:
        peer, name = frames[0].bytes, ""
        if self._admission is not None:
            known = self._admission.clients.get(_user(frames[-1]))
            if known is None:
                self._seen.refused += 1
                self._send(peer, Call(REFUSED, 0, {"why": "its key is not on the list any more"}))
                return None
            name = known
        try:
            parts: list[Part] = [frame.buffer for frame in frames[1:]]
            return Peer(peer, name), decode_call(parts)
        except WireError as e:
            self._seen.malformed += 1
            self._send(peer, Call(MALFORMED, 0, {"why": str(e)}))
            return None

    def _send(self, peer: bytes, call: Call) -> bool:
        try:
            self._socket.send_multipart([peer, *encode_call(call)], zmq.NOBLOCK)
        except zmq.ZMQError as e:
            if e.errno not in (zmq.EHOSTUNREACH, zmq.EAGAIN):
                raise
            self._seen.gone += 1
            return False
        return True

    def _taken_refusals(self) -> int:
        if self._admission is None:
            return 0
        refused, self._admission.refused = self._admission.refused, 0
        return refused


def _user(frame: zmq.Frame) -> str:
    """The public key that the message's connection proved to have."""
    with contextlib.suppress(zmq.ZMQError):
        return str(frame.get("User-Id"))
    return ""
