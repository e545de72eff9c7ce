"""Goes through a surveyed file once and decodes what must be; all else comes as ``Unchanged``.

A group of pictures is left out, or the rest of it after its last busy packet, if the next group's keyframe shows what
is on screen then: that proves that a full decode would show no more; or if nothing changes up to a keyframe that begins
a scene. One that holds a single change is left out as well: its keyframe and the next one show it. In what is decoded,
frames to which no other refers are left out if they are not busy, or not due, and so is what repeats itself
(``leaps``). From the first interlaced frame on nothing is left out, as making one whole needs its neighbours. It
chooses no frames.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from stages.decoder.decoding import Damage, decode, drained
from stages.decoder.native import identical, picture_of
from stages.decoder.sparse.glimpses import Glimpses
from stages.decoder.sparse.keyframes import Keyframes
from stages.decoder.sparse.leaps import Leaps
from stages.decoder.sparse.likeness import Look
from stages.decoder.sparse.reader import Reader
from stages.decoder.sparse.survey import Group, Survey
from stages.decoder.sparse.unchanged import Unchanged
from stages.decoder.undue import Undecoded, Undue


@dataclass(slots=True)
class Walked:
    """``packets`` passed, of which ``decoded`` frames came; keyframes that were decoded apart are not among them."""

    packets: int = 0
    decoded: int = 0


class Walk:
    """``container`` and ``stream``: to read from the beginning; of ``keyframes`` the same file, opened apart."""

    def __init__(
        self,
        container: InputContainer,
        stream: VideoStream,
        path: Path | str,
        survey: Survey,
        keyframes: Keyframes,
        glimpses: Glimpses,
    ) -> None:
        self.container, self.stream, self.path = container, stream, path
        self.survey, self.keyframes, self.glimpses = survey, keyframes, glimpses
        self.walked = Walked()
        self._last_pts: int | None = None
        self._shown: VideoFrame | None = None
        self._running = False  # the decoder has all that the next packet refers to
        self._interlaced = False  # such a frame has come, or will soon
        self._stretch = 0
        self._undue: Undue | None = None
        self._optional: set[int] = set()  # pts of frames that the decoder may leave out as they change nothing
        self._not_due: set[int] = set()  # pts of frames that it may leave out whatever they show
        self._leaps = Leaps(stream, survey)
        self._alike: set[tuple[int, int]] = set()  # keyframes that were compared, by content

    def frames(
        self, damage: Damage, on_damage: Callable[[], None], undue: Undue | None = None
    ) -> Iterator[VideoFrame | Unchanged | Undecoded]:
        """All frames in order of presentation. ``undue``: says which are not due; None: all are. Raises SourceError,
        ResourceError.
        """
        self._undue = undue
        groups = iter(self.survey.groups)
        group: Group | None = next(groups, None)
        following = next(groups, None)
        here = self.keyframes.at(group) if group else None
        after: Look | None = None
        reader = Reader(self.container, self.stream, self.path, self.survey, damage, on_damage)
        index = go_on = 0
        while True:
            self.walked.packets = index
            if group is not None and index == group.end:
                group, following, here = following, next(groups, None), after
            if group is not None and index == group.first:
                after = self.keyframes.at(following) if following else None
            self._interlaced = self._interlaced or self.keyframes.interlaced
            if group and following and after and not following.tied and not self._interlaced:
                rest: Iterator[Unchanged | Undecoded] | None = None
                if index == group.stop and self._may_end(group, here, following, after):
                    rest = self._unchanged(here if index == group.first else None, group.pts, following.pts)
                elif index == group.first and here and group.change and self._becomes(group, group.change, here, after):
                    rest = self._changed(group.change, group, here, after, following.pts)
                if rest is not None:
                    yield from self._drained(damage, on_damage)
                    yield from rest
                    self._stretch += group.quiet  # the next keyframe may show something else
                    index = go_on = following.first
                    continue
            if index >= go_on:
                go_on = self._beyond(index, damage)
            if index < go_on:
                index = group.stop if group is not None and index < group.stop < go_on else go_on
                continue
            packet = reader.packet(index, not self._running)
            if packet is None or not packet.size:
                yield from self._drained(damage, on_damage)
                return
            if not self._running:
                self._stretch += 1
                self._running = True
                self._leaps.begin()
            if self._ask(packet, index, damage):
                for frame in decode(self._leaps.counted(packet, index), self.path, damage, on_damage):
                    yield from self._emitted(frame)
            index += 1

    def _becomes(self, group: Group, change: tuple[int, int], here: Look, after: Look) -> bool:
        """Whether the change, and nothing else, leads from the keyframe of the group to the next one."""
        return not group.tied and not here.like(after) and self.glimpses.lead_to(group, change, after)

    def _changed(
        self, change: tuple[int, int], group: Group, here: Look, after: Look, until_pts: int
    ) -> Iterator[Unchanged | Undecoded]:
        """All frames of a group in which, from the one packet to the other, what the next keyframe shows takes the
        place of its own. Of those between, and of those coded later but shown before, nobody knows what they show.
        """
        first, last = change
        begin = int(self.survey.pts[first : group.end].min())
        end = int(self.survey.pts[first : last + 1].max())
        yield from self._unchanged(here, group.pts, begin)
        times = self.survey.times
        for pts in times[np.searchsorted(times, begin) : np.searchsorted(times, end)].tolist():
            self._last_pts = pts
            yield Undecoded(pts)
        self._stretch += 1
        yield from self._unchanged(after, end, until_pts)

    def _may_end(self, group: Group, here: Look | None, following: Group, after: Look) -> bool:
        """Whether the rest of the group shows what is on screen, as far as the decoder has given that out: the next
        keyframe shows it, or is where it is for what it shows.
        """
        if group.stop == group.first:
            pair = (group.content, following.content)
            if here is None or not (group.quiet or pair in self._alike or here.like(after)):
                return False
            if not group.quiet:
                self._alike.add(pair)
            return True
        shown = self._shown
        if shown is None or shown.pts is None or shown.pts < group.busy_pts:
            return False
        return group.quiet or Look(shown).becomes(after)

    def _beyond(self, index: int, damage: Damage) -> int:
        """The packet to go on with: a later one than ``index`` if those up to there are what went before again."""
        known = index < len(self.survey.near) and not self._interlaced and not damage.any
        if not known or not self._running:
            return index
        beyond = self._leaps.beyond(index)
        if beyond > index:
            left_out = self.survey.pts[index:beyond]
            self._optional.update(left_out[np.isin(left_out, self.survey.times)].tolist())
        return beyond

    def _ask(self, packet: Packet[VideoStream], index: int, damage: Damage) -> bool:
        """Whether the decoder is given this packet, and if so, it is told whether it may leave its frame out.

        One to which no other refers need not come out far from where something happens, nor if it is not due. Where
        that is known, it is not given: FFmpeg's threads take turns, and would wait for each other for nothing.
        """
        known = index < len(self.survey.near) and not self._interlaced
        needed = not known or packet.is_keyframe or bool(self.survey.needed[index])
        undue = needed and known and not damage.any and self._is_undue(packet)
        self.stream.codec_context.skip_frame = "NONREF" if undue or not needed else "DEFAULT"
        self._leaps.put(packet, index, needed)
        if packet.pts is None or packet.is_discard:
            return True
        if undue:
            self._not_due.add(packet.pts)
        elif not needed:
            self._optional.add(packet.pts)
        return not (undue or not needed) or not self._leaps.is_unreferred(packet)

    def _is_undue(self, packet: Packet[VideoStream]) -> bool:
        times, pts = self.survey.times, packet.pts
        if self._undue is None or pts is None or packet.is_keyframe or packet.is_discard:
            return False
        place = int(np.searchsorted(times, pts))
        if not 0 < place < len(times) - 1 or times[place] != pts:
            return False
        return self._undue.is_undue(int(times[place - 1]), pts, int(times[place + 1]))

    def _emitted(self, frame: VideoFrame) -> Iterator[VideoFrame | Unchanged | Undecoded]:
        """Frames before an entry refer to what was left out: they were unchanged, and are on their way already."""
        self.walked.decoded += 1
        if frame.pts is None:
            self._shown = frame
            yield frame
            return
        if self._last_pts is not None and frame.pts <= self._last_pts:
            self._leaps.out(frame, False)
            return
        is_still = frame.pts in self._optional
        yield from self._left_out(frame.pts)
        self._last_pts = frame.pts
        self._interlaced = self._interlaced or frame.interlaced_frame
        is_still = is_still and not self._interlaced and not frame.is_corrupt
        may_stay = self._leaps.out(frame, is_still)
        if may_stay is None:
            shown = self._shown
            may_stay = is_still and shown is not None and identical(picture_of(shown, 1.0), picture_of(frame, 1.0))
            if not may_stay:
                self._leaps.forget()
        if may_stay and self._shown is not None:
            yield Unchanged((frame.pts,), self._shown, self._stretch)
            return
        self._shown = frame
        self._stretch += 1
        yield frame

    def _left_out(self, until_pts: int | None = None) -> Iterator[Unchanged | Undecoded]:
        """The frames before ``until_pts`` that the decoder was free to leave out, and has."""
        free = self._optional | self._not_due
        gone = sorted(pts for pts in free if until_pts is None or pts < until_pts)
        not_due = self._not_due.intersection(gone)
        for kept in (self._optional, self._not_due):
            kept.difference_update(gone)
            if until_pts is not None:
                kept.discard(until_pts)
        if self._shown is None:
            return
        if self._last_pts is not None:
            gone = gone[bisect_right(gone, self._last_pts) :]
        for is_undue, alike in groupby(gone, not_due.__contains__):
            all_pts = list(alike)
            self._last_pts = all_pts[-1]
            if is_undue:
                yield from map(Undecoded, all_pts)
            else:
                yield Unchanged(all_pts, self._shown, self._stretch)

    def _drained(self, damage: Damage, on_damage: Callable[[], None]) -> Iterator[VideoFrame | Unchanged | Undecoded]:
        """What the decoder still holds; afterwards it can begin at any keyframe."""
        if not self._running:
            return
        self._running = False
        for frame in drained(self.stream, self.path, damage, on_damage):
            yield from self._emitted(frame)
        yield from self._left_out()
        self.stream.codec_context.flush_buffers()

    def _unchanged(self, key: Look | None, key_pts: int, until_pts: int) -> Iterator[Unchanged]:
        """All frames after the last one and before ``until_pts``. ``key``: shown from ``key_pts`` on."""
        times = self.survey.times
        start = 0 if self._last_pts is None else int(np.searchsorted(times, self._last_pts, "right"))
        place = max(start, int(np.searchsorted(times, key_pts))) if key is not None else start
        for now, all_pts in ((self._shown, times[start:place]), (key.frame if key else self._shown, times[place:])):
            all_pts = all_pts[: np.searchsorted(all_pts, until_pts)].tolist()
            if all_pts and now is not None:
                self._shown, self._last_pts = now, all_pts[-1]
                yield Unchanged(all_pts, now, self._stretch)
