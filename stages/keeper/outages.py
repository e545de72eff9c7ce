"""When analysis was down: from the death of one of its processes to its return, in lecture time. Pure; time is a value.

Outages that overlap are one. A short one is no gap, since what was on its way is sent again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

_SHORTEST_NS = 2 * 10**9
_HEARTBEAT_NS = 1_500_000_000  # they come once a second


@dataclass(frozen=True, slots=True)
class Outage:
    """``start_ns`` in the monotonic clock."""

    start_ns: int
    reason: str


class Outages:
    """``processes``: those that analyse."""

    def __init__(self, processes: Collection[str]) -> None:
        self._processes = frozenset(processes)
        self._heard_ns: dict[str, int] = {}
        self._down: dict[str, Outage] = {}

    def heard(self, process: str, now_ns: int) -> None:
        """A heartbeat."""
        self._heard_ns[process] = now_ns

    def down(self, process: str, why: str, now_ns: int) -> None:
        """It has ended. One that hung before gave no heartbeats: then the outage began with the last one."""
        if process not in self._processes or process in self._down:
            return
        heard_ns = self._heard_ns.get(process, now_ns)
        start_ns = heard_ns if now_ns - heard_ns > _HEARTBEAT_NS else now_ns
        self._down[process] = Outage(start_ns, f"{process}: {why}")

    def up(self, process: str, now_ns: int) -> None:
        """It plays again."""
        self._heard_ns[process] = now_ns
        self._down.pop(process, None)

    def current(self, now_ns: int) -> Outage | None:
        """The outage that goes on, once it is too long to be overlooked."""
        first = min(self._down.values(), key=lambda outage: outage.start_ns, default=None)
        return first if first is not None and now_ns - first.start_ns > _SHORTEST_NS else None
