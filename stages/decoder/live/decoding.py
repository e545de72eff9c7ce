"""Packets of one connection become pictures with the instant each was taken; damage is counted and waited out.

The run loop's side of a connection. After damage pictures are shown again from the next key picture on: what FFmpeg
conceals until then would look like another slide.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from fractions import Fraction

import av.error
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from pipeline.errors import ResourceError
from pipeline.frame import SECOND_NS
from stages.decoder.deinterlace import Deinterlacer
from stages.decoder.live.arrivals import Arrived, Connected

_COUNTING = Fraction(1, 1000)  # any time base does: inside the decoder a packet's pts is its number
_MOST_INSIDE = 256  # packets that a decoder may hold back
_LONGEST_WAIT_NS = 10 * SECOND_NS  # for a key picture; streams with intra refresh have none


@dataclass(frozen=True, slots=True)
class Stamp:
    """``mono_ns``: when the picture was taken. ``arrived_ns``: when its packet came."""

    mono_ns: int
    arrived_ns: int


@dataclass(frozen=True, slots=True)
class Taken:
    frame: VideoFrame
    stamp: Stamp


class PacketDecoder:
    """Decodes one connection. Packets that have no times, or wrong ones, are decoded all the same."""

    def __init__(self, facts: Connected, deinterlace: bool) -> None:
        assert isinstance(facts.codec, VideoCodecContext)
        self._codec = facts.codec
        self._deinterlacer = Deinterlacer(_COUNTING) if deinterlace else None
        self._stamps: dict[int, Stamp] = {}
        self._number = 0
        self._damaged_ns: int | None = None  # since when a key picture is waited for
        self._damaged_from = 0  # the packet that was damaged then
        self._damaged: deque[range] = deque(maxlen=16)  # earlier ones up to their key pictures: pictures come later
        self.corrupt = 0  # packets and pictures that were damaged
        self.concealed = 0  # pictures not shown because of it
        self.interlaced = False  # one was, and is made whole: its neighbours are needed

    def feed(self, arrived: Arrived, stamp: Stamp) -> list[Taken]:
        """The pictures that come out once ``arrived`` is in. Raises ResourceError when there is no memory for one."""
        number = self._number
        self._number += 1
        if arrived.corrupt:
            self._damage(number, stamp)
        elif self._damaged_ns is not None and (arrived.key or stamp.arrived_ns - self._damaged_ns > _LONGEST_WAIT_NS):
            self._damaged.append(range(self._damaged_from, number))
            self._damaged_ns = None
        packet = arrived.packet
        self._stamps[number] = stamp
        self._stamps.pop(number - _MOST_INSIDE, None)
        packet.pts, packet.dts = number, None
        try:
            frames = self._codec.decode(packet)
        except av.error.MemoryError:
            raise ResourceError("not enough memory to decode the live source") from None
        except av.error.FFmpegError:
            self._damage(number, stamp)
            return []
        return [taken for frame in frames for taken in self._taken(frame, number, stamp)]

    def feed_alone(self, arrived: Arrived, stamp: Stamp) -> list[Taken]:
        """The picture of a keyframe behind which nothing may follow, and whatever the decoder still held before it."""
        found = self.feed(arrived, stamp)
        try:
            frames = self._codec.decode(None)
        except av.error.FFmpegError:
            frames = []
        number = self._number - 1
        found += [taken for frame in frames for taken in self._taken(frame, number, stamp)]
        self._codec.flush_buffers()
        return found

    def skip(self) -> None:
        """What was in the decoder is of no use: the next packet begins anew with a key picture."""
        self._codec.flush_buffers()
        self._stamps.clear()
        self._damaged_ns = None

    def _taken(self, frame: VideoFrame, fed: int, now: Stamp) -> list[Taken]:
        number = fed if frame.pts is None else frame.pts
        self.interlaced = self.interlaced or (self._deinterlacer is not None and frame.interlaced_frame)
        if frame.is_corrupt:
            self._damage(number, now)
        hidden = self._damaged_ns is not None and number >= self._damaged_from
        if hidden or any(number in stretch for stretch in self._damaged):
            self.concealed += 1
            return []
        whole = [frame] if self._deinterlacer is None else self._deinterlacer.push(frame)
        return [Taken(one, self._stamps.get(-1 if one.pts is None else one.pts, now)) for one in whole]

    def _damage(self, number: int, stamp: Stamp) -> None:
        self.corrupt += 1
        if self._damaged_ns is None:
            self._damaged_ns = stamp.arrived_ns
            self._damaged_from = number
