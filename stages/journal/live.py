"""What the journal of a lecture has beside slides: gaps, segments of the recording, marks, events and sessions."""

from __future__ import annotations

from dataclasses import astuple, replace

from stages.journal.connection import Connection, Parameter
from stages.journal.rows import EventRow, GapRow, MarkRow, SegmentRow, SessionRow


class LiveTables(Connection):
    """Raises as ``Journal`` does."""

    # -- gaps --

    def open_gap(self, kind: str, start_pts_ns: int, reason: str) -> int:
        """From now on something is missing; returns the gap's id. ``kind``: source, analysis or recording."""
        return self._write(
            "INSERT INTO gap (kind, start_pts_ns, reason) VALUES (?, ?, ?)", (kind, start_pts_ns, reason)
        )

    def close_gap(self, gap: int, end_pts_ns: int) -> None:
        """It is there again. A gap never ends before its start."""
        self._write("UPDATE gap SET end_pts_ns = max(start_pts_ns, ?) WHERE id = ?", (end_pts_ns, gap))

    def fill_gap(self, gap: int) -> None:
        """What was missing has been found in the recording."""
        self._write("UPDATE gap SET filled = 1 WHERE id = ?", (gap,))

    def gaps(self) -> list[GapRow]:
        """All gaps by time."""
        rows = self._rows("SELECT * FROM gap ORDER BY start_pts_ns, id")
        return [_gap(row) for row in rows]

    def open_gap_of(self, kind: str) -> GapRow | None:
        """The gap of that kind that has not ended."""
        return next((gap for gap in reversed(self.gaps()) if gap.kind == kind and gap.end_pts_ns is None), None)

    # -- the recording --

    def open_segment(self, row: SegmentRow) -> int:
        """A file of the recording is begun; returns the segment's id (``row.id`` is not looked at)."""
        return self._write(
            "INSERT INTO segment (file, epoch, start_pts_ns, end_pts_ns, start_wall_ns, bytes, state, first_key)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            astuple(row)[:-1],
        )

    def update_segment(
        self,
        segment: int,
        *,
        end_pts_ns: int | None = None,
        bytes: int | None = None,  # noqa: A002  # the column's name
        state: str | None = None,
        file: str | None = None,
    ) -> None:
        """Set what is given; None leaves it as it is."""
        self._write(
            "UPDATE segment SET end_pts_ns = coalesce(?, end_pts_ns), bytes = coalesce(?, bytes),"
            " state = coalesce(?, state), file = coalesce(?, file) WHERE id = ?",
            (end_pts_ns, bytes, state, file, segment),
        )

    def segments(self) -> list[SegmentRow]:
        """All segments by time, deleted ones too."""
        columns = "file, epoch, start_pts_ns, end_pts_ns, start_wall_ns, bytes, state, first_key, id"
        rows = self._rows(f"SELECT {columns} FROM segment ORDER BY start_pts_ns, id")
        return [replace(SegmentRow(*row), first_key=bool(row[7])) for row in rows]

    # -- what people and machines did --

    def add_mark(self, pts_ns: int, wall_ns: int, text: str) -> int:
        """A moment somebody marked; returns the mark's id."""
        return self._write("INSERT INTO mark (pts_ns, wall_ns, text) VALUES (?, ?, ?)", (pts_ns, wall_ns, text))

    def marks(self) -> list[MarkRow]:
        """All marks by time."""
        return [MarkRow(*row) for row in self._rows("SELECT * FROM mark ORDER BY pts_ns, id")]

    def add_event(self, pts_ns: int, wall_ns: int, kind: str, text: str) -> int:
        """Something worth knowing afterwards; returns the event's id."""
        values: tuple[Parameter, ...] = (pts_ns, wall_ns, kind, text)
        return self._write("INSERT INTO event (pts_ns, wall_ns, kind, text) VALUES (?, ?, ?, ?)", values)

    def events(self) -> list[EventRow]:
        """All events in the order in which they were entered."""
        return [EventRow(*row) for row in self._rows("SELECT * FROM event ORDER BY id")]

    def add_session(self, boot_id: str, zero_ns: int, start_pts_ns: int, wall_ns: int) -> int:
        """Work on the lecture begins, or goes on after a restart; returns the session's id."""
        values: tuple[Parameter, ...] = (boot_id, zero_ns, start_pts_ns, wall_ns)
        return self._write("INSERT INTO session (boot_id, zero_ns, start_pts_ns, wall_ns) VALUES (?, ?, ?, ?)", values)

    def sessions(self) -> list[SessionRow]:
        """All sessions in the order in which they began."""
        return [SessionRow(*row) for row in self._rows("SELECT * FROM session ORDER BY id")]

    # -- what is known of a time --

    def last_known(self, before_pts_ns: int) -> int:
        """The latest time up to ``before_pts_ns`` that any table knows of; 0 if there is none."""
        tables = (
            "SELECT pts_ns AS at FROM capture UNION ALL SELECT start_pts_ns FROM visit"
            " UNION ALL SELECT end_pts_ns FROM visit UNION ALL SELECT start_pts_ns FROM gap"
            " UNION ALL SELECT end_pts_ns FROM gap UNION ALL SELECT end_pts_ns FROM segment"
        )
        rows = self._rows(f"SELECT coalesce(max(at), 0) FROM ({tables}) WHERE at <= ?", (before_pts_ns,))
        return int(rows[0][0])

    def unseen_between(self, start_pts_ns: int, end_pts_ns: int) -> GapRow | None:
        """The first gap of kind source or analysis that begins at or after ``start_pts_ns`` and before the end."""
        rows = self._rows(
            "SELECT * FROM gap WHERE kind IN ('source', 'analysis') AND start_pts_ns >= ? AND start_pts_ns < ?"
            " ORDER BY start_pts_ns LIMIT 1",
            (start_pts_ns, end_pts_ns),
        )
        return _gap(rows[0]) if rows else None


def _gap(row: tuple) -> GapRow:  # type: ignore[type-arg]  # SQLite has no types
    return replace(GapRow(*row), filled=bool(row[5]))
