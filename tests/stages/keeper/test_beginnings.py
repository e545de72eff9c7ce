"""Lectures that begin with the calendar or with the picture."""

from __future__ import annotations

from pathlib import Path

from lecture_room import WALL, Room, S

from pipeline.messages import Down
from stages.keeper.job import Done

HOUR = 3600 * S
FIRST = ("a", "Analysis", WALL + 60 * S, WALL + 60 * S + HOUR)


def scheduled(room: Room, tmp_path: Path) -> Path:
    path = tmp_path / "room.ics"
    path.write_text("a calendar")
    room.start({"begin": "schedule", "schedule": str(path)})
    room.play()
    return path


def test_a_lecture_lasts_as_long_as_its_event(room: Room, tmp_path: Path) -> None:
    scheduled(room, tmp_path)
    room.calendar(FIRST)
    room.wait(58)
    assert room.name == ""
    room.wait(2)
    assert room.name.endswith("analysis")
    room.wait(3599)
    assert room.told("lecture-stop") == []
    room.wait(1)
    assert len(room.told("lecture-stop")) == 1


def test_one_that_somebody_stopped_is_not_begun_again(room: Room, tmp_path: Path) -> None:
    scheduled(room, tmp_path)
    room.calendar(FIRST)
    room.wait(60)
    room.keeper.command("stop", {})
    room.closed()
    room.wait(60)
    assert room.name == ""


def test_after_a_restart_it_still_ends_with_its_event(room: Room, tmp_path: Path) -> None:
    path = scheduled(room, tmp_path)
    room.calendar(FIRST)
    room.wait(60)
    name = room.name
    room.start({"begin": "schedule", "schedule": str(path)})
    room.play()
    assert room.name == name
    room.wait(3600)
    assert room.told("lecture-stop") == [{"lecture": name}]


def test_a_calendar_that_cannot_be_read_is_said_once_and_the_old_one_stays(room: Room, tmp_path: Path) -> None:
    path = scheduled(room, tmp_path)
    room.calendar(FIRST)
    path.write_text("something broken")
    room.wait(6)
    room.jobs.of("calendar")[-1].done = Done(b"", "'room.ics' is no calendar that can be read")
    for _ in range(4):
        room.wait(6)
    assert len([text for text in room.said if "stays in force" in text]) == 1
    room.wait(30)
    assert room.name.endswith("analysis")


def test_a_calendar_is_read_again_when_it_changes(room: Room, tmp_path: Path) -> None:
    path = scheduled(room, tmp_path)
    room.calendar()
    room.wait(6)
    assert len(room.jobs.of("calendar")) == 1
    path.write_text("another calendar")
    room.wait(6)
    assert len(room.jobs.of("calendar")) == 2


def test_a_calendar_that_is_not_there_is_said_once(room: Room, tmp_path: Path) -> None:
    scheduled(room, tmp_path).unlink()
    for _ in range(3):
        room.wait(6)
    assert len([text for text in room.said if "cannot be read: No such file" in text]) == 1


def test_the_next_event_is_told(room: Room, tmp_path: Path) -> None:
    scheduled(room, tmp_path)
    room.calendar(FIRST)
    told = room.keeper.status()["lectures"]
    assert isinstance(told, dict)
    assert told["next"]["title"] == "Analysis"


def test_auto_begins_with_the_picture_and_ends_without_it(room: Room) -> None:
    room.start({"begin": "auto", "end_after_min": 10, "title": "Room 3"})
    room.play()
    room.source("connecting")
    room.wait(1)
    assert room.name == ""
    room.source("live")
    room.wait(1)
    assert room.name.endswith("room-3")
    room.source("black")
    room.wait(599)
    assert room.told("lecture-stop") == []
    room.wait(1)
    assert len(room.told("lecture-stop")) == 1
    assert any("there was no picture for 10 min" in text for text in room.said)


def test_a_folder_that_cannot_be_written_is_tried_again_later(room: Room) -> None:
    room.start({"begin": "auto"})
    room.play()
    room.root.rmdir()
    room.root.write_text("a file in its place")
    room.source("live")
    for _ in range(3):
        room.wait(1)
    assert len([text for text in room.said if "cannot create a lecture" in text]) == 1
    room.root.unlink()
    room.wait(10)
    assert room.name


def test_auto_ends_one_whose_source_has_died_and_cannot_say_that_it_is_lost(room: Room) -> None:
    room.start({"begin": "auto", "end_after_min": 1})
    room.play()
    room.source("live")
    room.wait(1)
    name = room.name
    room.keeper.hear(Down("decoder", ("decoder",), "signal 11", None))
    room.wait(59)
    assert room.name == name
    room.wait(2)
    assert room.keeper.status()["lecture"] != {}
    room.wait(31)
    assert room.name == ""
