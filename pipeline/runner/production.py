"""The producing side of the process with the source: when it is asked, and what becomes of what it gives.

A source that reads files is asked only while the links have room. A live one cannot wait and is asked always.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pipeline.frame import Event, EventKind, Output
from pipeline.link import Hub, Sender
from pipeline.runner.lending import Lending
from pipeline.runner.node import Node
from pipeline.runner.routes import Token
from pipeline.stage import Source


class _End:
    """What comes after the last output of a source."""


_END = _End()


class Production:
    """One source at work. ``ended``: its EOS is through everything behind it."""

    def __init__(
        self,
        node: Node,
        source: Source[Any],
        hub: Hub,
        exits: tuple[Sequence[Sender], Lending | None],
        at_eos: Callable[[], None],
    ) -> None:
        """``at_eos`` is called before EOS is sent."""
        self._senders, self._lending = exits
        self._at_eos = at_eos
        self._node = node
        self._source = source
        self._hub = hub
        self._outputs: Iterator[Output | None] | None = iter(source.produce())
        self._descriptor: int | None = None
        self._idle = False
        self._drained = False
        self.ended = False

    def pause_s(self) -> float | None:
        """How long the loop may wait before the next step; None: until something else happens."""
        if self._outputs is None:
            return None
        if self._source.live:
            self._watch(self._source.descriptor)
            return self._source.idle_s if self._idle else 0.0
        blocked = any(sender.full for sender in self._senders)
        # A leaky link lets frames go on without their picture (counted) where a lossless one waits for a slot.
        patient = all(sender.leaky == "no" for sender in self._senders)
        starved = patient and self._lending is not None and self._lending.full
        return None if blocked or starved else 0.0

    def finish(self) -> None:
        """A drain was asked for."""
        self._drained = True
        self._source.finish()

    def step(self) -> None:
        """Ask the source once, and send on what it gives."""
        if self._outputs is None:
            return
        begin = time.perf_counter_ns()
        output = next(self._outputs, _END)
        self._node.spent(time.perf_counter_ns() - begin)
        self._idle = output is None
        if isinstance(output, _End):
            self._outputs = None
            self._watch(None)
            self._emit(Event(EventKind.EOS, self._node.ledger.last_pts_ns, {"drained": self._drained}))
        elif output is not None:
            token = Token(_nobody_waits)
            self._node.emit(output, token)
            token.release()

    def _emit(self, eos: Event) -> None:
        self._at_eos()
        token = Token(self._end)
        self._node.emit(eos, token)
        token.release()

    def _end(self) -> None:
        self.ended = True

    def _watch(self, descriptor: int | None) -> None:
        """A source that connects anew may have another one."""
        if descriptor == self._descriptor:
            return
        if self._descriptor is not None:
            self._hub.unwatch(self._descriptor)
        if descriptor is not None:
            self._hub.watch(descriptor)
        self._descriptor = descriptor


def _nobody_waits() -> None:
    pass
