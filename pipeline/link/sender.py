"""The upstream end of a link: credit, what is unacknowledged, and what a restarted receiver must know first."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import zmq

from pipeline.errors import WireError
from pipeline.frame import Event, EventKind, Frame, Item
from pipeline.link.hub import Hub, bound, received
from pipeline.messages import Ledger
from pipeline.planes import Part
from pipeline.wire import MAX_HEADER_BYTES, decode_control, encode_item

HOLD_NS = 30_000_000  # for as long an item waits at most to be one of a burst
COPY_BELOW = 1 << 20  # a lent buffer wakes pyzmq's collector thread; no gain was measured from lending planes
STICKY = (EventKind.CAPS, EventKind.EPOCH, EventKind.LECTURE_START)
_ENDS = {EventKind.LECTURE_STOP: EventKind.LECTURE_START} | {kind: kind for kind in STICKY}


@dataclass(slots=True, eq=False)
class _Waiting:
    number: int
    item: Item
    done: Callable[[], None]
    before: tuple[_Waiting, ...]  # the sticky events that hold for it, in the order in which they were offered
    parts: list[Part] | None = None

    @property
    def kind(self) -> EventKind | None:
        return self.item.kind if isinstance(self.item, Event) else None


def _after(holding: tuple[_Waiting, ...], newest: _Waiting) -> tuple[_Waiting, ...]:
    """The sticky events that hold after ``newest``, if ``holding`` are those that held before."""
    if newest.kind not in _ENDS:
        return holding
    kept = tuple(waiting for waiting in holding if waiting.kind is not _ENDS[newest.kind])
    return (*kept, newest) if newest.kind in STICKY else kept


class Sender:
    """Binds; talks to whichever receiver said hello last."""

    def __init__(self, hub: Hub, address: str, link: str, window: int, leaky: str = "no") -> None:
        self.link = link
        self.window = window
        self.leaky = leaky
        self._offered = self._acknowledged = self._leaked = self._resent = self._abandoned = 0
        self._socket = bound(hub, zmq.ROUTER, address, MAX_HEADER_BYTES)
        self._peer: bytes | None = None
        self._number = 0
        self._queue: deque[_Waiting] = deque()
        self._out: dict[int, _Waiting] = {}
        self._holding: tuple[_Waiting, ...] = ()  # sticky events as of the last that was offered
        self._told: tuple[_Waiting, ...] = ()  # sticky events as this peer knows them
        self._unlinked = False
        # So many frames wait for each other, or until ``flush``; events, and the first frame of all, wait for nobody.
        self.burst = 1
        self._since_ns = 0  # when the first of those in the queue was offered

    @property
    def full(self) -> bool:
        """Whether one more item would have to wait; a leaky link never makes its upstream wait."""
        return self.leaky == "no" and not self.has_room

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
        counts = {"leaky": self._leaked, "unlinked": self._abandoned}
        dropped = {reason: count for reason, count in counts.items() if count}
        held = self._offered - self._acknowledged - self._leaked - self._abandoned
        return Ledger(self._offered, self._acknowledged, held, dropped, resent=self._resent)

    def offer(self, item: Item, done: Callable[[], None]) -> None:
        """Send when there is credit; ``done`` is called once the item was acknowledged or dropped by leaking."""
        self._number += 1
        waiting = _Waiting(self._number, item, done, self._holding)
        self._holding = _after(self._holding, waiting)
        if isinstance(item, Frame):
            self._offered += 1
            if self.leaky != "no" and self._leak(waiting):
                return
        if self.burst > 1 and not self._queue:
            self._since_ns = time.monotonic_ns()
        self._queue.append(waiting)
        if self._unlinked:
            self._abandon()
        if len(self._queue) >= self.burst or isinstance(item, Event) or self._offered == 1:
            self._pump()

    def serve(self) -> None:
        """Read acknowledgements and hellos, and send what they make room for and no burst needs. Raises WireError."""
        while (parts := received(self._socket)) is not None:
            if len(parts) != 2:
                raise WireError(f"link {self.link}: a control message of {len(parts) - 1} parts")
            try:
                kind, numbers = decode_control(parts[1], self.link)
            except WireError as e:
                raise WireError(f"link {self.link}: {e}") from e
            peer = bytes(parts[0])
            if kind == "hello":
                self._greet(peer)
            elif peer == self._peer:
                self._settle(numbers)
        self.flush(HOLD_NS)

    def flush(self, older_ns: int = 0) -> None:
        """Send what waits, as far as there is credit: now, or if it has waited for so long."""
        if self._queue and (self.burst == 1 or not older_ns or time.monotonic_ns() - self._since_ns >= older_ns):
            self._pump()

    def _settle(self, numbers: tuple[int, ...]) -> None:
        for number in numbers:
            if (waiting := self._out.pop(number, None)) is not None:
                self._acknowledged += isinstance(waiting.item, Frame)
                self._finish(waiting)

    def unlink(self) -> None:
        """No receiver will ever come again: let go of everything, also of what is offered from now on."""
        self.serve()
        self._unlinked = True
        self._abandon()

    def _abandon(self) -> None:
        left = [*self._out.values(), *self._queue]
        self._out.clear()
        self._queue.clear()
        for waiting in left:
            self._abandoned += isinstance(waiting.item, Frame)
            self._finish(waiting)

    def _finish(self, waiting: _Waiting) -> None:
        waiting.before = ()  # a sticky event lives on, and must not keep its predecessors and theirs alive
        waiting.done()

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
        self._peer, self._told = peer, ()
        for number in sorted(self._out):
            waiting = self._out[number]
            self._resent += isinstance(waiting.item, Frame)
            self._transmit(waiting)
        # Also when nothing is on its way: it learns now, and not with the next frame, in which lecture it is.
        self._prepare(self._queue[0].before if self._queue else self._holding)

    def _pump(self) -> None:
        while self._peer is not None and self._queue and len(self._out) < self.window:
            waiting = self._queue.popleft()
            self._out[waiting.number] = waiting
            self._transmit(waiting)

    def _transmit(self, waiting: _Waiting) -> None:
        self._prepare(waiting.before)
        self._put(waiting)

    def _prepare(self, sticky: tuple[_Waiting, ...]) -> None:
        for waiting in sticky:
            if not any(waiting is told for told in self._told):
                self._put(waiting)

    def _put(self, waiting: _Waiting) -> None:
        if self._peer is None:
            return  # it went away meanwhile; its successor says hello and gets what is unacknowledged
        self._told = _after(self._told, waiting)
        if waiting.parts is None:
            waiting.parts = encode_item(waiting.number, waiting.item)
        large = any(len(part) >= COPY_BELOW for part in waiting.parts)
        try:
            self._socket.send_multipart([self._peer, *waiting.parts], zmq.NOBLOCK, copy=not large)
        except zmq.ZMQError as e:
            if e.errno not in (zmq.EHOSTUNREACH, zmq.EAGAIN):
                raise
            self._peer = None
