"""Numbers for what is the same in packets of a file. Part of the survey; it keeps no packet."""

from __future__ import annotations

import hashlib

from av.packet import Packet
from av.video.stream import VideoStream

_MOST = 4096  # what is longer ago is not remembered: such packets get another number


class Contents:
    """Two of one kind have the same number only if their bytes are the same."""

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._next = 0
        self._beside = b""

    def of_keyframe(self, packet: Packet[VideoStream]) -> int:
        """The number of a keyframe, and of the parameter sets that came last beside one."""
        if packet.has_sidedata("new_extradata"):
            self._beside = hashlib.sha256(packet.get_sidedata("new_extradata")).digest()
        return self.of(hashlib.sha256(packet).digest() + self._beside)

    def of(self, content: bytes) -> int:
        """The number of these bytes."""
        known = self._numbers.get(content)
        if known is not None:
            return known
        if len(self._numbers) >= _MOST:
            self._numbers.clear()
        self._numbers[content] = self._next
        self._next += 1
        return self._next - 1
