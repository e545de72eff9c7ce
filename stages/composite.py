"""One view without who stands before it: every pixel from a moment at which it was to be seen.

A shared room of the stages: the trigger and dedup gather what a view shows bit by bit, the exporter what a slide does.
It does not know which pictures belong together, and invents nothing: what was never seen stays unseen.
"""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.frame import Plane
from stages.presenter import hidden_at

_FULL = np.uint8(255)


class Composite:
    """``picture``: BGR uint8 (height, width, 3), upright; ``seen``: uint8 (height, width), 255 where it was seen.

    What ``picture`` has where it was not seen is the first picture's, presenter and all.
    """

    def __init__(self, picture: Plane, hidden: Plane | None = None) -> None:
        """``hidden``: uint8 mask of any size, 255 where somebody stands before it; None: all of it is seen."""
        self.picture: Plane = picture.copy()
        self.seen: Plane = _visible(hidden, picture)

    def renew(self, picture: Plane, hidden: Plane | None = None) -> float:
        """A later moment of the same view: what it shows takes the place of what was there. Returns as ``fill``."""
        self._check(picture)
        return self._take(picture, _visible(hidden, picture))

    def fill(self, picture: Plane, hidden: Plane | None = None) -> float:
        """Another moment: only what was not seen yet is taken from it. Returns the share of pixels that are new, 0..1.

        Raises ValueError for a picture of another size.
        """
        self._check(picture)
        visible = _visible(hidden, picture)
        return self._take(picture, np.asarray(cv2.bitwise_and(visible, cv2.bitwise_not(self.seen)), np.uint8))

    @property
    def revealed(self) -> float:
        """Share of the pixels that were seen at least once, 0 to 1."""
        return cv2.countNonZero(self.seen) / self.seen.size

    def _check(self, picture: Plane) -> None:
        if picture.shape != self.picture.shape:
            raise ValueError(f"a picture of {picture.shape} does not show a view of {self.picture.shape}")

    def _take(self, picture: Plane, where: Plane) -> float:
        before = cv2.countNonZero(self.seen)
        cv2.copyTo(picture, where, self.picture)
        cv2.bitwise_or(self.seen, where, dst=self.seen)
        return (cv2.countNonZero(self.seen) - before) / self.seen.size


def _visible(hidden: Plane | None, picture: Plane) -> Plane:
    """255 where nobody stands before it, at the picture's size; a pixel on the edge of a mask is hidden."""
    height, width = picture.shape[:2]
    if hidden is None:
        return np.full((height, width), _FULL)
    return np.asarray(cv2.threshold(hidden_at(hidden, width, height), 0, 255, cv2.THRESH_BINARY_INV)[1], np.uint8)
