"""What a restarted recorder must know of its predecessor's last segments: which packets are in the files already.

A note in the journal says how the camera's stamps became those of the file; the file itself says what is in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction

from pydantic import JsonValue

from stages.media.salvage import Contents

NOTE = "recorder"
KEPT = 2  # a kill between two segments can leave packets of both unacknowledged


@dataclass(frozen=True, slots=True)
class Memory:
    """One segment's. ``epoch``, ``wall_ns``: of the connection. ``streams``: indices in the description, in the order
    of the file; ``transcoded``: those of them that became AAC. ``zero``: s, what was taken from the camera's stamps.
    ``first_stream``, ``first_s``: of the first packet, and its time in s before the muxer saw it. Times are fractions.
    """

    file: str
    epoch: int
    wall_ns: int
    streams: list[int]
    transcoded: list[int]
    zero: str
    first_stream: int
    first_s: str


def to_note(memories: Sequence[Memory]) -> JsonValue:
    """As the journal keeps it."""
    return [asdict(memory) for memory in memories[-KEPT:]]


def from_note(note: JsonValue) -> list[Memory]:
    """The other way; what cannot be read is forgotten, which costs a few packets twice in the recording."""
    if not isinstance(note, list):
        return []
    found: list[Memory] = []
    for entry in note:
        try:
            found.append(Memory(**entry))  # type: ignore[arg-type]  # a note of a later version has other fields
            Fraction(found[-1].zero), Fraction(found[-1].first_s), found[-1].streams.index(found[-1].first_stream)
        except (AttributeError, TypeError, ValueError, ZeroDivisionError):
            return []
    return found


class Recorded:
    """Recognises the packets of one connection that a file holds."""

    def __init__(self, memory: Memory, contents: Contents) -> None:
        self.memory = memory
        first = contents.pts[memory.streams.index(memory.first_stream)]
        known = first and memory.first_stream not in memory.transcoded
        shift = first[0] - Fraction(memory.first_s) if known else Fraction(0)
        self._zero = Fraction(memory.zero)
        # Matroska rounds times to ms.
        self._shown: Mapping[int, frozenset[int]] = {
            stream: frozenset(round((time - shift) * 1000) for time in times)
            for stream, times in zip(memory.streams, contents.pts, strict=True)
        }

    def has(self, stream: int, pts: int | None, dts: int | None, base: Fraction) -> bool:
        """Whether that packet is in the file."""
        stamp = pts if pts is not None else dts
        shown = self._shown.get(stream)
        if stamp is None or not shown:
            return False
        time_ms = round((stamp - round(self._zero / base)) * base * 1000)
        if stream in self.memory.transcoded:
            return time_ms < max(shown)
        return bool(shown & {time_ms - 1, time_ms, time_ms + 1})
