"""Reads the headers of packets in the order of a stream, with the parameter sets that are in force.

It sees what of a packet is its content, and what merely counts pictures (frame_num, pic_order_cnt_lsb); the two can be
moved, as a decoder only looks at how they differ between pictures (Rec. ITU-T H.264, 8.2.1, 8.2.4.1 and 8.2.5).
"""

from __future__ import annotations

from dataclasses import dataclass

from stages.decoder.h264.bits import Malformed
from stages.decoder.h264.parameters import PictureSet, Sequence, picture_set_of, sequence_of
from stages.decoder.h264.slices import IDR, Marks, Slice, picture_set_id, slice_of
from stages.decoder.units import escaped, length_bytes, payload, units

_SLICE, _SEQUENCE, _PICTURE = 1, 7, 8  # nal_unit_type, table 7-1
_PARTITIONS = range(2, 5)
_HEADER_BYTES = (40, 256)  # as much as most take, and more than any does; numbers of fewer bits are read sooner
_ESCAPED = 3  # bytes up to this are escaped after two zeros


@dataclass(frozen=True, slots=True)
class Coded:
    """A coded picture. ``content``: equal for two of one stream only if all of them is, and all that it is decoded by,
    but for the counters; None if it was not wanted. ``backward``: it may refer to pictures that are shown later.
    ``marks``: as of a slice.
    """

    idr: bool
    reference: bool
    backward: bool
    frame_num: int
    poc: int
    marks: Marks | None
    sequence: Sequence
    content: bytes | None


class Headers:
    """``extradata``: of the stream; packets may have parameter sets of their own. ``doubtful``: some of them are not
    followed, or take the place of others: then no packet is.
    """

    def __init__(self, extradata: bytes) -> None:
        self.doubtful = False
        self._lengths = length_bytes(extradata)
        self._sequences: dict[int, Sequence] = {}
        self._pictures: dict[int, PictureSet] = {}
        self._sets: dict[tuple[int, int], bytes] = {}  # by kind and number
        self._note_all(_of_avcc(extradata) if self._lengths else _of(extradata, 0))

    def read(self, data: bytes, content: bool) -> Coded | None:
        """The packet's picture; None if its headers are not followed. ``content``: is wanted."""
        own = _of(data, self._lengths)
        self._note_all(own)
        return self._coded(own, content)

    def note(self, data: bytes) -> None:
        """The packet's parameter sets alone."""
        self._note_all(_of(data, self._lengths))

    def moved(self, data: bytes, frame_num: int, poc: int) -> bytes:
        """The packet as it is if its counters are less by so much. Raises Malformed if its headers are not followed."""
        made, done = bytearray(), 0
        for begin, end in units(data, self._lengths):
            if data[begin] & 31 not in (_SLICE, IDR):
                continue
            unit = data[begin:end]
            of, _, sequence = self._slice(unit)
            unit = _counting(unit, of, sequence, of.frame_num - frame_num, of.poc - poc)
            made += data[done : begin - self._lengths]
            made += len(unit).to_bytes(self._lengths, "big") if self._lengths else b""
            made += unit
            done = end
        return bytes(made + data[done:])

    def _note_all(self, own: list[bytes]) -> None:
        for unit in own:
            if unit[0] & 31 in (_SEQUENCE, _PICTURE):
                self._note(unit)

    def _note(self, unit: bytes) -> None:
        """A parameter set. Of one that is in force already nothing changes; any other of its number is doubtful."""
        kind, raw = unit[0] & 31, payload(unit)
        try:
            if kind == _SEQUENCE:
                number, sequence = sequence_of(raw)
                self._sequences[number] = sequence
            else:
                number, picture = picture_set_of(raw)
                self._pictures[number] = picture
        except Malformed:
            self.doubtful = True
            return
        self.doubtful |= self._sets.setdefault((kind, number), unit) != unit

    def _slice(self, unit: bytes) -> tuple[Slice, PictureSet, Sequence]:
        usual, most = _HEADER_BYTES
        raw = payload(unit[:usual])
        picture = self._pictures.get(picture_set_id(raw))
        sequence = self._sequences.get(picture.sequence) if picture is not None else None
        if picture is None or sequence is None or self.doubtful:
            raise Malformed("its parameter set is not known")
        try:
            return slice_of(raw, picture, sequence), picture, sequence
        except Malformed:
            if len(unit) <= usual:
                raise
            return slice_of(payload(unit[:most]), picture, sequence), picture, sequence

    def _coded(self, own: list[bytes], wanted: bool) -> Coded | None:
        """Of all its units."""
        first: tuple[Slice, Sequence] | None = None
        backward = False
        content: list[bytes] = []
        try:
            for unit in own:
                kind = unit[0] & 31
                if kind in _PARTITIONS:
                    return None
                if kind in (_SLICE, IDR):
                    of, picture, sequence = self._slice(unit)
                    first = first or (of, sequence)
                    if _of_picture(of) != _of_picture(first[0]) or sequence != first[1]:
                        return None
                    backward = backward or of.backward
                    unit = _uncounted(unit, of, picture, sequence) if wanted else unit
                content += [len(unit).to_bytes(4, "big"), unit] if wanted else []
        except Malformed:
            return None
        if first is None:
            return None
        of, sequence = first
        whole = b"".join(content) if wanted else None
        return Coded(of.idr, of.reference, backward, of.frame_num, of.poc, of.marks, sequence, whole)


def _uncounted(unit: bytes, of: Slice, picture: PictureSet, sequence: Sequence) -> bytes:
    """What of a slice is its content. CABAC ends at the stop bit. Of two slices that differ in the last bit alone one
    has it before that, so the other ends there as well, whatever it has behind: x264 sets that bit at random.
    """
    content = _counting(unit, of, sequence, 0, 0)
    return content[:-1] + bytes([content[-1] & 0xFE]) if picture.arithmetic else content


def _of_picture(of: Slice) -> tuple[bool, bool, int, int, Marks | None]:
    """What all slices of one picture agree on."""
    return of.idr, of.reference, of.frame_num, of.poc, of.marks


def _of(data: bytes, lengths: int) -> list[bytes]:
    return [data[begin:end] for begin, end in units(data, lengths)]


def _of_avcc(extradata: bytes) -> list[bytes]:
    """The parameter sets of an avcC box (ISO/IEC 14496-15, 5.3.3.1)."""
    found: list[bytes] = []
    at = 5
    for mask in (31, 255):
        count = extradata[at] & mask if at < len(extradata) else 0
        at += 1
        for _ in range(count):
            size = int.from_bytes(extradata[at : at + 2], "big")
            found.append(extradata[at + 2 : at + 2 + size])
            at += 2 + size
    return [unit for unit in found if unit]


def _counting(unit: bytes, of: Slice, sequence: Sequence, frame_num: int, poc: int) -> bytes:
    """The unit of this slice with other counters. What stands behind them stays as it is, to the byte."""
    end = max(of.frame_num_at + sequence.frame_num_bits, of.poc_at + sequence.poc_bits)
    cut = end // 8 + 1
    # Where no emulation prevention reaches across, behind the counters.
    while cut < len(unit) and (unit[cut - 1] <= _ESCAPED or 8 * (len(payload(unit[:cut])) - 1) < end):
        cut += 1
    raw = _put(payload(unit[:cut]), of.frame_num_at, sequence.frame_num_bits, frame_num)
    if of.poc_at >= 0:
        raw = _put(raw, of.poc_at, sequence.poc_bits, poc)
    return escaped(raw) + unit[cut:]


def _put(raw: bytes, at: int, bits: int, value: int) -> bytes:
    """With ``value``, as far as it goes into so many bits, at this bit."""
    end = (at + bits + 7) // 8
    left = 8 * end - at - bits
    mask = (1 << bits) - 1
    head = int.from_bytes(raw[:end], "big") & ~(mask << left) | (value & mask) << left
    return head.to_bytes(end, "big") + raw[end:]
