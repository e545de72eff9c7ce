"""The source's own noise, region by region and over time; and which pixels differ by more. Part of the default method.

A room camera is noisier in the dark corner than on the bright wall; a compressed recording is noisier around text. What
is hidden by a presenter says nothing of noise.
"""

from __future__ import annotations

from collections import deque

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.frame import SECOND_NS, Plane

_MEMORY_NS = 6 * SECOND_NS
# Of Gaussian noise 0.3 % lies beyond three standard deviations: 5 pixels in 100 come about in one tile of 100,000. Half
# a deviation more makes up for taking the least of thirty measurements.
_DEVIATIONS = 3.5
_MEAN = 0.7979  # mean of the absolute value, in standard deviations: sqrt(2 / pi)
_VISIBLE = 64  # of 255: so much of a region must be visible to say anything
_SCALE = 8  # means are whole numbers: in eighths of a grey level, and what differs by 32 or more counts as 32


class NoiseFloor:
    """A pixel differs by more than ``least`` levels, or by more than 3.5 deviations of its region's noise.

    ``region_px``: side of a region. ``every_px``: noise is measured on every so many-th pixel of every so many-th row.
    """

    def __init__(self, least: int, region_px: int = 80, every_px: int = 4) -> None:
        self._least = least
        self._region_px, self._every_px = region_px, every_px
        self._means: deque[tuple[int, Plane, NDArray[np.bool_] | None]] = deque()
        self._floor: Plane | None = None
        self._threshold: Plane | None = None

    def above(self, pts_ns: int, difference: Plane, unseen: Plane | None = None) -> Plane:
        """255 where ``difference``, uint8 (h, w), is above the noise, else 0. ``unseen``: 255 where somebody is.

        Noise is there all the time, motion is not: the least that a region differed in the last seconds is noise.
        """
        height, width = difference.shape
        self._note(
            pts_ns, *_measured(difference, unseen, self._regions(height, width), self._every_px), (width, height)
        )
        if self._threshold is None:
            return np.asarray(cv2.threshold(difference, self._least, 255, cv2.THRESH_BINARY)[1], np.uint8)
        return np.asarray(cv2.compare(difference, self._threshold, cv2.CMP_GT), np.uint8)

    def still(self, pts_ns: int, height: int, width: int) -> None:
        """As ``above`` of a difference that is none anywhere."""
        columns, rows = self._regions(height, width)
        self._note(pts_ns, np.zeros((rows, columns), np.uint8), None, (width, height))

    def _regions(self, height: int, width: int) -> tuple[int, int]:
        """Columns and rows."""
        return max(1, round(width / self._region_px)), max(1, round(height / self._region_px))

    def _note(self, pts_ns: int, means: Plane, blind: NDArray[np.bool_] | None, size: tuple[int, int]) -> None:
        self._means.append((pts_ns, means, blind))
        while self._means[0][0] <= pts_ns - _MEMORY_NS:
            self._means.popleft()
        floor = np.minimum.reduce([mean for _, mean, _ in self._means])
        all_blind = [hidden for _, _, hidden in self._means]
        if all_blind[0] is not None and all(hidden is not None for hidden in all_blind):
            floor = np.where(np.logical_and.reduce([h for h in all_blind if h is not None]), np.uint8(0), floor)
        if self._floor is None or not np.array_equal(floor, self._floor):
            self._floor = floor
            levels = np.maximum(floor * (_DEVIATIONS / _MEAN / _SCALE), self._least).astype(np.uint8)
            quiet = bool((levels == self._least).all())
            self._threshold = None if quiet else np.asarray(cv2.resize(levels, size), np.uint8)

    def forget(self) -> None:
        """Measure anew."""
        self._means.clear()
        self._floor = None


def _measured(
    difference: Plane, unseen: Plane | None, size: tuple[int, int], every: int
) -> tuple[Plane, NDArray[np.bool_] | None]:
    """By region, ``size`` is (columns, rows): mean difference in eighths, and where too little is visible to tell."""
    sample = cv2.convertScaleAbs(np.ascontiguousarray(difference[::every, ::every]), alpha=_SCALE)
    if unseen is None:
        return np.asarray(cv2.resize(sample, size, interpolation=cv2.INTER_AREA), np.uint8), None
    visible = cv2.bitwise_not(np.ascontiguousarray(unseen[::every, ::every]))
    mean = cv2.resize(cv2.bitwise_and(sample, visible), size, interpolation=cv2.INTER_AREA)
    share = np.asarray(cv2.resize(visible, size, interpolation=cv2.INTER_AREA), np.uint8)
    blind = np.asarray(share < _VISIBLE)
    known = np.minimum(mean.astype(np.float32) * 255 / np.maximum(share, 1), 255).astype(np.uint8)
    return np.where(blind, np.uint8(255), known), blind
