"""A plane as tiles: the mean of each, and which of them never rest. Shared by the methods that look at tiles."""

from __future__ import annotations

from collections import deque

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.frame import SECOND_NS, Plane

MEMORY_NS = 6 * SECOND_NS
_FEWEST = 10  # comparisons before a tile can be called restless


def tile_means(plane: Plane, tile_px: int) -> Plane:
    """The mean of each full tile, uint8 (rows, columns), at least one; INTER_AREA by a whole factor is that."""
    rows, columns = max(1, plane.shape[0] // tile_px), max(1, plane.shape[1] // tile_px)
    inner = plane[: rows * tile_px, : columns * tile_px]
    return np.asarray(cv2.resize(inner, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)


def hidden_tiles(unseen: Plane, tile_px: int) -> Plane:
    """255 for each tile of which anything is hidden, else 0."""
    return np.where(tile_means(unseen, tile_px) > 0, np.uint8(255), np.uint8(0))


class Restless:
    """Tiles that were active for more than ``share`` of the comparisons of the last 6 s, those apart in which they were
    hidden.
    """

    def __init__(self, share: float) -> None:
        self._share = share
        self._recent: deque[tuple[int, NDArray[np.bool_], NDArray[np.bool_] | None]] = deque()
        self._active: NDArray[np.int32] | None = None
        self._blind: NDArray[np.int32] | int = 0

    def see(self, pts_ns: int, active: NDArray[np.bool_], blind: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
        """Which tiles never rest, this comparison included. All bool (rows, columns); ``blind``: hidden, or None."""
        if self._active is None:
            self._active = np.zeros(active.shape, np.int32)
        self._recent.append((pts_ns, active, blind))
        self._active += active
        if blind is not None:
            self._blind = self._blind + blind.astype(np.int32)
        while self._recent[0][0] <= pts_ns - MEMORY_NS:
            _, was_active, was_blind = self._recent.popleft()
            self._active -= was_active
            if was_blind is not None:
                self._blind = self._blind - was_blind.astype(np.int32)
        if len(self._recent) < _FEWEST:
            return np.zeros(active.shape, np.bool_)
        compared = len(self._recent) - self._blind
        return np.asarray((self._active > self._share * compared) & (compared >= _FEWEST))
