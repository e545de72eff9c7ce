"""The default method: which tiles of the picture changed, by more than their own noise, less what moves all the time.

A tile changes in luma, or in colour alone, where the source sends that. A slide changes at once, and in places where
nothing moved before. A person, a face cam, a cursor, a pen and a drifting picture move on from where they just were:
motion that can be followed back for a second weighs nothing, wherever it goes, as long as it covers less than a part of
the picture. Neither do tiles that were active for much of the last seconds. Both are let go as they rest. Noise that a
keyframe exchanges for other noise is no change. What the presenter hides in one of the two frames compared says nothing
at all.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.frame import SECOND_NS, Meta, Plane
from stages.bgsub.colour import Colour
from stages.bgsub.grid import Restless, hidden_tiles, tile_means
from stages.bgsub.hidden import either
from stages.bgsub.movers import Movers
from stages.bgsub.noise import NoiseFloor
from stages.bgsub.properties import BgsubProperties

_SMOOTHING = (5, 5)  # px
_MORE_THAN_NOISE = 0.15  # of the tiles that differ; with people in front it was from 0.2, of keyframes up to 0.07
_NEARBY = np.ones((5, 5), np.uint8)  # tiles


class Auto:
    """Takes gray8 and chroma. The mask has a pixel for a tile; what lies beyond the last full tile belongs to none."""

    def __init__(self, properties: BgsubProperties) -> None:
        self._tile_px = int(properties.value("tile_px"))
        self._share = properties.value("tile_percent") / 100 * 255
        self._interval_ns = round(properties.value("interval") * SECOND_NS)
        self._restless = Restless(properties.value("restless_percent") / 100)
        self._most = properties.value("mover_percent") / 100
        self._threshold = threshold = int(properties.value("threshold"))
        self._noise = NoiseFloor(threshold)
        self._colour = Colour(threshold, self._tile_px)
        self._movers = Movers(round(properties.value("mover_time") * SECOND_NS))
        self._before: tuple[int, Plane] | None = None
        self._last_ns = 0
        self._hidden_before: Plane | None = None
        self._last_mask: Plane | None = None
        self._evidence: Meta = {}
        self.blind: Plane | None = None

    def apply(
        self, plane: Plane, pts_ns: int, hidden: Plane | None = None, chroma: Plane | None = None
    ) -> Plane | None:
        """The frame is compared with the one ``interval`` before; until about that time has passed, the mask stands.

        ``chroma``: of the same picture, uint8 of any (h, w, 2); None: luma alone tells.
        """
        step_ns, self._last_ns = pts_ns - self._last_ns, pts_ns
        if self._before is None:
            self._colour.changed(pts_ns, chroma, plane.shape, None)
            self._before, self._hidden_before, self.blind = (pts_ns, plane), hidden, None
            return None
        since_ns = pts_ns - self._before[0]
        # Frames come at the video's own times: of 24 a second every fifth is a sixth early, and the next too late.
        if since_ns < self._interval_ns - min(step_ns // 2, self._interval_ns // 5):
            return self._last_mask
        unseen = either(hidden, self._hidden_before)
        self.blind = None if unseen is None else hidden_tiles(unseen, self._tile_px)
        blind = None if self.blind is None else self.blind > 0
        differs, lasting = self._changed(pts_ns, plane, self._before[1], unseen)
        coloured = self._colour.changed(pts_ns, chroma, plane.shape, unseen)
        if coloured is not None:
            differs, lasting = differs | coloured, lasting | coloured
        if blind is not None:
            differs = differs & ~blind
        is_noise = np.count_nonzero(lasting) < _MORE_THAN_NOISE * np.count_nonzero(differs)
        active = differs & lasting if is_noise else differs
        self._before, self._hidden_before = (pts_ns, plane), hidden
        weightless = self._restless.see(pts_ns, since_ns, active, blind)
        moving = self._movers.follow(since_ns, differs, lasting)  # also of who hardly moves
        if np.count_nonzero(moving) <= self._most * moving.size:
            weightless |= moving
        self._evidence = {"changed": self._movers.changed_before()}
        self._last_mask = (active & ~weightless).astype(np.uint8) * np.uint8(255)
        return self._last_mask

    @property
    def evidence(self) -> Meta:
        """``meta["changed"]``: for each tile how long before the last comparison it changed at once, see ``Movers``."""
        return self._evidence

    def reconnect(self) -> None:
        """The next frame is compared with the one after it, and the noise measured anew: another encoder, another
        exposure. What never rested is remembered; to learn again of a face cam would take two seconds.
        """
        self._before, self._last_mask, self._evidence, self.blind = None, None, {}, None
        self._noise.forget()
        self._colour.forget()
        self._movers.forget()

    def _changed(
        self, pts_ns: int, plane: Plane, before: Plane, unseen: Plane | None
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Whether each tile has enough pixels above the threshold, and whether that is more than noise. Of a still
        recording most frames are equal.
        """
        height, width = plane.shape
        if unseen is None and cv2.norm(plane, before, cv2.NORM_INF) == 0:
            self._noise.still(pts_ns, height, width)
            nothing = np.zeros((max(1, height // self._tile_px), max(1, width // self._tile_px)), np.bool_)
            return nothing, nothing
        above = self._noise.above(pts_ns, np.asarray(cv2.absdiff(plane, before), np.uint8), unseen)
        active = np.asarray(tile_means(above, self._tile_px) > self._share)
        return active, active & self._lasts(plane, before) if active.any() else active

    def _lasts(self, plane: Plane, before: Plane) -> NDArray[np.bool_]:
        """Whether a tile, or one nearby, still differs once both are smoothed. Noise that an encoder has frozen, and
        exchanges with each keyframe, is gone then; what is on a slide is not, and of what fades in enough is left.
        """
        smooth, smooth_before = (cv2.GaussianBlur(each, _SMOOTHING, 0) for each in (plane, before))
        _, above = cv2.threshold(cv2.absdiff(smooth, smooth_before), self._threshold, 255, cv2.THRESH_BINARY)
        lasts = (tile_means(np.asarray(above, np.uint8), self._tile_px) > self._share).astype(np.uint8)
        return np.asarray(cv2.dilate(lasts, _NEARBY)) > 0
