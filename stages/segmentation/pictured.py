"""People who are a part of the slide: a photo with somebody in it comes with its slide, and nobody in it ever moves.

A network marks them as readily as the presenter; ``sights`` leaves them out. Pure; the masks of one stream in order. A
doubt is decided for the presenter: what did not come with a slide, or moved once, is one.
"""

from __future__ import annotations

from collections import deque

import cv2
import numpy as np

from pipeline.frame import Plane
from stages.segmentation.following import moved
from stages.segmentation.masks import SET

TURNED = 0.01  # share of the picture, masks aside, that changes when a slide does; a pointer is a tenth of that
STIR = 0.02  # share of somebody that moves from one mask to the next, as soon as they do
_SAME = 0.5  # share of a piece that lies where another one was: it is that one

_REMEMBERED = 6  # masks, in each of which a network may overlook a presenter

_AROUND = np.ones((9, 9), np.uint8)  # a presenter's own shadow and blur


class Pictured:
    """Asked for each mask. ``forget()`` after a break in the stream."""

    def __init__(self) -> None:
        self._plane: Plane | None = None
        self._mask: Plane | None = None  # the mask before, all of it
        self._pictured: Plane | None = None  # of that, what is a part of the slide
        self._presenters: deque[Plane] = deque(maxlen=_REMEMBERED)  # the rest of it, and of those before

    def without(self, mask: Plane, plane: Plane) -> Plane:
        """``mask``, uint8 (height, width), without those pieces; itself if there are none. ``plane``: of its frame."""
        before, was, pictured = self._plane, self._mask, self._pictured
        if before is None or was is None or pictured is None or was.shape != mask.shape or before.shape != plane.shape:
            changed, was, pictured, turned = None, np.zeros_like(mask), np.zeros_like(mask), True
        else:
            changed = cv2.resize(moved(before, plane), mask.shape[::-1], interpolation=cv2.INTER_AREA)
            turned = _turned(changed, cv2.bitwise_or(mask, was))
        found, lived = np.zeros_like(mask), np.zeros_like(mask)
        for each in self._presenters if changed is not None else ():
            cv2.bitwise_or(lived, each, dst=lived)
        count, labels = cv2.connectedComponents(mask)
        for piece in range(1, count):
            inside = labels == piece
            if _is_pictured(inside, lived, pictured, changed, turned):
                found[inside] = SET
        rest = np.asarray(cv2.bitwise_and(mask, cv2.bitwise_not(found)), np.uint8) if found.any() else mask
        if changed is None:
            self._presenters.clear()
        self._presenters.append(rest)
        self._plane, self._mask, self._pictured = plane, mask, found
        return rest

    def forget(self) -> None:
        """What was seen before is another stream's."""
        self._plane = self._mask = self._pictured = None
        self._presenters.clear()


def _is_pictured(
    inside: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    lived: Plane,
    pictured: Plane,
    changed: cv2.typing.MatLike | None,
    turned: bool,
) -> bool:
    if _share(pictured, inside) >= _SAME:
        return turned or changed is None or _share(changed, inside) < STIR
    return turned and _share(lived, inside) < _SAME


def _turned(changed: cv2.typing.MatLike, masks: cv2.typing.MatLike) -> bool:
    """Whether the slide itself changed."""
    aside = cv2.bitwise_not(cv2.dilate(masks, _AROUND))
    room = cv2.countNonZero(aside)
    return room > 0 and float(cv2.mean(changed, aside)[0]) / SET >= TURNED


def _share(of: cv2.typing.MatLike, inside: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float:
    return float(np.mean(of[inside])) / SET
