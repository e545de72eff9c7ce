"""Pages of a conversion: they go to LOCATION.partial, which becomes LOCATION once every export was made.

A restarted process is given everything from the beginning: it goes on with the folder of the one before, and what is
in the journal already is not written twice.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import PipelineError
from pipeline.frame import Event, EventKind, Frame, Meta
from pipeline.stage import Context
from stages.durable import sync_folder
from stages.exporter import area, documents, index, tracing, visits
from stages.exporter.folder import RUN, OutputFolder
from stages.exporter.page import Page, Reveal, Sight
from stages.exporter.properties import ExporterProperties
from stages.exporter.slides import Slides
from stages.journal import FILE_NAME as JOURNAL_NAME
from stages.journal import Journal, PresenterFreeRow
from stages.lecture import INDEX_NAME, PDF_NAME, PPTX_NAME


class Conversion:
    """Raises OutputError if LOCATION exists, is in use, or cannot be created."""

    def __init__(self, properties: ExporterProperties, context: Context) -> None:
        self._properties = properties
        self._context = context
        self._last_pts_ns = 0
        self._folder = OutputFolder(properties.location, properties.force, this_run(), context.incarnation > 0)
        self._done = self._folder.complete  # nothing is to be written any more
        try:
            self._journal = self._opened()
            form, quality = properties.format, properties.quality
            self._slides = Slides(self._folder.path, self._journal, form, quality, self._revealed)
            if context.incarnation and not self._done:
                self._slides.tidy()
        except BaseException:
            self._folder.release()
            raise

    def _opened(self) -> Journal:
        path, source = self._folder.path, self._properties.source
        journal = Journal(path / JOURNAL_NAME, create=not self._done)
        if not self._done:
            with journal.transaction():
                journal.note("source", {"uri": source} if source else {})
                journal.note(RUN, this_run())
                journal.note("ended", None)
                area.switch(journal, self._properties.area == "auto")
            sync_folder(path)
        return journal

    def process(self, frame: Frame) -> None:
        """Enter a page, or merge a reveal. Raises WriteError."""
        reveal = Reveal.of(frame)
        if reveal is not None:
            self._merge(reveal, frame)
            return
        page = Page.of(frame)
        self._last_pts_ns = max(self._last_pts_ns, page.pts_ns)
        if self._done:
            self._context.dropped("repeated", 1)
            return
        entered = self._slides.enter(page, taken(frame, page, self._context))
        if entered.dropped:
            self._context.dropped(entered.dropped, 1)
        if entered.dropped == "no-picture":
            self._context.warn(f"slide {page.slide} has no picture: it was overwritten before it could be taken")
        row = entered.row
        if row is not None:
            name = "slide" if row.version == 1 else "grown"
            self._context.post(
                name, {"number": row.id, "file": row.file, "pts_ns": page.pts_ns, "decision": page.decision}
            )

    def _merge(self, reveal: Reveal, frame: Frame) -> None:
        """Versions are made when the slide is left, and by no clock, so that each run makes the same."""
        self._last_pts_ns = max(self._last_pts_ns, reveal.pts_ns)
        sight = None if self._done else Sight.of(frame, self._context)
        if sight is not None:
            dropped = self._slides.reveal(reveal, sight)
        else:
            dropped = "repeated" if self._done else "no-picture"
        if dropped:
            self._context.dropped(dropped, 1)

    def _revealed(self, row: PresenterFreeRow) -> None:
        self._context.post("revealed", revealed(row))

    def handle(self, event: Event) -> None:
        """VISIT_END ends the visit that is open; a trace is written down; other events change nothing here."""
        if event.kind is EventKind.TRACE and not self._done:
            tracing.enter(self._journal, event)
        if event.kind is EventKind.VISIT_END and not self._done:
            self._last_pts_ns = max(self._last_pts_ns, event.pts_ns)
            self._slides.free.flush()
            visits.leave(self._journal, event.pts_ns)

    def tick(self) -> None:
        """Nothing waits here."""

    def drain(self) -> Iterator[None]:
        """EOS: end the last visit, make the exports, and rename LOCATION.partial to LOCATION.

        Raises WriteError or OutputError; then everything written so far stays in LOCATION.partial.
        """
        if not self._done:
            yield from self._finish()
        self._context.post("result", self._result())

    def stop(self) -> None:
        """Close the journal; slides.json lists what there is of a run that did not get to its end."""
        try:
            if not self._done and self._journal.last_visit() is not None:
                self._slides.free.flush()
                index.write(self._folder.path, self._journal)
        except PipelineError as e:
            self._context.warn(f"the slides are on disk and in the journal, but slides.json is not up to date: {e}")
        finally:
            self._journal.close()
            self._folder.release()

    def _finish(self) -> Iterator[None]:
        p, path = self._properties, self._folder.path
        self._slides.free.flush()
        visits.close(self._journal, self._last_pts_ns)
        yield None
        if p.area == "auto":
            for _ in area.make(path, self._journal, index.load(self._journal), p.quality):
                yield None
        made = index.load(self._journal).showing(p.pages)
        if p.pdf:
            for _ in documents.write_pdf(path, made):
                yield None
        if p.pptx:
            for _ in documents.write_pptx(path, made):
                yield None
        self._journal.note("ended", "eos")
        index.write(path, self._journal)
        self._journal.finish()
        self._done = True
        yield None
        self._folder.promote()

    def _result(self) -> dict[str, str | int | None]:
        p, final = self._properties, self._folder.final
        made = index.read(final)
        slides = len(made.slides)
        return {
            "location": str(final),
            "slides": slides,
            "transients": len(made.transients),
            "areas": sum(slide.area_picture is not None for slide in made.slides),
            "json": str(final / INDEX_NAME),
            "pdf": str(final / PDF_NAME) if p.pdf and slides else None,
            "pptx": str(final / PPTX_NAME) if p.pptx and slides else None,
        }


def taken(frame: Frame, page: Page, context: Context) -> Sight | None:
    """The picture of a page that brings one, in memory of its own."""
    return Sight.of(frame, context) if page.is_pictured else None


def revealed(row: PresenterFreeRow) -> Meta:
    """What is said of a new presenter-free picture; ``revealed``: percent of it that was seen."""
    return {"number": row.slide, "file": row.file, "revealed": index.percent(row.revealed)}


def this_run() -> str:
    """What tells this run from every other: the process that started this one, and when that was started.

    Restarted processes of a run have the same parent.
    """
    parent = os.getppid()
    try:
        # the 22nd field, counted behind the name, which may hold spaces; proc(5)
        started = Path(f"/proc/{parent}/stat").read_text().rpartition(")")[2].split()[19]
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return str(parent)  # a system without /proc
    return f"{boot} {parent} {started}"
