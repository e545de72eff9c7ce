"""The header of a slice: which picture it is of, and what it does to those that are held for reference.

Rec. ITU-T H.264, 7.3.3 and 7.4.3. What is rare is refused rather than followed: fields, SP and SI slices, reordering of
the second list, forgetting all references without an IDR picture.
"""

from __future__ import annotations

from dataclasses import dataclass

from stages.decoder.h264.bits import Bits, Malformed
from stages.decoder.h264.parameters import PictureSet, Sequence

_P, _B, _I = 0, 1, 2
_MOST_ENTRIES = 32
IDR = 5
# memory_management_control_operation, table 7-9
FORGET, FORGET_LONG, KEEP, MOST_LONG, _RESET, KEEP_THIS = range(1, 7)
Marks = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """``frame_num_at``, ``poc_at``: where the counters stand, in bits of the unit without emulation prevention; the
    latter is -1 if there is none. ``marks``: what happens to those that are held, each an operation and its operands;
    how far back a picture is counts in frame_num. None: the oldest is forgotten, where there is no room.
    """

    idr: bool
    reference: bool
    backward: bool
    frame_num: int
    frame_num_at: int
    poc: int
    poc_at: int
    marks: Marks | None


def picture_set_id(payload: bytes) -> int:
    """Of the slice in a unit. Raises Malformed."""
    bits = Bits(payload[1:17])
    bits.ue()
    bits.ue()
    return bits.ue()


def slice_of(payload: bytes, picture: PictureSet, sequence: Sequence) -> Slice:
    """Of a unit without emulation prevention, or its beginning. Raises Malformed."""
    idr, reference = payload[0] & 31 == IDR, bool(payload[0] & 96)
    bits = Bits(payload)
    bits.u(8)
    bits.ue()
    kind = bits.ue() % 5
    if kind > _I:
        raise Malformed("a switching slice")
    bits.ue()
    if sequence.planes_apart:
        bits.u(2)
    frame_num_at = bits.at
    frame_num = bits.u(sequence.frame_num_bits)
    if not sequence.frames_only and bits.flag():
        raise Malformed("a field")
    if idr:
        bits.ue()
    poc, poc_at = 0, -1
    if sequence.poc_bits:
        poc_at = bits.at
        poc = bits.u(sequence.poc_bits)
        if picture.bottom_order:
            bits.se()
    if kind == _B:
        bits.flag()
    if kind != _I:
        _skip_lists(bits, kind, picture, sequence)
    marks = _marks(bits, idr) if reference else None
    return Slice(idr, reference, kind == _B, frame_num, frame_num_at, poc, poc_at, marks)


def _skip_lists(bits: Bits, kind: int, picture: PictureSet, sequence: Sequence) -> None:
    entries = list(picture.references)
    if bits.flag():
        entries[0] = bits.ue() + 1
        if kind == _B:
            entries[1] = bits.ue() + 1
    if max(entries) > _MOST_ENTRIES:
        raise Malformed("too many references")
    if bits.flag():
        while (how := bits.ue()) != 3:
            if how > 2:
                raise Malformed("a list in no known order")
            bits.ue()
    if kind == _B and bits.flag():
        raise Malformed("a second list in another order")
    if picture.weighted_b if kind == _B else picture.weighted:
        _skip_weights(bits, entries[: 2 if kind == _B else 1], bool(sequence.chroma) and not sequence.planes_apart)


def _skip_weights(bits: Bits, entries: list[int], colour: bool) -> None:
    bits.ue()
    if colour:
        bits.ue()
    for each in entries:
        for _ in range(each):
            for numbers in (2, 4) if colour else (2,):
                if bits.flag():
                    for _ in range(numbers):
                        bits.se()


def _marks(bits: Bits, idr: bool) -> Marks | None:
    """Of a picture that is referred to (7.3.3.3)."""
    if idr:
        bits.flag()
        return ((KEEP_THIS, 0),) if bits.flag() else None
    if not bits.flag():
        return None
    found: list[tuple[int, ...]] = []
    while operation := bits.ue():
        if operation == _RESET or operation > KEEP_THIS:
            raise Malformed("all are forgotten")
        first = bits.ue() + (operation in (FORGET, KEEP))
        found.append((operation, first, bits.ue()) if operation == KEEP else (operation, first))
    return tuple(found)
