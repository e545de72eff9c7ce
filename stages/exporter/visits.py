"""Which stretch of time belongs to which slide: pages and visit ends, as they arrive, become visits in the journal.

All state is in the journal, so a restarted exporter goes on where the last one was. It writes no picture.
"""

from __future__ import annotations

from stages.exporter.page import Page
from stages.journal import CaptureRow, Journal, VisitRow


def arrive(journal: Journal, page: Page) -> None:
    """Enter a page whose slide is in the journal. Call it in a transaction.

    ``new`` and ``revisit`` open a visit, and end one that nobody ended. ``same`` goes on with the last visit if that
    was of the same slide, also if it had ended, and opens one otherwise.
    """
    last = journal.last_visit()
    if page.decision == "same" and last is not None and last.slide == page.slide:
        visit = last.id
        if last.end_pts_ns is not None:
            journal.end_visit(visit, None)
    else:
        if last is not None and last.end_pts_ns is None:
            _end(journal, last, page.start_pts_ns)
        visit = journal.open_visit(page.slide, page.epoch, page.start_pts_ns)
    journal.add_capture(CaptureRow(page.epoch, page.pts_ns, visit, page.decision, page.trigger, page.dedup))


def leave(journal: Journal, pts_ns: int) -> None:
    """The view was left at ``pts_ns``. A time before the open visit is of a replay, and changes nothing."""
    last = journal.last_visit()
    if last is not None and last.end_pts_ns is None and pts_ns >= last.start_pts_ns:
        journal.end_visit(last.id, pts_ns)


def close(journal: Journal, last_pts_ns: int) -> None:
    """The stream is over: a visit that is still open ends at the last time known."""
    last = journal.last_visit()
    if last is not None and last.end_pts_ns is None:
        _end(journal, last, last_pts_ns)


def _end(journal: Journal, visit: VisitRow, pts_ns: int) -> None:
    journal.end_visit(visit.id, max(visit.start_pts_ns, pts_ns))
