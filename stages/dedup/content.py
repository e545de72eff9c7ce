"""What is on a picture, compared with what is on another: which tiles differ, and which edges are still there. Pure.

A slide that is built up keeps the edges it had and changes where it was empty. Two charts of the same kind have most
edges in common as well, but they differ in tiles that both have edges in. What somebody hides in either of two pictures
is left out, and a comparison of which less than ENOUGH is left says nothing. A tile differs in luma or in colour; where
much of what is on a picture has the same luma and edges in other colours, it is another slide.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.frame import Plane
from stages.chroma import in_tiles
from stages.dedup.colour import coloured, differing, joined
from stages.dedup.exposure import matched
from stages.dedup.surroundings import beneath, filled, uncovered
from stages.presenter import hidden_at

ENOUGH = 15  # percent of the tiles
SURE = (
    50  # percent of the tiles: of less, equal is all that can be told, and what one shows beyond it is not the other's
)
_TILE_PX = 10
_LEVELS = 20  # grey levels by which a pixel differs
_DIFFERS = 0.1  # share of a tile's pixels that makes it differ
_HAS_EDGES = 0.02  # share of a tile's pixels on edges that makes it one with something in it
_CANNY = (40, 100)
_REACH = np.ones((5, 5), np.uint8)  # an edge is found again up to 2 px away
_BESIDE = np.ones((9, 9), np.uint8)  # up to 4 px from what is hidden, blur and edges are of what is put there
_PIECE = np.ones((3, 3), np.uint8)
_FAST = 1
_ALTERED = 2  # grey levels, mean of a tile: noise of a deviation of 20 in a 1080p picture stays below it


@dataclass(frozen=True, slots=True)
class Rules:
    """Limits in percent, see the properties of the same names."""

    same_percent: float
    kept_percent: float
    touched_percent: float


@dataclass(frozen=True, slots=True, eq=False)
class Where:
    """By tile, (rows, columns): ``differ``: whether; ``went``, ``came``: the share of its pixels on edges that only the
    picture before, or only the one after, has.
    """

    differ: NDArray[np.bool_]
    went: NDArray[np.float32]
    came: NDArray[np.float32]

    def largest(self) -> float:
        """Percent of the tiles that differ that are in their largest piece; a tile's breadth does not part them."""
        closed = cv2.morphologyEx(self.differ.astype(np.uint8), cv2.MORPH_CLOSE, _PIECE)
        _, _, stats, _ = cv2.connectedComponentsWithStats(closed)
        areas = stats[1:, cv2.CC_STAT_AREA]
        return 100 * float(areas.max() / areas.sum()) if areas.size else 0.0


_EVERYWHERE = Where(np.ones((1, 1), np.bool_), np.ones((1, 1), np.float32), np.ones((1, 1), np.float32))


@dataclass(frozen=True, slots=True)
class Likeness:
    """``before`` against ``after``, in percent. ``differing``: of all tiles. ``kept``: of the edges of ``before``, how
    many ``after`` has too. ``touched``: of the tiles with edges on ``before``, those that differ in luma. ``kept_back``
    and ``touched_back``: the same, of ``after``. ``altered``: of all tiles, those on which anything is to be seen.
    ``visible``: of all tiles, those that nobody hides in either; all else is said of these. ``recoloured``: of the
    tiles with edges or colour on either, those that differ in colour alone. ``where``: the same by tile.
    """

    differing: float
    kept: float
    touched: float
    kept_back: float
    touched_back: float
    altered: float = 0.0
    visible: float = 100.0
    recoloured: float = 0.0
    where: Where = field(default=_EVERYWHERE, compare=False, repr=False)

    @property
    def says_nothing(self) -> bool:
        """Whether too little is visible in both to tell."""
        return self.visible < ENOUGH

    @property
    def is_sure(self) -> bool:
        """Whether so much is visible in both that what is hidden goes with it."""
        return self.visible >= SURE

    def grown(self, rules: Rules) -> bool:
        """Whether ``after`` is ``before`` with something added, or nothing."""
        return self._part(self.kept, self.touched, rules)

    def covered(self, rules: Rules) -> bool:
        """Whether ``after`` shows nothing that ``before`` does not: the same, or an earlier state of it."""
        part = self._part(self.kept_back, self.touched_back, rules)
        return part or (self.differing <= rules.same_percent and not self.says_nothing)

    def in_other_colours(self, rules: Rules) -> bool:
        """Whether so much has another colour that it is another slide: of what a slide shows nothing is to be lost."""
        return self.differing > rules.same_percent and self.recoloured > rules.touched_percent

    def _part(self, kept: float, touched: float, rules: Rules) -> bool:
        if self.in_other_colours(rules):
            return False
        # Where much is hidden a template is most of what is left, and what is not of it must agree all the more:
        # with 40 % hidden, slides of one template keep up to 97 % of their edges, and touch 8 % of their tiles.
        slack = (self.visible / 100) ** 3
        lost = (100 - rules.kept_percent) * slack
        return self.is_sure and 100 - kept <= lost and touched <= rules.touched_percent * slack


class Content:
    """Made of a grey plane, uint8 (h, w), of about 640 px width, and of what is hidden in it: uint8 (h, w), 255 where
    somebody stands before it; None: nothing. ``chroma``: of the same picture, uint8 (h, w, 2) and smaller; None: it has
    none. It keeps all packed: a lecture has many.
    """

    def __init__(self, plane: Plane, hidden: Plane | None = None, chroma: Plane | None = None) -> None:
        if hidden is not None and not cv2.countNonZero(hidden):
            hidden = None
        self._shape = plane.shape
        self.hidden_percent = 0.0 if hidden is None else 100 * cv2.countNonZero(hidden) / hidden.size
        self._hidden = b"" if hidden is None else _packed(hidden)
        self._packed = _packed(plane if hidden is None else filled(plane, hidden))
        self._chroma_shape = None if chroma is None else chroma.shape
        self._chroma = b"" if chroma is None else _packed(chroma)

    @property
    def veiled(self) -> bool:
        """Whether anything is hidden in it."""
        return bool(self._hidden)

    def equals(self, other: Content) -> bool:
        """Whether both are the same to the last bit."""
        ours = (self._shape, self._packed, self._hidden, self._chroma)
        return ours == (other._shape, other._packed, other._hidden, other._chroma)

    def looked_at(self) -> Look:
        """Unpack it, to be compared."""
        hidden = _unpacked(self._hidden, self._shape) if self._hidden else None
        chroma = _unpacked(self._chroma, self._chroma_shape) if self._chroma_shape is not None else None
        return Look(_unpacked(self._packed, self._shape), hidden, chroma)

    def over(self, below: Content) -> Content:
        """With what ``below``, of the same slide, shows where this one is hidden."""
        if not self.veiled:
            return self
        whole = self.looked_at().over(below.looked_at())
        return Content(whole.plane, whole.hidden, whole.chroma)

    def unseen_in(self, other: Content) -> float:
        """Share of the pixels, 0 to 1, that it shows and ``other`` does not."""
        if not other.veiled or self._shape != other._shape:
            return 0.0
        return uncovered(other.looked_at().hidden, self.looked_at().hidden)


class Look:
    """A plane and what is derived from it, each once it is asked for. What is ``hidden`` in it has no meaning."""

    def __init__(self, plane: Plane, hidden: Plane | None = None, chroma: Plane | None = None) -> None:
        self.plane = plane
        self.hidden = hidden
        self.chroma = chroma

    def over(self, below: Look) -> Look:
        """With what ``below``, of the same slide, shows where this one is hidden; as it is if they differ in size."""
        if self.hidden is None or self.plane.shape != below.plane.shape:
            return self
        plane, hidden = beneath(self.plane, self.hidden, below.plane, below.hidden)
        return Look(plane if hidden is None else filled(plane, hidden), hidden, self._chroma_over(below))

    def against(self, after: Look) -> Likeness:
        """Compare with a later picture. Pictures of other proportions have nothing in common."""
        if self.plane.shape != after.plane.shape:
            return Likeness(100.0, 0.0, 100.0, 0.0, 100.0, 100.0)
        exposed = matched(self._smooth, after._smooth)
        difference = np.asarray(cv2.absdiff(self._smooth, exposed), np.uint8)
        _, above = cv2.threshold(difference, _LEVELS, 255, cv2.THRESH_BINARY)
        differ = _tiles(np.asarray(above, np.uint8), _DIFFERS)
        altered = _tiles(difference, _ALTERED / 255)
        recoloured = np.zeros_like(differ)
        if self.chroma is not None and after.chroma is not None and self.chroma.shape == after.chroma.shape:
            other = differing(self.chroma, after.chroma, after._smooth, exposed)
            recoloured = in_tiles(other, self.plane.shape, _TILE_PX) & ~differ
        ours, theirs, ours_filled, theirs_filled = self._edges, after._edges, self._filled, after._filled
        something = ours_filled | theirs_filled | self._coloured | after._coloured
        visible = 1.0
        if self.hidden is not None or after.hidden is not None:
            clear = ~(self._veil | after._veil)
            shown = ~_tiles(np.where(clear, np.uint8(0), np.uint8(255)), 0)
            visible = float(np.mean(shown))
            if not shown.any():
                return Likeness(0.0, 100.0, 0.0, 100.0, 0.0, 0.0, 0.0)
            differ, altered, recoloured, something = (mask & shown for mask in (differ, altered, recoloured, something))
            ours, theirs, ours_filled, theirs_filled = (
                ours & clear,
                theirs & clear,
                ours_filled & shown,
                theirs_filled & shown,
            )
        either = differ | recoloured
        return Likeness(
            100 * float(np.mean(either)) / visible,
            _percent(ours & after._near, ours, 100.0),
            _percent(differ & ours_filled, ours_filled, 0.0),
            _percent(theirs & self._near, theirs, 100.0),
            _percent(differ & theirs_filled, theirs_filled, 0.0),
            100 * float(np.mean(altered | recoloured)) / visible,
            100 * visible,
            _percent(recoloured, recoloured | something, 0.0),
            Where(either, _shares(ours & ~after._near), _shares(theirs & ~self._near)),
        )

    def _chroma_over(self, below: Look) -> Plane | None:
        ours, theirs, hidden = self.chroma, below.chroma, self.hidden
        if ours is None or theirs is None or hidden is None or ours.shape != theirs.shape:
            return None
        return joined(ours, hidden_at(hidden, ours.shape[1], ours.shape[0]), theirs)

    @cached_property
    def _coloured(self) -> NDArray[np.bool_]:
        if self.chroma is None:
            return np.zeros_like(self._filled)
        return in_tiles(coloured(self.chroma), self.plane.shape, _TILE_PX)

    @cached_property
    def _veil(self) -> NDArray[np.bool_]:
        if self.hidden is None:
            return np.zeros(self.plane.shape, np.bool_)
        return np.asarray(cv2.dilate(self.hidden, _BESIDE)) > 0

    @cached_property
    def _smooth(self) -> Plane:
        return np.asarray(cv2.GaussianBlur(self.plane, (5, 5), 0), np.uint8)

    @cached_property
    def _edges(self) -> NDArray[np.bool_]:
        return np.asarray(cv2.Canny(cv2.GaussianBlur(self.plane, (3, 3), 0), *_CANNY)) > 0

    @cached_property
    def _near(self) -> NDArray[np.bool_]:
        return np.asarray(cv2.dilate(self._edges.astype(np.uint8), _REACH)) > 0

    @cached_property
    def _filled(self) -> NDArray[np.bool_]:
        return _tiles(self._edges.astype(np.uint8) * np.uint8(255), _HAS_EDGES)


def _unpacked(data: bytes, shape: tuple[int, ...]) -> Plane:
    return np.frombuffer(zlib.decompress(data), np.uint8).reshape(shape)


def _packed(plane: Plane) -> bytes:
    return zlib.compress(np.ascontiguousarray(plane).tobytes(), _FAST)


def _tiles(mask: Plane, share: float) -> NDArray[np.bool_]:
    """Whether more than ``share`` of 255 is each tile's mean; a mask smaller than a tile is one tile."""
    return _means(mask) > share * 255


def _shares(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The share of each tile's pixels that are set."""
    return _means(mask.astype(np.uint8) * np.uint8(255)).astype(np.float32) / np.float32(255)


def _means(mask: Plane) -> Plane:
    rows, columns = max(1, mask.shape[0] // _TILE_PX), max(1, mask.shape[1] // _TILE_PX)
    inner = mask[: rows * _TILE_PX, : columns * _TILE_PX]
    return np.asarray(cv2.resize(inner, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)


def _percent(part: NDArray[np.bool_], whole: NDArray[np.bool_], of_nothing: float) -> float:
    count = int(np.count_nonzero(whole))
    return 100 * int(np.count_nonzero(part)) / count if count else of_nothing
