"""A whole daemon as a process of its own: asked, killed at, reloaded, watched, ended."""

from __future__ import annotations

import http.client
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.daemon.client import ask
from pipeline.daemon.protocol import Request
from pipeline.errors import ExitCode, ServiceError

SCRIPT = "import sys; from pipeline.cli import *; sys.exit(invoke(make_app(), sys.argv[1:]))"
FILE = """\
[pipeline]
name = "toy"
[[stage]]
type = "playthings:Ticking"
name = "tick"
properties = {{ interval = 0.05 }}
[[stage]]
type = "playthings:Pass"
name = "pass"
[[stage]]
type = "playthings:Noting"
name = "note"
[restart]
policy = "process"
[service]
socket = "{socket}"
http = "127.0.0.1:0"
"""
PATIENCE_S = 30.0


class Daemon:
    """One that runs; what it logs is read as it comes."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.socket = folder / "toy.sock"
        self.log: list[dict[str, object]] = []
        self._lines: queue.Queue[str] = queue.Queue()
        command = [sys.executable, "-c", SCRIPT, "run", str(folder / "toy.toml"), "--log", "json"]
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=dict(os.environ) | environment
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def ask(self, command: str, **arguments: str) -> dict[str, object]:
        return dict(ask(self.socket, Request(command, arguments), PATIENCE_S))

    def stage(self, name: str) -> dict[str, object]:
        stages = self.ask("status")["stages"]
        assert isinstance(stages, list)
        return next(stage for stage in stages if stage["stage"] == name)

    def until(self, what: Callable[[dict[str, object]], bool]) -> dict[str, object]:
        """The first line of the log from now on of which ``what`` is true."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            line = self._lines.get(timeout=max(0.01, deadline - time.monotonic()))
            try:
                self.log.append(json.loads(line))
            except ValueError:
                self.log.append({"text": line.strip()})
            if what(self.log[-1]):
                return self.log[-1]

    def until_it_plays(self) -> None:
        playing: set[object] = set()

        def all_play(entry: dict[str, object]) -> bool:
            if entry.get("text") == "paused -> playing":
                playing.add(entry["stage"])
            return len(playing) == 3

        self.until(all_play)

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        return code

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            for line in lines:
                self._lines.put(line)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Daemon]]:
    """Starts a daemon of the toy pipeline; whatever is left of it is ended."""
    (tmp_path / "toy.toml").write_text(FILE.format(socket=tmp_path / "toy.sock"))
    started: list[Daemon] = []

    def start(**environment: str) -> Daemon:
        started.append(Daemon(tmp_path, environment))
        return started[-1]

    yield start
    for daemon in started:
        if daemon.process.poll() is None:
            daemon.end(signal.SIGTERM)


def get(daemon: Daemon, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(str(daemon.ask("status")["http"]), timeout=PATIENCE_S)
    connection.request("GET", path)
    response = connection.getresponse()
    found = response.status, response.read().decode()
    connection.close()
    return found


def is_up(entry: dict[str, object]) -> bool:
    return entry.get("event") == "up"


def test_it_says_how_it_stands_and_ends_in_order(start: Callable[..., Daemon]) -> None:
    daemon = start()
    daemon.until_it_plays()
    status = daemon.ask("status")
    assert (status["pipeline"], status["pid"]) == ("toy", daemon.process.pid)
    assert daemon.stage("pass")["state"] == "playing"
    assert daemon.end(signal.SIGTERM) == ExitCode.TERMINATED
    assert not daemon.socket.exists()
    with pytest.raises(ServiceError, match="no daemon runs"):
        daemon.ask("status")


def test_a_killed_stage_is_told_in_status_metrics_and_log(start: Callable[..., Daemon]) -> None:
    daemon = start()
    daemon.until_it_plays()
    before = daemon.stage("pass")["pid"]
    assert isinstance(before, int)
    os.kill(before, signal.SIGKILL)
    entry = daemon.until(is_up)
    assert (entry["stage"], entry["level"]) == ("pass", "info")
    stage = daemon.stage("pass")
    assert (stage["restarts"], stage["incarnation"], stage["state"]) == (1, 1, "playing")
    assert "SIGKILL" in str(stage["last_crash"])
    assert stage["pid"] != before
    deadline = time.monotonic() + PATIENCE_S
    while 'slidetap_restarts_total{pipeline="toy",stage="pass"} 1.0' not in (text := get(daemon, "/metrics")[1]):
        assert time.monotonic() < deadline, text
    assert daemon.end() == ExitCode.TERMINATED


def test_health_is_good_when_all_stages_play(start: Callable[..., Daemon]) -> None:
    daemon = start()
    daemon.until_it_plays()
    deadline = time.monotonic() + PATIENCE_S
    while (found := get(daemon, "/healthz"))[0] != 200:
        assert time.monotonic() < deadline, found
    assert json.loads(found[1])["stages"] == {"tick": "playing", "pass": "playing", "note": "playing"}


def test_a_second_one_is_refused_and_the_first_goes_on(start: Callable[..., Daemon]) -> None:
    daemon = start()
    daemon.until_it_plays()
    second = start()
    assert second.process.wait(PATIENCE_S) == ExitCode.UNAVAILABLE
    second.until(lambda entry: "it is already running" in str(entry["text"]))
    assert daemon.stage("tick")["state"] == "playing"


def test_after_a_kill_the_next_one_takes_the_place(
    start: Callable[..., Daemon], tmp_path_factory: pytest.TempPathFactory
) -> None:
    left_behind = str(tmp_path_factory.mktemp("left"))
    daemon = start(SLIDETAP_RUN_DIR=left_behind)
    daemon.until_it_plays()
    assert daemon.end(signal.SIGKILL) == -signal.SIGKILL
    assert daemon.socket.is_socket()
    again = start()
    again.until_it_plays()
    assert again.ask("status")["pid"] == again.process.pid


def test_sighup_reads_the_file_again_and_a_broken_one_changes_nothing(
    start: Callable[..., Daemon], tmp_path: Path
) -> None:
    daemon = start()
    daemon.until_it_plays()
    file = tmp_path / "toy.toml"
    good = file.read_text()
    file.write_text(good.replace('name = "pass"', 'name = "passing"'))
    daemon.process.send_signal(signal.SIGHUP)
    entry = daemon.until(lambda entry: entry.get("stage") == "daemon")
    assert "only after a restart: stage 'pass', stage 'passing', links" in str(entry["text"])
    file.write_text(good + "[limits]\nworking_s = 5\n")
    daemon.process.send_signal(signal.SIGHUP)
    entry = daemon.until(lambda entry: entry.get("stage") == "daemon")
    assert "in force now: [limits] working_s" in str(entry["text"])
    file.write_text(good + "nonsense = 1\n")
    daemon.process.send_signal(signal.SIGHUP)
    entry = daemon.until(lambda entry: entry.get("stage") == "daemon")
    assert "nothing is changed" in str(entry["text"])
    assert "unknown key 'nonsense'" in str(entry["text"])
    assert daemon.stage("pass")["state"] == "playing"


def test_limits_that_were_read_again_are_kept_by_the_supervisor(start: Callable[..., Daemon], tmp_path: Path) -> None:
    daemon = start()
    daemon.until_it_plays()
    file = tmp_path / "toy.toml"
    file.write_text(file.read_text() + "[limits]\nworking_s = 1.5\n")
    daemon.ask("reload")
    pid = daemon.stage("note")["pid"]
    assert isinstance(pid, int)
    os.kill(pid, signal.SIGSTOP)
    entry = daemon.until(lambda entry: entry.get("event") == "down")
    assert "hung: no sign of life for 1.5 s" in str(entry["text"])
    daemon.until(is_up)


def test_a_stage_that_was_given_up_is_named_and_the_others_go_on_until_it_is_revived(
    start: Callable[..., Daemon], tmp_path: Path
) -> None:
    file = tmp_path / "toy.toml"
    file.write_text(file.read_text().replace('policy = "process"', 'policy = "process"\ncrashes = 1'))
    daemon = start()
    daemon.until_it_plays()
    for awaited in (is_up, lambda entry: entry.get("text") == "playing -> failed"):
        pid = daemon.stage("note")["pid"]
        assert isinstance(pid, int)
        os.kill(pid, signal.SIGKILL)
        daemon.until(awaited)
    status = daemon.ask("status")
    assert "stage 'note' is failed: was killed by SIGKILL" in str(status["degraded"])
    deadline = time.monotonic() + PATIENCE_S
    while "'note' is failed" not in (found := get(daemon, "/healthz"))[1]:
        assert time.monotonic() < deadline, found
    assert found[0] == 503
    assert daemon.stage("tick")["state"] == "playing"
    daemon.ask("revive")
    daemon.until(is_up)
    assert daemon.ask("status")["degraded"] == []


def test_the_service_manager_hears_of_start_life_and_end(start: Callable[..., Daemon], tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(PATIENCE_S)
        heard: list[str] = []

        def until(line: str) -> None:
            while line not in heard:
                heard.extend(manager.recv(4096).decode().split("\n"))

        daemon = start(NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="400000")
        until("READY=1")
        until("STATUS=all stages are playing")
        heard.clear()
        until("WATCHDOG=1")
        daemon.process.send_signal(signal.SIGHUP)
        until("RELOADING=1")
        heard.clear()
        until("READY=1")
        daemon.process.send_signal(signal.SIGTERM)
        until("STOPPING=1")
        assert daemon.process.wait(PATIENCE_S) == ExitCode.TERMINATED


def test_it_can_be_ended_through_its_socket_while_a_hostile_one_is_connected(start: Callable[..., Daemon]) -> None:
    daemon = start()
    daemon.until_it_plays()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as hostile:
        hostile.connect(str(daemon.socket))
        hostile.sendall(b'{"command": "' + b"x" * 10_000)
        daemon.ask("shutdown")
        assert daemon.process.wait(PATIENCE_S) == ExitCode.TERMINATED
