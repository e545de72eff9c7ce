"""Stream time and sampling, as pure functions of what the stream says: integers in, integers out.

The decoder asks it what time a frame has and whether it is due for analysis. It sees no frame and no clock.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from fractions import Fraction
from itertools import chain, pairwise

from pipeline.frame import SECOND_NS

JUMP_NS = SECOND_NS  # going back by more is a restart of the stream's clock, by less a muddle in the order of frames
_EARLY_NS = SECOND_NS // 1000  # a frame may come this early, or 1/20 of a period: Matroska rounds times to ms


def ticks_to_ns(ticks: int, time_base: Fraction) -> int:
    """``ticks`` of ``time_base`` seconds in ns, to the nearest, without floating point."""
    return _rounded_ns(ticks, time_base.numerator, time_base.denominator)


def _rounded_ns(ticks: int, numerator: int, denominator: int) -> int:
    return (2 * ticks * numerator * SECOND_NS + denominator) // (2 * denominator)


class StreamClock:
    """Turns presentation timestamps into strictly increasing ns since the start of the file, as players show them.

    ``start_ns``: the file's own start; None: it says nothing, and the first timestamp is taken for it, as it is where
    it comes before the start.
    A frame without a timestamp is put one frame after the one before it. A timestamp that is not later than the last
    one becomes 1 ns later; one more than a second earlier is a clock that was set back (joined recordings): time goes
    on from there, and ``jumps`` counts it.
    """

    def __init__(self, time_base: Fraction, start_ns: int | None, frame_ns: int) -> None:
        self.time_base = time_base
        self.frame_ns = max(1, frame_ns)
        self.estimated = 0  # frames without a timestamp
        self.reordered = 0  # frames whose timestamp was not later than the one before
        self.jumps = 0
        self._start_ns = start_ns
        self._parts = (time_base.numerator, time_base.denominator)  # to ask a Fraction for them is the dearer half
        self.last_ns = -1  # time of the last frame; -1 before the first

    def time_ns(self, pts: int | None) -> int:
        """The time of the next frame."""
        if pts is None:
            self.estimated += 1
            now = self.last_ns + self.frame_ns if self.last_ns >= 0 else 0
        else:
            stamp_ns = _rounded_ns(pts, *self._parts)
            if self._start_ns is None:
                self._start_ns = stamp_ns - max(0, self.last_ns)
            elif self.last_ns < 0:
                self._start_ns = min(self._start_ns, stamp_ns)
            now = stamp_ns - self._start_ns
            if now <= self.last_ns:
                now = self._later(now)
        self.last_ns = now
        return now

    def times_ns(self, all_pts: Sequence[int]) -> list[int] | None:
        """The times of the next frames, if timestamps go on as they should; else None, and they are to be asked one by
        one.
        """
        if self._start_ns is None or self.last_ns < 0:
            return None
        start_ns, (numerator, denominator) = self._start_ns, self._parts
        by, round_ = 2 * numerator * SECOND_NS, 2 * denominator
        times = [(pts * by + denominator) // round_ - start_ns for pts in all_pts]
        if any(after <= before for before, after in pairwise(chain((self.last_ns,), times))):
            return None
        self.last_ns = times[-1]
        return times

    def seen_ns(self, pts: int) -> int | None:
        """The time of a frame that is yet to come, unless timestamps go back before; None before the first frame, and
        once they have.
        """
        if self._start_ns is None or self.last_ns < 0 or self.jumps:
            return None
        return _rounded_ns(pts, *self._parts) - self._start_ns

    def _later(self, now: int) -> int:
        if self.last_ns - now > JUMP_NS:
            self.jumps += 1
            assert self._start_ns is not None, "only a stamp can be early, and the first one sets the start"
            self._start_ns -= self.last_ns + self.frame_ns - now
            return self.last_ns + self.frame_ns
        self.reordered += 1
        return self.last_ns + 1


class Sampler:
    """Says which frames are due for analysis at ``rate`` per second; 0: all of them.

    Due times lie on a grid that starts with the first frame, so the mean rate is right whatever the video's own is.
    """

    def __init__(self, rate: float) -> None:
        self.period_ns = round(SECOND_NS / rate) if rate else 0
        self._slack_ns = min(_EARLY_NS, self.period_ns // 20)
        self._origin_ns: int | None = None
        self.due_ns = 0

    def take(self, t_ns: int) -> bool:
        """Whether the frame at ``t_ns`` is due; if so the next due time moves on."""
        if not self.period_ns:
            return True
        if self._origin_ns is None:
            self._origin_ns = self.due_ns = t_ns
        if t_ns + self._slack_ns < self.due_ns:
            return False
        self.due_ns = self._origin_ns + (self._passed(t_ns) + 1) * self.period_ns
        return True

    def first_due(self, times_ns: Sequence[int], begin: int) -> int:
        """The first of these times in order, from ``begin`` on, that ``take`` would take if it took none before."""
        return begin if not self.period_ns else bisect_left(times_ns, self.due_ns - self._slack_ns, begin)

    def alike(self, before_ns: int, t_ns: int) -> bool:
        """Whether no due time lies between two frames in a row, so that the later one is not due."""
        if not self.period_ns or self._origin_ns is None or before_ns < self._origin_ns:
            return False
        return self._passed(before_ns) == self._passed(t_ns)

    def _passed(self, t_ns: int) -> int:
        assert self._origin_ns is not None, "asked before the first frame"
        return (t_ns + self._slack_ns - self._origin_ns) // self.period_ns
