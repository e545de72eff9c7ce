"""A mask service from its start to its end: keys, network, socket, and the signals that tell it what to do.

Stands between the command and ``serving``, whose loop it turns. SIGTERM and SIGINT end it once everything taken is
answered, SIGHUP has it read the list of clients again.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.link.addresses import to_bind
from pipeline.link.hub import Hub
from pipeline.link.keys import ServerKeys, server_keys
from pipeline.link.service import Service
from pipeline.stage import validated
from stages.segmentation.batching import Terms
from stages.segmentation.digests import digest
from stages.segmentation.opening import chosen
from stages.segmentation.properties import SegmentationProperties
from stages.segmentation.protocol import LARGEST_SIDE, Offer
from stages.segmentation.segmenter import Segmenter
from stages.segmentation.serving import MaskService
from stages.segmentation.session import Session

Say = Callable[[str], None]

_MIBIBYTE = 2**20
_EVERY_S = 60.0  # figures, if there are others than before
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Wanted:
    """``network``: as the segmentation stage's properties have it. ``keys``: their folder, if there is one."""

    network: Mapping[str, object]
    bind: str
    keys: Path | None
    terms: Terms


def host(wanted: Wanted, say: Say, environment: Mapping[str, str] = os.environ) -> dict[str, int]:
    """Serve until a signal ends it; what became of all that was asked. Raises PipelineError. In the main thread.

    ``say``: is told, a line each, what whoever runs it should know.
    """
    keys = server_keys(wanted.keys) if wanted.keys is not None else None
    to_bind(wanted.bind, keys is not None)  # before a network is loaded for nothing
    received: list[int] = []
    with signals_into(received):
        masks, offer = _network(wanted, environment, say)
        if received:
            return {}  # it was ended before it began
        hub = Hub()
        try:
            service = Service(hub, wanted.bind, keys, 3 * offer.size[0] * offer.size[1])
            # A network that takes one at a time gains nothing from others, and each would wait for all.
            serving = MaskService(hub, service, masks, offer, replace(wanted.terms, batch=offer.batch))
            say(f"serving '{offer.model}' on {offer.device} at {service.address}, {_access(keys)}")
            try:
                _turn(serving, service, wanted.keys, received, say)
            finally:
                serving.close()
        finally:
            hub.close()
    return serving.figures


def told(figures: Mapping[str, int]) -> str:
    """A line of them."""
    return ", ".join(f"{name} {count}" for name, count in figures.items())


def _turn(serving: MaskService, service: Service, folder: Path | None, received: list[int], say: Say) -> None:
    said, due_s = serving.figures, time.monotonic() + _EVERY_S
    while not serving.drained:
        if time.monotonic() >= due_s:
            if serving.figures != said:
                said = serving.figures
                say(told(said))
            due_s += _EVERY_S
        while received:
            if received.pop(0) != signal.SIGHUP:
                serving.end()
            elif folder is not None and (keys := _again(folder, say)) is not None:
                service.allow(keys)
                say(f"serving on, {_access(keys)}")
        serving.turn()


def _access(keys: ServerKeys | None) -> str:
    if keys is None:
        return "without keys, for this host alone"
    return f"to {len(keys.clients)}: {', '.join(sorted(keys.clients.values()))}"


def _again(folder: Path, say: Say) -> ServerKeys | None:
    """The list of clients as it is now; one that cannot be read changes nothing."""
    try:
        return server_keys(folder)
    except ConfigError as e:
        say(f"the clients stay as they were: {e}")
        return None


def _network(wanted: Wanted, environment: Mapping[str, str], say: Say) -> tuple[Segmenter, Offer]:
    properties = validated(SegmentationProperties, wanted.network)
    assert isinstance(properties, SegmentationProperties), "made from that class"
    spec, path = chosen(properties, environment)
    session = Session(
        path,
        size=spec.size,
        output=spec.output,
        batch=wanted.terms.batch,
        device=properties.device,
        threads=properties.threads,
        memory_limit=properties.memory_limit * _MIBIBYTE,
        tell=say,
    )
    if max(session.size) > LARGEST_SIDE:
        raise ConfigError(f"'{spec.name}' takes pictures of {session.size}; {LARGEST_SIDE} px a side can be served")
    if properties.is_file:
        spec = replace(spec, digest=digest(path, "sha256"))  # and not of the model that it is like
    offer = Offer(
        model=spec.name,
        digest=spec.digest,
        size=session.size,
        mean=spec.mean,
        std=spec.std,
        threshold=spec.threshold,
        full_picture=spec.full_picture,
        device=session.device,
        batch=session.batch,
        outstanding=wanted.terms.outstanding,
    )
    return Segmenter(session, spec), offer


@contextlib.contextmanager
def signals_into(received: list[int]) -> Iterator[None]:
    """The three signals are appended to ``received`` inside."""
    before = [signal.signal(number, lambda number, _: received.append(number)) for number in _SIGNALS]
    try:
        yield
    finally:
        for number, usual in zip(_SIGNALS, before, strict=True):
            signal.signal(number, usual)
