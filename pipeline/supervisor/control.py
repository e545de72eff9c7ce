"""What the run lends to the desk beside its loop. Implements ``desk.Control``."""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping

from pipeline.config import Limits, Restart
from pipeline.frame import Meta
from pipeline.messages import Ledger, Tell
from pipeline.states import State
from pipeline.supervisor.crew import Crew
from pipeline.supervisor.recovery import Recovery


class SessionControl:
    """Speaks for the desk to the crew."""

    def __init__(self, crew: Crew, recovery: Recovery, signals: list[int]) -> None:
        """``signals`` is where signals are put; the loop acts on them."""
        self._crew = crew
        self._recovery = recovery
        self._signals = signals

    def tell(self, stage: str, name: str, data: Meta) -> None:
        for watch in self._crew.all:
            if stage in watch.states:
                self._crew.tell(watch, Tell(stage, name, data))

    def drain(self) -> None:
        if not self._signals:
            self._signals.append(signal.SIGTERM)

    def states(self) -> Mapping[str, State]:
        return {stage: state for watch in self._crew.all for stage, state in watch.states.items()}

    def ledgers(self) -> Mapping[str, Ledger]:
        return self._crew.books.all()

    def pids(self) -> Mapping[str, int]:
        return {w.name: w.child.pid for w in self._crew.all if w.child is not None and w.ended is None}

    def healthy(self) -> bool:
        now, limits = time.monotonic(), self._crew.config.limits
        return all(
            watch.finished is not None or (watch.running and now - watch.seen <= watch.limit_s(limits))
            for watch in self._crew.all
        )

    def watch(self, descriptor: int) -> None:
        self._crew.hub.watch(descriptor)

    def unwatch(self, descriptor: int) -> None:
        self._crew.hub.unwatch(descriptor)

    def amend(self, limits: Limits, restart: Restart) -> None:
        self._recovery.amend(limits, restart)

    def revive(self) -> None:
        self._recovery.revive()
