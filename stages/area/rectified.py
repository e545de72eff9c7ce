"""The slide area of a picture, upright. Pure."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.frame import Plane
from stages.area.corners import Corners


def size_px(corners: Corners, aspect: float) -> tuple[int, int]:
    """Width and height of the upright picture: at this aspect, and no side longer than the longest one of its kind."""
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    width = min(float(max(sides[0], sides[2])), float(max(sides[1], sides[3])) * aspect)
    return max(1, round(width)), max(1, round(width / aspect))


def rectify(picture: Plane, corners: Corners, aspect: float) -> Plane:
    """The part of ``picture``, uint8 (h, w, 3), within ``corners`` as an upright rectangle of ``aspect``."""
    width, height = size_px(corners, aspect)
    edges = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - 0.5  # of pixels, not middles
    turn = cv2.getPerspectiveTransform(corners.astype(np.float32), edges)
    return np.asarray(
        cv2.warpPerspective(picture, turn, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE),
        np.uint8,
    )
