"""The first packets of an RTSP connection come without time stamps; they get theirs from the first one that has some.

Each stream's unstamped beginning waits here for that packet, a frame or two long. Pure but for the releases it keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TypeAlias

from pipeline.frame import SECOND_NS
from stages.recorder.packet import CameraPacket

Waiting: TypeAlias = tuple[CameraPacket, Callable[[], None]]
MOST_WAITING = 64  # a stream that never has stamps cannot be timed


class FirstStamps:
    """One connection's. ``bases``: time bases in s by stream index. Packets keep their order."""

    def __init__(self, bases: Sequence[Fraction]) -> None:
        self._bases = bases
        self._waiting: list[Waiting] = []
        self._unstamped: set[int] = set()  # streams of which packets wait
        self._stamped: set[int] = set()

    def must_wait(self, packet: CameraPacket) -> bool:
        """Whether the packet is to be given to ``hold``; if not, ``before`` comes first."""
        stamp = packet.dts if packet.dts is not None else packet.pts
        if stamp is not None:
            self._stamped.add(packet.stream)
            if packet.stream in self._unstamped:
                self._stamp(packet, stamp)
        elif packet.stream not in self._stamped:
            self._unstamped.add(packet.stream)
        return bool(self._unstamped) and len(self._waiting) < MOST_WAITING

    def hold(self, packet: CameraPacket, release: Callable[[], None]) -> None:
        """Keep it until ``before`` gives it out."""
        self._waiting.append((packet, release))

    def before(self) -> list[Waiting]:
        """What waited, in order, now with stamps."""
        ready, self._waiting = self._waiting, []
        self._unstamped.clear()
        return ready

    def clear(self) -> int:
        """Let go of what waits; how many that were."""
        left = self.before()
        for _, release in left:
            release()
        return len(left)

    def _stamp(self, packet: CameraPacket, stamp: int) -> None:
        """Those of the packet's stream lie as much before it as their durations say, or else lecture time."""
        self._unstamped.discard(packet.stream)
        base, later_ns = self._bases[packet.stream], packet.pts_ns
        for number in reversed(range(len(self._waiting))):
            waited, release = self._waiting[number]
            if waited.stream == packet.stream:
                arrived = round(Fraction(later_ns - waited.pts_ns, SECOND_NS) / base)
                apart = waited.duration or packet.duration or arrived
                stamp -= max(1, min(apart, round(1 / base)))
                later_ns = waited.pts_ns
                self._waiting[number] = (replace(waited, pts=stamp, dts=stamp), release)
