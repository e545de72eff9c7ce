"""Segments of a recording as pieces of a lecture: where each lies in lecture time, and what it is made of.

Reads packets and their times; decodes nothing and writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import av
import av.error
import av.logging
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream

from pipeline.errors import DataError
from pipeline.frame import SECOND_NS
from stages.journal import SegmentRow

Parameters: TypeAlias = tuple[tuple[object, ...], ...]
PART = ".part"  # appended to a segment's name while it grows
_SNAP = Fraction(1, 20)  # s
_OVERLAP = Fraction(2)  # s; nothing is recorded twice: lecture time, which follows arrivals, lags behind the stamps
_CONTINUED = Fraction(1)  # s; the same for a piece that begins in mid-stream: nothing is missing before it
_NAMES = ("width", "height", "sample_rate", "channels")


@dataclass(frozen=True, slots=True)
class Piece:
    """A file of the recording. ``start_pts_ns``: lecture time of its first packet. ``first_key``: it begins with a
    keyframe; if not, it goes on exactly where the piece before it ends.
    """

    path: Path
    start_pts_ns: int
    first_key: bool = True


def pieces_of(folder: Path, rows: Sequence[SegmentRow]) -> list[Piece]:
    """The files of a lecture's segments that are there, also the one that still grows."""
    found: list[Piece] = []
    for row in rows:
        path = folder / row.file
        part = path.with_name(path.name + PART)
        if row.state != "deleted" and (path.is_file() or part.is_file()):
            found.append(Piece(path if path.is_file() else part, row.start_pts_ns, row.first_key))
    return found


@dataclass(frozen=True, slots=True)
class TimedPacket:
    """A packet and its decoding and presentation time in s of the file."""

    packet: Packet[Stream]
    dts: Fraction
    pts: Fraction

    @property
    def duration(self) -> Fraction:
        return (self.packet.duration or 0) * self.packet.time_base


@contextmanager
def reading(piece: Piece) -> Iterator[InputContainer]:
    """Raises DataError if it is no media file."""
    av.logging.set_libav_level(av.logging.PANIC)
    try:
        container = av.open(f"file:{piece.path.absolute()}", "r", metadata_errors="ignore")
    except (av.error.FFmpegError, ValueError) as e:
        raise DataError(f"'{piece.path}' is no recording that can be read") from e
    try:
        if not container.streams or any(stream.codec_context is None for stream in container.streams):
            raise DataError(f"'{piece.path}' holds streams that this build of FFmpeg does not know")
        yield container
    finally:
        container.close()


def parameters(container: InputContainer) -> Parameters:
    """What must be equal for two pieces to fit into one file."""
    return tuple(
        (
            stream.type,
            stream.codec_context.name,
            bytes(stream.codec_context.extradata or b""),
            *(getattr(stream.codec_context, name, None) for name in _NAMES),
        )
        for stream in container.streams
    )


def leader(container: InputContainer) -> int:
    """Index of the stream that times the piece: its video, else its first."""
    return container.streams.video[0].index if container.streams.video else 0


def packets(container: InputContainer) -> Iterator[TimedPacket]:
    """All packets in the order of the file, up to the first damage.

    Matroska does not keep decoding times: those that FFmpeg cannot tell at the beginning follow from what comes next.
    """
    waiting: dict[int, list[Packet[Stream]]] = {}
    try:
        for packet in container.demux():
            if not packet.size or (packet.pts is None and packet.dts is None):
                continue
            held = waiting.setdefault(packet.stream_index, [])
            if packet.dts is None:
                held.append(packet)
                continue
            for ahead, early in enumerate(reversed(held), 1):
                step = max(1, early.duration or packet.duration or 1)
                early.dts = min(early.pts or 0, packet.dts - ahead * step)
            yield from map(_timed, held)
            held.clear()
            yield _timed(packet)
    except av.error.FFmpegError:
        pass  # what comes behind the damage cannot be found
    for held in waiting.values():
        for early, shown in zip(held, sorted(packet.pts or 0 for packet in held), strict=True):
            early.dts = shown
            yield _timed(early)


def _timed(packet: Packet[Stream]) -> TimedPacket:
    assert packet.dts is not None
    pts = packet.pts if packet.pts is not None else packet.dts
    return TimedPacket(packet, packet.dts * packet.time_base, max(pts, packet.dts) * packet.time_base)


def offset(piece: Piece, first: TimedPacket, end: Fraction | None) -> Fraction:
    """What to add to the file's times to get lecture time, in s. ``first``: the piece's first packet of its leader.

    ``end``: where the piece before ends; one that follows closely is put exactly there, since lecture time jitters.
    """
    told = Fraction(piece.start_pts_ns, SECOND_NS) - first.pts
    if end is not None:
        apart = first.dts + told - end
        if -_OVERLAP < apart < (_SNAP if piece.first_key else _CONTINUED):
            told -= apart
    return told
