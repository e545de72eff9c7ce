"""The decoder as a stage: frames are decoded, those due for analysis go on, the others are counted as ``rate``. Of a
file fewer are decoded, unless mode is ``full``; what is left out as nothing changes is counted as ``unchanged``.

It joins opening, decoding, deinterlacing, timing and conversion of files; what a live source does is in ``live``.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from pipeline.caps import Caps, Span
from pipeline.errors import ConfigError, DataError, SourceError, StageError
from pipeline.frame import SECOND_NS, Flags, Frame, Meta, Output, caps_event
from pipeline.stage import Context, Properties, Source
from stages.decoder.ahead import Ahead
from stages.decoder.decoding import Damage, decoded
from stages.decoder.deinterlace import deinterlaced
from stages.decoder.facts import US, duration_ns, sample_aspect, start_ns
from stages.decoder.live.credentials import scrubbed
from stages.decoder.live.source import Endpoint, endpoint, scheme_of
from stages.decoder.native import identical, picture_of
from stages.decoder.opening import LARGEST_PX, check_size, open_file, path_of, redacted, video_stream
from stages.decoder.properties import DecoderProperties
from stages.decoder.selection import Drops, Frames, Selected, selected
from stages.decoder.shaping import Shaper
from stages.decoder.sparse.frames import SparseFrames
from stages.decoder.sparse.thinning import thinned
from stages.decoder.timing import Sampler, StreamClock
from stages.decoder.undue import Undue
from stages.picture import upright_size

if TYPE_CHECKING:
    from stages.decoder.live.capture import Capture

_USUAL_FPS = Fraction(25)  # for a stream that gives neither times nor a rate
_SLICES_FROM_PX = 1 << 25  # above this, one picture per thread in flight, or several ahead, would take gigabytes
_OF_NO_USE = 0.9  # share of the frames; a full decode would have taken no longer
AHEAD = 4  # frames; each is a whole picture in memory
_PATIENCE_S = 5.0  # with a read or a decoding that is under way when the stage is stopped
_CUT_SHARE = 20  # a video may end a twentieth before the sound does without a word


class Decoder(Source[DecoderProperties]):
    """Times of a file are those a player shows: the container's start time is 0. A live source's are lecture time."""

    properties_type: ClassVar[type[Properties]] = DecoderProperties
    summary: ClassVar[str] = "decodes a video file, a camera or a stream"

    def __init__(self, properties: DecoderProperties, context: Context) -> None:
        super().__init__(properties, context)
        self._path: Path | str = ""  # as it may be shown
        self._source: Endpoint | None = None  # of what is no file
        self._capture: Capture | None = None  # of what is live
        self._container: InputContainer | None = None
        self._stream: VideoStream | None = None
        self._ahead: Ahead[Selected] | None = None  # decodes the file
        self._shaper = Shaper(properties.width)
        self._ending = False
        self._damage = Damage()
        self._repeated = 0
        self._steady = False  # who comes next wants frames at regular times

    @property
    def src_caps(self) -> Mapping[str, Caps]:
        edge = Span(1, LARGEST_PX)
        return {
            "frames": Caps.of("video/raw", format=("gray8", "bgr24"), width=edge, height=edge),
            "packets": Caps.of("media/packets"),
        }

    @property
    def live(self) -> bool:
        return self._capture is not None

    @property
    def descriptor(self) -> int | None:
        return None if self._capture is None else self._capture.descriptor

    @property
    def idle_s(self) -> float:
        return super().idle_s if self._capture is None else self._capture.idle_ns / SECOND_NS

    def start(self) -> None:
        """Open a file; of a live source only what is asked of it is checked. Raises PipelineError."""
        p = self.properties
        scheme = scheme_of(p.uri)
        if scheme is None:
            p.check_for_file()
            path = self._path = path_of(p.uri)
            self._container = open_file(path)
        else:
            from stages.decoder.live.entry import entered

            try:
                self._source = source = endpoint(p, os.environ)
            except ConfigError as e:
                if not self.context.incarnation:
                    raise
                # It was right before: a password file that is being replaced must not be the end of a recording.
                raise SourceError(str(e)) from e
            self._path = source.shown
            found = entered(p, source, self.context, self._shaper)
            if not isinstance(found, InputContainer):
                self._capture = found
                if p.mode == "sparse":
                    self.context.warn(f"mode 'sparse' is for files: every frame of '{self._path}' is decoded")
                return
            self._container = found
        self._stream = video_stream(self._container, self._path)

    def stop(self) -> None:
        if self._capture is not None:
            self._capture.stop()
        if self._container is not None and (self._ahead is None or self._ahead.close(_PATIENCE_S)):
            self._container.close()
        self._container = self._stream = None

    def negotiate(self, allowed: Mapping[str, Caps]) -> None:
        self._shaper.negotiate(allowed)
        self._steady = "frames" in allowed and "spacing" in allowed["frames"].fields
        if self._capture is not None and self.properties.mode == "keyframes":
            self._capture.spare(self._steady)
        if "packets" not in allowed:
            return
        if self._capture is None:
            raise ConfigError(f"'{self._path}' is no live source: it is not recorded; link nothing to pad 'packets'")
        self._capture.record()

    def told(self, name: str, data: Meta) -> None:
        """``lecture-start`` and ``lecture-stop``, of a live source. Raises ConfigError for what makes no sense."""
        if self._capture is None or name not in ("lecture-start", "lecture-stop"):
            return
        zero_ns = data.get("zero_ns")
        if name == "lecture-start" and (not isinstance(zero_ns, int) or isinstance(zero_ns, bool)):
            raise ConfigError(f"told '{name}' with zero_ns {zero_ns!r}; it must be an instant in ns")
        self._capture.told(name == "lecture-start", data)

    def tick(self) -> Iterable[Output]:
        if self._capture is not None:
            self.context.post("figures", self._capture.figures())
        return ()

    def finish(self) -> None:
        self._ending = True
        if self._capture is not None:
            self._capture.finish()

    def produce(self) -> Iterator[Output | None]:
        """Raises DataError if not one frame can be decoded, SourceError if reading fails."""
        if self._capture is not None:
            return self._capture.produce()
        return self._web_file(self._source) if self._source is not None else self._file()

    def _web_file(self, source: Endpoint) -> Iterator[Output | None]:
        """PyAV's errors hold the URL with its password: no trace of them may go on."""
        try:
            yield from self._file()
        except SourceError as e:
            raise type(e)(scrubbed(str(e), source.secrets)) from None

    def _file(self) -> Iterator[Output | None]:
        container, stream = self._container, self._stream
        if container is None or stream is None:
            raise StageError("produce() before start()")
        p = self.properties
        fps = stream.average_rate or stream.guessed_rate or _USUAL_FPS
        self._announce(container, stream, fps)
        context = stream.codec_context
        if p.threads:
            context.thread_count = p.threads
        context.thread_type = "SLICE" if context.width * context.height > _SLICES_FROM_PX else "AUTO"
        time_base = stream.time_base or US
        clock = StreamClock(time_base, start_ns(container, stream), round(SECOND_NS / fps))
        ahead = self._ahead = Ahead[Selected](AHEAD if context.width * context.height <= _SLICES_FROM_PX else 1)
        drops, warn = Drops(ahead.later(self.drop)), ahead.later(self._warn_of_damage)
        sampler = Sampler(p.rate)
        undue = Undue(context.name, clock, sampler)
        sparse: SparseFrames | None = None
        if p.may_be_sparse:
            told = (lambda: ahead.alive() and not self._ending, ahead.later(self._refused))
            sparse = SparseFrames(container, stream, self._path, p.threads, self._steady, *told)
            frames = sparse.frames(self._damage, warn, undue)
        else:
            frames = decoded(container, stream, self._path, self._damage, warn, undue)
        frames = self._until_finish(frames)
        if p.deinterlace == "auto":
            frames = deinterlaced(frames, time_base)
        chosen = selected(frames, clock, sampler, round(p.hold * SECOND_NS), drops)
        if sparse is not None:
            chosen = thinned(chosen, drops)
        sent = yield from self._sent(
            ahead.of(drops.between(chosen)), sample_aspect(stream), min(p.rate, float(fps)) if p.rate else float(fps)
        )
        if not sent and not self._ending:
            raise self._nothing(stream)
        self._report(clock)
        if sparse is not None and sparse.walk is not None:
            packets, frames_decoded = sparse.walk.walked.packets, sparse.walk.walked.decoded
            self.context.post("sparse", {"packets": packets, "decoded": frames_decoded})
            if p.mode == "sparse" and frames_decoded > _OF_NO_USE * packets:
                self.context.warn(f"mode 'sparse' found {frames_decoded} of {packets} frames of '{self._path}' needed")
        self._warn_if_cut(container, stream, clock)

    def _refused(self, why: str) -> None:
        if self.properties.mode == "sparse":
            self.context.warn(f"mode 'sparse' decodes every frame of '{self._path}': {why}")

    def _sent(self, chosen: Iterator[Selected | None], sar: float, rate: float) -> Generator[Output | None, None, int]:
        """The frames as they go out, a CAPS event before the first and at each change of size; returns how many."""
        seq = 0
        caps: Caps | None = None
        shape: tuple[int, int] | None = None
        frame: Frame | None = None
        last: VideoFrame | None = None  # what ``frame`` was made of
        for item in chosen:
            if item is None or (item.again and self._ending):
                yield None
                continue
            if frame is None or caps is None or (not item.again and item.decoded is not last):
                last = item.decoded
                picture = picture_of(last, sar)
                if upright_size(picture.layout) != shape:
                    check_size(picture.layout.width, picture.layout.height, self._path)
                    shape = upright_size(picture.layout)
                    caps = self._shaper.caps(shape, rate)
                    yield caps_event(caps, item.t_ns)
                assert caps is not None
                flags = Flags.DISCONT if item.jumped else Flags.NONE
                if frame is not None and identical(frame.image, picture):
                    picture, planes = frame.image, frame.planes
                else:
                    planes = self._shaper.planes(picture, caps)
                frame = Frame(seq, item.t_ns, caps, planes, picture, flags=flags)
            else:
                frame = replace(frame, seq=seq, pts_ns=item.t_ns, flags=Flags.NONE)
                self._repeated += item.again
            yield frame
            seq += 1
        return seq

    def _until_finish(self, frames: Frames) -> Frames:
        for frame in frames:
            yield frame
            if self._ending:
                return

    def _announce(self, container: InputContainer, stream: VideoStream, fps: Fraction) -> None:
        length_ns = duration_ns(container, stream)
        context = stream.codec_context
        self.context.post(
            "stream",
            {
                "uri": str(self._path) if self._source else redacted(self.properties.uri),
                "duration_ns": length_ns,
                "fps": float(fps),
                "frames": stream.frames or int(length_ns * fps) // SECOND_NS,
                "width": context.width,
                "height": context.height,
                "codec": context.name,
            },
        )

    def _nothing(self, stream: VideoStream) -> DataError:
        if not stream.codec_context.width:
            return DataError(
                f"'{self._path}': the size of its pictures cannot be read, or is above {LARGEST_PX} px a side; "
                "check that the file plays, or scale it down first"
            )
        why = f" ({self._damage.first})" if self._damage.first else ""
        return DataError(f"'{self._path}': no picture in it could be decoded{why}; check that the file plays")

    def _warn_if_cut(self, container: InputContainer, stream: VideoStream, clock: StreamClock) -> None:
        """A cut mkv or ts decodes without an error up to where it ends: only the missing time tells."""
        promised_ns, end_ns = duration_ns(container, stream), clock.last_ns + clock.frame_ns
        if not self._ending and promised_ns - end_ns > max(SECOND_NS, promised_ns // _CUT_SHARE):
            self.context.warn(
                f"the video in '{self._path}' ends at {end_ns / SECOND_NS:.1f} s of {promised_ns / SECOND_NS:.1f} s; "
                "the file may have been cut off"
            )

    def _warn_of_damage(self) -> None:
        self.context.warn(f"'{self._path}' is damaged ({self._damage.first}); going on with what can be decoded")

    def _report(self, clock: StreamClock) -> None:
        damage = self._damage
        if damage.any:
            self.context.post("corrupt", {"packets": damage.packets, "reads": damage.reads, "frames": damage.frames})
        times = {"estimated": clock.estimated, "reordered": clock.reordered, "jumps": clock.jumps}
        if any(times.values()) or self._repeated:
            self.context.post("timing", {**times, "repeated": self._repeated})
