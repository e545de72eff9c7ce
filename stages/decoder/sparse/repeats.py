"""Which packets of an H.264 stream the decoder need not be given, as they are those just before over again. Pure.

While a picture stands still an encoder repeats itself: so many packets on, the same bytes come again, their counters
(frame_num, pic_order_cnt_lsb) having gone round. A decoder is a machine: in the same state it makes the same of the
same bytes. If over a period of packets all reference pictures are, one by one, those of the period before, the decoder
is where it was a period ago; the same bytes again, however often, show the same pictures again, and leave it there.
That frame_num has gone round means that there were at least 16 reference pictures in a period, or none: it holds none
from before (Rec. ITU-T H.264, 7.4.3 and 8.2.5.3).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stages.decoder.sparse.contents import OTHER

_LONGEST = 512  # packets that are remembered


@dataclass(slots=True)
class Given:
    """What the decoder was given from packet ``first`` on, and what came out. Indices are of packets, in order of
    decoding.
    """

    first: int
    _within: dict[int, int] = field(default_factory=dict)  # pts of what it may still give out
    _prints: dict[int, int] = field(default_factory=dict)  # of pictures; what is not needed has none unless it comes

    def put(self, pts: int, index: int, needed: bool) -> None:
        """The decoder has been given this packet. If its picture is not ``needed`` it may leave it out."""
        self._within[pts] = index
        if needed:
            self.lost(index)

    def lost(self, index: int) -> None:
        """The picture of this packet is not known, and like no other."""
        self._note(index, None)

    def out(self, pts: int, print_: int | None) -> None:
        """A frame has come out; those shown before it come no more. ``print_``: equal for equal pictures, None: like no
        other.
        """
        index = self._within.get(pts)
        self._within = {other: packet for other, packet in self._within.items() if other > pts}
        if index is not None:
            self._note(index, print_)

    def packet_of(self, pts: int) -> int | None:
        """Which packet a frame that comes out now is of."""
        return self._within.get(pts)

    def done(self, index: int) -> int:
        """Of the packets before ``index``, all that were given: the first that may still come out."""
        return min(self._within.values(), default=index)

    def repeats(self, done: int, period: int) -> bool:
        """Whether the pictures of the ``period`` packets before ``done`` are those of the period before it."""
        seen = self._prints
        if done - 2 * period < self.first:
            return False
        return all(seen.get(index) == seen.get(index - period) for index in range(done - period, done))

    def _note(self, index: int, print_: int | None) -> None:
        if len(self._prints) > 2 * _LONGEST:
            self._prints = {packet: known for packet, known in self._prints.items() if packet > index - _LONGEST}
        self._prints[index] = -1 - index if print_ is None else print_


class Repeats:
    """``contents``: of each packet, as in the survey. ``stops``: packets before which no jump goes on, in order."""

    def __init__(self, contents: NDArray[np.int64], stops: NDArray[np.int64]) -> None:
        self._contents, self._stops = contents, stops
        self._back = _back(contents)
        self._none_before = 0
        self._again = _again(contents, self._back, stops)

    def comes_again(self, index: int | None) -> bool:
        """Whether this packet's bytes come twice between two stops: else its picture proves nothing."""
        return index is not None and bool(self._again[index])

    def beyond(self, index: int, given: Given) -> int:
        """Where to go on instead of at ``index``, the next packet."""
        done = given.done(index)
        if index < self._none_before or done >= len(self._contents):
            return index
        period = int(self._back[done])
        if not 0 < period <= min(_LONGEST // 2, done // 2):
            return index
        place = int(np.searchsorted(self._stops, done))
        most = int(self._stops[place]) if place < len(self._stops) else len(self._contents)
        now, then = self._contents[done:most], self._contents[done - period : most - period]
        differs = np.flatnonzero((now != then) | (now == OTHER))
        end = done + int(differs[0]) if differs.size else most
        beyond = index + max(0, (end - index) // period) * period
        if beyond == index:
            self._none_before = max(end, index + 1)
        elif given.repeats(done, period):
            given.first = beyond
            return beyond
        return index


def _back(contents: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many packets before each one its content was last; 0: never."""
    order = np.argsort(contents, kind="stable")
    back = np.zeros(len(contents), np.int64)
    again = np.flatnonzero(contents[order][1:] == contents[order][:-1]) + 1
    back[order[again]] = order[again] - order[again - 1]
    back[contents == OTHER] = 0
    return back


def _again(contents: NDArray[np.int64], back: NDArray[np.int64], stops: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each packet's content comes before or after it as well, with nothing between that ends a repetition."""
    ends = contents == OTHER
    ends[stops] = True
    part = np.cumsum(ends)
    later = np.flatnonzero(back)
    later = later[part[later] == part[later - back[later]]]
    again = np.zeros(len(contents), np.bool_)
    again[later] = again[later - back[later]] = True
    return again
