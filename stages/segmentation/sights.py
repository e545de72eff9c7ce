"""From what a network says of some pictures to the mask of every frame. Pure; the time of a frame comes with it.

Stands behind ``Masks``: presence decides whether anybody is there, people in pictures on the slide are left out, the
mask is brought to the plane's size and enlarged, and between two looks the newest one follows motion.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.frame import Plane
from stages.presenter import Presenter
from stages.segmentation.following import Following, moved
from stages.segmentation.looking import Look
from stages.segmentation.masks import area, fitted
from stages.segmentation.pictured import Pictured
from stages.segmentation.presence import Presence, Terms
from stages.segmentation.segmenter import Segmented


@dataclass(frozen=True, slots=True)
class Margins:
    """Shares of the width. ``dilation``: by which masks are enlarged; ``reach``: how far around motion is theirs."""

    dilation: float
    reach: float


class Sights:
    """Of one stream. ``see`` each look in order, ask ``presenter`` for each frame, ``forget`` after a break."""

    def __init__(self, terms: Terms, margins: Margins) -> None:
        self._presence = Presence(terms)
        self._pictured = Pictured() if terms.role == "presenter" else None
        self._margins, self._min_area = margins, terms.min_area
        self._raw: Plane | None = None  # the mask that counts
        self._following: Following | None = None
        self._pts_ns = 0
        self._before: Plane | None = None  # the plane of the look before

    @property
    def there(self) -> bool:
        """Whether somebody is."""
        return self._following is not None

    def see(self, look: Look, segmented: Segmented) -> None:
        """What was found in ``look``."""
        mask, before = segmented.mask, self._before
        self._before = look.plane
        stir = _stir(before, look.plane, mask)
        before_slide = mask if self._pictured is None else self._pictured.without(mask, look.plane)
        counts = self._presence.see(mask, segmented.probabilities, look.pts_ns, stir)
        if counts is None or (counts is mask and area(before_slide) < self._min_area):
            self._raw = self._following = None
        elif counts is mask:  # else it is an earlier one, which has its own plane and time
            self._follow(before_slide, look)

    def _follow(self, raw: Plane, look: Look) -> None:
        self._pts_ns = look.pts_ns
        if raw is not self._raw:
            self._raw = raw
            height, width = look.plane.shape[:2]
            mask = enlarged(fitted(raw, width, height), round(self._margins.dilation * width))
            self._following = Following(mask, look.plane, round(self._margins.reach * width))

    def presenter(self, plane: Plane, pts_ns: int) -> Presenter | None:
        """Who is in front of the slide in the frame with this ``plane``."""
        if self._following is None:
            return None
        return Presenter(self._following.at(plane), max(0, pts_ns - self._pts_ns))

    def shift(self, by_ns: int) -> None:
        """Time is counted differently from here on."""
        self._presence.shift(by_ns)
        self._pts_ns += by_ns

    def forget(self) -> None:
        """What was seen so far is of another stretch of stream."""
        self._presence.forget()
        if self._pictured is not None:
            self._pictured.forget()
        self._raw = self._following = self._before = None


def enlarged(mask: Plane, by_px: int) -> Plane:
    """``mask`` and all that is at most ``by_px`` px away from it."""
    if by_px < 1 or not mask.any():
        return mask
    away = cv2.distanceTransform(cv2.bitwise_not(mask), cv2.DIST_L2, 5)
    return np.where(away <= by_px, np.uint8(255), np.uint8(0))


def _stir(before: Plane | None, plane: Plane, mask: Plane) -> float:
    """Share of what is under ``mask`` that moved since the plane before, 0 to 1."""
    if before is None or before.shape != plane.shape:
        return 0.0
    under = fitted(mask, plane.shape[1], plane.shape[0])
    size = cv2.countNonZero(under)
    return cv2.countNonZero(cv2.bitwise_and(moved(before, plane), under)) / size if size else 0.0
