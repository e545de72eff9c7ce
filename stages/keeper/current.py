"""The lecture that the daemon has open: how it is begun or taken up again, and what the source has to be told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from pipeline.frame import Meta
from stages.journal import Journal
from stages.keeper.endings import ANALYSIS, SLOT, STOPPED, last_known_ns
from stages.keeper.lecture_time import Continuation, Now, continuation
from stages.keeper.logbook import Logbook
from stages.keeper.schedule import Slot
from stages.keeper.words import time_of_day
from stages.lecture import LECTURE, create, opened


@dataclass(slots=True)
class CurrentLecture:
    """``closing_until_ns``: it was ended, and until then (monotonic) the exporter may close it."""

    folder: Path
    title: str
    zero_ns: int
    begun_wall_ns: int
    slot: Slot | None = None
    closing_until_ns: int | None = None
    ended_pts_ns: int = 0
    logbook: Logbook = field(init=False)

    def __post_init__(self) -> None:
        self.logbook = Logbook(self.folder)

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def is_closing(self) -> bool:
        return self.closing_until_ns is not None

    def pts_ns(self, mono_ns: int) -> int:
        """Lecture time."""
        return max(0, mono_ns - self.zero_ns)

    def facts(self, mono_ns: int) -> Meta:
        """For ``status``."""
        return {
            "name": self.name,
            "title": self.title,
            "state": "closing" if self.is_closing else "open",
            "begun": time_of_day(self.begun_wall_ns),
            "length_s": round(self.pts_ns(mono_ns) / 10**9, 1),
        }

    @property
    def start(self) -> Meta:
        """What the source is told to begin it, or to go on with it."""
        return {"lecture": self.name, "folder": str(self.folder), "zero_ns": self.zero_ns}

    @property
    def stop(self) -> Meta:
        """What the source is told to end it."""
        return {"lecture": self.name}


@dataclass(frozen=True, slots=True)
class Found:
    """A lecture that is open in its journal although no daemon has it."""

    folder: Path
    title: str
    begun_wall_ns: int
    slot: Slot | None
    known_ns: int
    goes_on: Continuation | None  # None: it was ended already, or never had a session


def begin(root: Path, title: str, now: Now, slot: Slot | None) -> CurrentLecture:
    """Make a new one. Raises OutputError."""
    folder = create(root, title, now.wall_ns)
    with opened(folder) as journal, journal.transaction():
        journal.add_session(now.boot_id, now.mono_ns, 0, now.wall_ns)
        journal.add_event(0, now.wall_ns, "lecture", "begun")
        if slot is not None:
            journal.note(SLOT, [slot.uid, slot.title, slot.start_ns, slot.end_ns])
    return CurrentLecture(folder.absolute(), title, now.mono_ns, now.wall_ns, slot)


def found_in(folder: Path, journal: Journal, now: Now) -> Found:
    """A lecture that is open in its journal. Raises OutputError."""
    known_ns, notes, sessions = last_known_ns(journal), journal.notes(), journal.sessions()
    given = notes.get(LECTURE)
    told = given if isinstance(given, dict) else {}
    title, begun_wall_ns = str(told.get("title") or ""), told.get("begun_wall_ns")
    goes_on = None
    if sessions and STOPPED not in notes:
        goes_on = continuation(sessions[-1], known_ns, now)
    begun_ns = begun_wall_ns if isinstance(begun_wall_ns, int) else 0
    return Found(folder, title, begun_ns, slot_of(notes), known_ns, goes_on)


def go_on(found: Found, goes_on: Continuation, now: Now) -> CurrentLecture:
    """Take it up again. Raises OutputError."""
    with opened(found.folder) as journal, journal.transaction():
        _end_gap(journal, found.known_ns)
        journal.add_session(now.boot_id, goes_on.zero_ns, goes_on.pts_ns, now.wall_ns)
        away_s = goes_on.away_ns / 10**9
        journal.add_event(goes_on.pts_ns, now.wall_ns, "lecture", f"goes on after {away_s:.0f} s away")
    return CurrentLecture(found.folder.absolute(), found.title, goes_on.zero_ns, found.begun_wall_ns, found.slot)


def _end_gap(journal: Journal, pts_ns: int) -> None:
    """What was not analysed when all ended was not recorded from there on."""
    gap = journal.open_gap_of(ANALYSIS)
    if gap is not None:
        journal.close_gap(gap.id, pts_ns)


def slot_of(notes: Mapping[str, JsonValue]) -> Slot | None:
    """The event that a lecture was begun for, from the notes of its journal."""
    match notes.get(SLOT):
        case [str(uid), str(title), int(start_ns), int(end_ns)]:
            return Slot(uid, title, start_ns, end_ns)
    return None
