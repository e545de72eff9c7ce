"""What the daemon writes into the journal of the lecture that is open: events, marks, gaps of analysis.

Each is one short transaction. What finds no room waits in memory, in order, and is written when there is some.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from pipeline.errors import OutputError, WriteError
from stages.durable import may_pass
from stages.journal import Journal
from stages.lecture import opened

Entry: TypeAlias = Callable[[Journal], None]

_MOST_WAITING = 1000
_RETRY_NS = 5 * 10**9


class Logbook:
    """Of one lecture. It never raises; what went wrong is in ``problems``, to be taken from there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: deque[Entry] = deque(maxlen=_MOST_WAITING)  # the oldest go first
        self._tried_ns: int | None = None  # when there was no room
        self.problems: list[str] = []

    def write(self, entry: Entry, now_ns: int) -> None:
        """Write ``entry`` now, or later if there is no room."""
        self._waiting.append(entry)
        if len(self._waiting) == 1:
            self._flush(now_ns)

    def event(self, kind: str, text: str, pts_ns: int, wall_ns: int, now_ns: int) -> None:
        """Something worth knowing afterwards."""

        def entry(journal: Journal) -> None:
            journal.add_event(pts_ns, wall_ns, kind, text)

        self.write(entry, now_ns)

    def turn(self, now_ns: int) -> None:
        """Try again what waits."""
        if self._waiting and (self._tried_ns is None or now_ns - self._tried_ns >= _RETRY_NS):
            self._flush(now_ns)

    def _flush(self, now_ns: int) -> None:
        was_waiting = self._tried_ns is not None
        try:
            with opened(self._folder) as journal:
                while self._waiting:
                    self._waiting[0](journal)
                    self._waiting.popleft()
        except OutputError as e:
            if not isinstance(e, WriteError) or not may_pass(e):
                self._waiting.clear()
                self._tried_ns = None
                self.problems.append(str(e))
                return
            if not was_waiting:
                self.problems.append(f"events wait until there is room: {e}")
            self._tried_ns = now_ns
        else:
            self._tried_ns = None
