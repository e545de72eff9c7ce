"""The daemon's knowledge of the calendar file: it is read again when it changes, and once a day. In the parent.

Reading is a ``Job``. A file that cannot be read is said once, and what was known before stays.
"""

from __future__ import annotations

import json
from pathlib import Path

from stages.keeper.job import Begin, Done, Job
from stages.keeper.schedule import Slot

_LOOK_NS = 5 * 10**9
_READ_LIMIT_NS = 60 * 10**9
_BEFORE_NS = 24 * 3600 * 10**9  # an event that goes on may have begun so long ago
_AHEAD_NS = 8 * 24 * 3600 * 10**9
_FRESH_NS = 24 * 3600 * 10**9
_READER = "stages.keeper.calendar"


class Timetable:
    """``slots``: what is known. It never raises; ``turn`` returns what went wrong."""

    def __init__(self, path: Path, begin: Begin) -> None:
        self.path = path
        self.slots: tuple[Slot, ...] = ()
        self._begin = begin
        self._job: Job | None = None
        self._signature: tuple[int, ...] | None = None
        self._looked_ns: int | None = None
        self._read_wall_ns: int | None = None
        self._said = ""

    def turn(self, mono_ns: int, wall_ns: int) -> str:
        """Look at the file now and then; a sentence if it cannot be read, said once for each state of the file."""
        if self._job is not None:
            done = self._job.poll(mono_ns)
            if done is None:
                return ""
            self._job = None
            return self._take(done)
        if self._looked_ns is not None and mono_ns - self._looked_ns < _LOOK_NS:
            return ""
        self._looked_ns = mono_ns
        try:
            status = self.path.stat()
        except OSError as e:
            self._signature = None
            return self._problem(f"the schedule '{self.path}' cannot be read: {e.strerror}")
        signature = (status.st_mtime_ns, status.st_size, status.st_ino)
        stale = self._read_wall_ns is None or abs(wall_ns - self._read_wall_ns) >= _FRESH_NS
        if signature == self._signature and not stale:
            return ""
        self._signature, self._read_wall_ns = signature, wall_ns
        span = (str(self.path), str(wall_ns - _BEFORE_NS), str(wall_ns + _AHEAD_NS))
        try:
            self._job = self._begin(_READER, span, _READ_LIMIT_NS, mono_ns)
        except OSError as e:
            self._signature = None
            return self._problem(f"the schedule '{self.path}' cannot be read: {e.strerror}")
        return ""

    def end(self) -> None:
        """Nothing is wanted any more."""
        if self._job is not None:
            self._job.end()
        self._job = None

    def _take(self, done: Done) -> str:
        if not done.error:
            try:
                self.slots = tuple(Slot(*row) for row in json.loads(done.out))
            except (ValueError, TypeError):
                return self._problem(f"the schedule '{self.path}' was read, but not understood")
            self._said = ""
            return ""
        return self._problem(f"the schedule cannot be read: {done.error}")

    def _problem(self, text: str) -> str:
        if self.slots:
            text += "; the schedule that was read before stays in force"
        if text == self._said:
            return ""
        self._said = text
        return text
