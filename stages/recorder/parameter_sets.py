"""Parameter sets out of a keyframe, for cameras that announce none: an mp4 file needs them in its header.

Byte stream format of H.264 (ITU-T H.264, annex B) and HEVC (ITU-T H.265, annex B). Pure.
"""

from __future__ import annotations

import re

_START = re.compile(b"\x00\x00\x01")
# Types of the NAL units wanted, and where the type stands in their first byte.
_KINDS = {"h264": ({7, 8}, 0, 0x1F), "hevc": ({32, 33, 34}, 1, 0x3F)}
_MOST = 1 << 16  # parameter sets stand before the picture, and are small


def extradata(codec: str, keyframe: bytes) -> bytes:
    """The parameter sets in ``keyframe`` with start codes; empty if it lacks some, or for other codecs."""
    if codec not in _KINDS:
        return b""
    wanted, shift, mask = _KINDS[codec]
    seen: set[int] = set()
    head = keyframe[:_MOST]
    starts = [match.end() for match in _START.finditer(head)]
    found = b""
    for start, end in zip(starts, [*(start - 3 for start in starts[1:]), len(head)], strict=False):
        kind = head[start] >> shift & mask if start < end else -1
        if kind in wanted:
            seen.add(kind)
            found += b"\x00\x00\x00\x01" + head[start:end].rstrip(b"\x00")
    return found if seen == wanted else b""
