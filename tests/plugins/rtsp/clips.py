"""Short films in memory for the server: access units of an encoder, when each is due, and which slide they show.

Encoded once and kept in a temporary folder, as encoding costs far more than all the rest. Nothing is sent here.
"""

from __future__ import annotations

import hashlib
import os
import struct
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray

from pipeline.frame import SECOND_NS
from stages.testsource import TestSourceProperties
from stages.testsource.rendering import Renderer
from stages.testsource.script import Lecture

Bgr = NDArray[np.uint8]
Size = tuple[int, int]
ENCODERS = {"h264": "libx264", "hevc": "libx265", "mpeg4": "mpeg4"}
OPTIONS: Mapping[str, Mapping[str, str]] = {
    "h264": {"preset": "ultrafast", "tune": "zerolatency", "crf": "23", "sc_threshold": "0"},
    "hevc": {"preset": "ultrafast", "tune": "zerolatency", "x265-params": "log-level=none:bframes=0:scenecut=0"},
    "mpeg4": {"qscale": "3"},
}
_FORMAT = 1  # of the cached files
_UNIT = struct.Struct(">BI")


@dataclass(frozen=True, slots=True)
class Unit:
    """One access unit, as the encoder gave it: Annex B with parameter sets in each key unit, or MPEG-4 part 2."""

    data: bytes
    key: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A slide on screen, times from the start of the clip: partly from ``start_ns``, complete and at rest from
    ``full_ns``, gone at ``end_ns``.
    """

    slide: int
    start_ns: int
    full_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True)
class Clip:
    """A film that is shown over and over. Its first unit is a key unit."""

    codec: str
    size: Size
    fps: Fraction
    units: tuple[Unit, ...]
    shots: tuple[Shown, ...] = ()
    lecture: Lecture | None = field(default=None, compare=False)

    @property
    def duration_ns(self) -> int:
        return self.due_ns(len(self.units))

    def due_ns(self, number: int) -> int:
        """When unit ``number`` is due, counted on through all rounds, from the start of the first."""
        return int(number * SECOND_NS / self.fps)

    def number_at(self, elapsed_ns: int) -> int:
        """The first unit that is due at or after ``elapsed_ns``."""
        number = max(0, int(elapsed_ns * self.fps / SECOND_NS))
        while self.due_ns(number) < elapsed_ns:
            number += 1
        return number

    def key_from(self, number: int) -> int:
        """The first key unit at or after ``number``."""
        while not self.unit(number).key:
            number += 1
        return number

    def unit(self, number: int) -> Unit:
        return self.units[number % len(self.units)]


def lecture_clip(
    size: Size = (320, 180),
    fps: int | Fraction = 10,
    seconds: float = 20.0,
    seed: int = 0,
    gop_s: float = 1.0,
    *,
    codec: str = "h264",
    more: Mapping[str, object] | None = None,
) -> Clip:
    """The test lecture, without what never rests (film, pointer) and without points that appear one by one.

    ``more``: other properties of the test source, such as ``{"slides": 4, "presenter": "walk"}``.
    """
    plain: dict[str, object] = {"film": False, "pointer": False, "builds": False, "revisits": False}
    given = {"width": size[0], "height": size[1], "fps": float(fps), "duration": seconds, "seed": seed}
    properties = TestSourceProperties.model_validate(plain | given | dict(more or {}))
    lecture = Lecture(properties)
    renderer = Renderer(lecture)
    pictures = (renderer.frame(number) for number in range(lecture.frames))
    key = f"lecture {properties.model_dump_json()}"
    units = _cached(key, pictures, codec, size, Fraction(fps), gop_s)
    shots = tuple(Shown(shot.slide, shot.start_ns, shot.full_ns, shot.end_ns) for shot in lecture.shots)
    return Clip(codec, size, Fraction(fps), units, shots, lecture)


def picture_clip(pictures: Sequence[Bgr], fps: int | Fraction = 10, gop_s: float = 1.0, *, codec: str = "h264") -> Clip:
    """These pictures, BGR (height, width, 3), all of one even size. No slide is shown by them."""
    height, width = pictures[0].shape[:2]
    digest = hashlib.sha256(b"".join(picture.tobytes() for picture in pictures)).hexdigest()
    units = _cached(f"pictures {digest}", pictures, codec, (width, height), Fraction(fps), gop_s)
    return Clip(codec, (width, height), Fraction(fps), units)


def black_clip(size: Size = (320, 180), fps: int | Fraction = 10) -> Clip:
    """A second of black, to be shown for as long as the lens is covered."""
    return picture_clip([np.zeros((size[1], size[0], 3), np.uint8)] * round(fps), fps)


def _cached(
    what: str, pictures: Iterable[Bgr], codec: str, size: Size, fps: Fraction, gop_s: float
) -> tuple[Unit, ...]:
    key = f"{_FORMAT} {what} {codec} {OPTIONS[codec]} {size} {fps} {gop_s} {av.__version__}"
    folder = Path(tempfile.gettempdir()) / f"slidetap-clips-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to someone else; remove it")
    file = folder / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.units"
    if not file.exists():
        sketch = file.with_suffix(f".{os.getpid()}.tmp")
        sketch.write_bytes(
            b"".join(_UNIT.pack(u.key, len(u.data)) + u.data for u in _encoded(pictures, codec, size, fps, gop_s))
        )
        sketch.replace(file)
    return tuple(_read(file.read_bytes()))


def _read(data: bytes) -> Iterator[Unit]:
    at = 0
    while at < len(data):
        key, size = _UNIT.unpack_from(data, at)
        at += _UNIT.size
        yield Unit(data[at : at + size], bool(key))
        at += size


def _encoded(pictures: Iterable[Bgr], codec: str, size: Size, fps: Fraction, gop_s: float) -> Iterator[Unit]:
    context = av.CodecContext.create(ENCODERS[codec], "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height = size
    context.pix_fmt = "yuv420p"
    context.framerate, context.time_base = fps, 1 / fps
    context.gop_size = max(1, round(gop_s * fps))
    context.max_b_frames = 0
    context.options = dict(OPTIONS[codec])
    drawn: Bgr | None = None
    packed: NDArray[np.uint8] = np.empty(0, np.uint8)
    for number, bgr in enumerate(pictures):
        if bgr is not drawn:
            drawn, packed = bgr, np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420), np.uint8)
        frame = av.VideoFrame.from_ndarray(packed, format="yuv420p")
        frame.pts, frame.time_base = number, 1 / fps
        for packet in context.encode(frame):
            yield Unit(bytes(packet), packet.is_keyframe)
    for packet in context.encode(None):
        yield Unit(bytes(packet), packet.is_keyframe)
