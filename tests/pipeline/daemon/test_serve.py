"""A daemon from its start to its end, with a supervisor that only calls its desk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from controls import FakeControl

from pipeline.config import PipelineConfig, Service, StageConfig
from pipeline.daemon.serve import serve
from pipeline.errors import ConfigError, ExitCode, PipelineError
from pipeline.messages import BusMessage, Ledger
from pipeline.supervisor import Outcome
from pipeline.supervisor.desk import Desk

Turn = Callable[[Desk], None]


@pytest.fixture
def config(tmp_path: Path) -> PipelineConfig:
    return PipelineConfig((StageConfig("a", "x:X", "a"),), (), "room", service=Service(str(tmp_path / "room.sock")))


@pytest.fixture
def supervisor(monkeypatch: pytest.MonkeyPatch) -> Callable[[Turn, int | None], None]:
    """Stands in for the supervisor: calls the desk, lets something happen, and ends by a signal."""

    def install(happening: Turn, number: int | None = signal.SIGTERM) -> None:
        def run(config: PipelineConfig, on_message: Callable[[BusMessage], None], desk: Desk) -> Outcome:
            error: PipelineError | None = None
            try:
                desk.begin(FakeControl())
                happening(desk)
            except PipelineError as e:
                error = e
            desk.end()
            return Outcome({"a": Ledger(3, 3)}, error, None if error else number, 1.0)

        monkeypatch.setattr("pipeline.daemon.serve.run", run)

    return install


def test_its_exit_code_says_by_what_it_was_ended(
    config: PipelineConfig, supervisor: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor(lambda desk: None, signal.SIGTERM)
    assert serve(config) is ExitCode.TERMINATED
    supervisor(lambda desk: None, None)
    assert serve(config) is ExitCode.OK
    assert "error" not in capsys.readouterr().err


def test_a_daemon_that_runs_already_is_one_line_and_an_exit_code(
    config: PipelineConfig, supervisor: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    codes: list[ExitCode] = []

    def start_another(desk: Desk) -> None:
        supervisor(lambda desk: None)
        codes.append(serve(config))

    supervisor(start_another)
    serve(config)
    assert codes == [ExitCode.UNAVAILABLE]
    assert "error: it is already running" in capsys.readouterr().err


def test_sighup_reads_the_file_again_and_ends_nothing(
    config: PipelineConfig, supervisor: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    def hang_up(desk: Desk) -> None:
        os.kill(os.getpid(), signal.SIGHUP)
        desk.turn()

    before = signal.getsignal(signal.SIGHUP)
    supervisor(hang_up)
    new = replace(config, name="hall")
    assert serve(config, reread=lambda: new) is ExitCode.TERMINATED
    assert (
        "daemon: warning: the file was read again; only after a restart: the pipeline's name" in capsys.readouterr().err
    )
    assert signal.getsignal(signal.SIGHUP) is before


def test_what_is_no_service_is_not_served(config: PipelineConfig) -> None:
    with pytest.raises(ConfigError, match=r"write a table \[service\]"):
        serve(replace(config, service=None))


def test_a_daemon_that_serves_no_metrics_loads_nothing_heavy() -> None:
    heavy = "{'av', 'cv2', 'PIL', 'numpy', 'prometheus_client', 'rich', 'sqlite3'}"
    code = f"import sys, pipeline.daemon.serve; print({heavy} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert found.stdout == "set()\n"
