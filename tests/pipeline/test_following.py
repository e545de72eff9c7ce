"""A run that is followed: tally, exit code, metrics file."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.config import LinkConfig, PipelineConfig, StageConfig
from pipeline.errors import ExitCode, OutputError, SourceError
from pipeline.following import Manner, Run, follow
from pipeline.messages import BusMessage, Element, Heartbeat, Ledger
from pipeline.supervisor import Outcome

CONFIG = PipelineConfig((StageConfig("a", "x:X", "a"), StageConfig("b", "x:X", "b")), (LinkConfig("a", "b"),))
LEDGERS = {"b": Ledger(3, 3), "a-b": Ledger(3, 3), "a": Ledger(3, 3)}
BEAT = Heartbeat("a", "working", {"a": Ledger(2, 2)})


def ends(outcome: Outcome, *messages: BusMessage) -> Run:
    """A supervisor whose run sends messages and ends like that."""

    def run(config: PipelineConfig, on_message: Callable[[BusMessage], None]) -> Outcome:
        for message in messages:
            on_message(message)
        return outcome

    return run


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Outcome({}, None, None, 1.0), ExitCode.OK),
        (Outcome({}, None, signal.SIGINT, 1.0), ExitCode.INTERRUPTED),
        (Outcome({}, None, signal.SIGTERM, 1.0), ExitCode.TERMINATED),
        (Outcome({}, SourceError("gone"), None, 1.0), ExitCode.NO_INPUT),
        (Outcome({}, SourceError("gone"), signal.SIGINT, 1.0), ExitCode.NO_INPUT),
    ],
)
def test_the_exit_code_is_that_of_the_error_else_of_the_signal(outcome: Outcome, code: ExitCode) -> None:
    assert follow(CONFIG, Manner(), ends(outcome)).exit_code is code


def test_ledgers_come_in_order_of_the_data_flow() -> None:
    followed = follow(CONFIG, Manner(), ends(Outcome(LEDGERS, None, None, 1.0)))
    assert list(followed.outcome.ledgers) == ["a", "a-b", "b"]


def test_messages_reach_the_tally() -> None:
    followed = follow(CONFIG, Manner(), ends(Outcome({}, None, None, 1.0), Element("b", "slide"), BEAT))
    assert (followed.tally.counts["slide"], followed.tally.frames) == (1, 2)


def test_the_metrics_file_has_the_last_word_of_the_run(tmp_path: Path) -> None:
    path = tmp_path / "x.prom"
    follow(CONFIG, Manner(metrics=path), ends(Outcome(LEDGERS, None, None, 1.0), BEAT))
    text = path.read_text()
    assert 'slidetap_frames_received_total{kind="stage",name="a",pipeline="pipeline"} 3.0' in text
    assert 'slidetap_running{pipeline="pipeline"} 0.0' in text


def test_a_metrics_file_that_cannot_be_written_is_an_error_before_the_run(tmp_path: Path) -> None:
    def never(config: PipelineConfig, on_message: Callable[[BusMessage], None]) -> Outcome:
        raise AssertionError("it was started")

    with pytest.raises(OutputError, match="x.prom"):
        follow(CONFIG, Manner(metrics=tmp_path / "no" / "x.prom"), never)


def test_a_metrics_file_that_goes_away_is_one_warning_and_ends_no_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()

    def run(config: PipelineConfig, on_message: Callable[[BusMessage], None]) -> Outcome:
        (folder / "x.prom").unlink()
        folder.rmdir()
        on_message(BEAT)
        on_message(BEAT)
        return Outcome(LEDGERS, None, None, 1.0)

    assert follow(CONFIG, Manner(metrics=folder / "x.prom"), run).exit_code is ExitCode.OK
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("slidetap: warning: metrics: ")


def test_what_can_be_done_meanwhile_is_done_once_frames_flow() -> None:
    done: list[int] = []
    heard: list[int] = []

    def run(config: PipelineConfig, on_message: Callable[[BusMessage], None]) -> Outcome:
        for received in (0, 0, 1, 2):
            on_message(Heartbeat("b", "working", {"b": Ledger(received, 0)}))
            heard.append(len(done))
        return Outcome({}, None, None, 1.0)

    follow(CONFIG, Manner(), run, meanwhile=lambda: done.append(1))
    assert heard == [0, 0, 1, 1]
