"""What the journal of a folder knows, in the order in which it happened. It puts nothing into words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from pipeline.errors import OutputError
from stages.exporter import index
from stages.exporter.model import Gap, Index, Slide, Transient, Visit
from stages.journal import FILE_NAME as JOURNAL_NAME
from stages.journal import RULES, Journal, TraceRow
from stages.lecture import LECTURE, OPEN, STATE


@dataclass(frozen=True, slots=True)
class Stay:
    """A visit to a slide: the ``nth`` of ``count``."""

    slide: Slide
    visit: Visit
    nth: int
    count: int

    @property
    def end_ns(self) -> int:
        """Of one that lasts: far away."""
        return 2**62 if self.visit.end_ns is None else self.visit.end_ns


@dataclass(frozen=True, slots=True)
class Facts:
    """``stays`` by time; ``trace`` by time, empty for a journal from before there was one; ``rules``: the trigger's, by
    which the trace was made; ``last_ns``: the latest time that anything is known of; ``going_on``: more may come.
    """

    folder: Path
    index: Index
    stays: tuple[Stay, ...]
    trace: tuple[TraceRow, ...]
    rules: Mapping[str, JsonValue]
    last_ns: int
    going_on: bool

    def stay_at(self, at_ns: int) -> Stay | None:
        """Which slide was on screen."""
        return next((stay for stay in self.stays if stay.visit.start_ns <= at_ns < stay.end_ns), None)

    def before(self, at_ns: int) -> Stay | None:
        """The last one that had ended."""
        return next((stay for stay in reversed(self.stays) if stay.end_ns <= at_ns), None)

    def after(self, at_ns: int) -> Stay | None:
        """The next one that begins."""
        return next((stay for stay in self.stays if stay.visit.start_ns > at_ns), None)

    def gaps_at(self, at_ns: int) -> Sequence[Gap]:
        """What is missing there."""
        return [gap for gap in self.index.gaps if gap.start_ns <= at_ns < (2**62 if gap.end_ns is None else gap.end_ns)]

    def transients_at(self, at_ns: int) -> Sequence[Transient]:
        """What was at rest there and became no page."""
        return [each for each in self.index.transients if each.start_ns <= at_ns < each.end_ns]

    @property
    def lists_transients(self) -> bool:
        """Whether there is a list of them: not in a journal from before there was one, nor if nobody wanted it."""
        return "min_dwell_ns" in self.rules

    def unsettled_around(self, at_ns: int) -> Sequence[TraceRow]:
        """The stretches without a settled view, one after the other, of which one holds ``at_ns``."""
        place = self._place(at_ns)
        if place is None or self.trace[place].settled:
            return []
        first = last = place
        while first > 0 and self._is_joined(first - 1, first):
            first -= 1
        while last + 1 < len(self.trace) and self._is_joined(last, last + 1):
            last += 1
        return self.trace[first : last + 1]

    def row_at(self, at_ns: int) -> TraceRow | None:
        """What the trigger saw then."""
        place = self._place(at_ns)
        return None if place is None else self.trace[place]

    def _place(self, at_ns: int) -> int | None:
        found = [n for n, row in enumerate(self.trace) if row.start_pts_ns <= at_ns <= row.end_pts_ns]
        return found[-1] if found else None

    def _is_joined(self, first: int, second: int) -> bool:
        one, other = self.trace[first], self.trace[second]
        return one.end_pts_ns == other.start_pts_ns and not one.settled and not other.settled


def load(folder: Path) -> Facts:
    """Read a lecture's folder or that of a conversion, also while it is written. Raises OutputError if it is none."""
    if not folder.is_dir():
        raise OutputError(f"'{folder}' is no folder; name that of a lecture or of a result")
    with Journal(folder / JOURNAL_NAME) as journal:
        try:
            made, trace, notes = index.load(journal), tuple(journal.trace()), journal.notes()
        except ValueError as e:  # of json and pydantic
            what = str(e).partition("\n")[0]
            raise OutputError(f"'{journal.path}' holds what no slidetap has written ({what}); is it damaged?") from e
    stays = [
        Stay(slide, visit, nth, len(slide.visits)) for slide in made.slides for nth, visit in enumerate(slide.visits, 1)
    ]
    stays.sort(key=lambda stay: stay.visit.start_ns)
    rules = notes.get(RULES)
    ends = [stay.visit.end_ns or stay.visit.start_ns for stay in stays] + [row.end_pts_ns for row in trace]
    ends += [gap.end_ns or gap.start_ns for gap in made.gaps] + [
        capture.pts_ns for stay in stays for capture in stay.visit.captures
    ]
    going_on = notes.get(STATE) == OPEN if LECTURE in notes else made.ended == "unfinished"
    known: Mapping[str, JsonValue] = rules if isinstance(rules, dict) else {}
    return Facts(folder, made, tuple(stays), trace, known, max(ends, default=0), going_on)
