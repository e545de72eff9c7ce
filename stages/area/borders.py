"""The borders of a slide area, to a fraction of a pixel: from pictures in full resolution across a quadrilateral. Pure.

A border is where the level changes in most pages at the same place; what is on the slides, and who stands before it,
changes from page to page. Only strips along the four sides are looked at, one picture after the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.frame import Plane
from stages.area.corners import Corners

_END = 0.03  # of a side, at each end, that is left aside: the other border is there
_STEP_PX = 0.5
_EVERY_PX = 6.0
_MOST, _LEAST = 160, 24  # places along a side
_CLEAR = 3.0  # a border's step, in multiples of what is usual around it
_LEVELS = 2.0  # grey levels per px, at least
_OFF_PX = 1.5  # from the straight line, of a place that supports it
_ROUNDS = 8
_NEAR, _NEARLY = 0.2, 0.5  # of a side, what is near to a corner; and how much of that a border is seen along


@dataclass(frozen=True, slots=True)
class Borders:
    """``supported``: share of the places along each side at which the border is, on a straight line: top, right,
    bottom, left. ``met``: at how many corners both borders are seen up to there, as where they end and nothing runs on.
    ``off_px``: how far the places are from straight, root of the mean square.
    """

    corners: Corners
    supported: tuple[float, float, float, float]
    met: int
    off_px: float


def refined(corners: Corners, pictures: Iterable[Plane], reach_px: float) -> Borders | None:
    """``corners`` in px of the ``pictures``, grey uint8 (h, w), moved to the borders that are within ``reach_px``.

    None if there are none that meet.
    """
    grids = [_Grid(corners[n], corners[(n + 1) % 4], reach_px) for n in range(4)]
    steps: list[list[NDArray[np.float32]]] = [[] for _ in grids]
    for picture in pictures:
        for grid, found in zip(grids, steps, strict=True):
            found.append(grid.steps(picture))
    if not steps[0]:
        return None
    fits = [grid.fit(np.median(np.stack(found), axis=0)) for grid, found in zip(grids, steps, strict=True)]
    lines = [fit.line for fit in fits]
    made = np.array([_meeting(lines[n - 1], lines[n]) for n in range(4)])
    if not np.isfinite(made).all() or np.linalg.norm(made - corners, axis=1).max() > 3 * reach_px:
        return None
    top, right, bottom, left = (fit.supported for fit in fits)
    off = float(np.sqrt(np.mean([fit.off_px**2 for fit in fits])))
    met = sum(fits[n - 1].to_end and fits[n].from_start for n in range(4))
    return Borders(made, (top, right, bottom, left), met, off)


@dataclass(frozen=True, slots=True)
class _Fit:
    line: tuple[NDArray[np.float64], NDArray[np.float64]]  # two points of it
    supported: float
    from_start: bool
    to_end: bool
    off_px: float


class _Grid:
    """Places along a side, and at each of them steps across it."""

    def __init__(self, start: NDArray[np.float64], end: NDArray[np.float64], reach_px: float) -> None:
        self._start, self._along = start, end - start
        length = float(np.linalg.norm(self._along))
        self._normal = np.array([-self._along[1], self._along[0]]) / max(length, 1e-9)
        count = int(np.clip(length / _EVERY_PX, _LEAST, _MOST))
        self._places = np.linspace(_END, 1 - _END, count)
        self._offsets = np.arange(-reach_px, reach_px + _STEP_PX / 2, _STEP_PX)
        at = start + self._places[:, None, None] * self._along + self._offsets[None, :, None] * self._normal
        self._x, self._y = (np.ascontiguousarray(at[..., n], np.float32) for n in (0, 1))

    def steps(self, picture: Plane) -> NDArray[np.float32]:
        """How steep the level is across the side, grey levels per px: (places, offsets)."""
        levels = cv2.remap(picture, self._x, self._y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        smooth = cv2.GaussianBlur(levels.astype(np.float32), (5, 3), 1.0)
        return np.asarray(np.abs(np.gradient(smooth, _STEP_PX, axis=1)), np.float32)

    def fit(self, steps: NDArray[np.float32]) -> _Fit:
        """The straight line that most of the steepest places are on, those near to the middle above all."""
        rated = steps * np.exp(-((self._offsets / self._offsets[-1]) ** 2))
        best = rated.argmax(axis=1)
        peak = steps[np.arange(len(best)), best]
        usual = np.median(steps, axis=1)
        is_clear = (peak >= _LEVELS) & (peak >= _CLEAR * usual)
        offsets = self._offsets[best] + _STEP_PX * _beside(steps, best)
        slope, at_start, is_on = _straight(self._places, offsets, is_clear)
        apart = offsets[is_on] - (slope * self._places[is_on] + at_start)
        ends = [self._start + t * self._along + (slope * t + at_start) * self._normal for t in (0.0, 1.0)]
        off = float(np.sqrt(np.mean(apart**2))) if is_on.any() else 0.0
        near = max(1, round(_NEAR * len(is_on)))
        is_near = [bool(part.mean() >= _NEARLY) for part in (is_on[:near], is_on[-near:])]
        return _Fit((ends[0], ends[1]), float(is_on.mean()), is_near[0], is_near[1], off)


def _beside(steps: NDArray[np.float32], best: NDArray[np.intp]) -> NDArray[np.float64]:
    """Where between two offsets the peak is, -0.5..0.5: the top of a parabola through it and its neighbours."""
    rows, last = np.arange(len(best)), steps.shape[1] - 1
    before, after = steps[rows, np.maximum(best - 1, 0)], steps[rows, np.minimum(best + 1, last)]
    curve = np.minimum(before + after - 2 * steps[rows, best], -1e-6)
    return np.asarray(np.clip((before - after) / (2 * curve), -0.5, 0.5), np.float64)


def _straight(
    places: NDArray[np.float64], offsets: NDArray[np.float64], is_clear: NDArray[np.bool_]
) -> tuple[float, float, NDArray[np.bool_]]:
    """offset = slope * place + at_start: of lines through two places the one that most are on, then least squares."""
    clear = np.nonzero(is_clear)[0]
    if len(clear) < 2:
        return 0.0, 0.0, np.zeros(len(places), np.bool_)
    few = clear[:: max(1, len(clear) // 24)]
    one, other = np.triu_indices(len(few), 1)
    one, other = few[one], few[other]
    slopes = (offsets[other] - offsets[one]) / (places[other] - places[one])
    starts = offsets[one] - slopes * places[one]
    apart = np.abs(offsets[clear][None] - slopes[:, None] * places[clear][None] - starts[:, None])
    best = int(np.clip(1 - apart / _OFF_PX, 0, None).sum(axis=1).argmax())
    slope, at_start = float(slopes[best]), float(starts[best])
    is_on = is_clear
    for _ in range(_ROUNDS):
        is_on = is_clear & (np.abs(offsets - slope * places - at_start) <= _OFF_PX)
        if is_on.sum() < 2:
            break
        fitted = np.polyfit(places[is_on], offsets[is_on], 1)
        slope, at_start = float(fitted[0]), float(fitted[1])
    return slope, at_start, is_on


def _meeting(
    one: tuple[NDArray[np.float64], NDArray[np.float64]], other: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Where two lines through two points each meet; not a number if they do not."""
    (a, b), (c, d) = one, other
    matrix = np.column_stack([b - a, c - d])
    if abs(np.linalg.det(matrix)) < 1e-9:
        return np.full(2, np.nan)
    return np.asarray(a + np.linalg.solve(matrix, c - a)[0] * (b - a))
