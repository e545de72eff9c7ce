"""Masks from another host: as ``segmenter``, with the network behind a mask service (``serving``).

Stands in the segmentation stage, in place of a session. It makes the pictures small, the service runs the network, and
the masks are made here. It keeps trying as long as its patience lasts, and says which of the two is at fault.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pipeline.call import Call
from pipeline.errors import ConfigError, PipelineError, StageError, WireError
from pipeline.frame import Plane
from pipeline.link.addresses import to_connect
from pipeline.link.caller import Caller, Down, Happening, Refused, Up
from pipeline.link.hub import Hub
from pipeline.link.keys import client_keys
from pipeline.link.service import MALFORMED
from stages.segmentation import protocol
from stages.segmentation.masks import mask_of
from stages.segmentation.preparing import resized
from stages.segmentation.protocol import LARGEST_SIDE, Offer
from stages.segmentation.segmenter import Segmented

PATIENCE_S = 8.0  # a process that shows no life for 10 s counts as hung, and a stage that waits for a mask shows none
_TRIES = 2
_PAUSE_NS = 50_000_000  # before a busy service is asked again
_SECOND_NS = 1_000_000_000

T = TypeVar("T")


class FarError(StageError):
    """The service is not there, does not answer or has too much to do, now. It may be asked again; then the connection
    is made anew.
    """


@dataclass(slots=True)
class _Errand:
    """A picture, prepared. ``number``: of the call that is on its way, if one is. ``tries``: that it was sent.
    ``not_before_ns``: to be asked again, if the last answer was that the service is busy.
    """

    picture: Plane
    number: int | None = None
    tries: int = 0
    sent_ns: int = 0
    not_before_ns: int = 0
    made: Segmented | None = None


class RemoteSegmenter:
    """Implements ``Masks``. Nothing is connected before it is needed, or before ``connect``.

    ``keys``: folder of this side's key and the service's; None only on one host. ``model``, ``digest``: what the
    service must have, where it matters; a digest counts if both sides know one of the same algorithm. ``patience_s``:
    that no answer may come. Raises ConfigError for an address or keys that will not do.
    """

    def __init__(
        self,
        address: str,
        keys: Path | None = None,
        *,
        model: str = "",
        digest: str = "",
        patience_s: float = PATIENCE_S,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._keys = client_keys(keys) if keys is not None else None
        to_connect(address, self._keys is not None)
        self._address, self._model, self._digest = address, model, digest
        self._patience_ns, self._clock = round(patience_s * _SECOND_NS), clock
        self._hub = Hub()  # not the process's: a live stage asks in a thread of its own
        self._caller: Caller | None = None
        self._known: Offer | None = None  # what it is, of the first connection on
        self._offered = False  # on this connection
        self._device = ""
        self._number = 0
        self._until_ns = 0

    @property
    def device(self) -> str:
        """``remote`` and what the service said when it answered last."""
        return f"remote {self._device}".rstrip()

    def connect(self) -> Offer:
        """What the service offers. Raises as ``segment``."""
        try:
            self._renew_patience()
            return self._reach()
        except PipelineError:
            self._hang_up()
            raise

    def segment(self, pictures: Sequence[Plane]) -> list[Segmented]:
        """Each picture is uint8 BGR (height, width, 3) or grey (height, width), of any size; in their order.

        Raises FarError if no answer comes in time, the network failed, or the service refuses keys that it took before;
        StageError if it has another network than before; ConfigError if it refuses the keys from the first, or has not
        the model that was asked for; WireError if the two do not understand each other.
        """
        if not pictures:
            return []
        try:
            self._renew_patience()
            height, width = self._reach().size
            errands = [_Errand(resized(picture, width, height)) for picture in pictures]
            while any(errand.made is None for errand in errands):
                self._go_on(errands, self._reach())
        except PipelineError:
            self._hang_up()
            raise
        return [errand.made for errand in errands if errand.made is not None]

    def close(self) -> None:
        """It is not asked again."""
        self._hang_up()
        self._hub.close()

    # -- the connection --

    def _reach(self) -> Offer:
        """What is offered on a connection that stands; made, if there is none."""
        if self._offered and self._known is not None:
            return self._known
        if self._caller is None:
            self._caller = Caller(self._hub, self._address, self._keys, LARGEST_SIDE * LARGEST_SIDE)
        while True:
            match self._next(self._until_ns, "does not answer; is it running, and can it be reached from here?"):
                case Up():
                    self._number += 1
                    self._caller.send(protocol.hello(self._number))
                case Call(kind=protocol.OFFER, number=self._number) as call:
                    return self._accepted(self._said(protocol.offer_of, call))
                case _:
                    continue  # of a connection before this one, or its end

    def _accepted(self, offer: Offer) -> Offer:
        if self._model and offer.model != self._model:
            raise ConfigError(f"{self._name} has '{offer.model}' and not '{self._model}'; ask for that, or serve this")
        known, found = self._digest.partition(":"), offer.digest.partition(":")
        if known[0] == found[0] and known[2] != found[2]:
            raise ConfigError(f"{self._name} has another file of '{offer.model}': {offer.digest}, not {self._digest}")
        before = self._known
        if before is not None and (before.model, before.digest, before.size) != (offer.model, offer.digest, offer.size):
            raise StageError(f"{self._name} has another network than before: '{offer.model}', {offer.digest}")
        self._known, self._offered, self._device = offer, True, offer.device
        return offer

    def _hang_up(self) -> None:
        """Whatever is still on its way is of no interest any more."""
        if self._caller is not None:
            self._caller.close()
        self._caller, self._offered = None, False

    def _next(self, until_ns: int, otherwise: str) -> Happening | None:
        """What happens next, until then; raises what is the end of it."""
        assert self._caller is not None, "connected"
        happened = self._caller.next(max(0, until_ns - self._clock()) / _SECOND_NS)
        if isinstance(happened, Refused):  # by one that let us in before: that may change again, without us
            raise (ConfigError if self._known is None else FarError)(f"{self._name} {happened.why}")
        if isinstance(happened, Call):
            if happened.kind == MALFORMED:
                raise WireError(f"{self._name} cannot read what it is sent: {protocol.why_of(happened)}")
        elif self._clock() >= self._until_ns:
            raise FarError(f"{self._name} {otherwise}")
        return happened

    # -- pictures --

    def _go_on(self, errands: Sequence[_Errand], offer: Offer) -> None:
        """Send what may be sent, and see what happens."""
        now_ns = self._clock()
        waiting = [errand for errand in errands if errand.made is None and errand.number is None]
        room = offer.outstanding - sum(errand.number is not None for errand in errands)
        for errand in waiting[: max(0, room)]:
            if errand.not_before_ns <= now_ns:
                self._send(errand, now_ns)
        paused = [errand.not_before_ns for errand in waiting if errand.number is None and errand.not_before_ns > now_ns]
        heard_ns = self._until_ns - self._patience_ns  # the last answer: others may be before these in the queue
        silent_ns = self._patience_ns // _TRIES
        overdue = [max(each.sent_ns, heard_ns) + silent_ns for each in errands if each.number is not None]
        otherwise = "has too much to do" if any(errand.not_before_ns for errand in errands) else "does not answer"
        happened = self._next(min([self._until_ns, *paused, *overdue]), otherwise)
        if isinstance(happened, Call):
            self._hear(happened, errands, offer)
        elif isinstance(happened, Down) or (overdue and min(overdue) <= self._clock()):
            self._start_over(errands, connected=not isinstance(happened, Down))

    def _send(self, errand: _Errand, now_ns: int) -> None:
        assert self._caller is not None, "connected"
        self._number += 1
        patience_ms = max(1, (self._until_ns - now_ns) // 1_000_000)
        if self._caller.send(protocol.asking(self._number, errand.picture, patience_ms)):
            errand.number, errand.sent_ns, errand.tries = self._number, now_ns, errand.tries + 1

    def _hear(self, call: Call, errands: Sequence[_Errand], offer: Offer) -> None:
        errand = next((each for each in errands if each.number == call.number), None)
        if errand is None:
            return  # of a picture that is not waited for any more
        errand.number, errand.not_before_ns = None, 0
        match call.kind:
            case protocol.MASK:
                probabilities, self._device = self._said(lambda made: protocol.answered(made, offer.size), call)
                errand.made = Segmented(mask_of(probabilities, offer.threshold), probabilities)
                self._renew_patience()
            case protocol.BUSY:
                errand.tries -= 1  # it was not tried
                errand.not_before_ns = self._clock() + _PAUSE_NS
            case protocol.LATE:
                self._check_tries(errand, "takes longer than it is waited for")
            case protocol.FAILED:
                raise FarError(f"{self._name} could not make a mask: {protocol.why_of(call)}")
            case _:
                raise WireError(f"{self._name} answers '{call.kind[:40]}', which is nothing that was asked")

    def _start_over(self, errands: Sequence[_Errand], connected: bool) -> None:
        """What was on its way is sent again, once, on the next connection."""
        for errand in errands:
            if errand.number is not None:
                errand.number, errand.not_before_ns = None, 0
                self._check_tries(errand, "does not answer" if connected else "breaks the connection off")
        if connected:
            self._hang_up()
        self._offered = False

    def _check_tries(self, errand: _Errand, why: str) -> None:
        if errand.tries >= _TRIES:
            raise FarError(f"{self._name} {why}, also when asked again")

    # -- words --

    @property
    def _name(self) -> str:
        return f"the mask service at {self._address}"

    def _renew_patience(self) -> None:
        self._until_ns = self._clock() + self._patience_ns

    def _said(self, read: Callable[[Call], T], call: Call) -> T:
        try:
            return read(call)
        except WireError as e:
            raise WireError(f"{self._name}: {e}") from e
