"""What is on screen after a change, as far as its own packets tell: decoded right behind their keyframe.

The proof that the next keyframe shows what the change led to. The packets between keyframe and change, of a picture
that stands still, would hardly alter what the change refers to; what comes out without them is nearly right at best,
and is compared, never shown. For H.264 in containers that can be sought in.
"""

from __future__ import annotations

from collections.abc import Iterator

import av.error
from av.container import InputContainer
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from stages.decoder.h264.bits import Malformed
from stages.decoder.opening import is_indexed
from stages.decoder.sparse.keyframes import decoder_like
from stages.decoder.sparse.likeness import Look
from stages.decoder.sparse.survey import Group, Survey


class Glimpses:
    """``container``: is sought in, which others that read it must do, too."""

    def __init__(self, container: InputContainer, stream: VideoStream, survey: Survey) -> None:
        self._container, self._stream, self._survey = container, stream, survey
        self._is_able = survey.coding.sequence is not None and is_indexed(container)
        self._decoder: VideoCodecContext | None = None

    def lead_to(self, group: Group, change: tuple[int, int], after: Look) -> bool:
        """Whether what ``after`` shows is what these packets of the group, the first to the last, change it to."""
        if not self._is_able:
            return False
        if self._decoder is None:
            self._decoder = decoder_like(self._stream)
            self._decoder.thread_count = 1
        decoder, pts = self._decoder, int(self._survey.pts[change[0] : change[1] + 1].max())
        try:
            frames = [frame for packet in self._packets(group, *change) for frame in decoder.decode(packet)]
        except (av.error.FFmpegError, Malformed):
            return False
        finally:
            decoder.flush_buffers()
        return any(frame.pts == pts and Look(frame).becomes(after) for frame in frames)

    def _packets(self, group: Group, first: int, last: int) -> Iterator[Packet[VideoStream] | None]:
        """The keyframe, the change with its counters next to those of the keyframe, and None. Raises Malformed."""
        self._container.seek(group.pts, stream=self._stream)
        for index, packet in enumerate(self._container.demux(self._stream), group.first):
            if index == group.first and packet.pts == group.pts and packet.size:
                yield packet
            elif group.first < index < first and packet.size:
                continue
            elif first <= index <= last and packet.pts == self._survey.pts[index]:
                yield self._survey.coding.joined(packet, index, group.first, (first, last))
            else:
                return
            if index == last:
                yield None
                return
