"""Where the NAL units of an H.264 or HEVC packet lie, and their bytes with and without emulation prevention. Pure."""

from __future__ import annotations

import re

START = b"\0\0\1"
_LAST_SLICE = 5  # of nal_unit_type, H.264 table 7-1
_SETS = frozenset({7, 8, 13, 15})
_EMULATED = re.compile(rb"\0\0(?=[\0-\3])")


def length_bytes(extradata: bytes) -> int:
    """Of what stands before each unit, as avcC says (ISO/IEC 14496-15, 5.3.3.1); 0: start codes (H.264 Annex B)."""
    return (extradata[4] & 3) + 1 if len(extradata) > 6 and extradata[0] == 1 else 0


def units(data: bytes, lengths: int) -> list[tuple[int, int]]:
    """Begin and end of each. ``lengths``: bytes of the length before each; 0: start codes."""
    found: list[tuple[int, int]] = []
    if not lengths:
        begin = data.find(START) + 3
        while 3 <= begin < len(data):
            next_ = data.find(START, begin)
            end = len(data) if next_ < 0 else next_
            while end > begin and not data[end - 1]:
                end -= 1  # zero_byte of the next start code, or trailing ones: no unit ends in 0
            if end > begin:
                found.append((begin, end))
            begin = next_ + 3
        return found
    at = 0
    while at + lengths < len(data):
        size = int.from_bytes(data[at : at + lengths], "big")
        at += lengths
        if size == 0 or at + size > len(data):
            break
        found.append((at, at + size))
        at += size
    return found


def is_referred_to(data: bytes, lengths: int) -> bool:
    """Whether other pictures may refer to that of an H.264 packet (nal_ref_idc, 7.4.1), or to parameter sets in it.

    True if it has no slice.
    """
    headers = [data[begin] for begin, _ in units(data, lengths)]
    slices = [header for header in headers if 1 <= header & 31 <= _LAST_SLICE]
    return not slices or any(header & 96 for header in slices) or any(header & 31 in _SETS for header in headers)


def payload(unit: bytes) -> bytes:
    """Without emulation prevention (H.264, 7.4.1.1)."""
    return unit.replace(b"\0\0\3", b"\0\0")


def escaped(raw: bytes) -> bytes:
    """With emulation prevention: what ``payload`` makes ``raw`` of."""
    unit = _EMULATED.sub(b"\0\0\3", raw)
    return unit + b"\3" if unit.endswith(b"\0") else unit
