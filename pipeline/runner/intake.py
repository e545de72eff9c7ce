"""The receiving side of a process: takes items from its link, also over the death and return of the other end.

A restarted sender gives some frames once more; (epoch, seq) tells them, and they are counted as "repeated".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pipeline.frame import Event, EventKind, Flags, Frame, Item
from pipeline.link import Hub, Receiver
from pipeline.runner.node import Node
from pipeline.runner.routes import Token

MOST_AT_ONCE = 64  # then the loop looks at the bus again, however fast the items come


class Intake:
    """The link into the process and what is known of it. ``ended``: EOS is through everything behind it."""

    def __init__(self, hub: Hub, address: str, link: str, node: Node, at_eos: Callable[[], None]) -> None:
        """``at_eos`` is called before the node is given EOS."""
        self.link = link
        self._at_eos = at_eos
        self._hub = hub
        self._address = address
        self._node = node
        self._receiver: Receiver | None = Receiver(hub, address, link)
        self._relink = self._conclude = False
        self._last: tuple[int, int] | None = None  # epoch and seq of the newest frame
        self._known: tuple[int, int] | None = None  # frames up to here may come again
        self._late: list[Callable[[], None]] = []  # acknowledgements of EOS that came again
        self.begun = False  # a frame was worked on
        self.eos = False  # it was taken
        self.ended = False  # and everybody behind is done with it

    def pause(self, paused: bool) -> None:
        """Let messages wait in the socket, while what is downstream is full."""
        if self._receiver is not None:
            self._receiver.pause(paused)

    def flush(self) -> None:
        """Say upstream what is done with."""
        if self._receiver is not None:
            self._receiver.flush()

    def relink(self) -> None:
        """The sender has ended: once what it sent is worked on, turn to its successor."""
        self._relink = True

    def conclude(self) -> None:
        """The sender has ended and has no successor: once what it sent is worked on, behave as at EOS."""
        self._conclude = True

    def consume(self, after_each: Callable[[], bool]) -> None:
        """Work on what has come, as long as ``after_each`` allows it."""
        for _ in range(MOST_AT_ONCE):
            received = self._receiver.receive() if self._receiver is not None else None
            if received is None:
                self._turn_to_successor()
                return
            self._take(*received)
            if not after_each():
                return

    def _turn_to_successor(self) -> None:
        if self._receiver is None:
            return
        if self._relink:
            self._relink = False
            self._receiver.close()  # numbers belong to a sender: what is acknowledged from now on is not the new one's
            self._receiver = Receiver(self._hub, self._address, self.link)
            self._known = self._last
        elif self._conclude and not self.eos:
            self._receiver.close()
            self._receiver = None
            self._work(Event(EventKind.EOS, self._node.ledger.last_pts_ns, {"drained": True}), _nobody_waits)

    def _take(self, number: int, item: Item) -> None:
        receiver = self._receiver
        assert receiver is not None

        def done() -> None:
            receiver.acknowledge(number)

        if self.eos:
            self._take_late(item, done)
        elif isinstance(item, Frame) and self._is_repeated(item):
            self._node.repeated()
            done()
        else:
            self._work(item, done)

    def _is_repeated(self, frame: Frame) -> bool:
        key = (frame.epoch, frame.seq)
        if self._known is not None and key <= self._known:
            return True
        self._known = None
        self._last = key
        return False

    def _work(self, item: Item, done: Callable[[], None]) -> None:
        if isinstance(item, Frame) and not self.begun:
            self.begun = True
            if self._node.incarnation:
                item = replace(item, flags=item.flags | Flags.DISCONT)
        self.eos = isinstance(item, Event) and item.kind is EventKind.EOS
        if self.eos:
            self._at_eos()
        token = Token(self._ending(done) if self.eos else done)
        self._node.accept(item, token)
        token.release()

    def _take_late(self, item: Item, done: Callable[[], None]) -> None:
        """What a sender that was restarted after its EOS had been taken still has: nothing is done with it."""
        if isinstance(item, Event) and item.kind is EventKind.EOS and not self.ended:
            self._late.append(done)
            return
        if isinstance(item, Frame):
            self._node.repeated()
        done()

    def _ending(self, done: Callable[[], None]) -> Callable[[], None]:
        def end() -> None:
            self.ended = True
            for acknowledge in (done, *self._late):
                acknowledge()

        return end


def _nobody_waits() -> None:
    pass
