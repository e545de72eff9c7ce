"""What an opened file says of itself: when it starts, how long it is, the shape of its samples. It decodes nothing."""

from __future__ import annotations

from fractions import Fraction

from av.container import InputContainer
from av.video.stream import VideoStream

from stages.decoder.timing import ticks_to_ns

US = Fraction(1, 1_000_000)  # AV_TIME_BASE, of a container's start and duration
_WIDEST_SAMPLE = 4.0  # a sample aspect ratio beyond this is a broken header


def start_ns(container: InputContainer, stream: VideoStream) -> int | None:
    """When the file starts, None if it does not say. The stream's own start is exact, the container's rounded to us."""
    own = None
    if stream.start_time is not None and stream.time_base is not None:
        own = ticks_to_ns(stream.start_time, stream.time_base)
    start = container.start_time
    if start is None:
        return own
    begins_ns = ticks_to_ns(start, US)
    return own if own is not None and abs(own - begins_ns) <= 1000 else begins_ns


def duration_ns(container: InputContainer, stream: VideoStream) -> int:
    if container.duration is not None:
        return max(0, ticks_to_ns(container.duration, US))
    if stream.duration is not None and stream.time_base is not None:
        return max(0, ticks_to_ns(stream.duration, stream.time_base))
    return 0


def sample_aspect(stream: VideoStream) -> float:
    sar = float(stream.sample_aspect_ratio or 1)
    return sar if 1 / _WIDEST_SAMPLE <= sar <= _WIDEST_SAMPLE else 1.0
