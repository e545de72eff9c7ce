"""What a composed clip would show without the person in it, at any time; read by measure_presenter_free and by tests.

A truth file says in ``source`` how its clip was composed: which slides, which person, and how. Of a face cam or a
person walking before the slides that is the slides' own clip; of a room it is that clip projected on the room's wall.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from pipeline.frame import Plane
from stages.decoder.native import picture_of
from stages.picture import to_bgr

# As compose.py projects: the beam on the wall, and how much of the wall is seen through it.
_QUAD = "0.18,0.02,0.72,0.05,0.70,0.56,0.20,0.58"
_BEAM, _DARK = 0.8, 25.0
_OVER, _THROUGH = 0.85, 0.15
_EMPTY_FRAMES = 10  # with which the room's clip begins

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Composed:
    """``slides`` and ``person`` are the clips it was made of; ``quad``: where in a room the slides are projected, the
    corners from the upper left clockwise as fractions; None: it shows the slides themselves. ``cam``: the corner a
    face cam stands in, as ``br``, and its width as a fraction; None: there is none.
    """

    clip: Path
    slides: Path
    person: Path
    quad: tuple[float, ...] | None
    cam: tuple[str, float] | None = None

    @classmethod
    def of(cls, clip: Path) -> Composed | None:
        """By the clip's truth; None if it was not composed."""
        source = json.loads(clip.with_suffix(".truth.json").read_text()).get("source", "").split()
        if not source or Path(source[0]).name != "compose.py":
            return None
        slides, person = (clip.with_name(Path(name).name) for name in source[1:3])

        def given(option: str, usual: str) -> str:
            return source[source.index(option) + 1] if option in source else usual

        quad = tuple(float(value) for value in given("--quad", _QUAD).split(",")) if "--room" in source else None
        cam = (given("--corner", "br"), float(given("--width", "0.22"))) if "--pip" in source else None
        return cls(clip, slides, person, quad, cam)


class Personless:
    """The views of one clip. ``where``: bool (height, width), what of a view can be compared; None: all of it.
    ``cam``: the window of a face cam, in which not all is the person: their room is too.
    """

    def __init__(self, composed: Composed) -> None:
        """Raises OSError if a clip cannot be read."""
        self._composed = composed
        first = frame_at(composed.clip, 0.0)
        self._layout = picture_of(first, 1.0).layout
        self._size = (first.width, first.height)
        self._wall = _empty_room(composed.person, self._size) if composed.quad is not None else None
        self.cam = None if composed.cam is None else _window(self._size, *composed.cam)
        self._turn = np.eye(3)
        self.where: Mask | None = None
        if composed.quad is not None:
            slides = frame_at(composed.slides, 0.0)
            width, height = slides.width & ~1, slides.height & ~1
            corners = np.array(composed.quad).reshape(4, 2) * self._size
            edges = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
            self._turn = np.asarray(cv2.getPerspectiveTransform(edges, corners.astype(np.float32)), np.float64)
            inside = cv2.warpPerspective(np.ones((height, width), np.float32), self._turn, self._size)
            self.where = np.asarray(inside > 0.999)

    def at(self, time_s: float) -> Plane:
        """BGR uint8 (height, width, 3), by the colour matrix of the composed clip, which may state none."""
        slides = self._slides_at(time_s)
        if self._wall is None:
            return slides[: self._size[1], : self._size[0]]
        beam = cv2.warpPerspective(slides, self._turn, self._size).astype(np.float32) * _BEAM + _DARK
        return np.clip(beam * _OVER + self._wall * _THROUGH, 0, 255).astype(np.uint8)

    def _slides_at(self, time_s: float) -> Plane:
        picture = picture_of(frame_at(self._composed.slides, time_s), 1.0)
        matrix = self._layout.matrix if self._wall is None else picture.layout.matrix
        return to_bgr(replace(picture, layout=replace(picture.layout, matrix=matrix)))


def frame_at(clip: Path, time_s: float) -> VideoFrame:
    """The frame on screen at that time. Raises OSError if there is none."""
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        assert stream.time_base is not None
        container.seek(int(time_s / stream.time_base), stream=stream)
        found: VideoFrame | None = None
        for frame in container.decode(stream):
            if found is not None and (frame.time or 0.0) > time_s + 1e-6:
                break
            found = frame
    if found is None:
        raise OSError(f"'{clip}' shows nothing at {time_s:.2f} s")
    return found


def _window(size: tuple[int, int], corner: str, width: float) -> Mask:
    """Where compose.py puts a face cam of 4:3, a hundredth of the width from the edges."""
    w = int(size[0] * width) & ~1
    h, margin = int(w * 3 / 4) & ~1, int(size[0] * 0.01)
    x = size[0] - w - margin if "r" in corner else margin
    y = size[1] - h - margin if "b" in corner else margin
    inside = np.zeros(size[::-1], bool)
    inside[y : y + h, x : x + w] = True
    return inside


def _empty_room(person: Path, size: tuple[int, int]) -> NDArray[np.float32]:
    with av.open(str(person)) as container:
        frames = container.decode(video=0)
        shown = [cv2.resize(next(frames).to_ndarray(format="bgr24"), size) for _ in range(_EMPTY_FRAMES)]
    return np.asarray(np.median(np.stack(shown), axis=0), np.float32)
