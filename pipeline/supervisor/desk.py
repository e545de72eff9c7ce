"""Who sits beside the loop of a run: a daemon's sockets, a keeper of lectures. In the parent.

The loop lends its desk a ``Control`` and calls it in turn, all in one thread; so a desk must never block.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from pipeline.config import Limits, Restart
from pipeline.frame import Meta
from pipeline.messages import BusMessage, Ledger
from pipeline.states import State


class Control(Protocol):
    """What a desk may ask of the run."""

    def tell(self, stage: str, name: str, data: Meta) -> None:
        """Hand ``data`` to the ``told`` of a stage. Dropped while its process is down: tell it again at Up."""

    def drain(self) -> None:
        """End the run as SIGTERM does; a second time changes nothing."""

    def states(self) -> Mapping[str, State]:
        """By stage."""

    def ledgers(self) -> Mapping[str, Ledger]:
        """The newest known of stages and links, summed over the incarnations of their processes."""

    def pids(self) -> Mapping[str, int]:
        """Of the processes that are running, by name."""

    def healthy(self) -> bool:
        """Whether every heartbeat is fresh and nothing is FAILED or in BACKOFF."""

    def watch(self, descriptor: int) -> None:
        """Have ``turn`` called when ``descriptor`` is readable."""

    def unwatch(self, descriptor: int) -> None:
        """No longer; no error for one that is not watched."""

    def amend(self, limits: Limits, restart: Restart) -> None:
        """Other limits, and other times and numbers of restarts, from now on; the kind of policy stays."""

    def revive(self) -> None:
        """Give processes that are FAILED another chance."""


class Desk(Protocol):
    """Called by the loop. What it raises ends the run."""

    def begin(self, control: Control) -> None:
        """Before the children are spawned."""

    def hear(self, message: BusMessage) -> None:
        """Every message of the bus, and the supervisor's own: Down, Up, StateChanged to BACKOFF and FAILED."""

    def turn(self) -> None:
        """Each turn of the loop: at most 0.1 s apart, and when a watched descriptor is readable."""

    def end(self) -> None:
        """The loop is over and the children are gone."""
