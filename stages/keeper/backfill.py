"""Slides from the recording where nothing was analysed: each gap is cut out of it, converted and entered afterwards.

Runs in ``finishing``. A gap's slides, visits and captures come into the journal in one transaction with the mark that
it is filled; killed before that, the gap is done again from its start.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import DataError, OutputError, StageError
from pipeline.frame import SECOND_NS
from stages.journal import FILE_NAME as JOURNAL_NAME
from stages.journal import GapRow, Journal, SegmentRow, TransientRow
from stages.keeper.filling import Found, enter, found_in, short_in
from stages.lecture import opened

_SCRATCH = ".backfill"
_BEFORE_NS = 3 * SECOND_NS  # so that what was on screen when the gap began is seen settled
_AFTER_NS = 2 * SECOND_NS
_SHORTEST_NS = SECOND_NS // 2
_MOST = 0.9
_KINDS = ("analysis", "source")

# From a video to the folder of its result. Raises PipelineError.
Convert = Callable[[Path, Path], None]


@dataclass(frozen=True, slots=True)
class Filled:
    """How many gaps were filled, and how many slides were new."""

    gaps: int
    slides: int


def backfill(folder: Path, convert: Convert | None = None) -> Filled:
    """Fill every gap of ``folder`` of which there is a recording. Raises PipelineError."""
    with opened(folder) as journal:
        segments = [row for row in journal.segments() if row.state in ("complete", "salvaged")]
        segments = [row for row in segments if (folder / row.file).is_file()]
        gaps = [gap for gap in journal.gaps() if gap.kind in _KINDS and not gap.filled and _covered(gap, segments)]
    slides = 0
    try:
        for gap in gaps:
            found, transients = _analysed(folder, gap, segments, convert or convert_file)
            with opened(folder) as journal:
                slides += enter(folder, journal, gap, found, transients)
    finally:
        shutil.rmtree(folder / _SCRATCH, ignore_errors=True)
    return Filled(len(gaps), slides)


def _covered(gap: GapRow, segments: list[SegmentRow]) -> bool:
    """Whether there is a recording of it. A source that was away is there again a moment before that is noticed; of a
    gap in it nearly all must have been recorded for it to be none.
    """
    end_ns = gap.end_pts_ns
    if end_ns is None:
        return False
    held_ns = sum(
        max(0, min(row.end_pts_ns or 0, end_ns) - max(row.start_pts_ns, gap.start_pts_ns)) for row in segments
    )
    length_ns = end_ns - gap.start_pts_ns
    return held_ns >= min(_SHORTEST_NS, length_ns) > 0 and (gap.kind == "analysis" or held_ns >= _MOST * length_ns)


def _analysed(
    folder: Path, gap: GapRow, segments: list[SegmentRow], convert: Convert
) -> tuple[list[Found], list[TransientRow]]:
    """What the recording shows of the gap, in lecture time: slides, and what was too short for one."""
    from stages.media.cutting import cut
    from stages.media.pieces import Piece

    scratch = folder / _SCRATCH
    shutil.rmtree(scratch, ignore_errors=True)  # of one that was killed
    try:
        scratch.mkdir(mode=0o700)
    except OSError as e:
        raise OutputError(f"cannot work in '{folder}': {e.strerror}") from e
    pieces = [Piece(folder / row.file, row.start_pts_ns, row.first_key) for row in segments]
    assert gap.end_pts_ns is not None
    begin_ns, end_ns = max(0, gap.start_pts_ns - _BEFORE_NS), gap.end_pts_ns + _AFTER_NS
    found: list[Found] = []
    transients: list[TransientRow] = []
    while begin_ns < end_ns:
        video, result = scratch / f"{begin_ns}.mkv", scratch / f"{begin_ns}"
        try:
            stretch = cut(pieces, begin_ns, end_ns, video)
        except DataError:
            break  # nothing more of it can be read
        try:
            convert(video, result)
            with Journal(result / JOURNAL_NAME) as journal:
                found += found_in(result, journal, stretch.start_ns)
                transients += short_in(journal, stretch.start_ns)
        except DataError:
            pass  # it holds no picture, and will hold none at the next try
        if stretch.end_ns <= begin_ns:
            break
        begin_ns = stretch.end_ns  # where the camera's parameters change, a new file begins
    return found, transients


def convert_file(video: Path, result: Path, segmentation: Mapping[str, object] | None = None) -> None:
    """As ``slidetap convert`` does, in one process, without documents and slide area. Raises PipelineError.

    ``segmentation``: properties of the stage that finds the presenter; None: as if nobody stood there.
    """
    from pipeline import supervisor
    from stages import conversion

    options = conversion.Options(pdf=False, area=False, fused=True, segmentation=segmentation)
    outcome = supervisor.run(conversion.pipeline(conversion.Conversion(str(video), result), options))
    if outcome.error is not None:
        raise outcome.error
    if outcome.signal is not None:
        raise StageError("interrupted")
