"""The packets of a surveyed file by their place in it. What nobody asks for is passed, and where it is much, not read.

Between the container and the walk. Where a file cannot be sought in exactly, it is read from packet to packet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import av.error
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from pipeline.errors import SourceError
from stages.decoder.decoding import Damage, packets
from stages.decoder.opening import is_indexed
from stages.decoder.sparse.survey import Survey

_FAR = 64  # packets; reading so many takes about as long as seeking


class Reader:
    """``container``: at its beginning. ``on_damage``: as of ``decoding.packets``."""

    def __init__(
        self,
        container: InputContainer,
        stream: VideoStream,
        path: Path | str,
        survey: Survey,
        damage: Damage,
        on_damage: Callable[[], None],
    ) -> None:
        self._container, self._stream, self._path = container, stream, path
        self._pts = survey.pts
        self._packets: Iterator[Packet[VideoStream]] = packets(container, stream, path, damage, on_damage)
        self._at = 0  # the place of the next
        self._found: Packet[VideoStream] | None = None  # that one, where it has been read
        self._seeks = is_indexed(container)

    def packet(self, index: int, empty: bool) -> Packet[VideoStream] | None:
        """The one at this place, which no earlier call was for; an empty one, or None, if the file ends before.

        ``empty``: the decoder is, so that the file may be sought in. Raises SourceError.
        """
        if empty and self._seeks and index - self._at > _FAR:
            self._seek(index)
        while True:
            packet, self._found = self._found or next(self._packets, None), None
            if packet is None or not packet.size:
                return packet
            self._at += 1
            if self._at > index:
                return packet

    def _seek(self, index: int) -> None:
        """To this place, a keyframe's, or before it."""
        for pts in (int(self._pts[index]), int(self._pts[0])):
            try:
                self._container.seek(pts, stream=self._stream)
            except av.error.FFmpegError as e:
                raise SourceError(f"reading '{self._path}' failed: {e.strerror}") from e
            packet = next(self._packets, None)
            places = np.flatnonzero(self._pts == packet.pts).tolist() if packet is not None else []
            if len(places) == 1 and places[0] <= index:
                self._at, self._found = places[0], packet
                return
            self._seeks = False
        raise SourceError(f"reading '{self._path}' failed: its packets are not where they were before")
