"""What the daemon writes into a journal: at once, or when there is room."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from stages.durable import write_error
from stages.journal import Journal
from stages.keeper.logbook import Logbook
from stages.lecture import create, opened

S = 10**9


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return create(tmp_path, "Analysis", 0)


def events(folder: Path) -> list[str]:
    with opened(folder) as journal:
        return [event.text for event in journal.events()]


def full(path: Path) -> Journal:
    cause = OSError(errno.ENOSPC, "No space left on device")
    raise write_error(path, cause) from cause


def test_without_room_events_wait_in_order_and_that_is_said_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logbook = Logbook(folder)
    with monkeypatch.context() as patched:
        patched.setattr("stages.keeper.logbook.opened", full)
        for number in range(3):
            logbook.event("source", str(number), 0, 0, number * S)
            logbook.turn(number * S)
        logbook.turn(20 * S)
    assert len(logbook.problems) == 1
    assert "events wait until there is room" in logbook.problems[0]
    logbook.turn(21 * S)
    assert events(folder) == [], "it does not try at every turn"
    logbook.turn(30 * S)
    assert events(folder) == ["0", "1", "2"]


def test_a_journal_that_is_gone_is_said_and_keeps_nothing_waiting(folder: Path) -> None:
    logbook = Logbook(folder)
    (folder / "journal.sqlite").unlink()
    logbook.event("source", "lost", 0, 0, S)
    assert len(logbook.problems) == 1
    logbook.turn(20 * S)
    assert len(logbook.problems) == 1
