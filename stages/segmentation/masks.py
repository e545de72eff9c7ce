"""From a network's probabilities to a mask: threshold, closing, and back to the size of the picture.

Stands behind ``session``. Probabilities are taken as they are: stretching them to the full range would turn the noise
of a frame without anybody into a full mask. Pure; whether the mask is a person is for ``presence``.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.frame import Plane

Probabilities = NDArray[np.float32]
SET = 255  # of a pixel in the mask; 0 elsewhere

_CLOSING = np.ones((3, 3), np.uint8)


def mask_of(probabilities: Probabilities, threshold: float) -> Plane:
    """Mask of the pixels above ``threshold``, closed with 3x3. Both (height, width); a NaN is in no mask."""
    _, above = cv2.threshold(probabilities, threshold, float(SET), cv2.THRESH_BINARY)
    return _uint8(cv2.morphologyEx(above.astype(np.uint8), cv2.MORPH_CLOSE, _CLOSING))


def fitted(mask: Plane, width: int, height: int) -> Plane:
    """``mask`` at ``width`` x ``height``, with smooth edges instead of steps, still 0 and 255 alone."""
    if mask.shape == (height, width):
        return mask
    soft = cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR)
    return _uint8(cv2.threshold(soft, SET // 2, SET, cv2.THRESH_BINARY)[1])


def empty(width: int, height: int) -> Plane:
    """The mask of a picture with nobody in it."""
    return np.zeros((height, width), np.uint8)


def area(mask: Plane) -> float:
    """Share of the picture that is in the mask, 0 to 1."""
    return cv2.countNonZero(mask) / mask.size


def mean_probability(probabilities: Probabilities, mask: Plane) -> float:
    """Of the pixels in the mask; 0 for an empty one."""
    return float(cv2.mean(probabilities, mask)[0])


def overlap(one: Plane, other: Plane) -> float:
    """Intersection over union, 0 to 1; two empty masks are the same."""
    union = cv2.countNonZero(cv2.bitwise_or(one, other))
    return cv2.countNonZero(cv2.bitwise_and(one, other)) / union if union else 1.0


def _uint8(array: NDArray[np.generic] | cv2.typing.MatLike) -> Plane:
    """What OpenCV made of uint8 is uint8; its stubs do not know."""
    return array.astype(np.uint8, copy=False)
