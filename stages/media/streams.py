"""What a source knows of its streams, as bytes that travel in an EPOCH event: codec, extradata, size, rate, time base.

The bytes are a tiny NUT file with headers and one empty packet a stream, behind a short prefix with the exact time
bases, which NUT does not keep. The decoder writes it, the recorder reads it.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from fractions import Fraction

import av
import av.error
import av.logging
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream

from pipeline.errors import DataError, WireError

MAX_STREAMS = 8
MAX_BYTES = 1 << 18  # an event's header may have 1 MiB; real extradata is some hundred bytes
_MAGIC = b"STS1"
_SEAL = struct.Struct("<II")  # CRC-32 and length of what follows: number of streams, time bases, NUT
_BASE = struct.Struct("<ii")
_FORMAT = "nut"  # alone in taking every codec a camera sends: G.711, MJPEG, raw video


def describe(streams: Sequence[Stream]) -> bytes:
    """The parameters of ``streams``, in order. Raises DataError for what has no codec or cannot be described."""
    if not 1 <= len(streams) <= MAX_STREAMS:
        raise DataError(f"{len(streams)} streams cannot be described; between 1 and {MAX_STREAMS} can")
    bases = b"".join(_BASE.pack(*_base(stream).as_integer_ratio()) for stream in streams)
    body = bytes((len(streams),)) + bases + _nut(streams)
    data = _MAGIC + _SEAL.pack(zlib.crc32(body), len(body)) + body
    if len(data) > MAX_BYTES:
        raise DataError(f"a description of {len(data)} bytes; at most {MAX_BYTES} are allowed: the extradata is absurd")
    return data


def opened(data: bytes) -> InputContainer:
    """The streams that ``describe`` was given, as templates for ``add_stream_from_template(stream, opaque=True)``.

    Their order, codec, extradata, size, rate, layout and time base are the original ones. The container holds no
    packets; close it after use. Raises WireError for bytes that ``describe`` did not make.
    """
    body = _checked(data)
    count = body[0]
    start = 1 + count * _BASE.size
    try:
        bases = [Fraction(*_BASE.unpack_from(body, 1 + index * _BASE.size)) for index in range(count)]
    except (struct.error, ZeroDivisionError) as e:
        raise WireError("a description of streams with no valid time base") from e
    av.logging.set_libav_level(av.logging.PANIC)
    try:
        container = av.open(io.BytesIO(body[start:]), "r", format=_FORMAT, options={"protocol_whitelist": ""})
    except (av.error.FFmpegError, ValueError) as e:
        raise WireError("a description of streams that cannot be read") from e
    if len(container.streams) != count or any(stream.codec_context is None for stream in container.streams):
        container.close()
        raise WireError("a description of streams that lacks some of them; sender and receiver differ in FFmpeg")
    for stream, base in zip(container.streams, bases, strict=True):
        stream.time_base = base
    return container


def _checked(data: bytes) -> bytes:
    if not isinstance(data, bytes) or not 13 <= len(data) <= MAX_BYTES or data[:4] != _MAGIC:
        raise WireError("that is no description of streams")
    crc, length = _SEAL.unpack_from(data, 4)
    body = data[12:]
    if length != len(body) or crc != zlib.crc32(body) or not 1 <= body[0] <= MAX_STREAMS:
        raise WireError("a damaged description of streams")
    return body


def _base(stream: Stream) -> Fraction:
    base = stream.time_base
    if base is None or base <= 0:
        raise DataError(f"stream {stream.index} has no time base; its packets cannot be timed")
    return base


def _nut(streams: Sequence[Stream]) -> bytes:
    buffer = io.BytesIO()
    av.logging.set_libav_level(av.logging.PANIC)
    for stream in streams:
        if getattr(stream, "codec_context", None) is None:
            raise DataError(f"stream {stream.index} is {stream.type} of an unknown codec; leave it out")
    try:
        with av.open(buffer, "w", format=_FORMAT, options={"write_index": "0"}) as container:
            for made in [container.add_stream_from_template(stream, opaque=True) for stream in streams]:
                empty: Packet[Stream] = Packet(b"\0")  # without a packet NUT is not taken for a file
                empty.stream, empty.pts, empty.dts, empty.is_keyframe = made, 0, 0, True
                container.mux(empty)
    except (av.error.FFmpegError, ValueError) as e:
        names = ", ".join(stream.codec_context.name for stream in streams)
        raise DataError(f"streams of {names} cannot be described: {e}") from e
    return buffer.getvalue()
