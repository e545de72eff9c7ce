"""Which moments of a view are worth their picture, because they show what somebody stood in front of before. Pure.

``Sharpness`` says whether a frame's mask is to be trusted, ``Watched`` keeps one moment until it is known who came into
it and whether motion followed. What becomes of moments is decided in ``reveals``.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import cv2
import numpy as np

from pipeline.frame import SECOND_NS, Plane
from stages.presenter import Presenter, hidden_at

Kept = TypeVar("Kept")

_OLDEST_NS = SECOND_NS  # a mask older than this says nothing of where a walking person is
_LATER_NS = SECOND_NS // 10  # than the youngest masks of late
_LATE_NS = 2 * SECOND_NS
# Somebody who enters is unmasked until two masks, half a second apart, have found them; and nearly as long after that
# their outline may be theirs of a moment ago.
WATCHED_NS = 3 * SECOND_NS // 2


def uncovered(hidden: Plane | None, other: Plane | None) -> float:
    """Share of the picture, 0 to 1, that the mask ``hidden`` hides and ``other`` does not; None hides nothing."""
    if hidden is None:
        return 0.0
    count = cv2.countNonZero(hidden)
    if other is not None and count:
        height, width = hidden.shape
        count -= cv2.countNonZero(cv2.bitwise_and(hidden, hidden_at(other, width, height)))
    return count / hidden.size


def both(hidden: Plane | None, other: Plane | None) -> Plane | None:
    """What each of two masks hides, at the size of the first."""
    if hidden is None or other is None:
        return None
    left = np.asarray(cv2.bitwise_and(hidden, hidden_at(other, hidden.shape[1], hidden.shape[0])), np.uint8)
    return left if cv2.countNonZero(left) else None


def either(hidden: Plane | None, other: Plane | None) -> Plane | None:
    """What one or the other hides, at the size of the first that hides anything."""
    if hidden is None or other is None:
        return hidden if other is None else other
    return np.asarray(cv2.bitwise_or(hidden, hidden_at(other, hidden.shape[1], hidden.shape[0])), np.uint8)


class Sharpness:
    """Whether masks fit their frames, over the frames of one stream in order."""

    def __init__(self) -> None:
        self._ages: deque[tuple[int, int]] = deque()
        self._there_ns: int | None = None

    def fits(self, pts_ns: int, presenter: Presenter | None) -> bool:
        """Whether this frame's mask is about as young as they get here. Nobody fits once nobody was there for long:
        until then it may be that somebody is, and was not found.
        """
        if presenter is None:
            return self._there_ns is None or pts_ns - self._there_ns >= WATCHED_NS
        self._there_ns = pts_ns
        self._ages.append((pts_ns, presenter.age_ns))
        while self._ages[0][0] < pts_ns - _LATE_NS:
            self._ages.popleft()
        return self.trusts(presenter)

    def trusts(self, presenter: Presenter) -> bool:
        """Whether the mask of a frame not long ago is about as young as they have been since."""
        youngest = min((age_ns for _, age_ns in self._ages), default=0)
        return presenter.age_ns <= min(youngest + _LATER_NS, _OLDEST_NS)

    def forget(self) -> None:
        """The stream was broken."""
        self._ages.clear()
        self._there_ns = None


@dataclass(frozen=True, slots=True)
class Moment(Generic[Kept]):
    """``hidden``: what is hidden in what was kept, and what was hidden soon after: there somebody may have been."""

    pts_ns: int
    hidden: Plane | None
    kept: Kept


class Watched(Generic[Kept]):
    """The frames of one stream in order, and a place for one of them. A moment leaves it once it is 1.5 s old, or
    ``margin_ns`` if that is more, or when its view is left.
    """

    def __init__(self, margin_ns: int) -> None:
        self._watched_ns = max(margin_ns, WATCHED_NS)
        self.sharpness = Sharpness()
        self._moment: Moment[Kept] | None = None
        self._pts_ns = 0
        self._fits = False
        self.hidden: Plane | None = None  # in the newest frame

    @property
    def wants(self) -> bool:
        """Whether the newest frame may be the next moment."""
        return self._fits and self._moment is None

    def see(self, pts_ns: int, presenter: Presenter | None) -> None:
        """The next frame, and who stands before it."""
        self._pts_ns = pts_ns
        self._fits = self.sharpness.fits(pts_ns, presenter)
        self.hidden = hidden = None if presenter is None else presenter.mask
        if self._moment is not None and uncovered(hidden, self._moment.hidden):
            self._moment = replace(self._moment, hidden=either(self._moment.hidden, hidden))

    def keep(self, kept: Kept) -> None:
        """What was taken of the newest frame; only if it is wanted."""
        self._moment = Moment(self._pts_ns, self.hidden, kept)

    def ripe(self, pts_ns: int, before_ns: int | None = None) -> Moment[Kept] | None:
        """The moment, if it is old enough at ``pts_ns``, and from before ``before_ns``; the place is free again."""
        if self._moment is None or pts_ns - self._moment.pts_ns < self._watched_ns:
            return None
        if before_ns is not None and self._moment.pts_ns >= before_ns:
            return None
        return self.clear()

    def clear(self) -> Moment[Kept] | None:
        """The moment, whatever its age."""
        moment, self._moment = self._moment, None
        return moment
