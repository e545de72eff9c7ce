"""Both ends of a service in one process, for tests: they take turns, as neither has a thread of its own."""

from __future__ import annotations

import time
from collections.abc import Callable

from pipeline.call import Call
from pipeline.link.caller import Caller, Happening
from pipeline.link.hub import Hub
from pipeline.link.keys import ClientKeys, ServerKeys
from pipeline.link.service import Peer, Service

ARRIVES_S = 20.0  # what must come; a busy machine is given time
QUIET_S = 0.05  # what must not come is given so long


class Meeting:
    """A service; callers that are made here. ``came``: what the service received, in order."""

    def __init__(self, address: str = "tcp://127.0.0.1:*", keys: ServerKeys | None = None, largest: int = 1000) -> None:
        self.hub = Hub()
        self.service = Service(self.hub, address, keys, largest)
        self.came: list[tuple[Peer, Call]] = []
        self._callers: list[tuple[Caller, Hub]] = []

    def caller(self, keys: ClientKeys | None = None, address: str = "", largest: int = 1000) -> Caller:
        hub = Hub()
        made = Caller(hub, address or self.service.address, keys, largest)
        self._callers.append((made, hub))
        return made

    def attend(self) -> None:
        """The service's turn."""
        self.hub.wait(0.01)
        self.came += self.service.receive()

    def until(self, caller: Caller, wanted: type[Happening] | tuple[type[Happening], ...]) -> Happening:
        """Turns until ``caller`` is told one of those; what else it is told is passed over."""
        found: list[Happening] = []

        def told() -> bool:
            if (happened := caller.next(0.01)) is not None and isinstance(happened, wanted):
                found.append(happened)
            return bool(found)

        self.turns(told)
        return found[0]

    def heard(self, count: int) -> list[tuple[Peer, Call]]:
        """Turns until the service has received so many calls in all."""
        self.turns(lambda: len(self.came) >= count)
        return self.came

    def turns(self, enough: Callable[[], bool]) -> None:
        deadline = time.monotonic() + ARRIVES_S
        while not enough():
            assert time.monotonic() < deadline, "nothing came"
            self.attend()

    def quiet(self) -> list[tuple[Peer, Call]]:
        """What came although nothing should."""
        before, deadline = len(self.came), time.monotonic() + QUIET_S
        while time.monotonic() < deadline:
            self.attend()
        return self.came[before:]

    def leave(self, caller: Caller) -> None:
        """That caller's process ends."""
        hub = next(hub for made, hub in self._callers if made is caller)
        self._callers.remove((caller, hub))
        caller.close()
        hub.close()

    def close(self) -> None:
        for caller, _ in list(self._callers):
            self.leave(caller)
        self.service.close()
        self.hub.close()
