"""Where two pictures differ in colour, whatever their luma; by whatever exposure and white balance. Pure.

Beside ``content``, which compares luma and edges. It works on chroma as small as ``stages.chroma`` has it: a sample is
the mean of a few dozen pixels, so that thin coloured letters count by how much there is of them.
"""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.frame import Plane
from stages.dedup.exposure import distinct

_LEVELS = 16  # of 255 by which a sample differs; one slide, encoded at different times, does by up to 15
_COLOURED = 12  # levels from grey
_LEAST = 2  # levels, median: less is no change of white balance
_MOST = 30  # levels that a white balance moves a colour by; more is another colour
_EXPLAINED = 0.5  # of the median difference, at most so much is left
_GAIN = 3.0  # at most; in the dark a level more or less is a multiple
_BANDS = 8  # of luma: bright things take on more of the light's colour than dark ones


def differing(before: Plane, after: Plane, luma: Plane, as_before: Plane) -> Plane:
    """255 where they have another colour, uint8 (h, w). ``before`` and ``after``: uint8 (h, w, 2). ``luma``: of
    ``after``, uint8 of any size; ``as_before``: the same by the exposure of ``before``, the same object if that is it.
    """
    small = _reduced(luma, after)
    if as_before is not luma:
        after = _exposed(after, small, _reduced(as_before, after))
    return _apart(before, balanced(before, after, small), _LEVELS)


def coloured(chroma: Plane) -> Plane:
    """255 where it is not grey."""
    return _apart(chroma, np.full_like(chroma, 128), _COLOURED)


def balanced(before: Plane, after: Plane, luma: Plane) -> Plane:
    """``after`` as it would be by the white balance of ``before``: a shift of the whole picture, by luma, never by
    place, and only where that explains most of the difference.
    """
    difference = before.astype(np.int16) - after
    luma = luma.ravel()
    bands = [band for band in np.array_split(np.argsort(luma, kind="stable"), _BANDS) if band.size]
    levels = np.array([np.median(luma[band]) for band in bands], np.float64)
    corrected = after.astype(np.int16)
    for channel in range(2):
        flat = difference[:, :, channel].ravel()
        apart = float(np.median(np.abs(flat)))
        if not _LEAST <= apart <= _MOST:
            continue
        shifts = np.clip(np.array([np.median(flat[band]) for band in bands], np.float64), -_MOST, _MOST)
        shift = np.rint(np.interp(luma, *distinct(levels, shifts))).astype(np.int16)
        if float(np.median(np.abs(flat - shift))) <= _EXPLAINED * apart:
            corrected[:, :, channel] += shift.reshape(after.shape[:2])
    return np.clip(corrected, 0, 255).astype(np.uint8)


def joined(chroma: Plane, hidden: Plane, below: Plane) -> Plane:
    """``chroma`` with what ``below`` has where it is ``hidden``: uint8 (h, w), not 0."""
    return np.where(hidden[:, :, None] != 0, below, chroma)


def _exposed(chroma: Plane, luma: Plane, as_before: Plane) -> Plane:
    """More light multiplies R, G and B, in gamma as well, and with them luma and what a colour is away from grey."""
    gain = np.clip((as_before.astype(np.float32) + 1) / (luma.astype(np.float32) + 1), 1 / _GAIN, _GAIN)
    return np.asarray(np.clip(np.rint(128 + (chroma - 128.0) * gain[:, :, None]), 0, 255), np.uint8)


def _reduced(luma: Plane, chroma: Plane) -> Plane:
    size = (chroma.shape[1], chroma.shape[0])
    return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.uint8)


def _apart(one: Plane, other: Plane, least: int) -> Plane:
    larger = cv2.max(*cv2.split(cv2.absdiff(one, other)))
    return np.asarray(cv2.threshold(larger, least, 255, cv2.THRESH_BINARY)[1], np.uint8)
