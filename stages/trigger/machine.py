"""The trigger's state machine: percent of foreground over time in, captures out. Pure; time is a value.

MOVING     the view changes; the calmest frame since is kept in case the stream ends here
SETTLING   motion is below ``settle_percent``, but not for ``settle_time`` yet
SETTLED    this view was captured; only motion at or above ``start_percent`` ends it
ARMED      policy ``delay``: motion was seen, the capture comes ``delay`` later, whatever happens until then

Policy ``settle`` goes MOVING, SETTLING, SETTLED and round again; ``delay`` goes SETTLED, ARMED, SETTLED.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Phase(enum.StrEnum):
    MOVING = "moving"
    SETTLING = "settling"
    SETTLED = "settled"
    ARMED = "armed"


class Verdict(enum.StrEnum):
    """What becomes of a frame."""

    CAPTURE = "capture"
    KEEP = "keep"
    PASS = "pass"


@dataclass(frozen=True, slots=True)
class Rules:
    """``policy``: settle or delay. Percents are 0..100, times in ns."""

    policy: str
    start_percent: float
    settle_percent: float
    settle_time_ns: int
    delay_ns: int


@dataclass(frozen=True, slots=True)
class Step:
    """The verdict on one frame. ``left``: with this frame the settled view ended. ``since_ns``: when the captured
    view became calm. ``reason``: first-view, settled, delay or flush.
    """

    verdict: Verdict
    left: bool = False
    since_ns: int = 0
    reason: str = ""


class Machine:
    """One stream of frames in order of time."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.phase = Phase.MOVING
        self._since_ns: int | None = None
        self._calmest: float | None = None
        self._first = True

    @property
    def pending(self) -> bool:
        """Whether a view is waiting that was not captured."""
        return self.phase is not Phase.SETTLED

    def step(self, pts_ns: int, percent: float | None) -> Step:
        """One frame. ``percent`` is None while nothing is known; then nothing settles and nothing starts."""
        return self._delay(pts_ns, percent) if self._rules.policy == "delay" else self._settle(pts_ns, percent)

    def flush(self, last_pts_ns: int) -> Step | None:
        """The stream ends or has a hole: what to make of the frame kept, if a view is waiting."""
        if not self.pending:
            return None
        since = self._since_ns if self._since_ns is not None else last_pts_ns
        self._reset()
        return Step(Verdict.CAPTURE, False, since, "flush")

    def missed(self) -> None:
        """The picture asked for was not to be had: the next calm frame is captured instead."""
        self.phase = Phase.SETTLING if self._rules.policy == "settle" else Phase.ARMED

    def restart(self) -> None:
        """After a hole: whatever comes is a new view."""
        self._reset()
        self.phase = Phase.MOVING

    def _settle(self, pts_ns: int, percent: float | None) -> Step:
        left = False
        if self.phase is Phase.SETTLED:
            if percent is None or percent < self._rules.start_percent:
                return Step(Verdict.PASS)
            left = True
            self._reset()
            self.phase = Phase.MOVING
        if percent is None or percent >= self._rules.settle_percent:
            self.phase, self._since_ns = Phase.MOVING, None
            return self._candidate(percent, left)
        if self._since_ns is None:
            self.phase, self._since_ns = Phase.SETTLING, pts_ns
        if pts_ns - self._since_ns >= self._rules.settle_time_ns:
            return self._capture("settled", left)
        return self._candidate(percent, left)

    def _delay(self, pts_ns: int, percent: float | None) -> Step:
        if self._first:
            self._since_ns = pts_ns
            return self._capture("delay", False)
        left = False
        if self.phase is Phase.SETTLED:
            if percent is None or percent < self._rules.start_percent:
                return Step(Verdict.PASS)
            left = True
            self.phase, self._since_ns = Phase.ARMED, pts_ns
        if self._since_ns is None:
            self._since_ns = pts_ns
        if pts_ns - self._since_ns >= self._rules.delay_ns:
            return self._capture("delay", left)
        return Step(Verdict.KEEP, left)  # the latest: what comes after the motion, not what was calm in it

    def _capture(self, reason: str, left: bool) -> Step:
        since = self._since_ns or 0
        reason = "first-view" if self._first else reason
        self._reset()
        return Step(Verdict.CAPTURE, left, since, reason)

    def _candidate(self, percent: float | None, left: bool) -> Step:
        """Keep the calmest frame, and of equally calm ones the latest."""
        calm = percent if percent is not None else 100.0
        if self._calmest is not None and calm > self._calmest:
            return Step(Verdict.PASS, left)
        self._calmest = calm
        return Step(Verdict.KEEP, left)

    def _reset(self) -> None:
        self.phase, self._since_ns, self._calmest, self._first = Phase.SETTLED, None, None, False
