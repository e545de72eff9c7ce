"""Which requests go through the network together, and whose: dynamic batching, fair between clients. Pure.

Requests wait until there are enough for a batch or the oldest has waited its time; while a batch is being made, they
gather by themselves. What waits is bounded, for each client and in all: whoever comes above that is told so at once.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Terms:
    """``batch``: requests that are taken together. ``max_wait_ns``: that one waits for others, at most.
    ``outstanding``: requests of one client that are unanswered. ``room``: requests that wait, in all.
    """

    batch: int
    max_wait_ns: int
    outstanding: int
    room: int


@dataclass(frozen=True, slots=True)
class Waiting(Generic[T]):
    """``until_ns``: after that its client does not wait for it any more."""

    client: bytes
    item: T
    came_ns: int
    until_ns: int


class Batching(Generic[T]):
    """One batch is made at a time: ``take`` begins it, ``finished`` ends it."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._queues: OrderedDict[bytes, deque[Waiting[T]]] = OrderedDict()  # whose turn it is comes first
        self._taken: Sequence[Waiting[T]] = ()

    @property
    def waiting(self) -> int:
        """Requests that are in no batch yet."""
        return sum(map(len, self._queues.values()))

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing is being made."""
        return not self._queues and not self._taken

    def offer(self, client: bytes, item: T, now_ns: int, patience_ns: int) -> bool:
        """Have it wait its turn. False if its client, or all of them, have too many."""
        own = sum(taken.client == client for taken in self._taken) + len(self._queues.get(client, ()))
        if own >= self._terms.outstanding or self.waiting >= self._terms.room:
            return False
        self._queues.setdefault(client, deque()).append(Waiting(client, item, now_ns, now_ns + patience_ns))
        return True

    def due_ns(self) -> int | None:
        """When the next batch is to be taken; None while nothing waits or one is being made."""
        if not self._queues or self._taken:
            return None
        oldest = min(queue[0].came_ns for queue in self._queues.values())
        return oldest if self.waiting >= self._terms.batch else oldest + self._terms.max_wait_ns

    def take(self, now_ns: int) -> tuple[Sequence[Waiting[T]], Sequence[Waiting[T]]]:
        """The next batch, one of each client in turn, and those before it that came too late to be of use."""
        taken: list[Waiting[T]] = []
        late: list[Waiting[T]] = []
        while self._queues and len(taken) < self._terms.batch:
            client, queue = self._queues.popitem(last=False)
            first = queue.popleft()
            (taken if now_ns <= first.until_ns else late).append(first)
            if queue:
                self._queues[client] = queue  # behind all others
        self._taken = taken
        return taken, late

    def finished(self) -> None:
        """What was taken is answered."""
        self._taken = ()
