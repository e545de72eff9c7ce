"""Which stretch of time belongs to which slide: pages and visit ends, as they arrive, become visits in the journal.

All state is in the journal, so a restarted exporter goes on where the last one was, also when it is given everything
once more from the beginning. It writes no picture.
"""

from __future__ import annotations

from stages.exporter.page import Page
from stages.journal import CaptureRow, Journal, VisitRow


def arrive(journal: Journal, page: Page, slide: int) -> None:
    """Enter a page whose slide is in the journal by the id ``slide``. Call it in a transaction.

    ``new`` and ``revisit`` open a visit, and end one that nobody ended. ``same`` and ``grown`` go on with the last
    visit if that was of the same slide, also if it had ended, and open one otherwise. No visit goes on across a gap.
    """
    last = journal.last_visit()
    gap = journal.unseen_between(last.start_pts_ns, page.pts_ns) if last is not None else None
    if page.decision in ("same", "grown") and last is not None and last.slide == slide and gap is None:
        visit = last.id
        if last.end_pts_ns is not None:
            journal.end_visit(visit, None)
    else:
        if last is not None and last.end_pts_ns is None:
            _end(journal, last, page.start_pts_ns if gap is None else gap.start_pts_ns)
        visit = journal.open_visit(slide, page.epoch, page.start_pts_ns)
    capture = CaptureRow(page.epoch, page.pts_ns, visit, page.decision, page.trigger, page.dedup, page.wall_ns)
    journal.add_capture(capture)


def leave(journal: Journal, pts_ns: int) -> None:
    """The view was left at ``pts_ns``. A time before what is known of the open visit is of a replay: no change."""
    last = journal.last_visit()
    if last is None or last.end_pts_ns is not None:
        return
    if pts_ns >= max(last.start_pts_ns, journal.last_capture_of(last.id)):
        journal.end_visit(last.id, pts_ns)


def close(journal: Journal, last_pts_ns: int) -> None:
    """Nothing more comes: a visit that is still open ends at the last time known."""
    last = journal.last_visit()
    if last is not None and last.end_pts_ns is None:
        _end(journal, last, max(last_pts_ns, journal.last_capture_of(last.id)))


def _end(journal: Journal, visit: VisitRow, pts_ns: int) -> None:
    journal.end_visit(visit.id, max(visit.start_pts_ns, pts_ns))
