"""Which decoded frames go on, and when: at the analysis rate, by their timestamps, and never without the last one.

Between decoding and conversion. A frame that is not due is only kept as the one that may turn out to be the last
before a pause or the end, so that what it shows is seen. It converts nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from av.video.frame import VideoFrame

from pipeline.frame import SECOND_NS
from stages.decoder.sparse.unchanged import Unchanged
from stages.decoder.timing import Sampler, StreamClock
from stages.decoder.undue import Undecoded

Frames = Iterator[VideoFrame | Unchanged | Undecoded]  # all of a stream, in order of presentation

MOST_SKIPPED = 128  # then one goes on all the same: a source that gives nothing for seconds looks hung
PAUSE_NS = SECOND_NS  # a stream without a frame for longer pauses: screen recorders write only what changes


@dataclass(frozen=True, slots=True)
class Selected:
    """A frame to send on as shown at ``t_ns``. ``again``: the one before, still there. ``jumped``: time was reset."""

    t_ns: int
    frame: VideoFrame | Unchanged
    again: bool = False
    jumped: bool = False

    @property
    def decoded(self) -> VideoFrame:
        """What is to be seen."""
        return self.frame.frame if isinstance(self.frame, Unchanged) else self.frame


class Drops:
    """Sums up what is left out between two frames that go on, for who is told from another thread. Is called as
    ``tell`` would be.
    """

    def __init__(self, tell: Callable[[str, int], None]) -> None:
        self._tell = tell
        self._counts: Counter[str] = Counter()

    def __call__(self, reason: str, count: int) -> None:
        self._counts[reason] += count

    def between(self, items: Iterator[Selected]) -> Iterator[Selected]:
        """The same items; before each of them, and at the end, ``tell`` is told."""
        try:
            for item in items:
                self._told()
                yield item
        finally:
            self._told()

    def _told(self) -> None:
        for reason, count in self._counts.items():
            self._tell(reason, count)
        self._counts.clear()


def selected(
    frames: Frames,
    clock: StreamClock,
    sampler: Sampler,
    hold_ns: int,
    drop: Callable[[str, int], None],
) -> Iterator[Selected]:
    """Yield the frames that are due, in order; ``drop`` is told how many were not, and whether something had changed.

    Where the stream pauses, the last frame before the pause is yielded, and again at the sampler's rate for
    ``hold_ns``: whoever waits for a view to settle needs frames to see that it has. A sampler that takes every
    frame repeats none.
    """
    waiting: Selected | None = None  # decoded, not due, and so far the last
    shown: Selected | None = None
    skipped = unchanged = jumps = 0
    period_ns = sampler.period_ns
    for t_ns, frame, passed in _timed(frames, clock, sampler):
        unchanged += passed
        if waiting is not None:
            if not passed and t_ns - waiting.t_ns >= period_ns:
                shown = waiting
                yield waiting
            elif isinstance(waiting.frame, Unchanged):
                unchanged += 1
            else:
                skipped += 1
            waiting = None
        if shown is not None and period_ns and t_ns - shown.t_ns > PAUSE_NS:
            yield from _again(shown, t_ns, sampler, hold_ns)
        if isinstance(frame, Undecoded):
            skipped += 1
            continue
        jumped = clock.jumps != jumps
        if sampler.take(t_ns) or jumped or skipped >= MOST_SKIPPED:
            jumps = clock.jumps
            if skipped:
                drop("rate", skipped)
            if unchanged:
                drop("unchanged", unchanged)
            skipped = unchanged = 0
            shown = Selected(t_ns, frame, jumped=jumped)
            yield shown
        else:
            waiting = Selected(t_ns, frame)
    if skipped:
        drop("rate", skipped)
    if unchanged:
        drop("unchanged", unchanged)
    if waiting is not None:
        yield waiting


def _timed(
    frames: Frames, clock: StreamClock, sampler: Sampler
) -> Iterator[tuple[int, VideoFrame | Unchanged | Undecoded, int]]:
    """Each frame's time. Of a row of unchanged ones only the first, the last and those that are due come, and with each
    how many were passed just before it, none of them before a pause.
    """
    for frame in frames:
        if not isinstance(frame, Unchanged):
            yield clock.time_ns(frame.pts), frame, 0
            continue
        times = clock.times_ns(frame.all_pts) if len(frame.all_pts) > 1 else None
        if times is None or any(after - now >= sampler.period_ns for now, after in pairwise(times)):
            for t_ns in times or map(clock.time_ns, frame.all_pts):
                yield t_ns, frame, 0
            continue
        last, place = len(times) - 1, 0
        yield times[0], frame, 0
        while place < last:
            following = min(sampler.first_due(times, place + 1), last)
            yield times[following], frame, following - place - 1
            place = following


def _again(shown: Selected, until_ns: int, sampler: Sampler, hold_ns: int) -> Iterator[Selected]:
    last_ns = min(until_ns - sampler.period_ns // 2, shown.t_ns + hold_ns)
    while sampler.due_ns <= last_ns:
        t_ns = sampler.due_ns
        if t_ns > shown.t_ns:
            yield Selected(t_ns, shown.frame, again=True)
        sampler.take(t_ns)
