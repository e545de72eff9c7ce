"""The same scene by another exposure: a camera brightens and darkens, and the scene stays what it was. Pure.

Between two pictures that are to be compared. It matches levels of the whole picture, never places, and only where that
explains nearly all of the difference of most of the picture.
"""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.frame import Plane

_Levels: TypeAlias = NDArray[np.float64]

_EVERY_PX = 8
_LEAST = 2  # grey levels, median: less is no change of exposure
_EXPLAINED = 0.5  # of the median difference, at most so much is left
_STEPS = 24  # levels of which it is measured what they are in the other picture; between them it is a line
_MOST = 80  # grey levels that an exposure moves a level by; more is something in front


def matched(before: Plane, after: Plane) -> Plane:
    """``after`` as it would be by the exposure of ``before``; both uint8 (h, w)."""
    a = before[::_EVERY_PX, ::_EVERY_PX].ravel()
    b = after[::_EVERY_PX, ::_EVERY_PX].ravel()
    apart = float(np.median(cv2.absdiff(a, b)))
    if apart < _LEAST:
        return after
    order = np.argsort(b, kind="stable")
    parts = [part for part in np.array_split(order, _STEPS) if part.size]
    levels = np.array([np.median(b[part]) for part in parts], np.float64)
    seen = np.array([np.median(a[part]) for part in parts], np.float64)
    near = np.abs(levels - seen) <= _MOST
    if not near.any():
        return after
    table = np.interp(np.arange(256), *distinct(levels[near], seen[near]))
    table = np.clip(np.rint(table), 0, 255).astype(np.uint8)
    left = float(np.median(cv2.absdiff(a, np.asarray(cv2.LUT(b, table), np.uint8).ravel())))
    if left > _EXPLAINED * apart:
        return after
    return np.asarray(cv2.LUT(after, table), np.uint8)


def distinct(levels: _Levels, seen: _Levels) -> tuple[_Levels, _Levels]:
    """Each level once, with the mean of what it is seen as."""
    once, where = np.unique(levels, return_inverse=True)
    return once, np.bincount(where, seen) / np.bincount(where)
