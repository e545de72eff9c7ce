"""Drive one stage with no socket and no process; for tests of stages, ours and other people's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pipeline.caps import Caps
from pipeline.errors import CapsError, StageError
from pipeline.frame import Event, EventKind, Frame, Item, Meta, Output, Picture, To
from pipeline.messages import Element, Ledger
from pipeline.stage import AnyStage, Source, Stage, validated


class FakeClock:
    """A monotonic clock in ns that moves only when told to."""

    def __init__(self, now_ns: int = 0) -> None:
        self.now_ns = now_ns

    def __call__(self) -> int:
        return self.now_ns

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self.now_ns += round(seconds * 1_000_000_000)


class Recorder:
    """A Context that keeps what the stage says: ``messages``, ``warnings``, and the counts behind ``ledger``.

    ``deferred``: items that are unacknowledged because the stage asked for it. ``full``: src pads without room.
    """

    def __init__(self) -> None:
        self.messages: list[Element] = []
        self.warnings: list[str] = []
        self.drops: Counter[str] = Counter()
        self.in_hold = 0
        self.incarnation = self.began_ns = 0
        self.deferred = 0
        self.full: set[str] = set()

    def post(self, name: str, data: Meta) -> None:
        self.messages.append(Element("stage", name, data))

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def take(self, frame: Frame) -> Picture | None:
        return frame.image.copy() if isinstance(frame.image, Picture) else None

    def dropped(self, reason: str, count: int) -> None:
        self.drops[reason] += count

    def held(self, change: int) -> None:
        self.in_hold += change

    def defer(self) -> Callable[[], None]:
        self.deferred += 1

        def release() -> None:
            self.deferred -= 1

        return release

    def room(self, pad: str) -> bool:
        return pad not in self.full


class Harness:
    """One stage, built from checked properties and driven by hand.

    >>> harness = Harness(Dedup, hash_size=12)
    >>> harness.caps(Caps.of("slide/capture", width=1920, height=1080))
    >>> pages = harness.push(frame)
    >>> harness.eos()
    """

    def __init__(self, factory: Callable[[Any, Any], AnyStage], /, **properties: object) -> None:
        kind = getattr(factory, "properties_type", None)
        if kind is None:
            raise StageError(f"{factory!r} is no stage class: it has no properties_type")
        self.context = Recorder()
        self.stage = factory(validated(kind, properties), self.context)
        self.received = self.sent = 0
        self.stage.start()

    def caps(self, caps: Caps) -> dict[str, Caps]:
        """Let fixed caps arrive; returns the src pads' caps. Raises CapsError if the template forbids them."""
        stage = self._stage()
        if not stage.sink_caps.can_link(caps):
            raise CapsError(f"{caps} do not fit the sink template {stage.sink_caps}")
        return dict(stage.set_caps(caps))

    def push(self, frame: Frame) -> list[Item]:
        """One frame in; the items it gives out, from all pads in order."""
        self.received += 1
        return self._collect(self._stage().process(frame))

    def event(self, event: Event) -> list[Item]:
        """One event in; the items it gives out."""
        return self._collect(self._stage().handle(event))

    def eos(self) -> list[Item]:
        """EOS in; what the stage still held. The stage is stopped."""
        items = self._collect(item for item in self._stage().drain() if item is not None)
        self.stage.stop()
        return items

    def run(self) -> Iterator[Item]:
        """Everything a source produces."""
        if not isinstance(self.stage, Source):
            raise StageError("run() is for sources; use push()")
        for output in self.stage.produce():
            yield from self._collect(() if output is None else (output,))

    def tick(self) -> list[Item]:
        """A second has passed; the items it gives out."""
        return self._collect(self.stage.tick())

    @property
    def ledger(self) -> Ledger:
        """The counts so far; for a source, received is what it sent plus what it dropped."""
        drops = dict(self.context.drops)
        received = self.sent + sum(drops.values()) if isinstance(self.stage, Source) else self.received
        return Ledger(received, self.sent, self.context.in_hold, drops)

    def _stage(self) -> Stage[Any]:
        if isinstance(self.stage, Source):
            raise StageError("a source has no sink pad; use run()")
        return self.stage

    def _collect(self, outputs: Iterable[Output]) -> list[Item]:
        items = [output.item if isinstance(output, To) else output for output in outputs]
        self.sent += sum(isinstance(item, Frame) for item in items)
        return items


def frames_of(items: Iterable[Item]) -> list[Frame]:
    """Only the frames."""
    return [item for item in items if isinstance(item, Frame)]


def events_of(items: Iterable[Item], kind: EventKind) -> list[Event]:
    """Only the events of one kind."""
    return [item for item in items if isinstance(item, Event) and item.kind is kind]
