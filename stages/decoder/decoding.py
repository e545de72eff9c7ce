"""The frames of a video stream, whatever happens on the way: damaged packets are counted and decoding goes on.

Between the opened file and the sampling. It looks at no picture and knows no times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av.error
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from pipeline.errors import ResourceError, SourceError
from stages.decoder.undue import Undecoded, Undue

_MOST_FAILED_READS = 1000  # in a row, without one packet between them: there is nothing more in this file
_MOST_FAILED_FLUSHES = 64  # in a row, of the frames that the decoder still holds

_UNREADABLE = (av.error.OSError, av.error.ExitError, av.error.TimeoutError, av.error.ConnectionResetError)


@dataclass(slots=True)
class Damage:
    """What went wrong: ``packets`` that could not be decoded, ``reads`` that failed, ``frames`` flagged corrupt."""

    packets: int = 0
    reads: int = 0
    frames: int = 0
    first: str = ""

    @property
    def any(self) -> bool:
        return bool(self.packets or self.reads or self.frames)


def decoded(
    container: InputContainer,
    stream: VideoStream,
    path: Path | str,
    damage: Damage,
    on_damage: Callable[[], None],
    undue: Undue | None = None,
) -> Iterator[VideoFrame | Undecoded]:
    """Yield all frames in order of presentation; ``on_damage`` is called once, when the first damage is met.

    ``undue``: says which need not be decoded; None: all are. Raises SourceError when the disk fails, ResourceError
    when there is no memory for a picture.
    """
    read = packets(container, stream, path, damage, on_damage)
    for packet in read if undue is None else undue.packets(read):
        if packet.size:
            frames: Iterable[VideoFrame] = decode(packet, path, damage, on_damage)
        else:
            frames = drained(stream, path, damage, on_damage)
        for frame in frames:
            if undue is not None:
                yield from undue.before(frame)
            yield frame
        if undue is not None and damage.any:
            undue.stop()


def decode(
    packet: Packet[VideoStream], path: Path | str, damage: Damage, on_damage: Callable[[], None]
) -> list[VideoFrame]:
    """What comes out of the decoder once ``packet`` is in it. Raises ResourceError."""
    return _made(packet.decode, 1, path, damage, on_damage)


def drained(
    stream: VideoStream, path: Path | str, damage: Damage, on_damage: Callable[[], None]
) -> Iterator[VideoFrame]:
    """What the decoder still holds. An error in it hides the frames after it, so it is asked until there are none.

    Raises ResourceError.
    """
    while frames := _made(lambda: stream.codec_context.decode(None), _MOST_FAILED_FLUSHES, path, damage, on_damage):
        yield from frames


def _made(
    decoding: Callable[[], list[VideoFrame]],
    attempts: int,
    path: Path | str,
    damage: Damage,
    on_damage: Callable[[], None],
) -> list[VideoFrame]:
    frames: list[VideoFrame] = []
    for _ in range(attempts):
        try:
            frames = decoding()
            break
        except av.error.EOFError:
            break
        except av.error.MemoryError as e:
            raise ResourceError(f"not enough memory to decode '{path}'") from e
        except av.error.FFmpegError as e:
            damage.packets += 1
            _noted(damage, e.strerror or "unknown error", on_damage)
    for frame in frames:
        if frame.is_corrupt:
            damage.frames += 1
            _noted(damage, "frames flagged as corrupt", on_damage)
    return frames


def packets(
    container: InputContainer, stream: VideoStream, path: Path | str, damage: Damage, on_damage: Callable[[], None]
) -> Iterator[Packet[VideoStream]]:
    """All packets in order of decoding, an empty one at the end. Raises SourceError when the disk fails."""
    failed = 0
    while failed < _MOST_FAILED_READS:
        try:
            for packet in container.demux(stream):
                failed = 0
                yield packet
            return
        except av.error.EOFError:
            return
        except _UNREADABLE as e:
            raise SourceError(f"reading '{path}' failed: {e.strerror}") from e
        except av.error.FFmpegError as e:
            failed += 1
            damage.reads += 1
            _noted(damage, e.strerror or "unknown error", on_damage)


def _noted(damage: Damage, text: str, on_damage: Callable[[], None]) -> None:
    if not damage.first:
        damage.first = text
        on_damage()
