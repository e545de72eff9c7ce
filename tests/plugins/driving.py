"""Drives a live decoder by hand, as the run loop does: asks it, and waits on its descriptor with a deadline."""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

from pipeline.caps import Caps
from pipeline.frame import Event, EventKind, Frame, Item, Output, To
from pipeline.stage import Source
from pipeline.testing import Harness
from stages.decoder import Decoder

PATIENCE_S = 20.0


class Driven:
    """A decoder at work. ``outputs``: all it gave, as (pad, item); ``steps_s``: how long each step took; ``idle``: so
    many gave nothing.
    """

    def __init__(self, uri: str, *, packets: bool = False, **properties: object) -> None:
        self.harness = Harness(Decoder, uri=uri, **properties)
        assert isinstance(self.harness.stage, Source)
        self.stage: Source[Any] = self.harness.stage
        self.outputs: list[tuple[str, Item]] = []
        self.steps_s: list[float] = []
        self.idle = 0
        self._reached = -1  # which of the states was waited for last
        pads = {"frames": Caps.parse("video/raw,format=gray8")}
        self.stage.negotiate(pads | ({"packets": Caps.parse("media/packets")} if packets else {}))
        self._steps: Iterator[Output | None] = iter(self.stage.produce())

    def __enter__(self) -> Driven:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stage.stop()

    def step(self, *, waits: bool = True) -> bool:
        """Ask once, and wait where there is nothing; False at EOS."""
        begin = time.monotonic()
        try:
            output = next(self._steps)
        except StopIteration:
            return False
        self.steps_s.append(time.monotonic() - begin)
        if output is None:
            descriptor = self.stage.descriptor
            assert descriptor is not None
            self.idle += 1
            select.select([descriptor], [], [], self.stage.idle_s if waits else 0)
        else:
            pad, item = (output.pad, output.item) if isinstance(output, To) else ("frames", output)
            if isinstance(item, Frame) and item.planes:  # planes are views of the decoder's or the packet's memory
                assert all(plane.dtype == "uint8" for plane in item.planes)
            self.outputs.append((pad, item))
        return True

    def until(self, done: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
        """Ask until ``done``. Fails when that takes too long or the source ends before."""
        deadline = time.monotonic() + patience_s
        while not done():
            assert time.monotonic() < deadline, f"nothing after {patience_s} s; states: {self.states}"
            assert self.step(), "the source ended"

    def until_frames(self, count: int) -> None:
        """Until ``count`` more frames have come on the pad frames."""
        wanted = len(self.frames()) + count
        self.until(lambda: len(self.frames()) >= wanted)

    def until_state(self, *states: str) -> None:
        """Until the source's state is one of these, or was since the last wait for one: a step may bring several."""

        def reached() -> int:
            """Which of the states it is; -1 if none is."""
            known = self.states
            new = (n for n in range(self._reached + 1, len(known)) if known[n] in states)
            return next(new, len(known) - 1 if known and known[-1] in states else -1)

        self.until(lambda: reached() >= 0)
        self._reached = reached()

    def to_end(self) -> None:
        """Ask for the end and take what comes until it is there."""
        self.stage.finish()
        deadline = time.monotonic() + PATIENCE_S
        while self.step():
            assert time.monotonic() < deadline, "no end"

    def frames(self, pad: str = "frames") -> list[Frame]:
        return [item for at, item in self.outputs if at == pad and isinstance(item, Frame)]

    def events(self, kind: EventKind, pad: str = "frames") -> list[Event]:
        return [item for at, item in self.outputs if at == pad and isinstance(item, Event) and item.kind is kind]

    def kinds(self, pad: str = "frames") -> list[str]:
        """The order of things on a pad, runs of frames as one "frame"."""
        found: list[str] = []
        for at, item in self.outputs:
            name = item.kind.value if isinstance(item, Event) else "frame"
            if at == pad and found[-1:] != [name]:
                found.append(name)
        return found

    @property
    def states(self) -> list[str]:
        return [str(message.data["state"]) for message in self.harness.context.messages if message.name == "source"]

    def figures(self) -> dict[str, Any]:
        self.harness.tick()
        return dict([m.data for m in self.harness.context.messages if m.name == "figures"][-1])
