"""How far a growing media file is whole: the end of its last complete fragment, and the packets up to there.

Reads the structure of fragmented MP4 (ISO/IEC 14496-12) and of Matroska (RFC 9559) and nothing inside of it. What
lies behind ``end`` may be half of something. It never writes.
"""

from __future__ import annotations

import os
from collections import Counter

from stages.media import matroska_elements, mp4_boxes

MP4_HEAD = b"ftyp"
MATROSKA_HEAD = b"\x1a\x45\xdf\xa3"


class Fragments:
    """Progress through one file, by descriptor; ``advance`` again after it has grown.

    ``end``: bytes that are whole; 0 while even the header is not. ``packets``: number of packets up to there, by
    stream index.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.end = 0
        self.packets: Counter[int] = Counter()
        self.has_header = False

    def advance(self) -> None:
        """Look at what was added since. Raises OSError; a structure that makes no sense is an end like any other."""
        size = os.fstat(self._descriptor).st_size
        head = os.pread(self._descriptor, 8, 0)
        walk = (
            mp4_boxes.walk if head[4:8] == MP4_HEAD else matroska_elements.walk if head[:4] == MATROSKA_HEAD else None
        )
        if walk is None:
            return
        for step in walk(self._read, self.end, size):
            self.end = step.end
            self.has_header = self.has_header or step.is_header
            self.packets.update(step.packets)

    def _read(self, position: int, size: int) -> bytes:
        return os.pread(self._descriptor, size, position)
