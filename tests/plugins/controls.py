"""A Control without a run behind it, for tests of what sits beside the loop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.config import Limits, Restart
from pipeline.frame import Meta
from pipeline.messages import Ledger
from pipeline.states import State


@dataclass
class FakeControl:
    """It remembers what it was asked."""

    known_states: dict[str, State] = field(default_factory=dict)
    known_ledgers: dict[str, Ledger] = field(default_factory=dict)
    told: list[tuple[str, str, Meta]] = field(default_factory=list)
    watched: set[int] = field(default_factory=set)
    drained: bool = False
    revived: bool = False
    amended: tuple[Limits, Restart] | None = None

    def tell(self, stage: str, name: str, data: Meta) -> None:
        self.told.append((stage, name, data))

    def drain(self) -> None:
        self.drained = True

    def states(self) -> Mapping[str, State]:
        return self.known_states

    def ledgers(self) -> Mapping[str, Ledger]:
        return self.known_ledgers

    def pids(self) -> Mapping[str, int]:
        return dict.fromkeys(self.known_states, 4711)

    def healthy(self) -> bool:
        return all(state is State.PLAYING for state in self.known_states.values())

    def watch(self, descriptor: int) -> None:
        self.watched.add(descriptor)

    def unwatch(self, descriptor: int) -> None:
        self.watched.discard(descriptor)

    def amend(self, limits: Limits, restart: Restart) -> None:
        self.amended = (limits, restart)

    def revive(self) -> None:
        self.revived = True
