"""The trigger as a stage: the machine's verdicts become captures with pictures of their own, and ends of visits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.caps import Caps
from pipeline.frame import SECOND_NS, Event, EventKind, Flags, Frame, Meta, Output, Picture, Ticket, Value
from pipeline.stage import Context, Stage
from stages.presenter import looked_for, passed_on, presenter_of
from stages.trigger.machine import Machine, Phase, Rules, Step, Verdict, View
from stages.trigger.properties import TriggerProperties
from stages.trigger.shelf import Shelf
from stages.trigger.taken import Taken
from stages.trigger.trace import Trace, rules_told
from stages.unseen import is_unseen

if TYPE_CHECKING:
    from stages.trigger.reveals import Reveals


class Trigger(Stage[TriggerProperties]):
    """A capture's ``meta["capture"]`` says when its view became calm, why it was taken, and by which thresholds.

    If somebody stands before what was captured, the view's later moments follow it as they show more, at most one in
    1.5 s: ``meta["reveal"]`` has ``share``, how much of the picture is shown for the first time, 0 to 1. With picture =
    last it is one picture of them all, with the capture's number and time. They carry the mask of what is still hidden.
    """

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
            round(properties.max_unsettled * SECOND_NS),
            round(properties.min_dwell * SECOND_NS),
        )
        self._machine = Machine(self._rules)
        self._margin_ns = round(properties.margin * SECOND_NS)
        self._shelf: Shelf[Taken] = Shelf(self._margin_ns)
        self._reveals: Reveals | None = None  # until somebody looks for a presenter
        self._revealed_last = False  # the frame kept last
        self._trace = Trace(self._rules)
        self._visiting = False
        self._last_pts_ns: int | None = None  # of this stretch of stream
        self._is_other = False  # what comes is of other caps than the last frame
        self._lecture: tuple[Value, Value] | None = None
        self._caps = Caps.of("slide/capture")

    @property
    def sink_caps(self) -> Caps:
        return Caps.of("video/motion")

    @property
    def src_caps(self) -> Mapping[str, Caps]:
        return {"captures": Caps.of("slide/capture")}

    def set_caps(self, caps: Caps) -> Mapping[str, Caps]:
        """A new size is a new stream: nobody compared its first frame with the last one."""
        self._caps, self._is_other = Caps("slide/capture", caps.fields), True
        return {"captures": self._caps}

    def process(self, frame: Frame) -> Iterable[Output]:
        """A frame that does not follow the one before, by its flag, its time or its size, comes after a hole."""
        goes_back = self._last_pts_ns is not None and frame.pts_ns < self._last_pts_ns
        if self._is_other or goes_back or Flags.DISCONT in frame.flags:
            yield from self._break()
        self._is_other = False
        self._last_pts_ns = frame.pts_ns
        given = frame.meta.get("foreground_percent")
        percent = float(given) if isinstance(given, (int, float)) else None
        hidden = percent is None and not is_unseen(frame) and presenter_of(frame) is not None
        if hidden and self._machine.phase is Phase.SETTLED:
            yield from self._break(frame.pts_ns)  # they hide all of it: nobody can tell what slide comes out again
            self._last_pts_ns = frame.pts_ns
        step = self._machine.step(frame.pts_ns, percent)
        self._trace.see(frame.pts_ns, self._machine.phase, percent, _hidden(frame), left=step.left is not None)
        if step.left is not None:
            yield from self._leave(step.left if self._rules.late else None, frame.pts_ns)
            yield from self._end_visit(frame.pts_ns)
        if step.overdue is not None:
            yield from self._leave(step.overdue, None)
            yield from self._end_visit(frame.pts_ns)
        if looked_for(frame):
            yield from self._reveal(frame)
        match step.verdict:
            case Verdict.CAPTURE:
                yield from self._capture(frame, step)
            case Verdict.KEEP:
                self._keep(frame)
            case _ if self._is_moment(frame, percent):
                self._keep_moment(frame)
            case Verdict.RENEW:
                self._renew(frame)
            case Verdict.PASS:
                self._pass()
        if step.left is not None or step.overdue is not None or self._trace.is_due(frame.pts_ns):
            yield from self._tell(frame.pts_ns)

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

    def _break(self, seen_ns: int | None = None) -> Iterator[Output]:
        """Capture what is pending; whatever comes is another view. Without a frame since the last time, nothing.

        ``seen_ns``: when that was seen which may be on frames shortly before.
        """
        if self._last_pts_ns is None:
            return
        last_pts_ns, self._last_pts_ns = self._last_pts_ns, None
        yield from self._leave(self._machine.flush(last_pts_ns), seen_ns)
        self._discard(self._shelf.clear())
        yield from self._end_visit(last_pts_ns)
        self._trace.cut()
        yield from self._tell(last_pts_ns)
        self._machine.restart()
        if self._reveals is not None:
            self._reveals.forget()

    def _capture(self, frame: Frame, step: Step) -> Iterator[Output]:
        assert step.view is not None, "a verdict to capture names its view"
        taken = self._kept_before(frame)
        if taken is None:
            if (picture := self._taken(frame)) is None:
                self._machine.missed(step.view)
                self.drop("no-picture")
                return
            taken = Taken(frame, picture)
        self._discard(self._shelf.clear())
        if self._rules.late:
            self._shelf.replace(taken.frame.pts_ns, replace(taken, sent=True))
        if self._reveals is not None:
            self._reveals.begin()
        yield self._captured(taken.frame, taken.picture, step.view)

    def _kept_before(self, frame: Frame) -> Taken | None:
        """What was kept while this view settled, if nobody has looked at ``frame``: it may show what comes next."""
        known_ns, kept = frame.meta.get("foreground_pts_ns"), self._shelf.newest
        is_known = not isinstance(known_ns, int) or known_ns >= frame.pts_ns
        if is_known or kept is None or not self._machine.calm_at(kept.frame.pts_ns):
            return None
        self._pass()
        return self._release(None)

    def _leave(self, view: View | None, seen_ns: int | None) -> Iterator[Output]:
        """Capture what was kept of ``view``, if it is to be captured now, and reveal what is still to be revealed.

        ``seen_ns``: when the motion that ends it was seen.
        """
        chosen = self._release(seen_ns) if view is not None else None
        captures: list[Frame] = []
        if view is not None and chosen is not None:
            view = replace(view, since_ns=min(view.since_ns, chosen.frame.pts_ns))
            captures = [self._captured(chosen.frame, chosen.picture, view)]
        reveals = self._reveals.leave(seen_ns, chosen) if self._reveals is not None else []
        yield from sorted([*captures, *self._with_caps(reveals)], key=lambda frame: frame.pts_ns)

    def _release(self, seen_ns: int | None) -> Taken | None:
        """What was kept of a view for its capture, if it was not captured before."""
        chosen = self._shelf.choose(seen_ns)
        fallen = self._shelf.clear()
        if chosen is None or chosen.sent:
            self._discard(fallen)
            return None
        self._discard([kept for kept in fallen if kept is not chosen])
        self.hold(-1)
        return chosen

    def _reveal(self, frame: Frame) -> Iterator[Output]:
        """Let the frame's mask be seen, and send what can be revealed by now."""
        if self._reveals is None:
            from stages.trigger.reveals import Gathering, Telling  # they import OpenCV

            self._reveals = (Telling if self._rules.early else Gathering)(self._margin_ns, self)
        self._reveals.see(frame)
        late = self._shelf.choose(frame.pts_ns) if self._rules.late else None
        yield from self._with_caps(self._reveals.due(frame.pts_ns, late.frame.pts_ns if late is not None else None))

    def _with_caps(self, reveals: list[Frame]) -> list[Frame]:
        return [replace(frame, caps=self._caps) for frame in reveals]

    def _end_visit(self, pts_ns: int) -> Iterator[Output]:
        if self._visiting:
            self._visiting = False
            yield Event(EventKind.VISIT_END, pts_ns)

    def _tell(self, pts_ns: int) -> Iterator[Output]:
        """What was seen between captures goes to whoever writes it down."""
        kept = self._shelf.newest
        told = self._trace.told(kept.frame.pts_ns if kept is not None else None)
        if told is not None:
            yield Event(EventKind.TRACE, pts_ns, told)

    def _captured(self, frame: Frame, picture: Picture, view: View) -> Frame:
        self._visiting = True
        self._trace.capture(frame.pts_ns)
        capture: Meta = {
            "reason": view.reason,
            "start_pts_ns": view.since_ns,
            "percent": frame.meta.get("foreground_percent"),
            **rules_told(self._rules),
        }
        meta = {**frame.meta, "capture": capture}
        return passed_on(replace(frame, caps=self._caps, image=picture, meta=meta), ())

    def _pass(self) -> None:
        self.drop("moving" if self._machine.phase is not Phase.SETTLED else "settled")

    def _keep(self, frame: Frame) -> None:
        settled = self._machine.phase is Phase.SETTLED
        if self._reveals is not None and settled:
            self._reveals.begin()
        picture, kept = self._taken(frame), self._shelf.newest
        if picture is None:
            self.drop("no-picture")
            return
        # Motion is measured now and then, and this frame may be the first of what comes next: the one before is not.
        joined = settled and kept is not None and self._machine.calm_at(kept.frame.pts_ns)
        fallen = (self._shelf.renew if joined else self._shelf.replace)(frame.pts_ns, Taken(frame, picture))
        self._discard(fallen)
        self.hold(+1)

    def _is_moment(self, frame: Frame, percent: float | None) -> bool:
        """Whether to keep the frame for what it reveals. Where few frames come, they take turns with captures."""
        if self._reveals is None or percent is None or self._machine.phase is not Phase.SETTLED:
            return False
        rules = self._rules
        if percent >= (rules.settle_percent if rules.policy == "settle" else rules.start_percent):
            return False
        turn = self._revealed_last and rules.late and self._shelf.wants(frame.pts_ns)
        return not turn and looked_for(frame) and self._reveals.wants()

    def _keep_moment(self, frame: Frame) -> None:
        picture = self._taken(frame)
        if picture is None:
            self.drop("no-picture")
            return
        assert self._reveals is not None, "it said that it wants this frame"
        self._reveals.keep(Taken(frame, picture))
        self._revealed_last = True
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
        self._revealed_last = False
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


def _hidden(frame: Frame) -> float:
    presenter = presenter_of(frame)
    return 0.0 if presenter is None else presenter.area
