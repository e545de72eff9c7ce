"""The frames a trigger keeps of the view that is on screen: one, or two of which the older is safe. Pure.

Motion shows some time after it began. A picture taken just before it was seen may have caught its beginning, so the
picture of a view that is left is one that was kept at least ``margin_ns`` earlier, if there is one.
"""

from __future__ import annotations

from typing import Generic, TypeVar

Kept = TypeVar("Kept")


class Shelf(Generic[Kept]):
    """Two places, in order of time. It says what falls off, and never forgets silently."""

    def __init__(self, margin_ns: int) -> None:
        self._margin_ns = margin_ns
        self._places: list[tuple[int, Kept]] = []

    def __len__(self) -> int:
        return len(self._places)

    @property
    def newest(self) -> Kept | None:
        return self._places[-1][1] if self._places else None

    def wants(self, pts_ns: int) -> bool:
        """Whether a later frame of the same view is worth its picture: once a margin, so that few are copied."""
        return not self._places or pts_ns - self._places[-1][0] >= max(self._margin_ns, 1)

    def renew(self, pts_ns: int, kept: Kept) -> list[Kept]:
        """Add a later frame of the same view; returns what falls off."""
        fallen = [old for _, old in self._places[:-1]]
        self._places = [*self._places[-1:], (pts_ns, kept)]
        return fallen

    def replace(self, pts_ns: int, kept: Kept) -> list[Kept]:
        """Keep this one only; returns what falls off."""
        fallen = self.clear()
        self._places = [(pts_ns, kept)]
        return fallen

    def choose(self, seen_ns: int | None, since_ns: int | None = None) -> Kept | None:
        """The latest that is a margin older than the motion seen at ``seen_ns``, else the oldest; None: no motion.

        ``since_ns``: when the view came to rest. Of one that rested for less than two margins it is the latest of the
        first half: as that begins, what went before may not be over yet.
        """
        if seen_ns is None or not self._places:
            return self.newest
        latest_ns = seen_ns - self._margin_ns
        if since_ns is not None:
            latest_ns = max(latest_ns, (since_ns + seen_ns) // 2)
        safe = [kept for pts_ns, kept in self._places if pts_ns <= latest_ns]
        return safe[-1] if safe else self._places[0][1]

    def clear(self) -> list[Kept]:
        """Keep nothing; returns what falls off."""
        fallen = [old for _, old in self._places]
        self._places = []
        return fallen
