"""Credit links over ZeroMQ, and the bus; the only file that imports zmq.

A sender never has more than ``window`` items out unacknowledged. An acknowledgement means that everybody behind the
receiver is done with the item too. What is unacknowledged is sent again to a receiver that was restarted. ZeroMQ's
own high-water mark is neither flow control nor durability, so it is switched off; memory is bounded by the window.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import zmq

from pipeline.caps import Caps
from pipeline.errors import ConfigError, ResourceError, WireError
from pipeline.frame import Event, EventKind, Frame, Item
from pipeline.messages import BusMessage, Ledger
from pipeline.wire import (
    MAX_HEADER_BYTES,
    MAX_PART_BYTES,
    Part,
    decode_control,
    decode_item,
    decode_message,
    encode_ack,
    encode_hello,
    encode_item,
    encode_message,
)

LINGER_MS = 1000
RECONNECT_MS = 10
_COPY_BELOW = 1 << 20  # a lent buffer wakes pyzmq's collector thread; no gain was measured from lending planes


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


def _bound(hub: Hub, kind: int, address: str, largest: int) -> zmq.Socket[bytes]:
    socket = hub.socket(kind, largest)
    try:
        socket.bind(address)
    except zmq.ZMQError as e:
        socket.close()
        raise ResourceError(f"cannot listen on {address}: {e.strerror}") from e
    hub.watch(socket)
    return socket


def _receive(socket: zmq.Socket[bytes]) -> list[memoryview] | None:
    try:
        return [frame.buffer for frame in socket.recv_multipart(zmq.NOBLOCK, copy=False)]
    except zmq.Again:
        return None


@dataclass(slots=True, eq=False)
class _Waiting:
    number: int
    item: Item
    parts: list[Part] | None
    done: Callable[[], None]
    caps: _Waiting | None  # the CAPS event that holds for it


class Sender:
    """The upstream end of a link. Binds; talks to whichever receiver said hello last."""

    def __init__(self, hub: Hub, address: str, link: str, window: int, leaky: str = "no") -> None:
        self.link = link
        self.window = window
        self.leaky = leaky
        self._offered = self._acknowledged = self._leaked = self._resent = 0
        self._socket = _bound(hub, zmq.ROUTER, address, MAX_HEADER_BYTES)
        self._peer: bytes | None = None
        self._number = 0
        self._queue: deque[_Waiting] = deque()
        self._out: dict[int, _Waiting] = {}
        self._caps: _Waiting | None = None  # the last that was offered
        self._told: _Waiting | None = None  # the last that was sent to this peer

    @property
    def full(self) -> bool:
        """Whether one more item would have to wait; a leaky link never makes its upstream wait."""
        return self.leaky == "no" and len(self._out) + len(self._queue) >= self.window

    @property
    def has_room(self) -> bool:
        """Whether one more item would be sent at once."""
        return len(self._out) + len(self._queue) < self.window

    @property
    def idle(self) -> bool:
        """Whether everything given to this link was acknowledged."""
        return not self._out and not self._queue

    @property
    def ledger(self) -> Ledger:
        """The accounts of this link, in frames."""
        dropped = {"leaky": self._leaked} if self._leaked else {}
        held = self._offered - self._acknowledged - self._leaked
        return Ledger(self._offered, self._acknowledged, held, dropped, resent=self._resent)

    def offer(self, item: Item, done: Callable[[], None]) -> None:
        """Send when there is credit; ``done`` is called once the item was acknowledged or dropped by leaking."""
        self._number += 1
        if isinstance(item, Event) and item.kind is EventKind.CAPS:
            waiting = self._caps = _Waiting(self._number, item, None, done, None)
        else:
            waiting = _Waiting(self._number, item, None, done, self._caps)
        if isinstance(item, Frame):
            self._offered += 1
            if self.leaky != "no" and self._leak(waiting):
                return
        self._queue.append(waiting)
        self._pump()

    def serve(self) -> None:
        """Read acknowledgements and hellos, and send what they make room for. Raises WireError."""
        while (parts := _receive(self._socket)) is not None:
            if len(parts) != 2:
                raise WireError(f"link {self.link}: a control message of {len(parts) - 1} parts")
            try:
                kind, number = decode_control(parts[1], self.link)
            except WireError as e:
                raise WireError(f"link {self.link}: {e}") from e
            peer = bytes(parts[0])
            if kind == "hello":
                self._greet(peer)
            elif peer == self._peer and (waiting := self._out.pop(number, None)) is not None:
                self._acknowledged += isinstance(waiting.item, Frame)
                waiting.done()
        self._pump()

    def _leak(self, newest: _Waiting) -> bool:
        """Make room in a full queue; True if it was ``newest`` that had to go."""
        frames = [waiting for waiting in self._queue if isinstance(waiting.item, Frame)]
        if len(frames) < self.window:
            return False
        victim = newest if self.leaky == "upstream" else frames[0]
        if victim is not newest:
            self._queue.remove(victim)
        self._leaked += 1
        victim.done()
        return victim is newest

    def _greet(self, peer: bytes) -> None:
        self._peer, self._told = peer, None
        for number in sorted(self._out):
            waiting = self._out[number]
            self._resent += isinstance(waiting.item, Frame)
            self._transmit(waiting)

    def _pump(self) -> None:
        while self._peer is not None and self._queue and len(self._out) < self.window:
            waiting = self._queue.popleft()
            self._out[waiting.number] = waiting
            self._transmit(waiting)

    def _transmit(self, waiting: _Waiting) -> None:
        if isinstance(waiting.item, Event) and waiting.item.kind is EventKind.CAPS:
            self._told = waiting
        elif waiting.caps is not None and waiting.caps is not self._told:
            self._transmit(waiting.caps)  # a restarted receiver needs the caps before anything they hold for
        if self._peer is None:
            return  # it went away meanwhile; its successor says hello and gets what is unacknowledged
        if waiting.parts is None:
            waiting.parts = encode_item(waiting.number, waiting.item)
        large = any(len(part) >= _COPY_BELOW for part in waiting.parts)
        try:
            self._socket.send_multipart([self._peer, *waiting.parts], zmq.NOBLOCK, copy=not large)
        except zmq.ZMQError as e:
            if e.errno not in (zmq.EHOSTUNREACH, zmq.EAGAIN):
                raise
            self._peer = None


class Receiver:
    """The downstream end of a link. Connects and says hello."""

    def __init__(self, hub: Hub, address: str, link: str) -> None:
        self.link = link
        self._caps: Caps | None = None
        self._socket = hub.socket(zmq.DEALER, MAX_PART_BYTES)
        self._socket.connect(address)
        self._socket.send(encode_hello(link))
        hub.watch(self._socket)
        self._hub = hub

    def pause(self, paused: bool) -> None:
        """Let messages wait in the socket, while what is downstream is full."""
        (self._hub.unwatch if paused else self._hub.watch)(self._socket)

    def receive(self) -> tuple[int, Item] | None:
        """The next item and its number, or None if there is none now. Raises WireError naming the link."""
        parts = _receive(self._socket)
        if parts is None:
            return None
        try:
            number, item = decode_item(parts, self._caps)
            if isinstance(item, Event) and item.kind is EventKind.CAPS:
                self._caps = Caps.parse(str(item.data.get("caps")))
        except (WireError, ConfigError) as e:
            raise WireError(f"link {self.link}: {e}") from e
        return number, item

    def acknowledge(self, number: int) -> None:
        """This item and all that came of it are done with."""
        self._socket.send(encode_ack(number))


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
        self._socket = _bound(hub, zmq.ROUTER, address, MAX_HEADER_BYTES)

    def receive(self) -> tuple[bytes, BusMessage] | None:
        """Who sent it (an opaque identity) and the next message. Raises WireError."""
        parts = _receive(self._socket)
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
        parts = _receive(self._socket)
        if parts is None:
            return None
        return _said(parts)
