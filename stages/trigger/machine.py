"""The trigger's state machine: percent of foreground over time in, captures out. Pure; time is a value.

MOVING     the view changes; the calmest frame since is kept in case the stream ends here
SETTLING   motion is below ``settle_percent``, but not for ``settle_time`` yet
SETTLED    this view has come to rest; only motion at or above ``start_percent`` ends it
ARMED      policy ``delay``: motion was seen, the capture comes ``delay`` later, whatever happens until then

Policy ``settle`` goes MOVING, SETTLING, SETTLED and round again; ``delay`` goes SETTLED, ARMED, SETTLED. A view that
settled is captured when it settles, when it is left, or both times: small builds do not end a view.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from pipeline.frame import SECOND_NS

# Times of frames are rounded, and half a second may be one nanosecond short: that is no reason to wait for another.
_ROUNDING_NS = SECOND_NS // 1000


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
    """``policy``: settle or delay. Percents are 0..100, times in ns. ``picture``: first, last or both: whether a view
    is captured as it settles, as it is left, or at both times. ``max_unsettled_ns``: for how long nothing may settle
    until the calmest moment is captured all the same; 0: for ever. ``min_dwell_ns``: what is at rest for so long is
    captured; of what is not, it is told; 0: of nothing.
    """

    policy: str
    start_percent: float
    settle_percent: float
    settle_time_ns: int
    delay_ns: int
    picture: str = "first"
    max_unsettled_ns: int = 0
    min_dwell_ns: int = 0

    @property
    def calm_below(self) -> float:
        """The percent below which there is no motion."""
        return self.settle_percent if self.policy == "settle" else self.start_percent

    @property
    def early(self) -> bool:
        """Whether a view is captured as soon as it has settled."""
        return self.picture != "last"

    @property
    def late(self) -> bool:
        """Whether what was kept of a settled view is captured when it is left."""
        return self.picture != "first"


@dataclass(frozen=True, slots=True)
class View:
    """A view to capture: ``since_ns``: when it became calm. ``reason``: first-view, settled, left, delay, unsettled or
    flush.
    """

    since_ns: int
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """The verdict on one frame. ``view``: what it captures, if that is the verdict. ``left``: the settled view that
    ended with this frame; if the rules are ``late``, what was kept of it is captured now. ``overdue``: nothing has
    settled for too long, and what was kept is captured before this frame.
    """

    verdict: Verdict
    view: View | None = None
    left: View | None = None
    overdue: View | None = None


class Machine:
    """One stream of frames in order of time."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.phase = Phase.MOVING
        self._since_ns: int | None = None
        self._calmest: float | None = None
        self._first = True
        self._unsettled_ns: int | None = None  # since when nothing has settled

    @property
    def pending(self) -> bool:
        """Whether a view may be waiting that was not captured as it is now."""
        return self._rules.late or self.phase is not Phase.SETTLED

    def calm_at(self, pts_ns: int) -> bool:
        """Whether the rest that goes on had begun by then."""
        return self._since_ns is not None and pts_ns >= self._since_ns

    def step(self, pts_ns: int, percent: float | None) -> Step:
        """One frame. ``percent`` is None while nothing is known; then nothing settles and nothing starts."""
        return self._delay(pts_ns, percent) if self._rules.policy == "delay" else self._settle(pts_ns, percent)

    def flush(self, last_pts_ns: int) -> View | None:
        """The stream ends or has a hole: what to make of the frame kept, if a view is waiting."""
        if not self.pending:
            return None
        if self.phase is Phase.SETTLED:
            view = self._leaving()
        else:
            view = View(self._since_ns if self._since_ns is not None else last_pts_ns, "flush")
        self._leave(Phase.SETTLED)
        return view

    def missed(self, view: View) -> None:
        """The picture of ``view`` was not to be had: the next calm frame is captured instead."""
        self.phase = Phase.SETTLING if self._rules.policy == "settle" else Phase.ARMED
        self._since_ns, self._first = view.since_ns, view.reason == "first-view"

    def restart(self) -> None:
        """After a hole: whatever comes is a new view."""
        self._leave(Phase.MOVING)

    def _settle(self, pts_ns: int, percent: float | None) -> Step:
        rules, left = self._rules, None
        if self.phase is Phase.SETTLED:
            if percent is None or percent < rules.start_percent:
                calm = percent is not None and percent < rules.settle_percent
                return Step(Verdict.RENEW if rules.late and calm else Verdict.PASS)
            left = self._leaving()
            self._leave(Phase.MOVING)
        if percent is None or percent >= rules.settle_percent:
            self.phase, self._since_ns = Phase.MOVING, None
            overdue = self._overdue(pts_ns)
            return Step(self._candidate(percent), left=left, overdue=overdue)
        if self._since_ns is None:
            self.phase, self._since_ns = Phase.SETTLING, pts_ns
        if pts_ns - self._since_ns < rules.settle_time_ns - _ROUNDING_NS:
            return Step(self._candidate(percent), left=left)
        if rules.early:
            return self._capture("settled", left)
        self.phase, self._unsettled_ns = Phase.SETTLED, None
        return Step(Verdict.KEEP, left=left)

    def _overdue(self, pts_ns: int) -> View | None:
        """The calmest moment of a stretch in which nothing settled, once it has become too long."""
        if self._unsettled_ns is None:
            self._unsettled_ns = pts_ns
        if not 0 < self._rules.max_unsettled_ns <= pts_ns - self._unsettled_ns:
            return None
        view = View(self._unsettled_ns, self._reason("unsettled"))
        self._unsettled_ns, self._calmest, self._first = pts_ns, None, False
        return view

    def _delay(self, pts_ns: int, percent: float | None) -> Step:
        if self._first:
            self._since_ns = pts_ns
            return self._capture("delay", None)
        left = None
        if self.phase is Phase.SETTLED:
            if percent is None or percent < self._rules.start_percent:
                return Step(Verdict.PASS)
            left = self._leaving()
            self.phase, self._since_ns = Phase.ARMED, pts_ns
        if self._since_ns is None:
            self._since_ns = pts_ns
        if pts_ns - self._since_ns >= self._rules.delay_ns:
            return self._capture("delay", left)
        return Step(Verdict.KEEP, left=left)  # the latest: what comes after the motion, not what was calm in it

    def _capture(self, reason: str, left: View | None) -> Step:
        view = View(self._since_ns or 0, self._reason(reason))
        self.phase, self._calmest, self._first, self._unsettled_ns = Phase.SETTLED, None, False, None
        return Step(Verdict.CAPTURE, view, left)

    def _leaving(self) -> View:
        """The settled view as it is captured when it is left."""
        return View(self._since_ns or 0, "left" if self._rules.early else self._reason("settled"))

    def _reason(self, usual: str) -> str:
        return "first-view" if self._first else usual

    def _candidate(self, percent: float | None) -> Verdict:
        """Keep the calmest frame, and of equally calm ones the latest."""
        calm = percent if percent is not None else 100.0
        if self._calmest is not None and calm > self._calmest:
            return Verdict.PASS
        self._calmest = calm
        return Verdict.KEEP

    def _leave(self, phase: Phase) -> None:
        self.phase, self._since_ns, self._calmest, self._first = phase, None, None, False
        self._unsettled_ns = None
