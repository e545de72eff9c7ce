"""What earlier daemons left behind, where something is wrong with it: a full disk, a damaged journal, an event that
somebody had ended.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from disks import small_disk
from lecture_room import Room, S

from stages.lecture import lectures, opened

HOUR = 3600 * S


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    with small_disk(tmp_path / "disk", "1m") as folder:
        yield folder


def fill(disk: Path) -> Path:
    """Not one more byte has room on it; the file that can be removed again."""
    ballast = disk / "ballast"
    try:
        with open(ballast, "wb", buffering=0) as file:
            while file.write(b"x" * 1024):
                pass
    except OSError:
        return ballast
    raise AssertionError("a disk that is never full")


@pytest.mark.parametrize("killed", [True, False])
def test_a_full_disk_at_the_start_keeps_no_daemon_down_and_the_lecture_goes_on_with_room(
    disk: Path, killed: bool
) -> None:
    room = Room(disk / "lectures")
    room.play()
    room.keeper.command("start", {"title": "Analysis"})
    name = room.name
    exporter = opened(room.root / name)  # killed, it leaves a -wal and a -shm behind
    exporter.add_event(0, 0, "source", "live")
    if not killed:
        exporter.close()
    ballast = fill(disk)
    if killed:
        with pytest.raises(Exception, match="full"):
            while True:
                exporter.add_event(0, 0, "source", "x" * 500)  # the pages that are left in the -wal
    room.wait(60)
    room.start({})
    room.play()
    room.turn()
    for _ in range(20):
        room.wait(10)
    assert room.name == ""
    assert len([text for text in room.said if "waits until there is room" in text]) == 1
    ballast.unlink()
    room.wait(11)
    assert room.name == name
    assert len(room.told("lecture-start")) == 1
    exporter.close()


def test_a_damaged_journal_keeps_no_daemon_down(room: Room) -> None:
    room.play()
    room.keeper.command("start", {"title": "damaged"})
    damaged = room.root / room.name / "journal.sqlite"
    with sqlite3.connect(damaged) as database:
        database.execute("DROP TABLE event")
    database.close()
    room.start({})
    room.play()
    room.turn()
    assert ["left as it is" in text for text in room.said] == [True]
    room.keeper.command("start", {"title": "whole"})
    assert room.name.endswith("whole")


def test_a_folder_that_is_being_removed_is_no_lecture_any_more(room: Room) -> None:
    room.play()
    room.keeper.command("start", {})
    (room.root / room.name).rename(room.root / f".removed-{room.name}")
    room.start({})
    room.play()
    assert room.name == ""


def test_an_event_whose_lecture_was_ended_by_command_is_not_begun_again_after_a_restart(
    room: Room, tmp_path: Path
) -> None:
    calendar = tmp_path / "hall.ics"
    calendar.touch()
    table = {"begin": "schedule", "schedule": str(calendar)}
    slots = [
        ("a", "Analysis", room.wall - S, room.wall + HOUR),
        ("b", "Algebra", room.wall + HOUR, room.wall + 2 * HOUR),
    ]
    room.start(table)
    room.play()
    room.calendar(*slots)
    room.wait(60)
    room.keeper.command("stop", {})
    room.closed()
    room.wait(1)
    room.start(table)
    room.play()
    room.calendar(*slots)
    room.wait(60)
    assert room.name == ""
    room.wait(3600)
    assert room.name.endswith("algebra")
    assert len(lectures(room.root)) == 2


def test_the_lecture_of_an_event_that_was_cut_off_goes_on(room: Room, tmp_path: Path) -> None:
    calendar = tmp_path / "hall.ics"
    calendar.touch()
    table = {"begin": "schedule", "schedule": str(calendar)}
    slot = ("a", "Analysis", room.wall - S, room.wall + HOUR)
    room.start(table)
    room.play()
    room.calendar(slot)
    name = room.name
    room.wait(60)
    room.start(table)
    room.play()
    room.calendar(slot)
    assert room.name == name
