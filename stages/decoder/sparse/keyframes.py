"""The keyframes of a file, decoded alone, in order: what is on screen at the seams between groups of pictures.

Runs ahead of the walk by as many as the decoder keeps back. One whose bytes are those of a keyframe shortly before, as
of a picture that stands still, is not decoded again: decoded alone, it shows what its bytes say. It shares its
container with ``glimpses`` alone and compares nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import av.error
from av.codec.context import CodecContext
from av.container import InputContainer
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from stages.decoder.opening import is_indexed
from stages.decoder.sparse.likeness import Look
from stages.decoder.sparse.survey import Group

_KEPT = 4  # of a still picture x264 makes two kinds in turn, as neighbours have different idr_pic_id


class Keyframes:
    """``container``: opened for this alone. ``interlaced``: whether one of those asked for was. ``decoded``: so many
    have been, or will soon.
    """

    def __init__(self, container: InputContainer, stream: VideoStream, groups: Sequence[Group]) -> None:
        self.interlaced = False
        needed = _first_ones(groups)
        self.decoded = len(needed)
        self._looks: dict[int, Look | None] = {}  # by content, the last ones that were decoded
        self._frames = _decoded(container, stream, needed)
        self._next: VideoFrame | None = next(self._frames, None)

    def at(self, group: Group) -> Look | None:
        """The keyframe of this group, later than the one asked for before; None if it does not come out alone, whole
        and progressive.
        """
        if group.content not in self._looks:
            _forget(self._looks)
            self._looks[group.content] = self._look(group.pts)
        return self._looks[group.content]

    def _look(self, pts: int) -> Look | None:
        while self._next is not None and (self._next.pts is None or self._next.pts < pts):
            self._next = next(self._frames, None)
        frame = self._next
        if frame is None or frame.pts != pts:
            return None
        self.interlaced = self.interlaced or frame.interlaced_frame
        if frame.is_corrupt or frame.interlaced_frame:
            return None
        return Look(frame)


def _first_ones(groups: Sequence[Group]) -> list[int]:
    """The pts of those that must be decoded if all are asked for, in order."""
    kept: dict[int, None] = {}
    needed: list[int] = []
    for group in groups:
        if group.content not in kept:
            _forget(kept)
            kept[group.content] = None
            needed.append(group.pts)
    return needed


def _forget(kept: dict[int, Look | None] | dict[int, None]) -> None:
    """Make room for one more; both must do this alike."""
    if len(kept) >= _KEPT:
        del kept[next(iter(kept))]


def _decoded(container: InputContainer, stream: VideoStream, needed: Sequence[int]) -> Iterator[VideoFrame]:
    """Damage is no concern here: a frame that is missing is decoded with its whole group."""
    sought = stream.codec_context.name == "h264" and is_indexed(container)
    decoder = decoder_like(stream) if sought else stream.codec_context
    try:
        for packet in _sought(container, stream, needed) if sought else _read(container, stream, frozenset(needed)):
            try:
                frames = decoder.decode(packet)
            except av.error.FFmpegError:
                continue
            yield from frames
    except av.error.FFmpegError:
        return


def _read(
    container: InputContainer, stream: VideoStream, needed: frozenset[int]
) -> Iterator[Packet[VideoStream] | None]:
    for packet in container.demux(stream):
        if not packet.size or (packet.is_keyframe and packet.pts in needed):
            yield packet


def _sought(
    container: InputContainer, stream: VideoStream, needed: Sequence[int]
) -> Iterator[Packet[VideoStream] | None]:
    packets = container.demux(stream)
    for pts in needed:
        container.seek(pts, stream=stream)
        packet = next(packets, None)
        if packet is not None and packet.size and packet.is_keyframe and packet.pts == pts:
            yield packet
    yield None


def decoder_like(stream: VideoStream) -> VideoCodecContext:
    """A decoder like the stream's own, which loses what it holds back when the file is sought in."""
    own = stream.codec_context
    decoder = cast("VideoCodecContext", CodecContext.create(own.name, "r"))
    decoder.extradata, decoder.width, decoder.height = own.extradata, own.width, own.height
    decoder.thread_count, decoder.thread_type = own.thread_count, own.thread_type
    return decoder
