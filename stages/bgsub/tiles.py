"""The default method: which tiles of the picture changed, less those that never rest.

A single pixel says little on a noisy source; a tile in which several pixels changed says much, if they changed by
more than the source's own noise. Tiles that were active for a good part of the last seconds (a face cam, an embedded
video, a clock) weigh nothing until they come to rest.
"""

from __future__ import annotations

from collections import deque

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.frame import SECOND_NS, Plane
from stages.bgsub.properties import BgsubProperties

_MEMORY_NS = 6 * SECOND_NS
_FEWEST = 10  # comparisons before a tile can be called restless
# Of Gaussian noise 0.3 % lies beyond three standard deviations: 5 pixels in 100 come about in one tile of 100,000.
_DEVIATIONS = 3
_MEDIAN = 0.6745  # median of the absolute value, in standard deviations
_EVERY_PX = 4  # the noise is measured on a sixteenth of the pixels


class Tiles:
    """Takes gray8. The mask has a pixel for each tile; what lies beyond the last full tile belongs to none."""

    def __init__(self, properties: BgsubProperties) -> None:
        self._threshold = int(properties.value("threshold"))
        self._tile_px = int(properties.value("tile_px"))
        self._share = properties.value("tile_percent") / 100 * 255
        self._interval_ns = round(properties.value("interval") * SECOND_NS)
        self._restless = properties.value("restless_percent") / 100
        self._before: tuple[int, Plane] | None = None
        self._recent: deque[tuple[int, NDArray[np.bool_]]] = deque()
        self._medians: deque[tuple[int, float]] = deque()
        self._active_count: NDArray[np.int32] | None = None
        self._last_mask: Plane | None = None

    def apply(self, plane: Plane, pts_ns: int) -> Plane | None:
        """The frame is compared with the one ``interval`` before; until that time has passed, the mask stands."""
        if self._before is None:
            self._before = (pts_ns, plane)
            return None
        if pts_ns - self._before[0] < self._interval_ns - SECOND_NS // 1000:
            return self._last_mask
        difference = np.asarray(cv2.absdiff(plane, self._before[1]), np.uint8)
        active = self._active(difference, max(self._threshold, _DEVIATIONS * self._noise(pts_ns, difference)))
        self._before = (pts_ns, plane)
        counts = active & ~self._remember(pts_ns, active)
        self._last_mask = counts.astype(np.uint8) * np.uint8(255)
        return self._last_mask

    def reconnect(self) -> None:
        """The next frame is compared with the one after it, and the noise measured anew: another encoder, another
        exposure. What never rested is remembered; to learn again of a face cam would take two seconds.
        """
        self._before, self._last_mask = None, None
        self._medians.clear()

    def _noise(self, pts_ns: int, difference: Plane) -> float:
        """Standard deviation of the difference where nothing moves, in grey levels.

        Most of most pictures is still, so the median tells; in a cut it does not, so the least of the last seconds.
        """
        self._medians.append((pts_ns, float(np.median(difference[::_EVERY_PX, ::_EVERY_PX]))))
        while self._medians[0][0] <= pts_ns - _MEMORY_NS:
            self._medians.popleft()
        least = min(median for _, median in self._medians)
        return least / _MEDIAN

    def _active(self, difference: Plane, threshold: float) -> NDArray[np.bool_]:
        """Whether each tile has enough pixels above the threshold; INTER_AREA by a whole factor is their mean."""
        _, above = cv2.threshold(difference, threshold, 255, cv2.THRESH_BINARY)
        px = self._tile_px
        rows, columns = max(1, above.shape[0] // px), max(1, above.shape[1] // px)
        inner = above[: rows * px, : columns * px]
        share = cv2.resize(inner, (columns, rows), interpolation=cv2.INTER_AREA)
        return np.asarray(share > self._share)

    def _remember(self, pts_ns: int, active: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which tiles never rest, this comparison included."""
        if self._active_count is None:
            self._active_count = np.zeros(active.shape, np.int32)
        self._recent.append((pts_ns, active))
        self._active_count += active
        while self._recent[0][0] <= pts_ns - _MEMORY_NS:
            self._active_count -= self._recent.popleft()[1]
        if len(self._recent) < _FEWEST:
            return np.zeros(active.shape, np.bool_)
        return np.asarray(self._active_count > self._restless * len(self._recent))
