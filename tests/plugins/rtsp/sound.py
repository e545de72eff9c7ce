"""A tone to go with the pictures, as AAC or as G.711 mu-law, in units that are shown over and over like a clip's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext

from pipeline.frame import SECOND_NS


@dataclass(frozen=True, slots=True)
class Sound:
    """``samples`` per unit at ``rate``; ``config``: AAC's AudioSpecificConfig."""

    codec: Literal["aac", "pcmu"]
    rate: int
    samples: int
    units: tuple[bytes, ...]
    config: bytes = b""

    def due_ns(self, number: int) -> int:
        """When unit ``number`` is due, counted on through all rounds."""
        return number * self.samples * SECOND_NS // self.rate

    def number_at(self, elapsed_ns: int) -> int:
        """The first unit that is due at or after ``elapsed_ns``."""
        return max(0, -(-elapsed_ns * self.rate // (self.samples * SECOND_NS)))


def tone(codec: Literal["aac", "pcmu"] = "aac", seconds: float = 4.0) -> Sound:
    """440 Hz, mono: AAC at 16 kHz or G.711 at 8 kHz."""
    rate, samples, encoder = (16000, 1024, "aac") if codec == "aac" else (8000, 160, "pcm_mulaw")
    context = av.CodecContext.create(encoder, "w")
    assert isinstance(context, AudioCodecContext)
    context.sample_rate, context.layout = rate, "mono"
    context.format = "fltp" if codec == "aac" else "s16"
    units: list[bytes] = []
    for number in range(max(1, round(seconds * rate / samples))):
        at = (number * samples + np.arange(samples)) / rate
        wave = (0.2 * np.sin(2 * np.pi * 440 * at))[None, :]
        data = wave.astype(np.float32) if codec == "aac" else (wave * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(data, format=context.format.name, layout="mono")
        frame.sample_rate, frame.pts = rate, number * samples
        units += (bytes(packet) for packet in context.encode(frame))
    return Sound(codec, rate, samples, tuple(units), bytes(context.extradata or b""))
