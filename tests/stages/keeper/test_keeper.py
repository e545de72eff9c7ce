"""The keeper by command: what the source is told, what the journal says, what is done when a lecture has ended."""

from __future__ import annotations

import json
import shutil

import pytest
from lecture_room import WALL, Room, S

from pipeline.errors import ConfigError, ServiceError
from pipeline.messages import Down, Element, Heartbeat, Up
from pipeline.states import State
from stages.journal import Journal
from stages.keeper.job import Done
from stages.lecture import lectures


def test_start_makes_a_lecture_and_tells_the_source_where_its_time_begins(room: Room) -> None:
    room.play()
    answer = room.keeper.command("start", {"title": "Analysis II"})
    (told,) = room.told("lecture-start")
    assert told == {"lecture": room.name, "folder": str(room.root / room.name), "zero_ns": 1000 * S}
    assert answer["lecture"] == room.name
    assert room.name.endswith("analysis-ii")
    assert (room.root.stat().st_mode & 0o777) == 0o700


def test_a_session_is_written_down_for_the_next_start(room: Room) -> None:
    room.play()
    room.keeper.command("start", {})
    (session,) = room.read(lambda journal: journal.sessions())
    assert (session.boot_id, session.zero_ns, session.start_pts_ns, session.wall_ns) == ("boot-a", 1000 * S, 0, WALL)


def test_a_source_that_comes_back_is_told_again(room: Room) -> None:
    room.play()
    room.keeper.command("start", {})
    room.keeper.hear(Down("decoder", ("decoder",), "signal 9", 0.0))
    room.wait(3)
    room.plays("decoder")
    first, second = room.told("lecture-start")
    assert first == second


def test_a_source_that_does_not_play_is_told_when_it_does(room: Room) -> None:
    room.keeper.begin(room.control)
    room.keeper.command("start", {})
    assert room.told("lecture-start") == []
    room.plays("decoder")
    assert len(room.told("lecture-start")) == 1


def test_two_lectures_at_once_are_refused(room: Room) -> None:
    room.play()
    room.keeper.command("start", {})
    with pytest.raises(ServiceError, match="is open; stop it first"):
        room.keeper.command("start", {})
    assert len(lectures(room.root)) == 1


def test_stop_waits_for_the_exporter_and_then_has_exports_made(room: Room) -> None:
    room.play()
    room.keeper.command("start", {})
    name = room.name
    room.wait(60)
    room.keeper.command("stop", {})
    assert room.told("lecture-stop") == [{"lecture": name}]
    room.wait(1)
    assert room.jobs.of("finishing") == []
    room.closed()
    room.wait(1)
    (job,) = room.jobs.of("finishing")
    assert job.arguments == [str(room.root / name), "--json", "--pdf", "--backfill"]
    assert room.keeper.status()["lecture"] == {}


def test_gaps_are_filled_with_the_segmentation_of_the_live_pipeline(room: Room) -> None:
    room.start({}, {"model": "mine.onnx", "rate": 1, "wait": False, "format": "gray8"})
    room.play()
    room.keeper.command("start", {})
    room.keeper.command("stop", {})
    room.closed()
    room.wait(1)
    (job,) = room.jobs.of("finishing")
    assert job.arguments[-3:-1] == ["--backfill", "--segmentation"]
    assert json.loads(job.arguments[-1]) == {"model": "mine.onnx", "rate": 1}, "a recording is waited for"


def test_a_lecture_whose_exporter_does_not_answer_is_closed_all_the_same(room: Room) -> None:
    room.play()
    room.keeper.command("start", {})
    name = room.name
    room.wait(60)
    room.keeper.command("stop", {})
    room.wait(29)
    assert room.name == name
    room.wait(2)
    assert room.name == ""
    assert room.read(lambda journal: journal.notes()["state"], name) == "closed"
    room.wait(1)
    assert len(room.jobs.of("finishing")) == 1


def test_exports_that_fail_are_said_and_tried_again_later(room: Room) -> None:
    room.play()
    room.keeper.command("start", {})
    room.keeper.command("stop", {})
    room.closed()
    room.wait(1)
    room.jobs.of("finishing")[0].done = Done(b"", "no room")
    for _ in range(3):
        room.wait(0.1)
    assert any("could not be exported: no room; tried again in 1 min" in text for text in room.said)
    assert len(room.jobs.of("finishing")) == 1
    room.wait(60)
    assert len(room.jobs.of("finishing")) == 2


def test_a_mark_is_a_moment_of_the_lecture(room: Room) -> None:
    room.play()
    room.keeper.command("start", {})
    room.wait(65)
    answer = room.keeper.command("mark", {"text": "the\nproof"})
    assert answer["text"] == f"marked at 0:01:05 of lecture '{room.name}'"
    (mark,) = room.read(lambda journal: journal.marks())
    assert (mark.pts_ns, mark.text) == (65 * S, "the proof")


@pytest.mark.parametrize("name", ["stop", "mark"])
def test_without_a_lecture_there_is_nothing_to_stop_or_mark(name: str, room: Room) -> None:
    room.play()
    with pytest.raises(ServiceError, match="no lecture is open; begin one: slidetap start"):
        room.keeper.command(name, {"text": "now"})


def test_an_unknown_command_and_an_empty_mark_are_refused(room: Room) -> None:
    room.play()
    room.keeper.command("start", {})
    with pytest.raises(ConfigError, match="'dance' is no command"):
        room.keeper.command("dance", {})
    with pytest.raises(ConfigError, match="a mark needs a text"):
        room.keeper.command("mark", {"text": "  "})


def test_what_happens_to_source_and_stages_is_written_down(room: Room) -> None:
    room.play()
    room.keeper.command("start", {})
    room.wait(5)
    room.source("lost", "connection refused")
    room.keeper.hear(Down("bgsub", ("bgsub",), "signal 9", None))
    events = room.read(lambda journal: [(e.pts_ns, e.kind, e.text) for e in journal.events()])
    assert events == [
        (0, "lecture", "begun"),
        (5 * S, "source", "lost: connection refused"),
        (5 * S, "failed", "bgsub: signal 9"),
    ]


def gaps(journal: Journal) -> list[tuple[int, int | None, str]]:
    return [(gap.start_pts_ns // S, gap.end_pts_ns and gap.end_pts_ns // S, gap.kind) for gap in journal.gaps()]


def test_analysis_that_is_down_for_long_is_a_gap(room: Room) -> None:
    room.play()
    room.keeper.command("start", {})
    room.wait(10)
    room.keeper.hear(Heartbeat("trigger", "working", {}))
    room.keeper.hear(Down("trigger", ("trigger",), "signal 9", 5.0))
    room.wait(1)
    assert room.read(gaps) == []
    room.wait(4)
    assert room.read(gaps) == [(10, None, "analysis")]
    room.keeper.hear(Up("trigger", ("trigger",), 1, 5.0))
    room.wait(0.1)
    assert room.read(gaps) == [(10, 15, "analysis")]


def test_the_recorder_makes_no_gap_of_analysis(room: Room) -> None:
    room.play()
    room.keeper.command("start", {})
    room.keeper.hear(Down("recorder", ("recorder",), "signal 9", None))
    room.wait(10)
    assert room.read(gaps) == []


def test_a_gap_ends_with_the_lecture(room: Room) -> None:
    room.play()
    room.keeper.command("start", {})
    room.wait(10)
    room.keeper.hear(Down("trigger", ("trigger",), "signal 9", None))
    room.wait(5)
    name = room.name
    room.keeper.command("stop", {})
    assert room.read(gaps, name) == [(10, 15, "analysis")]


def test_other_settings_are_taken_over_and_wrong_ones_refused(room: Room) -> None:
    room.play()
    with pytest.raises(ConfigError, match="unknown key 'begun'"):
        room.keeper.reload({"lectures": {"folder": str(room.root), "begun": "auto"}})
    with pytest.raises(ConfigError, match="folder can be changed only by a restart"):
        room.keeper.reload({"lectures": {}})
    room.keeper.reload({"lectures": {"folder": str(room.root), "begin": "auto"}})
    room.source("live")
    room.wait(0.1)
    assert room.name


def test_status_tells_of_the_lecture(room: Room) -> None:
    room.play()
    room.keeper.command("start", {"title": "Analysis"})
    room.wait(90)
    told = room.keeper.status()["lecture"]
    assert isinstance(told, dict)
    assert (told["title"], told["state"], told["length_s"]) == ("Analysis", "open", 90.0)


def test_those_behind_a_source_that_was_away_learn_of_the_end_when_it_is_back(room: Room) -> None:
    room.play()
    room.keeper.command("start", {})
    name = room.name
    room.control.known_states["decoder"] = State.FAILED
    room.keeper.hear(Down("decoder", ("decoder",), "signal 11", None))
    room.keeper.command("stop", {})
    room.wait(31)
    assert room.name == ""
    assert room.told("lecture-stop") == []
    room.plays("decoder")
    assert room.told("lecture-stop") == [{"lecture": name}]
    room.keeper.command("start", {})
    room.plays("decoder")
    assert len(room.told("lecture-stop")) == 1, "the next lecture's start ends it as well"


def test_a_lecture_whose_folder_was_removed_does_not_hold_up_the_next(room: Room) -> None:
    room.play()
    room.keeper.command("start", {})
    shutil.rmtree(room.root / room.name)
    room.keeper.command("stop", {})
    room.wait(31)
    assert room.jobs.of("finishing") == []
    room.keeper.command("start", {})
    assert [lecture.state for lecture in lectures(room.root)] == ["open"]


def test_slides_that_come_when_all_seemed_over_are_exported_too(room: Room) -> None:
    room.play()
    room.keeper.command("start", {})
    name = room.name
    room.keeper.command("stop", {})
    room.wait(31)
    room.wait(1)
    (job,) = room.jobs.of("finishing")
    job.done = Done(b"", "")
    room.wait(600)
    room.keeper.hear(Element("exporter", "lecture", {"lecture": name, "state": "closed", "slides": 3}))
    room.wait(1)
    assert [job.arguments[0] for job in room.jobs.of("finishing")] == [str(room.root / name)] * 2
