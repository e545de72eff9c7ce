"""The keyframes of a file, decoded alone, in order: what is on screen at the seams between groups of pictures.

Runs ahead of the walk by as many as the decoder keeps back. It reads a container of its own and compares nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import av.error
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from stages.decoder.sparse.likeness import Look


class Keyframes:
    """``container``: opened for this alone. ``interlaced``: whether one of those asked for was."""

    def __init__(self, container: InputContainer, stream: VideoStream) -> None:
        self.interlaced = False
        self._frames = _decoded(container, stream)
        self._next: VideoFrame | None = next(self._frames, None)

    def at(self, pts: int) -> Look | None:
        """The keyframe with this pts, later than the one asked for before; None if it does not come out alone, whole
        and progressive.
        """
        while self._next is not None and (self._next.pts is None or self._next.pts < pts):
            self._next = next(self._frames, None)
        frame = self._next
        if frame is None or frame.pts != pts:
            return None
        self.interlaced = self.interlaced or frame.interlaced_frame
        if frame.is_corrupt or frame.interlaced_frame:
            return None
        return Look(frame)


def _decoded(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Damage is no concern here: a frame that is missing is decoded with its whole group."""
    try:
        for packet in container.demux(stream):
            if packet.size and not packet.is_keyframe:
                continue
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                continue
            yield from frames
    except av.error.FFmpegError:
        return
