"""What the recorder writes into a folder's journal: segments, gaps of the recording, and its memory.

When the disk is full the journal is too: gaps and ends of segments are then kept and written once there is room.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.errors import WriteError
from stages.journal import FILE_NAME, Journal, SegmentRow
from stages.recorder.memory import NOTE, Memory, from_note, to_note

KIND = "recording"


class Logbook:
    """Raises OutputError if the folder's journal cannot be opened."""

    def __init__(self, folder: Path) -> None:
        self._journal = Journal(folder / FILE_NAME, create=True)
        self._late: deque[Callable[[], None]] = deque()
        left = self._journal.open_gap_of(KIND)
        self._gap: int | None = left.id if left else None
        self.in_gap = left is not None

    def memories(self) -> list[Memory]:
        """Of the last segments, the newest last."""
        return from_note(self._journal.notes().get(NOTE))

    def segments(self) -> list[SegmentRow]:
        return self._journal.segments()

    def begin(self, row: SegmentRow, memories: Sequence[Memory]) -> int:
        """A segment is begun; returns its id. Raises WriteError."""
        self.retry()
        if self._late:
            raise WriteError(f"cannot write '{self._journal.path}': what happened before has found no room yet")
        with self._journal.transaction():
            self._journal.note(NOTE, to_note(memories))
            return self._journal.open_segment(row)

    def end(self, segment: int, end_pts_ns: int, size: int, state: str) -> None:
        """A segment is complete, salvaged or deleted."""
        self._write(lambda: self._journal.update_segment(segment, end_pts_ns=end_pts_ns, bytes=size, state=state))

    def forget(self) -> None:
        """What comes next does not follow on the last segment."""
        self._write(lambda: self._journal.note(NOTE, to_note([])))

    def open_gap(self, pts_ns: int, reason: str) -> None:
        """From now on nothing is recorded."""
        if self.in_gap:
            return
        self.in_gap = True

        def write() -> None:
            self._gap = self._journal.open_gap(KIND, pts_ns, reason)

        self._write(write)

    def close_gap(self, pts_ns: int) -> None:
        """The recording goes on."""
        if not self.in_gap:
            return
        self.in_gap = False

        def write() -> None:
            assert self._gap is not None, "written in order, and its beginning comes first"
            self._journal.close_gap(self._gap, pts_ns)
            self._gap = None

        self._write(write)

    def retry(self) -> None:
        """Write what found no room, in order, as far as there is room now."""
        while self._late:
            try:
                self._late[0]()
            except WriteError:
                return
            self._late.popleft()

    def close(self) -> None:
        """A last try, and the end."""
        self.retry()
        self._journal.close()

    def _write(self, action: Callable[[], None]) -> None:
        self._late.append(action)
        self.retry()
