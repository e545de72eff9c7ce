"""The camera's time stamps become those of a segment: they begin at 0, and each stream's decoding times only grow.

Pure: integers in, integers out. What a muxer would refuse is repaired and counted here, or reported as a Jump.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from pipeline.frame import SECOND_NS

LARGEST_TICKS = 1 << 56  # beyond that a muxer's sums overflow
_BACK = Fraction(1)  # s; a stamp that far back is a clock that was set, a smaller step a muddle
_AHEAD = Fraction(10)  # s; a step ahead that no stream makes without a gap having been announced
_APART = Fraction(2)  # s; streams of one camera whose stamps disagree by more do not share a clock
_INTERLEAVED = Fraction(15, 100)  # s; less than the muxer waits for the other streams


class JumpError(Exception):
    """The stamps of the leading stream jumped: the segment cannot go on."""


@dataclass(frozen=True, slots=True)
class Stamps:
    """In ticks of the stream's time base, from the start of the segment."""

    pts: int
    dts: int


class Timeline:
    """One segment's. ``bases``: time bases in s by stream index; ``leader``: the stream whose jumps end the segment.

    ``dts``, ``pts_ns``: decoding time in ticks and lecture time of the first packet, which is of stream ``first``.
    """

    def __init__(self, bases: Sequence[Fraction], leader: int, first: int, dts: int, pts_ns: int) -> None:
        self.zero = dts * bases[first]
        self.repaired = 0
        self._bases = bases
        self._leader = leader
        self._start_ns = pts_ns
        self._offsets: dict[int, int] = {}
        self._last: dict[int, int] = {}

    def place(self, stream: int, pts: int | None, dts: int | None, duration: int, pts_ns: int) -> Stamps | None:
        """Stamps of the stream's next packet; None if it has no place. Raises JumpError."""
        if any(abs(stamp or 0) > LARGEST_TICKS for stamp in (pts, dts)):
            return None
        base = self._bases[stream]
        last = self._last.get(stream)
        if dts is None:
            if last is None and pts is None:
                return None
            self.repaired += pts is None
            if last is not None and (pts is None or pts - self._offsets[stream] <= last):
                dts = last + self._offsets[stream] + max(1, min(duration, int(_BACK / base)))
            else:
                dts = pts
            assert dts is not None
        if last is None:
            self._anchor(stream, dts, pts_ns)
        at = dts - self._offsets[stream]
        if last is None:
            if at < 0 and (at * base < -_APART or self._under_way()):
                del self._offsets[stream]  # from before the segment
                return None
        elif at <= last or (at - last) * base > _AHEAD:
            at = self._mended(stream, at, last, dts, pts_ns)
        self._last[stream] = at
        shown = at if pts is None else pts - self._offsets[stream]
        if not at <= shown <= at + int(_AHEAD / base):
            self.repaired += 1
            shown = at
        return Stamps(shown, at)

    def peek(self, stream: int, pts: int | None, dts: int | None) -> Fraction:
        """Time in s that the segment's first packet is going to have."""
        base = self._bases[stream]
        stamp = pts if pts is not None else dts
        return Fraction(0) if stamp is None else (stamp - round(self.zero / base)) * base

    def _anchor(self, stream: int, dts: int, pts_ns: int) -> None:
        base = self._bases[stream]
        expected = Fraction(pts_ns - self._start_ns, SECOND_NS)
        if abs(dts * base - self.zero - expected) > _APART:
            self._offsets[stream] = dts - round(expected / base)
        else:
            self._offsets[stream] = round(self.zero / base)

    def _under_way(self) -> bool:
        return any(last * self._bases[stream] > _INTERLEAVED for stream, last in self._last.items())

    def _mended(self, stream: int, at: int, last: int, dts: int, pts_ns: int) -> int:
        base = self._bases[stream]
        self.repaired += 1
        if last - at < _BACK / base and at <= last:
            return last + 1
        if stream == self._leader:
            raise JumpError
        expected = max(last + 1, round(Fraction(pts_ns - self._start_ns, SECOND_NS) / base))
        self._offsets[stream] = dts - expected
        return expected
