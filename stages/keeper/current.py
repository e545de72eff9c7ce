"""The lecture that the daemon has open: how it is begun or taken up again, and what the source has to be told of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pipeline.frame import Meta
from stages.journal import Journal
from stages.keeper.endings import ANALYSIS, SLOT, STOPPED, last_known_ns
from stages.keeper.lecture_time import Continuation, Now, continuation
from stages.keeper.logbook import Logbook
from stages.keeper.schedule import Slot
from stages.lecture import OPEN, create, lectures, opened


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


def interrupted(root: Path, now: Now) -> list[Found]:
    """All that are open in ``root``, the one that was worked on last first. Raises OutputError."""
    found = []
    for lecture in lectures(root):
        if lecture.state != OPEN:
            continue
        with opened(lecture.path) as journal:
            known_ns, notes, sessions = last_known_ns(journal), journal.notes(), journal.sessions()
        goes_on = None
        if sessions and STOPPED not in notes:
            goes_on = continuation(sessions[-1], known_ns, now)
        slot = _slot(notes.get(SLOT))
        found.append(Found(lecture.path, lecture.title, lecture.begun_wall_ns, slot, known_ns, goes_on))
    return sorted(found, key=lambda each: each.goes_on.away_ns if each.goes_on else now.wall_ns)


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


def _slot(noted: object) -> Slot | None:
    match noted:
        case [str(uid), str(title), int(start_ns), int(end_ns)]:
            return Slot(uid, title, start_ns, end_ns)
    return None
