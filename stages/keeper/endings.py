"""What the daemon does to the journal of a lecture by itself: begin, take up again, close without an exporter.

The notes here are the daemon's own; the exporter's are in ``stages.lecture``.
"""

from __future__ import annotations

from pathlib import Path

from stages.journal import Journal
from stages.lecture import CLOSED, ENDED, STATE, opened

SLOT = "slot"  # [uid, title, start_ns, end_ns] of the event in the calendar that the lecture was begun for
STOPPED = "stopped_wall_ns"  # somebody or something ended it; what is left to do is not to go on
FINISHED = "finished"  # what was made when it had ended

ANALYSIS = "analysis"  # the kind of gap that is written down by the daemon
_END_OF_TIME_NS = 2**62


def last_known_ns(journal: Journal) -> int:
    """The latest lecture time that anything in the journal tells of."""
    events = (event.pts_ns for event in journal.events())
    marks = (mark.pts_ns for mark in journal.marks())
    return max(journal.last_known(_END_OF_TIME_NS), *events, *marks, 0)


def close(folder: Path, wall_ns: int, pts_ns: int | None = None) -> None:
    """Write down that the lecture is over, where no exporter does: at ``pts_ns``, or when it was last heard of.

    Raises OutputError.
    """
    with opened(folder) as journal, journal.transaction():
        end_ns = last_known_ns(journal) if pts_ns is None else pts_ns
        for visit in journal.visits():
            if visit.end_pts_ns is None:
                journal.end_visit(visit.id, max(visit.start_pts_ns, end_ns))
        for gap in journal.gaps():
            if gap.end_pts_ns is None:
                journal.close_gap(gap.id, end_ns)
        journal.note(STATE, CLOSED)
        journal.note(ENDED, wall_ns)
