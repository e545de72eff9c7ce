"""In file mode a run in which a process was killed starts again and gives the same result."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from building import chain, restarted
from operators import Moment, Operator, operated

from pipeline.config import PipelineConfig
from pipeline.errors import StageError
from pipeline.supervisor import Outcome, run

SOON_S = 5.0  # a quarter of a second, unless the machine is busy


COUNT = ("count", "Counting", {"frames": 60})
CHECK = ("check", "Checking", {})


def counted(times: int, how: str = "kill", at: int = 20, **limits: float) -> PipelineConfig:
    return chain(COUNT, ("pass", "doomed:Crashing", {"times": times, "how": how, "at": at}), CHECK, **limits)


def plain(outcome: Outcome) -> dict[str, tuple[int, int, dict[str, int]]]:
    return {name: (made.received, made.sent, dict(made.dropped)) for name, made in sorted(outcome.ledgers.items())}


@pytest.mark.parametrize("how", ["kill", "hang"])
def test_a_run_that_was_rolled_back_gives_what_an_undisturbed_one_gives(how: str) -> None:
    operator, calm = Operator(lambda operator: iter(())), Operator(lambda operator: iter(()))
    config = counted(1, how, working_s=1.5)
    outcome = operated(restarted(config, "rollback"), operator)
    undisturbed = operated(counted(0), calm)
    assert outcome.error is None
    assert operator.said("checked") == calm.said("checked") == [{"right": 60, "wrong": 0}]
    assert plain(outcome) == plain(undisturbed)
    assert [down.process for down in operator.downs] == [up.process for up in operator.ups] == ["pass"]


def test_an_exception_is_not_rolled_back() -> None:
    operator = Operator(lambda operator: iter(()))
    outcome = run(restarted(counted(1, "raise"), "rollback"), desk=operator)
    assert str(outcome.error) == "ValueError: a bug"
    assert operator.downs == []


def test_a_run_that_goes_on_crashing_ends_with_the_last_error() -> None:
    operator = Operator(lambda operator: iter(()))
    outcome = run(restarted(counted(1000), "rollback", crashes=2), desk=operator)
    assert isinstance(outcome.error, StageError)
    assert outcome.error.stage == "pass"
    assert "was killed by SIGKILL" in str(outcome.error)
    assert len(operator.downs) == 2


def test_a_drain_during_a_rollback_is_honoured() -> None:
    def script(operator: Operator) -> Iterator[Moment]:
        yield operator.down()
        operator.control.drain()

    operator = Operator(script)
    endless = chain(("count", "Counting", {"endless": True}), ("pass", "doomed:Crashing", {"times": 1}), CHECK)
    outcome = operated(restarted(endless, "rollback"), operator)
    assert (outcome.error, outcome.signal) == (None, signal.SIGTERM)
    assert len(operator.said("checked")) == 1
