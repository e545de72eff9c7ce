"""Motion that goes on from where it just was, by tile, and for how long it has done so. Part of the default method.

It follows no objects and gives no outlines: a tile that is active inherits the age of the motion around it. What became
active far from any motion, and was at rest again before it was old enough to be a mover's, has changed at once, unless
it was noise alone.
"""

from __future__ import annotations

from collections import deque

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.frame import SECOND_NS, Meta

_REACH = np.ones((5, 5), np.uint8)  # tiles that motion goes on by from one comparison to the next
_FAR = np.ones((9, 9), np.uint8)  # tiles that it may jump by, if somebody hurries
_PAUSE_S = 0.6  # motion that rests for longer begins anew
_LONGEST_STEP_S = 0.5  # of a longer one it is known that something moved, not that it did all the time
_OVER_S = 0.35  # what has rested for so long is over: less than a view needs to settle
_WHOLE = 0.25  # share of the tiles: no motion spreads while so much changes
_GROWS = 3  # times as large as it is now a mover may have been
_SMALL = 12  # tiles
_SAME_S = 0.01  # two sums of the same steps
_LONGEST = 2**16 - 1

Tiles = NDArray[np.bool_]
Seconds = NDArray[np.float32]


class Movers:
    """Motion older than ``time_ns`` is a mover's."""

    _age: Seconds  # of the motion that was last here
    _rest: Seconds  # since it was
    _begun: Seconds  # since what is open began
    _changed: Seconds  # since something began that proved to be no mover
    _earlier: Seconds  # the same, but for the last time
    _once: Tiles  # their last motion was such a change: what comes next is no going on of it
    _open: Tiles  # began to be active, and it is not known yet by what
    _lasting: Tiles  # of those, where more than noise has changed

    def __init__(self, time_ns: int) -> None:
        self._time_s = time_ns / SECOND_NS
        self._recent: deque[tuple[np.float32, Tiles]] = deque()
        self._begin((0, 0))

    def follow(self, since_ns: int, active: Tiles, lasting: Tiles) -> Tiles:
        """Which tiles a mover is at. ``active``: bool (rows, columns), over the last ``since_ns``; ``lasting``: those
        where that is more than noise.
        """
        if active.shape != self._age.shape:
            self._begin((active.shape[0], active.shape[1]))
        step = np.float32(since_ns / SECOND_NS)
        far = _near(np.where(self._once, np.float32(0), self._age), _FAR) == 0
        whole = float(np.mean(active)) > _WHOLE
        near = self._age if whole else _near(self._age, _REACH)
        self._rest = np.where(active, np.float32(0), self._rest + step)
        kept = np.where(self._rest > _PAUSE_S, np.float32(0), self._age)
        self._age = np.where(active, near + min(step, np.float32(_LONGEST_STEP_S)), kept)
        moving = self._age > self._time_s
        self._begun += step
        self._changed += step
        self._earlier += step
        begins: Tiles = active & far & ~self._open
        self._begun[begins] = 0
        self._open |= begins
        self._lasting = (self._lasting & self._open & ~begins) | (lasting & self._open)
        self._explain(step, active, active & moving if not whole else np.zeros_like(active))
        over = self._open & (np.asarray(cv2.erode(self._rest, _REACH)) > _OVER_S)
        real = over & (_near(self._lasting, _REACH) > 0)
        self._earlier[real] = self._changed[real]
        self._changed[real] = self._begun[real]
        self._open &= ~over
        self._once = (self._once & ~active) | over
        return moving

    def changed_before(self) -> Meta:
        """``rows``, ``columns`` and ``before``: for each tile how many tenths of a second ago it changed at once,
        little-endian uint16, row by row, of which the highest stands for all that are longer.
        """
        tenths = np.minimum(np.rint(self._changed * 10), _LONGEST).astype("<u2")
        return {"rows": tenths.shape[0], "columns": tenths.shape[1], "before": tenths.tobytes()}

    def forget(self) -> None:
        """After a hole anything may have changed."""
        self._begin((0, 0))

    def _begin(self, shape: tuple[int, int]) -> None:
        self._age = np.zeros(shape, np.float32)
        self._rest = np.zeros(shape, np.float32)
        self._begun = np.zeros(shape, np.float32)
        self._changed = np.zeros(shape, np.float32)
        self._earlier = np.zeros(shape, np.float32)
        self._once = np.zeros(shape, np.bool_)
        self._open = np.zeros(shape, np.bool_)
        self._lasting = np.zeros(shape, np.bool_)
        self._recent.clear()

    def _explain(self, step: np.float32, active: Tiles, way: Tiles) -> None:
        """Take back what a mover did before it was known as one, step by step along its ``way`` here. Where it would
        have been much larger something else happened as well.
        """
        most = _GROWS * max(int(np.count_nonzero(way)), _SMALL)
        if way.any():
            self._take_back(way, np.float32(0))
            ago = step
            for took, earlier in reversed(self._recent):
                way = (_near(way, _FAR) > 0) & earlier
                if np.count_nonzero(way) > most:
                    break
                self._take_back(way, ago)
                ago = ago + took
        self._recent.append((step, active))
        while sum(s for s, _ in self._recent) > self._time_s + _PAUSE_S:
            self._recent.popleft()

    def _take_back(self, way: Tiles, ago: np.float32) -> None:
        """A mover was there ``ago`` seconds ago: what began then has not changed at once."""
        self._open &= ~way
        taken = way & (np.abs(self._changed - ago) < _SAME_S)
        self._changed[taken] = self._earlier[taken]


def _near(values: Seconds | Tiles, reach: NDArray[np.uint8]) -> Seconds:
    """The highest value around each tile."""
    return np.asarray(cv2.dilate(values.astype(np.float32, copy=False), reach), np.float32)
