"""Which of the camera's streams go into a segment, and how: as they are, as AAC, or not at all.

Made once for each connection from the description in EPOCH. It writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import av
import av.error
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from pipeline.errors import CapsError
from stages.media.streams import opened
from stages.recorder.packet import CameraPacket
from stages.recorder.parameter_sets import extradata
from stages.recorder.sound import Aac

Format = Literal["mp4", "mkv"]
MUXERS = {"mp4": "mp4", "mkv": "matroska"}
_RAW = ("rawvideo", "wrapped_avframe", "v210", "yuv4", "bitpacked")


@dataclass(frozen=True, slots=True)
class Track:
    """One stream of a recording. ``index``: in the description; ``aac``: what transcodes it, if anything."""

    index: int
    template: Stream
    base: Fraction
    video: bool
    aac: Aac | None = None


class Tracks:
    """``tracks`` in the order they have in the file; ``warnings``: what a person should know of the others.

    ``leader``: index of the stream whose keyframes begin segments. Raises CapsError for streams that cannot be
    recorded, WireError for a description that cannot be read.
    """

    def __init__(self, description: bytes, form: Format) -> None:
        self.description = description
        self.warnings: list[str] = []
        self.tracks: dict[int, Track] = {}
        self._form = form
        self._extradata: dict[int, bytes] = {}
        self._container: InputContainer = opened(description)
        self.bases = [stream.time_base or Fraction(1, 1000) for stream in self._container.streams]
        accepted = _Probe(form)
        for stream in self._container.streams:
            track = self._track(stream, accepted)
            if track is not None:
                self.tracks[stream.index] = track
        if not self.tracks:
            raise CapsError("the camera sends nothing that can be recorded; leave the recorder out")
        videos = [track.index for track in self.tracks.values() if track.video]
        self.has_video = bool(videos)
        self.leader = videos[0] if videos else next(iter(self.tracks))

    def begins(self, packet: CameraPacket) -> bool:
        """Whether a recording may begin with this packet."""
        return packet.stream == self.leader and (packet.key or not self.has_video)

    def learn(self, index: int, data: bytes) -> None:
        """A keyframe of a stream came by: if the description lacks its parameter sets, they are taken from here."""
        track = self.tracks[index]
        if not track.video or track.template.codec_context.extradata or index in self._extradata:
            return
        if found := extradata(track.template.codec_context.name, data):
            self._extradata[index] = found

    def add_to(self, container: OutputContainer) -> dict[int, Stream]:
        """Make the streams of a new file; by index in the description."""
        made: dict[int, Stream] = {}
        for track in self.tracks.values():
            if track.aac is not None:
                sound = container.add_stream("aac", rate=track.aac.rate, layout=track.aac.layout)
                sound.time_base = track.aac.base
                made[track.index] = sound
                continue
            stream = container.add_stream_from_template(track.template, opaque=True)
            if found := self._extradata.get(track.index):
                stream.codec_context.extradata = found
            made[track.index] = stream
        return made

    @property
    def late_header(self) -> bool:
        """Whether an mp4 muxer must see a packet of each stream before it can write the header."""
        return any(
            track.template.codec_context.name in ("ac3", "eac3")
            or (track.template.codec_context.name == "aac" and not track.template.codec_context.extradata)
            for track in self.tracks.values()
            if not track.video
        )

    def close(self) -> None:
        """The templates are of no more use."""
        self._container.close()

    def _track(self, stream: Stream, accepted: _Probe) -> Track | None:
        name, base = stream.codec_context.name, self.bases[stream.index]
        if isinstance(stream, VideoStream):
            if name in _RAW or not accepted(stream):
                raise CapsError(
                    f"{name} video cannot be recorded as it comes into {self._form}; let the camera send h264 or mjpeg "
                    "(the source's input_format), or leave the recorder out"
                )
            return Track(stream.index, stream, base, video=True)
        if not isinstance(stream, AudioStream):
            self.warnings.append(f"stream {stream.index} ({stream.type}) is not recorded")
            return None
        if accepted(stream):
            return Track(stream.index, stream, base, video=False)
        try:
            return Track(stream.index, stream, base, video=False, aac=Aac(stream))
        except (av.error.FFmpegError, ValueError) as e:
            self.warnings.append(f"the sound is not recorded: {self._form} holds no {name}, and as AAC: {e}")
            return None


class _Probe:
    """Whether a container takes a stream as it is."""

    def __init__(self, form: Format) -> None:
        self._form = form

    def __call__(self, stream: Stream) -> bool:
        container = av.open(_Nothing(), "w", format=MUXERS[self._form])
        try:
            container.add_stream_from_template(stream, opaque=True)
        except (ValueError, av.error.FFmpegError):
            return False
        return True


class _Nothing:
    name = "probe"
    closed = True

    def write(self, data: bytes) -> int:
        return len(data)
