"""The trigger's state machine: percent of foreground over time in, captures out. Pure; time is a value.

MOVING     the view changes; the calmest frame since is kept in case the stream ends here
SETTLING   motion is below ``settle_percent``, but not for ``settle_time`` yet
SETTLED    this view has come to rest; only motion at or above ``start_percent`` ends it
ARMED      policy ``delay``: motion was seen, the capture comes ``delay`` later, whatever happens until then

Policy ``settle`` goes MOVING, SETTLING, SETTLED and round again; ``delay`` goes SETTLED, ARMED, SETTLED. A view that
settled is captured when it settles, or with ``last`` when it is left: small builds do not end a view.
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
    """What becomes of a frame: capture it; keep it instead of those kept; keep it as a later one of its view; none."""

    CAPTURE = "capture"
    KEEP = "keep"
    RENEW = "renew"
    PASS = "pass"


@dataclass(frozen=True, slots=True)
class Rules:
    """``policy``: settle or delay. Percents are 0..100, times in ns. ``last``: capture views as they are left."""

    policy: str
    start_percent: float
    settle_percent: float
    settle_time_ns: int
    delay_ns: int
    last: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """The verdict on one frame. ``left``: with this frame the settled view ended; with ``last`` what was kept of it is
    captured now. ``since_ns``: when the captured view became calm. ``reason``: first-view, settled, delay or flush.
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
        return self._rules.last or self.phase is not Phase.SETTLED

    def step(self, pts_ns: int, percent: float | None) -> Step:
        """One frame. ``percent`` is None while nothing is known; then nothing settles and nothing starts."""
        return self._delay(pts_ns, percent) if self._rules.policy == "delay" else self._settle(pts_ns, percent)

    def flush(self, last_pts_ns: int) -> Step | None:
        """The stream ends or has a hole: what to make of the frame kept, if a view is waiting."""
        if not self.pending:
            return None
        settled = self.phase is Phase.SETTLED
        since = self._since_ns if self._since_ns is not None else last_pts_ns
        reason = self._reason("settled") if settled else "flush"
        self._reset()
        return Step(Verdict.CAPTURE, settled, since, reason)

    def missed(self) -> None:
        """The picture asked for was not to be had: the next calm frame is captured instead."""
        self.phase = Phase.SETTLING if self._rules.policy == "settle" else Phase.ARMED

    def restart(self) -> None:
        """After a hole: whatever comes is a new view."""
        self._reset()
        self.phase = Phase.MOVING

    def _settle(self, pts_ns: int, percent: float | None) -> Step:
        left, since, reason = False, 0, ""
        if self.phase is Phase.SETTLED:
            if percent is None or percent < self._rules.start_percent:
                calm = percent is not None and percent < self._rules.settle_percent
                return Step(Verdict.RENEW if self._rules.last and calm else Verdict.PASS)
            left = True
            if self._rules.last:
                since, reason = self._since_ns or 0, self._reason("settled")
            self._reset()
            self.phase = Phase.MOVING
        if percent is None or percent >= self._rules.settle_percent:
            self.phase, self._since_ns = Phase.MOVING, None
            return Step(self._candidate(percent), left, since, reason)
        if self._since_ns is None:
            self.phase, self._since_ns = Phase.SETTLING, pts_ns
        if pts_ns - self._since_ns < self._rules.settle_time_ns:
            return Step(self._candidate(percent), left, since, reason)
        if self._rules.last:
            self.phase = Phase.SETTLED
            return Step(Verdict.KEEP, left, since, reason)
        return self._capture("settled", left)

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
        since, reason = self._since_ns or 0, self._reason(reason)
        self._reset()
        return Step(Verdict.CAPTURE, left, since, reason)

    def _reason(self, usual: str) -> str:
        return "first-view" if self._first else usual

    def _candidate(self, percent: float | None) -> Verdict:
        """Keep the calmest frame, and of equally calm ones the latest."""
        calm = percent if percent is not None else 100.0
        if self._calmest is not None and calm > self._calmest:
            return Verdict.PASS
        self._calmest = calm
        return Verdict.KEEP

    def _reset(self) -> None:
        self.phase, self._since_ns, self._calmest, self._first = Phase.SETTLED, None, None, False
