"""One connection to a source: opened within its deadline, its streams chosen and described, its packets in order.

The reading thread alone uses it. What it hands out stays valid when it is closed.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import av
import av.container
import av.error
import av.logging
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from pipeline.errors import PipelineError, SourceError
from pipeline.frame import SECOND_NS
from stages.decoder.live.arrivals import Arrived, Changed, Connected
from stages.decoder.live.faults import Fault, Kind, opening_fault, reading_fault
from stages.decoder.live.payload import parameters
from stages.decoder.live.source import Endpoint, Scheme, device
from stages.decoder.opening import video_stream
from stages.media.streams import describe

RAW_CODECS = ("rawvideo", "wrapped_avframe")
_USUAL_FPS = Fraction(25)
_MOST_FPS = 240  # a rate above is a guess from too few packets
_WIDEST_SAMPLE = 4.0
_FLUSHED = 2  # packets that FFmpeg gives out as it gives up
_SILENCE = 0.9  # of the read timeout; FFmpeg looks at it ten times a second
_MOST_FAILED_READS = 100  # in a row, without one packet between them
_READ_ERRORS = (av.error.FFmpegError, RuntimeError)  # RuntimeError: PyAV's own, from its timeout


def opened(endpoint: Endpoint) -> InputContainer:
    """Raises Fault; whatever FFmpeg says of the URL stays inside."""
    av.logging.set_libav_level(av.logging.PANIC)
    url = endpoint.url
    if endpoint.scheme is Scheme.V4L2:
        try:
            url = device(url)
        except SourceError as e:
            raise Fault(Kind.NETWORK, str(e)) from None
    fault = Fault(Kind.ADDRESS, "cannot be opened")
    for options in endpoint.tries:
        try:
            return av.open(
                url,
                "r",
                format=endpoint.format,
                options=dict(options),
                metadata_errors="ignore",
                timeout=(endpoint.open_timeout_s, endpoint.read_timeout_s),
            )
        except (av.error.FFmpegError, ValueError, RuntimeError) as e:
            fault = opening_fault(e, endpoint.open_timeout_s)
    raise fault


class Connection:
    """``recorded``: whether somebody takes the packets; then sound is read as well. Raises Fault."""

    def __init__(self, endpoint: Endpoint, recorded: bool, threads: int) -> None:
        self._container = opened(endpoint)
        try:
            self._choose(endpoint, recorded, threads)
        except BaseException:
            self._container.close()
            raise

    def _choose(self, endpoint: Endpoint, recorded: bool, threads: int) -> None:
        try:
            video = video_stream(self._container, endpoint.shown)
        except PipelineError as e:
            raise Fault(Kind.ADDRESS, str(e)) from None
        codec = video.codec_context
        if recorded and codec.name in RAW_CODECS:
            raise Fault(
                Kind.CONFIG,
                f"'{endpoint.shown}' gives raw pictures, which are not recorded; set input_format to h264 or mjpeg, "
                "or take the recorder out",
            )
        sound = [s for s in self._container.streams.audio if getattr(s, "codec_context", None)] if recorded else []
        self._recorded = recorded
        self._parameters = b""
        self._streams: list[Stream] = [video, *sound]
        streams = _described(self._streams)
        if recorded and not streams:  # sound of a kind that no container takes: never lose the video for it
            self._streams = [video]
            streams = _described(self._streams)
            if not streams:
                # A damaged start of the stream looks the same; that heals.
                raise Fault(
                    Kind.NETWORK,
                    f"'{endpoint.shown}': no picture came within {endpoint.open_timeout_s:g} s that says what the "
                    f"{codec.name} stream is like; waiting longer the next time",
                    unsaid=True,
                )
        self._patience_ns = round(_SILENCE * endpoint.read_timeout_s * SECOND_NS)
        self._place = {stream.index: place for place, stream in enumerate(self._streams)}
        if threads:
            codec.thread_count = threads
        else:
            # A thread more is a frame of delay more. One carries 1080p; segments and larger pictures want speed.
            codec.thread_count = 1 if endpoint.realtime and codec.width * codec.height <= 1 << 21 else 0
        codec.thread_type = "AUTO"
        self.facts = Connected(
            codec,
            codec.name,
            codec.width,
            codec.height,
            _fps(video),
            video.time_base or Fraction(1, 1_000_000),
            _sar(video),
            streams,
            0,
        )

    def packets(self) -> Iterator[Arrived | Changed]:
        """What comes, until a Fault: the end of a live stream is one too.

        When FFmpeg gives up reading it first gives out what it has: a whole packet whose end it could not know before,
        and what there is of the next. So two that come after such a silence wait for a third: if a fault comes
        instead, they are stale and go no further.
        """
        held: list[Arrived] = []
        before_ns = video_ns = time.monotonic_ns()
        try:
            for arrived in self._read():
                now_ns = arrived.arrived_ns
                video_ns = now_ns if arrived.video else video_ns
                silence_ns, before_ns = now_ns - before_ns, now_ns
                if len(held) < _FLUSHED and (held or silence_ns > self._patience_ns):
                    held.append(arrived)
                    continue
                for late in held:
                    yield replace(late, arrived_ns=now_ns)
                held.clear()
                if self._recorded and arrived.key and arrived.video:
                    yield from self._changed(arrived)
                yield arrived
                if now_ns - video_ns > 2 * self._patience_ns:
                    raise Fault(Kind.NETWORK, "sound comes, but no pictures", "stalled")
        except Fault as fault:
            fault.stale = len(held)
            raise

    def _read(self) -> Iterator[Arrived]:
        failed = 0
        while failed < _MOST_FAILED_READS:
            try:
                for packet in self._container.demux(self._streams):
                    if not packet.size:
                        raise Fault(Kind.NETWORK, "the stream has ended")
                    failed = 0
                    yield self._arrived(packet)
                raise Fault(Kind.NETWORK, "the stream has ended")
            except av.error.InvalidDataError:
                failed += 1  # a damaged packet; the demuxer goes on behind it
            except _READ_ERRORS as e:
                raise reading_fault(e) from None
        raise Fault(Kind.NETWORK, "nothing but damage comes")

    def _changed(self, arrived: Arrived) -> Iterator[Changed]:
        """A recording cannot go on in the same file when the encoder changes its parameters in mid-stream."""
        data = bytes(arrived.packet)
        found = parameters(self.facts.name, data)
        before, self._parameters = self._parameters, found or self._parameters
        if not found or not before or found == before:
            return
        try:
            with av.open(io.BytesIO(data), "r", format=self.facts.name, options={"protocol_whitelist": ""}) as unit:
                video = unit.streams.video[0]
                video.time_base = self.facts.time_base
                streams = describe([video, *self._streams[1:]])
        except (av.error.FFmpegError, PipelineError, IndexError, ValueError):
            raise Fault(Kind.NETWORK, "the stream has changed its parameters", "changed") from None
        yield Changed(streams)

    def _arrived(self, packet: Packet[Stream]) -> Arrived:
        place = self._place[packet.stream_index]
        return Arrived(
            packet,
            place,
            place == 0,
            packet.is_keyframe,
            packet.is_corrupt,
            packet.pts,
            packet.dts,
            packet.duration or 0,
            packet.size,
            time.monotonic_ns(),
        )

    def close(self) -> None:
        self._container.close()


def _described(streams: list[Stream]) -> bytes:
    try:
        return describe(streams)
    except PipelineError:
        return b""  # raw test pictures; nobody records them


def _fps(stream: VideoStream) -> Fraction:
    for fps in (stream.average_rate, stream.guessed_rate):
        if fps and 0 < fps <= _MOST_FPS:
            return fps
    return _USUAL_FPS


def _sar(stream: VideoStream) -> float:
    sar = float(stream.sample_aspect_ratio or 1)
    return sar if 1 / _WIDEST_SAMPLE <= sar <= _WIDEST_SAMPLE else 1.0
