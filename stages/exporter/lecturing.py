"""Pages while lectures go on: which lecture they belong to, and what happens while the disk is full.

The process lives through many lectures, and outside of one it drops what comes. ``current`` writes the one that is
open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from pipeline.errors import StageError, WriteError
from pipeline.frame import SECOND_NS, Event, EventKind, Frame
from pipeline.stage import Context
from stages.exporter import index
from stages.exporter.backlog import Backlog
from stages.exporter.conversion import revealed, taken
from stages.exporter.current import Connection, CurrentLecture
from stages.exporter.page import Page, Reveal, Sight
from stages.exporter.properties import ExporterProperties
from stages.journal import PresenterFreeRow

_AHEAD_NS = 5 * SECOND_NS  # lecture time further ahead of the clock than this is that of an earlier lecture


class Lecturing:
    """``clock``: CLOCK_MONOTONIC in ns, which lecture time counts from ``zero_ns``; ``wall``: since 1970."""

    def __init__(
        self, properties: ExporterProperties, context: Context, clock: Callable[[], int], wall: Callable[[], int]
    ) -> None:
        self._properties = properties
        self._context = context
        self._clock = clock
        self._wall = wall
        self._lecture: CurrentLecture | None = None
        self._connection: Connection | None = None
        self._backlog = Backlog()
        self._is_idle = True  # no lecture was begun so far
        self._outside = 0
        self._slides = 0
        self._lag_s: float | None = None
        self._versions = 0
        self._revealed_percent: float | None = None

    def process(self, frame: Frame) -> None:
        """Enter a page; without room it waits, and when too many wait it is dropped as ``disk-full``."""
        if self._lecture is None and self._backlog.full is None:
            self._outside += 1
            self._context.dropped("no-lecture", 1)
            return
        reveal = Reveal.of(frame)
        if reveal is not None:
            self._reveal(reveal, frame)
            return
        page = Page.of(frame)
        work = partial(self._enter, page, taken(frame, page, self._context), self._clock())
        refused = self._attempt(work, self._context.defer)
        if refused:
            self._context.dropped(refused, 1)
        self._acknowledge_once_written()

    def _reveal(self, reveal: Reveal, frame: Frame) -> None:
        sight = Sight.of(frame, self._context)
        if sight is None:
            self._context.dropped("no-picture", 1)
            return
        work = partial(self._merge, reveal, sight, self._clock())
        refused = self._attempt(work, self._context.defer, is_reveal=True)
        if refused:
            self._context.dropped(refused, 1)
        self._acknowledge_once_written()

    def _acknowledge_once_written(self) -> None:
        """What was merged is acknowledged when the version of the slide that has it is on disk, now or in a second."""
        lecture = self._lecture
        if lecture is not None and lecture.unwritten and self._backlog.full is None:
            lecture.when_revealed(self._context.defer())
            if lecture.is_due(self._clock()):
                self._attempt(partial(lecture.write_revealed, self._clock()))

    def handle(self, event: Event) -> None:
        """Begin and end lectures, visits and gaps."""
        self._attempt(partial(self._act, event, self._clock()))

    def tick(self) -> None:
        """Try again what waits; bring slides.json up to date now and then; say how it goes."""
        if self._backlog.full is not None:
            pages = self._backlog.retry(self._given_up)
            if self._backlog.full is None:
                self._context.warn(f"there is room again: {pages} pages that waited for it are written")
        if self._lecture is not None and self._backlog.full is None and self._lecture.unwritten:
            self._attempt(partial(self._lecture.write_revealed, self._clock()))
        if self._lecture is not None and self._backlog.full is None:
            try:
                self._lecture.refresh(self._clock())
            except WriteError as e:
                self._given_up(e)
        self._say_figures()

    def drain(self) -> Iterator[None]:
        """EOS: the last visit ends and slides.json is written; the lecture stays open, for the next start."""
        if self._is_idle and self._outside:
            self._context.warn(f"{self._outside} pages, and no lecture they belong to; location=DIR makes a folder")
        self._backlog.retry(self._given_up)
        yield None
        if self._backlog.full is not None:
            self._context.warn(f"{self._backlog.pages} pages could not be written: {self._backlog.full}")
        elif self._lecture is not None:
            try:
                self._lecture.pause()
            except WriteError as e:
                self._given_up(e)

    def stop(self) -> None:
        """Let go of the lecture."""
        if self._lecture is not None:
            self._lecture.release()
        self._lecture = None

    def _attempt(
        self,
        work: Callable[[], None],
        defer: Callable[[], Callable[[], None]] | None = None,
        is_reveal: bool = False,
    ) -> str:
        """Do it now or let it wait; else why it will not be done."""
        before = self._backlog.full
        try:
            refused = "" if self._backlog.do(work, defer, is_reveal) else "disk-full"
        except WriteError as e:
            self._given_up(e)
            return "write-error"
        if before is None and self._backlog.full is not None:
            self._context.warn(f"pages wait until there is room: {self._backlog.full}")
        return refused

    def _given_up(self, error: WriteError) -> None:
        self._context.warn(str(error))

    # -- each of these may be done again, if there was no room to finish it --

    def _enter(self, page: Page, sight: Sight | None, arrived_ns: int) -> None:
        lecture = self._lecture
        if lecture is None:
            self._context.dropped("no-lecture", 1)
            return
        if self._is_of_earlier(page.pts_ns, lecture, arrived_ns):
            self._context.dropped("earlier-lecture", 1)
            return
        entered = lecture.enter(page, sight)
        if entered.dropped:
            self._context.dropped(entered.dropped, 1)
        if entered.row is None:
            return
        lag_s = (self._clock() - lecture.zero_ns - page.pts_ns) / SECOND_NS
        is_new = entered.row.version == 1
        self._slides += is_new
        self._lag_s = lag_s
        self._context.post(
            "slide" if is_new else "grown",
            {
                "number": entered.row.id,
                "file": entered.row.file,
                "pts_ns": page.pts_ns,
                "wall_ns": page.wall_ns,
                "decision": page.decision,
                "lag_s": lag_s,
                "settled_lag_s": lag_s + (page.pts_ns - page.start_pts_ns) / SECOND_NS,
            },
        )

    def _merge(self, reveal: Reveal, sight: Sight, arrived_ns: int) -> None:
        lecture = self._lecture
        if lecture is None:
            self._context.dropped("no-lecture", 1)
        elif self._is_of_earlier(reveal.pts_ns, lecture, arrived_ns):
            self._context.dropped("earlier-lecture", 1)
        elif dropped := lecture.reveal(reveal, sight):
            self._context.dropped(dropped, 1)

    def _revealed(self, row: PresenterFreeRow) -> None:
        self._versions += 1
        self._revealed_percent = index.percent(row.revealed)
        self._context.post("revealed", revealed(row))

    def _act(self, event: Event, arrived_ns: int) -> None:
        match event.kind:
            case EventKind.LECTURE_START:
                self._begin(event, arrived_ns)
                return
            case EventKind.LECTURE_STOP:
                if self._lecture is not None and event.data.get("lecture") == self._lecture.name:
                    self._end(event.pts_ns)
                return
            case EventKind.EPOCH:
                self._connection = (event.data.get("epoch"), event.data.get("wall_ns"))
        if self._lecture is not None and not self._is_of_earlier(event.pts_ns, self._lecture, arrived_ns):
            self._lecture.act(event)

    def _begin(self, event: Event, arrived_ns: int) -> None:
        name, folder, zero_ns = (event.data.get(key) for key in ("lecture", "folder", "zero_ns"))
        if not isinstance(name, str) or not isinstance(folder, str) or not isinstance(zero_ns, int):
            raise StageError(f"a lecture-start without lecture, folder or zero_ns: {dict(event.data)}")
        if self._lecture is not None and self._lecture.name != name:
            self._end(None)  # nobody said so, but there is only ever one
        if self._lecture is None:
            self._lecture = CurrentLecture(name, Path(folder), self._properties, zero_ns, self._wall(), self._revealed)
        self._is_idle = False
        self._lecture.zero_ns = zero_ns
        self._lecture.begin(self._connection, arrived_ns - zero_ns)
        self._context.post("lecture", {"lecture": name, "state": "open", "slides": self._lecture.slides})

    def _end(self, pts_ns: int | None) -> None:
        lecture = self._lecture
        assert lecture is not None
        slides = lecture.close(pts_ns, self._wall())
        self._lecture = None
        self._context.post("lecture", {"lecture": lecture.name, "state": "closed", "slides": slides})

    def _is_of_earlier(self, pts_ns: int, lecture: CurrentLecture, arrived_ns: int) -> bool:
        return pts_ns > arrived_ns - lecture.zero_ns + _AHEAD_NS

    def _say_figures(self) -> None:
        figures: dict[str, int | float] = {"slides_total": self._slides, "pages_waiting": self._backlog.pages}
        if self._lag_s is not None:
            figures["capture_lag_seconds"] = self._lag_s
        if self._revealed_percent is not None:  # somebody looked for a presenter, and found one
            figures |= {"presenter_free_pictures_total": self._versions, "revealed_percent": self._revealed_percent}
        self._context.post("figures", figures)
