"""The streams of one client: which unit is next, when it is due, and the bytes of it. No sockets here."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Protocol

from rtsp.clips import Clip
from rtsp.faults import Switches
from rtsp.rtp import PAYLOADS, Packed, packed
from rtsp.sdp import AAC_TYPE, PCMU_TYPE, VIDEO_CLOCK, VIDEO_TYPE
from rtsp.sound import Sound

_VIDEO_SSRC, _AUDIO_SSRC = 0x51DE0001, 0x51DE0002
_KEPT = 65536  # access units with their packets, over all clips


@dataclass(frozen=True, slots=True)
class Ready:
    """A unit to be sent."""

    packed: Packed
    timestamp: int


class Track(Protocol):
    """What the client sends on one channel."""

    def resume(self, elapsed_ns: int) -> None:
        """Go on with what is due from ``elapsed_ns`` on."""
        ...

    def due_ns(self) -> int:
        """When the next unit is due."""
        ...

    def timestamp(self) -> int:
        """Of the next unit."""
        ...

    def take(self) -> Ready:
        """The next unit; the one after it becomes the next."""
        ...


class VideoTrack:
    """Begins with a key unit, and so does each change to another clip."""

    payload_type = VIDEO_TYPE
    ssrc = _VIDEO_SSRC

    def __init__(self, switches: Switches, base: int) -> None:
        self._switches = switches
        self._base = base
        self._clip = switches.clip
        self._number = 0
        self._key = self._clip.unit(0)
        self._repeats = False

    @property
    def clip(self) -> Clip:
        return self._clip

    def resume(self, elapsed_ns: int) -> None:
        self._clip = self._switches.clip
        self._number = self._clip.key_from(self._clip.number_at(elapsed_ns))
        self._key = self._clip.unit(self._number)

    def due_ns(self) -> int:
        wanted, due_ns = self._switches.clip, self._clip.due_ns(self._number)
        if wanted is not self._clip and wanted.codec == self._clip.codec:
            number = wanted.key_from(wanted.number_at(due_ns))
            if wanted.due_ns(number) < self._clip.due_ns(self._number + 1):
                self._clip, self._number = wanted, number
                return wanted.due_ns(number)
        return due_ns

    def timestamp(self) -> int:
        ticks = self._number * VIDEO_CLOCK * self._clip.fps.denominator // self._clip.fps.numerator
        return self._base + self._switches.shift + ticks & 0xFFFFFFFF

    def take(self) -> Ready:
        unit = self._clip.unit(self._number)
        self._repeats = self._switches.identical or (self._repeats and not unit.key)
        if unit.key and not self._repeats:
            self._key = unit
        data = self._key.data if self._repeats else unit.data
        ready = Ready(_packed(self._clip.codec, data, VIDEO_TYPE, _VIDEO_SSRC), self.timestamp())
        self._number += 1
        return ready


class AudioTrack:
    """The tone, for as long as it is wanted."""

    ssrc = _AUDIO_SSRC

    def __init__(self, sound: Sound, base: int) -> None:
        self._sound, self._base = sound, base
        self._number = 0
        self.payload_type = AAC_TYPE if sound.codec == "aac" else PCMU_TYPE

    def resume(self, elapsed_ns: int) -> None:
        self._number = self._sound.number_at(elapsed_ns)

    def due_ns(self) -> int:
        return self._sound.due_ns(self._number)

    def timestamp(self) -> int:
        return self._base + self._number * self._sound.samples & 0xFFFFFFFF

    def take(self) -> Ready:
        data = self._sound.units[self._number % len(self._sound.units)]
        ready = Ready(_packed(self._sound.codec, data, self.payload_type, _AUDIO_SSRC), self.timestamp())
        self._number += 1
        return ready


@functools.lru_cache(maxsize=_KEPT)
def _packed(codec: str, data: bytes, payload_type: int, ssrc: int) -> Packed:
    return packed(PAYLOADS[codec](data), payload_type, ssrc)
