"""Parameter sets of H.264, as far as slice headers and reference marking depend on them. Rec. ITU-T H.264, 7.3.2."""

from __future__ import annotations

from dataclasses import dataclass

from stages.decoder.h264.bits import Bits, Malformed

_MORE_FORMATS = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})  # profile_idc, 7.3.2.1.1


@dataclass(frozen=True, slots=True)
class Sequence:
    """Of a sequence parameter set. ``frame_num_bits``, ``poc_bits``: of the two counters; the latter is 0 where order
    follows frame_num. ``size``: width and height of a coded picture in px, of which the upper left part is shown;
    ``most_references``: frames that are held at most.
    """

    frame_num_bits: int
    poc_bits: int
    most_references: int
    frames_only: bool
    chroma: int
    planes_apart: bool
    size: tuple[int, int]

    @property
    def frame_nums(self) -> int:
        """So many there are before they go round."""
        return 1 << self.frame_num_bits

    @property
    def pocs(self) -> int:
        """So many there are before they go round."""
        return 1 << self.poc_bits


@dataclass(frozen=True, slots=True)
class PictureSet:
    """Of a picture parameter set. ``sequence``: the id of its sequence's; ``arithmetic``: slices are coded by CABAC and
    not by variable lengths; ``references``: entries of the two lists if a
    slice does not say; ``weighted``: P slices have a table of weights; ``weighted_b``: B slices have.
    """

    sequence: int
    arithmetic: bool
    bottom_order: bool
    references: tuple[int, int]
    weighted: bool
    weighted_b: bool


def sequence_of(payload: bytes) -> tuple[int, Sequence]:
    """Its id, and what it says. Raises Malformed, also for what is not followed: order of type 1,
    pictures cropped at their left or top, more than 8 bits.
    """
    bits = Bits(payload[1:])
    profile = bits.u(8)
    bits.u(16)
    number = bits.ue()
    chroma, apart = 1, False
    if profile in _MORE_FORMATS:
        chroma = bits.ue()
        apart = chroma == 3 and bits.flag()
        if bits.ue() or bits.ue():
            raise Malformed("more than 8 bits")
        bits.flag()
        if bits.flag():
            _skip_scaling(bits, 8 if chroma != 3 else 12)
    frame_num_bits = bits.ue() + 4
    order = bits.ue()
    if order == 1:
        raise Malformed("order of type 1")
    poc_bits = bits.ue() + 4 if order == 0 else 0
    most = bits.ue()
    bits.flag()
    width, height = 16 * (bits.ue() + 1), 16 * (bits.ue() + 1)
    frames_only = bits.flag()
    if not frames_only:
        height *= 2
        bits.flag()
    bits.flag()
    if bits.flag():
        left, _, top, _ = (bits.ue() for _ in range(4))
        if left or top:
            raise Malformed("cropped at the left or the top")
    return number, Sequence(frame_num_bits, poc_bits, max(1, most), frames_only, chroma, apart, (width, height))


def picture_set_of(payload: bytes) -> tuple[int, PictureSet]:
    """Its id, and what it says. Raises Malformed, also for what is not followed: slice groups, redundant slices."""
    bits = Bits(payload[1:])
    number, sequence = bits.ue(), bits.ue()
    arithmetic, bottom_order = bits.flag(), bits.flag()
    if bits.ue():
        raise Malformed("slice groups")
    references = (bits.ue() + 1, bits.ue() + 1)
    weighted = bits.flag()
    weighted_b = bits.u(2) == 1
    bits.se()
    bits.se()
    bits.se()
    bits.u(2)
    if bits.flag():
        raise Malformed("redundant slices")
    return number, PictureSet(sequence, arithmetic, bottom_order, references, weighted, weighted_b)


def _skip_scaling(bits: Bits, lists: int) -> None:
    for index in range(lists):
        if not bits.flag():
            continue
        last = scale = 8
        for _ in range(16 if index < 6 else 64):
            if scale:
                scale = (last + bits.se()) % 256
            last = scale or last
