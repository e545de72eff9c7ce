"""Where two pictures differ in colour, whatever their luma; by whatever white balance. Pure.

Beside ``content``, which compares luma and edges. It works on chroma as small as ``stages.chroma`` has it: a sample is
the mean of a few dozen pixels, so that thin coloured letters count by how much there is of them.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.frame import Plane

_LEVELS = 12  # of 255 by which a sample differs; what is left of one slide after an encoder differs by up to 8
_ALTERED = 5  # by so much it can be seen
_COLOURED = 12  # levels from grey
_LEAST = 2  # levels, median: less is no change of white balance
_MOST = 16  # levels that a white balance moves a colour by; more is another colour
_EXPLAINED = 0.5  # of the median difference, at most so much is left
_BANDS = 8  # of luma: bright things take on more of the light's colour than dark ones


def differing(before: Plane, after: Plane, luma: Plane) -> Plane:
    """How far the two are apart, the larger of Cb and Cr, uint8 (h, w). ``before`` and ``after``: uint8 (h, w, 2);
    ``luma``: of ``after``, uint8 of any size.
    """
    height, width = after.shape[:2]
    small = np.asarray(cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    return _apart(before, balanced(before, after, small))


def differs(apart: Plane) -> Plane:
    """255 where it is another colour."""
    return _above(apart, _LEVELS)


def is_seen(apart: Plane) -> Plane:
    """255 where the difference can be seen at all."""
    return _above(apart, _ALTERED)


def coloured(chroma: Plane) -> Plane:
    """255 where it is not grey."""
    return _above(_apart(chroma, np.full_like(chroma, 128)), _COLOURED)


def balanced(before: Plane, after: Plane, luma: Plane) -> Plane:
    """``after`` as it would be by the white balance of ``before``: a shift of the whole picture, by luma, never by
    place, and only where that explains most of the difference.
    """
    difference = before.astype(np.int16) - after
    luma = luma.ravel()
    bands = [band for band in np.array_split(np.argsort(luma, kind="stable"), _BANDS) if band.size]
    levels = [float(np.median(luma[band])) for band in bands]
    corrected = after.astype(np.int16)
    for channel in range(2):
        flat = difference[:, :, channel].ravel()
        apart = float(np.median(np.abs(flat)))
        if not _LEAST <= apart <= _MOST:
            continue
        shifts = np.clip([float(np.median(flat[band])) for band in bands], -_MOST, _MOST)
        shift = np.rint(np.interp(luma, levels, shifts)).astype(np.int16)
        if float(np.median(np.abs(flat - shift))) <= _EXPLAINED * apart:
            corrected[:, :, channel] += shift.reshape(after.shape[:2])
    return np.clip(corrected, 0, 255).astype(np.uint8)


def joined(chroma: Plane, hidden: NDArray[np.uint8], below: Plane) -> Plane:
    """``chroma`` with what ``below`` has where it is ``hidden``: uint8 (h, w), not 0."""
    return np.where(hidden[:, :, None] != 0, below, chroma)


def _apart(one: Plane, other: Plane) -> Plane:
    return np.asarray(cv2.max(*cv2.split(cv2.absdiff(one, other))), np.uint8)


def _above(levels: Plane, least: int) -> Plane:
    return np.asarray(cv2.threshold(levels, least, 255, cv2.THRESH_BINARY)[1], np.uint8)
