"""A camera's timestamps on this machine's monotonic clock: pure arithmetic on the instants it is given.

Inside a connection time follows the camera's own spacing. Packets are never shown earlier than taken, and cannot have
been taken after they came: the offset between the clocks is the least delay seen lately.
"""

from __future__ import annotations

from collections import deque
from fractions import Fraction

from pipeline.frame import SECOND_NS
from stages.decoder.timing import ticks_to_ns

JUMP_NS = SECOND_NS  # a timestamp this far from where it should be is the camera's clock being set
_WINDOW_NS = 12 * SECOND_NS  # over which the least delay is sought: longer than a segment of HLS
_BUCKET_NS = SECOND_NS
_SLEW = 0.005  # how fast the offset may follow a delay that grew: 5 ms a second, fifty times a quartz's drift


class CameraClock:
    """One connection. ``late_ns``: packets later than this for as long as this mean that the delay has grown for good
    and time is anchored anew; None: never, as with segments, which come late by their length.
    """

    def __init__(self, time_base: Fraction, late_ns: int | None) -> None:
        self._time_base = time_base
        self._late_ns = late_ns
        self._offset_ns: int | None = None  # monotonic minus camera
        self._stamp_ns = self._arrived_ns = self._mono_ns = 0  # of the packet before
        self._late_since_ns: int | None = None
        self._least: deque[tuple[int, int]] = deque()  # (bucket of arrival, least delay in it)
        self.missing = 0  # packets without a timestamp
        self.jumps = 0  # times that the camera's clock was set, wrapped or restarted
        self.anchored = 0  # times that the delay had grown for good

    def mono_ns(self, order: int | None, pts: int | None, arrived_ns: int) -> int:
        """When a packet's picture was taken. ``order``: its dts, which grows; ``pts``: of the picture in it.

        They differ where the encoder codes pictures out of order.
        """
        stamp = order if order is not None else pts
        if stamp is None:
            self.missing += 1
            mono_ns = self._mono_ns + arrived_ns - self._arrived_ns if self._arrived_ns else arrived_ns
            self._mono_ns, self._arrived_ns = min(mono_ns, arrived_ns), arrived_ns
            if self._offset_ns is not None:
                self._stamp_ns = self._mono_ns - self._offset_ns
            return self._mono_ns
        order_ns = ticks_to_ns(stamp, self._time_base)
        shown_ns = order_ns if pts is None else ticks_to_ns(pts, self._time_base)
        if abs(shown_ns - order_ns) > JUMP_NS:  # nonsense beside a sound dts
            shown_ns = order_ns
        offset_ns = self._follow(order_ns, shown_ns, arrived_ns)
        self._stamp_ns, self._arrived_ns = order_ns, arrived_ns
        self._mono_ns = min(shown_ns + offset_ns, arrived_ns)
        return self._mono_ns

    def _follow(self, order_ns: int, shown_ns: int, arrived_ns: int) -> int:
        """The offset, brought up to date with one packet."""
        delay_ns = arrived_ns - shown_ns
        if self._offset_ns is None:
            self._offset_ns = delay_ns
            self._note(delay_ns, arrived_ns)
            return self._offset_ns
        passed_ns = arrived_ns - self._arrived_ns
        step_ns = order_ns - self._stamp_ns
        if step_ns < -JUMP_NS or step_ns > passed_ns + JUMP_NS + self._lag_ns():
            self.jumps += 1
            return self._anchor(min(self._mono_ns + passed_ns, arrived_ns) - shown_ns)
        self._note(delay_ns, arrived_ns)
        target_ns = min(least for _, least in self._least)
        if target_ns <= self._offset_ns:
            self._offset_ns = target_ns
        else:
            self._offset_ns += min(target_ns - self._offset_ns, int(passed_ns * _SLEW))
        if self._late_for_good(delay_ns - self._offset_ns, arrived_ns):
            self.anchored += 1
            return self._anchor(delay_ns)
        return self._offset_ns

    def _lag_ns(self) -> int:
        """How late the packet before was: a burst that makes up for it is no jump."""
        return max(0, self._arrived_ns - self._mono_ns)

    def _late_for_good(self, late_ns: int, arrived_ns: int) -> bool:
        if self._late_ns is None or late_ns <= self._late_ns:
            self._late_since_ns = None
            return False
        if self._late_since_ns is None:
            self._late_since_ns = arrived_ns
        return arrived_ns - self._late_since_ns > self._late_ns

    def _anchor(self, offset_ns: int) -> int:
        self._offset_ns = offset_ns
        self._late_since_ns = None
        self._least.clear()
        return offset_ns

    def _note(self, delay_ns: int, arrived_ns: int) -> None:
        bucket = arrived_ns // _BUCKET_NS
        if self._least and self._least[-1][0] == bucket:
            self._least[-1] = (bucket, min(delay_ns, self._least[-1][1]))
        else:
            self._least.append((bucket, delay_ns))
        while (bucket - self._least[0][0]) * _BUCKET_NS > _WINDOW_NS:
            self._least.popleft()
