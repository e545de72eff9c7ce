"""Which packets of an H.264 stream the decoder need not be given, as they are those just before over again. Pure.

While a picture stands still an encoder repeats itself: so many packets on, the same bytes come again, their counters
(frame_num, pic_order_cnt_lsb) having gone round. A decoder is a machine: in the same state it makes the same of the same
bytes. If all its reference pictures show one picture, and a period of packets left it so, then that period again, byte
for byte, leaves it so as well, and shows that picture throughout. That frame_num has gone round means that there were
at least 16 reference pictures in a period, or none: none from before it is left (Rec. ITU-T H.264, 7.4.3 and 8.2.5.3).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stages.decoder.sparse.contents import OTHER


@dataclass(slots=True)
class Standing:
    """Since which packet all that came out of the decoder shows one picture. Indices are of packets, in order."""

    since: int = 0
    _latest: int = -1
    _within: dict[int, int] = field(default_factory=dict)  # pts of what the decoder may still give out

    def given(self, pts: int, index: int) -> None:
        """The decoder has been given this packet."""
        self._within[pts] = index

    def out(self, pts: int, same: bool) -> int | None:
        """A frame has come out, ``same``: as the one before; the others shown before it do not come any more. Which
        packet it was.
        """
        index = self._within.get(pts)
        self._within = {other: packet for other, packet in self._within.items() if other > pts}
        if not same:
            self.since = self._latest + 1
        if index is not None:
            self._latest = max(self._latest, index)
        return index

    def broken(self, index: int) -> None:
        """Nothing is known of what the decoder holds from before this packet."""
        self.since, self._latest = index, index - 1
        self._within.clear()

    def done(self, index: int) -> int:
        """Of the packets before ``index``, all that were given: the first that may still come out."""
        return min(self._within.values(), default=index)


class Repeats:
    """``contents``: of each packet, as in the survey. ``stops``: packets before which no jump goes on, in order."""

    def __init__(self, contents: NDArray[np.int64], stops: NDArray[np.int64]) -> None:
        self._contents, self._stops = contents, stops
        self._back = _back(contents)
        self._none_before = 0

    def beyond(self, done: int, index: int, since: int) -> int:
        """Where to go on instead of at ``index``, the next packet. All packets before ``done`` have come out, and since
        packet ``since`` they show one picture.
        """
        if index < self._none_before or done >= len(self._contents):
            return index
        period = int(self._back[done])
        if not period or since > done - 2 * period:
            return index
        place = int(np.searchsorted(self._stops, done))
        most = int(self._stops[place]) if place < len(self._stops) else len(self._contents)
        now, then = self._contents[done:most], self._contents[done - period : most - period]
        differs = np.flatnonzero((now != then) | (now == OTHER))
        end = done + int(differs[0]) if differs.size else most
        beyond = index + max(0, (end - index) // period) * period
        self._none_before = max(beyond, index + 1) if beyond > index else max(end, index + 1)
        return beyond


def _back(contents: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many packets before each one its content was last; 0: never."""
    order = np.argsort(contents, kind="stable")
    back = np.zeros(len(contents), np.int64)
    again = np.flatnonzero(contents[order][1:] == contents[order][:-1]) + 1
    back[order[again]] = order[again] - order[again - 1]
    back[contents == OTHER] = 0
    return back
