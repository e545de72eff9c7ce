from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from pipeline.errors import OutputError, WriteError
from stages.journal import SCHEMA_VERSION, CaptureRow, Journal, SlideRow, VisitRow

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
