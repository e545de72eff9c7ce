"""Whether a mask is the slide rather than a presenter: most of the frame, or rectangular and not moving.

Networks for salient objects mark whatever is salient, and that may be the slide or a figure on it; or the whole window
that the presenter is shown in, which is as rectangular, but small, and what is in it moves. Pure, with the masks as
values; ``presence`` asks.
"""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.frame import Plane
from stages.segmentation.masks import area, overlap

MOST = 0.6  # share of the frame
RECTANGULAR = 0.92  # share of the box round it that the largest piece fills; an ellipse fills 0.79
STATIC = 0.97  # overlap with the mask before it
WINDOW = 0.2  # share of the frame that a window with somebody in it has at most
STIR = 0.02  # share of a window that moves from one mask to the next, while somebody talks in it


class SlideShape:
    """Judges the masks of one view in order. ``forget()`` when the view changes."""

    def __init__(self) -> None:
        self._earlier: Plane | None = None
        self._window: Plane | None = None

    def is_slide(self, mask: Plane, stir: float = 0.0) -> bool:
        """Whether ``mask``, uint8 (height, width), must be taken for the slide. ``stir``: share of it that moves, 0..1.

        A rectangle is taken for it until it has been seen to move: a single mask does not tell. A small one in which
        something moved once is a window, and is one still when nothing does.
        """
        earlier, self._earlier = self._earlier, mask
        size = area(mask)
        if size >= MOST:
            return True
        if not is_rectangular(mask):
            return False
        if size <= WINDOW and (stir >= STIR or _same(self._window, mask)):
            self._window = mask
            return False
        return earlier is None or earlier.shape != mask.shape or _same(earlier, mask)

    def forget(self) -> None:
        """What was seen before is another view."""
        self._earlier = self._window = None


def _same(earlier: Plane | None, mask: Plane) -> bool:
    return earlier is not None and earlier.shape == mask.shape and overlap(earlier, mask) >= STATIC


def is_rectangular(mask: Plane) -> bool:
    """Whether the largest piece of ``mask`` fills the smallest box round it, however it is turned."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:
        return False
    largest = max(contours, key=cv2.contourArea)
    (_, (width, height), _) = cv2.minAreaRect(largest)
    # A contour runs through the centres of the outermost pixels, so both sides are a pixel short.
    box = (width + 1.0) * (height + 1.0)
    filled = np.zeros_like(mask)
    cv2.drawContours(filled, [largest], -1, 255, cv2.FILLED)
    return cv2.countNonZero(filled) >= RECTANGULAR * box
