"""The end of a service that asks: it connects, says what became of the connection, sends requests, takes answers.

A wrong key is told within seconds, though CURVE itself refuses in silence. It keeps no requests: what was sent on a
connection that broke is lost, and whoever asked decides whether to ask again.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import TypeAlias

import zmq

from pipeline.call import Call
from pipeline.errors import ConfigError, WireError
from pipeline.link import monitor
from pipeline.link.addresses import to_connect
from pipeline.link.hub import Hub, received
from pipeline.link.keys import ClientKeys
from pipeline.link.monitor import Monitor
from pipeline.link.service import HANDSHAKE_MS, HEARTBEAT_MS, REFUSED, limit
from pipeline.wire import decode_call, encode_call

_CLOSED = (errno.EPIPE, errno.ECONNRESET)  # by the far end; one that is stopped or cut off lets the handshake time out
_CLOSED_TWICE = 2  # a server that is just being restarted may break off one handshake, not the next one too
_MECHANISM_MISMATCH = int(zmq.PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH)


@dataclass(frozen=True, slots=True)
class Up:
    """Connected, keys compared."""


@dataclass(frozen=True, slots=True)
class Down:
    """The connection is no more; another is tried by itself."""


@dataclass(frozen=True, slots=True)
class Refused:
    """It will not come to anything with these keys. ``why``: the rest of a sentence that begins with the service."""

    why: str


Happening: TypeAlias = "Call | Up | Down | Refused"


class Caller:
    """Begins to connect at once. Raises ConfigError for an address that will not do.

    ``largest``: bytes of the largest plane that an answer may have.
    """

    def __init__(self, hub: Hub, address: str, keys: ClientKeys | None, largest: int) -> None:
        checked = to_connect(address, keys is not None)
        self._hub, self._address, self._keys = hub, address, keys
        self._broken_off = 0
        socket = self._socket = hub.socket(zmq.DEALER, limit(largest))
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.IMMEDIATE, 1)  # nothing waits in a socket for a connection that may never come
        socket.setsockopt(zmq.IPV6, checked.six)
        socket.setsockopt(zmq.HEARTBEAT_IVL, HEARTBEAT_MS)
        socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, 3 * HEARTBEAT_MS)
        socket.setsockopt(zmq.HANDSHAKE_IVL, HANDSHAKE_MS)
        if keys is not None:
            socket.curve_serverkey = keys.server.encode()
            socket.curve_publickey = keys.own.public.encode()
            socket.curve_secretkey = keys.own.secret.encode()
        self._monitor = Monitor(hub, socket)
        hub.watch(socket)
        try:
            socket.connect(address)
        except zmq.ZMQError as e:
            self.close()
            raise ConfigError(f"cannot connect to {address}: {e.strerror}") from e

    def send(self, call: Call) -> bool:
        """Whether there is a connection to send it on."""
        try:
            self._socket.send_multipart(encode_call(call), zmq.NOBLOCK)
        except zmq.Again:
            return False
        return True

    def next(self, timeout_s: float) -> Happening | None:
        """What happens next, waited for; None if nothing did. Raises WireError for an answer that cannot be read."""
        happened = self._now()
        if happened is None and self._hub.wait(timeout_s):
            happened = self._now()
        return happened

    def close(self) -> None:
        """What was asked is not answered any more."""
        self._monitor.close()
        self._hub.unwatch(self._socket)
        self._socket.close(linger=0)

    def _now(self) -> Happening | None:
        parts = received(self._socket)  # before the monitor: an answer may have come before the connection broke
        if parts is not None:
            try:
                call = decode_call(parts)
            except WireError as e:
                raise WireError(f"{self._address}: {e}") from e
            return Refused(f"refuses this key: {call.data.get('why')}") if call.kind == REFUSED else call
        for told in self._monitor.events():
            if (happened := self._meaning(told)) is not None:
                return happened
        return None

    def _meaning(self, told: monitor.Happened) -> Happening | None:
        if told.kind == monitor.UP:
            self._broken_off = 0
            return Up()
        if told.kind == monitor.DOWN:
            return Down()
        if told.kind == monitor.AUTH:
            return Refused("refuses this key: its .public file is not among the service's clients")
        if told.kind == monitor.PROTOCOL:
            if told.value == _MECHANISM_MISMATCH and self._keys is None:
                return Refused("wants keys; name their folder")
            if told.value == _MECHANISM_MISMATCH:
                return Refused("has no keys; start it with keys, or go without them on one host")
            return Refused(f"is no such service: it speaks another protocol ({told.value:#x})")
        self._broken_off += told.value in _CLOSED
        if self._broken_off < _CLOSED_TWICE:
            return None
        if self._keys is None:
            return Refused("breaks off when it is spoken to; it wants keys, or is no such service")
        return Refused("breaks off when keys are compared; server.public is not its key, or it has none")
