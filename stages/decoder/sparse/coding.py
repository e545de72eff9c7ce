"""How the packets of an H.264 file are coded: what repeats, and what the decoder does with it. Part of the survey.

Of other streams nothing is known here, and nothing repeats.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from av.packet import Packet
from av.video.stream import VideoStream
from numpy.typing import NDArray

from stages.decoder.h264.headers import Coded, Headers
from stages.decoder.h264.parameters import Sequence
from stages.decoder.sparse.contents import Contents

OTHER = -1  # the content of a packet that is compared with none
_UNREAD = -1  # the frame_num of a packet whose headers are not followed
_SMALL_BYTES = 512  # what stands still takes less
_MOST_KNOWN = 4096


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
        """What its headers say, but for its content; None where they are not followed."""
        return self._kinds[self._packets[index]] if 0 <= index < len(self._packets) else None

    def between(self, index: int, later: int) -> tuple[int, int]:
        """By how much frame_num and pic_order_cnt_lsb are more there, going round."""
        if later >= len(self._packets):
            return 0, 0
        return int(self.frame_nums[later] - self.frame_nums[index]), int(self.pocs[later] - self.pocs[index])

    def followed(self) -> NDArray[np.bool_]:
        """Whether of each packet and all behind it, up to the next IDR picture, the headers are followed."""
        count = len(self._packets)
        place = np.arange(count)
        idr = np.append(np.flatnonzero(self.idr), count)
        unread = np.append(np.flatnonzero(self.frame_nums == _UNREAD), count)
        return np.asarray(unread[np.searchsorted(unread, place)] >= idr[np.searchsorted(idr, place, "right")])


class Reading:
    """Takes the packets of a file one by one. ``stream``: theirs."""

    def __init__(self, stream: VideoStream) -> None:
        context = stream.codec_context
        self._headers = Headers(context.extradata or b"") if context.name == "h264" else None
        self._numbers = Contents()
        self._sequence: Sequence | None = None
        self._kinds: list[Coded | None] = [None]
        self._contents = [OTHER]  # of each kind
        self._known: dict[bytes, int] = {}  # the kinds of small packets
        self._packets: list[int] = []

    def put(self, packet: Packet[VideoStream]) -> None:
        """The next one."""
        if self._headers is None:
            self._packets.append(0)
            return
        data = bytes(packet)
        kind = self._known.get(data)
        if kind is None:
            kind = self._kind(packet, data, self._headers)
            if len(data) <= _SMALL_BYTES and not packet.is_keyframe and not packet.is_discard:
                if len(self._known) >= _MOST_KNOWN:
                    self._known.clear()
                self._known[data] = kind
        self._packets.append(kind)

    def coding(self) -> Coding:
        """Of all that were taken."""
        headers = self._headers
        sequence = self._sequence if headers is not None and not headers.doubtful else None
        kinds: list[Coded | None] = self._kinds if sequence is not None else [None] * len(self._kinds)
        frame_nums = [_UNREAD if kind is None else kind.frame_num for kind in kinds]
        pocs = [_UNREAD if kind is None else kind.poc for kind in kinds]
        idr = [kind is not None and kind.idr for kind in kinds]
        contents = self._contents if sequence is not None else [OTHER] * len(kinds)
        packets = np.array(self._packets, np.int64)
        return Coding(
            np.array(contents, np.int64)[packets],
            np.array(frame_nums, np.int64)[packets],
            np.array(pocs, np.int64)[packets],
            np.array(idr, np.bool_)[packets],
            sequence,
            headers,
            kinds,
            packets,
        )

    def _kind(self, packet: Packet[VideoStream], data: bytes, headers: Headers) -> int:
        """0 if its headers are not followed, or it is decoded in another way than by its bytes."""
        if packet.is_discard or (packet.is_keyframe and packet.has_sidedata("new_extradata")):
            return 0
        repeats = len(data) <= _SMALL_BYTES and not packet.is_keyframe
        coded = headers.read(data, repeats)
        if coded is not None and self._sequence is None:
            self._sequence = coded.sequence
        if coded is None or coded.sequence != self._sequence:
            return 0
        self._contents.append(OTHER if coded.content is None else self._numbers.of(coded.content))
        self._kinds.append(replace(coded, content=None))
        return len(self._kinds) - 1
