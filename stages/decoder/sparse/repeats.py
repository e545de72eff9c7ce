"""Which packets of an H.264 stream the decoder need not be given, as they are those just before over again. Pure.

While a picture stands still an encoder repeats itself: so many packets on, the same comes again but for the counters of
pictures. A decoder is a machine: in the same state it makes the same of the same. If all that it holds for reference
is, one by one, what it held a period ago, it is where it was then; the same again, however often, shows the same
pictures again, and leaves it there. Held pictures count as the same if they are equal to the last bit, in all that is
coded of them, and were coded alike, and so was what their motion was told from (``h264.references``). Counters matter
by how they differ alone: where a stretch is left out, those behind it are moved (``h264.headers``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stages.decoder.h264.references import References
from stages.decoder.sparse.coding import OTHER, Coding

_LONGEST = 512  # packets that are remembered
_TURNS = 8  # of the packets, in which the pictures may take theirs


@dataclass(slots=True)
class Given:
    """What the decoder was given since it was empty, and what came out. Indices are of packets, as they are decoded."""

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

    def alike(self, indices: Sequence[int], period: int) -> bool:
        """Whether the pictures of these packets are those of the ``period`` packets earlier."""
        seen = self._prints
        return all(index in seen and seen[index] == seen.get(index - period) for index in indices)

    def _note(self, index: int, print_: int | None) -> None:
        if len(self._prints) > 2 * _LONGEST:
            self._prints = {packet: known for packet, known in self._prints.items() if packet > index - _LONGEST}
        self._prints[index] = -1 - index if print_ is None else print_


class Repeats:
    """``stops``: packets before which no jump goes on, in order."""

    def __init__(self, coding: Coding, stops: NDArray[np.int64]) -> None:
        self._coding, self._stops = coding, stops
        self._followed = coding.followed()
        self._back = _back(coding.contents)
        self._again = _again(coding.contents, self._back, stops)

    def comes_again(self, index: int | None) -> bool:
        """Whether what this packet is comes twice between two stops: else its picture proves nothing."""
        return index is not None and bool(self._again[index])

    def beyond(self, index: int, given: Given, references: References) -> int:
        """Where to go on instead of at ``index``, the next packet."""
        done = given.done(index)
        if done >= len(self._back) or not self._followed[index]:
            return index
        shortest = int(self._back[done])
        if not 0 < shortest <= min(_LONGEST // 2, done):
            return index
        place = int(np.searchsorted(self._stops, done))
        most = int(self._stops[place]) if place < len(self._stops) else len(self._back)
        end = self._end(done, shortest, most)
        for period in range(shortest, min(_LONGEST // 2, done, end - index, _TURNS * shortest) + 1, shortest):
            found = references.again(done, period)
            if found is None or not given.alike(found[1], period):
                continue
            proved = self._end(found[0], period, end)
            if proved >= index + period:
                return index + (proved - index) // period * period
        return index

    def _end(self, begin: int, period: int, most: int) -> int:
        """Up to where packets from ``begin`` on are those a period before, all by the same difference of counters."""
        coding, sequence = self._coding, self._coding.sequence
        assert sequence is not None, "else nothing repeats"
        now, then = slice(begin, most), slice(begin - period, most - period)
        differs = (coding.contents[now] != coding.contents[then]) | (coding.contents[now] == OTHER)
        for counters, round_ in ((coding.frame_nums, sequence.frame_nums), (coding.pocs, sequence.pocs)):
            by = (counters[now] - counters[then]) % round_
            differs |= by != by[:1]
        found = np.flatnonzero(differs)
        return begin + int(found[0]) if found.size else most


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
