"""The run loop's decoding: one packet a step, so that it never takes long, and the pictures that are due.

Between the packets as they came and the ``frames`` pad. Where it falls behind a live source it goes on at the newest
key picture. In mode ``keyframes`` it decodes what ``sparing`` says, and shows pictures again where they stand still.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator

from pipeline.frame import SECOND_NS, Output, To
from pipeline.stage import Context
from stages.decoder.live.analysis import PAD, Analysis, is_new
from stages.decoder.live.arrivals import Backlog, Connected
from stages.decoder.live.decoding import PacketDecoder, Stamp, Taken
from stages.decoder.live.pads import Pad
from stages.decoder.live.pending import Begin, End, Missing, Opened, Pending, Timed, Told
from stages.decoder.live.sampling import LiveSampler
from stages.decoder.live.sparing import Do, Sparing

_BEHIND_NS = SECOND_NS
_MOST_PASSED = 256  # packets that are not decoded, a step


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
        self._spared: Callable[[Connected], Sparing] | None = None
        self._sparing: Sparing | None = None
        self._replay: deque[Timed] = deque()  # what was let pass, and is to be decoded after all
        self._decoder: PacketDecoder | None = None
        self._begin: Begin | None = None  # an epoch that has shown nothing yet
        self._corrupt_before = 0  # of earlier connections
        self.stale_total = 0
        self.lag_ns = 0  # between a picture's taking and its sending, the most since it was last asked for
        self._sent_ns = 0  # when what was given out last was taken
        self.shown_epoch = 0  # of the newest frame given out

    @property
    def corrupt_total(self) -> int:
        return self._corrupt_before + (self._decoder.corrupt if self._decoder is not None else 0)

    def spare(self, spared: Callable[[Connected], Sparing]) -> None:
        """``spared``: makes for each connection what says which of its packets are decoded. Without it all are."""
        self._spared = spared

    @property
    def sparing(self) -> bool:
        """Whether keyframes alone are decoded now."""
        return self._sparing is not None and self._sparing.sparing

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
        return len(self._backlog) + len(self._replay) > 0 or (room and self._sampler.waiting(self._monotonic()))

    def outputs(self) -> Iterator[Output]:
        """One item's work at most and what is let pass before it, then the picture that is due if it finds room."""
        for _ in range(_MOST_PASSED):
            if self._sampler.full:
                break
            self._catch_up()
            again = bool(self._replay)
            item = self._replay.popleft() if again else self._backlog.get()
            if isinstance(item, Timed):
                if again or self._sparing is None:
                    self._decode(item, after_ns=self._sent_ns if again else None)
                elif not (yield from self._spare(self._sparing, item)):
                    continue
            elif item is not None:
                yield from self._events(item)
            break
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
        if self._sparing is not None:
            self._sparing.settle()
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
        self._sent_ns = taken.stamp.mono_ns
        sparing, mono_ns = self._sparing, taken.stamp.mono_ns
        if sparing is None or not sparing.sparing:
            yield from self._analysis.outputs(taken)
            return
        bridge_ns = sparing.bridge_ns(mono_ns)
        if bridge_ns is not None:
            yield from self._analysis.again(bridge_ns)
        before = self._analysis.last
        yield from self._analysis.outputs(taken)
        sparing.shown(mono_ns, is_new(self._analysis.last, before))

    def _spare(self, sparing: Sparing, item: Timed) -> Generator[Output, None, bool]:
        """What is to be done with a packet in mode ``keyframes``; whether that was any work."""
        do = sparing.packet(item)
        if do is Do.NOTHING:
            return False
        if do is Do.DECODE:
            self._decode(item)
        elif do is Do.REPLAY:
            self._replay.extend(sparing.kept())
        elif do is Do.ALONE:
            if not self._decode(item, alone=True):
                sparing.blind()
            if self._decoder is not None and self._decoder.interlaced:
                sparing.refuse("its pictures are interlaced")
        elif self._begin is None and self._context.room(PAD) and not self._sampler.waiting(self._monotonic()):
            self._sent_ns = item.mono_ns
            yield from self._analysis.again(item.mono_ns, seen=do is Do.AGAIN)
        else:
            self._context.dropped("behind", 1)
        return True

    def _catch_up(self) -> None:
        if self._replay:
            return
        oldest = self._backlog.peek()
        if self._stale_ns is None or self._decoder is None or not isinstance(oldest, Timed):
            return
        if self._monotonic() - oldest.arrived.arrived_ns > _BEHIND_NS:
            skipped = self._backlog.skip(lambda item: isinstance(item, Timed) and item.arrived.key)
            if skipped:
                self._context.dropped("behind", skipped)
                self._skip(self._decoder)

    def _skip(self, decoder: PacketDecoder) -> None:
        """The next packet is a key picture, and not all that came before it was decoded."""
        decoder.skip()
        if self._sparing is not None:
            self._sparing.cut()

    def _decode(self, item: Timed, alone: bool = False, after_ns: int | None = None) -> bool:
        """Whether a picture came that may be shown. ``after_ns``: those that are not later were shown already."""
        if self._decoder is None:
            return False
        concealed = self._decoder.concealed
        feed = self._decoder.feed_alone if alone else self._decoder.feed
        taken = feed(item.arrived, Stamp(item.mono_ns, item.arrived.arrived_ns))
        fresh = False
        if self._decoder.concealed > concealed:
            self._context.dropped("corrupt", self._decoder.concealed - concealed)
        for one in taken:
            late_ns = one.stamp.arrived_ns - one.stamp.mono_ns
            if after_ns is not None and one.stamp.mono_ns <= after_ns:
                self._context.dropped("unchanged", 1)
            elif self._stale_ns is not None and late_ns > self._stale_ns:
                self.stale(1)
            else:
                self._sampler.put(one, self._monotonic())
                fresh = True
        return fresh

    def _events(self, item: Pending) -> Iterator[Output]:
        if isinstance(item, Opened):
            self._corrupt_before = self.corrupt_total
            self._decoder = item.decoder
            self._sparing = None if self._spared is None else self._spared(item.facts)
            fps = float(item.facts.fps)
            self._analysis.begin(item.facts.sar, min(self._rate, fps) if self._rate else fps)
        elif isinstance(item, Begin):
            self._begin = item
        elif isinstance(item, End):
            yield from self.last()
            self._begin = None
            if self._sparing is not None:
                self._sparing.pause()
            gap = self._pad.gap(item.reason, item.duration_ns)
            if gap is not None:
                yield To(PAD, gap)
        elif isinstance(item, Told):
            yield from self.last()
            event = self._pad.lecture_start(item.data) if item.start else self._pad.lecture_stop(item.data)
            yield To(PAD, event)
            if self._sparing is not None:
                self._sparing.anew(self._monotonic())
        elif isinstance(item, Missing) and self._decoder is not None:
            self._context.dropped("overflow", item.count)
            self._skip(self._decoder)
