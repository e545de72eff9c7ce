"""Which four borders enclose what changes: every quadrilateral of two level and two upright lines is rated. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from stages.area.lines import Line

Corners: TypeAlias = NDArray[np.float64]  # (4, 2): top left, top right, bottom right, bottom left, x and y in px
_Floats: TypeAlias = NDArray[np.float64]

SMALLEST, LARGEST = 0.15, 0.9  # share of the picture
_ASPECTS = (0.9, 2.25)  # width to height before the perspective is taken out; what it is in truth is judged later
_POINTS = 3000
_FEW = 0.15  # of the changes: what differs in less is left aside
_BEYOND = 0.35  # share of what changes that may lie on the far side of one border
_LEAST_SEEN = 0.2  # of each side
_LEAST_INSIDE = 0.5
_WIDEST = 0.3  # of the area, between what changes and a border
_SLACK = 0.01  # of the picture's long edge, by which a corner may lie outside
_SAME_PX = 2.5  # of all corners: the borders are moved later on
_NARROW = 0.01  # share of what changes that is left aside where its extent is measured


@dataclass(frozen=True, slots=True)
class Quad:
    """``inside``: share of the change in it; ``close``: how close that comes to its sides, 0..1; ``seen``: share of
    each side at which there is a border: top, right, bottom, left.
    """

    corners: Corners
    inside: float
    close: float
    seen: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class _Strips:
    """Pairs of borders (n): their lines, which points lie between, and how close the change comes to both, 0..1."""

    first: Sequence[Line]
    second: Sequence[Line]
    between: _Floats  # (n, points), 0 or 1
    close: _Floats  # (n,)


def quads(support: NDArray[np.float32], level: Sequence[Line], upright: Sequence[Line], most: int = 8) -> list[Quad]:
    """The best ones, the best first. ``support``: how often each pixel changes, 0..1, (h, w)."""
    points, weights = heavy(support)
    if not len(points):
        return []
    down, across = _strips(level, points, weights), _strips(upright, points, weights)
    if not down.first or not across.first:
        return []
    inside = (down.between * weights) @ across.between.T
    corners = np.stack(
        [
            _crossings(down.first, across.first),
            _crossings(down.first, across.second),
            _crossings(down.second, across.second),
            _crossings(down.second, across.first),
        ],
        axis=2,
    )  # (down, across, 4, 2)
    seen = np.stack(
        [
            _seen(down.first, corners[:, :, 0, 0], corners[:, :, 1, 0]),
            _seen(across.second, corners[:, :, 1, 1].T, corners[:, :, 2, 1].T).T,
            _seen(down.second, corners[:, :, 3, 0], corners[:, :, 2, 0]),
            _seen(across.first, corners[:, :, 0, 1].T, corners[:, :, 3, 1].T).T,
        ],
        axis=2,
    )
    fits = _fitting(corners, support.shape) & (seen.min(axis=2) >= _LEAST_SEEN) & (inside >= _LEAST_INSIDE)
    close = down.close[:, None] * across.close[None, :]
    score = np.where(fits, merit(inside, close, seen), 0.0)
    found: list[Quad] = []
    for place in np.argsort(score, axis=None)[::-1]:
        at = np.unravel_index(place, score.shape)
        if score[at] <= 0 or len(found) == most:
            break
        if all(np.abs(corners[at] - other.corners).max() > _SAME_PX for other in found):
            top, right, bottom, left = (float(share) for share in seen[at])
            found.append(Quad(corners[at], float(inside[at]), float(close[at]), (top, right, bottom, left)))
    return found


def merit(inside: _Floats, close: _Floats, seen: _Floats) -> _Floats:
    """What (...) are rated by; ``seen`` (..., 4)."""
    return np.asarray(inside * close * np.prod(0.2 + 0.8 * seen, axis=-1))


def heavy(support: NDArray[np.float32]) -> tuple[_Floats, _Floats]:
    """Of the pixels that change more than a few times x and y (n, 2), and how often they do (n,), sum 1."""
    ys, xs = np.nonzero(support >= max(1e-6, min(_FEW, float(support.max()))))
    step = max(1, len(xs) // _POINTS)
    weights = support[ys, xs][::step].astype(np.float64)
    return np.column_stack([xs, ys])[::step].astype(np.float64), weights / max(float(weights.sum()), 1e-9)


def extent(points: _Floats, weights: _Floats) -> tuple[float, float, float, float]:
    """Where what changes begins and ends, but for a hundredth on each side: left, top, right, bottom in px."""
    left, right = _ends(points[:, 0], weights)
    top, bottom = _ends(points[:, 1], weights)
    return left, top, right, bottom


def is_convex(corners: Corners) -> bool:
    """Whether each corner turns clockwise, with y down."""
    return bool(_turns(corners).min() > 0)


def area_px(corners: Corners) -> float:
    """What they enclose."""
    return float(_areas(corners))


def _strips(lines: Sequence[Line], points: _Floats, weights: _Floats) -> _Strips:
    """Every two of ``lines`` between which most of the change lies, and close enough to both."""
    first, second, between, close = [], [], [], []
    ahead = [points @ line.normal - line.offset for line in lines]
    beyond = [(float(weights[d < 0].sum()), float(weights[d > 0].sum())) for d in ahead]
    for one, near in enumerate(ahead):
        for other, far in enumerate(ahead):
            if one == other or beyond[one][0] > _BEYOND or beyond[other][1] > _BEYOND:
                continue
            within = (near > 0) & (far < 0)
            if weights[within].sum() < _LEAST_INSIDE:
                continue
            low, high = _ends(near[within] / (near[within] - far[within]), weights[within])
            if max(low, 1 - high) <= _WIDEST:
                first.append(lines[one])
                second.append(lines[other])
                between.append(within)
                close.append((1 - low) * high)
    return _Strips(first, second, np.array(between, np.float64), np.array(close, np.float64))


def _ends(values: _Floats, weights: _Floats) -> tuple[float, float]:
    order = np.argsort(values)
    heap = np.cumsum(weights[order])
    low, high = np.searchsorted(heap, np.array([_NARROW, 1 - _NARROW]) * heap[-1])
    return float(values[order[low]]), float(values[order[min(high, len(order) - 1)]])


def _crossings(level: Sequence[Line], upright: Sequence[Line]) -> _Floats:
    """Where each of ``level`` meets each of ``upright``: (level, upright, 2), by Cramer's rule."""
    a, c = np.array([line.normal for line in level])[:, None], np.array([line.offset for line in level])[:, None]
    b, d = np.array([line.normal for line in upright])[None], np.array([line.offset for line in upright])[None]
    det = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]  # never 0: by their directions they are no parallels
    meeting = np.stack([c * b[..., 1] - d * a[..., 1], a[..., 0] * d - b[..., 0] * c], axis=2)
    return np.asarray(meeting / det[..., None])


def _seen(lines: Sequence[Line], start: _Floats, end: _Floats) -> _Floats:
    """Share of each line's own part, from ``start`` to ``end`` (lines, n), at which there is a border."""
    sums = np.array([np.concatenate([[0], np.cumsum(line.seen)]) for line in lines], np.float64)
    last = sums.shape[1] - 1
    a, b = np.clip(np.rint(start), 0, last).astype(np.intp), np.clip(np.rint(end), 0, last).astype(np.intp)
    covered = np.take_along_axis(sums, b, axis=1) - np.take_along_axis(sums, a, axis=1)
    return np.asarray(np.clip(covered / np.maximum(b - a, 1), 0, 1))


def _fitting(corners: _Floats, size: tuple[int, ...]) -> NDArray[np.bool_]:
    """Of (..., 4, 2): which are convex, in the picture, and of a sensible size and aspect."""
    height, width = size
    slack = _SLACK * max(size)
    x, y = corners[..., 0], corners[..., 1]
    in_it = (x.min(-1) >= -slack) & (y.min(-1) >= -slack) & (x.max(-1) < width + slack) & (y.max(-1) < height + slack)
    share = _areas(corners) / (width * height)
    sides = np.linalg.norm(np.roll(corners, -1, axis=-2) - corners, axis=-1)
    aspect = (sides[..., 0] + sides[..., 2]) / np.maximum(sides[..., 1] + sides[..., 3], 1e-9)
    fits = in_it & (_turns(corners).min(-1) > 0) & (share >= SMALLEST) & (share <= LARGEST)
    return np.asarray(fits & (aspect >= _ASPECTS[0]) & (aspect <= _ASPECTS[1]))


def _turns(corners: _Floats) -> _Floats:
    along = np.roll(corners, -1, axis=-2) - corners
    after = np.roll(along, -1, axis=-2)
    return np.asarray(along[..., 0] * after[..., 1] - along[..., 1] * after[..., 0])


def _areas(corners: _Floats) -> _Floats:
    """Of (..., 4, 2), by the shoelace formula."""
    x, y = corners[..., 0], corners[..., 1]
    return np.asarray(np.abs((x * np.roll(y, -1, axis=-1) - y * np.roll(x, -1, axis=-1)).sum(-1)) / 2)
