"""One src pad of a live source: its lecture's time, its epoch, its numbers; pure but for the wall clock it is given.

Time on a pad only grows, whatever the camera's clock and the wall clock do, and starts anew with a lecture.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pipeline.frame import Event, EventKind, Flags, Frame, Meta


class Pad:
    """``zero_ns``: the instant of CLOCK_MONOTONIC that is pts 0. ``monotonic``, ``wall``: clocks in ns."""

    def __init__(self, zero_ns: int, monotonic: Callable[[], int], wall: Callable[[], int]) -> None:
        self._zero_ns = zero_ns
        self._monotonic, self._wall = monotonic, wall
        self._last_ns = -1
        self._seq = 0
        self._discont = True
        self.epoch = 0
        self.in_gap = True  # nothing has come yet

    def begin(self, epoch: int, streams: bytes, mono_ns: int) -> Event:
        """EPOCH: a new connection, or the same one after a break; its first packet is of ``mono_ns``."""
        self.epoch, self._seq = epoch, 0
        self._discont, self.in_gap = True, False
        data: Meta = {"epoch": epoch, "wall_ns": self._wall(), "streams": streams}
        return Event(EventKind.EPOCH, self.at_ns(mono_ns), data)

    def gap(self, reason: str, duration_ns: int) -> Event | None:
        """GAP, from the end of the last frame on; None if one is open already."""
        if self.in_gap:
            return None
        self.in_gap = True
        pts_ns = self.now_ns()
        if self._seq:
            pts_ns = min(self._last_ns + duration_ns, pts_ns)
        self._last_ns = pts_ns
        return Event(EventKind.GAP, pts_ns, {"reason": reason})

    def lecture_start(self, data: Meta) -> Event:
        """A lecture begins, or goes on: time counts from ``data["zero_ns"]``."""
        zero_ns = int(str(data["zero_ns"]))
        shift_ns = self._zero_ns - zero_ns
        if shift_ns:
            self._zero_ns = zero_ns
            self._last_ns = -1
        self._last_ns = self.now_ns()
        return Event(EventKind.LECTURE_START, self._last_ns, {**data, "shift_ns": shift_ns})

    def lecture_stop(self, data: Meta) -> Event:
        self._last_ns = self.now_ns()
        return Event(EventKind.LECTURE_STOP, self._last_ns, data)

    def stamped(self, frame: Frame, mono_ns: int | None) -> Frame:
        """``frame`` with its place in the stream. ``mono_ns``: when it was taken; None: with the frame before it."""
        now_ns = self._monotonic()
        taken_ns = now_ns if mono_ns is None else mono_ns
        self._last_ns = self._last_ns + 1 if mono_ns is None and self._seq else self.at_ns(taken_ns)
        stamped = replace(
            frame,
            seq=self._seq,
            pts_ns=self._last_ns,
            epoch=self.epoch,
            wall_ns=self._wall() - (now_ns - taken_ns),
            flags=Flags.DISCONT if self._discont else Flags.NONE,
        )
        self._seq += 1
        self._discont = False
        return stamped

    def now_ns(self) -> int:
        """Lecture time now."""
        return self.at_ns(self._monotonic())

    def at_ns(self, mono_ns: int) -> int:
        """The pts of what is to be sent next, if it was taken at ``mono_ns``."""
        return max(mono_ns - self._zero_ns, self._last_ns + 1, 0)
