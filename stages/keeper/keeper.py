"""The keeper of lectures: beside the loop of a daemon it begins, continues and ends them, and sees to what follows.

It joins the parts of this room: ``deciding`` knows when, ``current`` the lecture that is open, ``finisher`` what is
made of one that has ended, ``sweeping`` what has to go. All in one thread, and nothing here waits.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from pipeline.config import PipelineConfig
from pipeline.daemon.keeper import News
from pipeline.errors import ConfigError, OutputError, ServiceError, WriteError
from pipeline.frame import Meta
from pipeline.messages import BusMessage, Down, Element, StateChanged, Up
from pipeline.states import State
from stages.durable import may_pass
from stages.keeper import current, endings
from stages.keeper.analysis_gaps import AnalysisGaps
from stages.keeper.auto import Wish
from stages.keeper.current import CurrentLecture
from stages.keeper.deciding import Deciding
from stages.keeper.finisher import Finisher
from stages.keeper.layout import layout
from stages.keeper.lecture_time import Now
from stages.keeper.left_behind import Left, LeftBehind
from stages.keeper.repeats import Repeats
from stages.keeper.schedule import Slot
from stages.keeper.settings import TABLE, settings
from stages.keeper.surroundings import Surroundings
from stages.keeper.sweeping import Sweeping
from stages.keeper.words import length, text_of, time_of_day
from stages.lecture import opened

if TYPE_CHECKING:
    from pipeline.supervisor.desk import Control

_CLOSING_NS = 30 * 10**9  # a picture may have to be written first
_AGAIN_NS = 10 * 10**9


def keeper(config: PipelineConfig) -> LectureKeeper | None:
    """For ``make_app``: the keeper of a pipeline whose file has a table [lectures]. Raises ConfigError."""
    return LectureKeeper(config) if TABLE in config.application else None


class LectureKeeper:
    """A ``pipeline.daemon.keeper.Keeper``."""

    def __init__(self, config: PipelineConfig, around: Surroundings | None = None) -> None:
        """Raises ConfigError."""
        self._around = around or Surroundings()
        self._boot = self._around.boot()
        self._settings = settings(config.application[TABLE])
        self._layout = layout(config)
        self._control: Control | None = None
        self._lecture: CurrentLecture | None = None
        self._unheard: Meta | None = None  # a lecture's end of which those behind the source do not know
        self._gaps = AnalysisGaps(self._layout.analysis)
        self._left, self._repeats = LeftBehind(), Repeats()
        self._let_go: Callable[[], None] = lambda: None
        self._not_before_ns = 0
        self._news: deque[News] = deque(maxlen=100)
        self._deciding = Deciding(self._settings, self._around.begin_job)
        self._finisher = Finisher(
            self._around.begin_job, self._settings.exports, self._settings.backfill, self._layout.segmentation
        )
        self._sweeping = Sweeping(self._settings.folder, self._around.free)

    # -- called by the desk --

    def begin(self, control: Control) -> None:
        """Take up what was interrupted, or close it if that is long ago. Raises OutputError."""
        self._control = control
        now, root = self._now(), self._settings.folder
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as e:
            raise OutputError(f"[{TABLE}] folder: '{root}' cannot be made: {e.strerror}") from e
        self._let_go = self._around.claim(root)
        self._take_up(self._left.look(root, self._settings.continue_within_ns, now), now)

    def hear(self, message: BusMessage) -> None:
        """One message of the bus."""
        now = self._now()
        self._gaps.hear(message, now.mono_ns)
        match message:
            case StateChanged(self._layout.source, _, State.PLAYING):
                self._tell_again()
            case Down(process, stages, why, delay_s):
                if self._layout.source in stages:
                    self._deciding.observe("lost", now)  # it cannot say so itself any more
                self._event("failed" if delay_s is None else "down", f"{process}: {why}", now)
            case Up(process, stages, _, down_s):
                self._event("up", f"{process}, after {down_s:.1f} s", now)
                if self._layout.source in stages:
                    self._tell_again()
            case Element(self._layout.source, "source", data):
                state, why = str(data.get("state") or ""), str(data.get("why") or "")
                self._deciding.observe(state, now)
                self._event("source", f"{state}: {why}" if why else state, now)
            case Element(_, "recording", data):
                state, why = str(data.get("state") or ""), str(data.get("why") or "")
                self._event("recording", f"{state}: {why}" if why else state, now)
            case Element(self._layout.exporter, "lecture", {"lecture": name, "state": "closed"}):
                if self._lecture is None or name != self._lecture.name:  # so late that it was done without
                    self._finisher.add(self._settings.folder.absolute() / str(name), now.mono_ns)
                elif self._lecture.is_closing:
                    self._closed(now)

    def turn(self) -> list[News]:
        """Each turn of the loop."""
        now = self._now()
        self._complain(self._deciding.turn(now))
        lecture = self._lecture
        if lecture is not None:
            lecture.logbook.turn(now.mono_ns)
            while lecture.logbook.problems:
                self._complain(lecture.logbook.problems.pop(0))
            if not lecture.is_closing:
                self._gaps.follow(lecture, now.mono_ns)
            if lecture.closing_until_ns is not None and now.mono_ns >= lecture.closing_until_ns:
                self._close(lecture, now)
        self._take_up(self._left.turn(self._lecture is not None, self._settings.continue_within_ns, now), now)
        if now.mono_ns >= self._not_before_ns and (self._lecture is None or not self._lecture.is_closing):
            self._decide(now)
        self._news += self._finisher.turn(now.mono_ns)
        swept = self._sweeping.turn(now.mono_ns, now.wall_ns, self._settings.limits, self._busy())
        if swept is not None:
            (self._complain if swept.trouble else self._say)(swept.text)
        told = list(self._news)
        self._news.clear()
        return told

    def command(self, name: str, arguments: Meta) -> Meta:
        """``start`` [title], ``stop``, ``mark`` text. Raises ServiceError, ConfigError, OutputError."""
        now = self._now()
        match name:
            case "start":
                lecture = self._start(text_of(arguments, "title") or self._settings.title, None, now)
                return {"text": f"lecture '{lecture.name}' has begun", "lecture": lecture.name}
            case "stop":
                lecture = self._at_hand()
                self._deciding.dismiss(lecture.slot)
                self._stop(lecture, "by command", now)
                return {"text": f"lecture '{lecture.name}' is ending", "lecture": lecture.name}
            case "mark":
                lecture, text = self._at_hand(), text_of(arguments, "text")
                if not text:
                    raise ConfigError("a mark needs a text, of which a chapter is made")
                pts_ns = lecture.pts_ns(now.mono_ns)
                with opened(lecture.folder) as journal:
                    journal.add_mark(pts_ns, now.wall_ns, text)
                return {"text": f"marked at {length(pts_ns)} of lecture '{lecture.name}'", "pts_ns": pts_ns}
        raise ConfigError(f"'{name}' is no command of a keeper of lectures, which has: start, stop, mark")

    def status(self) -> Meta:
        """Facts of the lecture and of what goes on around it."""
        now, lecture = self._now(), self._lecture
        told = lecture.facts(now.mono_ns) if lecture is not None else {}
        around: dict[str, object] = {"folder": str(self._settings.folder), "begin": self._settings.begin}
        if (coming := self._deciding.coming(now)) is not None:
            around["next"] = {
                "title": coming.title,
                "start": time_of_day(coming.start_ns),
                "end": time_of_day(coming.end_ns),
            }
        if self._finisher.busy_with:
            around["finishing"] = self._finisher.busy_with
        if self._finisher.waiting:
            around["to_finish"] = self._finisher.waiting
        return {"lecture": told, "lectures": around}  # type: ignore[dict-item]  # plain data throughout

    def reload(self, application: Mapping[str, Mapping[str, object]]) -> None:
        """Other settings. Raises ConfigError, and then keeps those it has."""
        if TABLE not in application:
            raise ConfigError(f"the table [{TABLE}] is gone; a daemon can be without it only after a restart")
        new = settings(application[TABLE])
        if new.folder != self._settings.folder:
            raise ConfigError(f"[{TABLE}] folder can be changed only by a restart")
        self._settings = new
        self._deciding.change(new)
        self._finisher.exports, self._finisher.backfill = new.exports, new.backfill

    def end(self) -> None:
        """The processes are gone. A lecture that is open stays so, for the next start."""
        now = self._now()
        self._deciding.end()
        self._finisher.end()
        if self._lecture is not None:
            self._event("lecture", "the daemon ends", now)
            if self._lecture.is_closing:
                self._close(self._lecture, now)
        self._let_go()

    # -- the lecture --

    def _take_up(self, left: Left | None, now: Now) -> None:
        if left is None:
            return
        if left.lecture is not None:
            self._lecture = left.lecture
            self._tell_start()
        for folder in left.to_finish:
            self._finisher.add(folder, now.mono_ns)
        self._deciding.ended_early(left.dismissed)
        for problem in left.problems:
            self._complain(problem)

    def _decide(self, now: Now) -> None:
        lecture = self._lecture
        decision = self._deciding.decide(lecture is not None, lecture.slot if lecture else None, now)
        try:
            if decision.wish is Wish.BEGIN:
                title = decision.slot.title if decision.slot else ""
                self._start(title or self._settings.title, decision.slot, now)
            elif decision.wish is Wish.END and lecture is not None:
                self._stop(lecture, decision.why, now)
        except OutputError as e:
            self._not_before_ns = now.mono_ns + _AGAIN_NS
            self._complain(str(e))

    def _start(self, title: str, slot: Slot | None, now: Now) -> CurrentLecture:
        if self._lecture is not None:
            what = "is still being closed; try again" if self._lecture.is_closing else "is open; stop it first"
            raise ServiceError(f"lecture '{self._lecture.name}' {what}")
        self._lecture, self._unheard = current.begin(self._settings.folder, title, now, slot), None
        self._tell_start()
        return self._lecture

    def _stop(self, lecture: CurrentLecture, why: str, now: Now) -> None:
        lecture.ended_pts_ns = pts_ns = lecture.pts_ns(now.mono_ns)
        self._gaps.end(now.mono_ns)
        self._event("lecture", f"ended: {why}", now)
        lecture.logbook.write(lambda journal: journal.note(endings.STOPPED, now.wall_ns), now.mono_ns)
        lecture.closing_until_ns = now.mono_ns + _CLOSING_NS
        self._say(f"lecture '{lecture.name}' ends after {length(pts_ns)}: {why}")
        self._tell("lecture-stop", lecture.stop)

    def _close(self, lecture: CurrentLecture, now: Now) -> None:
        """The exporter did not."""
        try:
            endings.close(lecture.folder, now.wall_ns, lecture.ended_pts_ns)
        except OutputError as e:
            self._complain(f"lecture '{lecture.name}' cannot be closed: {e}")
            lecture.closing_until_ns = now.mono_ns + _AGAIN_NS
            if not (isinstance(e, WriteError) and may_pass(e)):  # its folder is gone: it must not stay for ever
                self._lecture, self._unheard = None, lecture.stop
            return
        self._complain(f"lecture '{lecture.name}' was closed without its exporter, which did not answer")
        self._unheard = lecture.stop
        self._closed(now)

    def _closed(self, now: Now) -> None:
        assert self._lecture is not None
        self._finisher.add(self._lecture.folder, now.mono_ns)
        self._lecture = None

    def _tell_start(self) -> None:
        if self._lecture is not None:
            self._tell("lecture-start", self._lecture.start)

    def _tell_again(self) -> None:
        """The source's process is new and knows nothing."""
        self._tell_start()
        lecture = self._lecture
        if (stop := self._unheard if lecture is None else lecture.stop if lecture.is_closing else None) is not None:
            self._tell("lecture-stop", stop)

    def _tell(self, name: str, data: Meta) -> None:
        if self._control is not None and self._control.states().get(self._layout.source) is State.PLAYING:
            self._control.tell(self._layout.source, name, data)

    # -- small things --

    def _at_hand(self) -> CurrentLecture:
        if self._lecture is None or self._lecture.is_closing:
            raise ServiceError("no lecture is open; begin one: slidetap start")
        return self._lecture

    def _event(self, kind: str, text: str, now: Now) -> None:
        lecture = self._lecture
        if lecture is not None:
            lecture.logbook.event(kind, text, lecture.pts_ns(now.mono_ns), now.wall_ns, now.mono_ns)

    def _say(self, text: str) -> None:
        self._news.append(News(text))

    def _complain(self, text: str) -> None:
        if text and self._repeats.is_new(text, self._around.mono()):
            self._news.append(News(text, trouble=True))

    def _busy(self) -> list[str]:
        names = [self._finisher.busy_with, *self._finisher.waiting]
        return [*names, self._lecture.name] if self._lecture is not None else names

    def _now(self) -> Now:
        return Now(self._boot, self._around.mono(), self._around.wall())
