"""What the reading thread hands to the run loop: connections made and lost, and packets, in order and bounded in bytes.

The queue wakes the run loop through an eventfd: for each packet, or where only key pictures are urgent for several at
once. What does not fit is dropped up to the next key picture.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, TypeVar

from av.codec.context import CodecContext
from av.packet import Packet
from av.stream import Stream

from stages.decoder.live.faults import Fault


@dataclass(frozen=True, slots=True)
class Connected:
    """A connection stands. ``streams``: its description for an EPOCH; ``video``: which of them is decoded."""

    codec: CodecContext
    name: str
    width: int
    height: int
    fps: Fraction
    time_base: Fraction
    sar: float
    streams: bytes
    video: int


@dataclass(frozen=True, slots=True)
class Arrived:
    """A packet as it came. ``stream``: its place in the description. ``ticks``: its time base is its stream's own."""

    packet: Packet[Stream]
    stream: int
    video: bool
    key: bool
    corrupt: bool
    pts: int | None
    dts: int | None
    duration: int
    nbytes: int
    arrived_ns: int


@dataclass(frozen=True, slots=True)
class Changed:
    """From here on the packets have other parameters, in mid-stream: ``streams`` describes them."""

    streams: bytes


@dataclass(frozen=True, slots=True)
class Lost:
    """A connection, or an attempt, has ended; the next attempt is in ``retry_s``."""

    fault: Fault
    retry_s: float


@dataclass(frozen=True, slots=True)
class Overflowed:
    """So many packets found no room here; the next one is a key picture."""

    count: int


@dataclass(frozen=True, slots=True)
class Crashed:
    """The thread itself has failed; ``why`` holds no URL."""

    why: str


Arrival = Connected | Changed | Arrived | Lost | Overflowed | Crashed
T = TypeVar("T")


class Backlog(Generic[T]):
    """Items in order, of which droppable ones may take ``limit`` bytes together."""

    def __init__(self, limit: int, overflowed: Callable[[int], T]) -> None:
        self._limit = limit
        self._overflowed = overflowed
        self._items: deque[tuple[T, int]] = deque()
        self._dropped = 0
        self.nbytes = 0
        self.dropped_total = 0

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: T) -> None:
        """An item that is never dropped."""
        self._items.append((item, 0))

    def offer(self, item: T, nbytes: int, key: bool) -> None:
        """A packet: dropped where there is no room, and after that up to the next key picture."""
        full = self.nbytes + nbytes > self._limit
        if full or (self._dropped and not key):
            self._dropped += 1
            self.dropped_total += 1
            return
        if self._dropped:
            self._items.append((self._overflowed(self._dropped), 0))
            self._dropped = 0
        self.nbytes += nbytes
        self._items.append((item, nbytes))

    def peek(self) -> T | None:
        """The oldest item, which stays; None if there is none."""
        return self._items[0][0] if self._items else None

    def skip(self, is_key: Callable[[T], bool]) -> int:
        """Drop packets up to the last key picture that lies before any other item; returns how many."""
        best = 0
        for index, (item, nbytes) in enumerate(self._items):
            if not nbytes:
                break
            if is_key(item):
                best = index
        for _ in range(best):
            self.get()
        return best

    def get(self) -> T | None:
        """The oldest item; None if there is none."""
        if not self._items:
            return None
        item, nbytes = self._items.popleft()
        self.nbytes -= nbytes
        return item


class Mailbox:
    """A Backlog between two threads; ``descriptor`` is readable while there may be something in it.

    ``patience_ns``: for so long packets wait for others, unless a key picture or anything else is among them.
    """

    def __init__(self, limit: int) -> None:
        self.patience_ns = 0
        self._urgent = False  # something that must not wait, or has waited long enough
        self._emptied_ns = 0
        self._lock = threading.Lock()
        self._backlog: Backlog[Arrival] = Backlog(limit, Overflowed)
        self.descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._closed = False

    def put(self, item: Arrival) -> None:
        with self._lock:
            if self._closed:
                return
            if isinstance(item, Arrived):
                key = item.video and item.key
                self._backlog.offer(item, item.nbytes, key)
                if not key and item.arrived_ns - self._emptied_ns < self.patience_ns:
                    return
            else:
                self._backlog.put(item)
            self._urgent = True
            os.eventfd_write(self.descriptor, 1)

    def get(self, now_ns: int = 0) -> Arrival | None:
        """The oldest item; None if there is none, or all may wait for more. ``now_ns``: needed only for that."""
        with self._lock:
            if not self._urgent and now_ns - self._emptied_ns < self.patience_ns:
                return None
            item = self._backlog.get()
            if item is None:
                self._urgent, self._emptied_ns = False, now_ns
            return item

    def wake(self) -> None:
        """Make the descriptor readable."""
        with self._lock:
            if not self._closed:
                os.eventfd_write(self.descriptor, 1)

    def settle(self) -> bool:
        """Make the descriptor unreadable unless there is something urgent; returns whether there is."""
        with self._lock:
            if self._closed or (len(self._backlog) and (self._urgent or not self.patience_ns)):
                return not self._closed
            try:
                os.eventfd_read(self.descriptor)
            except BlockingIOError:
                pass
            return False

    def close(self) -> None:
        """Called once by the run loop; a thread that is still stuck in FFmpeg finds it closed."""
        with self._lock:
            if not self._closed:
                self._closed = True
                os.close(self.descriptor)
