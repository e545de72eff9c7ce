"""One run: spawn, link, watch, end. The policy of file mode: the first failure ends the run.

Signal handlers only append to a list; the loop acts on it. The first SIGINT or SIGTERM drains, the second kills.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pipeline.config import Limits, PipelineConfig
from pipeline.errors import PipelineError, StageError, revive
from pipeline.link import BusServer, Hub, endpoint
from pipeline.messages import (
    BusMessage,
    Described,
    Drain,
    Failure,
    Finished,
    Heartbeat,
    Hello,
    Ledger,
    Play,
)
from pipeline.supervisor.children import Child, RunFolder
from pipeline.supervisor.plan import linkable, processes, source_caps

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


@dataclass(slots=True)
class _Watch:
    """What the supervisor knows of one child."""

    child: Child
    peer: bytes | None = None
    phase: str = "starting"
    seen: float = field(default_factory=time.monotonic)
    finished: bool = False
    ended: float | None = None

    def limit_s(self, limits: Limits) -> float:
        return {"starting": limits.starting_s, "draining": limits.draining_s}.get(self.phase, limits.working_s)


def run(config: PipelineConfig, on_message: OnMessage | None = None) -> Outcome:
    """Run the pipeline to its end; never raises for what goes wrong in it. Call from the main thread."""
    begin = time.monotonic()
    session: _Session | None = None
    error: PipelineError | None = None
    signals: list[int] = []
    try:
        with RunFolder() as folder, _signals_into(signals):
            session = _Session(config, str(folder.path), on_message or (lambda message: None), signals)
            try:
                session.run()
            finally:
                session.close()
    except PipelineError as e:
        error = e
    ledgers = dict(session.ledgers) if session else {}
    trace = session.trace if session else ""
    return Outcome(ledgers, error, signals[0] if signals else None, time.monotonic() - begin, trace)


def check(config: PipelineConfig) -> list[Described]:
    """Build every stage in its process, without a frame. Raises ConfigError, CapsError or StageError."""
    with RunFolder() as folder:
        session = _Session(config, str(folder.path), lambda message: None, [])
        try:
            return session.describe()
        finally:
            session.close()


@contextlib.contextmanager
def _signals_into(received: list[int]) -> Iterator[None]:
    """SIGINT and SIGTERM are appended to ``received`` inside; in other threads than the main one nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda n, _: received.append(n)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


class _Session:
    """The loop and what it knows."""

    def __init__(self, config: PipelineConfig, folder: str, on_message: OnMessage, signals: list[int]) -> None:
        self._config = config
        self._on_message = on_message
        self._signals = signals
        self._hub = Hub()
        self._bus = BusServer(self._hub, endpoint(folder, "bus"))
        self._described: dict[str, Described] = {}
        self._watches: dict[str, _Watch] = {}
        self.ledgers: dict[str, Ledger] = {}
        self.trace = ""
        self._drain_deadline: float | None = None
        for spec in processes(config, folder, os.getpid()):
            watch = _Watch(Child(spec))
            self._watches[spec.process] = watch
            if watch.child.descriptor is not None:
                self._hub.watch(watch.child.descriptor)

    def describe(self) -> list[Described]:
        """Until every stage has described itself and all links fit."""
        while len(self._described) < len(self._config.stages):
            self._turn()
            if self._signals:
                return []
        linkable(self._config, self._described)
        return [self._described[stage.name] for stage in self._config.stages]

    def run(self) -> None:
        """Until EOS is through. Raises the PipelineError that ended the run."""
        if not self.describe():
            return
        allowed = linkable(self._config, self._described)
        for watch in self._watches.values():
            first = watch.child.stages[0]
            self._tell(watch, Play(source_caps(self._config, first, allowed, self._described[first])))
        while not all(watch.finished for watch in self._watches.values()):
            self._turn()
            if len(self._signals) > 1:
                return
            if self._signals and self._drain_deadline is None:
                self._drain_deadline = time.monotonic() + self._config.limits.stopping_s
                for watch in self._watches.values():
                    self._tell(watch, Drain())
            self._enforce_drain()
        for watch in self._watches.values():
            watch.child.reap(self._config.limits.stopping_s)

    def close(self) -> None:
        """Leave no process and no socket behind."""
        for watch in self._watches.values():
            if watch.child.exit_status is None:
                watch.child.kill()
            watch.child.close()
        self._hub.close()

    def _turn(self) -> None:
        self._hub.wait(_TICK_S)
        self._read_bus()
        now = time.monotonic()
        for watch in self._watches.values():
            if watch.finished and watch.ended is not None:
                continue
            if watch.child.exit_status is not None:
                self._mourn(watch, now)
            elif not watch.finished and now - watch.seen > watch.limit_s(self._config.limits):
                watch.child.kill()
                raise _of(watch, f"hung: no sign of life for {watch.limit_s(self._config.limits):g} s; it was killed")

    def _mourn(self, watch: _Watch, now: float) -> None:
        """A child has ended; what it sent before may still be on its way. Killed ones had no time to say anything."""
        if watch.ended is None:
            watch.ended = now
            if watch.child.descriptor is not None:
                self._hub.unwatch(watch.child.descriptor)
        killed = (watch.child.exit_status or 0) < 0
        if not watch.finished and (killed or now - watch.ended > _LAST_WORDS_S):
            self._read_bus()
            if not watch.finished:
                raise _of(watch, watch.child.epitaph())

    def _read_bus(self) -> None:
        while (received := self._bus.receive()) is not None:
            peer, message = received
            match message:
                case Hello(process) if process in self._watches:
                    self._watches[process].peer = peer
                case Described(stage):
                    self._described[stage] = message
                case Heartbeat(process, phase, ledgers) if process in self._watches:
                    watch = self._watches[process]
                    watch.seen, watch.phase = time.monotonic(), phase
                    self.ledgers |= ledgers
                case Finished(process, ledgers) if process in self._watches:
                    self._watches[process].finished = True
                    self.ledgers |= ledgers
                case Failure(stage, kind, text, trace):
                    self.trace = trace
                    error = revive(kind, text)
                    error.stage = stage
                    raise error
            self._on_message(message)

    def _enforce_drain(self) -> None:
        if self._drain_deadline is None or time.monotonic() < self._drain_deadline:
            return
        for watch in self._watches.values():
            if not watch.finished and watch.phase != "draining":
                raise _of(watch, f"did not drain within {self._config.limits.stopping_s:g} s; it was killed")

    def _tell(self, watch: _Watch, message: BusMessage) -> None:
        if watch.peer is not None:
            self._bus.send(watch.peer, message)


def _of(watch: _Watch, text: str) -> StageError:
    error = StageError(text)
    error.stage = "+".join(watch.child.stages)
    return error
