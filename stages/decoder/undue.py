"""Frames that need not be decoded at all: those that are not due, and to which no other refers.

Between demuxing and decoding of files. A third of a usual H.264 recording is such frames; what is decoded is the same
to the last bit. Which frames are referred to the decoder knows (AVDISCARD_NONREF of libavcodec); which are not due is
known from the times of their neighbours, so packets are read ahead. In doubt a frame is decoded: before the first one
is out, after any damage, where times go back or are missing, and from the first interlaced frame on (making one whole
needs its neighbours).
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from stages.decoder.timing import Sampler, StreamClock
from stages.decoder.units import is_referred_to, length_bytes

_CODECS = frozenset({"h264", "hevc"})  # others tell nothing of references, or put two frames into a packet
MOST_REORDERED = 16  # frames that may be coded before one that is shown earlier (H.264 A.3.1, HEVC A.4.2: at most 16)
AHEAD = 2 * MOST_REORDERED  # packets


@dataclass(frozen=True, slots=True)
class Undecoded:
    """A frame that was left out, shown before the next that goes on: not due, or in a transition. ``pts``: its own."""

    pts: int


@dataclass(slots=True)
class Undue:
    """``codec``: FFmpeg's name. ``clock`` and ``sampler``: those of the frames that come out, by which they are
    chosen.
    """

    codec: str
    clock: StreamClock
    sampler: Sampler
    _trusted: bool = field(init=False)
    _times: list[int] = field(default_factory=list, init=False)  # a heap: read, and not yet in order
    _latest: int = field(default=-1 << 63, init=False)  # pts of the packets that were given on
    _newest: list[int] = field(default_factory=list, init=False)  # the last three in order
    _undue: set[int] = field(default_factory=set, init=False)
    _left_out: list[int] = field(default_factory=list, init=False)  # a heap: asked to be, and so far not come out

    def __post_init__(self) -> None:
        self._trusted = self.codec in _CODECS

    def packets(self, packets: Iterator[Packet[VideoStream]]) -> Iterator[Packet[VideoStream]]:
        """The same packets; the decoder that they belong to is told of each whether it may leave its frame out.

        Of H.264 the packets of those frames themselves say whether others refer to them, and do not go on: FFmpeg's
        threads take turns, and would wait for each other for nothing.
        """
        waiting: deque[Packet[VideoStream]] = deque()
        for packet in packets:
            waiting.append(packet)
            if packet.size:
                self._read(packet)
            else:
                self._in_order(0)
            if len(waiting) > AHEAD:
                yield from self._told(waiting.popleft())
        while waiting:
            yield from self._told(waiting.popleft())

    def before(self, frame: VideoFrame) -> Iterator[Undecoded]:
        """What was left out, and would be shown before ``frame``, which came out."""
        if frame.interlaced_frame:
            self.stop()
        while frame.pts is not None and self._left_out and self._left_out[0] <= frame.pts:
            pts = heapq.heappop(self._left_out)
            if pts != frame.pts:
                yield Undecoded(pts)

    def is_undue(self, before: int, pts: int, after: int) -> bool:
        """Whether the frame at ``pts`` is neither due nor the last before a pause; ``before``, ``after``: of its
        neighbours.
        """
        return self._trusted and self._between(*map(self.clock.seen_ns, (before, pts, after)))

    def stop(self) -> None:
        """From here on every frame is decoded."""
        self._trusted = False

    def _told(self, packet: Packet[VideoStream]) -> Iterator[Packet[VideoStream]]:
        """Asked late: what is known of the packets ahead, and of the frames that are out, says what may be left out."""
        context, pts = packet.stream.codec_context, packet.pts
        optional = False
        if pts is not None:
            # In a container that has times of decoding alone (AVI) all come in order, though the frames do not.
            optional = pts in self._undue and self._trusted and (pts < self._latest or not context.has_b_frames)
            self._undue.discard(pts)
            self._latest = max(self._latest, pts)
            if optional:
                heapq.heappush(self._left_out, pts)
        if (
            optional
            and self.codec == "h264"
            and not is_referred_to(bytes(packet), length_bytes(context.extradata or b""))
        ):
            return
        context.skip_frame = "NONREF" if optional else "DEFAULT"
        yield packet

    def _read(self, packet: Packet[VideoStream]) -> None:
        if packet.is_discard:  # decoded, not shown
            return
        if packet.pts is None or (self._newest and packet.pts <= self._newest[-1]):
            self.stop()
            return
        heapq.heappush(self._times, packet.pts)
        self._in_order(MOST_REORDERED)

    def _in_order(self, kept: int) -> None:
        """Put all times in order but the last ``kept``, and judge the frame before each of them."""
        while len(self._times) > kept:
            after = heapq.heappop(self._times)
            self._newest = [*self._newest[-2:], after]
            if len(self._newest) == 3 and self._between(*map(self.clock.seen_ns, self._newest)):
                self._undue.add(self._newest[1])

    def _between(self, before_ns: int | None, now_ns: int | None, after_ns: int | None) -> bool:
        """Whether a frame is not due, nor the last before a pause, by its neighbours' times and its own."""
        if before_ns is None or now_ns is None or after_ns is None:
            return False
        return after_ns - now_ns < self.sampler.period_ns and self.sampler.alike(before_ns, now_ns)
