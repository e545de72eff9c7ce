"""A plane as tiles: the mean of each, and which of them never rest. Shared by the methods that look at tiles."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.frame import SECOND_NS, Plane

MEMORY_NS = 6 * SECOND_NS
_LEAST_NS = 2 * SECOND_NS - SECOND_NS // 100  # before a tile can be called restless; times of frames are rounded
_FEWEST = 4  # comparisons in which it was active: seen twice a second, a few new slides in a row are no motion
_LONGEST_NS = 6 * SECOND_NS // 10  # a step in which a tile that differs was active, and has not changed just once

Nanoseconds = NDArray[np.int64]


def tile_means(plane: Plane, tile_px: int) -> Plane:
    """The mean of each full tile, uint8 (rows, columns), at least one; INTER_AREA by a whole factor is that."""
    rows, columns = max(1, plane.shape[0] // tile_px), max(1, plane.shape[1] // tile_px)
    inner = plane[: rows * tile_px, : columns * tile_px]
    return np.asarray(cv2.resize(inner, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)


def hidden_tiles(unseen: Plane, tile_px: int) -> Plane:
    """255 for each tile of which anything is hidden, else 0."""
    return np.where(tile_means(unseen, tile_px) > 0, np.uint8(255), np.uint8(0))


@dataclass(frozen=True, slots=True)
class _Step:
    """A comparison at ``end_ns``, of which ``weight_ns`` lie in the memory. ``known``: tiles of which it tells."""

    end_ns: int
    weight_ns: int
    active: NDArray[np.bool_]
    known: NDArray[np.bool_]


class Restless:
    """Tiles that were active for more than ``share`` of the last 6 s, less the time in which they were hidden.

    Each comparison stands for the time since the one before: a second of stillness weighs as much in one step as in
    five. Of a tile that was active in a step too long to tell for how long, it says nothing.
    """

    def __init__(self, share: float) -> None:
        self._share = share
        self._recent: deque[_Step] = deque()
        self._active: Nanoseconds | None = None
        self._known: Nanoseconds | None = None
        self._times: NDArray[np.int32] | None = None  # how often each was active

    def see(
        self, pts_ns: int, since_ns: int, active: NDArray[np.bool_], blind: NDArray[np.bool_] | None
    ) -> NDArray[np.bool_]:
        """Which tiles never rest, this comparison included. All bool (rows, columns); ``blind``: hidden, or None."""
        if self._active is None or self._known is None or self._times is None:
            self._active = np.zeros(active.shape, np.int64)
            self._known = np.zeros(active.shape, np.int64)
            self._times = np.zeros(active.shape, np.int32)
        known = np.ones(active.shape, np.bool_) if since_ns <= _LONGEST_NS else ~active
        if blind is not None:
            known &= ~blind
        self._recent.append(_Step(pts_ns, since_ns, active & known, known))
        self._weigh(self._recent[-1], since_ns)
        self._times += self._recent[-1].active
        while self._recent[0].end_ns <= pts_ns - MEMORY_NS:
            gone = self._recent.popleft()
            self._weigh(gone, -gone.weight_ns)
            self._times -= gone.active
        oldest = self._recent[0]
        beyond_ns = oldest.weight_ns - (oldest.end_ns - (pts_ns - MEMORY_NS))
        if beyond_ns > 0:
            self._weigh(oldest, -beyond_ns)
            self._recent[0] = replace(oldest, weight_ns=oldest.weight_ns - beyond_ns)
        often = (self._known >= _LEAST_NS) & (self._times >= _FEWEST)
        return np.asarray(often & (self._active > self._share * self._known))

    def _weigh(self, step: _Step, ns: int) -> None:
        assert self._active is not None
        assert self._known is not None
        self._active += ns * step.active
        self._known += ns * step.known
