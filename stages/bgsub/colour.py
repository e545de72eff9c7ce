"""Which tiles changed in colour by more than their own noise. Part of the default method, beside its look at luma.

Red that becomes green of the same luma is a change that grey does not show. Chroma is compressed harder than luma and
moves in larger steps, also with each keyframe; but a sample here is the mean of many pixels, and little noise is left.
It holds one plane, and decides nothing.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.frame import Plane
from stages.bgsub.noise import NoiseFloor
from stages.chroma import in_tiles
from stages.presenter import hidden_at

# Of 255. Keyframes move still regions by up to 8 in recorded lectures, by 15 where an encoder is starved; a thin word
# that turns from red to green does by 40 to 90.
_LEAST = 16
_REGION = 16  # samples; of a plane of 640 px as large as a region of luma


class Colour:
    """``threshold``: of luma; what differs by less is no change of colour either. ``tile_px``: side of a tile in px."""

    def __init__(self, threshold: int, tile_px: int) -> None:
        self._tile_px = tile_px
        self._noise = NoiseFloor(max(threshold, _LEAST), region_px=_REGION, every_px=1)
        self._before: Plane | None = None

    def changed(
        self, pts_ns: int, chroma: Plane | None, shape: tuple[int, ...], unseen: Plane | None
    ) -> NDArray[np.bool_] | None:
        """By tile, whether it differs from the frame given before; None if one of both had no colour.

        ``chroma``: uint8 (h, w, 2), of a plane of ``shape``. ``unseen``: uint8 of that shape, 255 where somebody is.
        """
        before, self._before = self._before, chroma
        if chroma is None or before is None or before.shape != chroma.shape:
            return None
        height, width = chroma.shape[:2]
        difference = np.asarray(cv2.max(*cv2.split(cv2.absdiff(chroma, before))), np.uint8)
        hidden = None if unseen is None else hidden_at(unseen, width, height)
        above = self._noise.above(pts_ns, difference, hidden)
        return in_tiles(above, shape, self._tile_px)

    def forget(self) -> None:
        """The next frame is compared with the one after it, and the noise measured anew."""
        self._before = None
        self._noise.forget()
