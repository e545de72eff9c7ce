"""Whether a page shows the room as the others do, or the camera was moved, zoomed, or showed something else. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.frame import Plane
from stages.area.changes import Levels, Mask
from stages.area.corners import Corners

_BLUR_PX = 1.5
_EDGE_PX = 4  # inside of the area, in which its border still is
_EVERY = 3  # pixels around it
_ALIKE = 0.6  # of how much most pages that show the room are like each other
_LEAST = 0.25  # correlation
_MOST = 0.75  # quantile of the pages' likeness: a camera that was moved may have left the rest elsewhere


@dataclass(frozen=True, slots=True)
class Place:
    """The room around ``corners`` (4, 2) in small pages of ``size`` (h, w), as ``edges`` of the page most like the
    others has it.
    """

    size: tuple[int, ...]
    corners: Corners
    edges: Levels  # (n,), with a mean of 0 and a length of 1
    usual: float  # how much pages are like it

    @classmethod
    def of(cls, pages: Sequence[Plane], corners: Corners) -> Place:
        """That of these pages, grey uint8 (h, w)."""
        size = pages[0].shape
        seen = np.stack([_edges(page, size, corners) for page in pages])
        alike = seen @ seen.T
        typical = int(np.median(alike, axis=1).argmax())
        others = np.delete(alike[typical], typical)
        return cls(size, corners, seen[typical], float(np.quantile(others, _MOST)) if others.size else 1.0)

    def is_shown(self, page: Plane) -> bool:
        """Whether the edges around the area are where they are in most pages; ``page``: grey uint8 (h, w)."""
        if page.shape != self.size:
            return False
        return self.likeness(page) >= max(_LEAST, _ALIKE * self.usual)

    def likeness(self, page: Plane) -> float:
        """Of the edges around the area, as a correlation, -1..1."""
        return float(_edges(page, self.size, self.corners) @ self.edges)


def surroundings(size: tuple[int, ...], corners: Corners, edge_px: int = _EDGE_PX) -> Mask:
    """All that is not in the area, and a strip of its inside, ``edge_px`` wide."""
    inside = np.zeros(size, np.uint8)
    cv2.fillConvexPoly(inside, np.rint(corners).astype(np.int32), 1)
    if edge_px:
        inside = cv2.erode(inside, np.ones((2 * edge_px + 1, 2 * edge_px + 1), np.uint8)).astype(np.uint8)
    return np.asarray(inside == 0)


def _edges(page: Plane, size: tuple[int, ...], corners: Corners) -> Levels:
    smooth = cv2.GaussianBlur(page, (0, 0), _BLUR_PX).astype(np.float32)
    steep = cv2.magnitude(cv2.Scharr(smooth, cv2.CV_32F, 1, 0), cv2.Scharr(smooth, cv2.CV_32F, 0, 1))
    around = np.asarray(steep, np.float32)[surroundings(size, corners)][::_EVERY]
    around = around - around.mean()
    return np.asarray(around / max(float(np.linalg.norm(around)), 1e-9), np.float32)
