"""The elements of a Matroska file as it was written by a muxer that only appends: EBML, Segment, then Clusters.

Pure: bytes come from a function. Only what is needed to count the blocks of each track is read (RFC 8794, RFC 9559).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from stages.media.mp4_boxes import Read, Step

_EBML, _SEGMENT, _TRACKS, _CLUSTER = 0x1A45DFA3, 0x18538067, 0x1654AE6B, 0x1F43B675
_BLOCK_GROUP, _BLOCK, _SIMPLE_BLOCK = 0xA0, 0xA1, 0xA3
_HEADERS = (_EBML, _TRACKS, 0x114D9B74, 0x1549A966, 0x1254C367, 0x1C53BB6B, 0x1043A770, 0x1941A469, 0xEC)
_UNKNOWN = -1


def walk(read: Read, position: int, size: int) -> Iterator[Step]:
    """What is whole from ``position`` (the start of an element) on. A Cluster counts once it is complete."""
    while (element := _element(read, position)) is not None:
        identity, start, length = element
        if identity == _SEGMENT:
            yield Step(start)  # its size is unknown while it grows; what counts are its children
            position = start
            continue
        if length == _UNKNOWN or start + length > size:
            return
        if identity == _CLUSTER:
            yield Step(start + length, packets=_blocks(read, start, start + length))
        elif identity in _HEADERS:
            yield Step(start + length, is_header=identity == _TRACKS)
        else:
            return
        position = start + length


def _element(read: Read, position: int) -> tuple[int, int, int] | None:
    """Identity, start of the content and its length (or _UNKNOWN) of the element at ``position``."""
    head = read(position, 12)
    if not head or not head[0]:
        return None
    id_size = 9 - head[0].bit_length()
    if id_size > 4 or len(head) <= id_size or not head[id_size]:
        return None
    length_size = 9 - head[id_size].bit_length()
    if len(head) < id_size + length_size:
        return None
    length = int.from_bytes(head[id_size : id_size + length_size]) & ((1 << 7 * length_size) - 1)
    if length == (1 << 7 * length_size) - 1:
        length = _UNKNOWN
    return int.from_bytes(head[:id_size]), position + id_size + length_size, length


def _blocks(read: Read, position: int, end: int) -> Counter[int]:
    """Blocks of each track between ``position`` and ``end``, by stream index; the muxer numbers tracks from 1."""
    found: Counter[int] = Counter()
    while position < end and (element := _element(read, position)) is not None:
        identity, start, length = element
        if identity == _BLOCK_GROUP:
            position = start
            continue
        if length == _UNKNOWN or start + length > end:
            break
        if identity in (_BLOCK, _SIMPLE_BLOCK):
            found[(read(start, 1)[0] & 0x7F) - 1] += 1
        position = start + length
    return found
