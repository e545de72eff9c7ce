"""/metrics and /healthz over HTTP, in one thread that only reads the newest snapshot; it never asks the loop anything.

So a loop that hangs is told by the age of its snapshot. GET and HEAD of these two paths and nothing else: a request is
8 KiB at most and has 5 s, an answer 5 s more, a connection carries one request, and there are 16 at most.
"""

from __future__ import annotations

import ipaddress
import json
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.daemon.peers import Peer
from pipeline.daemon.snapshot import Snapshot
from pipeline.errors import ConfigError, ResourceError

_PATIENCE_S = 5.0
_MOST_PEERS = 16
_MOST_IN = 8 * 1024
_MOST_OUT = 4 * 1024 * 1024
_STALE_S = 10.0  # the loop publishes once a second
_STATUS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
_JSON = "application/json"
_TEXT = "text/plain; charset=utf-8"
_EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen. ``exposed``: others than this machine may reach it."""

    host: str
    port: int

    @property
    def exposed(self) -> bool:
        try:
            return not ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host != "localhost"

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str) -> Address:
    """``host:port``, ``[v6]:port`` or ``:port`` for loopback. Raises ConfigError."""
    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65535 or (":" in host and not bracketed):
        raise ConfigError(f'http = "{text}" in [service]: write "127.0.0.1:9101", ":9101" for the same, or "" for none')
    return Address(host.strip("[]") or "127.0.0.1", int(port))


@dataclass(frozen=True, slots=True)
class Answer:
    """Of the HTTP server."""

    status: int
    kind: str
    body: bytes

    def encode(self, with_body: bool = True) -> bytes:
        head = (
            f"HTTP/1.1 {self.status} {_STATUS[self.status]}\r\nContent-Type: {self.kind}\r\n"
            f"Content-Length: {len(self.body)}\r\nCache-Control: no-store\r\nConnection: close\r\n"
        )
        head += "Allow: GET, HEAD\r\n" if self.status == 405 else ""
        return f"{head}\r\n".encode() + (self.body if with_body else b"")


def respond(request: bytes, snapshot: Snapshot, now: float, metrics: Callable[[Snapshot], bytes]) -> bytes:
    """The answer to a request's head. Pure, for any bytes."""
    words = request.split(b"\r\n", 1)[0].split(b"\n", 1)[0].split()
    if len(words) != 3 or not words[2].startswith(b"HTTP/1."):
        return Answer(400, _TEXT, b"this is no HTTP/1 request\n").encode()
    method, target = words[0], words[1].split(b"?", 1)[0]
    if method not in (b"GET", b"HEAD"):
        return Answer(405, _TEXT, b"only GET and HEAD\n").encode()
    if target == b"/metrics":
        answer = Answer(200, _EXPOSITION, metrics(snapshot))
    elif target == b"/healthz":
        answer = health(snapshot, now)
    else:
        answer = Answer(404, _TEXT, b"there is /metrics and /healthz\n")
    return answer.encode(with_body=method == b"GET")


def health(snapshot: Snapshot, now: float) -> Answer:
    """200 while all works, else 503 that names what does not."""
    problems = list(snapshot.degraded)
    if now - snapshot.taken_s > _STALE_S:
        problems.append(f"the supervisor's loop has shown no sign of life for {now - snapshot.taken_s:.0f} s")
    status = "degraded" if problems else "ok" if snapshot.ready else "starting"
    told = {
        "status": status,
        "pipeline": snapshot.pipeline,
        "degraded": problems,
        "stages": {stage: str(state) for stage, state in snapshot.states.items()},
        "source": dict(snapshot.sources),
    }
    return Answer(200 if status == "ok" else 503, _JSON, json.dumps(told).encode() + b"\n")


class HttpServer:
    """Listens from its making until ``close``."""

    def __init__(
        self, address: Address, snapshot: Callable[[], Snapshot], metrics: Callable[[Snapshot], bytes]
    ) -> None:
        """Raises ResourceError if nothing can listen there."""
        self._snapshot = snapshot
        self._metrics = metrics
        self._peers: dict[int, Peer] = {}
        try:
            (family, kind, number, _, where), *_ = socket.getaddrinfo(
                address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )
            self._listening = socket.socket(family, kind, number)
        except OSError as e:
            raise ResourceError(f"http at {address} in [service] is not possible: {e.strerror or e}") from e
        try:
            self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._listening.bind(where)
            self._listening.listen(4 * _MOST_PEERS)
            self._listening.setblocking(False)
        except OSError as e:
            self._listening.close()
            raise ResourceError(f"http at {address} in [service] is not possible: {e.strerror or e}") from e
        self.address = Address(address.host, self._listening.getsockname()[1])  # 0: the system has chosen
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listening, selectors.EVENT_READ)
        self._woken, self._wake = os.pipe()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._ending = False
        self._thread = threading.Thread(target=self._serve, name="http", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening and end what is under way."""
        self._ending = True
        os.write(self._wake, b".")
        self._thread.join()
        for peer in self._peers.values():
            peer.close()
        self._selector.close()
        self._listening.close()
        os.close(self._woken)
        os.close(self._wake)

    def _serve(self) -> None:
        while not self._ending:
            ready = self._selector.select(1.0 if self._peers else None)
            now = time.monotonic()
            for key, mask in ready:
                if (peer := self._peers.get(key.fd)) is not None:
                    self._attend(peer, mask, now)
            for peer in [peer for peer in self._peers.values() if peer.gone or now > peer.deadline]:
                self._selector.unregister(peer.descriptor)
                del self._peers[peer.descriptor]
                peer.close()
            if any(key.fileobj is self._listening for key, _ in ready):
                self._accept(now)  # last: those who have left make room for who comes

    def _accept(self, now: float) -> None:
        try:
            connection, _ = self._listening.accept()
        except OSError:  # it went away again, or there are no descriptors left
            return
        if len(self._peers) >= _MOST_PEERS:
            connection.close()
            return
        peer = Peer(connection, _MOST_IN, _MOST_OUT, now + _PATIENCE_S)
        self._peers[peer.descriptor] = peer
        self._selector.register(peer.descriptor, selectors.EVENT_READ)

    def _attend(self, peer: Peer, mask: int, now: float) -> None:
        if mask & selectors.EVENT_WRITE:
            peer.flush()
            return
        peer.read()
        head, end, _ = bytes(peer.received).partition(b"\r\n\r\n")
        if end and not peer.gone:
            peer.deadline = now + _PATIENCE_S
            peer.write(self._respond(head, now), last=True)
            if not peer.gone:
                self._selector.modify(peer.descriptor, selectors.EVENT_WRITE)
        elif peer.ended:
            peer.gone = True

    def _respond(self, head: bytes, now: float) -> bytes:
        try:
            return respond(head, self._snapshot(), now, self._metrics)
        except Exception:  # noqa: BLE001  one bad figure must not end the thread that tells of all others
            return Answer(500, _TEXT, b"the metrics could not be written\n").encode()
