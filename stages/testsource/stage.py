"""The test lecture as a source stage: frames of the renderer, as fast as they are taken, and the truth on the bus.

It stands first in the flow. What is on the slides, when, and how it is drawn have files of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import numpy as np

from pipeline.caps import Caps
from pipeline.frame import Frame, Layout, Output, Picture, Plane, caps_event
from pipeline.stage import Context, Source
from stages.chroma import chroma_size, is_asked_for
from stages.testsource.properties import TestSourceProperties
from stages.testsource.script import Lecture
from stages.testsource.truth import truth


class TestSource(Source[TestSourceProperties]):
    """Posts ``stream`` and ``truth`` before its first frame."""

    __test__ = False
    properties_type = TestSourceProperties
    summary = "a deterministic, seeded test lecture with its exact truth"

    def __init__(self, properties: TestSourceProperties, context: Context) -> None:
        super().__init__(properties, context)
        self._format = "gray8"
        self._chroma = False
        self._ended = False

    @property
    def src_caps(self) -> Mapping[str, Caps]:
        return {"frames": Caps.of("video/raw", format=("gray8", "bgr24"))}

    def negotiate(self, allowed: Mapping[str, Caps]) -> None:
        """Grey if the far end takes it, for it is a third of the bytes; chroma beside it if that is wanted."""
        formats = allowed["frames"].fields.get("format") if "frames" in allowed else None
        if isinstance(formats, frozenset) and "gray8" not in formats:
            self._format = "bgr24"
        self._chroma = self._format == "gray8" and is_asked_for(allowed, "frames")

    def finish(self) -> None:
        """The frame that is being made is the last one."""
        self._ended = True

    def produce(self) -> Iterator[Output]:
        """Frames with an analysis plane of ``plane_width`` px and the full picture in ``pix_fmt``."""
        from stages.testsource.rendering import Renderer  # it imports OpenCV; checking properties need not

        p = self.properties
        lecture = Lecture(p)
        self._announce(lecture)
        renderer = Renderer(lecture)
        step = p.fps / p.rate if 0 < p.rate < p.fps else 1.0
        width = min(p.plane_width, p.width)
        size = (width, max(1, width * p.height // p.width))
        caps = Caps.of(
            "video/raw", format=self._format, width=size[0], height=size[1],
            picture_width=p.width, picture_height=p.height, rate=float(p.fps / step),
        )  # fmt: skip
        yield caps_event(caps)
        drawn: Plane | None = None
        made: tuple[tuple[Plane, ...], Picture] | None = None
        seq = 0
        while not self._ended and (number := round(seq * step)) < lecture.frames:
            bgr = renderer.frame(number)
            if made is None or bgr is not drawn:
                drawn, made = bgr, (self._planes(bgr, size), full_picture(bgr, p.pix_fmt))
            yield Frame(seq, lecture.pts_ns(number), caps, *made)
            seq += 1

    def _planes(self, bgr: Plane, size: tuple[int, int]) -> tuple[Plane, ...]:
        plane = analysis_plane(bgr, size, self._format)
        if not self._chroma:
            return (plane,)
        from stages.picture import small_chroma

        chroma = small_chroma(full_picture(bgr, "bgr24"), *chroma_size(*size))
        return (plane,) if chroma is None else (plane, chroma)

    def _announce(self, lecture: Lecture) -> None:
        p = self.properties
        self.context.post(
            "stream",
            {
                "uri": f"testsource:seed={p.seed}",
                "duration_ns": lecture.duration_ns,
                "fps": p.fps,
                "frames": lecture.frames,
                "width": p.width,
                "height": p.height,
                "codec": "none",
            },
        )
        self.context.post("truth", truth(lecture))


def analysis_plane(bgr: Plane, size: tuple[int, int], form: str) -> Plane:
    """``bgr`` reduced to ``size`` (width, height): (h, w) for gray8, (h, w, 3) for bgr24; read-only."""
    import cv2

    small = bgr if (bgr.shape[1], bgr.shape[0]) == size else cv2.resize(bgr, size, interpolation=cv2.INTER_AREA)
    plane = cast(Plane, cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)) if form == "gray8" else cast(Plane, small)
    plane.flags.writeable = False
    return plane


def full_picture(bgr: Plane, pix_fmt: str) -> Picture:
    """The picture of ``bgr``, uint8 (h, w, 3), as bgr24 or as yuv420p: BT.601, limited range, as OpenCV converts."""
    height, width = bgr.shape[:2]
    if pix_fmt == "bgr24":
        return Picture(Layout("bgr24", width, height), (bgr,))
    import cv2

    even = bgr
    if width % 2 or height % 2:  # 4:2:0 needs even sizes; the last row and column stand twice
        even = cast(Plane, cv2.copyMakeBorder(bgr, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE))
    h, w = even.shape[:2]
    packed = cast(Plane, cv2.cvtColor(even, cv2.COLOR_BGR2YUV_I420)).reshape(-1)
    luma = packed[: h * w].reshape(h, w)
    blue, red = (packed[start : start + h * w // 4].reshape(h // 2, w // 2) for start in (h * w, h * w * 5 // 4))
    return Picture(
        Layout("yuv420p", width, height, matrix="bt601"), (np.ascontiguousarray(luma[:height, :width]), blue, red)
    )
