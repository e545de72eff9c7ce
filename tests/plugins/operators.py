"""An operator at the desk of a run: kills, stops and asks for things, each once its moment has come."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator

from building import Step, chain

from pipeline.accounts import unbalanced
from pipeline.config import PipelineConfig
from pipeline.messages import BusMessage, Down, Element, StateChanged, Up
from pipeline.states import State
from pipeline.supervisor import Control, Outcome, run

TICK = ("tick", "Ticking", {})
PASS = ("pass", "Pass", {})
NOTE = ("note", "Noting", {})
STOPPING_S = 4.0

Moment = Callable[[], bool]
Script = Callable[["Operator"], Iterator[Moment]]


class Operator:
    """Runs ``script``, a generator of moments: what follows a moment is done once it is true."""

    def __init__(self, script: Script, patience_s: float = 20.0) -> None:
        self.heard: list[BusMessage] = []
        self.stuck = False
        self.ended = False
        self._script = script(self)
        self._patience_s = patience_s
        self._moment: Moment = lambda: True
        self._since = time.monotonic()
        self._over = False

    # -- the desk --

    def begin(self, control: Control) -> None:
        self.control = control

    def hear(self, message: BusMessage) -> None:
        self.heard.append(message)

    def turn(self) -> None:
        while not self._over and self._moment():
            self._since = time.monotonic()
            try:
                self._moment = next(self._script)
            except StopIteration:
                self._over = True
        if not self._over and time.monotonic() - self._since > self._patience_s:
            self.stuck = self._over = True
            self.control.drain()

    def end(self) -> None:
        self.ended = True

    # -- what scripts ask --

    @property
    def downs(self) -> list[Down]:
        return [message for message in self.heard if isinstance(message, Down)]

    @property
    def ups(self) -> list[Up]:
        return [message for message in self.heard if isinstance(message, Up)]

    def said(self, name: str, stage: str = "") -> list[dict[str, object]]:
        return [
            dict(m.data)
            for m in self.heard
            if isinstance(m, Element) and m.name == name and (not stage or m.stage == stage)
        ]

    def seen(self, stage: str = "note") -> list[tuple[int, int]]:
        """Epoch and seq of what a Noting sink saw."""
        return [(int(str(d["epoch"])), int(str(d["seq"]))) for d in self.said("frame", stage)]

    # -- what scripts wait for --

    def frames(self, more: int, stage: str = "note") -> Moment:
        before = len(self.seen(stage))
        return lambda: len(self.seen(stage)) >= before + more

    def up(self, count: int = 1) -> Moment:
        return lambda: len(self.ups) >= count

    def down(self, count: int = 1) -> Moment:
        return lambda: len(self.downs) >= count

    # -- what scripts do --

    def kill(self, process: str, number: signal.Signals = signal.SIGKILL) -> None:
        os.kill(self.control.pids()[process], number)


def live(middle: Step = PASS, **limits: float) -> PipelineConfig:
    return chain(TICK, middle, NOTE, stopping_s=STOPPING_S, **limits)


def operated(config: PipelineConfig, operator: Operator) -> Outcome:
    outcome = run(config, desk=operator)
    assert not operator.stuck, operator.heard[-20:]
    assert operator.ended
    assert unbalanced(outcome.ledgers) == []
    assert all(ledger.held == 0 for ledger in outcome.ledgers.values())
    return outcome


def steady(keys: list[tuple[int, int]]) -> bool:
    """Whether nothing is missing and nothing comes twice, within each epoch."""
    epochs = sorted({epoch for epoch, _ in keys})
    return keys == [(epoch, seq) for epoch in epochs for seq in range(sum(e == epoch for e, _ in keys))]


def moves(operator: Operator, stage: str) -> list[State]:
    return [m.new for m in operator.heard if isinstance(m, StateChanged) and m.stage == stage]


def killed_once(process: str, number: signal.Signals = signal.SIGKILL) -> Operator:
    def script(operator: Operator) -> Iterator[Moment]:
        yield operator.frames(20)
        operator.kill(process, number)
        yield operator.up()
        assert operator.control.healthy()
        yield operator.frames(20)
        operator.control.drain()

    return Operator(script)
