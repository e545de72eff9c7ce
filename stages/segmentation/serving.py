"""A mask service: pictures of many clients through one network. Stands between ``link.service`` and ``Masks``.

One thread has the sockets and answers at once: an offer, busy, or a picture's place in ``batching``. The other makes
masks, one batch after the other. It knows no frames and no streams; what a mask means is for the clients.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace

from pipeline.call import Call
from pipeline.errors import PipelineError, StageError, WireError
from pipeline.frame import Plane
from pipeline.link.hub import Hub
from pipeline.link.service import MALFORMED, Peer, Service
from stages.segmentation import protocol
from stages.segmentation.batching import Batching, Terms, Waiting
from stages.segmentation.protocol import Offer
from stages.segmentation.segmenter import Masks, Segmented

_TURN_S = 0.25  # a signal is acted upon after that, at the latest
_FAILURES = 3  # batches in a row of which nothing came: it is the device and not the pictures
_MS = 1_000_000


@dataclass(slots=True)
class Counts:
    """What became of what was asked."""

    hellos: int = 0
    masks: int = 0
    batches: int = 0
    busy: int = 0
    late: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    peer: Peer
    number: int
    picture: Plane


Made = list["Segmented | str"]  # of each picture of a batch: what was found, or why nothing was


class MaskService:
    """``offer`` describes the network behind ``masks``. All methods are called by one thread."""

    def __init__(
        self,
        hub: Hub,
        service: Service,
        masks: Masks,
        offer: Offer,
        terms: Terms,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.counts = Counts()
        self._hub, self._service, self._masks, self._offer, self._clock = hub, service, masks, offer, clock
        self._batching: Batching[Asked] = Batching(terms)
        self._worker = ThreadPoolExecutor(1, "masks")
        self._making: tuple[Sequence[Waiting[Asked]], Future[Made]] | None = None
        self._made = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._failures = 0
        self._ending = False
        hub.watch(self._made)

    @property
    def figures(self) -> dict[str, int]:
        """All counts, also of what the service turned away."""
        return asdict(self.counts) | asdict(self._service.seen)

    @property
    def drained(self) -> bool:
        """Whether it is to end and everything that was taken is answered."""
        return self._ending and self._batching.idle

    def end(self) -> None:
        """Take nothing more; what is there is still answered."""
        self._ending = True

    def turn(self) -> None:
        """Wait for something to do, and do it. Raises PipelineError if the network fails again and again."""
        due_ns = self._batching.due_ns()
        wait_s = _TURN_S if due_ns is None else min(_TURN_S, (due_ns - self._clock()) / 1e9)
        self._hub.wait(max(0.0, wait_s))
        self._collect()
        for peer, call in self._service.receive():
            self._hear(peer, call)
        due_ns = self._batching.due_ns()
        if due_ns is not None and (due_ns <= self._clock() or self._ending):
            self._begin()

    def close(self) -> None:
        """What is being made is waited for, and not answered."""
        self._worker.shutdown()
        self._hub.unwatch(self._made)
        os.close(self._made)
        self._service.close()

    # -- requests --

    def _hear(self, peer: Peer, call: Call) -> None:
        try:
            if call.kind == protocol.HELLO:
                protocol.check_hello(call)
                self.counts.hellos += 1
                offer = replace(self._offer, device=self._masks.device)
                self._service.answer(peer, protocol.offering(call.number, offer))
            elif call.kind == protocol.PICTURE:
                self._place(peer, call)
            else:
                raise WireError(f"'{call.kind[:40]}' is nothing that can be asked of a mask service")
        except WireError as e:
            self._service.seen.malformed += 1
            self._service.answer(peer, Call(MALFORMED, call.number, {"why": str(e)}))

    def _place(self, peer: Peer, call: Call) -> None:
        picture, patience_ms = protocol.asked(call, self._offer.size)
        asked = Asked(peer, call.number, picture)
        accepted = not self._ending and self._batching.offer(peer.connection, asked, self._clock(), patience_ms * _MS)
        if not accepted:
            self.counts.busy += 1
            self._service.answer(peer, Call(protocol.BUSY, call.number))

    # -- masks --

    def _begin(self) -> None:
        taken, late = self._batching.take(self._clock())
        for each in late:
            self.counts.late += 1
            self._service.answer(each.item.peer, Call(protocol.LATE, each.item.number))
        if taken:
            future = self._worker.submit(_made_of, self._masks, [each.item.picture for each in taken])
            self._making = (taken, future)
            future.add_done_callback(lambda _: os.eventfd_write(self._made, 1))

    def _collect(self) -> None:
        """Answer the batch that was being made, if it is done."""
        try:
            os.eventfd_read(self._made)
        except BlockingIOError:
            return
        assert self._making is not None, "it is written to when a batch is done"
        (taken, future), self._making = self._making, None
        made = future.result()
        self._batching.finished()
        self.counts.batches += 1
        for each, found in zip(taken, made, strict=True):
            self._service.answer(each.item.peer, self._answer(each.item.number, found))
        self._failures = self._failures + 1 if all(isinstance(found, str) for found in made) else 0
        if self._failures >= _FAILURES:
            raise StageError(f"{self._failures} batches in a row failed; the last: {made[-1]}")

    def _answer(self, number: int, found: Segmented | str) -> Call:
        if isinstance(found, str):
            self.counts.failed += 1
            return Call(protocol.FAILED, number, {"why": found})
        self.counts.masks += 1
        return protocol.answering(number, found.probabilities, self._offer.threshold, self._masks.device)


def _made_of(masks: Masks, pictures: Sequence[Plane]) -> Made:
    """In the worker's thread. A picture that makes the network fail takes no other client's with it."""
    try:
        return [*masks.segment(pictures)]
    except PipelineError as e:
        if len(pictures) == 1:
            return [str(e)]
        return [made for picture in pictures for made in _made_of(masks, [picture])]
