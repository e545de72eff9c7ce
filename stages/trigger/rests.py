"""What came to rest and was not captured: the transients. Pure.

A rest is from the first frame without motion to the frame on which it is left, as a visit is: known to a frame, and as
late as whoever measures motion sees it. What settled, and what was captured as the calmest moment, is no transient.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.frame import SECOND_NS, Value
from stages.trigger.machine import Phase, Rules

_SHORTEST_NS = SECOND_NS // 5  # of two frames at 10 a second: what rests for less is a pause in a motion
_ROUNDING_NS = SECOND_NS // 1000


@dataclass(slots=True)
class Rest:
    """``start_pts_ns``: of the first frame without motion; ``end_pts_ns``: of the first with motion, while it goes on
    and where the stream ends: of the last without. ``before``, ``after``: percent of the frames around it, None if not
    known. ``settled``: it was at rest for long enough; ``captured``: a picture of it was.
    """

    start_pts_ns: int
    end_pts_ns: int
    before: float | None
    after: float | None = None
    settled: bool = False
    captured: bool = False
    reason: str = ""

    def told(self) -> list[Value]:
        """What is said of a transient."""
        return [self.start_pts_ns, self.end_pts_ns, self.before, self.after, self.reason]

    def holds(self, pts_ns: int) -> bool:
        """Whether that was while it was at rest."""
        return self.start_pts_ns <= pts_ns <= self.end_pts_ns


class Rests:
    """Rests of one stream; those that are over wait to be sent, or for their capture.

    ``reason`` of a transient: ``left``, motion came before it had settled; ``cut``, the stream ended or had a hole
    before that, and a calmer moment was captured; ``lost``, it had settled, and its picture was overwritten.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._open: Rest | None = None
        self._percent: float | None = None
        self._over: list[Rest] = []

    def see(self, pts_ns: int, phase: Phase, percent: float | None, *, left: bool = False) -> None:
        """A frame, after the machine has seen it. ``left``: it ended a settled view."""
        settled = phase is Phase.SETTLED
        calm = settled or (percent is not None and percent < self._rules.calm_below)
        if left or not calm:
            self._end(pts_ns, percent, "left")
        if calm:
            if self._open is None:
                self._open = Rest(pts_ns, pts_ns, self._percent)
            self._open.end_pts_ns = pts_ns
            self._open.settled |= settled
        self._percent = percent

    def capture(self, pts_ns: int) -> None:
        """A frame of that time is captured."""
        if self._open is not None and self._open.holds(pts_ns):
            self._open.captured = True
        self._over = [rest for rest in self._over if not rest.holds(pts_ns)]

    def cut(self) -> None:
        """What comes does not follow; all that is captured of what came was told."""
        if self._open is not None:
            self._end(self._open.end_pts_ns, None, "cut")
        self._percent = None

    def told(self, kept_pts_ns: int | None) -> list[list[Value]]:
        """The transients that wait, and none of them waits any more, but for the one of ``kept_pts_ns``, which may yet
        be captured.
        """
        kept = [rest for rest in self._over if kept_pts_ns is not None and rest.holds(kept_pts_ns)]
        told, self._over = [rest.told() for rest in self._over if rest not in kept], kept
        return told

    def _end(self, pts_ns: int, percent: float | None, reason: str) -> None:
        rest, self._open = self._open, None
        if rest is None or rest.captured or not self._rules.min_dwell_ns:
            return
        rest.end_pts_ns, rest.after, rest.reason = pts_ns, percent, "lost" if rest.settled else reason
        dwell_ns = pts_ns - rest.start_pts_ns
        if dwell_ns < _SHORTEST_NS - _ROUNDING_NS or (rest.settled and dwell_ns >= self._rules.min_dwell_ns):
            return
        self._over.append(rest)
