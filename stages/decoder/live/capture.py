"""A live source as the run loop sees it: takes what the thread has brought, gives out what is ready, never waits.

What is in band (connections, breaks, lectures) goes through one queue for each pad, with the packets, so that each pad
sees it where it belongs.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from pipeline.errors import ConfigError, SourceError, StageError
from pipeline.frame import SECOND_NS, Meta, Output
from pipeline.stage import Context
from stages.decoder.live.analysis import Analysis
from stages.decoder.live.arrivals import Arrival, Arrived, Changed, Connected, Crashed, Lost, Mailbox, Overflowed
from stages.decoder.live.clock import CameraClock
from stages.decoder.live.connection import RAW_CODECS, Connection
from stages.decoder.live.decoding import PacketDecoder
from stages.decoder.live.demux import Demuxer, Feed
from stages.decoder.live.faults import Kind
from stages.decoder.live.lookup import look_up
from stages.decoder.live.pads import Pad
from stages.decoder.live.payload import Signs
from stages.decoder.live.pending import Begin, End, Opened, Pending, Timed, Told
from stages.decoder.live.recording import Recording
from stages.decoder.live.regularity import EACH
from stages.decoder.live.source import Endpoint, endpoint
from stages.decoder.live.sparing import Sparing
from stages.decoder.live.standing import Standing
from stages.decoder.live.viewing import Viewing
from stages.decoder.live.watch import PictureWatch
from stages.decoder.properties import DecoderProperties
from stages.decoder.shaping import Shaper

LIMIT_BYTES = 64 << 20  # of packets that wait, in each of three queues
_PATIENCE_NS = SECOND_NS // 4  # of packets that are not decoded: each time that the loop wakes costs 0.1 ms
_IDLE_NS = SECOND_NS // 20
_MOST_ARRIVALS = 64  # a turn
_INCARNATION_SHIFT = 20
_INTRA_CODECS = (*RAW_CODECS, "mjpeg")
_JOIN_S = 0.2  # a thread that waits for its next packet ends within one; one that is stuck is left behind


class Capture:
    """``source``: what to open, as it was when it was looked at first. ``monotonic``, ``wall``: clocks in ns."""

    def __init__(
        self,
        properties: DecoderProperties,
        context: Context,
        shaper: Shaper,
        source: Endpoint,
        monotonic: Callable[[], int] = time.monotonic_ns,
        wall: Callable[[], int] = time.time_ns,
    ) -> None:
        self._properties, self._context = properties, context
        self._monotonic = monotonic
        self._shown = source.shown
        self._stalled_ns = round(source.read_timeout_s * SECOND_NS)
        self._patience_ns = min(_PATIENCE_NS, self._stalled_ns // 8)
        late_ns = self._stalled_ns if source.realtime else None
        self._late_ns = late_ns
        self._mailbox = Mailbox(LIMIT_BYTES)
        self._demuxer = Demuxer(lambda: endpoint(properties, os.environ), self._connect, self._mailbox, look_up=look_up)
        self._connections = 0
        # A restarted source goes on in the time of the run, until a lecture's own is told again.
        zero_ns = context.began_ns if context.incarnation else monotonic()
        self._watch = PictureWatch(round(properties.frozen_after * SECOND_NS))
        pad = Pad(zero_ns, monotonic, wall)
        analysis = Analysis(pad, shaper, self._watch, context, monotonic, self._shown)
        self._viewing = Viewing(pad, analysis, context, monotonic, properties.rate, late_ns, LIMIT_BYTES)
        self._recording: Recording | None = None
        self._recording_pad = Pad(zero_ns, monotonic, wall)
        self._standing = Standing(context, pad.now_ns, wall)
        self._facts: Connected | None = None
        self._clock: CameraClock | None = None
        self._signs = Signs("", 0)
        self._begun = False  # an epoch is open
        self._epoch = 0
        self._changed = False  # the next packet has other parameters
        self._said: set[str] = set()  # why every picture is decoded all the same
        self._overdue_ns: int | None = None
        self._arrived_ns = 0  # of the newest video packet
        self._ending = False
        self._packets = self._connected = self._jumps = self._missing = 0

    @property
    def descriptor(self) -> int:
        return self._mailbox.descriptor

    @property
    def idle_ns(self) -> int:
        """For so long at least nothing is to be done, unless the descriptor says so."""
        return self._patience_ns if self._viewing.sparing else _IDLE_NS

    def record(self) -> None:
        """Somebody takes the packets. To be called before ``produce``."""
        self._recording = Recording(self._recording_pad, self._context, self._next_epoch, LIMIT_BYTES)

    def spare(self, steady: bool) -> None:
        """Decode keyframes alone, where the stream allows it, and whoever comes next: not if it needs frames at
        ``steady`` times. To be called before ``produce``.
        """
        if steady:
            self._decodes_all("the method behind it learns from frame to frame")
        else:
            self._viewing.spare(self._sparing)

    def told(self, start: bool, data: Meta) -> None:
        """A lecture starts or stops."""
        self._put(Told(start, data))
        self._mailbox.wake()

    def finish(self) -> None:
        self._ending = True
        self._mailbox.wake()

    def stop(self) -> None:
        self._demuxer.stop()
        self._demuxer.join(_JOIN_S)
        self._mailbox.close()

    def produce(self) -> Iterator[Output | None]:
        """Raises SourceError when FFmpeg does not come back, ConfigError when connecting is no use."""
        self._standing.connecting()
        self._demuxer.start()
        while not self._ending:
            gave = False
            for output in self._turn():
                gave = True
                yield output
            if not gave:
                if not self._viewing.busy:
                    self._mailbox.settle()
                yield None
        yield from self._viewing.last()
        while self._recording is not None and self._recording.waiting:
            gave = False
            for output in self._recording.outputs():
                gave = True
                yield output
            if not gave:
                yield None

    def figures(self) -> dict[str, float]:
        """For the bus, once a second."""
        lag_ns, self._viewing.lag_ns = self._viewing.lag_ns, 0
        clock = self._clock
        return {
            "capture_lag_seconds": round(lag_ns / SECOND_NS, 6),
            "reconnects_total": max(0, self._connected - 1),
            "packets_total": self._packets,
            "corrupt_total": self._viewing.corrupt_total,
            "stale_total": self._viewing.stale_total,
            "clock_jumps_total": self._jumps + (clock.jumps + clock.anchored if clock else 0),
            "missing_times_total": self._missing + (clock.missing if clock else 0),
            "source_state": int(self._standing.state),
        }

    # -- inside --

    def _turn(self) -> Iterator[Output]:
        drained = False
        now_ns = self._monotonic()
        for _ in range(_MOST_ARRIVALS):
            arrival = self._mailbox.get(now_ns)
            if arrival is None:
                drained = True
                break
            self._accept(arrival)
        if drained:
            self._judge(now_ns)
        if self._recording is not None:
            yield from self._recording.outputs()
        yield from self._viewing.outputs()
        self._mailbox.patience_ns = self._patience_ns if self._viewing.sparing else 0
        if self._begun and self._viewing.shown_epoch == self._epoch:
            self._standing.seen(self._watch.state())

    def _judge(self, now_ns: int) -> None:
        if self._begun and now_ns - self._arrived_ns > self._stalled_ns:
            self._end("stalled")
            self._standing.stalled(f"no packets for {self._stalled_ns / SECOND_NS:g} s")
        if not self._demuxer.overdue(now_ns):
            self._overdue_ns = None
        elif self._overdue_ns is None:
            self._overdue_ns = now_ns  # a process that was stopped for a while gives its thread a second
        elif now_ns - self._overdue_ns > SECOND_NS:
            raise SourceError(f"'{self._shown}': FFmpeg does not come back from reading; the stage must be restarted")

    def _accept(self, arrival: Arrival) -> None:
        if isinstance(arrival, Arrived):
            self._packet(arrival)
        elif isinstance(arrival, Connected):
            self._opened(arrival)
        elif isinstance(arrival, Changed):
            self._change(arrival)
        elif isinstance(arrival, Lost):
            if arrival.fault.kind is Kind.CONFIG:
                raise ConfigError(arrival.fault.why)
            self._viewing.stale(arrival.fault.stale)
            self._end(arrival.fault.reason)
            self._standing.lost(arrival.fault.why)
        elif isinstance(arrival, Overflowed):
            self._context.dropped("overflow", arrival.count)
            self._end("overflow")
        elif isinstance(arrival, Crashed):
            raise StageError(f"reading '{self._shown}' ended by {arrival.why}")

    def _opened(self, facts: Connected) -> None:
        self._connected += 1
        if self._clock is not None:
            self._jumps += self._clock.jumps + self._clock.anchored
            self._missing += self._clock.missing
        self._facts = facts
        self._clock = CameraClock(facts.time_base, self._late_ns)
        self._signs = Signs(facts.name, facts.width * facts.height)
        self._viewing.put(Opened(facts, PacketDecoder(facts, self._properties.deinterlace == "auto")))
        self._context.post(
            "stream",
            {
                "uri": self._shown,
                "duration_ns": 0,
                "fps": float(facts.fps),
                "frames": 0,
                "width": facts.width,
                "height": facts.height,
                "codec": facts.name,
            },
        )

    def _change(self, changed: Changed) -> None:
        """For a recording this is another epoch; pictures of another size say so by their caps."""
        assert self._facts is not None, "packets come behind their connection"
        self._facts = replace(self._facts, streams=changed.streams)
        self._changed = self._begun

    def _packet(self, arrived: Arrived) -> None:
        self._packets += 1
        if self._facts is None or self._clock is None:
            return
        if not arrived.video:
            if self._recording is not None and self._begun:
                self._recording.put(Timed(arrived, arrived.arrived_ns))
            return
        self._arrived_ns = arrived.arrived_ns
        mono_ns = self._clock.mono_ns(arrived.dts, arrived.pts, arrived.arrived_ns)
        if not self._begun:
            self._begun = True
            self._epoch = self._next_epoch()
            self._put(Begin(self._epoch, self._facts.streams, mono_ns))
        elif self._changed and self._recording is not None:
            self._recording.put(Begin(self._next_epoch(), self._facts.streams, mono_ns))
        self._changed = False
        if self._watch.still:
            self._watch.packet(self._signs.changed(bytes(arrived.packet), arrived.key))
        self._put(Timed(arrived, mono_ns))

    def _end(self, reason: str) -> None:
        if self._begun and self._facts is not None:
            self._begun = False
            self._put(End(reason, round(SECOND_NS / self._facts.fps)))

    def _put(self, item: Pending) -> None:
        self._viewing.put(item)
        if self._recording is not None:
            self._recording.put(item)

    def _next_epoch(self) -> int:
        self._connections += 1
        return (self._context.incarnation << _INCARNATION_SHIFT) + self._connections

    def _sparing(self, facts: Connected) -> Sparing:
        p = self._properties
        made = Sparing(
            facts.width * facts.height,
            round(p.hold * SECOND_NS),
            round(SECOND_NS / p.rate) if p.rate else 0,
            self._context.dropped,
            self._decodes_all,
        )
        if facts.name in _INTRA_CODECS:
            made.refuse(EACH)
        return made

    def _decodes_all(self, why: str) -> None:
        if why not in self._said:
            self._said.add(why)
            self._context.warn(f"mode 'keyframes' decodes every picture of '{self._shown}': {why}")

    def _connect(self, source: Endpoint) -> Feed:
        return Connection(source, self._recording is not None, self._properties.threads)
