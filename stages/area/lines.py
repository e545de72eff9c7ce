"""Long straight borders in the picture that is common to all pages: what a slide on a wall ends at. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.frame import Plane

_SHORTEST_PX = 14.0  # of a segment, in a picture of 640 px
_LONG = 0.08  # of a border that is seen, of the picture's width
_STEEP = np.tan(np.radians(35.0))  # more is neither level nor upright
_TURN = np.sin(np.radians(2.5))
_BESIDE_PX = 2.5
_GAP_PX = 6
_MOST = 24  # lines of each direction that are looked at, the longest ones


@dataclass(frozen=True, slots=True)
class Line:
    """``normal`` (2,) of length 1 and ``offset``: the points p with normal @ p = offset.

    The normal looks down for a level line and right for an upright one. ``seen``: bool per px of the running
    coordinate, x of a level line and y of an upright one, where the border is there.
    """

    normal: NDArray[np.float64]
    offset: float
    seen: NDArray[np.bool_]


def common(pages: Sequence[Plane]) -> Plane:
    """The median of the pages, grey uint8 (h, w): without people, and with what is the same on most slides."""
    return np.asarray(np.median(np.stack(pages), axis=0), np.uint8)


def lines(picture: Plane) -> tuple[list[Line], list[Line]]:
    """Level lines and upright ones of a grey picture, the longest first."""
    found = cv2.createLineSegmentDetector().detect(cv2.GaussianBlur(picture, (3, 3), 0))[0]
    segments = np.empty((0, 4)) if found is None else np.asarray(found, np.float64).reshape(-1, 4)
    height, width = picture.shape
    level, upright = [], []
    for x0, y0, x1, y1 in segments:
        dx, dy = abs(x1 - x0), abs(y1 - y0)
        if np.hypot(dx, dy) < _SHORTEST_PX:
            continue
        if dy <= _STEEP * dx:
            level.append((x0, y0, x1, y1) if x0 <= x1 else (x1, y1, x0, y0))
        elif dx <= _STEEP * dy:
            upright.append((y0, x0, y1, x1) if y0 <= y1 else (y1, x1, y0, x0))
    return (
        [Line(np.array([a, b]), c, seen) for a, b, c, seen in _merged(level, width)],
        [Line(np.array([b, a]), c, seen) for a, b, c, seen in _merged(upright, height)],
    )


def _merged(
    segments: list[tuple[float, float, float, float]], length: int
) -> list[tuple[float, float, float, NDArray[np.bool_]]]:
    """Segments (u0, v0, u1, v1) that run on in each other become one line a*u + b*v = c, b > 0."""
    rest = sorted(segments, key=lambda s: -float(np.hypot(s[2] - s[0], s[3] - s[1])))
    made: list[tuple[float, float, float, NDArray[np.bool_]]] = []
    while rest and len(made) < 3 * _MOST:
        own = [rest[0]]
        for _ in range(2):  # the second time by the line through all of the first
            a, b, c = _through(own)
            own = [s for s in rest if _is_on(s, a, b, c)] or own
        rest = [s for s in rest[1:] if s not in own]
        seen = np.zeros(length, np.bool_)
        for u0, _, u1, _ in own:
            seen[max(0, int(u0) - _GAP_PX // 2) : max(0, int(u1) + 1 + _GAP_PX // 2)] = True
        if seen.sum() >= _LONG * length:
            made.append((a, b, c, seen))
    return sorted(made, key=lambda line: -int(line[3].sum()))[:_MOST]


def _through(segments: list[tuple[float, float, float, float]]) -> tuple[float, float, float]:
    """v = m*u + n by least squares over the ends, each as heavy as its segment is long."""
    ends = np.array([(u, v, u1 - u0) for u0, v0, u1, v1 in segments for u, v in ((u0, v0), (u1, v1))])
    u, v, weight = ends.T
    m, n = np.polyfit(u, v, 1, w=np.sqrt(np.maximum(weight, 1e-6)))
    norm = float(np.hypot(m, 1.0))
    return float(-m / norm), 1.0 / norm, float(n / norm)


def _is_on(segment: tuple[float, float, float, float], a: float, b: float, c: float) -> bool:
    u0, v0, u1, v1 = segment
    length = float(np.hypot(u1 - u0, v1 - v0))
    off = max(abs(a * u0 + b * v0 - c), abs(a * u1 + b * v1 - c))
    return off <= _BESIDE_PX and abs(a * (u1 - u0) + b * (v1 - v0)) <= max(_TURN * length, 1.0)
