"""Who may connect to a service: ZeroMQ asks here (ZAP, RFC 27) for every connection that proved to have its key.

Answered in the loop that serves the service: a process has one thread for its sockets. It knows keys, no messages.
"""

from __future__ import annotations

from collections.abc import Mapping

import zmq
from zmq.utils import z85

from pipeline.link.hub import Hub, bound

DOMAIN = "slidetap"
_ADDRESS = "inproc://zeromq.zap.01"  # where libzmq asks, in each context
_VERSION = b"1.0"
_LARGEST = 4096


class Admission:
    """To be made before the service's socket: libzmq lets everybody in while nobody answers here."""

    def __init__(self, hub: Hub, clients: Mapping[str, str]) -> None:
        """``clients``: the public keys that may connect, and whose each is."""
        self.clients = clients
        self.refused = 0
        self._socket = bound(hub, zmq.REP, _ADDRESS, _LARGEST)

    def attend(self) -> None:
        """Answer all who ask now."""
        while True:
            try:
                parts = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            number = parts[1] if len(parts) > 1 else b""
            self._socket.send_multipart([_VERSION, number, *self._verdict(parts)])

    def _verdict(self, parts: list[bytes]) -> list[bytes]:
        """Status, text, user and metadata. The user is the public key, which each message then carries."""
        match parts:
            case [version, _, domain, _, _, b"CURVE", key] if version == _VERSION and domain == DOMAIN.encode():
                public = z85.encode(key)
                if public.decode() in self.clients:
                    return [b"200", b"", public, b""]
        self.refused += 1
        return [b"400", b"not on the list", b"", b""]
