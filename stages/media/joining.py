"""All segments of a lecture become one file, with chapters, without transcoding; a stretch without segments stays one.

Where the camera's parameters change (another size, another codec), another file begins: a player could not follow.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import av.error
from av.container import InputContainer, OutputContainer
from av.stream import Stream

from pipeline.errors import DataError, WriteError
from stages.durable import replacing, write_error
from stages.media.pieces import Parameters, Piece, TimedPacket, leader, offset, packets, parameters, reading

if TYPE_CHECKING:  # it exists in the stubs alone
    from av.container.core import Chapter

_MUXERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
_OPTIONS = {"mp4": {"use_editlist": "0"}, "mov": {"use_editlist": "0"}, "matroska": {}}


@dataclass(frozen=True, slots=True)
class Joined:
    """``files``: the first is the one asked for. ``skipped``: pieces that could not be read."""

    files: list[Path] = field(default_factory=list)
    skipped: list[Path] = field(default_factory=list)


def join(
    pieces: Sequence[Piece],
    chapters: Sequence[tuple[int, str]],
    out: Path,
    progress: Callable[[float], None] = lambda done: None,
) -> Joined:
    """Write ``out`` (mp4 or mkv) and, for each change of parameters, out-2, out-3 beside it.

    ``chapters``: lecture time in ns and title, each up to the next. ``progress`` is given the fraction done.
    Raises DataError if no piece can be read, WriteError if there is no room.
    """
    joined = Joined()
    runs = list(_runs(sorted(pieces, key=lambda piece: piece.start_pts_ns), joined.skipped))
    if not runs:
        raise DataError(f"there is nothing to join into '{out}': no segment can be read")
    total, done = sum(map(len, runs)), 0
    for number, run in enumerate(runs, 1):
        path = out if number == 1 else out.with_name(f"{out.stem}-{number}{out.suffix}")
        until_ns = runs[number][0].start_pts_ns if number < len(runs) else None
        with replacing(path) as tmp:
            os.close(os.open(tmp, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            try:
                for _ in _write(run, chapters, tmp, _MUXERS.get(out.suffix, "mp4"), until_ns):
                    done += 1
                    progress(done / total)
            except av.error.FFmpegError as e:
                raise _unwritten(path, e) from e
        joined.files.append(path)
    return joined


def _runs(pieces: Sequence[Piece], skipped: list[Path]) -> Iterator[list[Piece]]:
    run: list[Piece] = []
    of: Parameters = ()
    for piece in pieces:
        try:
            with reading(piece) as container:
                these = parameters(container)
        except DataError:
            skipped.append(piece.path)
            continue
        if run and these != of:
            yield run
            run = []
        run.append(piece)
        of = these
    if run:
        yield run


def _write(
    run: Sequence[Piece], chapters: Sequence[tuple[int, str]], path: Path, muxer: str, until_ns: int | None
) -> Iterator[None]:
    target: Target | None = None
    with av.open(str(path), "w", format=muxer, options=_OPTIONS[muxer]) as container:
        for piece in run:
            with reading(piece) as source:
                if target is None:
                    target = Target(container, source)
                    zero_ns = piece.start_pts_ns
                    end_ns = until_ns or _end_ns(run[-1])
                    container.set_chapters(_chapters(chapters, zero_ns, end_ns))
                target.add(piece, source)
            yield


class Target:
    """The file that is written. Its time 0 is the decoding time of the first packet."""

    def __init__(self, container: OutputContainer, template: InputContainer) -> None:
        self._container = container
        self._streams: dict[int, Stream] = {
            stream.index: container.add_stream_from_template(stream, opaque=True) for stream in template.streams
        }
        self._leader = leader(template)
        self._zero: Fraction | None = None
        self._last: dict[int, int] = {}
        self._end: Fraction | None = None  # where the leading stream ended, in lecture time

    def add(self, piece: Piece, source: InputContainer) -> None:
        """All of ``piece``, at its place."""
        early: list[TimedPacket] = []
        placed: Fraction | None = None
        for timed in packets(source):
            if placed is None:
                early.append(timed)
                if timed.packet.stream_index != self._leader:
                    continue
                placed = offset(piece, timed, self._end)
                if self._zero is None:
                    self._zero = timed.dts + placed
                for waiting in early:
                    self._mux(waiting, placed)
                continue
            self._mux(timed, placed)

    def _mux(self, timed: TimedPacket, placed: Fraction) -> None:
        assert self._zero is not None
        packet, index = timed.packet, timed.packet.stream_index
        base = packet.time_base
        shift = placed - self._zero
        dts, pts = round((timed.dts + shift) / base), round((timed.pts + shift) / base)
        if dts < 0 and index != self._leader:
            return  # sound from before the first picture
        dts = max(dts, self._last.get(index, dts - 1) + 1)
        self._last[index] = dts
        if index == self._leader:
            self._end = timed.dts + timed.duration + placed
        packet.dts, packet.pts = dts, max(pts, dts)
        packet.stream = self._streams[index]
        self._container.mux(packet)


def _end_ns(piece: Piece) -> int:
    with reading(piece) as container:
        return piece.start_pts_ns + round((container.duration or 0) * 1000)


def _chapters(chapters: Sequence[tuple[int, str]], zero_ns: int, end_ns: int) -> list[Chapter]:
    """Those that lie in the file, in ms of its time; one that began earlier begins with it."""
    made: list[Chapter] = []
    ordered = sorted(chapters)
    for number, (start_ns, title) in enumerate(ordered, 1):
        next_ns = ordered[number][0] if number < len(ordered) else end_ns
        start, end = max(start_ns, zero_ns), min(max(next_ns, start_ns), end_ns)
        if start < end:
            made.append(
                {
                    "id": len(made) + 1,
                    "start": (start - zero_ns) // 1_000_000,
                    "end": (end - zero_ns) // 1_000_000,
                    "time_base": Fraction(1, 1000),
                    "metadata": {"title": title},
                }
            )
    return made


def _unwritten(path: Path, error: av.error.FFmpegError) -> WriteError:
    return write_error(path, OSError(error.errno, error.strerror))
