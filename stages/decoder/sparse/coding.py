"""How the packets of an H.264 file are coded: what repeats, and what the decoder does with it. Part of the survey.

Of other streams nothing is known here, and nothing repeats.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from av.packet import Packet
from av.video.stream import VideoStream
from numpy.typing import NDArray

from stages.decoder.h264.bits import Malformed
from stages.decoder.h264.headers import Coded, Headers
from stages.decoder.h264.parameters import Sequence
from stages.decoder.sparse.contents import Contents

OTHER = -1  # the content of a packet that is compared with none
_UNREAD = -1  # the frame_num of a packet whose headers are not followed
_SMALL_BYTES = 512  # what stands still takes less
_MOST_KNOWN = 4096
_STILL = 0.2  # share of a group's packets that may be of a still picture; where fewer are, little can repeat
_LONGEST = 512  # packets of a group that wait until that is known
_FRAME_POC = 2  # two fields
_NOTHING = (0, OTHER, _UNREAD, _UNREAD)


@dataclass(frozen=True, slots=True)
class Coding:
    """Of each packet in order of decoding, ``contents``: equal for two only where all but their counters is, or OTHER;
    ``frame_nums`` and ``pocs``: the counters; ``idr``: whether it is such a picture. ``sequence``: that of all of them;
    None: nothing is known. ``headers``: has seen all that the packets are read by.
    """

    contents: NDArray[np.int64]
    frame_nums: NDArray[np.int64]
    pocs: NDArray[np.int64]
    idr: NDArray[np.bool_]
    sequence: Sequence | None
    headers: Headers | None
    _kinds: list[Coded | None]
    _packets: NDArray[np.int64]  # which of the kinds

    def coded(self, index: int) -> Coded | None:
        """What its headers say, but for its counters and its content; None where they are not followed."""
        return self._kinds[self._packets[index]] if 0 <= index < len(self._packets) else None

    def between(self, index: int, later: int) -> tuple[int, int]:
        """By how much frame_num and pic_order_cnt_lsb are more there, going round."""
        if later >= len(self._packets):
            return 0, 0
        return int(self.frame_nums[later] - self.frame_nums[index]), int(self.pocs[later] - self.pocs[index])

    def joined(self, packet: Packet[VideoStream], index: int, key: int, change: tuple[int, int]) -> Packet[VideoStream]:
        """A packet of a change, from the one to the other, as it is if these follow upon the keyframe. Raises
        Malformed if it cannot be.
        """
        if self.headers is None or self.sequence is None or _UNREAD in self.frame_nums[[key, index, change[0]]]:
            raise Malformed("its headers are not followed")
        half = 1 << (self.sequence.poc_bits - 1) if self.sequence.poc_bits else 1
        pocs = (self.pocs[change[0] : change[1] + 1] - self.pocs[change[0]] + half) % (2 * half) - half
        poc = int(self.pocs[change[0]] + pocs.min() - self.pocs[key]) - _FRAME_POC
        frame_num = int(self.frame_nums[change[0]] - self.frame_nums[key]) - 1
        return numbered(self.headers, packet, frame_num, poc)

    def followed(self) -> NDArray[np.bool_]:
        """Whether of each packet and all behind it, up to the next IDR picture, the headers are followed."""
        count = len(self._packets)
        place = np.arange(count)
        idr = np.append(np.flatnonzero(self.idr), count)
        unread = np.append(np.flatnonzero(self.frame_nums == _UNREAD), count)
        return np.asarray(unread[np.searchsorted(unread, place)] >= idr[np.searchsorted(idr, place, "right")])


def numbered(headers: Headers, packet: Packet[VideoStream], frame_num: int, poc: int) -> Packet[VideoStream]:
    """The packet with counters that are less by so much. Raises Malformed if its headers are not followed."""
    made = cast("Packet[VideoStream]", Packet(headers.moved(bytes(packet), frame_num, poc)))
    made.pts, made.dts, made.duration, made.time_base = packet.pts, packet.dts, packet.duration, packet.time_base
    made.is_keyframe, made.stream = packet.is_keyframe, packet.stream
    return made


class Reading:
    """Takes the packets of a file one by one. ``stream``: theirs. Headers take longer to read than all the rest: where
    hardly any packet is within ``still_bytes`` nothing is known of a group that begins with an IDR picture.
    """

    def __init__(self, stream: VideoStream, still_bytes: int) -> None:
        context = stream.codec_context
        self._headers = Headers(context.extradata or b"") if context.name == "h264" else None
        self._still_bytes = still_bytes
        self._numbers = Contents()
        self._sequence: Sequence | None = None
        self._kinds: dict[Coded | None, int] = {None: 0}
        self._known: dict[bytes, tuple[int, int, int, int]] = {}  # of small packets
        self._packets = array("q")  # four numbers of each: its kind, its content, its counters
        self._waiting: list[Packet[VideoStream]] | None = None  # of the group; None: they are read as they come
        self._at_idr = False  # the packet that was read last

    def put(self, packet: Packet[VideoStream]) -> None:
        """The next one."""
        headers = self._headers
        if headers is None:
            self._packets.extend(_NOTHING)
        elif packet.is_keyframe:
            self._settle(headers)
            self._put(packet, headers)
            self._waiting = [] if self._at_idr else None  # else what came before is decoded by what comes, too
        elif self._waiting is None:
            self._put(packet, headers)
        else:
            self._waiting.append(packet)
            if len(self._waiting) >= _LONGEST:
                self._put_all(headers)

    def _settle(self, headers: Headers) -> None:
        """The group is at its end."""
        waiting = self._waiting or []
        if sum(packet.size <= self._still_bytes for packet in waiting) >= _STILL * len(waiting):
            self._put_all(headers)
            return
        for packet in waiting:
            headers.note(bytes(packet))
            self._packets.extend(_NOTHING)
        self._waiting = None

    def _put_all(self, headers: Headers) -> None:
        waiting, self._waiting = self._waiting, None
        for packet in waiting or ():
            self._put(packet, headers)

    def _put(self, packet: Packet[VideoStream], headers: Headers) -> None:
        data = bytes(packet)
        known = self._known.get(data)
        if known is None:
            known = self._read(packet, data, headers)
            if len(data) <= _SMALL_BYTES and not packet.is_keyframe and not packet.is_discard:
                if len(self._known) >= _MOST_KNOWN:
                    self._known.clear()
                self._known[data] = known
        self._packets.extend(known)

    def coding(self) -> Coding:
        """Of all that were taken."""
        if self._headers is not None:
            self._settle(self._headers)
        packets = np.array(self._packets, np.int64).reshape(-1, len(_NOTHING))
        headers = self._headers
        sequence = self._sequence if headers is not None and not headers.doubtful else None
        if sequence is None:
            packets[:] = _NOTHING
        kinds = list(self._kinds)
        idr = np.array([kind is not None and kind.idr for kind in kinds])[packets[:, 0]]
        of_packets = (np.ascontiguousarray(column) for column in packets.T)
        which, contents, frame_nums, pocs = of_packets
        return Coding(contents, frame_nums, pocs, idr, sequence, headers, kinds, which)

    def _read(self, packet: Packet[VideoStream], data: bytes, headers: Headers) -> tuple[int, int, int, int]:
        """Nothing is known of it if its headers are not followed, or it is decoded in another way than by its bytes."""
        self._at_idr = False
        if packet.is_discard or (packet.is_keyframe and packet.has_sidedata("new_extradata")):
            return _NOTHING
        coded = headers.read(data, len(data) <= _SMALL_BYTES and not packet.is_keyframe)
        self._at_idr = coded is not None and coded.idr
        if coded is not None and self._sequence is None:
            self._sequence = coded.sequence
        if coded is None or coded.sequence != self._sequence:
            return _NOTHING
        kind = self._kinds.setdefault(replace(coded, frame_num=0, poc=0, content=None), len(self._kinds))
        content = OTHER if coded.content is None else self._numbers.of(coded.content)
        return kind, content, coded.frame_num, coded.poc
