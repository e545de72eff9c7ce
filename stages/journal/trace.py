"""What the trigger saw between captures, in the journal. It knows no words for it; ``stages.explaining`` has them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields

from stages.journal.connection import Connection

REASONS = ("left", "cut", "lost")  # why something that was at rest was not captured
RULES = "trigger"  # the journal's note of the thresholds by which the trace was made


@dataclass(frozen=True, slots=True)
class TraceRow:
    """Frames of one after the other, from ``start_pts_ns`` up to ``end_pts_ns``.

    ``frames``: all; ``unknown``: of which the percent is not known; ``moving``: of motion; ``settled``: of a settled
    view. ``least``, ``most``: percent of foreground, None if it was never known. ``calm_ns``: the longest time without
    motion that did not settle. ``hidden``: the largest share, 0 to 1, that a presenter hid.
    """

    start_pts_ns: int
    end_pts_ns: int
    frames: int
    unknown: int
    moving: int
    settled: int
    least: float | None
    most: float | None
    calm_ns: int
    hidden: float


@dataclass(frozen=True, slots=True)
class TransientRow:
    """Something that was at rest from ``start_pts_ns`` until ``end_pts_ns``, and of which there is no capture.

    ``before``, ``after``: percent of foreground of the frames around it, None if it was not known. ``reason``: one of
    ``REASONS``, which the trigger explains.
    """

    start_pts_ns: int
    end_pts_ns: int
    before: float | None
    after: float | None
    reason: str


COLUMNS = ", ".join(field.name for field in fields(TraceRow))
_TRANSIENT = ", ".join(field.name for field in fields(TransientRow))


class TraceTable(Connection):
    """Raises as ``Journal`` does."""

    def add_trace(self, rows: Iterable[TraceRow]) -> None:
        """Stretches of time; one that begins as one does that is there already is the same again."""
        marks = ", ".join("?" * len(fields(TraceRow)))
        for row in rows:
            self._write(f"INSERT OR IGNORE INTO trace ({COLUMNS}) VALUES ({marks})", astuple(row))

    def trace(self) -> list[TraceRow]:
        """All stretches by time."""
        return [TraceRow(*row) for row in self._rows(f"SELECT {COLUMNS} FROM trace ORDER BY start_pts_ns")]

    def add_transients(self, rows: Iterable[TransientRow]) -> None:
        """One that begins as one does that is there already is the same again."""
        for row in rows:
            self._write(f"INSERT OR IGNORE INTO transient ({_TRANSIENT}) VALUES (?, ?, ?, ?, ?)", astuple(row))

    def transients(self, most: int = -1) -> list[TransientRow]:
        """All of them by time, or the ``most`` that were at rest the longest."""
        longest = f"SELECT {_TRANSIENT} FROM transient ORDER BY end_pts_ns - start_pts_ns DESC, start_pts_ns LIMIT ?"
        return sorted((TransientRow(*row) for row in self._rows(longest, (most,))), key=lambda row: row.start_pts_ns)
