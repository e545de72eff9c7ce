"""What the camera saw, instant by instant, so that a test can say which slides must have been found.

Times are CLOCK_MONOTONIC, which all processes of a machine share. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.frame import SECOND_NS
from rtsp.clips import Clip, Shown

Span = tuple[int, int]
LEAST_NS = 3 * SECOND_NS


@dataclass(frozen=True, slots=True)
class Truth:
    """The clip is on screen over and over since ``zero_ns``."""

    clip: Clip
    zero_ns: int

    def slide_at(self, mono_ns: int) -> int | None:
        """Number, from 0, of the slide that is completely on screen; None while one changes into another."""
        return next((shown.slide for shown in self.shown(mono_ns, mono_ns + 1) if shown.full_ns <= mono_ns), None)

    def shown(self, begin_ns: int, end_ns: int) -> list[Shown]:
        """What was on screen between two instants, each whole, with monotonic times."""
        duration_ns = self.clip.duration_ns
        made: list[Shown] = []
        for turn in range(max(0, (begin_ns - self.zero_ns) // duration_ns), (end_ns - self.zero_ns) // duration_ns + 1):
            base = self.zero_ns + turn * duration_ns
            for shot in self.clip.shots:
                whole = Shown(shot.slide, base + shot.start_ns, base + shot.full_ns, base + shot.end_ns)
                if whole.start_ns < end_ns and whole.end_ns > begin_ns:
                    made.append(whole)
        return made

    def due(self, begin_ns: int, end_ns: int, outages: Iterable[Span] = (), least_ns: int = LEAST_NS) -> set[int]:
        """Slides that were on screen, complete, for ``least_ns`` on end, between the instants and without outage."""
        out = sorted(outages)
        found: set[int] = set()
        for shown in self.shown(begin_ns, end_ns):
            clear = max(shown.full_ns, begin_ns)
            last = min(shown.end_ns, end_ns)
            for start, over in [*out, (last, last)]:
                if min(start, last) - clear >= least_ns:
                    found.add(shown.slide)
                clear = max(clear, over)
        return found
