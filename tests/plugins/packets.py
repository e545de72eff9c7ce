"""Makes tiny encoded streams for tests: files with picture and sound, and the packets a camera would have sent."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from media import card

from pipeline.caps import Caps
from pipeline.frame import SECOND_NS, Event, EventKind, Flags, Frame, Meta
from stages.media.streams import describe

PACKETS = Caps.of("media/packets")
QUIET = {"libx265": {"x265-params": "log-level=none"}}


def write_film(
    path: Path,
    *,
    video: str = "libx264",
    audio: str | None = "aac",
    seconds: float = 3.0,
    rate: int = 10,
    gop: int = 10,
    size: tuple[int, int] = (96, 64),
    options: dict[str, str] | None = None,
) -> Path:
    """A film in which every frame differs; the container follows from the suffix; a keyframe every ``gop`` frames."""
    with av.open(path, "w") as container:
        settings = {"g": str(gop), **QUIET.get(video, {}), **(options or {})}
        picture = container.add_stream(video, rate=rate, options=settings)
        assert isinstance(picture, VideoStream)
        picture.width, picture.height = size
        picture.pix_fmt = "yuvj420p" if video == "mjpeg" else "yuv420p"
        if video == "mjpeg":
            picture.codec_context.color_range = 2
        sound = container.add_stream(audio, rate=48000 if "opus" in audio else 8000, layout="mono") if audio else None
        for index in range(round(seconds * rate)):
            frame = VideoFrame.from_ndarray(card(index, *size), format="bgr24").reformat(format=picture.pix_fmt)
            frame.pts, frame.time_base = index, Fraction(1, rate)
            container.mux(picture.encode(frame))
        container.mux(picture.encode(None))
        if isinstance(sound, AudioStream):
            _sound(container, sound, seconds)
    return path


def _sound(container: av.container.OutputContainer, sound: AudioStream, seconds: float) -> None:
    rate, size = sound.rate, sound.codec_context.frame_size or 160
    for start in range(0, round(rate * seconds), size):
        wave = (8000 * np.sin(np.arange(start, start + size) / 9.0)).astype(np.int16)
        frame = AudioFrame.from_ndarray(wave[None, :], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        container.mux(sound.encode(frame))
    container.mux(sound.encode(None))


def streams_of(path: Path) -> bytes:
    """The description of all streams of a file."""
    with av.open(path) as container:
        return describe(list(container.streams))


class Camera:
    """Sends the packets of a film in the order of the file, as a live decoder would.

    ``pts_ns`` of a packet is its time in the film, plus ``delay_ns``. Each ``connect`` begins a new epoch.
    """

    def __init__(self, film: Path, *, delay_ns: int = 0, wall_ns: int = 1_700_000_000 * SECOND_NS) -> None:
        with av.open(film) as container:
            self.streams = describe(list(container.streams))
            self._packets = [
                (bytes(packet), packet.stream_index, packet.pts, packet.dts, packet.duration or 0, packet.is_keyframe)
                for packet in container.demux()
                if packet.dts is not None
            ]
            self._bases = [stream.time_base or Fraction(1) for stream in container.streams]
            self._video = [stream.type == "video" for stream in container.streams]
        # As a camera sends them: side by side.
        self._packets.sort(key=lambda packet: packet[3] * self._bases[packet[1]])
        self.delay_ns = delay_ns
        self.wall_ns = wall_ns
        self.epoch = 0

    def connect(self, pts_ns: int = 0) -> Event:
        self.epoch += 1
        data: Meta = {"epoch": self.epoch, "wall_ns": self.wall_ns + self.epoch, "streams": self.streams}
        return Event(EventKind.EPOCH, pts_ns, data)

    def frames(self) -> list[Frame]:
        """All packets of the film."""
        made: list[Frame] = []
        for seq, (data, stream, pts, dts, duration, key) in enumerate(self._packets):
            at_ns = round((pts if pts is not None else dts) * self._bases[stream] * SECOND_NS) + self.delay_ns
            made.append(
                Frame(
                    seq=seq,
                    pts_ns=at_ns,
                    caps=PACKETS,
                    planes=(np.frombuffer(data, np.uint8),),
                    meta={
                        "stream": stream,
                        "pts": pts,
                        "dts": dts,
                        "duration": duration,
                        "key": bool(key),
                        "video": self._video[stream],
                    },
                    flags=Flags.NONE if seq else Flags.DISCONT,
                    epoch=self.epoch,
                    wall_ns=self.wall_ns + at_ns,
                )
            )
        return made


def payloads(path: Path, kind: str = "video") -> list[bytes]:
    """What is in the packets of a file's first stream of that kind."""
    with av.open(path) as container:
        stream = next(stream for stream in container.streams if stream.type == kind)
        return [bytes(packet) for packet in container.demux(stream) if packet.size]


def pictures(path: Path) -> int:
    """How many pictures the file decodes to, all without an error."""
    with av.open(path) as container:
        for stream in container.streams.video:
            stream.codec_context.options = {"err_detect": "explode"}
        return sum(1 for _ in container.decode(video=0))
