"""A stretch of the recording as a file of its own, from the keyframe before it on, for analysing it afterwards.

Only its video; without transcoding.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.error
from av.container import InputContainer
from av.stream import Stream

from pipeline.errors import DataError
from pipeline.frame import SECOND_NS
from stages.durable import replacing, write_error
from stages.media.pieces import Parameters, Piece, leader, offset, packets, parameters, reading


@dataclass(frozen=True, slots=True)
class Stretch:
    """``start_ns``: lecture time of the first frame of the file. ``end_ns``: it holds everything up to there; earlier
    than asked for where the camera's parameters change: cut again from there.
    """

    start_ns: int
    end_ns: int


def cut(pieces: Sequence[Piece], from_ns: int, to_ns: int, out: Path) -> Stretch:
    """Write the frames from ``from_ns`` to ``to_ns`` of lecture time as ``out`` (Matroska).

    Pieces that cannot be read are passed over. Raises DataError if none has a keyframe before ``to_ns``, WriteError
    if there is no room.
    """
    spans = _spans(sorted(pieces, key=lambda piece: piece.start_pts_ns), from_ns, to_ns)
    if not spans:
        raise DataError(f"no segment holds anything of {from_ns / SECOND_NS:.1f} s to {to_ns / SECOND_NS:.1f} s")
    with replacing(out) as tmp:
        os.close(os.open(tmp, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            end = _write(spans, to_ns, tmp)
        except av.error.FFmpegError as e:
            raise write_error(out, OSError(e.errno, e.strerror)) from e
    changed = end is not None and end < Fraction(to_ns, SECOND_NS) and len({span.parameters for span in spans}) > 1
    return Stretch(spans[0].start_ns, round(end * SECOND_NS) if changed and end is not None else to_ns)


@dataclass(slots=True)
class _Span:
    """A piece that is needed. ``offset``: lecture time less the file's, in s. ``begin``: decoding time in the file of
    the keyframe to begin with; ``start_ns``: the lecture time at which it is shown.
    """

    piece: Piece
    parameters: Parameters
    offset: Fraction
    begin: Fraction | None = None
    start_ns: int = 0


def _spans(pieces: Sequence[Piece], from_ns: int, to_ns: int) -> list[_Span]:
    """From the piece with the last keyframe up to ``from_ns`` (or the first one after it) to the end."""
    spans: list[_Span] = []
    end: Fraction | None = None
    for number, piece in enumerate(pieces):
        if piece.start_pts_ns >= to_ns:
            break
        following = next((later.start_pts_ns for later in pieces[number + 1 :] if later.first_key), None)
        if following is not None and following <= from_ns:
            continue  # a later one begins with a keyframe early enough
        try:
            with reading(piece) as container:
                span, end = _look(piece, container, end, from_ns)
        except DataError:
            continue
        if span is not None and span.begin is not None and (not spans or span.start_ns <= from_ns):
            spans = [span]
        elif span is not None and spans:
            spans.append(span)
    return spans


def _look(
    piece: Piece, container: InputContainer, end: Fraction | None, from_ns: int
) -> tuple[_Span | None, Fraction | None]:
    """The piece's place and its best keyframe."""
    index, span = leader(container), None
    for timed in packets(container):
        if timed.packet.stream_index != index:
            continue
        if span is None:
            span = _Span(piece, parameters(container), offset(piece, timed, end))
        end = timed.dts + timed.duration + span.offset
        shown_ns = round((timed.pts + span.offset) * SECOND_NS)
        if timed.packet.is_keyframe and (span.begin is None or shown_ns <= from_ns):
            span.begin, span.start_ns = timed.dts, shown_ns
    return span, end


def _write(spans: Sequence[_Span], to_ns: int, path: Path) -> Fraction | None:
    """Where in lecture time the file ends."""
    end: Fraction | None = None
    zero = (spans[0].begin or Fraction(0)) + spans[0].offset
    last = -1
    with av.open(str(path), "w", format="matroska") as container:
        target: Stream | None = None
        for number, span in enumerate(spans):
            if span.parameters != spans[0].parameters:
                break
            with reading(span.piece) as source:
                index = leader(source)
                if target is None:
                    target = container.add_stream_from_template(source.streams[index], opaque=True)
                for timed in packets(source):
                    if timed.packet.stream_index != index or (
                        number == 0 and span.begin is not None and timed.dts < span.begin
                    ):
                        continue
                    if (timed.dts + span.offset) * SECOND_NS >= to_ns:
                        return end
                    end = timed.dts + timed.duration + span.offset
                    packet, shift = timed.packet, span.offset - zero
                    dts = max(last + 1, round((timed.dts + shift) / packet.time_base))
                    packet.pts = max(dts, round((timed.pts + shift) / packet.time_base))
                    packet.dts = last = dts
                    packet.stream = target
                    container.mux(packet)
    return end
