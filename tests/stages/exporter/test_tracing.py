"""Traces on their way into the journal: of a conversion, of a lecture, sent again, and of another shape."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import StageError
from pipeline.frame import Event, EventKind, Value
from pipeline.testing import Harness
from stages.dedup import Dedup
from stages.exporter import Exporter, tracing
from stages.journal import FILE_NAME, RULES, Journal, TraceRow, TransientRow
from stages.trigger.rests import Rest
from stages.trigger.trace import Stretch

S = 10**9
STRETCH = Stretch(0, 2 * S, 20, 1, 12, 0, 0.1, 40.0, 3, 0.25)
REST = Rest(3 * S, 4 * S, 24.0, None, reason="cut")
ROW = TraceRow(0, 2 * S, 20, 1, 12, 0, 0.1, 40.0, 3, 0.25)


def trace(*stretches: Value, start_percent: float = 0.2) -> Event:
    return Event(EventKind.TRACE, 2 * S, {"rules": {"start_percent": start_percent}, "stretches": stretches})


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / FILE_NAME, create=True)


def test_a_stretch_of_the_trigger_is_a_row_with_the_rules_beside_it(journal: Journal) -> None:
    with journal:
        tracing.enter(journal, trace(STRETCH.told()))
        assert journal.trace() == [ROW]
        assert journal.notes()[RULES] == {"start_percent": 0.2}


def test_a_trace_that_is_sent_again_is_there_once(journal: Journal) -> None:
    with journal:
        tracing.enter(journal, trace(STRETCH.told()))
        tracing.enter(journal, trace(STRETCH.told(), [2 * S, 3 * S, *STRETCH.told()[2:]]))
        assert [row.start_pts_ns for row in journal.trace()] == [0, 2 * S]


def test_rules_that_were_changed_are_noted(journal: Journal) -> None:
    with journal:
        tracing.enter(journal, trace(STRETCH.told()))
        tracing.enter(journal, trace(start_percent=0.7))
        assert journal.notes()[RULES] == {"start_percent": 0.7}


def with_transients(*transients: Value) -> Event:
    return Event(EventKind.TRACE, 5 * S, {"rules": {}, "stretches": [], "transients": transients})


def test_a_rest_of_the_trigger_is_a_row_and_sent_again_the_same(journal: Journal) -> None:
    with journal:
        for _ in range(2):
            tracing.enter(journal, with_transients(REST.told()))
        assert journal.transients() == [TransientRow(3 * S, 4 * S, 24.0, None, "cut")]


def test_a_trace_of_a_trigger_that_knows_no_transients_is_one(journal: Journal) -> None:
    with journal:
        tracing.enter(journal, trace(STRETCH.told()))
        assert journal.transients() == []


@pytest.mark.parametrize(
    "entry", [None, "left", [1, 2], [1, 2, "a", None, "left"], [1.5, 2, None, None, "left"], [1, 2, 0.1, 0.1, "why"]]
)
def test_what_is_no_transient_is_refused_and_nothing_of_its_trace_is_written(journal: Journal, entry: Value) -> None:
    event = with_transients(entry)
    with journal:
        with pytest.raises(StageError, match="a trace with a transient"):
            tracing.enter(journal, Event(event.kind, 0, {**event.data, "stretches": [STRETCH.told()]}))
        assert journal.trace() == []


@pytest.mark.parametrize("stretches", [None, "abc", [3], [[1, 2]], [["a"] * 10]])
def test_what_is_no_trace_is_refused(journal: Journal, stretches: Value) -> None:
    with journal, pytest.raises(StageError, match="a trace with"):
        tracing.enter(journal, Event(EventKind.TRACE, 0, {"stretches": stretches}))


def test_a_conversion_writes_its_trace_down(tmp_path: Path) -> None:
    harness = Harness(Exporter, location=str(tmp_path / "out"), pdf=False)
    harness.event(trace(STRETCH.told()))
    harness.eos()
    with Journal(tmp_path / "out" / FILE_NAME) as journal:
        assert journal.trace() == [ROW]


def test_a_lecture_has_the_trace_of_its_time_and_no_other(tmp_path: Path) -> None:
    harness = Harness(Exporter)
    harness.event(trace(STRETCH.told()))  # nobody has begun one
    begin = {"lecture": "a", "folder": str(tmp_path / "a"), "zero_ns": 0}
    harness.event(Event(EventKind.LECTURE_START, 0, begin))
    harness.event(trace([5 * S, 6 * S, *STRETCH.told()[2:]]))
    harness.event(Event(EventKind.LECTURE_STOP, 7 * S, {"lecture": "a"}))
    harness.eos()
    with Journal(tmp_path / "a" / FILE_NAME) as journal:
        assert [row.start_pts_ns for row in journal.trace()] == [5 * S]


def test_dedup_passes_a_trace_on_at_once() -> None:
    harness = Harness(Dedup)
    event = trace(STRETCH.told())
    assert harness.event(event) == [event]
    harness.eos()


def test_a_stretch_a_second_is_a_few_megabytes_a_day(journal: Journal) -> None:
    """The worst case, half a day of it; a lecture has a few stretches a minute."""
    count = 12 * 3600
    with journal:
        with journal.transaction():
            journal.add_trace(
                TraceRow(n * S, (n + 1) * S, 10, 0, 9, 1, 0.123456, 45.678901, S // 3, 0.0) for n in range(count)
            )
        path = journal.path
        journal.finish()
    assert path.stat().st_size < count * 60
