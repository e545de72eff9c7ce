"""What came since the newest keyframe while nothing was recorded: a lecture begins in the middle of a group of
pictures.

A camera may send a keyframe every ten seconds only; without these packets the recording would begin as much later.
Pure.
"""

from __future__ import annotations

from dataclasses import replace

from stages.recorder.packet import CameraPacket

MOST_BYTES = 32 << 20


class PreRoll:
    """Bounded in bytes: a group of pictures that is larger is let go, up to the next keyframe."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._packets: list[CameraPacket] = []
        self._bytes = 0

    def add(self, packet: CameraPacket, begins: bool) -> None:
        """``begins``: a recording may begin with this packet."""
        if begins:
            self.clear()
        elif not self._packets:
            return
        self._packets.append(packet)
        self._bytes += len(packet.data)
        if self._bytes > self._most_bytes:
            self.clear()

    def take(self, shift_ns: int) -> list[CameraPacket]:
        """All of it, in order, in the time of the lecture that begins: ``shift_ns`` later than it was counted then."""
        taken = [replace(packet, pts_ns=packet.pts_ns + shift_ns) for packet in self._packets]
        self.clear()
        return taken

    def clear(self) -> None:
        """The stream was interrupted."""
        self._packets, self._bytes = [], 0
