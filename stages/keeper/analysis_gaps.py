"""Gaps of analysis in the journal of the lecture that is open; ``outages`` knows of what the processes do."""

from __future__ import annotations

from collections.abc import Collection

from pipeline.messages import BusMessage, Down, Heartbeat, Up
from stages.journal import Journal
from stages.keeper.current import CurrentLecture
from stages.keeper.endings import ANALYSIS
from stages.keeper.outages import Outages


class AnalysisGaps:
    """``processes``: those that analyse."""

    def __init__(self, processes: Collection[str]) -> None:
        self._outages = Outages(processes)
        self._lecture: CurrentLecture | None = None  # in whose journal a gap is open

    def hear(self, message: BusMessage, now_ns: int) -> None:
        """A message of the bus."""
        match message:
            case Heartbeat(process):
                self._outages.heard(process, now_ns)
            case Down(process, _, why):
                self._outages.down(process, why, now_ns)
            case Up(process):
                self._outages.up(process, now_ns)

    def follow(self, lecture: CurrentLecture, now_ns: int) -> None:
        """Begin or end a gap if it is time to."""
        outage = self._outages.current(now_ns)
        if outage is None:
            self.end(now_ns)
        elif self._lecture is not lecture:
            self._lecture = lecture
            start_ns, reason = lecture.pts_ns(outage.start_ns), outage.reason

            def entry(journal: Journal) -> None:
                journal.open_gap(ANALYSIS, start_ns, reason)

            lecture.logbook.write(entry, now_ns)

    def end(self, now_ns: int) -> None:
        """The gap that is open, if there is one, ends: analysis is back, or the lecture is over."""
        lecture, self._lecture = self._lecture, None
        if lecture is None:
            return
        pts_ns = lecture.pts_ns(now_ns)

        def entry(journal: Journal) -> None:
            gap = journal.open_gap_of(ANALYSIS)
            if gap is not None:
                journal.close_gap(gap.id, pts_ns)

        lecture.logbook.write(entry, now_ns)
