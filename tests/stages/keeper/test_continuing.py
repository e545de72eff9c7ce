"""After a restart of the daemon or the machine: the same lecture goes on, or is closed if that is long ago."""

from __future__ import annotations

from lecture_room import Room, S

from stages.journal import Journal
from stages.lecture import lectures

HOUR = 3600 * S


def begun(room: Room) -> str:
    """A lecture that was cut off after a minute."""
    room.play()
    room.keeper.command("start", {"title": "Analysis"})
    room.wait(60)
    room.keeper.command("mark", {"text": "the last that is known"})
    return room.name


def test_after_a_restart_of_the_daemon_lecture_time_goes_on(room: Room) -> None:
    name = begun(room)
    room.wait(30)
    room.start({})
    room.play()
    assert room.told("lecture-start") == [{"lecture": name, "folder": str(room.root / name), "zero_ns": 1000 * S}]
    sessions = room.read(lambda journal: [(s.start_pts_ns, s.zero_ns) for s in journal.sessions()])
    assert sessions == [(0, 1000 * S), (90 * S, 1000 * S)]


def test_after_a_restart_of_the_machine_too(room: Room) -> None:
    begun(room)
    room.boot, room.mono, room.wall = "boot-b", 7 * S, room.wall + 300 * S
    room.start({})
    room.play()
    (told,) = room.told("lecture-start")
    assert told["zero_ns"] == 7 * S - 360 * S


def test_one_that_was_cut_off_long_ago_is_closed_and_exported(room: Room) -> None:
    name = begun(room)
    room.mono, room.wall = room.mono + 13 * HOUR, room.wall + 13 * HOUR
    room.start({})
    room.play()
    room.wait(1)
    assert room.name == ""
    (lecture,) = lectures(room.root)
    assert (lecture.name, lecture.state) == (name, "closed")
    assert [job.arguments[0] for job in room.jobs.of("finishing")] == [str(room.root / name)]


def test_a_clock_that_jumps_while_the_machine_runs_ends_no_lecture(room: Room) -> None:
    name = begun(room)
    room.wall += 400 * 24 * HOUR
    room.start({})
    room.play()
    assert room.name == name


def test_one_that_was_being_ended_is_not_begun_again(room: Room) -> None:
    begun(room)
    room.keeper.command("stop", {})
    room.start({})
    room.play()
    assert room.name == ""
    assert [lecture.state for lecture in lectures(room.root)] == ["closed"]


def test_a_gap_of_analysis_that_was_open_ends_where_the_last_thing_is_known(room: Room) -> None:
    name = begun(room)
    with Journal(room.root / name / "journal.sqlite") as journal:
        journal.open_gap("analysis", 50 * S, "bgsub")
    room.wait(30)
    room.start({})
    room.play()
    assert room.read(lambda journal: [gap.end_pts_ns for gap in journal.gaps()]) == [60 * S]


def test_what_was_not_finished_is_finished_after_the_next_start(room: Room) -> None:
    name = begun(room)
    room.keeper.command("stop", {})
    room.closed()
    room.keeper.end()
    with Journal(room.root / name / "journal.sqlite") as journal:
        journal.note("state", "closed")
    room.start({})
    room.jobs.begun.clear()
    room.play()
    room.wait(1)
    assert len(room.jobs.of("finishing")) == 1


def test_when_the_daemon_ends_the_lecture_stays_open(room: Room) -> None:
    begun(room)
    room.keeper.end()
    assert [lecture.state for lecture in lectures(room.root)] == ["open"]
