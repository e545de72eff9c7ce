"""Which event of a calendar it is time for. Pure: events and time come as values; ``calendar`` reads them from a file.

Of events that overlap the one that began first is held to its end, then the other has what is left of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Slot:
    """One occurrence of an event, in ns since 1970. ``uid`` and ``start_ns`` tell it from all others."""

    uid: str
    title: str
    start_ns: int
    end_ns: int

    @property
    def key(self) -> tuple[str, int]:
        return self.uid, self.start_ns


def slot_at(slots: Sequence[Slot], wall_ns: int, dismissed: frozenset[tuple[str, int]] = frozenset()) -> Slot | None:
    """The event that is going on, without those that somebody has ended already."""
    going_on = [slot for slot in slots if slot.start_ns <= wall_ns < slot.end_ns and slot.key not in dismissed]
    return min(going_on, key=lambda slot: (slot.start_ns, slot.uid), default=None)


def next_slot(slots: Sequence[Slot], wall_ns: int) -> Slot | None:
    """The event that begins next."""
    coming = [slot for slot in slots if slot.start_ns > wall_ns]
    return min(coming, key=lambda slot: (slot.start_ns, slot.uid), default=None)


def is_over(slot: Slot, slots: Sequence[Slot], wall_ns: int) -> bool:
    """Whether a lecture that was begun for ``slot`` ends. What the calendar says of its end by now counts; an event
    that was taken out of it while it goes on ends as it was meant to.
    """
    known = next((each for each in slots if each.key == slot.key), slot)
    return wall_ns >= known.end_ns
