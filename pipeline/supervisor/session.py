"""One run: spawn, link, watch, end.

The loop takes what comes over the bus and looks after the children. What is done about one that ended is up to
``recovery``, how the run ends to ``ending``. The first SIGINT or SIGTERM drains, the second kills.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.config import PipelineConfig
from pipeline.errors import PipelineError, revive
from pipeline.messages import BusMessage, Described, Failure, Finished, Heartbeat, Hello, Ledger, StateChanged, Warn
from pipeline.supervisor.children import RunFolder
from pipeline.supervisor.control import SessionControl
from pipeline.supervisor.crew import Crew
from pipeline.supervisor.desk import Desk
from pipeline.supervisor.ending import Ending
from pipeline.supervisor.plan import processes
from pipeline.supervisor.recovery import Recovery
from pipeline.supervisor.signals import signals_into
from pipeline.supervisor.watch import Watch

_TICK_S = 0.1
_LAST_WORDS_S = 2.0  # messages of a child that has ended arrive within milliseconds, on an idle machine

OnMessage = Callable[[BusMessage], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended. ``ledgers``: by stage name and link id. ``signal``: the number that asked for the drain."""

    ledgers: dict[str, Ledger]
    error: PipelineError | None
    signal: int | None
    elapsed_s: float
    trace: str = ""


def run(config: PipelineConfig, on_message: OnMessage | None = None, desk: Desk | None = None) -> Outcome:
    """Run the pipeline to its end; never raises for what goes wrong in it. Call from the main thread."""
    begin = time.monotonic()
    session: _Session | None = None
    error: PipelineError | None = None
    signals: list[int] = []
    try:
        with RunFolder() as folder, signals_into(signals):
            session = _Session(config, folder.path, on_message, signals, desk)
            try:
                session.run()
            finally:
                session.close()
    except PipelineError as e:
        error = e
    ledgers = session.crew.books.all() if session else {}
    trace = session.trace if session else ""
    return Outcome(ledgers, error, signals[0] if signals else None, time.monotonic() - begin, trace)


def check(config: PipelineConfig) -> list[Described]:
    """Build every stage in its process, without a frame. Raises ConfigError, CapsError or StageError."""
    config = replace(config, restart=replace(config.restart, policy="never"))
    with RunFolder() as folder:
        session = _Session(config, folder.path, None, [], None)
        try:
            return session.describe()
        finally:
            session.close()


class _Session:
    """The loop."""

    def __init__(
        self, config: PipelineConfig, folder: Path, on_message: OnMessage | None, signals: list[int], desk: Desk | None
    ) -> None:
        self._on_message = on_message
        self._signals = signals
        self._desk = desk
        self.trace = ""
        self.crew = Crew(config, folder, processes(config, str(folder), os.getpid(), time.monotonic_ns()), self._say)
        self._recovery = Recovery(self.crew)
        self._ending = Ending(self.crew, self._recovery)

    def describe(self) -> list[Described]:
        """Until every stage has described itself and all links fit."""
        self._begin()
        while self.crew.allowed is None:
            self._turn()
        return self.crew.described()

    def run(self) -> None:
        """Until EOS is through. Raises the PipelineError that ended the run, or is why it is not complete."""
        self._begin()
        while not self._ending.over:
            self._turn()
            if len(self._signals) > 1 or (self._signals and self.crew.allowed is None):
                return
            self._ending.turn(bool(self._signals))
        for watch in self.crew.all:
            if watch.child is not None:
                watch.child.reap(self.crew.config.limits.stopping_s)
        failure = self.crew.first_failure()
        if failure is not None:
            raise failure

    def close(self) -> None:
        """Leave no process and no socket behind."""
        self.crew.close()
        if self._desk is not None:
            self._desk.end()

    def _begin(self) -> None:
        if self._desk is not None:
            self._desk.begin(SessionControl(self.crew, self._recovery, self._signals))
        for watch in self.crew.all:
            self.crew.spawn(watch)

    def _say(self, message: BusMessage) -> None:
        if self._on_message is not None:
            self._on_message(message)
        if self._desk is not None:
            self._desk.hear(message)

    def _turn(self) -> None:
        self.crew.hub.wait(_TICK_S)
        if self._desk is not None:
            self._desk.turn()
        self._read_bus()
        for watch in self.crew.all:
            self._look_after(watch)
        self._recovery.turn()
        self.crew.link()

    def _look_after(self, watch: Watch) -> None:
        if watch.child is None or (watch.finished is not None and watch.ended is not None):
            return
        now, limit_s = time.monotonic(), watch.limit_s(self.crew.config.limits)
        if watch.child.exit_status is not None:
            self._mourn(watch, now)
        elif watch.failure is not None:
            if now - watch.seen > _LAST_WORDS_S:
                watch.child.kill()
        elif watch.finished is None and now - watch.seen > limit_s:
            watch.failure = watch.error(f"hung: no sign of life for {limit_s:g} s; it was killed")
            watch.hung = True
            watch.child.kill()

    def _mourn(self, watch: Watch, now: float) -> None:
        """A child has ended; what it sent before may still be on its way. Killed ones had no time to say anything."""
        assert watch.child is not None
        if watch.ended is None:
            self.crew.noticed(watch)
        assert watch.ended is not None
        killed = (watch.child.exit_status or 0) < 0
        if watch.finished is None and (killed or watch.failure or now - watch.ended > _LAST_WORDS_S):
            self._read_bus()
            if watch.finished is None and watch.child is not None:
                error = watch.failure or watch.error(watch.child.epitaph())
                self._recovery.crashed(watch, error, watch.hung or (killed and watch.failure is None))

    def _read_bus(self) -> None:
        while (received := self.crew.bus.receive()) is not None:
            peer, message = received
            if isinstance(message, Hello):
                watch = self.crew.watches.get(message.process)
                if watch is not None and watch.child is not None and message.incarnation == watch.spec.incarnation:
                    watch.peer = peer
                    self._say(message)
            elif (watch := next((w for w in self.crew.all if w.peer == peer), None)) is not None:
                self._hear(watch, message)  # what a child that was buried had still sent is nobody's any more

    def _hear(self, watch: Watch, message: BusMessage) -> None:
        match message:
            case Described():
                self.crew.describe(watch, message)
            case Heartbeat(_, phase, ledgers):
                watch.seen, watch.phase = time.monotonic(), phase
                message = replace(message, ledgers=self.crew.books.hear(watch.name, ledgers))
            case Finished(_, ledgers):
                watch.finished = time.monotonic()
                message = replace(message, ledgers=self.crew.books.hear(watch.name, ledgers))
            case Failure():
                self._fail(watch, message)
                return
            case StateChanged(stage, _, new):
                watch.states[stage] = new  # before anybody hears of it: who hears asks
        self._say(message)
        if isinstance(message, StateChanged) and watch.playing:
            self._recovery.played(watch)

    def _fail(self, watch: Watch, message: Failure) -> None:
        self.trace = message.trace
        error = revive(message.kind, message.text)
        error.stage = message.stage
        if self._recovery.ends_run(watch, error, forced=False):
            raise error
        if watch.finished is not None:
            watch.failed = error  # all is done and acknowledged, but what comes after it went wrong
            self._say(Warn(message.stage, str(error)))
        else:
            watch.failure, watch.seen = error, time.monotonic()
