"""slides.json: its schema as models, and how it is made from the journal and nothing else.

Light enough for the process of the command, which adds what only it knows at the end: ``annotate``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from pipeline.frame import SECOND_NS, Meta
from pipeline.messages import Ledger
from stages.durable import write_bytes
from stages.exporter.page import plain
from stages.journal import FILE_NAME as JOURNAL_NAME
from stages.journal import CaptureRow, Journal, SlideRow, VisitRow

FILE_NAME = "slides.json"


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)  # fields may be added within a version


class Source(_Model):
    """What was converted. What is not known is null."""

    uri: str | None = Field(None, description="path or URL, without passwords")
    duration_ns: int | None = Field(None, description="0: not known before the end")
    fps: float | None = Field(None, description="nominal frames per second; 0: unknown")
    frames: int | None = Field(None, description="estimate of the container; 0: unknown")
    width: int | None = Field(None, description="px")
    height: int | None = Field(None, description="px")
    codec: str | None = None


class Capture(_Model):
    """One capture of a visit: what was decided, and why."""

    pts: float = Field(description="stream time of the captured picture in s")
    pts_ns: int = Field(description="the same, exact, in ns")
    decision: Literal["new", "revisit", "same"]
    why: str = Field(description="dedup's reason in words")
    trigger: dict[str, JsonValue] = Field(description="why this moment was captured, with the thresholds used")
    dedup: dict[str, JsonValue] = Field(description="what it was compared with, and the distance")


class Visit(_Model):
    """A stretch of time in which the slide was shown."""

    start: float = Field(description="the view had become stable: stream time in s")
    start_ns: int
    end: float | None = Field(description="the view was left: stream time in s; null: the run ended before")
    end_ns: int | None
    captures: list[Capture]


class Slide(_Model):
    """A slide, its one picture and every visit to it."""

    number: int = Field(description="place in the exports, from 1, by first_pts")
    id: int = Field(description="stable id, part of the file name")
    file: str = Field(description="path relative to slides.json")
    bytes: int = Field(description="size of the file")
    sha256: str = Field(description="of the file, in hex")
    width: int = Field(description="px")
    height: int = Field(description="px")
    hash: str = Field(description="dedup's image hash, in hex")
    epoch: int = Field(description="connection to the source, from 0; times are of that connection")
    picture_pts: float = Field(description="stream time of the picture in s")
    picture_pts_ns: int
    first_pts: float = Field(description="start of the first visit in s")
    first_pts_ns: int
    last_pts: float = Field(description="end of the last visit in s, or its last capture if it has no end")
    last_pts_ns: int
    visits: list[Visit]


class Index(_Model):
    """The whole file."""

    format: Literal["slidetap/slides"] = "slidetap/slides"
    version: Literal[1] = 1
    complete: bool = Field(description="the source was read to its end and every export was written")
    ended: Literal["eos", "interrupted", "unfinished"] = Field(description="how the run ended")
    source: Source
    slides: list[Slide]
    ledger: dict[str, dict[str, JsonValue]] | None = Field(
        None, description="per stage and link: what became of its frames; null until the command has added it"
    )


def load(journal: Journal) -> Index:
    """The index that the journal stands for. Raises OutputError or WriteError if it cannot be read."""
    notes = journal.notes()
    captures: dict[int, list[CaptureRow]] = {}
    for capture in journal.captures():
        captures.setdefault(capture.visit, []).append(capture)
    visits: dict[int, list[VisitRow]] = {}
    for visit in journal.visits():
        visits.setdefault(visit.slide, []).append(visit)
    slides = [_slide(row, visits[row.id], captures) for row in journal.slides()]
    slides.sort(key=lambda slide: (slide.epoch, slide.first_pts_ns, slide.id))
    ended = notes.get("ended", "unfinished")
    return Index.model_validate(
        {
            "complete": ended == "eos",
            "ended": ended,
            "source": notes.get("source", {}),
            "slides": [slide.model_copy(update={"number": number}) for number, slide in enumerate(slides, 1)],
            "ledger": notes.get("ledger"),
        }
    )


def write(folder: Path, journal: Journal) -> None:
    """Write ``folder``/slides.json atomically. Raises WriteError."""
    write_bytes(folder / FILE_NAME, (load(journal).model_dump_json(indent=1) + "\n").encode())


def read(folder: Path) -> Index:
    """Read ``folder``/slides.json. Raises OSError, or pydantic's ValidationError for another version."""
    return Index.model_validate_json((folder / FILE_NAME).read_bytes())


def annotate(
    folder: Path, *, ledgers: Mapping[str, Ledger], stream: Meta | None = None, interrupted: bool = False
) -> None:
    """Add to a result what only the command knows, once all processes have ended; slides.json is written anew.

    ``ledgers``: of every stage and link. ``stream``: the decoder's message of that name. ``interrupted``: the run was
    drained before the end of its source. It goes into the journal too, so that later exports have it. ``folder`` may
    be a finished one or the .partial one of a run that failed. Raises OutputError if it is no result, WriteError.
    """
    with Journal(folder / JOURNAL_NAME) as journal:
        notes = journal.notes()
        with journal.transaction():
            journal.note("ledger", {name: _account(ledger) for name, ledger in ledgers.items()})
            if stream is not None:
                known = {key: plain(value) for key, value in stream.items() if key in Source.model_fields}
                source = notes.get("source")
                journal.note("source", known | (source if isinstance(source, dict) else {}))
            if interrupted and notes.get("ended") == "eos":
                journal.note("ended", "interrupted")
        write(folder, journal)


def _account(ledger: Ledger) -> JsonValue:
    return asdict(ledger) | {"dropped": dict(ledger.dropped), "missing": ledger.missing}


def _slide(row: SlideRow, visits: list[VisitRow], captures: Mapping[int, list[CaptureRow]]) -> Slide:
    first = min(visit.start_pts_ns for visit in visits)
    last = max(_last_of(visit, captures[visit.id]) for visit in visits)
    return Slide(
        number=0,
        id=row.id,
        file=row.file,
        bytes=row.bytes,
        sha256=row.sha256,
        width=row.width_px,
        height=row.height_px,
        hash=row.hash,
        epoch=row.epoch,
        picture_pts=_seconds(row.picture_pts_ns),
        picture_pts_ns=row.picture_pts_ns,
        first_pts=_seconds(first),
        first_pts_ns=first,
        last_pts=_seconds(last),
        last_pts_ns=last,
        visits=[_visit(visit, captures[visit.id]) for visit in visits],
    )


def _visit(row: VisitRow, captures: list[CaptureRow]) -> Visit:
    return Visit(
        start=_seconds(row.start_pts_ns),
        start_ns=row.start_pts_ns,
        end=None if row.end_pts_ns is None else _seconds(row.end_pts_ns),
        end_ns=row.end_pts_ns,
        captures=[_capture(capture) for capture in captures],
    )


def _capture(row: CaptureRow) -> Capture:
    return Capture.model_validate(
        {
            "pts": _seconds(row.pts_ns),
            "pts_ns": row.pts_ns,
            "decision": row.decision,
            "why": str(row.dedup.get("why") or ""),
            "trigger": row.trigger,
            "dedup": row.dedup,
        }
    )


def _last_of(visit: VisitRow, captures: list[CaptureRow]) -> int:
    if visit.end_pts_ns is not None:
        return visit.end_pts_ns
    return max(visit.start_pts_ns, *(capture.pts_ns for capture in captures))


def _seconds(ns: int) -> float:
    return ns / SECOND_NS
