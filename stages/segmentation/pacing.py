"""Which frames get a mask of their own: the first at or after each multiple of 1/rate since the stream's first. Pure.

Counted in stream time, so that a file has its masks at the same frames however fast it goes.
"""

from __future__ import annotations

from pipeline.frame import SECOND_NS


class Pace:
    """Is asked of every frame, in order."""

    def __init__(self, rate: float) -> None:
        """``rate``: masks per second."""
        self._period_ns = max(1, round(SECOND_NS / rate))
        self._first_ns: int | None = None
        self._next_ns = 0

    def due(self, pts_ns: int) -> bool:
        """Whether the frame at ``pts_ns`` gets one. The first does, and with it counting begins."""
        if self._first_ns is None:
            self._first_ns = self._next_ns = pts_ns
        if pts_ns < self._next_ns:
            return False
        passed = (pts_ns - self._first_ns) // self._period_ns
        self._next_ns = self._first_ns + (passed + 1) * self._period_ns
        return True

    def shift(self, by_ns: int) -> None:
        """Time is counted differently from here on."""
        if self._first_ns is not None:
            self._first_ns += by_ns
            self._next_ns += by_ns

    def restart(self) -> None:
        """The next frame is the first one."""
        self._first_ns = None
