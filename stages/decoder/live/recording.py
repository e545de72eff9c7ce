"""The ``packets`` pad: the source's own packets, as they came, for whoever records them. It never leaks.

Without room they wait here, in up to 64 MiB; what does not fit is counted, and a new epoch says that something is
missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from pipeline.caps import Caps
from pipeline.frame import Event, Frame, Output, Plane, To, caps_event
from pipeline.stage import Context
from stages.decoder.live.arrivals import Backlog
from stages.decoder.live.pads import Pad
from stages.decoder.live.pending import Begin, End, Missing, Pending, Timed, Told

PAD = "packets"
_MOST_A_STEP = 32  # so that pictures get their turn
_CAPS = Caps.of("media/packets")


class Recording:
    """``next_epoch`` numbers the epoch that begins behind an overflow."""

    def __init__(self, pad: Pad, context: Context, next_epoch: Callable[[], int], limit_bytes: int) -> None:
        self._pad = pad
        self._context = context
        self._next_epoch = next_epoch
        self._streams = b""
        self._backlog: Backlog[Pending] = Backlog(limit_bytes, Missing)
        self._at_hand: Pending | None = None
        self._resuming = False  # packets were dropped: the next one begins an epoch

    def put(self, item: Pending) -> None:
        if isinstance(item, Timed):
            arrived = item.arrived
            self._backlog.offer(item, arrived.nbytes, arrived.video and arrived.key)
        else:
            self._backlog.put(item)

    @property
    def waiting(self) -> bool:
        return self._at_hand is not None or len(self._backlog) > 0

    def outputs(self) -> Iterator[Output]:
        """What can go out now."""
        for _ in range(_MOST_A_STEP):
            item = self._backlog.get() if self._at_hand is None else self._at_hand
            self._at_hand = None
            if item is None:
                return
            if isinstance(item, Timed):
                if not self._context.room(PAD):
                    self._at_hand = item
                    return
                if self._resuming:
                    self._resuming = False
                    yield from (To(PAD, event) for event in self._begin(self._next_epoch(), item.mono_ns))
                yield To(PAD, self._frame(item))
            else:
                yield from (To(PAD, event) for event in self._events(item))

    def _events(self, item: Pending) -> Iterator[Event]:
        if isinstance(item, Begin):
            self._streams = item.streams
            self._resuming = False
            yield from self._begin(item.epoch, item.mono_ns)
        elif isinstance(item, Told):
            yield self._pad.lecture_start(item.data) if item.start else self._pad.lecture_stop(item.data)
        elif isinstance(item, Missing):
            self._context.dropped("overflow", item.count)
            self._resuming = True
            yield from self._gap("overflow", 0)
        elif isinstance(item, End):
            yield from self._gap(item.reason, item.duration_ns)

    def _gap(self, reason: str, duration_ns: int) -> Iterator[Event]:
        gap = self._pad.gap(reason, duration_ns)
        if gap is not None:
            yield gap

    def _begin(self, epoch: int, mono_ns: int) -> Iterator[Event]:
        event = self._pad.begin(epoch, self._streams, mono_ns)
        yield event
        yield caps_event(_CAPS, event.pts_ns)

    def _frame(self, item: Timed) -> Frame:
        arrived = item.arrived
        data: Plane = np.frombuffer(memoryview(arrived.packet), np.uint8)
        meta = {
            "stream": arrived.stream,
            "pts": arrived.pts,
            "dts": arrived.dts,
            "duration": arrived.duration,
            "key": arrived.key,
            "video": arrived.video,
        }
        # Sound comes a little before or behind its pictures; it must not push their times.
        return self._pad.stamped(Frame(0, 0, _CAPS, (data,), None, meta=meta), item.mono_ns if arrived.video else None)
