"""Sound that the container refuses (G.711 above all) becomes AAC. The only thing in a recording that is transcoded.

An encoder lives as long as the camera's connection, so that segments follow on each other without a seam.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import av.error
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.codec import CodecContext
from av.packet import Packet

SAMPLES = 1024  # of an AAC frame
_SEAM = 0.1  # s; lost sound of more than that moves what follows


class Aac:
    """Raises ValueError or FFmpegError if this build cannot decode the stream or encode AAC at its rate."""

    def __init__(self, template: AudioStream) -> None:
        self.rate = template.codec_context.sample_rate
        self.layout = "mono" if template.codec_context.channels == 1 else "stereo"
        self.base = Fraction(1, self.rate)
        self._decoder = template.codec_context
        self._encoder = self._new_encoder()
        self._start: int | None = None  # time in samples of the first sample given to the encoder
        self._given = self._made = 0

    def encode(self, data: bytes, at: int) -> Iterator[tuple[bytes, int]]:
        """One packet of the camera, whose first sample has time ``at`` in samples; AAC frames and their times.

        Sound that cannot be decoded gives nothing.
        """
        try:
            frames = self._decoder.decode(Packet(data))
        except av.error.FFmpegError:
            return
        for frame in frames:
            yield from self._encode(frame, at)
            at += frame.samples

    def _encode(self, frame: AudioFrame, at: int) -> Iterator[tuple[bytes, int]]:
        if self._start is None or abs(self._start + self._given - at) > _SEAM * self.rate:
            self._encoder = self._new_encoder()
            self._start, self._given, self._made = at, 0, 0
        frame.pts, frame.time_base, frame.sample_rate = self._given, self.base, self.rate
        self._given += frame.samples
        for packet in self._encoder.encode(frame):
            time = self._start + (self._made - 1) * SAMPLES  # the encoder's delay is one frame
            self._made += 1
            if self._made > 1:
                yield bytes(packet), time

    def _new_encoder(self) -> AudioCodecContext:
        encoder = CodecContext.create("aac", "w")
        encoder.sample_rate, encoder.format, encoder.layout = self.rate, "fltp", self.layout
        encoder.time_base = self.base
        encoder.open()
        return encoder
