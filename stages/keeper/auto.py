"""Lectures that begin and end by themselves: with the picture. A pure state machine, time comes as a value.

A lecture begins when the source is live, and ends when there was no picture for a while. One that somebody ended by
command is not begun again by the same picture.
"""

from __future__ import annotations

import enum

# What counts as no picture. A frozen or static one is a picture.
ABSENT = frozenset({"connecting", "stalled", "black", "no-signal", "lost"})
LIVE = "live"


class Wish(enum.Enum):
    """What should happen now."""

    NOTHING = "nothing"
    BEGIN = "begin"
    END = "end"


class Auto:
    """``end_after_ns``: how long there may be no picture."""

    def __init__(self, end_after_ns: int) -> None:
        self.end_after_ns = end_after_ns
        self._state = ""
        self._absent_since_ns: int | None = None
        self._dismissed = False

    def observe(self, state: str, now_ns: int) -> None:
        """The source's state is ``state`` from now on."""
        self._state = state
        if state not in ABSENT:
            self._absent_since_ns = None
        elif self._absent_since_ns is None:
            self._absent_since_ns = now_ns

    def dismiss(self) -> None:
        """Somebody ended the lecture: wait until the picture has been away."""
        self._dismissed = True

    def wish(self, is_open: bool, now_ns: int) -> Wish:
        """What should happen, given whether a lecture is open."""
        away = self._absent_since_ns is not None and now_ns - self._absent_since_ns >= self.end_after_ns
        if away:
            self._dismissed = False
        if is_open:
            return Wish.END if away else Wish.NOTHING
        return Wish.BEGIN if self._state == LIVE and not self._dismissed else Wish.NOTHING
