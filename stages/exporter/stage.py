"""The exporter as a stage: each new page becomes a picture file and a row; at EOS the exports are made.

It stands last, after dedup. Encoding, folder, visits, index and documents have files of their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pydantic import Field

from pipeline.caps import Caps
from pipeline.errors import CapsError, PipelineError, StageError
from pipeline.frame import Event, EventKind, Frame, Output, Picture
from pipeline.stage import Context, Properties, Stage
from stages.durable import sync_folder, write_bytes
from stages.exporter import documents, index, visits
from stages.exporter.folder import PICTURES, OutputFolder
from stages.exporter.page import Page
from stages.exporter.pictures import LARGEST_PX, SUFFIXES, Format, encode
from stages.journal import FILE_NAME as JOURNAL_NAME
from stages.journal import Journal, SlideRow


class ExporterProperties(Properties):
    location: str = Field(min_length=1, description="folder of the result; it grows as LOCATION.partial")
    format: Format = Field("png", description="format of the pictures; png loses nothing")
    quality: int = Field(95, ge=1, le=100, description="quality of jpeg and webp pictures")
    pdf: bool = Field(True, description="make slides.pdf at the end")
    pptx: bool = Field(False, description="make slides.pptx at the end")
    force: bool = Field(False, description="replace an older result at LOCATION, once this one is complete")
    source: str = Field("", description="what is converted, for slides.json; a path, or a URL without a password")


def file_name(slide: int, form: Format) -> str:
    """Path of a slide's picture in the result's folder; ``slide`` is its stable id."""
    return f"{PICTURES}/slide-{slide:04}{SUFFIXES[form]}"


class Exporter(Stage[ExporterProperties]):
    """Posts ``slide`` for each new slide and ``result`` at the end."""

    properties_type = ExporterProperties
    summary = "writes slides as pictures, PDF, PowerPoint and slides.json"

    def __init__(self, properties: ExporterProperties, context: Context) -> None:
        super().__init__(properties, context)
        self._folder: OutputFolder | None = None
        self._journal: Journal | None = None
        self._last_pts_ns = 0

    @property
    def sink_caps(self) -> Caps:
        return Caps.of("slide/page")

    @property
    def src_caps(self) -> Mapping[str, Caps]:
        return {}

    def start(self) -> None:
        """Claim LOCATION.partial. Raises OutputError if LOCATION exists, is in use, or cannot be created."""
        p = self.properties
        self._folder = OutputFolder(p.location, p.force)
        path = self._folder.path
        self._journal = Journal(path / JOURNAL_NAME, create=True)
        self._journal.note("source", {"uri": p.source} if p.source else {})
        sync_folder(path)

    def set_caps(self, caps: Caps) -> Mapping[str, Caps]:
        """Refuse pictures that the format cannot hold, before the first one comes. Raises CapsError."""
        form = self.properties.format
        for edge in ("picture_width", "picture_height"):
            size = caps.value(edge) if edge in caps.fields else 0
            if isinstance(size, int) and size > LARGEST_PX[form]:
                raise CapsError(f"{form} holds pictures of up to {LARGEST_PX[form]} px, not {size}; use format=png")
        return {}

    def process(self, frame: Frame) -> Iterable[Output]:
        """Write the picture of a new page, then its row. Raises WriteError when the disk is full.

        A page that is in the journal already, by epoch and pts, is dropped as ``repeated``; one without a picture to
        show for it as ``no-picture``.
        """
        journal, folder = self._opened()
        page = Page.of(frame)
        self._last_pts_ns = max(self._last_pts_ns, page.pts_ns)
        if journal.has_capture(page.epoch, page.pts_ns):
            self.drop("repeated")
            return ()
        row = self._write_picture(frame, page, folder.path) if page.decision == "new" else None
        if row is None and not journal.has_slide(page.slide):
            self.drop("no-picture")
            self.context.warn(f"slide {page.slide} has no picture: it was overwritten before it could be taken")
            return ()
        with journal.transaction():
            if row is not None:
                journal.add_slide(row)
            visits.arrive(journal, page)
        if row is not None:
            self.context.post(
                "slide", {"number": row.id, "file": row.file, "pts_ns": page.pts_ns, "decision": page.decision}
            )
        return ()

    def handle(self, event: Event) -> Iterable[Output]:
        """VISIT_END ends the visit that is open; other events change nothing here."""
        if event.kind is EventKind.VISIT_END:
            journal, _ = self._opened()
            self._last_pts_ns = max(self._last_pts_ns, event.pts_ns)
            visits.leave(journal, event.pts_ns)
        return ()

    def drain(self) -> Iterator[Output | None]:
        """EOS: end the last visit, make the exports, and rename LOCATION.partial to LOCATION.

        Raises WriteError or OutputError; then everything written so far stays in LOCATION.partial.
        """
        journal, folder = self._opened()
        visits.close(journal, self._last_pts_ns)
        yield None
        made = index.load(journal)
        if self.properties.pdf:
            for _ in documents.write_pdf(folder.path, made):
                yield None
        if self.properties.pptx:
            for _ in documents.write_pptx(folder.path, made):
                yield None
        journal.note("ended", "eos")
        index.write(folder.path, journal)
        journal.finish()
        self._journal = None
        yield None
        folder.promote()
        self.context.post("result", self._result(folder.final, len(made.slides)))

    def stop(self) -> None:
        """Close the journal. A run that did not get to its end leaves slides.json for what it has."""
        if self._journal is not None and self._folder is not None:
            try:
                if self._journal.last_visit() is not None:
                    index.write(self._folder.path, self._journal)
            except PipelineError as e:
                self.context.warn(f"the slides are on disk and in the journal, but slides.json is not up to date: {e}")
            finally:
                self._journal.close()
        self._journal = None
        if self._folder is not None:
            self._folder.release()
        self._folder = None

    def _opened(self) -> tuple[Journal, OutputFolder]:
        if self._journal is None or self._folder is None:
            raise StageError("the exporter was not started")
        return self._journal, self._folder

    def _write_picture(self, frame: Frame, page: Page, folder: Path) -> SlideRow | None:
        picture = frame.image if isinstance(frame.image, Picture) else self.context.take(frame)
        if picture is None:
            return None
        from stages.picture import to_bgr  # it imports OpenCV, which the start need not wait for

        bgr = to_bgr(picture)
        data = encode(bgr, self.properties.format, self.properties.quality)
        file = file_name(page.slide, self.properties.format)
        write_bytes(folder / file, data)
        height, width = bgr.shape[:2]
        digest = hashlib.sha256(data).hexdigest()
        return SlideRow(page.slide, file, len(data), digest, width, height, page.hash, page.epoch, page.pts_ns)

    def _result(self, final: Path, slides: int) -> dict[str, str | int | None]:
        p = self.properties
        return {
            "location": str(final),
            "slides": slides,
            "json": str(final / index.FILE_NAME),
            "pdf": str(final / documents.PDF_NAME) if p.pdf and slides else None,
            "pptx": str(final / documents.PPTX_NAME) if p.pptx and slides else None,
        }
