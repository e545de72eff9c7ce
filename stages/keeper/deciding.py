"""When it is time to begin or end a lecture: by command alone, with the calendar, or with the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stages.keeper.auto import Auto, Wish
from stages.keeper.job import Begin
from stages.keeper.lecture_time import Now
from stages.keeper.schedule import Slot, is_over, next_slot, slot_at
from stages.keeper.settings import LectureSettings
from stages.keeper.timetable import Timetable

_MINUTE_NS = 60 * 10**9


@dataclass(frozen=True, slots=True)
class Decision:
    """``slot``: the event for which a lecture is to begin. ``why``: why it is to end."""

    wish: Wish = Wish.NOTHING
    slot: Slot | None = None
    why: str = ""


class Deciding:
    """Of a daemon with these settings; ``begin_job`` reads calendars."""

    def __init__(self, settings: LectureSettings, begin_job: Begin) -> None:
        self._begin_job = begin_job
        self._dismissed: frozenset[tuple[str, int]] = frozenset()
        self._auto: Auto | None = None
        self._timetable: Timetable | None = None
        self.change(settings)

    def change(self, settings: LectureSettings) -> None:
        """Other settings are in force."""
        self._settings = settings
        after_ns = round(settings.end_after_min * _MINUTE_NS)
        if settings.begin != "auto":
            self._auto = None
        elif self._auto is None:
            self._auto = Auto(after_ns)
        else:
            self._auto.end_after_ns = after_ns
        path = settings.schedule if settings.begin == "schedule" else None
        if self._timetable is not None and path != self._timetable.path:
            self._timetable.end()
            self._timetable = None
        if self._timetable is None and path is not None:
            self._timetable = Timetable(path, self._begin_job)

    def observe(self, state: str, now: Now) -> None:
        """The source's state."""
        if self._auto is not None:
            self._auto.observe(state, now.mono_ns)

    def dismiss(self, slot: Slot | None) -> None:
        """Somebody ended a lecture by command; it is not to be begun again."""
        if self._auto is not None:
            self._auto.dismiss()
        if slot is not None:
            self.ended_early([slot])

    def ended_early(self, slots: Sequence[Slot]) -> None:
        """Their lectures were ended before they were over, now or before a restart."""
        self._dismissed |= {slot.key for slot in slots}

    def turn(self, now: Now) -> str:
        """A sentence, if the calendar cannot be read."""
        return self._timetable.turn(now.mono_ns, now.wall_ns) if self._timetable is not None else ""

    def decide(self, is_open: bool, slot: Slot | None, now: Now) -> Decision:
        """What should happen. ``slot``: the event that the open lecture was begun for."""
        if self._auto is not None:
            minutes = self._settings.end_after_min
            return Decision(self._auto.wish(is_open, now.mono_ns), None, f"there was no picture for {minutes:g} min")
        slots = self._timetable.slots if self._timetable is not None else ()
        if is_open:
            if slot is not None and is_over(slot, slots, now.wall_ns):
                return Decision(Wish.END, None, "its event in the calendar is over")
            return Decision()
        due = slot_at(slots, now.wall_ns, self._dismissed)
        return Decision(Wish.BEGIN, due) if due is not None else Decision()

    def coming(self, now: Now) -> Slot | None:
        """The next event of the calendar."""
        return next_slot(self._timetable.slots, now.wall_ns) if self._timetable is not None else None

    def end(self) -> None:
        if self._timetable is not None:
            self._timetable.end()
