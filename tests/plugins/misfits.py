"""Stages that break the contract, or stretch it, in one way each; for tests of the node that has to notice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pipeline.caps import Caps
from pipeline.errors import SourceError, WriteError
from pipeline.frame import Event, EventKind, Frame, Meta, Output, To
from pipeline.stage import Context, Properties, Source, Stage

RAW = Caps.of("video/raw", format="gray8")


class MisfitProperties(Properties):
    how: str = "pass"


class Misfit(Stage[MisfitProperties]):
    """Two src pads, ``left`` and ``right``; does with a frame what ``how`` says."""

    properties_type = MisfitProperties

    @property
    def sink_caps(self) -> Caps:
        return RAW

    @property
    def src_caps(self) -> Mapping[str, Caps]:
        return {"left": RAW, "right": RAW}

    def set_caps(self, caps: Caps) -> Mapping[str, Caps]:
        return {"left": caps} if self.properties.how == "caps for one pad" else super().set_caps(caps)

    def process(self, frame: Frame) -> Iterable[Output]:
        match self.properties.how:
            case "right":
                return (To("right", frame),)
            case "nowhere":
                return (To("nowhere", frame),)
            case "nowhere event":
                return (To("nowhere", Event(EventKind.VISIT_END)), frame)
            case "drop":
                self.drop("dull")
                self.drop("dull", 2)
                return ()
            case "hold":
                self.hold(1)
                return ()
            case "nothing":
                return None  # type: ignore[return-value]
            case "memory":
                raise MemoryError
            case "own error":
                raise WriteError("the disk is full")
            case "late":
                return self._late(frame)
        return (frame,)

    def _late(self, frame: Frame) -> Iterator[Output]:
        yield frame
        raise LookupError("in the middle of a generator")

    def drain(self) -> Iterator[Output | None]:
        yield None
        yield Frame(9, 900, RAW)
        yield To("right", Event(EventKind.VISIT_END, 900))


class User(Stage[Properties]):
    """A sink: uses every frame except the odd ones, which it drops."""

    @property
    def sink_caps(self) -> Caps:
        return RAW

    @property
    def src_caps(self) -> Mapping[str, Caps]:
        return {}

    def process(self, frame: Frame) -> Iterable[Output]:
        if frame.seq % 2:
            self.drop("odd")
        return ()


class Clock(Source[Properties]):
    """Gives out a frame at each tick, and none otherwise."""

    @property
    def src_caps(self) -> Mapping[str, Caps]:
        return {"src": RAW}

    def produce(self) -> Iterator[Output | None]:
        return iter(())

    def tick(self) -> Iterable[Output]:
        return (Frame(0, 0, RAW),)


NOT_A_CLASS = 3


class Talkative(Misfit):
    """Does what ``how`` says when it is told something, and at each tick."""

    def __init__(self, properties: MisfitProperties, context: Context) -> None:
        super().__init__(properties, context)
        self.born = context.incarnation

    def told(self, name: str, data: Meta) -> None:
        self._answer()
        self.context.post("told", {"name": name, **data})

    def tick(self) -> Iterable[Output]:
        self._answer()
        if self.properties.how == "defer":
            self.context.defer()
        return (Frame(7, 700, RAW), Event(EventKind.VISIT_END, 700)) if self.properties.how == "give" else ()

    def _answer(self) -> None:
        if self.properties.how == "raise":
            raise LookupError("neither heard nor seen")
        if self.properties.how == "own":
            raise SourceError("the microphone is gone")
