"""Access units into RTP packets as they travel inside an RTSP connection. Pure functions of bytes.

H.264 by RFC 6184 (single NAL, FU-A), H.265 by RFC 7798 (single NAL, FU), MPEG-4 part 2 by RFC 6416, AAC by RFC 3640
(AAC-hbr, one access unit a packet); framing by RFC 2326 section 10.12.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

PAYLOAD_BYTES = 1400
FRAMING = 4  # "$", channel, length
HEADER = 12
_START_CODE = re.compile(b"\x00\x00\x01")
_FU_A, _FU_265 = 28, 49


@dataclass(frozen=True, slots=True)
class Packed:
    """The packets of one access unit in one piece, ready but for sequence numbers, time and channel.

    ``starts``: where in ``data`` each packet's framing begins.
    """

    data: bytes
    starts: tuple[int, ...]

    def stamped(self, sequence: int, timestamp: int, channel: int) -> bytearray:
        """The bytes to send; packets are numbered from ``sequence`` on, modulo 2^16, times modulo 2^32."""
        made = bytearray(self.data)
        timestamp &= 0xFFFFFFFF
        for place, start in enumerate(self.starts):
            made[start + 1] = channel
            struct.pack_into(">HI", made, start + FRAMING + 2, (sequence + place) & 0xFFFF, timestamp)
        return made


def packed(payloads: Sequence[bytes], payload_type: int, ssrc: int) -> Packed:
    """Framed packets with these payloads; the last has the marker, which ends an access unit."""
    pieces: list[bytes] = []
    starts: list[int] = []
    at = 0
    for place, payload in enumerate(payloads):
        marker = 0x80 if place == len(payloads) - 1 else 0
        head = struct.pack(">cBHBBHII", b"$", 0, HEADER + len(payload), 0x80, marker | payload_type, 0, 0, ssrc)
        pieces += (head, payload)
        starts.append(at)
        at += len(head) + len(payload)
    return Packed(b"".join(pieces), tuple(starts))


def nals(annex_b: bytes) -> list[bytes]:
    """The NAL units between start codes of three or four bytes."""
    ends = list(_START_CODE.finditer(annex_b))
    following = [match.start() for match in ends[1:]] + [len(annex_b)]
    found = (annex_b[match.end() : end] for match, end in zip(ends, following, strict=True))
    return [stripped for nal in found if (stripped := nal.rstrip(b"\x00"))]


def h264_payloads(unit: bytes) -> list[bytes]:
    """Single NAL unit packets, and FU-A for what is too large for one."""
    made: list[bytes] = []
    for nal in nals(unit):
        if len(nal) <= PAYLOAD_BYTES:
            made.append(nal)
            continue
        indicator, kind = nal[0] & 0xE0 | _FU_A, nal[0] & 0x1F
        made += (bytes((indicator, flags | kind)) + piece for flags, piece in _fragments(nal[1:]))
    return made


def hevc_payloads(unit: bytes) -> list[bytes]:
    """The same with H.265's header of two bytes."""
    made: list[bytes] = []
    for nal in nals(unit):
        if len(nal) <= PAYLOAD_BYTES:
            made.append(nal)
            continue
        head, kind = bytes((nal[0] & 0x81 | _FU_265 << 1, nal[1])), nal[0] >> 1 & 0x3F
        made += (head + bytes((flags | kind,)) + piece for flags, piece in _fragments(nal[2:]))
    return made


def plain_payloads(unit: bytes) -> list[bytes]:
    """Cut to size, nothing added: MPEG-4 part 2, G.711."""
    return [unit[at : at + PAYLOAD_BYTES] for at in range(0, len(unit), PAYLOAD_BYTES)]


def aac_payloads(unit: bytes) -> list[bytes]:
    """One access unit with its header of 13 bits of size and 3 of index."""
    return [struct.pack(">HH", 16, len(unit) << 3) + unit]


PAYLOADS: Mapping[str, Callable[[bytes], list[bytes]]] = {
    "h264": h264_payloads,
    "hevc": hevc_payloads,
    "mpeg4": plain_payloads,
    "aac": aac_payloads,
    "pcmu": plain_payloads,
}


def _fragments(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Pieces with their start (0x80) and end (0x40) flags."""
    step = PAYLOAD_BYTES - 3
    for at in range(0, len(body), step):
        flags = (0x80 if at == 0 else 0) | (0x40 if at + step >= len(body) else 0)
        yield flags, body[at : at + step]
