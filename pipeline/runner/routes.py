"""What lies between the nodes of a process: tokens for items under way, and what a node may ask of its process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from pipeline.frame import Frame, Item, Picture
from pipeline.messages import BusMessage


class Token:
    """Counts who still works on one input; calls ``done`` when nobody does. Starts with one holder."""

    __slots__ = ("_count", "_done")

    def __init__(self, done: Callable[[], None]) -> None:
        self._count = 1
        self._done = done

    def hold(self) -> None:
        """One more holder."""
        self._count += 1

    def release(self) -> None:
        """One holder less."""
        self._count -= 1
        if self._count == 0:
            self._done()


class Target(Protocol):
    """Where a src pad leads: another node, or a link that leaves the process."""

    @property
    def has_room(self) -> bool:
        """Whether a frame would be on its way at once."""

    def accept(self, item: Item, token: Token) -> None:
        """Take one item; hold ``token`` until done with it."""


class Surroundings(Protocol):
    """What a node needs of its process."""

    def send(self, message: BusMessage) -> None:
        """Put a message on the bus."""

    def take(self, frame: Frame) -> Picture | None:
        """The frame's picture, out of the pool if need be."""

    def alive(self) -> None:
        """Send the heartbeat if it is due."""
