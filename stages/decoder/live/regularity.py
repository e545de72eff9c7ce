"""Whether keyframes come so regularly, and with so much between them, that they alone are worth decoding; pure."""

from __future__ import annotations

from pipeline.frame import SECOND_NS

LONGEST_NS = 10 * SECOND_NS  # from one keyframe to the next; what happens between is seen no earlier
_FEW_KEYS = 10  # in a row, with nothing between them
EACH = "each of its pictures is a keyframe"
_PROVEN = 3  # groups of pictures, one after the other, after which a stream is trusted again


class Regularity:
    """One connection's video packets in order; a stream is trusted until it proves otherwise."""

    def __init__(self) -> None:
        self._key_ns: int | None = None
        self._between = 0  # packets since the last keyframe
        self._row = 0  # keyframes without anything between them
        self._regular = 0  # groups of pictures as they should be, one after the other
        self._why: str | None = None

    def packet(self, key: bool, at_ns: int) -> str | None:
        """Why every picture must be decoded from here on, in a few words; None: keyframes will do."""
        if self._key_ns is None:
            self._key_ns = at_ns  # a stream that begins without one gets as long
        since_ns = at_ns - self._key_ns
        if since_ns > LONGEST_NS:
            self._regular = 0
            self._why = f"it gave no keyframe for {LONGEST_NS // SECOND_NS} s"
        if not key:
            self._between += 1
            return self._why
        good = self._between > 0 and since_ns <= LONGEST_NS
        self._regular = self._regular + 1 if good else 0
        self._row = 1 if self._between else self._row + 1
        self._between, self._key_ns = 0, at_ns
        if self._row >= _FEW_KEYS:
            self._why = EACH
        elif self._regular >= _PROVEN:
            self._why = None
        return self._why

    def cut(self) -> None:
        """Packets are missing: how long ago the last keyframe was says nothing."""
        self._key_ns = None
        self._between = 0
