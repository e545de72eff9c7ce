"""When the service manager's watchdog is to bite."""

from __future__ import annotations

import pytest

from pipeline.config import Limits, LinkConfig, PipelineConfig, StageConfig
from pipeline.daemon.pulse import Pulse
from pipeline.messages import Down, Finished, Heartbeat, Hello, Up

LIMITS = Limits(starting_s=30, working_s=10, draining_s=120)
CONFIG = PipelineConfig(
    (StageConfig("a", "x:X", "p"), StageConfig("b", "x:X", "q")), (LinkConfig("a", "b"),), limits=LIMITS
)


@pytest.fixture
def pulse() -> Pulse:
    pulse = Pulse(CONFIG, 0.0)
    for process in ("p", "q"):
        pulse.hear(Heartbeat(process, "working", {}), 0.0)
    return pulse


def test_heartbeats_keep_it_calm(pulse: Pulse) -> None:
    for second in range(100):
        for process in ("p", "q"):
            pulse.hear(Heartbeat(process, "working", {}), float(second))
        assert pulse.overdue(second + 1.0) == []


def test_a_hung_process_is_the_supervisors_business_at_first_and_overdue_if_that_does_nothing(pulse: Pulse) -> None:
    pulse.hear(Heartbeat("p", "working", {}), 15.0)
    assert pulse.overdue(15.0) == []
    assert pulse.overdue(20.5) == ["q"]


@pytest.mark.parametrize(("phase", "patience_s"), [("starting", 60), ("working", 20), ("draining", 240)])
def test_every_phase_has_its_own_patience(pulse: Pulse, phase: str, patience_s: float) -> None:
    pulse.hear(Heartbeat("q", "working", {}), 1000.0)
    pulse.hear(Heartbeat("p", phase, {}), 0.0)
    assert pulse.overdue(patience_s - 0.5) == []
    assert pulse.overdue(patience_s + 0.5) == ["p"]


def test_a_process_that_was_given_up_owes_no_sign_of_life(pulse: Pulse) -> None:
    pulse.hear(Heartbeat("p", "working", {}), 1e9)
    pulse.hear(Down("q", ("b",), "it crashed", None), 1.0)
    assert pulse.overdue(1e6) == []


def test_a_restart_that_never_comes_is_overdue(pulse: Pulse) -> None:
    pulse.hear(Heartbeat("p", "working", {}), 1e9)
    pulse.hear(Down("q", ("b",), "it crashed", 30.0), 1.0)
    assert pulse.overdue(90.0) == []
    assert pulse.overdue(92.0) == ["q"]


def test_a_restarted_process_is_watched_again(pulse: Pulse) -> None:
    pulse.hear(Heartbeat("p", "working", {}), 1e9)
    pulse.hear(Down("q", ("b",), "it crashed", None), 1.0)
    pulse.hear(Hello("q"), 2.0)
    pulse.hear(Up("q", ("b",), 1, 1.0), 3.0)
    assert pulse.overdue(64.0) == ["q"]


def test_a_process_that_has_finished_owes_nothing(pulse: Pulse) -> None:
    for process in ("p", "q"):
        pulse.hear(Finished(process, {}), 1.0)
    assert pulse.overdue(1e6) == []


def test_a_process_that_never_says_hello_is_overdue() -> None:
    assert Pulse(CONFIG, 0.0).overdue(61.0) == ["p", "q"]


@pytest.mark.parametrize("delay_s", [None, 30.0])
def test_what_a_dead_process_said_arrives_late_and_changes_nothing(pulse: Pulse, delay_s: float | None) -> None:
    pulse.hear(Heartbeat("p", "working", {}), 1e9)
    pulse.hear(Down("q", ("b",), "it crashed", delay_s), 1.0)
    pulse.hear(Heartbeat("q", "working", {}), 1.1)
    assert pulse.overdue(50.0) == []
