"""A mask between two looks: pixels near it that changed since the picture it was found in are taken for the presenter.

Whoever walks is ahead of the newest mask by up to the time between two, and what is uncovered behind lies under the
mask still. Pure; it never takes anything out of a mask, and what is far from it is somebody else's motion.
"""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.frame import Plane
from stages.segmentation.masks import SET

# Grey levels by which a pixel differs after averaging 3x3: sensor noise of 10 levels leaves 5 there, and of what is
# above this in spite of it, opening with 3x3 leaves nothing.
_DIFFERENT = 16
# More than this share of the surroundings changed: that was the slide, or the light. A person of a tenth of the
# picture's width, gone as far as the reach of 0.1, changes a third of them.
_MOST = 0.5

_OPENING = np.ones((3, 3), np.uint8)
_CLOSING = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))  # what is inside an outline of motion moved too


class Following:
    """One mask and the analysis plane of its own frame, of one size; only the box around both is looked at."""

    def __init__(self, mask: Plane, plane: Plane, reach_px: int) -> None:
        """``mask``: uint8 (height, width), 0 and 255. ``plane``: grey (height, width) or BGR. Neither is changed."""
        self._mask = mask
        self._box: tuple[slice, slice] | None = None
        if reach_px < 1 or not mask.any():
            return
        height, width = mask.shape
        x, y, w, h = cv2.boundingRect(mask)
        self._box = box = (
            slice(max(0, y - reach_px), min(height, y + h + reach_px)),
            slice(max(0, x - reach_px), min(width, x + w + reach_px)),
        )
        # Distance instead of a dilation: a kernel this large takes ten times as long.
        away = cv2.distanceTransform(cv2.bitwise_not(mask[box]), cv2.DIST_L2, 3)
        self._near = ((away > 0) & (away <= reach_px)).astype(np.uint8) * np.uint8(SET)
        self._room = cv2.countNonZero(self._near)
        self._own = plane[box].copy()

    def at(self, plane: Plane) -> Plane:
        """The mask for a later ``plane``: itself, or with what has changed near it in a mask of its own."""
        if self._box is None or not self._room:
            return self._mask
        changed = cv2.bitwise_and(moved(self._own, plane[self._box]), self._near)
        count = cv2.countNonZero(changed)
        if not count or count > _MOST * self._room:
            return self._mask
        followed = self._mask.copy()
        part = followed[self._box]
        np.bitwise_or(part, cv2.morphologyEx(changed, cv2.MORPH_CLOSE, _CLOSING), out=part)
        return followed


def moved(before: Plane, now: Plane) -> Plane:
    """255 where two planes of one size, grey or BGR, differ by more than noise does; uint8 (height, width)."""
    changed = cv2.threshold(cv2.absdiff(_smooth(before), _smooth(now)), _DIFFERENT, SET, cv2.THRESH_BINARY)[1]
    return np.asarray(cv2.morphologyEx(changed, cv2.MORPH_OPEN, _OPENING), np.uint8)


def _smooth(part: Plane) -> cv2.typing.MatLike:
    grey = cv2.cvtColor(part, cv2.COLOR_BGR2GRAY) if part.ndim == 3 else part
    return cv2.blur(grey, (3, 3))
