"""The run loop's decoding: one packet a step, so that it never takes long, and the pictures that are due.

Between the packets as they came and the ``frames`` pad. Where it falls behind a live source it goes on at the newest
key picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pipeline.frame import SECOND_NS, Output, To
from pipeline.stage import Context
from stages.decoder.live.analysis import PAD, Analysis
from stages.decoder.live.arrivals import Backlog
from stages.decoder.live.decoding import PacketDecoder, Stamp, Taken
from stages.decoder.live.pads import Pad
from stages.decoder.live.pending import Begin, End, Missing, Opened, Pending, Timed, Told
from stages.decoder.live.sampling import LiveSampler

_BEHIND_NS = SECOND_NS


class Viewing:
    """``stale_ns``: pictures that came later than this are not shown; None: all are, as segments come late."""

    def __init__(
        self,
        pad: Pad,
        analysis: Analysis,
        context: Context,
        monotonic: Callable[[], int],
        rate: float,
        stale_ns: int | None,
        limit_bytes: int,
    ) -> None:
        self._pad, self._analysis, self._context = pad, analysis, context
        self._monotonic = monotonic
        self._rate = rate
        self._stale_ns = stale_ns
        self._backlog: Backlog[Pending] = Backlog(limit_bytes, Missing)
        self._sampler = LiveSampler(rate, stale_ns is not None, context.dropped)
        self._decoder: PacketDecoder | None = None
        self._begin: Begin | None = None  # an epoch that has shown nothing yet
        self._corrupt_before = 0  # of earlier connections
        self.stale_total = 0
        self.lag_ns = 0  # between a picture's taking and its sending, the most since it was last asked for
        self.shown_epoch = 0  # of the newest frame given out

    @property
    def corrupt_total(self) -> int:
        return self._corrupt_before + (self._decoder.corrupt if self._decoder is not None else 0)

    def put(self, item: Pending) -> None:
        if isinstance(item, Timed):
            self._backlog.offer(item, item.arrived.nbytes, item.arrived.key)
        else:
            self._backlog.put(item)

    @property
    def busy(self) -> bool:
        """Whether another turn would do something at once."""
        room = self._context.room(PAD)
        if self._sampler.full and not room:
            return False
        return len(self._backlog) > 0 or (room and self._sampler.waiting(self._monotonic()))

    def outputs(self) -> Iterator[Output]:
        """One item's work at most, then the picture that is due if it finds room."""
        if not self._sampler.full:
            self._catch_up()
            item = self._backlog.get()
            if isinstance(item, Timed):
                self._decode(item)
            elif item is not None:
                yield from self._events(item)
        if self._sampler.waiting(self._monotonic()) and self._context.room(PAD):
            taken = self._sampler.get(self._monotonic())
            if taken is not None:
                if self._sampler.in_time:
                    self.lag_ns = max(self.lag_ns, self._monotonic() - taken.stamp.mono_ns)
                yield from self._show(taken)

    def stale(self, count: int) -> None:
        """Pictures that were too old when they came."""
        if count:
            self.stale_total += count
            self._context.dropped("stale", count)

    def last(self) -> Iterator[Output]:
        """Nothing follows: the last picture, where there is room for it."""
        taken = self._sampler.flush()
        if taken is None:
            return
        if self._context.room(PAD):
            yield from self._show(taken)
        else:
            self._context.dropped("behind", 1)

    def _show(self, taken: Taken) -> Iterator[Output]:
        """The epoch begins with what it shows: until then nothing is known, whatever packets have come."""
        if self._begin is not None:
            begin, self._begin = self._begin, None
            yield To(PAD, self._pad.begin(begin.epoch, begin.streams, taken.stamp.mono_ns))
        self.shown_epoch = self._pad.epoch
        yield from self._analysis.outputs(taken)

    def _catch_up(self) -> None:
        oldest = self._backlog.peek()
        if self._stale_ns is None or self._decoder is None or not isinstance(oldest, Timed):
            return
        if self._monotonic() - oldest.arrived.arrived_ns > _BEHIND_NS:
            skipped = self._backlog.skip(lambda item: isinstance(item, Timed) and item.arrived.key)
            if skipped:
                self._context.dropped("behind", skipped)
                self._decoder.skip()

    def _decode(self, item: Timed) -> None:
        if self._decoder is None:
            return
        concealed = self._decoder.concealed
        taken = self._decoder.feed(item.arrived, Stamp(item.mono_ns, item.arrived.arrived_ns))
        if self._decoder.concealed > concealed:
            self._context.dropped("corrupt", self._decoder.concealed - concealed)
        for one in taken:
            late_ns = one.stamp.arrived_ns - one.stamp.mono_ns
            if self._stale_ns is not None and late_ns > self._stale_ns:
                self.stale(1)
            else:
                self._sampler.put(one, self._monotonic())

    def _events(self, item: Pending) -> Iterator[Output]:
        if isinstance(item, Opened):
            self._corrupt_before = self.corrupt_total
            self._decoder = item.decoder
            fps = float(item.facts.fps)
            self._analysis.begin(item.facts.sar, min(self._rate, fps) if self._rate else fps)
        elif isinstance(item, Begin):
            self._begin = item
        elif isinstance(item, End):
            yield from self.last()
            self._begin = None
            gap = self._pad.gap(item.reason, item.duration_ns)
            if gap is not None:
                yield To(PAD, gap)
        elif isinstance(item, Told):
            yield from self.last()
            event = self._pad.lecture_start(item.data) if item.start else self._pad.lecture_stop(item.data)
            yield To(PAD, event)
        elif isinstance(item, Missing) and self._decoder is not None:
            self._context.dropped("overflow", item.count)
            self._decoder.skip()
