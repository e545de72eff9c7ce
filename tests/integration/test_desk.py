"""What the desk beside a run can do: tell stages something, watch descriptors, end the run."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from building import chain, restarted
from operators import NOTE, Moment, Operator, live, operated

from pipeline.errors import ResourceError, SourceError
from pipeline.messages import BusMessage, Hello, StateChanged
from pipeline.states import State
from pipeline.supervisor import run

SOON_S = 2.0


def test_a_restarted_stage_is_told_first_in_which_lecture_it_is() -> None:
    def script(operator: Operator) -> Iterator[Moment]:
        yield operator.frames(5)
        operator.control.tell("tick", "lecture-start", {"lecture": "physics"})
        yield lambda: any(event["kind"] == "lecture-start" for event in operator.said("event"))
        yield operator.frames(5)
        operator.heard.clear()
        operator.kill("note")
        yield operator.up()
        yield operator.frames(5)
        operator.control.drain()

    operator = Operator(script)
    operated(restarted(live()), operator)
    after = [*operator.said("start"), *operator.said("event")]
    assert after[0] == {"incarnation": 1}
    assert [event["kind"] for event in after[1:]] == ["epoch", "lecture-start"]
    assert after[2]["data"] == {"lecture": "physics"}


def test_a_stage_is_told_what_it_is_to_know_and_others_are_not() -> None:
    def script(operator: Operator) -> Iterator[Moment]:
        yield operator.frames(1)
        operator.control.tell("note", "remember", {"this": 1})
        operator.control.tell("nobody", "remember", {"this": 2})
        yield lambda: bool(operator.said("told"))
        operator.control.drain()

    operator = Operator(script)
    assert operated(live(), operator).error is None
    assert operator.said("told") == [{"name": "remember", "this": 1}]


def test_who_hears_of_a_new_state_finds_it_in_the_states_and_can_tell_the_stage_something() -> None:
    class Keen(Operator):
        def hear(self, message: BusMessage) -> None:
            super().hear(message)
            if isinstance(message, StateChanged):
                assert self.control.states()[message.stage] is message.new
            if message == StateChanged("note", State.PAUSED, State.PLAYING):
                self.control.tell("note", "remember", {})

    def script(operator: Operator) -> Iterator[Moment]:
        yield lambda: bool(operator.said("told"))
        operator.kill("note")
        yield lambda: len(operator.said("told")) == 2
        operator.control.drain()

    operated(restarted(live()), Keen(script))


def test_what_is_told_before_a_stage_plays_is_kept_for_it() -> None:
    class Early(Operator):
        def hear(self, message: BusMessage) -> None:
            super().hear(message)
            if message == Hello("note"):
                self.control.tell("note", "remember", {})

    def script(operator: Operator) -> Iterator[Moment]:
        yield lambda: bool(operator.said("told"))
        operator.control.drain()

    operated(live(), Early(script))


def test_an_error_because_of_what_was_told_names_the_stage() -> None:
    def script(operator: Operator) -> Iterator[Moment]:
        yield operator.frames(1)
        operator.control.tell("tick", "stumble", {})

    outcome = run(live(), desk=Operator(script))
    assert isinstance(outcome.error, SourceError)
    assert outcome.error.stage == "tick"


def test_stages_tick_also_when_nothing_arrives() -> None:
    def script(operator: Operator) -> Iterator[Moment]:
        yield lambda: len(operator.said("tick")) >= 2
        operator.control.drain()

    operator = Operator(script)
    rare = chain(("tick", "Ticking", {"interval": 1000.0}), NOTE)
    assert operated(rare, operator).error is None
    assert len(operator.seen()) == 1


def test_the_loop_turns_at_once_when_what_the_desk_watches_is_readable() -> None:
    reading, writing = os.pipe()
    turns = 0

    def turned() -> bool:
        nonlocal turns
        turns += 1
        return turns > 200  # which would take 20 s at the usual pace

    def script(operator: Operator) -> Iterator[Moment]:
        yield operator.frames(1)
        os.write(writing, b"x")
        operator.control.watch(reading)
        yield turned
        operator.control.unwatch(reading)
        operator.control.unwatch(reading)
        operator.control.drain()

    begin = time.monotonic()
    operated(live(), Operator(script))
    assert time.monotonic() - begin < 10
    os.close(reading)
    os.close(writing)


def test_a_desk_that_raises_ends_the_run_and_is_still_told_that_it_is_over() -> None:
    def script(operator: Operator) -> Iterator[Moment]:
        yield operator.frames(1)
        raise ResourceError("the control socket is gone")

    operator = Operator(script)
    outcome = run(live(), desk=operator)
    assert str(outcome.error) == "the control socket is gone"
    assert operator.ended
