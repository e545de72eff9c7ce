"""The harness drives a stage as the runner does; the clock moves only when told to."""

from __future__ import annotations

import pytest
from misfits import Misfit, User
from playthings import Checking, Counting, Odd, Pass, picture

from pipeline.caps import Caps
from pipeline.errors import CapsError, ConfigError, SourceError, StageError
from pipeline.frame import Event, EventKind, Frame, Ticket
from pipeline.messages import Element
from pipeline.testing import FakeClock, Harness, Recorder, events_of, frames_of

CAPS = Caps.of("video/raw", format="gray8", width=64, height=48)


def frame(seq: int = 0) -> Frame:
    image = picture(seq, 64, 48)
    return Frame(seq, seq * 40, CAPS, (image.planes[0],), image)


def test_the_clock_moves_only_when_told_to() -> None:
    clock = FakeClock(5)
    assert (clock(), clock()) == (5, 5)
    clock.advance(0.25)
    clock.advance(1e-9)
    assert clock() == 250_000_006


def test_what_is_pushed_comes_out_and_is_counted() -> None:
    harness = Harness(Odd)
    out = [item for seq in range(5) for item in harness.push(frame(seq))]
    assert [item.seq for item in frames_of(out)] == [1, 3]
    ledger = harness.ledger
    assert (ledger.received, ledger.sent, ledger.dropped, ledger.missing) == (5, 2, {"even": 3}, 0)


def test_what_is_held_is_counted() -> None:
    harness = Harness(Misfit, how="hold")
    assert harness.push(frame()) == []
    assert (harness.ledger.held, harness.ledger.missing) == (1, 0)


def test_all_pads_come_out_in_order() -> None:
    harness = Harness(Misfit)
    items = harness.eos()
    assert [type(item) for item in items] == [Frame, Event]
    assert harness.ledger.sent == 1


def test_events_pass_through_the_stage() -> None:
    event = Event(EventKind.VISIT_END, 3)
    assert Harness(Pass).event(event) == [event]


def test_caps_are_held_against_the_template_as_the_runner_does() -> None:
    harness = Harness(Pass)
    assert harness.caps(CAPS) == {"src": CAPS}
    with pytest.raises(CapsError, match="bgr24 do not fit the sink template video/raw,format=gray8"):
        harness.caps(Caps.of("video/raw", format="bgr24"))


@pytest.mark.parametrize(("name", "value"), [("crash_now", 1), ("crash_at", "soon"), ("crash_at", None)])
def test_properties_are_checked_as_the_runner_does(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=f"property '{name}'"):
        Harness(Pass, **{name: value})


def test_what_is_no_stage_is_refused() -> None:
    with pytest.raises(StageError, match="no properties_type"):
        Harness(dict)


def test_a_stage_that_cannot_start_says_so_at_once() -> None:
    with pytest.raises(SourceError, match="cannot start"):
        Harness(Checking, fail_start=True)


def test_a_source_runs_to_its_end() -> None:
    harness = Harness(Counting, frames=4)
    items = list(harness.run())
    assert len(events_of(items, EventKind.CAPS)) == 2  # one for each pad
    assert [item.seq for item in frames_of(items)] == [0, 0, 1, 2, 2, 3]
    assert (harness.ledger.received, harness.ledger.missing) == (6, 0)


def test_the_errors_of_a_source_come_through() -> None:
    items = Harness(Counting, fail_at=2).run()
    with pytest.raises(SourceError, match="the cable was pulled"):
        list(items)


def test_a_source_takes_nothing_and_a_stage_does_not_run() -> None:
    with pytest.raises(StageError, match="use run"):
        Harness(Counting).push(frame())
    with pytest.raises(StageError, match="use push"):
        list(Harness(Pass).run())


def test_the_end_drains_and_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[object] = []
    monkeypatch.setattr(Checking, "stop", lambda stage: stopped.append(stage))
    harness = Harness(Checking, slow_drain=3)
    harness.push(frame(3))
    assert harness.eos() == []
    assert stopped == [harness.stage]
    assert harness.context.messages == [Element("stage", "checked", {"right": 1, "wrong": 0})]


def test_warnings_are_kept() -> None:
    harness = Harness(User)
    harness.stage.context.warn("it is dark")
    assert harness.context.warnings == ["it is dark"]


def test_a_picture_is_taken_as_a_copy_and_a_ticket_leads_nowhere() -> None:
    recorder, given = Recorder(), frame(7)
    taken = recorder.take(given)
    given.planes[0][:] = 0
    assert taken is not None and (taken.planes[0] == 7).all()
    assert recorder.take(Frame(0, 0, CAPS)) is None
    assert recorder.take(Frame(0, 0, CAPS, image=Ticket("pool-a-1", 0, 2, taken.layout))) is None
