"""Method tiles: which tiles of the picture changed, less those that never rest.

A single pixel says little on a noisy source; a tile in which several pixels changed says much, if they changed by
more than the source's own noise. Tiles that were active for a good part of the last seconds (a face cam, an embedded
video, a clock) weigh nothing until they come to rest. Neither do those the presenter hides in one of the two frames
compared, nor do they say anything of noise and rest.
"""

from __future__ import annotations

from collections import deque

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.frame import SECOND_NS, Plane
from stages.bgsub.grid import MEMORY_NS, Restless, hidden_tiles, tile_means
from stages.bgsub.hidden import either
from stages.bgsub.properties import BgsubProperties

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
        self._restless = Restless(properties.value("restless_percent") / 100)
        self._before: tuple[int, Plane] | None = None
        self._hidden_before: Plane | None = None
        self._medians: deque[tuple[int, float]] = deque()
        self._last_mask: Plane | None = None
        self.blind: Plane | None = None

    def apply(self, plane: Plane, pts_ns: int, hidden: Plane | None = None) -> Plane | None:
        """The frame is compared with the one ``interval`` before; until that time has passed, the mask stands."""
        if self._before is None:
            self._before, self._hidden_before, self.blind = (pts_ns, plane), hidden, None
            return None
        since_ns = pts_ns - self._before[0]
        if since_ns < self._interval_ns - SECOND_NS // 1000:
            return self._last_mask
        unseen = either(hidden, self._hidden_before)
        self.blind = None if unseen is None else hidden_tiles(unseen, self._tile_px)
        difference = np.asarray(cv2.absdiff(plane, self._before[1]), np.uint8)
        noise = self._noise(pts_ns, difference, unseen)
        active = self._active(difference, max(self._threshold, _DEVIATIONS * noise))
        blind = None if self.blind is None else self.blind > 0
        if blind is not None:
            active &= ~blind
        self._before, self._hidden_before = (pts_ns, plane), hidden
        counts = active & ~self._restless.see(pts_ns, since_ns, active, blind)
        self._last_mask = counts.astype(np.uint8) * np.uint8(255)
        return self._last_mask

    def reconnect(self) -> None:
        """The next frame is compared with the one after it, and the noise measured anew: another encoder, another
        exposure. What never rested is remembered; to learn again of a face cam would take two seconds.
        """
        self._before, self._last_mask, self.blind = None, None, None
        self._medians.clear()

    def _noise(self, pts_ns: int, difference: Plane, unseen: Plane | None) -> float:
        """Standard deviation of the difference where nothing moves, in grey levels.

        Most of most pictures is still, so the median tells; in a cut it does not, so the least of the last seconds.
        """
        sample = difference[::_EVERY_PX, ::_EVERY_PX]
        if unseen is not None:
            sample = sample[unseen[::_EVERY_PX, ::_EVERY_PX] == 0]
        if sample.size:
            self._medians.append((pts_ns, float(np.median(sample))))
        while self._medians and self._medians[0][0] <= pts_ns - MEMORY_NS:
            self._medians.popleft()
        least = min((median for _, median in self._medians), default=0.0)
        return least / _MEDIAN

    def _active(self, difference: Plane, threshold: float) -> NDArray[np.bool_]:
        """Whether each tile has enough pixels above the threshold."""
        _, above = cv2.threshold(difference, threshold, 255, cv2.THRESH_BINARY)
        return np.asarray(tile_means(np.asarray(above, np.uint8), self._tile_px) > self._share)
