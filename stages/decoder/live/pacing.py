"""Plays segments at the speed at which they were made: HLS brings seconds of video at once, then nothing for seconds.

Pure arithmetic; whoever asks does the waiting.
"""

from __future__ import annotations

from pipeline.frame import SECOND_NS

_MOST_NS = 30 * SECOND_NS  # further ahead is a timestamp that makes no sense


class Pacer:
    """The first packet is due at once, each other one when the time between their timestamps has passed."""

    def __init__(self) -> None:
        self._anchor_ns: int | None = None  # monotonic minus camera

    def wait_ns(self, stamp_ns: int, now_ns: int) -> int:
        """How long the packet with ``stamp_ns`` has to wait. One that comes late moves all that follow."""
        ahead_ns = 0 if self._anchor_ns is None else stamp_ns + self._anchor_ns - now_ns
        if self._anchor_ns is None or not 0 <= ahead_ns <= _MOST_NS:
            self._anchor_ns = now_ns - stamp_ns
            return 0
        return ahead_ns
