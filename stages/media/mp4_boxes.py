"""The boxes of a fragmented MP4 file as it was written by a muxer that only appends: ftyp, moov, then moof and mdat.

Pure: bytes come from a function. Only what is needed to count the samples of each track is read.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Read: TypeAlias = Callable[[int, int], bytes]

LARGEST_MOOF = 1 << 24  # a fragment of half a second has some hundred samples of at most 16 bytes each
_PARENTS = (b"moof", b"traf")


@dataclass(frozen=True, slots=True)
class Step:
    """A stretch of the file that is whole, up to ``end``; ``packets``: how many it holds, by stream index."""

    end: int
    is_header: bool = False
    packets: Mapping[int, int] = field(default_factory=dict)


def walk(read: Read, position: int, size: int) -> Iterator[Step]:
    """What is whole from ``position`` (the start of a box) on. A moof counts once its mdat is complete."""
    counted: Counter[int] | None = None
    while (box := _box(read, position, size)) is not None:
        kind, start, end = box
        if kind == b"moof":
            if end - start > LARGEST_MOOF:
                return
            counted = _samples(read(start, end - start))
        elif kind == b"mdat":
            if counted is None:
                return  # no fragmented file, or damage
            yield Step(end, packets=counted)
            counted = None
        elif kind in (b"ftyp", b"moov", b"free", b"styp", b"sidx", b"mfra", b"prft", b"emsg"):
            if counted is None:
                yield Step(end, is_header=kind == b"moov")
        else:
            return
        position = end


def _box(read: Read, position: int, size: int) -> tuple[bytes, int, int] | None:
    """Kind, start of the content and end of the box at ``position``, if it is complete."""
    header = read(position, 16)
    if len(header) < 8:
        return None
    length, kind = struct.unpack_from(">I4s", header)
    head = 8
    if length == 1:
        if len(header) < 16:
            return None
        (length,), head = struct.unpack_from(">Q", header, 8), 16
    if length < head or position + length > size:
        return None
    return kind, position + head, position + length


def _samples(content: bytes) -> Counter[int]:
    """Samples of each track in the content of a moof, by stream index; the muxer numbers tracks from 1."""
    found: Counter[int] = Counter()
    track = 0
    stack = [(0, len(content))]
    while stack:
        position, limit = stack.pop()
        if (box := _box(lambda at, n: content[at : min(at + n, len(content))], position, limit)) is None:
            continue
        kind, start, end = box
        stack.append((end, limit))
        if kind in _PARENTS:
            stack.append((start, end))
        elif kind == b"tfhd" and end - start >= 8:
            (track,) = struct.unpack_from(">I", content, start + 4)
        elif kind == b"trun" and end - start >= 8:
            found[track - 1] += struct.unpack_from(">I", content, start + 4)[0]
    return found
