"""slides.json, made from the journal and nothing else.

Light enough for the process of the command, which adds what only it knows at the end: ``annotate``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from pydantic import JsonValue

from pipeline.frame import SECOND_NS, Meta
from pipeline.messages import Ledger
from stages.durable import write_bytes
from stages.exporter import area
from stages.exporter.model import Capture, Index, Presenter, Slide, Source, State, Visit
from stages.exporter.page import plain
from stages.exporter.transients import MOST, placed, transient
from stages.journal import FILE_NAME as JOURNAL_NAME
from stages.journal import CaptureRow, GapRow, Journal, PresenterFreeRow, SegmentRow, SlideRow, VisitRow
from stages.lecture import CLOSED, ENDED, INDEX_NAME, LECTURE, OPEN, STATE


def load(journal: Journal) -> Index:
    """The index that the journal stands for. Raises OutputError or WriteError if it cannot be read."""
    notes = journal.notes()
    lecture = notes.get(LECTURE)
    is_lecture = isinstance(lecture, dict)
    captures: dict[int, list[CaptureRow]] = {}
    for capture in sorted(journal.captures(), key=lambda capture: _place(is_lecture, capture.epoch, capture.pts_ns)):
        captures.setdefault(capture.visit, []).append(capture)
    visits: dict[int, list[VisitRow]] = {}
    for visit in sorted(journal.visits(), key=lambda visit: _place(is_lecture, visit.epoch, visit.start_pts_ns)):
        visits.setdefault(visit.slide, []).append(visit)
    free = {row.slide: row for row in journal.all_presenter_free()}
    states: dict[int, list[SlideRow]] = {}
    for state in journal.states():
        states.setdefault(state.id, []).append(state)
    slides = [
        _slide(row, visits[row.id], captures, free.get(row.id), states.get(row.id, []), notes.get(area.AREA))
        for row in journal.slides()
        if row.id in visits
    ]
    slides.sort(key=lambda slide: (*_place(is_lecture, slide.epoch, slide.first_pts_ns), slide.id))
    slides = [slide.model_copy(update={"number": number}) for number, slide in enumerate(slides, 1)]
    closed = notes.get(STATE) == CLOSED
    ended = notes.get("ended") or ("eos" if closed else "unfinished")
    return Index.model_validate(
        {
            "complete": ended == "eos",
            "ended": ended,
            "source": notes.get("source", {}),
            "slides": slides,
            "slide_area": area.found(notes.get(area.AREA)),
            "transients": placed(map(transient, journal.transients(MOST)), slides),
            "lecture": {**lecture, "ended_wall_ns": notes.get(ENDED), "state": CLOSED if closed else OPEN}
            if isinstance(lecture, dict)
            else None,
            "gaps": [_timed(gap) for gap in journal.gaps()],
            "segments": [_timed(segment) for segment in journal.segments()],
            "marks": [asdict(mark) | {"pts": _seconds(mark.pts_ns)} for mark in journal.marks()],
            "ledger": notes.get("ledger"),
        }
    )


def write(folder: Path, journal: Journal) -> None:
    """Write ``folder``/slides.json atomically. Raises WriteError."""
    save(folder, load(journal))


def save(folder: Path, made: Index) -> None:
    """Write ``made`` as ``folder``/slides.json atomically. Raises WriteError."""
    write_bytes(folder / INDEX_NAME, (made.model_dump_json(indent=1) + "\n").encode())


def read(folder: Path) -> Index:
    """Read ``folder``/slides.json. Raises OSError, or pydantic's ValidationError for another version."""
    return Index.model_validate_json((folder / INDEX_NAME).read_bytes())


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


def _place(is_lecture: bool, epoch: int, pts_ns: int) -> tuple[int, int]:
    """Order of time: lecture time goes on over all connections, while their epochs may count anew."""
    return (0 if is_lecture else epoch, pts_ns)


def _timed(row: GapRow | SegmentRow) -> dict[str, JsonValue]:
    start, end = row.start_pts_ns, row.end_pts_ns
    times = {"start": _seconds(start), "start_ns": start, "end": _end(end), "end_ns": end}
    return asdict(row) | times


def _account(ledger: Ledger) -> JsonValue:
    return asdict(ledger) | {"dropped": dict(ledger.dropped), "missing": ledger.missing}


def percent(share: float) -> float:
    """``share`` of 0 to 1 in percent, to two places; 100 is all of it, and 0 nothing."""
    rounded = round(100 * share, 2)
    return rounded if share in (0, 1) else min(max(rounded, 0.01), 99.99)


def _slide(
    row: SlideRow,
    visits: list[VisitRow],
    captures: Mapping[int, list[CaptureRow]],
    free: PresenterFreeRow | None,
    earlier: list[SlideRow],
    area_note: JsonValue,
) -> Slide:
    first = min(visit.start_pts_ns for visit in visits)
    last = max(_last_of(visit, captures.get(visit.id, [])) for visit in visits)
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
        visits=[_visit(visit, captures.get(visit.id, [])) for visit in visits],
        wall_ns=row.wall_ns or None,
        version=row.version,
        presenter=None if free is None else _presenter(free, row),
        states=[_state(state) for state in (*earlier, row)] if earlier else [],
        area_picture=area.picture_of(area_note, row.id, row.sha256),
    )


def _state(row: SlideRow) -> State:
    return State(
        version=row.version,
        file=row.file,
        bytes=row.bytes,
        sha256=row.sha256,
        pts=_seconds(row.picture_pts_ns),
        pts_ns=row.picture_pts_ns,
    )


def _presenter(free: PresenterFreeRow, own: SlideRow) -> Presenter:
    of_file = free if free.file is not None else own
    return Presenter(
        hidden_percent=percent(free.hidden),
        revealed_percent=percent(free.revealed),
        file=free.file or own.file,
        bytes=of_file.bytes,
        sha256=of_file.sha256,
        version=free.version,
    )


def _visit(row: VisitRow, captures: list[CaptureRow]) -> Visit:
    return Visit(
        start=_seconds(row.start_pts_ns),
        start_ns=row.start_pts_ns,
        end=_end(row.end_pts_ns),
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
            "wall_ns": row.wall_ns or None,
        }
    )


def _last_of(visit: VisitRow, captures: list[CaptureRow]) -> int:
    if visit.end_pts_ns is not None:
        return visit.end_pts_ns
    return max([visit.start_pts_ns, *(capture.pts_ns for capture in captures)])


def _end(ns: int | None) -> float | None:
    return None if ns is None else _seconds(ns)


def _seconds(ns: int) -> float:
    return ns / SECOND_NS
