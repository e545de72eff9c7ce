"""Which pictures of a live source go on: those due at the analysis rate, the newest where the far end is slow.

It holds at most two: one that is due and waits for room, and the last that was not due, which goes out after all when
nothing follows it. Pure; instants are given.
"""

from __future__ import annotations

from collections.abc import Callable

from pipeline.frame import SECOND_NS
from stages.decoder.live.decoding import Taken
from stages.decoder.timing import Sampler

_PAUSE_NS = SECOND_NS // 4


class LiveSampler:
    """``drop`` is told why and how many pictures go no further.

    ``newest``: a picture that waits for room gives way to one that comes later; else the decoder is to wait.
    """

    def __init__(self, rate: float, newest: bool, drop: Callable[[str, int], None]) -> None:
        self._rate = rate
        self._newest = newest
        self._drop = drop
        self._sampler = Sampler(rate)
        self._due: Taken | None = None
        self._spare: Taken | None = None
        self._spare_ns = 0  # since when it is spare
        self._last_ns = 0
        self.in_time = True  # what ``get`` gave last had not waited for whether something follows it

    def put(self, taken: Taken, now_ns: int) -> None:
        """A picture was decoded."""
        if self._spare is not None:
            self._drop("rate", 1)
            self._spare = None
        mono_ns = taken.stamp.mono_ns
        if mono_ns < self._last_ns - SECOND_NS:
            self._sampler = Sampler(self._rate)  # time was set back; its grid lies in the future
        self._last_ns = mono_ns
        if not self._sampler.take(mono_ns):
            self._spare, self._spare_ns = taken, now_ns
            return
        if self._due is not None:
            self._drop("behind", 1)
        self._due = taken

    @property
    def full(self) -> bool:
        """Whether the decoder is to wait."""
        return self._due is not None and not self._newest

    def get(self, now_ns: int) -> Taken | None:
        """The picture to send now; the caller has room for it."""
        due, self._due = self._due, None
        self.in_time = due is not None
        if due is None and self._spare is not None and now_ns - self._spare_ns > _PAUSE_NS:
            due, self._spare = self._spare, None
        return due

    def waiting(self, now_ns: int) -> bool:
        """Whether ``get`` would give something."""
        return self._due is not None or (self._spare is not None and now_ns - self._spare_ns > _PAUSE_NS)

    def flush(self) -> Taken | None:
        """Nothing follows: the last picture that was not sent."""
        last = self._spare or self._due
        if self._spare is not None and self._due is not None:
            self._drop("behind", 1)
        self._due = self._spare = None
        return last
