"""Whether two decoded frames show the same, but for a pointer: hardly a spot of one of their planes differs. Pure.

This is the proof that nothing happened between them. It looks at colour too, and at no less than the stages act on.
"""

from __future__ import annotations

import cv2
import numpy as np
from av.video.frame import VideoFrame

from pipeline.frame import Plane
from stages.decoder.native import picture_of

_WIDTH_PX = 640
_TILE_PX = 10
_DIFFERS = 12  # grey levels; a keyframe of a still picture differs by less from the frame before it
_CODED_ANEW = 24  # grey levels; what came between two keyframes is coded worse, and pulses more at the second one
_TILE_SHARE = 0.04
_MOST = 3 / 2304  # of all tiles; a pointer that moves is in three or four of 64 x 36, a new view is five


class Look:
    """A frame made small, for comparisons."""

    def __init__(self, frame: VideoFrame) -> None:
        self.frame = frame
        picture = picture_of(frame, 1.0)
        self._layout = picture.layout
        scale = min(1.0, _WIDTH_PX / picture.layout.width)
        self._planes = [_small(plane, scale) for plane in picture.planes]

    def like(self, other: Look) -> bool:
        """Whether there is no more difference than a pointer makes."""
        return self._alike(other, _DIFFERS)

    def becomes(self, keyframe: Look) -> bool:
        """Whether the next keyframe may show the same, coded anew. For frames whose packets say that nothing happens:
        a change by so little that began with that very keyframe is seen there.
        """
        return self._alike(keyframe, _CODED_ANEW)

    def _alike(self, other: Look, levels: int) -> bool:
        differences = (differ(one, two, levels) for one, two in zip(self._planes, other._planes, strict=True))
        return self._layout == other._layout and not any(differences)


def _small(plane: Plane, scale: float) -> Plane:
    height, width = plane.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.uint8)


def differ(one: Plane, other: Plane, levels: int = _DIFFERS) -> bool:
    """Whether two planes of one shape, about 640 px wide, differ by more than a pointer, and more than ``levels``."""
    difference = np.asarray(cv2.absdiff(one, other), np.uint8)
    if difference.ndim == 3:
        difference = np.asarray(difference.max(axis=2), np.uint8)
    _, above = cv2.threshold(difference, levels, 255, cv2.THRESH_BINARY)
    if not cv2.countNonZero(above):
        return False
    height, width = above.shape
    tiles = (-(-width // _TILE_PX), -(-height // _TILE_PX))
    padded = cv2.copyMakeBorder(
        above, 0, tiles[1] * _TILE_PX - height, 0, tiles[0] * _TILE_PX - width, cv2.BORDER_CONSTANT, value=0
    )
    share = cv2.resize(padded, tiles, interpolation=cv2.INTER_AREA)
    return bool(np.count_nonzero(share > _TILE_SHARE * 255) > _MOST * share.size)
