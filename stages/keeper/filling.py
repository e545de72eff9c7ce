"""Slides of a converted stretch among those of its lecture: which are known there, which are new, and their rows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.frame import SECOND_NS
from stages.durable import write_bytes
from stages.journal import CaptureRow, GapRow, Journal, PresenterFreeRow, SlideRow, TransientRow
from stages.keeper.filling_presenter import FoundPresenterFree, copied, improve, presenter_free_in
from stages.keeper.joining_visits import Part, joined
from stages.lecture import PICTURES
from stages.presets import PRESETS

if TYPE_CHECKING:
    from stages.dedup.fingerprint import Fingerprint
    from stages.dedup.known import KnownSlides
    from stages.dedup.properties import DedupProperties

_SHORTEST_NS = SECOND_NS // 5  # what is left of a known slide's visit at the edge of a gap


@dataclass(frozen=True, slots=True)
class FoundVisit:
    """In lecture time."""

    start_ns: int
    end_ns: int
    captures: tuple[CaptureRow, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A slide of a stretch: its row there, where its picture is, when it was shown, and what it is without a presenter,
    if one was looked for.
    """

    row: SlideRow
    picture: Path
    visits: tuple[FoundVisit, ...]
    free: FoundPresenterFree | None = None


def found_in(result: Path, journal: Journal, offset_ns: int) -> list[Found]:
    """The slides of a conversion; ``offset_ns``: lecture time of its first frame."""
    captures = journal.captures()
    latest_ns = max([capture.pts_ns for capture in captures], default=0)
    found = []
    for row in journal.slides():
        visits = tuple(
            FoundVisit(
                visit.start_pts_ns + offset_ns,
                (latest_ns if visit.end_pts_ns is None else visit.end_pts_ns) + offset_ns,
                tuple(replace(each, pts_ns=each.pts_ns + offset_ns) for each in captures if each.visit == visit.id),
            )
            for visit in journal.visits()
            if visit.slide == row.id
        )
        free = presenter_free_in(result, journal, row.id, row.file, offset_ns)
        in_lecture = replace(row, picture_pts_ns=row.picture_pts_ns + offset_ns)
        found.append(Found(in_lecture, result / row.file, visits, free))
    return found


def within(visit: FoundVisit, gap: GapRow) -> FoundVisit | None:
    """The part of a visit that lies in the gap; None if there is none. Captures outside are the lecture's own."""
    assert gap.end_pts_ns is not None
    start_ns, end_ns = max(visit.start_ns, gap.start_pts_ns), min(visit.end_ns, gap.end_pts_ns)
    if start_ns >= end_ns:
        return None
    return FoundVisit(start_ns, end_ns, tuple(each for each in visit.captures if start_ns <= each.pts_ns <= end_ns))


def short_in(journal: Journal, offset_ns: int) -> list[TransientRow]:
    """The transients of a conversion; ``offset_ns`` as for its slides."""
    return [
        replace(row, start_pts_ns=row.start_pts_ns + offset_ns, end_pts_ns=row.end_pts_ns + offset_ns)
        for row in journal.transients()
    ]


def enter(
    folder: Path, journal: Journal, gap: GapRow, found: list[Found], transients: Sequence[TransientRow] = ()
) -> int:
    """Write what belongs into the gap and that it is filled; how many slides are new. Raises OutputError."""
    known = _known(folder, journal)
    next_id = journal.last_slide() + 1
    new: list[SlideRow] = []
    free: list[tuple[PresenterFreeRow, bytes | None]] = []
    again: list[tuple[int, FoundPresenterFree]] = []
    visits: list[tuple[int, FoundVisit, str]] = []
    recorded = _recorded(journal, gap)
    for each in found:
        inside = [part for part in (within(visit, gap) for visit in each.visits) if part is not None]
        if not inside:
            continue
        seen = _fingerprint(each.picture, each.free)
        match = known.find(seen)
        if match is not None and match.same:
            slide, decision = match.slide, "revisit"
            inside = [part for part in inside if part.end_ns - part.start_ns >= _SHORTEST_NS]
            if each.free is not None:
                again.append((slide, each.free))
        else:
            slide, decision, next_id = next_id, "new", next_id + 1
            known.add(slide, seen)
            new.append(_with_picture(folder, each, slide, recorded))
            if each.free is not None:
                free.append((copied(folder, each.free, slide), each.free.seen))
        visits += [(slide, part, decision) for part in inside]
    parts = [Part(slide, part.start_ns, part.end_ns) for slide, part, _ in visits]
    with journal.transaction():
        for row in new:
            journal.add_slide(row)
        for free_row, seen_of_it in free:
            journal.set_presenter_free(free_row, seen_of_it)
        for stretch in joined(journal.visits(), gap, parts):
            if stretch.visit is None:
                visit = journal.open_visit(stretch.slide, recorded.epoch, stretch.start_ns)
                journal.end_visit(visit, stretch.end_ns)
            else:
                journal.move_visit(stretch.visit, stretch.start_ns, stretch.end_ns)
                for part_of_it in stretch.absorbed:
                    journal.merge_visit(part_of_it, stretch.visit)
        for slide, part, decision in visits:
            _enter_captures(journal, slide, part, decision, recorded)
        assert gap.end_pts_ns is not None, "only a gap that has ended is filled"
        journal.add_transients(row for row in transients if gap.start_pts_ns <= row.start_pts_ns < gap.end_pts_ns)
        journal.fill_gap(gap.id)
    improve(folder, journal, again, recorded.epoch)
    return len(new)


def _enter_captures(journal: Journal, slide: int, part: FoundVisit, decision: str, recorded: _Recorded) -> None:
    visit = next(
        visit.id
        for visit in journal.visits()
        if visit.slide == slide
        and visit.start_pts_ns <= part.start_ns
        and (visit.end_pts_ns is None or part.end_ns <= visit.end_pts_ns)
    )
    for capture in part.captures:
        epoch, pts_ns = recorded.epoch, capture.pts_ns
        if journal.has_capture(epoch, pts_ns):
            continue
        dedup = {**capture.dedup, "slide": slide, "backfilled": True}
        wall_ns = recorded.wall_ns(pts_ns)
        journal.add_capture(CaptureRow(epoch, pts_ns, visit, decision, capture.trigger, dedup, wall_ns))
        decision = "same"


def _with_picture(folder: Path, found: Found, slide: int, recorded: _Recorded) -> SlideRow:
    """Its picture is durable in the lecture's folder before a row names it."""
    data, row = found.picture.read_bytes(), found.row
    file = f"{PICTURES}/slide-{slide:04}{found.picture.suffix}"
    write_bytes(folder / file, data)
    digest, wall_ns = hashlib.sha256(data).hexdigest(), recorded.wall_ns(row.picture_pts_ns)
    size = (row.width_px, row.height_px)
    return SlideRow(slide, file, len(data), digest, *size, row.hash, recorded.epoch, row.picture_pts_ns, wall_ns)


@dataclass(frozen=True, slots=True)
class _Recorded:
    """Which connection recorded the gap, and what to add to lecture time to get the time on the wall (0: unknown)."""

    epoch: int = 0
    wall_offset_ns: int = 0

    def wall_ns(self, pts_ns: int) -> int:
        return pts_ns + self.wall_offset_ns if self.wall_offset_ns else 0


def _recorded(journal: Journal, gap: GapRow) -> _Recorded:
    before = [row for row in journal.segments() if row.start_pts_ns <= gap.start_pts_ns]
    return _Recorded(before[-1].epoch, before[-1].start_wall_ns - before[-1].start_pts_ns) if before else _Recorded()


def _known(folder: Path, journal: Journal) -> KnownSlides:
    from functools import partial

    from stages.dedup.content import Rules
    from stages.dedup.fingerprint import hashes
    from stages.dedup.known import KnownSlides

    properties = _properties()
    rules = Rules(properties.same_percent, properties.kept_percent, properties.touched_percent)
    hashing = partial(hashes, properties=properties)
    known = KnownSlides(properties.distance, properties.confirm_distance, rules, hashing)
    for row in journal.slides():
        if (folder / row.file).is_file():
            free = presenter_free_in(folder, journal, row.id, row.file, 0)
            known.add(row.id, _fingerprint(folder / row.file, free))
    return known


def _fingerprint(path: Path, free: FoundPresenterFree | None) -> Fingerprint:
    """Of what was seen of a slide: where a presenter was looked for, they are not in it."""
    import cv2
    import numpy as np

    from pipeline.errors import OutputError
    from pipeline.frame import Layout, Picture
    from stages.dedup.fingerprint import fingerprint

    path = path if free is None else free.picture
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise OutputError(f"'{path}' is in the journal, but is no picture that can be read")
    picture = Picture(Layout("bgr24", bgr.shape[1], bgr.shape[0]), (bgr.astype(np.uint8, copy=False),))
    unseen = None if free is None else free.unseen()
    seen = fingerprint(picture, _properties(), unseen, looked_for=free is not None)
    assert seen is not None, "the default preset has a hash"
    return seen


def _properties() -> DedupProperties:
    from pipeline.stage import validated
    from stages.dedup.properties import DedupProperties

    given: Mapping[str, object] = PRESETS["default"]["dedup"]
    properties = validated(DedupProperties, given)
    assert isinstance(properties, DedupProperties)
    return properties
