"""The trigger as a stage: the machine's verdicts become captures with pictures of their own, and ends of visits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, Self

from pydantic import Field, model_validator

from pipeline.caps import Caps
from pipeline.frame import SECOND_NS, Event, EventKind, Flags, Frame, Meta, Output, Picture, Ticket, Value
from pipeline.stage import Context, Properties, Stage
from stages.trigger.machine import Machine, Phase, Rules, Step, Verdict, View
from stages.trigger.shelf import Shelf


@dataclass(frozen=True, slots=True)
class Taken:
    """A frame and its picture, out of the pool. ``sent``: it was captured already, and is on no account any more."""

    frame: Frame
    picture: Picture
    sent: bool = False


class TriggerProperties(Properties):
    policy: Literal["settle", "delay"] = Field(
        "settle", description="settle: capture when motion has ended; delay: capture a fixed time after it began"
    )
    start_percent: float = Field(0.15, ge=0, le=100, description="foreground at or above this ends a settled view")
    settle_percent: float = Field(0.01, ge=0, le=100, description="settle: foreground below this is no motion")
    settle_time: float = Field(0.0, ge=0, le=60, description="settle: seconds without motion until the capture")
    delay: float = Field(2.83, ge=0, le=60, description="delay: seconds from the first motion to the capture")
    picture: Literal["first", "last", "both"] = Field(
        "first",
        description="settle: which picture of a view is captured: first, as soon as it has settled; "
        "last, when it is left or the stream ends, with all that was added to it too slowly to be motion; "
        "both, as soon as it has settled, and again when it is left",
    )
    margin: float = Field(
        0.6, ge=0, le=10, description="last, both: seconds that the picture is older than the next motion"
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.picture != "first" and self.policy != "settle":
            raise ValueError(
                f"picture = {self.picture} needs policy = settle: no other policy knows when a view is left"
            )
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
            properties.picture,
        )
        self._machine = Machine(self._rules)
        self._shelf: Shelf[Taken] = Shelf(round(properties.margin * SECOND_NS))
        self._visiting = False
        self._last_pts_ns: int | None = None  # of this stretch of stream
        self._lecture: tuple[Value, Value] | None = None
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
        """A frame that does not follow the one before, by its flag or its time, comes after a hole."""
        if Flags.DISCONT in frame.flags or (self._last_pts_ns is not None and frame.pts_ns < self._last_pts_ns):
            yield from self._break()
        self._last_pts_ns = frame.pts_ns
        percent = frame.meta.get("foreground_percent")
        step = self._machine.step(frame.pts_ns, float(percent) if isinstance(percent, (int, float)) else None)
        if step.left is not None:
            if self._rules.late:
                yield from self._release(step.left, frame.pts_ns)
            yield from self._end_visit(frame.pts_ns)
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
        """A hole in the stream ends the view, as the end of a lecture or of the stream does."""
        match event.kind:
            case EventKind.GAP | EventKind.EPOCH:
                yield from self._break()
            case EventKind.LECTURE_STOP:
                yield from self._break()
                self._lecture = None
            case EventKind.LECTURE_START:
                yield from self._begin_lecture((event.data.get("lecture"), event.data.get("folder")))
            case _:
                pass
        yield event

    def drain(self) -> Iterator[Output]:
        yield from self._break()

    def _begin_lecture(self, lecture: tuple[Value, Value]) -> Iterator[Output]:
        """What is on screen is the first view of a lecture, and time begins anew; of the same lecture it goes on."""
        if lecture != self._lecture:
            yield from self._break()
            self._lecture, self._machine = lecture, Machine(self._rules)

    def _break(self) -> Iterator[Output]:
        """Capture what is pending; whatever comes is another view. Without a frame since the last time, nothing."""
        if self._last_pts_ns is None:
            return
        last_pts_ns, self._last_pts_ns = self._last_pts_ns, None
        view = self._machine.flush(last_pts_ns)
        if view is not None:
            yield from self._release(view, None)
        self._discard(self._shelf.clear())
        yield from self._end_visit(last_pts_ns)
        self._machine.restart()

    def _capture(self, frame: Frame, step: Step) -> Iterator[Output]:
        assert step.view is not None, "a verdict to capture names its view"
        picture = self._taken(frame)
        if picture is None:
            self._machine.missed(step.view)
            self.drop("no-picture")
            return
        self._discard(self._shelf.clear())
        if self._rules.late:
            self._shelf.replace(frame.pts_ns, Taken(frame, picture, sent=True))
        yield self._captured(frame, picture, step.view)

    def _release(self, view: View, seen_ns: int | None) -> Iterator[Output]:
        """Capture what was kept of the view; ``seen_ns``: when the motion that ends it was seen."""
        chosen = self._shelf.choose(seen_ns)
        fallen = self._shelf.clear()
        if chosen is None or chosen.sent:
            self._discard(fallen)
            return
        self._discard([kept for kept in fallen if kept is not chosen])
        self.hold(-1)
        since_ns = min(view.since_ns, chosen.frame.pts_ns)
        yield self._captured(chosen.frame, chosen.picture, replace(view, since_ns=since_ns))

    def _end_visit(self, pts_ns: int) -> Iterator[Output]:
        if self._visiting:
            self._visiting = False
            yield Event(EventKind.VISIT_END, pts_ns)

    def _captured(self, frame: Frame, picture: Picture, view: View) -> Frame:
        self._visiting = True
        rules = self._rules
        capture: Meta = {
            "reason": view.reason,
            "start_pts_ns": view.since_ns,
            "percent": frame.meta.get("foreground_percent"),
            "policy": rules.policy,
            "start_percent": rules.start_percent,
            "settle_percent": rules.settle_percent,
            "settle_time_ns": rules.settle_time_ns,
            "delay_ns": rules.delay_ns,
            "picture": rules.picture,
        }
        return replace(frame, caps=self._caps, planes=(), image=picture, meta={**frame.meta, "capture": capture})

    def _pass(self) -> None:
        self.drop("moving" if self._machine.phase is not Phase.SETTLED else "settled")

    def _keep(self, frame: Frame) -> None:
        picture = self._taken(frame)
        if picture is None:
            self.drop("no-picture")
            return
        self._discard(self._shelf.replace(frame.pts_ns, Taken(frame, picture)))
        self.hold(+1)

    def _renew(self, frame: Frame) -> None:
        if not self._shelf.wants(frame.pts_ns):
            self._pass()
            return
        picture = self._taken(frame)
        if picture is None:
            self.drop("no-picture")
            return
        self._discard(self._shelf.renew(frame.pts_ns, Taken(frame, picture)))
        self.hold(+1)

    def _taken(self, frame: Frame) -> Picture | None:
        """The frame's picture; that of the frame kept, if both have the same ticket."""
        kept = self._shelf.newest
        if kept is not None and isinstance(frame.image, Ticket) and frame.image == kept.frame.image:
            return kept.picture
        return self.context.take(frame)

    def _discard(self, fallen: list[Taken]) -> None:
        for kept in fallen:
            if not kept.sent:
                self.hold(-1)
                self.drop("superseded")
