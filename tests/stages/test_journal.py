from __future__ import annotations

import sqlite3
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import OutputError, PipelineError, WriteError
from stages.journal import (
    SCHEMA_VERSION,
    CaptureRow,
    EventRow,
    GapRow,
    Journal,
    MarkRow,
    PresenterFreeRow,
    RevealRow,
    SegmentRow,
    SessionRow,
    SlideRow,
    TraceRow,
    TransientRow,
    VisitRow,
)
from stages.journal.schema import _FIRST, _LIVE, _PRESENTER, _TRACE

SLIDE = SlideRow(1, "slides/slide-0001.png", 10, "ab" * 32, 64, 36, "ff", 0, 5)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


def fill(journal: Journal) -> None:
    with journal.transaction():
        journal.add_slide(SLIDE)
        visit = journal.open_visit(1, 0, 4)
        journal.add_capture(CaptureRow(0, 5, visit, "new", {"reason": "settled"}, {"nearest": None}))


def test_what_was_written_is_read_back_by_another_process_while_the_journal_is_open(path: Path) -> None:
    with Journal(path, create=True) as writer:
        fill(writer)
        writer.note("source", {"uri": "vorlesung-ä.mp4"})
        with Journal(path) as reader:
            assert reader.slides() == [SLIDE]
            assert reader.visits() == [VisitRow(1, 1, 0, 4, None)]
            assert reader.captures() == [CaptureRow(0, 5, 1, "new", {"reason": "settled"}, {"nearest": None})]
            assert reader.notes() == {"source": {"uri": "vorlesung-ä.mp4"}}
            assert reader.has_capture(0, 5) and not reader.has_capture(1, 5)
            assert reader.has_slide(1) and not reader.has_slide(2)


def test_it_is_written_ahead_and_synced_in_full(path: Path) -> None:
    with Journal(path, create=True) as journal:
        assert journal._rows("PRAGMA journal_mode") == [("wal",)]
        assert journal._rows("PRAGMA synchronous") == [(2,)]
        assert journal._rows("PRAGMA busy_timeout") == [(5000,)]
        assert journal._rows("PRAGMA user_version") == [(SCHEMA_VERSION,)]


def test_a_transaction_that_fails_leaves_nothing(path: Path) -> None:
    with Journal(path, create=True) as journal:
        with pytest.raises(KeyError), journal.transaction():
            journal.add_slide(SLIDE)
            raise KeyError
        assert journal.slides() == []
        fill(journal)
        assert journal.slides() == [SLIDE]


def test_finishing_leaves_one_file(path: Path) -> None:
    journal = Journal(path, create=True)
    fill(journal)
    journal.finish()
    assert [entry.name for entry in path.parent.iterdir()] == ["journal.sqlite"]
    with Journal(path) as again:
        assert again.slides() == [SLIDE]


def test_finishing_while_another_process_reads_loses_nothing(path: Path) -> None:
    journal = Journal(path, create=True)
    journal._db.execute("PRAGMA busy_timeout = 0")
    fill(journal)
    with Journal(path) as reader:
        journal.finish()
        assert reader.slides() == [SLIDE]
    assert [entry.name for entry in path.parent.iterdir()] == ["journal.sqlite"]


def test_a_missing_journal_is_named_and_not_created(path: Path) -> None:
    with pytest.raises(OutputError, match="journal.sqlite' does not exist"):
        Journal(path)
    assert not path.exists()


def test_a_file_that_is_no_journal_is_refused(path: Path) -> None:
    path.write_bytes(b"these are not the pages you are looking for" * 100)
    with pytest.raises(OutputError, match="not a journal"):
        Journal(path)


@pytest.mark.parametrize("version", [0, SCHEMA_VERSION + 1])
def test_a_journal_of_another_version_is_refused(path: Path, version: int) -> None:
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE something (x)")
    db.execute(f"PRAGMA user_version = {version}")
    db.close()
    with pytest.raises(OutputError, match=f"of version {version}; this slidetap reads version {SCHEMA_VERSION}"):
        Journal(path)


def test_a_full_disk_is_a_write_error_with_the_file_and_the_free_space(path: Path) -> None:
    with Journal(path, create=True) as journal:
        fill(journal)
        (pages,) = journal._rows("PRAGMA page_count")[0]
        journal._db.execute(f"PRAGMA max_page_count = {pages}")  # SQLite's own way of saying SQLITE_FULL
        with pytest.raises(WriteError, match=r"journal.sqlite'.*full.*MiB are free"):
            journal.note("large", "x" * 100_000)
        assert journal.slides() == [SLIDE]


def test_a_slide_cannot_be_entered_twice(path: Path) -> None:
    with Journal(path, create=True) as journal:
        fill(journal)
        with pytest.raises(OutputError, match="UNIQUE"), journal.transaction():
            journal.add_slide(SLIDE)


def test_a_slide_gets_another_picture(path: Path) -> None:
    with Journal(path, create=True) as journal:
        fill(journal)
        grown = replace(SLIDE, file="slides/slide-0001-2.png", bytes=11, hash="fe", picture_pts_ns=9, version=2)
        journal.update_slide(grown)
        assert journal.slides() == [grown] and journal.slide(1) == grown
        assert journal.slide(2) is None and journal.last_slide() == 1


def test_gaps_are_opened_closed_and_filled(path: Path) -> None:
    with Journal(path, create=True) as journal:
        source = journal.open_gap("source", 10, "lost")
        recording = journal.open_gap("recording", 5, "disk-full")
        assert journal.open_gap_of("source") == GapRow(source, "source", 10, None, "lost")
        journal.close_gap(source, 20)
        journal.fill_gap(source)
        journal.close_gap(recording, 1)
        assert journal.gaps() == [
            GapRow(recording, "recording", 5, 5, "disk-full"),
            GapRow(source, "source", 10, 20, "lost", filled=True),
        ]
        assert journal.open_gap_of("source") is None


def test_a_visit_is_only_interrupted_by_gaps_in_what_was_seen(path: Path) -> None:
    with Journal(path, create=True) as journal:
        journal.open_gap("recording", 12, "disk-full")
        assert journal.unseen_between(10, 20) is None
        gap = journal.open_gap("analysis", 15, "trigger")
        assert journal.unseen_between(10, 20) == GapRow(gap, "analysis", 15, None, "trigger")
        assert journal.unseen_between(16, 20) is None and journal.unseen_between(10, 15) is None


def test_a_segment_grows_and_is_completed(path: Path) -> None:
    row = SegmentRow("segments/a.mp4.part", 1 << 20, 100, None, 1_795_000_000)
    with Journal(path, create=True) as journal:
        segment = journal.open_segment(row)
        assert journal.segments() == [replace(row, id=segment)]
        journal.update_segment(segment, bytes=7, end_pts_ns=160)
        journal.update_segment(segment, state="complete", file="segments/a.mp4")
        assert journal.segments() == [
            replace(row, id=segment, bytes=7, end_pts_ns=160, state="complete", file="segments/a.mp4")
        ]


def test_marks_events_and_sessions_are_kept(path: Path) -> None:
    with Journal(path, create=True) as journal:
        mark = journal.add_mark(5, 50, "Beweis")
        event = journal.add_event(6, 60, "source", "lost")
        session = journal.add_session("boot", 7, 0, 70)
        assert journal.marks() == [MarkRow(mark, 5, 50, "Beweis")]
        assert journal.events() == [EventRow(event, 6, 60, "source", "lost")]
        assert journal.sessions() == [SessionRow(session, "boot", 7, 0, 70)]


def test_the_last_known_time_is_the_latest_of_any_table_that_is_not_later_than_asked(path: Path) -> None:
    with Journal(path, create=True) as journal:
        assert journal.last_known(100) == 0
        fill(journal)
        assert journal.last_known(100) == 5
        journal.open_segment(SegmentRow("segments/a.mp4", 0, 0, 60, 0))
        journal.open_segment(SegmentRow("segments/b.mp4", 1, 70, 90, 0))
        assert (journal.last_known(100), journal.last_known(80)) == (90, 60)


def test_a_visit_entered_later_for_an_earlier_time_is_not_the_last_one(path: Path) -> None:
    with Journal(path, create=True) as journal:
        journal.add_slide(SLIDE)
        live = journal.open_visit(1, 0, 100)
        filled = journal.open_visit(1, 0, 50)
        journal.end_visit(filled, 60)
        assert journal.last_visit() == VisitRow(live, 1, 0, 100, None)
        journal.end_visit(live, 120)
        assert journal.last_visit() == VisitRow(live, 1, 0, 100, 120)


def test_a_journal_of_version_1_is_brought_up_to_date_and_loses_nothing(path: Path) -> None:
    db = sqlite3.connect(path)
    db.executescript(f"{_FIRST} PRAGMA user_version = 1;")
    db.execute("INSERT INTO note VALUES ('ended', '\"eos\"')")
    db.execute("INSERT INTO slide VALUES (1, 'slides/slide-0001.png', 10, ?, 64, 36, 'ff', 0, 5)", ("ab" * 32,))
    db.execute("INSERT INTO visit VALUES (1, 1, 0, 4, 9)")
    db.execute("INSERT INTO capture VALUES (0, 5, 1, 'new', '{}', '{}')")
    db.commit()
    db.close()
    with Journal(path) as journal:
        assert journal._rows("PRAGMA user_version") == [(SCHEMA_VERSION,)]
        assert journal.slides() == [SLIDE] and journal.visits() == [VisitRow(1, 1, 0, 4, 9)]
        assert journal.captures() == [CaptureRow(0, 5, 1, "new", {}, {})]
        assert journal.notes() == {"ended": "eos"} and journal.gaps() == []
    with Journal(path) as journal:
        assert journal.slides() == [SLIDE]


def test_a_journal_of_version_2_is_brought_up_to_date_and_loses_nothing(path: Path) -> None:
    grown = replace(SLIDE, wall_ns=7, version=3)
    db = sqlite3.connect(path)
    db.executescript(f"{_FIRST} {_LIVE} PRAGMA user_version = 2;")
    db.execute("INSERT INTO slide VALUES (1, 'slides/slide-0001.png', 10, ?, 64, 36, 'ff', 0, 5, 7, 3)", ("ab" * 32,))
    db.execute("INSERT INTO mark VALUES (1, 5, 50, 'Beweis')")
    db.commit()
    db.close()
    with Journal(path) as journal:
        assert journal._rows("PRAGMA user_version") == [(SCHEMA_VERSION,)]
        assert journal.slides() == [grown] and journal.marks() == [MarkRow(1, 5, 50, "Beweis")]
        assert journal.presenter_free(1) is None and journal.all_presenter_free() == journal.reveals() == []


def test_a_journal_of_version_4_is_brought_up_to_date_and_loses_nothing(path: Path) -> None:
    db = sqlite3.connect(path)
    db.executescript(f"{_FIRST} {_LIVE} {_PRESENTER} {_TRACE} PRAGMA user_version = 4;")
    db.execute("INSERT INTO trace VALUES (0, 9, 3, 0, 1, 0, 0.5, 7.0, 4, 0.0)")
    db.commit()
    db.close()
    with Journal(path) as journal:
        assert journal._rows("PRAGMA user_version") == [(SCHEMA_VERSION,)]
        assert journal.trace() == [TraceRow(0, 9, 3, 0, 1, 0, 0.5, 7.0, 4, 0.0)]
        assert journal.transients() == journal.states() == []


def test_transients_are_kept_by_time_and_each_once(path: Path) -> None:
    early, late = TransientRow(5, 9, None, 31.5, "left"), TransientRow(20, 24, 0.3, None, "cut")
    with Journal(path, create=True) as journal:
        journal.add_transients([late, early])
        journal.add_transients([early])
        assert journal.transients() == [early, late]


def test_of_many_transients_the_longest_can_be_had(path: Path) -> None:
    with Journal(path, create=True) as journal:
        rows = [TransientRow(10 * n, 10 * n + length, None, None, "left") for n, length in enumerate((3, 9, 2, 5))]
        journal.add_transients(rows)
        assert journal.transients(2) == [rows[1], rows[3]]


def test_an_earlier_state_of_a_slide_is_what_its_row_was(path: Path) -> None:
    grown = replace(SLIDE, file="slides/slide-0001-2.png", picture_pts_ns=9, version=2)
    with Journal(path, create=True) as journal:
        fill(journal)
        journal.add_state(SLIDE)
        journal.update_slide(grown)
        assert (journal.states(), journal.slides()) == ([SLIDE], [grown])
        with pytest.raises(OutputError, match="UNIQUE"):
            journal.add_state(SLIDE)


def test_presenter_free_slides_are_kept_with_what_was_seen_of_them(path: Path) -> None:
    row = PresenterFreeRow(1, 0.25, 0.75, "slides/slide-0001-free.png", 9, "cd" * 32, 1, 5)
    better = replace(row, revealed=1.0, file="slides/slide-0001-free-2.png", version=2, pts_ns=8)
    with Journal(path, create=True) as journal:
        fill(journal)
        journal.set_presenter_free(row, b"seen")
        assert journal.presenter_free(1) == row and journal.presenter_free_seen(1) == b"seen"
        journal.set_presenter_free(better, None)
        assert journal.all_presenter_free() == [better] and journal.presenter_free_seen(1) is None
        journal.drop_presenter_free(1)
        assert journal.all_presenter_free() == []


def test_a_presenter_free_picture_is_of_a_slide_that_is_there(path: Path) -> None:
    with Journal(path, create=True) as journal, pytest.raises(OutputError, match="FOREIGN KEY"):
        journal.set_presenter_free(PresenterFreeRow(1, 0.0, 1.0, None, 0, "", 0, 5), None)


def test_moments_of_one_time_are_told_apart_by_their_digest(path: Path) -> None:
    reveal = RevealRow(0, 5, 1 << 31, 1)
    with Journal(path, create=True) as journal:
        fill(journal)
        journal.add_reveal(reveal)
        assert journal.has_reveal(0, 5, 1 << 31) and journal.reveals() == [reveal]
        assert not journal.has_reveal(0, 5, 1) and not journal.has_reveal(1, 5, 1 << 31)


@pytest.mark.parametrize("older", [1, 2, 3, 4])
def test_a_new_and_an_old_journal_brought_up_to_date_have_the_same_tables(tmp_path: Path, older: int) -> None:
    def tables(path: Path) -> list[tuple[str, str]]:
        with Journal(path) as journal:
            return journal._rows("SELECT name, sql FROM sqlite_schema ORDER BY name")

    Journal(tmp_path / "new", create=True).close()
    db = sqlite3.connect(tmp_path / "old")
    script = "".join((_FIRST, _LIVE, _PRESENTER, _TRACE)[:older])
    db.executescript(f"{script} PRAGMA user_version = {older};")
    db.close()
    assert tables(tmp_path / "new") == tables(tmp_path / "old")


def test_two_that_create_the_journal_at_once_both_have_it(path: Path) -> None:
    journals: list[Journal] = []
    errors: list[Exception] = []
    ready = threading.Barrier(4)

    def create() -> None:
        ready.wait(10)
        try:
            with Journal(path, create=True) as journal:
                journals.append(journal)
        except PipelineError as e:
            errors.append(e)

    threads = [threading.Thread(target=create) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert errors == [] and len(journals) == 4


def test_a_journal_in_a_folder_for_one_person_is_for_that_person_alone(path: Path) -> None:
    path.parent.chmod(0o700)
    with Journal(path, create=True) as journal:
        fill(journal)
        assert {stat.S_IMODE(entry.stat().st_mode) for entry in path.parent.iterdir()} == {0o600}
