"""What a background model is shown where the presenter stands, and where its word counts for nothing. Pure.

Stands around OpenCV's models, which know no masks. It holds nothing until the first mask comes, and decides nothing.
"""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.frame import Plane


class Behind:
    """One stream of planes, bgr24 (height, width, 3); ``hidden``: uint8 (height, width), 255 hides; None: nobody."""

    def __init__(self) -> None:
        self._seen: Plane | None = None
        self._blind: Plane | None = None

    def filled(self, plane: Plane, hidden: Plane | None) -> Plane:
        """``plane`` with what was seen last where it is hidden now; what was never seen is left as it is."""
        if hidden is not None and self._seen is not None and self._seen.shape == plane.shape:
            seen = self._seen.copy()  # a model may still look at what it was given last
            cv2.copyTo(plane, cv2.bitwise_not(hidden), seen)
            plane = seen
        self._seen = plane
        return plane

    def blind(self, foreground: Plane, hidden: Plane | None) -> Plane | None:
        """255 where ``foreground``, the model's mask of this plane, weighs nothing; None: it counts everywhere.

        That is under the mask, and where the mask was, until the model has called the pixel background once: what
        comes out from behind a presenter is no motion, and what the model learned there may be the presenter.
        """
        if self._blind is not None:
            still = np.asarray(cv2.bitwise_and(self._blind, foreground), np.uint8)
            if hidden is not None:
                hidden = np.asarray(cv2.bitwise_or(hidden, still), np.uint8)
            elif cv2.countNonZero(still):
                hidden = still
        self._blind = hidden
        return hidden
