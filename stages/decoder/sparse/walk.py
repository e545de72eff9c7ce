"""Goes through a surveyed file once and decodes what must be; all else comes as ``Unchanged``.

A group of pictures is left out, or the rest of it after its last busy packet, if the next group's keyframe shows what
is on screen then: that proves that a full decode would show no more. In what is decoded, frames that are not busy and
to which no other refers are left out too. From the first interlaced frame on nothing is left out, as making one whole
needs its neighbours. It chooses no frames and knows no times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from stages.decoder.decoding import Damage, decode, drained, packets
from stages.decoder.sparse.keyframes import Keyframes
from stages.decoder.sparse.likeness import Look
from stages.decoder.sparse.survey import Group, Survey
from stages.decoder.sparse.unchanged import Unchanged


@dataclass(slots=True)
class Walked:
    """``packets`` read, of which ``decoded`` frames came; keyframes that were decoded apart are not among them."""

    packets: int = 0
    decoded: int = 0


@dataclass(slots=True)
class Walk:
    """``container`` and ``stream``: to read from the beginning; of ``keyframes`` the same file, opened apart."""

    container: InputContainer
    stream: VideoStream
    path: Path | str
    survey: Survey
    keyframes: Keyframes
    walked: Walked = field(default_factory=Walked)
    _last_pts: int | None = None
    _shown: VideoFrame | None = None
    _running: bool = False  # the decoder has all that the next packet refers to
    _interlaced: bool = False  # such a frame has come, or will soon
    _stretch: int = 0
    _optional: set[int] = field(default_factory=set)  # pts of frames that the decoder may leave out

    def frames(self, damage: Damage, on_damage: Callable[[], None]) -> Iterator[VideoFrame | Unchanged]:
        """All frames in order of presentation. Raises SourceError, ResourceError."""
        groups = iter(self.survey.groups)
        group: Group | None = next(groups, None)
        following = next(groups, None)
        here = self.keyframes.at(group.pts) if group else None
        after: Look | None = None
        skipping = False
        for packet in packets(self.container, self.stream, self.path, damage, on_damage):
            if not packet.size:
                yield from self._drained(damage, on_damage)
                return
            index = self.walked.packets
            self.walked.packets += 1
            if group is not None and index == group.end:
                group, following, here = following, next(groups, None), after
            if group is not None and index == group.first:
                after = self.keyframes.at(following.pts) if following else None
                skipping = False
            self._interlaced = self._interlaced or self.keyframes.interlaced
            if group is not None and following is not None and index == group.stop and not skipping:
                shown = self._newest(group, here)
                tied = following.tied or self._interlaced
                if shown is not None and after is not None and not tied and shown.like(after):
                    skipping = True
                    yield from self._drained(damage, on_damage)
                    yield from self._unchanged(here if index == group.first else None, following.pts)
            if skipping:
                continue
            self._stretch += not self._running
            self._running = True
            self._ask(packet, index)
            for frame in decode(packet, self.path, damage, on_damage):
                yield from self._emitted(frame)

    def _ask(self, packet: Packet[VideoStream], index: int) -> None:
        """Far from where something happens a frame to which no other refers need not come out."""
        known = index < len(self.survey.near) and not self._interlaced
        needed = not known or packet.is_keyframe or bool(self.survey.near[index])
        self.stream.codec_context.skip_frame = "DEFAULT" if needed else "NONREF"
        if not needed and packet.pts is not None and not packet.is_discard:
            self._optional.add(packet.pts)

    def _newest(self, group: Group, here: Look | None) -> Look | None:
        """What is on screen where the rest of the group may be left out, as far as the decoder has given it out."""
        if group.stop == group.first:
            return here
        shown = self._shown
        return None if shown is None or shown.pts is None or shown.pts < group.busy_pts else Look(shown)

    def _emitted(self, frame: VideoFrame) -> Iterator[VideoFrame | Unchanged]:
        """Frames before an entry refer to what was left out: they were unchanged, and are on their way already."""
        if frame.pts is not None:
            if self._last_pts is not None and frame.pts <= self._last_pts:
                return
            yield from self._left_out(frame.pts)
            self._last_pts = frame.pts
        self._shown = frame
        self._interlaced = self._interlaced or frame.interlaced_frame
        self.walked.decoded += 1
        yield frame

    def _left_out(self, until_pts: int | None = None) -> Iterator[Unchanged]:
        """The frames before ``until_pts`` that the decoder was free to leave out, and has."""
        gone = sorted(pts for pts in self._optional if until_pts is None or pts < until_pts)
        self._optional.difference_update(gone)
        if until_pts is not None:
            self._optional.discard(until_pts)
        for pts in gone:
            if self._shown is not None and (self._last_pts is None or pts > self._last_pts):
                self._last_pts = pts
                yield Unchanged(pts, self._shown, self._stretch)

    def _drained(self, damage: Damage, on_damage: Callable[[], None]) -> Iterator[VideoFrame | Unchanged]:
        """What the decoder still holds; afterwards it can begin at any keyframe."""
        if not self._running:
            return
        self._running = False
        for frame in drained(self.stream, self.path, damage, on_damage):
            yield from self._emitted(frame)
        yield from self._left_out()
        self.stream.codec_context.flush_buffers()

    def _unchanged(self, key: Look | None, until_pts: int) -> Iterator[Unchanged]:
        """All frames after the last one and before ``until_pts``. ``key``: shown from its own time on."""
        times = self.survey.times
        start = 0 if self._last_pts is None else int(np.searchsorted(times, self._last_pts, "right"))
        for pts in times[start : np.searchsorted(times, until_pts)].tolist():
            if key is not None and key.frame.pts is not None and pts >= key.frame.pts:
                self._shown = key.frame
            if self._shown is not None:
                self._last_pts = pts
                yield Unchanged(pts, self._shown, self._stretch)
