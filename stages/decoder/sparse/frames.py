"""The frames of a file in mode sparse: the first one at once, then as ``entry`` and the walk say, or all of them.

Between the stage and the walk; works in the thread that decodes. All packets are read before it is known which frames
are needed, and by then the first one, a keyframe as a rule, is on its way. What reads them is loaded after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

import av.error
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from stages.decoder.decoding import Damage, decoded
from stages.decoder.opening import open_file, video_stream
from stages.decoder.selection import Frames
from stages.decoder.sparse.unchanged import Unchanged
from stages.decoder.undue import MOST_REORDERED, Undue

if TYPE_CHECKING:
    from stages.decoder.sparse.walk import Walk


@dataclass(slots=True)
class SparseFrames:
    """``container`` and ``stream``: what is decoded, at its beginning; the file is opened twice more. ``steady``: the
    stages behind need frames at regular times. ``alive``: called while no frame comes, says whether to go on.
    ``refused``: told in a few words why every frame is decoded. ``walk``: None as long as it is not known, or if all
    are.
    """

    container: InputContainer
    stream: VideoStream
    path: Path | str
    threads: int
    steady: bool
    alive: Callable[[], bool]
    refused: Callable[[str], None]
    walk: Walk | None = None

    def frames(self, damage: Damage, on_damage: Callable[[], None], undue: Undue) -> Frames:
        """All, in order of presentation. Raises SourceError, DataError, ResourceError."""
        first: VideoFrame | None = None
        if self.steady:
            self.refused("the method behind it learns from frame to frame")
        elif not isinstance(self.path, Path):
            self.refused("it is read from afar, and would be three times")
        else:
            with open_file(self.path) as apart:
                stream = video_stream(apart, self.path)
                packets = apart.demux(stream)
                try:
                    begin = list(islice(packets, MOST_REORDERED + 1))
                    first = _first(stream, [packet for packet in begin if packet.size])
                    if first is not None:
                        yield first
                    if not self._prepare(self.path, stream, chain(begin, packets)):
                        return
                except av.error.FFmpegError as e:
                    self.refused(f"its packets cannot all be read ({e.strerror})")
        if self.walk is None:
            frames: Frames = decoded(self.container, self.stream, self.path, damage, on_damage, undue)
        else:
            frames = self.walk.frames(damage, on_damage, undue)
        yield from frames if first is None else _but(first.pts, frames)

    def _prepare(self, path: Path, stream: VideoStream, packets: Iterator[Packet[VideoStream]]) -> bool:
        """The walk, if there is one; whether to go on. Raises FFmpegError."""
        from stages.decoder.sparse.entry import prepared

        for found in prepared(self.container, self.stream, path, self.threads, stream, packets):
            if isinstance(found, str):
                self.refused(found)
            elif found is not None:
                self.walk = found
            elif not self.alive():
                return False
        return True


def _first(stream: VideoStream, begin: Sequence[Packet[VideoStream]]) -> VideoFrame | None:
    """The frame of the first packet, if that is a keyframe, shown before the others, and comes out alone, whole and
    progressive. Decoded alone it is what decoding them all gives, to the bit.
    """
    if not begin or not begin[0].is_keyframe or begin[0].is_discard:
        return None
    packet, pts = begin[0], begin[0].pts
    if pts is None or any(other.pts is None or other.pts <= pts for other in begin[1:]):
        return None
    decoder = stream.codec_context
    decoder.thread_count = 1
    try:
        frames = [*decoder.decode(packet), *decoder.decode(None)]
    except av.error.FFmpegError:
        return None
    if len(frames) != 1 or frames[0].pts != pts or frames[0].is_corrupt or frames[0].interlaced_frame:
        return None
    return frames[0]


def _but(pts: int | None, frames: Frames) -> Frames:
    """The same without the frame at ``pts``, if they begin with it."""
    first = next(frames, None)
    if isinstance(first, Unchanged):
        if first.all_pts[0] == pts:
            first = Unchanged(first.all_pts[1:], first.frame, first.stretch) if len(first.all_pts) > 1 else None
    elif first is not None and first.pts == pts:
        first = None
    if first is not None:
        yield first
    yield from frames
