"""status, start, stop, mark and daemon, as they are typed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from controls import FakeControl

from pipeline.cli import invoke, make_app
from pipeline.daemon.control import ControlSocket
from pipeline.daemon.protocol import Request, decode_request, encode_answer, encode_refusal
from pipeline.errors import ExitCode, PipelineError, ServiceError

CONFIG = '[pipeline]\nname = "{name}"\n[[stage]]\ntype = "x:X"\n[service]\nsocket = "{socket}"\n'


class Daemon:
    """A control socket that is served by a thread and remembers what it was asked."""

    def __init__(self, path: Path) -> None:
        self.asked: list[Request] = []
        self.refusal: PipelineError | None = None
        self._ending = threading.Event()
        self._control = ControlSocket(path, self._answer, FakeControl())
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._ending.set()
        self._thread.join(10)
        self._control.close()

    def _serve(self) -> None:
        while not self._ending.wait(0.005):
            self._control.turn(0.0)

    def _answer(self, line: bytes) -> bytes:
        request = decode_request(line)
        self.asked.append(request)
        if self.refusal is not None:
            return encode_refusal(self.refusal)
        stages = [{"stage": "a", "state": "playing", "pid": 7}]
        return encode_answer(
            {"pipeline": "room", "ready": True, "stages": stages, "text": f"{request.command} is done"}
        )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where daemons are looked for, and nowhere else."""
    found = tmp_path / "slidetap"
    found.mkdir(mode=0o700)
    monkeypatch.setattr("pipeline.daemon.address.folders", lambda environment: [found])
    return found


@pytest.fixture
def daemon(folder: Path) -> Iterator[Daemon]:
    found = Daemon(folder / "room.sock")
    yield found
    found.close()


def run(*arguments: str) -> int:
    return invoke(make_app(), arguments)


@pytest.mark.parametrize(
    ("arguments", "request_made"),
    [
        (("start",), Request("start")),
        (("start", "--title", "Analysis I"), Request("start", {"title": "Analysis I"})),
        (("stop", "room"), Request("stop")),
        (("mark", "break"), Request("mark", {"text": "break"})),
        (("mark", "break", "room"), Request("mark", {"text": "break"})),
        (("daemon", "reload"), Request("reload")),
        (("daemon", "shutdown", "room"), Request("shutdown")),
    ],
)
def test_a_command_becomes_a_request_and_its_answer_is_told(
    arguments: tuple[str, ...], request_made: Request, daemon: Daemon, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 0
    assert daemon.asked == [request_made]
    assert capsys.readouterr().out == f"{request_made.command} is done\n"


def test_status_is_for_people_or_for_machines(daemon: Daemon, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("status") == 0
    assert capsys.readouterr().out.startswith("room: running, up ")
    assert run("status", "--json") == 0
    assert json.loads(capsys.readouterr().out)["stages"][0]["state"] == "playing"


def test_what_the_daemon_refuses_is_one_line_with_its_exit_code(
    daemon: Daemon, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.refusal = ServiceError("no lecture is open")
    assert run("stop") == ExitCode.UNAVAILABLE
    assert capsys.readouterr().err == "slidetap: error: no lecture is open\n"


def test_without_a_daemon_it_is_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("status") == ExitCode.UNAVAILABLE
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("slidetap: error: no daemon runs; 'slidetap run CONFIG'")


def test_with_several_daemons_one_must_be_named(
    daemon: Daemon, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = Daemon(folder / "hall.sock")
    try:
        assert run("stop") == ExitCode.USAGE
        assert "name one of them: hall, room" in capsys.readouterr().err
        assert run("stop", "hall") == 0
        assert (len(other.asked), len(daemon.asked)) == (1, 0)
    finally:
        other.close()


def test_a_file_says_which_daemon_is_meant(daemon: Daemon, tmp_path: Path) -> None:
    file = tmp_path / "room.toml"
    file.write_text(CONFIG.format(name="room", socket=""))
    assert run("stop", str(file)) == 0
    other = Daemon(tmp_path / "elsewhere.sock")
    try:
        file.write_text(CONFIG.format(name="room", socket=tmp_path / "elsewhere.sock"))
        assert run("stop", str(file)) == 0
        assert run("stop", str(tmp_path / "elsewhere.sock")) == 0
        assert (len(other.asked), len(daemon.asked)) == (2, 1)
    finally:
        other.close()
