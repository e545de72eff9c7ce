"""Processes that are killed, stopped or crash in a run that goes on: they come back, every frame is accounted for."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from building import chain, restarted
from operators import NOTE, PASS, STOPPING_S, TICK, Moment, Operator, killed_once, live, moves, operated, steady

from pipeline.messages import Down
from pipeline.states import State

SOON_S = 5.0  # a quarter of a second, unless the machine is busy


@pytest.mark.parametrize("process", ["tick", "pass", "note"])
def test_a_killed_process_comes_back_soon_and_the_others_go_on(process: str) -> None:
    operator = killed_once(process)
    outcome = operated(restarted(live()), operator)
    assert outcome.error is None
    assert operator.downs == [Down(process, (process,), "was killed by SIGKILL (out of memory?)", 0.0)]
    (up,) = operator.ups
    assert (up.process, up.stages, up.incarnation) == (process, (process,), 1)
    assert up.down_s < SOON_S
    others = {"tick", "pass", "note"} - {process}
    assert all(State.BACKOFF not in moves(operator, other) for other in others)
    assert State.BACKOFF in moves(operator, process)


@pytest.mark.parametrize("process", ["tick", "pass"])
def test_no_frame_is_missing_and_none_comes_twice_behind_a_killed_process(process: str) -> None:
    operator = killed_once(process)
    outcome = operated(restarted(live()), operator)
    assert steady(operator.seen())
    assert outcome.ledgers["note"].sent == len(operator.seen())


def test_a_killed_sink_is_given_again_what_it_had_not_acknowledged() -> None:
    operator = killed_once("note")
    outcome = operated(restarted(live()), operator)
    seqs = [seq for _, seq in operator.seen()]
    assert set(seqs) == set(range(max(seqs) + 1))  # the last of the first incarnation may be the first of the next
    assert outcome.ledgers["tick"].sent == max(seqs) + 1


def test_the_first_frame_of_a_restarted_stage_is_discont() -> None:
    operator = killed_once("note")
    operated(restarted(live()), operator)
    assert [d["discont"] for d in operator.said("frame")].count(True) == 1


def test_a_stopped_process_is_killed_after_its_time_and_comes_back() -> None:
    operator = killed_once("pass", signal.SIGSTOP)
    outcome = operated(restarted(live(working_s=1.5)), operator)
    assert outcome.error is None
    assert [down.why for down in operator.downs] == ["hung: no sign of life for 1.5 s; it was killed"]
    assert steady(operator.seen())


def test_an_exception_restarts_its_process_and_is_told() -> None:
    def script(operator: Operator) -> Iterator[Moment]:
        yield operator.up()
        yield operator.frames(10)
        operator.control.drain()

    operator = Operator(script)
    outcome = operated(restarted(live(("pass", "doomed:Crashing", {"times": 1, "how": "raise"}))), operator)
    assert outcome.error is None
    assert [down.why for down in operator.downs] == ["ValueError: a bug"]
    assert steady(operator.seen())


def test_everyone_killed_in_turn_leaves_a_steady_stream_and_right_accounts() -> None:
    descriptors: list[int] = []

    def script(operator: Operator) -> Iterator[Moment]:
        for count, process in enumerate(["pass", "tick", "pass", "tick"], 1):
            yield operator.frames(10)
            descriptors.append(len(os.listdir("/proc/self/fd")))
            operator.kill(process)
            yield operator.up(count)
        yield operator.frames(10)
        operator.control.drain()

    operator = Operator(script)
    outcome = operated(restarted(live(), crashes=9), operator)
    assert outcome.error is None
    assert steady(operator.seen())
    assert [up.incarnation for up in operator.ups] == [1, 1, 2, 2]
    assert descriptors == descriptors[:1] * 4


def test_neighbours_killed_together_both_come_back() -> None:
    def script(operator: Operator) -> Iterator[Moment]:
        yield operator.frames(10)
        operator.kill("pass")
        operator.kill("note")
        yield operator.up(2)
        yield operator.frames(10)
        operator.control.drain()

    operator = Operator(script)
    assert operated(restarted(live()), operator).error is None


def test_pools_of_a_source_that_was_killed_are_gone_and_nobody_keeps_them_mapped() -> None:
    folder = Path(os.environ["SLIDETAP_RUN_DIR"])
    mapped: list[list[str]] = []

    def pools(operator: Operator) -> list[str]:
        maps = Path(f"/proc/{operator.control.pids()['note']}/maps").read_text().splitlines()
        return sorted({Path(line.split()[5]).name for line in maps if "/pool-" in line})

    def script(operator: Operator) -> Iterator[Moment]:
        for count in range(1, 4):
            yield operator.frames(10)
            operator.kill("tick")
            yield operator.up(count)
        yield operator.frames(10)
        mapped.append(pools(operator))
        mapped.append(sorted(path.name for path in folder.glob("slidetap-*/pool-*")))
        operator.control.drain()

    operator = Operator(script)
    outcome = operated(restarted(chain(TICK, ("note", "Noting", {"pictures": True}))), operator)
    assert outcome.error is None
    assert mapped == [["pool-tick-3-1"], ["pool-tick-3-1"]]
    lost = sum(frame["picture"] is False for frame in operator.said("frame"))
    assert lost <= outcome.ledgers["note"].lost_pictures + outcome.ledgers["tick"].lost_pictures
    assert operator.said("frame")[-1]["picture"] is True


def test_fused_stages_come_back_together() -> None:
    config = chain(TICK, PASS, NOTE, fused=("pass", "note"), stopping_s=STOPPING_S)
    operator = killed_once("together")
    outcome = operated(restarted(config), operator)
    assert outcome.error is None
    assert [(up.process, up.stages) for up in operator.ups] == [("together", ("pass", "note"))]
    assert outcome.ledgers["pass"].sent == outcome.ledgers["note"].received
