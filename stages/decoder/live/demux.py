"""The thread that reads a live source: connects, hands on what comes, and connects again, for as long as it may.

It never waits for the run loop. That loop watches ``overdue``: a thread that FFmpeg does not give back cannot be ended
from within its process.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Protocol

from pipeline.errors import PipelineError
from pipeline.frame import SECOND_NS
from stages.decoder.live.arrivals import Arrived, Changed, Connected, Crashed, Lost, Mailbox
from stages.decoder.live.backoff import Backoff, judged
from stages.decoder.live.faults import Fault, Kind
from stages.decoder.live.lookup import LONGEST_S
from stages.decoder.live.pacing import Pacer
from stages.decoder.live.source import Endpoint
from stages.decoder.timing import ticks_to_ns

_HELD_NS = 5 * SECOND_NS  # a connection that held for so long has proved itself
_START_S = 10.0
_MOST_PATIENCE = 10  # times open_timeout: 30 s from one keyframe to the next is what some encoders do
_GRACE = 3  # read timeouts without a packet or a fault: FFmpeg itself gives up after about two


class Feed(Protocol):
    """An open connection."""

    facts: Connected

    def packets(self) -> Iterator[Arrived | Changed]: ...

    def close(self) -> None: ...


class Demuxer:
    """``endpoint`` is asked before each attempt, ``connect`` opens what it says; both run in the thread."""

    def __init__(
        self,
        endpoint: Callable[[], Endpoint],
        connect: Callable[[Endpoint], Feed],
        mailbox: Mailbox,
        chance: Callable[[], float] = random.random,
        look_up: Callable[[Endpoint], None] = lambda endpoint: None,
    ) -> None:
        """``look_up`` raises Fault for an endpoint without an address."""
        self._endpoint = endpoint
        self._connect = connect
        self._mailbox = mailbox
        self._look_up = look_up
        self._backoff = Backoff(chance)
        self._ending = threading.Event()
        self._due_ns = 0
        self._patience = 1  # grows with a camera that says nothing before its next keyframe
        self._known_ns: int | None = None  # when it last gave a packet
        self._thread = threading.Thread(target=self._run, name="demux", daemon=True)

    def start(self) -> None:
        self._expect(_START_S)
        self._thread.start()

    def stop(self) -> None:
        """Have it end as soon as FFmpeg lets it; does not wait for that."""
        self._ending.set()

    def join(self, timeout_s: float) -> bool:
        """Whether the thread has ended within ``timeout_s``."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def overdue(self, now_ns: int) -> bool:
        """Whether neither a packet nor a fault has come for longer than FFmpeg's own deadlines explain."""
        return now_ns > self._due_ns

    # -- in the thread --

    def _run(self) -> None:
        try:
            while not self._ending.is_set():
                self._once()
        except Exception as e:  # noqa: BLE001 - a trace of this thread would print the URL, and nobody would be told
            self._mailbox.put(Crashed(type(e).__name__))

    def _once(self) -> None:
        try:
            self._read()
        except Fault as fault:
            if fault.unsaid:
                self._patience = min(2 * self._patience, _MOST_PATIENCE)
            known_s = None if self._known_ns is None else (time.monotonic_ns() - self._known_ns) / SECOND_NS
            delay_s = self._backoff.delay_s(judged(fault.kind, known_s))
            self._mailbox.put(Lost(fault, delay_s))
            self._expect(delay_s + 5)
            self._ending.wait(delay_s)

    def _read(self) -> None:
        try:
            endpoint = self._endpoint()
        except PipelineError as e:
            raise Fault(Kind.ADDRESS, str(e)) from None
        endpoint = endpoint.patient(self._patience)
        self._expect(LONGEST_S)
        self._look_up(endpoint)
        grace_s = _GRACE * endpoint.read_timeout_s
        self._expect(2 * endpoint.open_timeout_s * len(endpoint.tries) + grace_s)
        feed = self._connect(endpoint)
        begun_ns = time.monotonic_ns()
        held = False
        try:
            self._expect(grace_s)
            self._mailbox.put(feed.facts)
            pacer = None if endpoint.realtime else Pacer()
            for arrived in feed.packets():
                self._known_ns = time.monotonic_ns()
                if isinstance(arrived, Changed):
                    self._mailbox.put(arrived)
                    continue
                if pacer is not None:
                    arrived = self._paced(arrived, pacer, feed.facts)
                self._expect(grace_s)
                self._mailbox.put(arrived)
                if self._ending.is_set():
                    return
                if not held and arrived.arrived_ns - begun_ns > _HELD_NS:
                    held = True
                    self._backoff.succeeded()
        finally:
            feed.close()

    def _paced(self, arrived: Arrived, pacer: Pacer, facts: Connected) -> Arrived:
        if not arrived.video or arrived.dts is None:
            return arrived
        wait_ns = pacer.wait_ns(ticks_to_ns(arrived.dts, facts.time_base), arrived.arrived_ns)
        if not wait_ns:
            return arrived
        self._expect(wait_ns / SECOND_NS + 5)
        self._ending.wait(wait_ns / SECOND_NS)
        return replace(arrived, arrived_ns=time.monotonic_ns())

    def _expect(self, seconds: float) -> None:
        self._due_ns = time.monotonic_ns() + round(seconds * SECOND_NS)
