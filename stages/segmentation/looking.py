"""What a network is given to see of a frame: its full picture, or one about as small as the analysis plane, in colour.

Stands between the pool and ``Masks``. A picture that is not there any more is no reason to stop: the plane is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.frame import Frame, Picture, Plane
from stages.picture import small_bgr, to_bgr, upright_size

Take = Callable[[Frame], Picture | None]


@dataclass(frozen=True, slots=True)
class Look:
    """One picture to be segmented. ``picture``: as ``Masks`` takes it. ``plane``: the analysis plane of its frame.

    ``lost``: the frame's picture was overwritten, and ``picture`` is the plane. ``stretch``: which piece of unbroken
    stream it is of.
    """

    picture: Plane
    plane: Plane
    pts_ns: int
    lost: bool
    stretch: int


class Eye:
    """``full_picture``: all of it, as some networks want; else as large as the plane, and no smaller than ``size``,
    (height, width), which the network makes of it.
    """

    def __init__(self, full_picture: bool, size: tuple[int, int], take: Take) -> None:
        self._full, self._size, self._take = full_picture, size, take

    def look(self, frame: Frame, stretch: int) -> Look:
        """At a frame with an analysis plane, in memory that stays as it is."""
        plane = frame.planes[0].copy()
        picture = self._take(frame) if frame.image is not None else None
        seen = plane if picture is None else self._seen(picture, plane)
        return Look(seen, plane, frame.pts_ns, picture is None and frame.image is not None, stretch)

    def _seen(self, picture: Picture, plane: Plane) -> Plane:
        if self._full:
            return to_bgr(picture)
        height, width = plane.shape[:2]
        scale = max(1.0, self._size[0] / height, self._size[1] / width)
        have_width, have_height = upright_size(picture.layout)
        return small_bgr(picture, min(round(width * scale), have_width), min(round(height * scale), have_height))
