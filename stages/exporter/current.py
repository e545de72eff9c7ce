"""The lecture that is open: its journal, its pictures, and what is known of the source's connection to it.

Every method may be called again after a WriteError; what it had done by then is not done twice.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from pipeline.frame import SECOND_NS, Event, EventKind, Value
from stages.exporter import area, index, tracing, visits
from stages.exporter.folder import Lock
from stages.exporter.page import Page, Reveal, Sight
from stages.exporter.properties import ExporterProperties
from stages.exporter.slides import Entered, Slides
from stages.journal import FILE_NAME as JOURNAL_NAME
from stages.journal import Journal, PresenterFreeRow
from stages.lecture import CLOSED, ENDED, LECTURE, OPEN, STATE, prepare

Connection: TypeAlias = "tuple[Value, Value]"  # its epoch and its wall_ns: epochs count anew when a daemon is restarted

_SOURCE = "source"  # the kind of gap that is written down here
_CONNECTION = "connection"  # the journal's note of the newest one
_REFRESH_NS = 10 * SECOND_NS
_VERSION_NS = SECOND_NS  # between two presenter-free pictures of a slide
_MOST_UNWRITTEN = 4  # reveals that are merged, and not acknowledged: of the link's window of 32
_SETTLED_S = 10.0  # a picture without a row that is younger may be somebody's who is about to enter it


class CurrentLecture:
    """``zero_ns``: the instant of CLOCK_MONOTONIC at which its time is 0."""

    def __init__(
        self,
        name: str,
        folder: Path,
        properties: ExporterProperties,
        zero_ns: int,
        wall_ns: int,
        revealed: Callable[[PresenterFreeRow], None],
    ) -> None:
        """Open it, or make it if it is not there. Raises OutputError, also if another process writes in it."""
        self.name = name
        self.zero_ns = zero_ns
        self._folder = folder
        self._is_area_wanted = properties.area == "auto"
        self._last_pts_ns = 0
        self._is_stale = True
        self._written_ns: int | None = None
        self._version_ns: int | None = None
        prepare(folder)
        self._lock = Lock(folder)
        try:
            self._journal = Journal(folder / JOURNAL_NAME, create=True)
            try:
                self._open(wall_ns)
                self._slides = Slides(folder, self._journal, properties.format, properties.quality, revealed)
                self._slides.tidy(_SETTLED_S)
            except BaseException:
                self._journal.close()
                raise
        except BaseException:
            self._lock.release()
            raise

    @property
    def slides(self) -> int:
        """How many it has."""
        return len(self._journal.slides())

    def begin(self, connection: Connection | None, pts_ns: int) -> None:
        """Lecture time is ``pts_ns``, and this is the source's connection, if there is one by now."""
        if connection is not None:
            known = self._connection()
            with self._journal.transaction():
                if known is not None and known != connection:
                    self._end_gap(pts_ns)
                self._journal.note(_CONNECTION, list(connection))  # type: ignore[arg-type]  # numbers

    def enter(self, page: Page, sight: Sight | None) -> Entered:
        """A page of this lecture. Raises WriteError."""
        gap = self._journal.open_gap_of(_SOURCE)
        if gap is not None and page.start_pts_ns >= gap.start_pts_ns:
            self._journal.close_gap(gap.id, page.start_pts_ns)
        entered = self._slides.enter(page, sight)
        self._seen(page.pts_ns)
        return entered

    def reveal(self, reveal: Reveal, sight: Sight) -> str:
        """Another moment of a slide; "" or why it was dropped. Raises WriteError."""
        dropped = self._slides.reveal(reveal, sight)
        if not dropped:
            self._seen(reveal.pts_ns)
        return dropped

    @property
    def unwritten(self) -> int:
        """How many reveals are in no file yet."""
        return self._slides.free.unwritten

    def when_revealed(self, call: Callable[[], None]) -> None:
        """Call it once there is nothing ``unwritten``."""
        self._slides.free.when_written(call)

    def is_due(self, now_ns: int) -> bool:
        """Whether what is ``unwritten`` should be written now: not oftener than once a second, if it can wait."""
        if self.unwritten >= _MOST_UNWRITTEN:
            return True
        return self.unwritten > 0 and (self._version_ns is None or now_ns - self._version_ns >= _VERSION_NS)

    def write_revealed(self, now_ns: int) -> None:
        """Write what is ``unwritten``. Raises WriteError."""
        if self.unwritten:
            self._version_ns = now_ns
            self._slides.free.flush()

    def act(self, event: Event) -> None:
        """Ends of visits, what was seen between captures, and what is not seen. Raises WriteError."""
        if event.kind is EventKind.TRACE:
            tracing.enter(self._journal, event)
            self._is_stale |= bool(event.data.get("transients"))
            return
        self._slides.free.flush()
        match event.kind:
            case EventKind.VISIT_END:
                visits.leave(self._journal, event.pts_ns)
            case EventKind.GAP:
                self._begin_gap(event.pts_ns, str(event.data.get("reason") or "unknown"))
            case EventKind.EPOCH:
                connection = (event.data.get("epoch"), event.data.get("wall_ns"))
                if connection == self._connection():
                    return  # said again, as this process was restarted; its time may be that of an earlier lecture
                with self._journal.transaction():
                    self._end_gap(event.pts_ns)
                    self._journal.note(_CONNECTION, list(connection))  # type: ignore[arg-type]  # numbers
            case _:
                return
        self._seen(event.pts_ns)

    def refresh(self, now_ns: int) -> None:
        """Bring slides.json up to date if it is stale and was not written just now. Raises WriteError."""
        if self._is_stale and (self._written_ns is None or now_ns - self._written_ns >= _REFRESH_NS):
            self._written_ns = now_ns  # also if it fails: the next try can wait as long
            index.write(self._folder, self._journal)
            self._is_stale = False

    def pause(self) -> None:
        """Nothing comes for now; the lecture may go on later. Raises WriteError."""
        self._slides.free.flush()
        visits.close(self._journal, self._last_pts_ns)
        index.write(self._folder, self._journal)

    def close(self, pts_ns: int | None, wall_ns: int) -> int:
        """It is over, at ``pts_ns`` if that is known; how many slides it has. Raises WriteError."""
        self._slides.free.flush()
        end_pts_ns = max(pts_ns or 0, self._last_pts_ns)
        with self._journal.transaction():
            visits.close(self._journal, end_pts_ns)
            gap = self._journal.open_gap_of(_SOURCE)
            if gap is not None:
                self._journal.close_gap(gap.id, end_pts_ns)
            self._journal.note(STATE, CLOSED)
            self._journal.note(ENDED, wall_ns)
        self._slides.tidy(_SETTLED_S)
        slides = self.slides
        index.write(self._folder, self._journal)
        self._journal.finish()
        self.release()
        return slides

    def release(self) -> None:
        """Let go of its files."""
        self._journal.close()
        self._lock.release()

    def _open(self, wall_ns: int) -> None:
        notes = self._journal.notes()
        with self._journal.transaction():
            if LECTURE not in notes:
                self._journal.note(LECTURE, {"name": self.name, "title": "", "begun_wall_ns": wall_ns})
            area.switch(self._journal, self._is_area_wanted)
            if notes.get(STATE) != OPEN:
                self._journal.note(STATE, OPEN)
                self._journal.note(ENDED, None)

    def _connection(self) -> Connection | None:
        noted = self._journal.notes().get(_CONNECTION)
        return (noted[0], noted[1]) if isinstance(noted, list) and len(noted) == 2 else None

    def _begin_gap(self, pts_ns: int, reason: str) -> None:
        gaps = [gap for gap in self._journal.gaps() if gap.kind == _SOURCE]
        if any(gap.end_pts_ns is None or gap.start_pts_ns == pts_ns for gap in gaps):
            return
        with self._journal.transaction():
            visits.close(self._journal, pts_ns)
            self._journal.open_gap(_SOURCE, pts_ns, reason)

    def _end_gap(self, pts_ns: int) -> None:
        """The source is there. If nobody said that it was gone, it was from the last time that is known of."""
        gap = self._journal.open_gap_of(_SOURCE)
        if gap is not None:
            self._journal.close_gap(gap.id, pts_ns)
            return
        start_pts_ns = max(self._journal.last_known(pts_ns), min(self._last_pts_ns, pts_ns))
        if start_pts_ns < pts_ns:
            visits.close(self._journal, start_pts_ns)
            self._journal.close_gap(self._journal.open_gap(_SOURCE, start_pts_ns, "unknown"), pts_ns)

    def _seen(self, pts_ns: int) -> None:
        self._last_pts_ns = max(self._last_pts_ns, pts_ns)
        self._is_stale = True
