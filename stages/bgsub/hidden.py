"""What the presenter hides in one or the other of two frames, and masks without it. Pure; None: nothing is hidden."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.frame import Plane


def either(hidden: Plane | None, other: Plane | None) -> Plane | None:
    """255 where one or the other of two masks of one size is set."""
    if hidden is None or other is None:
        return hidden if other is None else other
    return np.asarray(cv2.bitwise_or(hidden, other), np.uint8)


def without(mask: Plane, blind: Plane | None) -> Plane:
    """``mask``, 0 where ``blind`` is set."""
    return mask if blind is None else np.asarray(cv2.bitwise_and(mask, cv2.bitwise_not(blind)), np.uint8)
