"""Whether a camera's packets say that its picture stands still, one packet at a time; pure, times are given.

The rule of ``sparse/survey.py`` for a stream that has no end: a packet is small if it is about as small as most of the
last ones, and of what an encoder needs for "as before"; what comes and goes takes a good part of a keyframe more within
a second. What a noisy camera sends is never small: of such a stream keyframes alone tell.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque

from pipeline.frame import SECOND_NS
from stages.decoder.sparse.cuts import BUSY_SHARE
from stages.decoder.sparse.survey import FLOOR_PERCENTILE, still_limit

_MOST_SIZES = 600  # of packets that tell the floor: 20 s at 30 a second
_FEWEST_SIZES = 8  # until then all is small that may be


class Stillness:
    """``pixels``: of a picture."""

    def __init__(self, pixels: int) -> None:
        self._pixels = pixels
        self._sizes: deque[int] = deque()
        self._ordered: list[int] = []
        self._excess: deque[tuple[int, int]] = deque()  # (time, bytes above small) of the last second
        self._excess_bytes = 0
        self._key_bytes = 0

    def key(self, nbytes: int) -> None:
        """A keyframe came: a new group of pictures begins."""
        self._key_bytes = nbytes
        self._excess.clear()
        self._excess_bytes = 0

    def is_still(self, nbytes: int, at_ns: int) -> bool:
        """Whether nothing happens as far as the group has come with this packet, which is no keyframe."""
        self._remember(nbytes)
        above = nbytes - self._limit()
        while self._excess and at_ns - self._excess[0][0] >= SECOND_NS:
            self._excess_bytes -= self._excess.popleft()[1]
        if above <= 0:
            return True
        self._excess.append((at_ns, above))
        self._excess_bytes += above
        return self._excess_bytes <= BUSY_SHARE * self._key_bytes

    def _limit(self) -> int:
        if len(self._ordered) < _FEWEST_SIZES:
            return still_limit(math.inf, self._pixels)
        return still_limit(self._ordered[len(self._ordered) * FLOOR_PERCENTILE // 100], self._pixels)

    def _remember(self, nbytes: int) -> None:
        self._sizes.append(nbytes)
        insort(self._ordered, nbytes)
        if len(self._sizes) > _MOST_SIZES:
            del self._ordered[bisect_left(self._ordered, self._sizes.popleft())]
