"""Both ends of a link in one process, for tests: offer, let arrive, acknowledge, die."""

from __future__ import annotations

from pathlib import Path

from travellers import CAPS, plane

from pipeline.caps import Caps
from pipeline.frame import Event, EventKind, Frame, Item
from pipeline.link import Hub, Receiver, Sender, endpoint

NAME = "a-b"
EOS = Event(EventKind.EOS)
QUIET_S = 0.02  # how long to wait for what must not come; what must come is given seconds


def frame(seq: int, caps: Caps = CAPS) -> Frame:
    return Frame(seq, seq * 40, caps, (plane((6, 8), seq),))


class Ends:
    """A sender, and receivers that each have a hub of their own, as in processes of their own."""

    def __init__(self, folder: Path, window: int = 4, leaky: str = "no") -> None:
        self.address = endpoint(folder, NAME)
        self.hub = Hub()
        self.sender = Sender(self.hub, self.address, NAME, window, leaky)
        self.done: list[object] = []
        self.hubs = [self.hub]

    def receiver(self) -> Receiver:
        self.hubs.append(Hub())
        made = Receiver(self.hubs[-1], self.address, NAME)
        self.hear()
        return made

    def hear(self) -> None:
        """Let the sender hear what is on its way to it."""
        assert self.hub.wait(5), "nothing came"
        self.sender.serve()

    def die(self) -> None:
        """The newest receiver's process ends."""
        self.hubs.pop().close()

    def offer(self, *items: Item) -> None:
        for item in items:
            name = item.seq if isinstance(item, Frame) else item.kind.value
            self.sender.offer(item, lambda name=name: self.done.append(name))  # type: ignore[misc]

    def received(self, receiver: Receiver, count: int) -> list[tuple[int, Item]]:
        """What comes to the newest receiver: at least ``count`` items, and no more than those if all is well."""
        came: list[tuple[int, Item]] = []
        while self.hubs[-1].wait(5 if len(came) < count else QUIET_S):
            while (one := receiver.receive()) is not None:
                came.append(one)
        return came

    def acknowledge(self, receiver: Receiver, *numbers: int) -> None:
        """Each acknowledgement arrives before the next is sent."""
        for number in numbers:
            receiver.acknowledge(number)
            receiver.flush()
            self.hear()

    def close(self) -> None:
        for hub in self.hubs:
            hub.close()


def short(came: list[tuple[int, Item]]) -> list[object]:
    return [item.seq if isinstance(item, Frame) else item.kind.value for _, item in came]
