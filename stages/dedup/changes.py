"""What bgsub saw of how the picture changed, tile by tile: at once, or bit by bit as something moved through it. Pure.

Two pictures of a lecture tell what differs; this tells whether a slide changed or somebody walked in front of it. A
slide changes at once, in places with something on them, and stays changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.frame import SECOND_NS
from stages.dedup.content import Likeness

_TENTH_NS = SECOND_NS // 10
_TOGETHER = 3  # tenths of a second; frames are compared twice as far apart
_EDGES = 0.01  # share of a tile's pixels on edges that came or went that makes it a change of content
_SLIDE = 0.75  # percent of the picture; people who walked in and out were up to 0.5, slides from 1.0
_OF_WHAT_DIFFERS = 0.5  # whatever its size: a number in a chart is a change
_ADDED = 10  # percent at most of the edges went where something was added; of builds it was 6, of slides from 14
_ALL_SEEN = 80  # percent of the edges of a slide to which something is added, and somebody may stand in front of it
_HIDDEN = 25  # percent of the tiles, which something in front of a slide may hide
_SEEN = 60  # percent of the edges that both pictures have
_NOTHING = 0.25  # percent of the picture: nothing but what moves moved, and the two below are the limits
_MOST_HIDDEN = 35
_LEAST_SEEN = 25
_ONE_PIECE = 40  # percent of what differs


@dataclass(frozen=True, slots=True)
class AtOnce:
    """``percent`` of the picture changed at one time. ``differing``: that much differs in content. ``lost``: of the
    edges that came or went where it changed at once, percent that went.
    """

    percent: float
    differing: float
    lost: float

    @property
    def gradual(self) -> bool:
        """Whether what differs came bit by bit."""
        return self.percent < min(_SLIDE, _OF_WHAT_DIFFERS * self.differing)

    def added(self, likeness: Likeness) -> bool:
        """Whether something was added, whatever moved meanwhile."""
        return not self.gradual and self.lost <= _ADDED and likeness.kept >= _ALL_SEEN

    def in_front(self, likeness: Likeness) -> bool:
        """Whether the later picture is the earlier one with something else in front of it."""
        if not self.gradual:
            return False
        hidden, seen = (_HIDDEN, _SEEN) if self.percent >= _NOTHING else (_MOST_HIDDEN, _LEAST_SEEN)
        if likeness.differing > hidden or likeness.where.largest() < _ONE_PIECE:
            return False
        return min(likeness.kept, likeness.kept_back) >= seen


@dataclass(frozen=True, slots=True)
class Changes:
    """``before``: uint16 (rows, columns), for each tile how many tenths of a second before the picture it changed."""

    before: NDArray[np.uint16]

    @classmethod
    def of(cls, told: object) -> Changes | None:
        """From ``meta["changed"]``; None if nothing of use is there."""
        if not isinstance(told, Mapping):
            return None
        rows, columns, before = told.get("rows"), told.get("columns"), told.get("before")
        if not isinstance(rows, int) or not isinstance(columns, int) or not isinstance(before, bytes):
            return None
        if rows < 1 or columns < 1 or len(before) != 2 * rows * columns:
            return None
        return cls(np.frombuffer(before, "<u2").reshape(rows, columns).astype(np.uint16))

    def at_once(self, likeness: Likeness, within_ns: int) -> AtOnce:
        """The most that changed at one time of the last ``within_ns`` and differs now."""
        where = likeness.where
        rows, columns = where.differ.shape
        before = self.before
        if before.shape != where.differ.shape:
            before = np.asarray(cv2.resize(before, (columns, rows), interpolation=cv2.INTER_NEAREST), np.uint16)
        content = where.differ & (where.went + where.came >= _EDGES)
        differing = 100 * float(np.mean(content))
        counted = content & (before <= within_ns // _TENTH_NS)
        if not counted.any():
            return AtOnce(0.0, differing, 0.0)
        together = np.convolve(np.bincount(before[counted]), np.ones(_TOGETHER, np.int64))
        last = int(together.argmax())
        tiles = counted & (before <= last) & (before + _TOGETHER > last)
        went, came = float(where.went[tiles].sum()), float(where.came[tiles].sum())
        return AtOnce(100 * float(np.mean(tiles)), differing, 100 * went / (went + came))
