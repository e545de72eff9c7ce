"""Leaves out of what the decoder is given what it would only do over again, and moves the counters of what follows.

Between the walk and the decoder. Which packets those are ``Repeats`` says, from what came out; all else is the walk's.
"""

from __future__ import annotations

import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from stages.decoder.h264.bits import Malformed
from stages.decoder.h264.references import References
from stages.decoder.sparse.coding import numbered
from stages.decoder.sparse.prints import Prints
from stages.decoder.sparse.repeats import Given, Repeats
from stages.decoder.sparse.survey import Survey
from stages.decoder.units import is_referred_to, length_bytes


class Leaps:
    """``stream``: the one that is decoded."""

    def __init__(self, stream: VideoStream, survey: Survey) -> None:
        self._coding = survey.coding
        self._is_h264 = stream.codec_context.name == "h264"
        self._lengths = length_bytes(stream.codec_context.extradata or b"")
        self._given = Given()
        self._references = References(survey.coding.coded, survey.coding.frame_nums, survey.pts)
        self._repeats = Repeats(survey.coding, np.flatnonzero(survey.near))
        sequence = survey.coding.sequence
        self._prints = Prints(sequence.size) if sequence is not None else None
        self._moved = (0, 0)  # by so much frame_num and pic_order_cnt_lsb are less for the decoder

    def begin(self) -> None:
        """The decoder is empty."""
        self._given = Given()
        self._references.begin()
        self._moved = (0, 0)

    def beyond(self, index: int) -> int:
        """The packet to go on with: a later one than ``index``, the next, if those up to there are not needed."""
        if self._coding.sequence is None:
            return index
        beyond = self._repeats.beyond(index, self._given, self._references)
        if beyond > index:
            self._references.moved(beyond - index)
            by = self._coding.between(index, beyond)
            self._moved = (self._moved[0] + by[0], self._moved[1] + by[1])
        return beyond

    def put(self, packet: Packet[VideoStream], index: int, needed: bool) -> None:
        """This packet is the next. If its frame is not ``needed`` the decoder may leave it out."""
        self._references.put(index)
        if packet.pts is None or packet.is_discard:
            self._given.lost(index)
        else:
            self._given.put(packet.pts, index, needed)

    def is_unreferred(self, packet: Packet[VideoStream]) -> bool:
        """Whether it is known that no picture refers to that of this packet."""
        return self._is_h264 and not is_referred_to(bytes(packet), self._lengths)

    def counted(self, packet: Packet[VideoStream], index: int) -> Packet[VideoStream]:
        """As the decoder is given it."""
        if index < len(self._coding.idr) and self._coding.idr[index]:
            self._moved = (0, 0)
        if self._moved == (0, 0) or self._coding.headers is None:
            return packet
        try:
            return numbered(self._coding.headers, packet, *self._moved)
        except Malformed:
            return packet  # one that came into the file after it was surveyed

    def out(self, frame: VideoFrame, optional: bool) -> bool | None:
        """This frame has come out, later than those before it. ``optional``: it is not needed, as its packet says that
        nothing happens. Then: whether it was before and shows what is on screen; None if this cannot be told from what
        was before.
        """
        if frame.pts is None:
            return None
        may_stay: bool | None = None
        print_: int | None = None
        if optional and self._prints is not None and self._repeats.comes_again(self._given.packet_of(frame.pts)):
            print_, may_stay = self._prints.of(frame)
            if print_ is None:
                self._prints.forget()
        self._given.out(frame.pts, print_)
        return may_stay

    def forget(self) -> None:
        """What comes next is compared with nothing before it."""
        if self._prints is not None:
            self._prints.forget()
