"""Whether every process shows life when it has to. Pure; decides what the service manager's watchdog is told.

A process that hangs is killed and restarted by the supervisor, and one that is FAILED shows no life and need not: no
reason to restart the whole daemon and to break a recording that goes on. What only a restart of the daemon mends is a
supervisor that does not act: a sign of life is overdue by twice its limit and nobody did anything about it.
"""

from __future__ import annotations

from pipeline.config import Limits, PipelineConfig
from pipeline.messages import BusMessage, Down, Finished, Heartbeat, Hello, Up

_MERCY = 2.0
_NEVER = float("inf")


class Pulse:
    """By process: the time by which the next sign of life is due; none for those that owe none."""

    def __init__(self, config: PipelineConfig, now: float) -> None:
        self.limits = config.limits
        first = now + _MERCY * config.limits.starting_s
        self._due: dict[str, float] = {stage.process: first for stage in config.stages}
        self._gone: set[str] = set()  # what they said before they ended may arrive later

    def hear(self, message: BusMessage, now: float) -> None:
        """Take a message of the bus into account."""
        match message:
            case Heartbeat(process, phase) if process not in self._gone:
                self._due[process] = now + _MERCY * _limit_s(self.limits, phase)
            case Hello(process) | Up(process):
                self._gone.discard(process)
                self._due[process] = now + _MERCY * self.limits.starting_s
            case Down(process, _, _, delay_s):
                self._gone.add(process)
                self._due[process] = now + delay_s + _MERCY * self.limits.starting_s if delay_s is not None else _NEVER
            case Finished(process):
                self._gone.add(process)
                self._due[process] = _NEVER

    def overdue(self, now: float) -> list[str]:
        """Processes that should have been heard of, or killed and restarted, long ago."""
        return [process for process, due in self._due.items() if now > due]


def _limit_s(limits: Limits, phase: str) -> float:
    return {"starting": limits.starting_s, "draining": limits.draining_s}.get(phase, limits.working_s)
