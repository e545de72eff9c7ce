"""Where frames leave the process: pictures go into the picture pool here, and their slots come back from the link."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from pipeline.frame import Frame, Item, Picture, Ticket
from pipeline.link import Sender
from pipeline.pool import PoolWriter, slots_for
from pipeline.pool_files import pool_name
from pipeline.runner.routes import Token

Done: TypeAlias = Callable[[], None]


class Exit:
    """The process end of a link: pictures go into the pool here, and come out of it when the link is done."""

    def __init__(self, sender: Sender, pool: Lending | None) -> None:
        self.sender = sender
        self._pool = pool

    @property
    def has_room(self) -> bool:
        return self.sender.has_room

    def accept(self, item: Item, token: Token) -> None:
        """Offer the item to the link; the token is held until it is acknowledged."""
        token.hold()
        done = token.release
        if self._pool is not None and isinstance(item, Frame) and isinstance(item.image, Picture):
            item, done = self._pool.lend(item, done)
        self.sender.offer(item, done)


class Lending:
    """The pools that this process writes. A picture that fits no slot gets a new pool; old ones go when empty."""

    def __init__(self, folder: Path, process: str, slots: int, lost: Done, incarnation: int = 0) -> None:
        self._lost = lost
        self._folder = folder
        self._process = process
        self._incarnation = incarnation
        self._slots = slots
        self._pools: list[PoolWriter] = []
        self._made = 0
        self._last: tuple[Picture, Ticket] | None = None

    @property
    def full(self) -> bool:
        """Whether the next picture would find no slot."""
        return bool(self._pools) and self._pools[-1].free == 0

    def lend(self, frame: Frame, done: Done) -> tuple[Frame, Done]:
        """The frame with a ticket for its picture, and what to call when nobody needs the picture any more."""
        assert isinstance(frame.image, Picture)
        pool = self._fitting(frame.image.layout.nbytes)
        ticket: Ticket | None
        if self._last is not None and self._last[0] is frame.image and pool.again(self._last[1]):
            ticket = self._last[1]  # the very picture of the frame before: it lies there already
        else:
            ticket = pool.put(frame.image)
        if ticket is None:
            self._lost()
            return replace(frame, image=None), done
        self._last = (frame.image, ticket)
        slot = ticket.slot

        def finished() -> None:
            pool.release(slot)
            self._sweep()
            done()

        return replace(frame, image=ticket), finished

    def _fitting(self, nbytes: int) -> PoolWriter:
        if not self._pools or self._pools[-1].slot_bytes < nbytes:
            self._made += 1
            name = pool_name(self._process, self._incarnation, self._made)
            self._pools.append(PoolWriter(self._folder, name, slots_for(nbytes, self._slots), nbytes))
        return self._pools[-1]

    def _sweep(self) -> None:
        for pool in [pool for pool in self._pools[:-1] if pool.busy == 0]:
            pool.remove()
            self._pools.remove(pool)
