"""What is said again with every try is said once an hour."""

from __future__ import annotations

from lecture_room import Room, S

from pipeline.errors import OutputError
from stages.keeper.repeats import Repeats


def test_the_same_is_said_once_an_hour() -> None:
    repeats = Repeats()
    assert [repeats.is_new("no room", at * S) for at in (1, 11, 3600, 3602, 3612)] == [True, False, False, True, False]


def test_how_much_room_there_is_makes_no_difference() -> None:
    repeats = Repeats()
    assert repeats.is_new("'a': disk full; 0.3 MiB are free", S)
    assert not repeats.is_new("'a': disk full; 1.7 MiB are free", 2 * S)
    assert repeats.is_new("'b': disk full; 1.7 MiB are free", 3 * S)


def test_a_lecture_that_cannot_begin_for_a_weekend_is_no_flood_of_lines(room: Room) -> None:
    room.start({"begin": "auto"})
    room.play()
    room.root.rmdir()
    room.root.touch()  # nothing can be made in it
    room.source("live")
    for _ in range(350):
        room.wait(10)
    assert len(room.said) == 1


def test_the_one_who_asks_is_told_each_time(room: Room) -> None:
    room.play()
    room.root.rmdir()
    room.root.touch()
    refused = 0
    for _ in range(2):
        try:
            room.keeper.command("start", {})
        except OutputError:
            refused += 1
    assert refused == 2
