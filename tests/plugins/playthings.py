"""Stages that behave, and stages that misbehave on purpose; child processes import them by PYTHONPATH."""

from __future__ import annotations

import ctypes
import os
import signal
import threading
import time
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from pipeline.caps import Caps
from pipeline.errors import SourceError
from pipeline.frame import Event, EventKind, Flags, Frame, Layout, Meta, Output, Picture, To, caps_event
from pipeline.stage import Properties, Source, Stage

RAW = Caps.of("video/raw", format="gray8")


class CountingProperties(Properties):
    frames: int = 50
    width: int = 64
    height: int = 48
    fail_at: int = -1
    grow_at: int = -1
    endless: bool = False


def picture(seq: int, width: int, height: int) -> Picture:
    """A grey picture every sample of which is ``seq`` modulo 256."""
    layout = Layout("gray", width, height)
    return Picture(layout, (np.full((height, width), seq % 256, np.uint8),))


class Counting(Source[CountingProperties]):
    """Frame ``n`` has planes and a picture filled with ``n``."""

    properties_type = CountingProperties
    summary = "counts"
    ended = False

    @property
    def src_caps(self) -> Mapping[str, Caps]:
        return {"frames": RAW, "evens": RAW}

    def finish(self) -> None:
        self.ended = True

    def produce(self) -> Iterator[Output]:
        p = self.properties
        caps = Caps.of("video/raw", format="gray8", width=p.width, height=p.height)
        yield caps_event(caps)
        yield To("evens", caps_event(caps))
        seq = 0
        while not self.ended and (p.endless or seq < p.frames):
            if seq == p.fail_at:
                raise SourceError("the cable was pulled")
            scale = 2 if p.grow_at >= 0 and seq >= p.grow_at else 1
            image = picture(seq, p.width * scale, p.height * scale)
            frame = Frame(seq, seq * 40_000_000, caps, (image.planes[0].copy(),), image)
            yield frame
            if seq % 2 == 0:
                yield To("evens", frame)
            seq += 1


class PassProperties(Properties):
    crash_at: int = -1
    how: str = "raise"


class Pass(Stage[PassProperties]):
    """Passes frames on, until it crashes in the way it was told to."""

    properties_type = PassProperties
    summary = "passes"

    @property
    def sink_caps(self) -> Caps:
        return RAW

    @property
    def src_caps(self) -> Mapping[str, Caps]:
        return {"src": RAW}

    def process(self, frame: Frame) -> Iterable[Output]:
        if frame.seq == self.properties.crash_at:
            self.context.post("crashing", {})
            crash(self.properties.how)
        return (frame,)


def crash(how: str) -> None:
    """End this process, or make it stop answering."""
    match how:
        case "raise":
            raise ValueError("a bug")
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "segv":
            ctypes.string_at(0)
        case "exit":
            os._exit(3)
        case "hang":
            threading.Event().wait()


class Slow(Pass):
    """Takes longer for a frame than any source needs to make one."""

    def process(self, frame: Frame) -> Iterable[Output]:
        threading.Event().wait(0.005)
        return (frame,)


class Odd(Pass):
    """Drops what is even."""

    def process(self, frame: Frame) -> Iterable[Output]:
        if frame.seq % 2 == 0:
            self.drop("even")
            return ()
        return (frame,)


class Other(Pass):
    """Takes what nobody here gives."""

    @property
    def sink_caps(self) -> Caps:
        return Caps.of("audio/raw")


class CheckingProperties(Properties):
    fail_start: bool = False
    slow_drain: int = 0


class Checking(Stage[CheckingProperties]):
    """A sink that takes every picture and says on the bus whether it was the right one."""

    properties_type = CheckingProperties
    summary = "checks"
    right = wrong = 0

    @property
    def sink_caps(self) -> Caps:
        return RAW

    @property
    def src_caps(self) -> Mapping[str, Caps]:
        return {}

    def start(self) -> None:
        if self.properties.fail_start:
            raise SourceError("cannot start")

    def process(self, frame: Frame) -> Iterable[Output]:
        taken = self.context.take(frame)
        good = taken is not None and bool((taken.planes[0] == frame.seq % 256).all())
        if good and bool((frame.planes[0] == frame.seq % 256).all()):
            self.right += 1
        else:
            self.wrong += 1
        return ()

    def drain(self) -> Iterator[Output | None]:
        for _ in range(self.properties.slow_drain):
            yield None
        self.context.post("checked", {"right": self.right, "wrong": self.wrong})


class TickingProperties(Properties):
    interval: float = 0.01
    frames: int = 0
    watched: bool = False


class Ticking(Source[TickingProperties]):
    """A live source: a frame each ``interval``, an epoch of its own in each incarnation; passes on lecture starts."""

    properties_type = TickingProperties
    summary = "ticks"

    def start(self) -> None:
        self.ended = False
        self._events: list[Event] = []
        self._wake = os.eventfd(0, os.EFD_NONBLOCK)

    def stop(self) -> None:
        os.close(self._wake)

    @property
    def live(self) -> bool:
        return True

    @property
    def descriptor(self) -> int | None:
        return self._wake if self.properties.watched else None

    @property
    def src_caps(self) -> Mapping[str, Caps]:
        return {"frames": RAW}

    def told(self, name: str, data: Meta) -> None:
        if name == "stumble":
            raise SourceError("stumbled over what it was told")
        self._events.append(Event(EventKind(name), 0, data))

    def finish(self) -> None:
        self.ended = True

    def produce(self) -> Iterator[Output | None]:
        caps = Caps.of("video/raw", format="gray8", width=64, height=48)
        epoch = self.context.incarnation << 20
        yield Event(EventKind.EPOCH, 0, {"epoch": epoch})
        yield caps_event(caps)
        begin, seq = time.monotonic(), 0
        while not self.ended and (self.properties.frames == 0 or seq < self.properties.frames):
            yield from self._events
            self._events.clear()
            if time.monotonic() - begin < seq * self.properties.interval:
                yield None
                continue
            image = picture(seq, 64, 48)
            yield Frame(seq, seq * 40_000_000, caps, (image.planes[0].copy(),), image, epoch=epoch)
            seq += 1


class NotingProperties(Properties):
    pictures: bool = False


class Noting(Stage[NotingProperties]):
    """A sink that says on the bus what comes to it."""

    properties_type = NotingProperties
    summary = "notes"

    @property
    def sink_caps(self) -> Caps:
        return RAW

    @property
    def src_caps(self) -> Mapping[str, Caps]:
        return {}

    def start(self) -> None:
        self.context.post("start", {"incarnation": self.context.incarnation})

    def process(self, frame: Frame) -> Iterable[Output]:
        there = self.context.take(frame) is not None if self.properties.pictures else None
        discont = bool(frame.flags & Flags.DISCONT)
        self.context.post("frame", {"epoch": frame.epoch, "seq": frame.seq, "discont": discont, "picture": there})
        return ()

    def handle(self, event: Event) -> Iterable[Output]:
        self.context.post("event", {"kind": event.kind.value, "data": event.data})
        return ()

    def tick(self) -> Iterable[Output]:
        self.context.post("tick", {})
        return ()

    def told(self, name: str, data: Meta) -> None:
        self.context.post("told", {"name": name, **data})

    def drain(self) -> Iterator[Output | None]:
        self.context.post("drained", {})
        return iter(())
