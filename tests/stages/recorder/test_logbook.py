"""The recorder's rows: what finds no room is kept, in order, and written as soon as there is some."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import WriteError
from stages.journal import FILE_NAME, Journal, SegmentRow
from stages.recorder.logbook import Logbook

ROW = SegmentRow("segments/a.mp4", 1, 5, None, 9)


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Put True in it and the journal cannot be written to."""
    state: list[bool] = []
    write = Journal._write

    def guarded(self: Journal, *arguments: object) -> int:
        if state:
            raise WriteError("no room")
        return write(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Journal, "_write", guarded)
    return state


def test_what_found_no_room_is_written_later_in_order(tmp_path: Path, full: list[bool]) -> None:
    book = Logbook(tmp_path)
    segment = book.begin(ROW, [])
    full.append(True)
    book.end(segment, 77, 1000, "salvaged")
    book.open_gap(77, "disk-full")
    book.open_gap(99, "disk-full")
    book.close_gap(123)
    with Journal(tmp_path / FILE_NAME) as journal:
        assert journal.segments()[0].state == "open" and journal.gaps() == []
    full.clear()
    book.retry()
    book.close()
    with Journal(tmp_path / FILE_NAME) as journal:
        (row,) = journal.segments()
        assert (row.state, row.end_pts_ns, row.bytes) == ("salvaged", 77, 1000)
        assert [(gap.start_pts_ns, gap.end_pts_ns) for gap in journal.gaps()] == [(77, 123)]


def test_no_segment_begins_before_all_of_that_is_written(tmp_path: Path, full: list[bool]) -> None:
    book = Logbook(tmp_path)
    full.append(True)
    book.open_gap(5, "disk-full")
    with pytest.raises(WriteError, match="no room yet"):
        book.begin(ROW, [])
    full.clear()
    assert book.begin(ROW, []) == 1
    book.close()


def test_a_gap_that_a_killed_recorder_left_open_is_closed(tmp_path: Path) -> None:
    first = Logbook(tmp_path)
    first.open_gap(5, "disk-full")
    first.close()
    second = Logbook(tmp_path)
    assert second.in_gap
    second.close_gap(8)
    second.close()
    with Journal(tmp_path / FILE_NAME) as journal:
        assert [(gap.start_pts_ns, gap.end_pts_ns) for gap in journal.gaps()] == [(5, 8)]
