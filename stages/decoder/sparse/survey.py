"""All packets of a file before one is decoded: sizes, times and keyframes, and which packets are busy.

The first step of sparse decoding. A picture that stands still costs an encoder next to nothing; what comes and goes
between two keyframes costs it a good part of a keyframe within a second; a pointer, or refining the keyframe, takes
less. It decodes nothing; whether a file is worth it is said here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from av.packet import Packet
from av.video.stream import VideoStream
from numpy.typing import NDArray

from stages.decoder.sparse.coding import Coding, Reading
from stages.decoder.sparse.contents import Contents
from stages.decoder.sparse.cuts import BUSY_SHARE, change_of, is_quiet
from stages.decoder.undue import MOST_REORDERED

_MACROBLOCK_PX = 256
# An H.264 picture of which nothing changes takes 12 to 180 bytes at 1080p (Zoom, OBS, x264): headers of its slices and
# hardly a bit per macroblock. What most packets of the file need tells more; a noisy source is above both.
_STILL_BYTES = 64
_STILL_BYTES_PER_MACROBLOCK = 0.02
FLOOR_PERCENTILE = 20
_ABOVE_FLOOR = 2
_SLACK_BYTES = 16
# Shares of the packets that may be left out, and that have nothing busy near them; with less of both a file is decoded
# whole. Of the latter half may be frames to which none refers.
_WORTH = 0.2
_WORTH_STILL = 0.5
_DUE = 0.9  # of the longest group
_PACKETS_A_STEP = 4096
MARGIN = 12  # packets decoded after the last busy one: more than decoders keep back


@dataclass(frozen=True, slots=True)
class Group:
    """Packets ``first`` (a keyframe) up to, not including, ``end``, in order of decoding. A packet is busy if it takes
    too much together with those of the second before it.

    ``stop``: from this one on nothing is busy, and all of it is shown later than what comes before; ``end`` if there
    is no such packet, ``first`` if nothing is busy at all. ``pts``: of the keyframe; ``busy_pts``: of the last busy
    frame. ``tied``: frames shown before the keyframe, but coded after it, are busy: they need the group before as well.
    ``content``: of the keyframe, equal only where the bytes are. ``change``: the first and the last packet of the one
    change in it, if that is known. ``quiet``: nothing changes from ``stop`` to the next keyframe, which was put where
    it is for what it shows.
    """

    first: int
    end: int
    stop: int
    pts: int
    busy_pts: int
    tied: bool
    content: int
    change: tuple[int, int] | None = None
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Survey:
    """``times``: the pts of all frames that are shown, in order. Of each packet in order of decoding, ``pts``;
    ``needed``: whether it is busy, or shown before a busy one that it may refer to: small as it is, nobody can tell
    which side of a cut it shows; ``near``: whether a busy one is near. ``still_bytes``: of one where nothing moves.
    """

    groups: tuple[Group, ...]
    times: NDArray[np.int64]
    pts: NDArray[np.int64]
    needed: NDArray[np.bool_]
    near: NDArray[np.bool_]
    coding: Coding
    still_bytes: int


def surveyed(packets: Iterable[Packet[VideoStream]], stream: VideoStream) -> Iterator[Survey | str | None]:
    """None now and then, to show life; at last the survey, or in a few words why every frame must be decoded.

    ``packets``: all of ``stream``. Raises FFmpegError where they cannot be read.
    """
    pts: list[int | None] = []
    sizes: list[int] = []
    keys: list[int] = []
    hidden: list[int] = []
    seen, of_keys = Contents(), []
    pixels = stream.codec_context.width * stream.codec_context.height
    reading = Reading(stream, still_limit(math.inf, pixels))
    for packet in packets:
        if not packet.size:
            continue
        if packet.is_keyframe:
            keys.append(len(sizes))
            of_keys.append(seen.of_keyframe(packet))
        reading.put(packet)
        if packet.is_discard:
            hidden.append(len(sizes))
        pts.append(packet.pts)
        sizes.append(packet.size)
        if not len(sizes) % _PACKETS_A_STEP:
            yield None
    times = [time for time in pts if time is not None]
    if not times or len(times) < len(pts):
        yield "frames have no timestamps"
        return
    rate = stream.average_rate or stream.guessed_rate
    a_second = round(rate) if rate else 1
    in_order, of_sizes = np.array(times, np.int64), np.array(sizes, np.int64)
    yield grouped(Packets(in_order, of_sizes, reading.coding(), keys, of_keys, hidden), pixels, max(1, a_second))


@dataclass(frozen=True, slots=True)
class Packets:
    """All of a stream, in order of decoding. ``keys``, ``hidden``: indices of keyframes, and of packets whose frames
    are not shown. ``of_keys``: equal for keyframes only where their bytes are.
    """

    pts: NDArray[np.int64]
    sizes: NDArray[np.int64]
    coding: Coding
    keys: list[int]
    of_keys: list[int]
    hidden: list[int]


def grouped(read: Packets, pixels: int, a_second: int) -> Survey | str:
    """The survey of what was read. ``pixels``: of a picture. ``a_second``: so many packets."""
    pts, sizes, keys = read.pts, read.sizes, read.keys
    if not keys or keys[0]:
        return "it does not begin with a keyframe"
    if len(keys) == len(sizes):
        return "every frame is a keyframe"
    shown = np.sort(np.delete(pts, read.hidden))
    if np.any(np.diff(shown) <= 0):
        return "timestamps repeat"
    limit = _still_bytes(np.delete(sizes, keys), pixels)
    ends = [*keys[1:], len(pts)]
    busy = [_busy(sizes[first:end], limit, a_second) for first, end in zip(keys, ends, strict=True)]
    groups = [
        _group(pts[first:end], first, now, content)
        for first, end, now, content in zip(keys, ends, busy, read.of_keys, strict=True)
    ]
    is_due = _is_due(groups, int(shown[-1]))
    for place, (group, now) in enumerate(zip(groups, busy, strict=True)):
        own = sizes[group.first : group.end]
        change = change_of(own, limit, a_second)
        groups[place] = replace(
            group,
            change=None if change is None else (group.first + change[0], group.first + change[1]),
            quiet=not is_due[place] and is_quiet(own, int(np.max(np.flatnonzero(now), initial=0)), limit, a_second),
        )
    if not _in_order(pts, groups):
        return "timestamps go back"
    left_out = sum(group.end - group.stop for group in groups[:-1])
    all_busy = np.concatenate(busy)
    near = _widened(all_busy)
    if left_out < _WORTH * len(pts) and np.mean(~near) < _WORTH_STILL:
        small = float(np.mean(sizes <= limit))
        return f"{small:.0%} of its packets are as small as those of a still picture, and {len(keys)} keyframes"
    return Survey(tuple(groups), shown, pts, _needed(pts, all_busy), near, read.coding, limit)


def _is_due(groups: list[Group], end_pts: int) -> list[bool]:
    """Of each group, whether the keyframe behind it may have been put there as it was time for one, by the number of
    frames or by their times. Behind the last one, which ends at ``end_pts``, is none.
    """
    counts = np.array([group.end - group.first for group in groups])
    spans = np.diff([*(group.pts for group in groups), end_pts])
    due = (counts >= _DUE * counts.max()) | (spans >= _DUE * spans.max())
    return [*due.tolist()[:-1], True]


def _still_bytes(sizes: NDArray[np.int64], pixels: int) -> int:
    return still_limit(float(np.percentile(sizes, FLOOR_PERCENTILE)), pixels)


def still_limit(floor: float, pixels: int) -> int:
    """Bytes up to which a packet may be of a picture of ``pixels`` that stands still. ``floor``: what most need."""
    most = _STILL_BYTES + _STILL_BYTES_PER_MACROBLOCK * pixels / _MACROBLOCK_PX
    return int(min(most, _ABOVE_FLOOR * floor + _SLACK_BYTES))


def _busy(sizes: NDArray[np.int64], still: int, a_second: int) -> NDArray[np.bool_]:
    """Which packets of one group are; ``sizes[0]`` is the keyframe's, which is none of them."""
    above = np.maximum(sizes - still, 0)
    above[0] = 0
    total = np.concatenate(([0], np.cumsum(above)))
    begin = np.maximum(np.arange(1, len(sizes) + 1) - a_second, 0)
    return np.asarray((total[1:] - total[begin] > BUSY_SHARE * sizes[0]) & (above > 0))


def _needed(pts: NDArray[np.int64], busy: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Busy, or shown before one of the busy packets just before it in order of decoding."""
    latest = np.where(busy, pts, np.iinfo(np.int64).min)
    needed = busy.copy()
    for back in range(1, MOST_REORDERED + 1):
        needed[back:] |= latest[:-back] > pts[back:]
    return needed


def _widened(busy: NDArray[np.bool_]) -> NDArray[np.bool_]:
    before = np.concatenate((np.zeros(MARGIN + 1, np.int64), np.cumsum(busy)))
    total = np.concatenate((before, np.full(MARGIN, before[-1])))
    return np.asarray(total[2 * MARGIN + 1 :] > total[: -2 * MARGIN - 1])


def _group(own: NDArray[np.int64], first: int, busy: NDArray[np.bool_], content: int) -> Group:
    end, key = first + len(own), int(own[0])
    if not busy.any():
        return Group(first, end, first, key, key, False, content)
    last = int(np.flatnonzero(busy)[-1])
    # Index k: what comes before packet k is shown before all that comes from it on.
    apart = np.maximum.accumulate(own)[:-1] < np.minimum.accumulate(own[::-1])[::-1][1:]
    ready = np.flatnonzero(apart) + 1
    ready = ready[ready > last + MARGIN]
    stop = first + int(ready[0]) if ready.size else end
    return Group(first, end, stop, key, int(own[: last + 1].max()), bool(np.any(busy & (own < key))), content)


def _in_order(pts: NDArray[np.int64], groups: list[Group]) -> bool:
    """Each group is shown before the next one's keyframe, and none of it before the keyframe of the one before."""
    for before, group, after in zip([None, *groups[:-1]], groups, [*groups[1:], None], strict=True):
        own = pts[group.first : group.end]
        if after is not None and own.max() >= after.pts:
            return False
        if before is not None and own.min() <= before.pts:
            return False
    return True
