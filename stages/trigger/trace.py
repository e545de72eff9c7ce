"""What the trigger saw between captures, summed up: so that it can be said later why there is no slide of a moment.

Pure. A stretch is begun anew when the view settles or is left, but not before it is a second long; so there are never
more than 86,400 of them in a day, and of a usual lecture two or three in a minute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from pipeline.frame import SECOND_NS, Meta, Value
from stages.trigger.machine import Phase, Rules
from stages.trigger.rests import Rests

_SHORTEST_NS = SECOND_NS
_LONGEST_NS = 10 * SECOND_NS
_LONGEST_SETTLED_NS = 60 * SECOND_NS
_WAITS_NS = 60 * SECOND_NS  # a stretch, until it is sent though nothing else is
_MOST = 64  # stretches in one event


@dataclass(slots=True)
class Stretch:
    """Frames of one after the other, from ``start_pts_ns`` up to the frame at ``end_pts_ns``, which is the next one's.

    ``frames``: all; ``unknown``: those of which the percent is not known; ``moving``: above what counts as calm;
    ``settled``: of a settled view. ``least``, ``most``: percent, None if it was never known. ``calm_ns``: the longest
    time without motion that did not settle. ``hidden``: the largest share, 0 to 1, that a presenter hid.
    """

    start_pts_ns: int
    end_pts_ns: int
    frames: int = 0
    unknown: int = 0
    moving: int = 0
    settled: int = 0
    least: float | None = None
    most: float | None = None
    calm_ns: int = 0
    hidden: float = 0.0

    def told(self) -> list[Value]:
        """Its fields, in order."""
        return [getattr(self, field.name) for field in fields(self)]


class Trace:
    """Stretches of one stream, and its transients; those that are over wait to be sent."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._open: Stretch | None = None
        self._opened_settled = False
        self._calm_ns: int | None = None  # since when there is no motion
        self._waiting: list[Stretch] = []
        self._rests = Rests(rules)

    def see(self, pts_ns: int, phase: Phase, percent: float | None, hidden: float = 0.0, *, left: bool = False) -> None:
        """A frame, after the machine has seen it. ``hidden``: share of it that a presenter hides. ``left``: it ended a
        settled view.
        """
        self._rests.see(pts_ns, phase, percent, left=left)
        settled = phase is Phase.SETTLED
        stretch = self._of(pts_ns, settled)
        stretch.frames += 1
        stretch.hidden = max(stretch.hidden, hidden)
        if percent is not None:
            stretch.least = percent if stretch.least is None else min(stretch.least, percent)
            stretch.most = percent if stretch.most is None else max(stretch.most, percent)
        if settled or percent is None:
            stretch.settled += settled
            stretch.unknown += percent is None
            self._calm_ns = None
        elif percent >= self._rules.calm_below:
            stretch.moving += 1
            self._calm_ns = None
        else:
            self._calm_ns = pts_ns if self._calm_ns is None else self._calm_ns
            stretch.calm_ns = max(stretch.calm_ns, pts_ns - self._calm_ns)

    def capture(self, pts_ns: int) -> None:
        """A frame of that time is captured."""
        self._rests.capture(pts_ns)

    def cut(self) -> None:
        """What comes does not follow."""
        self._rests.cut()
        if self._open is not None:
            self._waiting.append(self._open)
        self._open = self._calm_ns = None

    def is_due(self, pts_ns: int) -> bool:
        """Whether what waits should be sent although nothing else is."""
        return len(self._waiting) >= _MOST or bool(
            self._waiting and pts_ns - self._waiting[0].start_pts_ns >= _WAITS_NS
        )

    def told(self, kept_pts_ns: int | None = None) -> Meta | None:
        """What waits, with the thresholds that held, and none of it waits any more; None if nothing does.

        ``kept_pts_ns``: of the frame that may yet be captured; what was at rest then is no transient so far.
        """
        stretches, self._waiting = self._waiting, []
        transients = self._rests.told(kept_pts_ns)
        if not stretches and not transients:
            return None
        rules = rules_told(self._rules)
        return {"rules": rules, "stretches": [stretch.told() for stretch in stretches], "transients": transients}

    def _of(self, pts_ns: int, settled: bool) -> Stretch:
        """The stretch of a frame: the one that is open, or the next."""
        stretch = self._open
        if stretch is not None:
            stretch.end_pts_ns = pts_ns
            age_ns = pts_ns - stretch.start_pts_ns
            longest_ns = _LONGEST_SETTLED_NS if stretch.settled == stretch.frames else _LONGEST_NS
            if age_ns < (_SHORTEST_NS if settled != self._opened_settled else longest_ns):
                return stretch
            self._waiting.append(stretch)
        self._open, self._opened_settled = Stretch(pts_ns, pts_ns), settled
        return self._open


def rules_told(rules: Rules) -> Mapping[str, Value]:
    """By which thresholds the trigger decides."""
    return {
        "policy": rules.policy,
        "start_percent": rules.start_percent,
        "settle_percent": rules.settle_percent,
        "settle_time_ns": rules.settle_time_ns,
        "delay_ns": rules.delay_ns,
        "picture": rules.picture,
        "max_unsettled_ns": rules.max_unsettled_ns,
        "min_dwell_ns": rules.min_dwell_ns,
    }
