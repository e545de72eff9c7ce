"""What travels between pads: frames with a small analysis plane and a picture, and events in band with them.

A frame's picture is either the pixels themselves (``Picture``) or a ``Ticket`` for a slot of the shared-memory
pool. Stages hand out and receive frames; whether a picture crossed a process boundary is none of their business.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from pipeline.caps import Caps

if TYPE_CHECKING:  # the command's own process never touches a plane, and numpy would be half of its start-up
    import numpy as np
    from numpy.typing import NDArray

Plane: TypeAlias = "NDArray[np.uint8]"
Value: TypeAlias = "None | bool | int | float | str | bytes | Sequence[Value] | Mapping[str, Value]"
Meta: TypeAlias = Mapping[str, Value]

SECOND_NS = 1_000_000_000


class Flags(enum.IntFlag):
    """DISCONT: the first frame after a break in the stream. GAP: stands for a stretch without data."""

    NONE = 0
    DISCONT = 1
    GAP = 2


@dataclass(frozen=True, slots=True)
class Layout:
    """How the samples of a picture lie in memory and how they are to be shown.

    ``pix_fmt``: one of ``PIX_FMTS``, FFmpeg's names. ``width``, ``height``: of the stored samples, before
    rotation. ``rotation``: degrees clockwise that put the picture upright, 0, 90, 180 or 270.
    ``sar``: sample aspect ratio, width over height, of one stored sample. ``matrix``: YUV matrix,
    ``bt601``, ``bt709`` or ``bt2020``. ``full_range``: luma 0..255 instead of 16..235.
    """

    pix_fmt: str
    width: int
    height: int
    matrix: str = "bt709"
    full_range: bool = False
    rotation: int = 0
    sar: float = 1.0

    def plane_shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shapes of the planes as numpy arrays of uint8, in order. Raises KeyError for an unknown pix_fmt."""
        w, h = self.width, self.height
        half_w, half_h = (w + 1) // 2, (h + 1) // 2
        return {
            "gray": ((h, w),),
            "bgr24": ((h, w, 3),),
            "yuv420p": ((h, w), (half_h, half_w), (half_h, half_w)),
            "yuv422p": ((h, w), (h, half_w), (h, half_w)),
            "yuv444p": ((h, w), (h, w), (h, w)),
            "nv12": ((h, w), (half_h, half_w, 2)),
        }[self.pix_fmt]

    @property
    def nbytes(self) -> int:
        """Bytes that all planes take together, packed."""
        return sum(math.prod(shape) for shape in self.plane_shapes())


PIX_FMTS = ("gray", "bgr24", "yuv420p", "yuv422p", "yuv444p", "nv12")
MATRICES = ("bt601", "bt709", "bt2020")
ROTATIONS = (0, 90, 180, 270)


@dataclass(frozen=True, slots=True)
class Picture:
    """A full-resolution picture: planes of uint8 whose shapes are ``layout.plane_shapes()``; ValueError if not."""

    layout: Layout
    planes: tuple[Plane, ...]

    def __post_init__(self) -> None:
        # Copied into a slot, a plane of one row or of 16-bit samples would quietly become another picture.
        shapes = self.layout.plane_shapes()
        if tuple(plane.shape for plane in self.planes) != shapes or any(p.dtype != "uint8" for p in self.planes):
            given = ", ".join(f"{plane.shape} {plane.dtype}" for plane in self.planes)
            raise ValueError(f"{self.layout.pix_fmt} needs planes of uint8 and shapes {shapes}, but has: {given}")

    def copy(self) -> Picture:
        """The same picture in memory of its own."""
        return Picture(self.layout, tuple(plane.copy() for plane in self.planes))


@dataclass(frozen=True, slots=True)
class Ticket:
    """A claim on a picture in a pool: valid as long as the slot still holds that generation."""

    pool: str
    slot: int
    generation: int
    layout: Layout


@dataclass(frozen=True, slots=True)
class Frame:
    """One moment of the stream.

    ``seq`` counts from 0 in each epoch and pad; ``epoch`` grows with each connection, also over restarts of the
    source; ``pts_ns`` is stream time in ns, of a live source: lecture time, which never goes back;
    ``wall_ns`` is wall time in ns since 1970 (0: unknown, as in files). ``planes`` are the analysis planes,
    uint8, the first in the format that ``caps`` state: gray8 (h, w); bgr24 (h, w, 3). Behind it may be what stages have
    agreed on, which the framework does not look at.
    """

    seq: int
    pts_ns: int
    caps: Caps
    planes: tuple[Plane, ...] = ()
    image: Picture | Ticket | None = None
    meta: Meta = field(default_factory=dict)
    flags: Flags = Flags.NONE
    epoch: int = 0
    wall_ns: int = 0


class EventKind(enum.StrEnum):
    """Events that travel in order with the frames and are acknowledged like them.

    CAPS, EPOCH and LECTURE_START are sticky: a restarted receiver is given the newest of each before anything else.
    GAP: nothing is known from its pts until the next EPOCH or frame; ``data["reason"]`` says why. EPOCH: a new
    connection; ``data`` has ``epoch``, ``wall_ns`` and what the source knows of the stream. LECTURE_START: ``data``
    has ``lecture`` (its name), ``folder``, ``zero_ns``, the instant of CLOCK_MONOTONIC that is pts 0, and ``shift_ns``:
    what was counted before is so much later in its time. The same lecture may be announced again. TRACE: what a stage
    saw and made nothing of, in ``data``, for whoever writes it down; it ends and begins nothing.
    """

    CAPS = "caps"
    GAP = "gap"
    VISIT_END = "visit-end"
    TRACE = "trace"
    EPOCH = "epoch"
    LECTURE_START = "lecture-start"
    LECTURE_STOP = "lecture-stop"
    EOS = "eos"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened between two frames, at ``pts_ns`` of stream time."""

    kind: EventKind
    pts_ns: int = 0
    data: Meta = field(default_factory=dict)


Item: TypeAlias = Frame | Event


@dataclass(frozen=True, slots=True)
class To:
    """An item for a named src pad; a bare item goes to the stage's first src pad."""

    pad: str
    item: Item


Output: TypeAlias = Item | To


def caps_event(caps: Caps, pts_ns: int = 0) -> Event:
    """The event with which a source announces the fixed caps of what follows."""
    return Event(EventKind.CAPS, pts_ns, {"caps": str(caps)})
