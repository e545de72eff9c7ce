"""Children: forked by the zygote, or spawned where there is none; to the supervisor there is no difference."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from building import chain

from pipeline import spawning
from pipeline.cli import invoke, make_app
from pipeline.entry import prepare
from pipeline.errors import ResourceError
from pipeline.link import BusServer, Hub, endpoint
from pipeline.messages import Described
from pipeline.runner.spec import ProcessSpec
from pipeline.spawning import Process, Spawner
from pipeline.supervisor import run
from pipeline.supervisor.plan import processes

PR_GET_CHILD_SUBREAPER = 37


class Family:
    """A spawner, and the bus that its children speak on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hub = Hub()
        self.bus = BusServer(self.hub, endpoint(folder, "bus"))
        self.spawner = Spawner()
        self.far_ends: list[socket.socket] = []

    def spec(self, **properties: object) -> ProcessSpec:
        config = chain(("count", "Counting", properties), ("check", "Checking", {}))
        return processes(config, str(self.folder), os.getpid())[1]

    def child(self) -> Process:
        return self.spawner.spawn(self.spec(), self.folder / "check.log")

    def described(self, count: int = 1) -> None:
        """Wait until so many children have said what they are: they live, and wait for the word."""
        end = time.monotonic() + 30
        while count and time.monotonic() < end:
            self.hub.wait(0.1)
            while (received := self.bus.receive()) is not None:
                count -= isinstance(received[1], Described)
        assert not count

    @property
    def zygote(self) -> int:
        assert self.spawner._zygote is not None
        return self.spawner._zygote._popen.pid


@pytest.fixture
def family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Family]:
    """Parametrized with False: the system can only spawn."""
    if not getattr(request, "param", True):
        monkeypatch.setattr("pipeline.spawning.sys.platform", "elsewhere")
    made = Family(tmp_path)
    yield made
    made.spawner.close()
    for end in made.far_ends:
        end.close()
    made.hub.close()


def status(pid: int, word: str) -> str:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line.split(":", 1)[1].strip() for line in lines if line.startswith(f"{word}:"))


def ended(child: Process) -> int:
    return child.wait(20)


@pytest.mark.parametrize("family", [True, False], indirect=True, ids=["forked", "spawned"])
def test_a_child_is_ours_alone_and_its_end_is_told(family: Family) -> None:
    child = family.child()
    family.described()
    pid = child.pid
    assert status(pid, "PPid") == str(os.getpid())
    assert os.getsid(pid) == pid, "Ctrl-C reaches the supervisor alone"
    assert {os.readlink(f"/proc/{pid}/fd/{out}") for out in (1, 2)} == {str(family.folder / "check.log")}
    assert child.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(0.01)
    child.kill()
    assert ended(child) == child.poll() == -signal.SIGKILL
    child.kill()  # it has ended: nobody is hit
    assert not Path(f"/proc/{pid}").exists(), "it was waited for"


@pytest.mark.parametrize("family", [True, False], indirect=True, ids=["forked", "spawned"])
def test_the_exit_code_is_that_of_the_error(family: Family) -> None:
    child = family.spawner.spawn(
        processes(chain(("check", "Nowhere", {})), str(family.folder), os.getpid())[0], family.folder / "check.log"
    )
    assert ended(child) == 78


def test_a_forked_child_holds_nothing_of_the_zygote(family: Family) -> None:
    first, second = family.child(), family.child()
    family.described(2)
    for child in (first, second):
        held = {name: os.readlink(f"/proc/{child.pid}/fd/{name}") for name in os.listdir(f"/proc/{child.pid}/fd")}
        control = os.readlink(f"/proc/{family.zygote}/fd/0")
        assert control.startswith("socket:")
        assert control not in held.values()
        assert held["0"] == os.devnull
        assert Path(f"/proc/{child.pid}/comm").read_text() == "check\n"
        child.kill()
        ended(child)


def test_the_zygote_has_one_thread_and_ends_with_the_run_its_children_go_on(family: Family) -> None:
    child = family.child()
    zygote = family.zygote
    assert os.listdir(f"/proc/{zygote}/task") == [str(zygote)], "a fork has only the thread that forked"
    family.spawner.close()
    assert not Path(f"/proc/{zygote}").exists()
    family.described()
    assert child.poll() is None
    child.kill()
    ended(child)


def test_orphans_are_adopted_only_while_a_child_is_made(family: Family) -> None:
    child = family.child()
    flag = ctypes.c_int(-1)
    assert ctypes.CDLL(None).prctl(PR_GET_CHILD_SUBREAPER, ctypes.byref(flag), 0, 0, 0) == 0
    assert flag.value == 0
    child.kill()
    ended(child)


def test_without_its_zygote_children_are_spawned(family: Family) -> None:
    before = family.child()
    os.kill(family.zygote, signal.SIGKILL)
    after = family.child()
    family.described(2)
    assert before.poll() is None, "it does not die with the zygote"
    assert isinstance(after, subprocess.Popen)
    for child in (before, after):
        child.kill()
        ended(child)


def test_a_zygote_that_was_stopped_is_waited_for_only_so_long(family: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spawning, "_ANSWER_S", 0.2)
    before = family.child()
    os.kill(family.zygote, signal.SIGSTOP)
    after = family.child()
    assert isinstance(after, subprocess.Popen)
    assert family.spawner._zygote is None
    family.described(2)
    for child in (before, after):
        child.kill()
        ended(child)


def answering(family: Family, answer: bytes) -> None:
    """Somebody else takes the zygote's place."""
    assert family.spawner._zygote is not None
    family.spawner._zygote._control.close()
    ours, theirs = socket.socketpair()
    theirs.sendall(answer)
    theirs.shutdown(socket.SHUT_WR)
    family.spawner._zygote._control = ours
    family.far_ends.append(theirs)


def test_a_system_that_refuses_to_fork_is_no_reason_to_spawn(family: Family) -> None:
    answering(family, b"-%d\n" % errno.EAGAIN)
    with pytest.raises(ResourceError, match="cannot start the process of stage 'check': Resource temporarily unavail"):
        family.child()


@pytest.mark.parametrize("answer", [b"", b"12", b"nonsense\n", b"-%d\n" % errno.ECHILD])
def test_a_zygote_that_talks_nonsense_or_whose_children_are_not_ours_is_not_asked_again(
    family: Family, answer: bytes
) -> None:
    answering(family, answer)
    child = family.child()
    assert isinstance(child, subprocess.Popen)
    assert family.spawner._zygote is None
    family.described()
    child.kill()
    ended(child)


def test_a_child_that_somebody_else_waited_for_has_ended(family: Family) -> None:
    child = family.child()
    os.kill(child.pid, signal.SIGKILL)
    os.waitpid(child.pid, 0)
    assert ended(child) == 255


def test_a_run_that_can_only_spawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.spawning.sys.platform", "elsewhere")
    outcome = run(chain(("count", "Counting", {"frames": 50}), ("check", "Checking", {})))
    assert outcome.error is None
    assert outcome.ledgers["check"].received == 50


def test_a_zygote_that_was_begun_is_that_of_the_next_run_alone(tmp_path: Path) -> None:
    spawning.begin()
    spawning.begin()
    (begun,) = spawning._begun
    first, second = Spawner(), Spawner()
    assert first._zygote is begun
    assert second._zygote not in (begun, None)
    for spawner in (first, second):
        spawner.close()
    spawning.dismiss()
    assert begun._popen.returncode is not None


@pytest.mark.parametrize(("arguments", "begins"), [(["launch"], 1), (["launch", "--help"], 0), (["graph"], 0)])
def test_a_command_that_runs_nothing_leaves_no_zygote(
    arguments: list[str], begins: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    begun: list[spawning._Zygote] = []

    class Seen(spawning._Zygote):
        def __init__(self) -> None:
            super().__init__()
            begun.append(self)

    monkeypatch.setattr(spawning, "_Zygote", Seen)
    prepare(arguments)
    assert len(begun) == begins
    assert invoke(make_app(), arguments) == (0 if "--help" in arguments else 64)
    assert [zygote._popen.returncode for zygote in begun] == [-signal.SIGKILL] * begins
    assert spawning._begun == []


def test_a_system_that_cannot_start_a_zygote_is_asked_to_spawn(family: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(errno.EAGAIN, "no more processes")

    monkeypatch.setattr(spawning, "_popen", refused)
    spawner = Spawner()
    assert spawner._zygote is None
    with pytest.raises(ResourceError, match="cannot start the process of stage 'check': no more processes"):
        spawner.spawn(family.spec(), family.folder / "check.log")
