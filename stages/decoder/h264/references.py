"""Which pictures an H.264 decoder holds for reference, packet by packet. Rec. ITU-T H.264, 8.2.5; it decodes none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stages.decoder.h264.headers import Coded
from stages.decoder.h264.slices import FORGET, FORGET_LONG, KEEP, KEEP_THIS, MOST_LONG

_REMEMBERED = 1024  # packets


@dataclass(frozen=True, slots=True)
class Held:
    """Indices of packets: ``short``, in order of decoding; ``long`` with the index that they have been given, in order
    of it.
    """

    short: tuple[int, ...]
    long: tuple[tuple[int, int], ...]


class References:
    """``coded``: the picture of each packet by its index, but for its counters; None where headers are not followed. Of
    each, ``frame_nums``, and ``shown``: what orders them as they are shown.

    A decoder may have begun in mid-stream and hold what is not known. Once what is known is as much as it may hold,
    that is all.
    """

    def __init__(
        self, coded: Callable[[int], Coded | None], frame_nums: NDArray[np.int64], shown: NDArray[np.int64]
    ) -> None:
        self._coded, self._frame_nums, self._shown = coded, frame_nums, shown
        self._short: list[int] = []
        self._long: dict[int, int] = {}
        self._base: dict[int, int] = {}
        self._before: dict[int, Held | None] = {}
        self._next = 0
        self._last: int | None = None  # frame_num of the last reference picture
        self._all = False  # what is held is known

    def begin(self) -> None:
        """The decoder has been emptied."""
        self._lose()
        self._before.clear()

    def put(self, index: int) -> None:
        """The decoder is given this packet, the one after the last."""
        if len(self._before) > _REMEMBERED:
            since = index - _REMEMBERED // 2
            self._before = {other: held for other, held in self._before.items() if other >= since}
            self._base = {other: base for other, base in self._base.items() if other >= since}
        self._before[index], self._next = self._held(), index + 1
        picture = self._coded(index)
        if picture is None:
            self._lose()
            return
        frame_num = int(self._frame_nums[index])
        if picture.idr:
            self._lose()
            self._all = True
        elif self._last is not None and frame_num != (self._last + 1) % picture.sequence.frame_nums:
            self._lose()
        if picture.reference:
            self._last = frame_num
            self._take(index, picture)

    def moved(self, by: int) -> None:
        """Instead of what follows the decoder will be given what follows ``by`` packets later: what it holds is, for
        it, what it would hold there.
        """
        self._short = [index + by for index in self._short]
        self._base = {index + by: base + by for index, base in self._base.items()}
        # Of the long-term ones none may have a base of its own any more, moved or not; they need none.
        self._last = int(self._frame_nums[self._short[-1]]) if self._short else None
        self._before.clear()

    def again(self, index: int, period: int) -> tuple[int, list[int]] | None:
        """Whether before this packet all is held as ``period`` packets earlier: each picture, and what its motion was
        told from. If so, the first packet that matters to that, and those whose pictures must be equal to the ones a
        period before.
        """
        moved = self._moved(index, period)
        if moved is None:
            return None
        bases = [self._base.get(each) for each in moved]
        if None in bases:
            return None
        low = min((base for base in bases if base is not None), default=index)
        if any(self._moved(each, period) is None for each in range(low, index)):
            return None
        return low, moved

    def _moved(self, index: int, period: int) -> list[int] | None:
        """Those that are held before this packet and were not a period earlier, if they are like those that were."""
        now = self._held() if index == self._next else self._before.get(index)
        then = self._before.get(index - period)
        if now is None or then is None or now.short != tuple(each + period for each in then.short):
            return None
        if [key for key, _ in now.long] != [key for key, _ in then.long]:
            return None
        moved = list(now.short)
        for (_, ours), (_, theirs) in zip(now.long, then.long, strict=True):
            if ours == theirs + period:
                moved.append(ours)
            elif ours != theirs:
                return None
        return moved

    def _held(self) -> Held | None:
        if not self._all:
            return None
        return Held(tuple(self._short), tuple(sorted(self._long.items())))

    def _lose(self) -> None:
        self._short.clear()
        self._long.clear()
        self._base.clear()
        self._last, self._all = None, False

    def _take(self, index: int, picture: Coded) -> None:
        base = self._base_of(index, picture)
        is_long = False
        if (
            picture.marks is None
            and len(self._short) + len(self._long) >= picture.sequence.most_references
            and self._short
        ):
            del self._short[0]
        for mark in picture.marks or ():
            if mark[0] == KEEP_THIS:
                self._long[mark[1]] = index
                is_long = True
            elif not self._mark(mark, index, picture):
                self._lose()
                self._last = int(self._frame_nums[index])
        if not is_long:
            self._short.append(index)
        if base is not None:
            self._base[index] = base
        if len(self._short) + len(self._long) >= picture.sequence.most_references:
            self._all = len(self._short) + len(self._long) == picture.sequence.most_references

    def _mark(self, mark: tuple[int, ...], index: int, picture: Coded) -> bool:
        """Whether the operation is one on what is held."""
        operation = mark[0]
        if operation in (FORGET, KEEP):
            wanted = (self._frame_nums[index] - mark[1]) % picture.sequence.frame_nums
            found = [each for each in self._short if self._frame_nums[each] == wanted]
            if len(found) != 1:
                return False
            self._short.remove(found[0])
            if operation == KEEP:
                self._long[mark[2]] = found[0]
        elif operation == FORGET_LONG:
            return self._long.pop(mark[1], None) is not None
        elif operation == MOST_LONG:
            self._long = {key: each for key, each in self._long.items() if key < mark[1]}
        return True

    def _base_of(self, index: int, picture: Coded) -> int | None:
        """The first packet that the motion kept of this picture was told from: in B slices it may be that of the next
        picture to be shown (8.4.1.2), and so on from one to the next. None: from one that is not known.
        """
        if not picture.backward:
            return index
        later = [each for each in self._short if self._shown[each] > self._shown[index]]
        return self._base.get(min(later, key=self._shown.__getitem__)) if later else None
