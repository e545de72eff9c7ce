"""What is on a picture, compared with what is on another: which tiles differ, and which edges are still there. Pure.

A slide that is built up keeps the edges it had and changes where it was empty. Two charts of the same kind have most
edges in common as well, but they differ in tiles that both have edges in.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.frame import Plane

_TILE_PX = 10
_LEVELS = 20  # grey levels by which a pixel differs
_DIFFERS = 0.1  # share of a tile's pixels that makes it differ
_HAS_EDGES = 0.02  # share of a tile's pixels on edges that makes it one with something in it
_CANNY = (40, 100)
_REACH = np.ones((5, 5), np.uint8)  # an edge is found again up to 2 px away
_FAST = 1
_ALTERED = 2  # grey levels, mean of a tile: noise of a deviation of 20 in a 1080p picture stays below it


@dataclass(frozen=True, slots=True)
class Rules:
    """Limits in percent, see the properties of the same names."""

    same_percent: float
    kept_percent: float
    touched_percent: float


@dataclass(frozen=True, slots=True)
class Likeness:
    """``before`` against ``after``, in percent. ``differing``: of all tiles. ``kept``: of the edges of ``before``, how
    many ``after`` has too. ``touched``: of the tiles with edges on ``before``, those that differ. ``kept_back`` and
    ``touched_back``: the same, of ``after``. ``altered``: of all tiles, those on which anything is to be seen at all.
    """

    differing: float
    kept: float
    touched: float
    kept_back: float
    touched_back: float
    altered: float = 0.0

    def grown(self, rules: Rules) -> bool:
        """Whether ``after`` is ``before`` with something added, or nothing."""
        return self.kept >= rules.kept_percent and self.touched <= rules.touched_percent

    def covered(self, rules: Rules) -> bool:
        """Whether ``after`` shows nothing that ``before`` does not: the same, or an earlier state of it."""
        part = self.kept_back >= rules.kept_percent and self.touched_back <= rules.touched_percent
        return part or self.differing <= rules.same_percent


class Content:
    """Made of a grey plane, uint8 (h, w), of about 640 px width. It keeps the plane packed: a lecture has many."""

    def __init__(self, plane: Plane) -> None:
        self._shape = plane.shape
        self._packed = zlib.compress(np.ascontiguousarray(plane).tobytes(), _FAST)

    def equals(self, other: Content) -> bool:
        """Whether both are the same to the last bit."""
        return self._shape == other._shape and self._packed == other._packed

    def looked_at(self) -> Look:
        """Unpack it, to be compared."""
        return Look(np.frombuffer(zlib.decompress(self._packed), np.uint8).reshape(self._shape))


class Look:
    """A plane and what is derived from it, each once it is asked for."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane

    def against(self, after: Look) -> Likeness:
        """Compare with a later picture. Pictures of other proportions have nothing in common."""
        if self._plane.shape != after._plane.shape:
            return Likeness(100.0, 0.0, 100.0, 0.0, 100.0, 100.0)
        difference = np.asarray(cv2.absdiff(self._smooth, after._smooth), np.uint8)
        _, above = cv2.threshold(difference, _LEVELS, 255, cv2.THRESH_BINARY)
        differ = _tiles(np.asarray(above, np.uint8), _DIFFERS)
        return Likeness(
            100 * float(np.mean(differ)),
            _percent(self._edges & after._near, self._edges, 100.0),
            _percent(differ & self._filled, self._filled, 0.0),
            _percent(after._edges & self._near, after._edges, 100.0),
            _percent(differ & after._filled, after._filled, 0.0),
            100 * float(np.mean(_tiles(difference, _ALTERED / 255))),
        )

    @cached_property
    def _smooth(self) -> Plane:
        return np.asarray(cv2.GaussianBlur(self._plane, (5, 5), 0), np.uint8)

    @cached_property
    def _edges(self) -> NDArray[np.bool_]:
        return np.asarray(cv2.Canny(cv2.GaussianBlur(self._plane, (3, 3), 0), *_CANNY)) > 0

    @cached_property
    def _near(self) -> NDArray[np.bool_]:
        return np.asarray(cv2.dilate(self._edges.astype(np.uint8), _REACH)) > 0

    @cached_property
    def _filled(self) -> NDArray[np.bool_]:
        return _tiles(self._edges.astype(np.uint8) * np.uint8(255), _HAS_EDGES)


def _tiles(mask: Plane, share: float) -> NDArray[np.bool_]:
    """Whether more than ``share`` of 255 is each tile's mean; a mask smaller than a tile is one tile."""
    rows, columns = max(1, mask.shape[0] // _TILE_PX), max(1, mask.shape[1] // _TILE_PX)
    inner = mask[: rows * _TILE_PX, : columns * _TILE_PX]
    return np.asarray(cv2.resize(inner, (columns, rows), interpolation=cv2.INTER_AREA)) > share * 255


def _percent(part: NDArray[np.bool_], whole: NDArray[np.bool_], of_nothing: float) -> float:
    count = int(np.count_nonzero(whole))
    return 100 * int(np.count_nonzero(part)) / count if count else of_nothing
