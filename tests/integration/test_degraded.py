"""What cannot be restarted is given up, the rest goes on, and a drain in the middle of it all ends in time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from building import chain, restarted
from operators import NOTE, PASS, STOPPING_S, TICK, Moment, Operator, live, operated, steady

from pipeline.config import LinkConfig
from pipeline.errors import ConfigError, StageError
from pipeline.messages import Down, Warn
from pipeline.states import State
from pipeline.supervisor import run

SOON_S = 5.0  # a quarter of a second, unless the machine is busy


def test_a_crash_loop_ends_in_failed_and_the_rest_goes_on_to_an_honest_end() -> None:
    def script(operator: Operator) -> Iterator[Moment]:
        yield lambda: bool(operator.downs) and operator.downs[-1].delay_s is None
        assert not operator.control.healthy()
        assert operator.control.states()["pass"] is State.FAILED
        assert set(operator.control.pids()) == {"tick", "note"}
        operator.control.drain()

    operator = Operator(script)
    outcome = operated(restarted(live(("pass", "doomed:Crashing", {})), crashes=2), operator)
    assert [down.delay_s is None for down in operator.downs] == [False, False, True]
    assert operator.downs[0].delay_s == 0.0
    assert isinstance(outcome.error, StageError)
    assert outcome.error.stage == "pass"
    assert operator.said("drained") == [{}]  # EOS could not come to it; it was told
    assert outcome.ledgers["tick-pass"].dropped["unlinked"] > 0
    assert outcome.elapsed_s < STOPPING_S


def test_a_failed_stage_behind_a_leaky_link_does_not_stop_the_source() -> None:
    def script(operator: Operator) -> Iterator[Moment]:
        yield lambda: bool(operator.downs) and operator.downs[-1].delay_s is None
        sent = operator.control.ledgers()["count"].sent
        yield lambda: operator.control.ledgers()["count"].sent > sent + 100
        operator.control.drain()

    config = chain(("count", "Counting", {"endless": True}), PASS, ("crash", "doomed:Crashing", {}), NOTE)
    links = (LinkConfig("count", "pass", window=8, leaky="downstream"), *config.links[1:])
    operator = Operator(script)
    outcome = operated(restarted(replace(config, links=links), crashes=0), operator)
    assert outcome.error is not None and outcome.error.stage == "crash"
    assert outcome.ledgers["count-pass"].dropped["leaky"] > 0


def test_an_error_that_is_final_is_never_worth_a_restart() -> None:
    def script(operator: Operator) -> Iterator[Moment]:
        yield operator.down()
        assert operator.control.states()["pass"] is State.FAILED
        operator.control.drain()

    operator = Operator(script)
    outcome = operated(restarted(live(("pass", "doomed:Crashing", {"how": "final"}))), operator)
    assert operator.downs == [Down("pass", ("pass",), "nobody can set this right", None)]
    assert isinstance(outcome.error, ConfigError)


def test_an_error_that_is_final_before_anything_played_ends_the_run() -> None:
    operator = Operator(lambda operator: iter(()))
    outcome = run(restarted(chain(TICK, ("note", "Noting", {"colour": "blue"}))), desk=operator)
    assert isinstance(outcome.error, ConfigError)
    assert outcome.error.stage == "note"
    assert operator.downs == []


def test_a_stage_that_never_describes_itself_ends_the_run_when_it_is_given_up() -> None:
    operator = Operator(lambda operator: iter(()))
    outcome = run(restarted(live(("pass", "doomed:Stillborn", {})), crashes=2), desk=operator)
    assert outcome.error is not None and outcome.error.stage == "pass"
    assert len(operator.downs) == 2


def test_what_is_failed_can_be_revived() -> None:
    def script(operator: Operator) -> Iterator[Moment]:
        yield lambda: bool(operator.downs) and operator.downs[-1].delay_s is None
        operator.control.revive()
        yield operator.up()
        yield operator.frames(10)
        operator.control.drain()

    operator = Operator(script)
    outcome = operated(restarted(live(("pass", "doomed:Crashing", {"times": 2})), crashes=1), operator)
    assert outcome.error is None
    assert steady(operator.seen())


def test_what_is_failed_gets_another_chance_by_itself_after_a_while() -> None:
    def script(operator: Operator) -> Iterator[Moment]:
        yield lambda: bool(operator.downs) and operator.downs[-1].delay_s is None
        yield operator.up()
        yield operator.frames(10)
        operator.control.drain()

    operator = Operator(script)
    outcome = operated(restarted(live(("pass", "doomed:Crashing", {"times": 2})), crashes=1, again=0.3), operator)
    assert outcome.error is None
    assert steady(operator.seen())


def test_an_error_that_is_final_gets_no_other_chance() -> None:
    def script(operator: Operator) -> Iterator[Moment]:
        yield operator.down()
        past = time.monotonic() + 0.3  # when it would have had many
        yield lambda: time.monotonic() > past
        operator.control.drain()

    operator = Operator(script)
    outcome = operated(restarted(live(("pass", "doomed:Crashing", {"how": "final"})), again=0.01), operator)
    assert len(operator.downs) == 1
    assert isinstance(outcome.error, ConfigError)


@pytest.mark.parametrize("process", ["tick", "pass", "note"])
def test_a_drain_while_a_process_waits_for_its_restart_ends_in_time(process: str) -> None:
    def script(operator: Operator) -> Iterator[Moment]:
        yield operator.frames(5)
        operator.kill(process)
        yield operator.up()
        yield operator.frames(5)
        operator.kill(process)
        yield operator.down(2)
        operator.control.drain()

    operator = Operator(script)
    outcome = operated(restarted(live(), backoff=60.0, longest=90.0), operator)
    assert operator.downs[1].delay_s is not None and operator.downs[1].delay_s >= 60.0
    assert outcome.elapsed_s < STOPPING_S + 2 * SOON_S
    assert len(operator.said("drained")) == 1
    assert (outcome.error is None) == (
        process != "tick"
    )  # of the source nothing more is needed, but it did not end well


def test_what_does_not_drain_in_time_is_killed_and_named_and_the_rest_ends_well() -> None:
    def script(operator: Operator) -> Iterator[Moment]:
        yield lambda: bool(operator.said("crashing"))
        operator.control.drain()

    operator = Operator(script)
    config = chain(TICK, ("pass", "Pass", {"crash_at": 5, "how": "hang"}), NOTE, stopping_s=1.0)
    outcome = operated(restarted(config), operator)
    assert isinstance(outcome.error, StageError)
    assert outcome.error.stage == "pass"
    (warning,) = [m for m in operator.heard if isinstance(m, Warn)]
    assert (warning.stage, warning.text) == ("pass", "did not drain within 0.75 s; it was killed")
    assert operator.said("drained") == [{}]


def test_a_stream_that_ends_by_itself_after_a_restart_is_complete() -> None:
    def script(operator: Operator) -> Iterator[Moment]:
        yield operator.frames(10)
        operator.kill("pass")

    operator = Operator(script)
    config = chain(("tick", "Ticking", {"frames": 60}), PASS, NOTE)
    outcome = operated(restarted(config), operator)
    assert outcome.error is None
    assert operator.seen() == [(0, seq) for seq in range(60)]
