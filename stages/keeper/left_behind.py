"""What earlier daemons left in the folder of lectures: which one goes on, which are closed, which are to be finished.

A lecture that cannot be read holds up neither the others nor the daemon. Where there was no room, it is tried again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import OutputError, WriteError
from stages.durable import may_pass
from stages.journal import FILE_NAME as JOURNAL_NAME
from stages.keeper import endings
from stages.keeper.current import CurrentLecture, Found, found_in, go_on, slot_of
from stages.keeper.lecture_time import Now
from stages.keeper.schedule import Slot
from stages.lecture import CLOSED, LECTURE, STATE, opened

_AGAIN_NS = 10 * 10**9


@dataclass(slots=True)
class Left:
    """``lecture`` goes on. ``dismissed``: events whose lecture was ended before they were over."""

    lecture: CurrentLecture | None = None
    to_finish: list[Path] = field(default_factory=list)
    dismissed: list[Slot] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class LeftBehind:
    """``longest_ns``, where it is asked for: a lecture that was away for longer is over."""

    def __init__(self) -> None:
        self._waiting: list[Path] = []  # for room
        self._tried_ns = 0

    def look(self, root: Path, longest_ns: int, now: Now) -> Left:
        """At all in ``root``. Raises OutputError if it cannot be read."""
        try:
            folders = [path for path in root.iterdir() if not path.name.startswith(".")]
        except OSError as e:
            raise OutputError(f"[lectures] folder: '{root}' cannot be read: {e.strerror}") from e
        return self._take(sorted(path for path in folders if (path / JOURNAL_NAME).is_file()), False, longest_ns, now)

    def turn(self, is_open: bool, longest_ns: int, now: Now) -> Left | None:
        """Now and then try again what found no room. ``is_open``: another lecture was begun meanwhile."""
        if not self._waiting or now.mono_ns - self._tried_ns < _AGAIN_NS:
            return None
        return self._take(self._waiting, is_open, longest_ns, now)

    def _take(self, folders: Sequence[Path], is_open: bool, longest_ns: int, now: Now) -> Left:
        self._waiting, self._tried_ns = [], now.mono_ns
        left, interrupted = Left(), list[Found]()
        for folder in folders:
            with self._spared(folder, left):
                found = _looked_at(folder, left, now)
                if found is not None:
                    interrupted.append(found)
        for found in sorted(interrupted, key=lambda each: each.goes_on.away_ns if each.goes_on else now.wall_ns):
            goes_on = found.goes_on
            with self._spared(found.folder, left):
                if left.lecture is None and not is_open and goes_on is not None and goes_on.away_ns <= longest_ns:
                    left.lecture = go_on(found, goes_on, now)
                else:
                    endings.close(found.folder, now.wall_ns)
                    left.to_finish.append(found.folder)
        return left

    @contextmanager
    def _spared(self, folder: Path, left: Left) -> Iterator[None]:
        try:
            yield
        except OutputError as e:
            if isinstance(e, WriteError) and may_pass(e):
                self._waiting.append(folder)
                left.problems.append(f"lecture '{folder.name}' waits until there is room: {e}")
            else:
                left.problems.append(f"lecture '{folder.name}' is left as it is: {e}")


def _looked_at(folder: Path, left: Left, now: Now) -> Found | None:
    """The lecture, if it is open. Raises OutputError."""
    with opened(folder) as journal:
        notes = journal.notes()
        if LECTURE not in notes:
            return None  # the result of a conversion
        slot, stopped_ns = slot_of(notes), notes.get(endings.STOPPED)
        if slot is not None and isinstance(stopped_ns, int) and stopped_ns < slot.end_ns:
            left.dismissed.append(slot)
        if notes.get(STATE) != CLOSED:
            return found_in(folder, journal, now)
    if endings.FINISHED not in notes:
        left.to_finish.append(folder)
    return None
