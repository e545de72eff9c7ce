"""The trigger as a stage: the machine's verdicts become captures with pictures of their own, and ends of visits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Literal, Self, TypeAlias

from pydantic import Field, model_validator

from pipeline.caps import Caps
from pipeline.frame import SECOND_NS, Event, EventKind, Frame, Meta, Output, Picture, Ticket
from pipeline.stage import Context, Properties, Stage
from stages.trigger.machine import Machine, Phase, Rules, Step, Verdict
from stages.trigger.shelf import Shelf

Taken: TypeAlias = tuple[Frame, Picture]


class TriggerProperties(Properties):
    policy: Literal["settle", "delay"] = Field(
        "settle", description="settle: capture when motion has ended; delay: capture a fixed time after it began"
    )
    start_percent: float = Field(0.15, ge=0, le=100, description="foreground at or above this ends a settled view")
    settle_percent: float = Field(0.01, ge=0, le=100, description="settle: foreground below this is no motion")
    settle_time: float = Field(0.0, ge=0, le=60, description="settle: seconds without motion until the capture")
    delay: float = Field(2.83, ge=0, le=60, description="delay: seconds from the first motion to the capture")
    picture: Literal["first", "last"] = Field(
        "first",
        description="settle: which picture of a view is captured: first, as soon as it has settled; "
        "last, when it is left or the stream ends, with all that was added to it too slowly to be motion",
    )
    margin: float = Field(0.6, ge=0, le=10, description="last: seconds that the picture is older than the next motion")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.picture == "last" and self.policy != "settle":
            raise ValueError("picture = last needs policy = settle: no other policy knows when a view is left")
        return self


class Trigger(Stage[TriggerProperties]):
    """A capture's ``meta["capture"]`` says when its view became calm, why it was taken, and by which thresholds."""

    properties_type = TriggerProperties
    summary = "decides when to capture"

    def __init__(self, properties: TriggerProperties, context: Context) -> None:
        super().__init__(properties, context)
        self._rules = Rules(
            properties.policy,
            properties.start_percent,
            properties.settle_percent,
            round(properties.settle_time * SECOND_NS),
            round(properties.delay * SECOND_NS),
            properties.picture == "last",
        )
        self._machine = Machine(self._rules)
        self._shelf: Shelf[Taken] = Shelf(round(properties.margin * SECOND_NS))
        self._open = False
        self._last_pts_ns = 0
        self._caps = Caps.of("slide/capture")

    @property
    def sink_caps(self) -> Caps:
        return Caps.of("video/motion")

    @property
    def src_caps(self) -> Mapping[str, Caps]:
        return {"captures": Caps.of("slide/capture")}

    def set_caps(self, caps: Caps) -> Mapping[str, Caps]:
        self._caps = Caps("slide/capture", caps.fields)
        return {"captures": self._caps}

    def process(self, frame: Frame) -> Iterable[Output]:
        self._last_pts_ns = frame.pts_ns
        percent = frame.meta.get("foreground_percent")
        step = self._machine.step(frame.pts_ns, float(percent) if isinstance(percent, (int, float)) else None)
        if step.left:
            if self._rules.last:
                yield from self._release(step, frame.pts_ns)
            yield from self._close(frame.pts_ns)
        match step.verdict:
            case Verdict.PASS:
                self._pass()
            case Verdict.KEEP:
                self._keep(frame)
            case Verdict.RENEW:
                self._renew(frame)
            case Verdict.CAPTURE:
                yield from self._capture(frame, step)

    def handle(self, event: Event) -> Iterable[Output]:
        """A hole in the stream ends the view, as the end of the stream does."""
        if event.kind is EventKind.GAP:
            yield from self._flush()
            self._machine.restart()
        yield event

    def drain(self) -> Iterator[Output]:
        yield from self._flush()

    def _capture(self, frame: Frame, step: Step) -> Iterator[Output]:
        picture = self._taken(frame)
        if picture is None:
            self._machine.missed()
            self.drop("no-picture")
            return
        self._discard(self._shelf.clear())
        yield self._captured(frame, picture, step)

    def _flush(self) -> Iterator[Output]:
        step = self._machine.flush(self._last_pts_ns)
        if step is not None:
            yield from self._release(step, None)
        self._discard(self._shelf.clear())
        yield from self._close(self._last_pts_ns)

    def _release(self, step: Step, seen_ns: int | None) -> Iterator[Output]:
        """Capture what was kept of the view; ``seen_ns``: when the motion that ends it was seen."""
        chosen = self._shelf.choose(seen_ns)
        fallen = self._shelf.clear()
        if chosen is None:
            return
        self._discard([kept for kept in fallen if kept is not chosen])
        self.hold(-1)
        frame, picture = chosen
        yield self._captured(frame, picture, replace(step, since_ns=min(step.since_ns, frame.pts_ns)))

    def _close(self, pts_ns: int) -> Iterator[Output]:
        if self._open:
            self._open = False
            yield Event(EventKind.VISIT_END, pts_ns)

    def _captured(self, frame: Frame, picture: Picture, step: Step) -> Frame:
        self._open = True
        rules = self._rules
        capture: Meta = {
            "reason": step.reason,
            "start_pts_ns": step.since_ns,
            "percent": frame.meta.get("foreground_percent"),
            "policy": rules.policy,
            "start_percent": rules.start_percent,
            "settle_percent": rules.settle_percent,
            "settle_time_ns": rules.settle_time_ns,
            "delay_ns": rules.delay_ns,
            "picture": self.properties.picture,
        }
        return replace(frame, caps=self._caps, planes=(), image=picture, meta={**frame.meta, "capture": capture})

    def _pass(self) -> None:
        self.drop("moving" if self._machine.phase is not Phase.SETTLED else "settled")

    def _keep(self, frame: Frame) -> None:
        picture = self._taken(frame)
        if picture is None:
            self.drop("no-picture")
            return
        self._discard(self._shelf.replace(frame.pts_ns, (frame, picture)))
        self.hold(+1)

    def _renew(self, frame: Frame) -> None:
        if not self._shelf.wants(frame.pts_ns):
            self._pass()
            return
        picture = self._taken(frame)
        if picture is None:
            self.drop("no-picture")
            return
        self._discard(self._shelf.renew(frame.pts_ns, (frame, picture)))
        self.hold(+1)

    def _taken(self, frame: Frame) -> Picture | None:
        """The frame's picture; that of the frame kept, if both have the same ticket."""
        kept = self._shelf.newest
        if kept is not None and isinstance(frame.image, Ticket) and frame.image == kept[0].image:
            return kept[1]
        return self.context.take(frame)

    def _discard(self, fallen: list[Taken]) -> None:
        for _ in fallen:
            self.hold(-1)
            self.drop("superseded")
