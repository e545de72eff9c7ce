"""A recording that was cut off becomes a valid file: cut behind its last complete fragment, and checked to play.

Used by the recorder on what a killed predecessor left. It renames nothing and knows no journal.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.error
import av.logging

from stages.media.fragments import Fragments


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a media file. ``pts``: times in s of its packets by stream index, in the order of the file. ``end``:
    when its video (anything, if it has none) ends. ``first_key``: whether that begins with a keyframe.
    """

    bytes: int
    pts: tuple[tuple[Fraction, ...], ...]
    end: Fraction
    first_key: bool

    @property
    def packets(self) -> int:
        return sum(map(len, self.pts))


def salvage(path: Path) -> Contents | None:
    """Cut ``path`` behind its last complete fragment, durably, and say what is in it.

    None: there is no complete fragment or it does not open; the file is then as it was. Raises OSError.
    """
    with path.open("r+b") as file:
        whole = Fragments(file.fileno())
        whole.advance()
        if not whole.has_header or not sum(whole.packets.values()):
            return None
        file.truncate(whole.end)
        os.fsync(file.fileno())
    found = contents(path)
    return found if found is not None and found.packets else None


def contents(path: Path) -> Contents | None:
    """Read through a media file without decoding it; None if it does not open."""
    av.logging.set_libav_level(av.logging.PANIC)
    try:
        with av.open(f"file:{path.absolute()}", "r", metadata_errors="ignore") as container:
            pts: list[list[Fraction]] = [[] for _ in container.streams]
            video = {stream.index for stream in container.streams.video}
            first_key: bool | None = None
            end = Fraction(0)
            for packet in container.demux():
                if packet.dts is None and packet.pts is None:
                    continue  # the end of a stream
                stamp = packet.pts if packet.pts is not None else packet.dts
                assert stamp is not None
                time = stamp * packet.time_base
                pts[packet.stream_index].append(time)
                if packet.stream_index in video or not video:
                    end = max(end, time + (packet.duration or 0) * packet.time_base)
                    first_key = packet.is_keyframe if first_key is None else first_key
    except (av.error.FFmpegError, ValueError):
        return None
    return Contents(path.stat().st_size, tuple(map(tuple, pts)), end, bool(first_key))
