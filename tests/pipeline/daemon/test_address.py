"""Where the control socket lies, and which daemons there are."""

from __future__ import annotations

import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from controls import FakeControl

from pipeline.config import PipelineConfig, Service, StageConfig
from pipeline.daemon import address
from pipeline.daemon.control import ControlSocket
from pipeline.errors import ConfigError, ResourceError, ServiceError


def named(name: str, socket: str = "") -> PipelineConfig:
    return PipelineConfig((StageConfig("a", "x:X", "a"),), (), name, service=Service(socket))


@pytest.fixture
def runtime(tmp_path: Path) -> dict[str, str]:
    return {"XDG_RUNTIME_DIR": str(tmp_path)}


@pytest.fixture
def daemons(runtime: dict[str, str]) -> Iterator[list[ControlSocket]]:
    running: list[ControlSocket] = []
    yield running
    for control in running:
        control.close()


def running(name: str, runtime: dict[str, str]) -> ControlSocket:
    return ControlSocket(address.make(named(name), runtime), lambda line: line, FakeControl())


def test_the_folder_is_the_users_own(runtime: dict[str, str], tmp_path: Path) -> None:
    path = address.make(named("room"), runtime)
    assert path == tmp_path / "slidetap" / "room.sock"
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_service_managers_folder_comes_first(runtime: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "run").mkdir(mode=0o700)
    path = address.make(named("room"), runtime | {"RUNTIME_DIRECTORY": str(tmp_path / "run")})
    assert path == tmp_path / "run" / "room.sock"


def test_a_folder_that_others_can_look_into_is_not_used(runtime: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "slidetap").mkdir(mode=0o755)
    assert address.make(named("room"), runtime).parent != tmp_path / "slidetap"


def test_a_link_is_no_folder_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "slidetap").symlink_to(tmp_path / "real")
    monkeypatch.setattr(address, "folders", lambda environment: [tmp_path / "slidetap"])
    with pytest.raises(ResourceError, match=r"set socket = .* in \[service\].*0700"):
        address.make(named("room"))


def test_the_file_may_say_where(tmp_path: Path) -> None:
    path = address.make(named("room", str(tmp_path / "new" / "x.sock")))
    assert path == tmp_path / "new" / "x.sock"
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_path_too_long_for_a_socket_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"has \d+ bytes, and 107 are possible; set a shorter socket"):
        address.make(named("room", str(tmp_path / ("x" * 100))))


@pytest.mark.parametrize("name", ["../../room", "a/b", "", "..", "Hörsaal 1"])
def test_no_name_leaves_the_folder(name: str, runtime: dict[str, str], tmp_path: Path) -> None:
    assert address.make(named(name), runtime).parent == tmp_path / "slidetap"


def test_the_only_daemon_need_not_be_named(runtime: dict[str, str], daemons: list[ControlSocket]) -> None:
    daemons.append(running("Hörsaal 1", runtime))
    assert address.find("", runtime) == daemons[0].path
    assert address.find("Hörsaal 1", runtime) == daemons[0].path


def test_of_several_one_must_be_named(runtime: dict[str, str], daemons: list[ControlSocket]) -> None:
    daemons += [running("a", runtime), running("b", runtime)]
    with pytest.raises(ConfigError, match="several daemons run, name one of them: a, b"):
        address.find("", runtime)
    assert address.find("b", runtime) == daemons[1].path


def test_a_name_that_does_not_run_is_told_with_those_that_do(
    runtime: dict[str, str], daemons: list[ControlSocket]
) -> None:
    daemons.append(running("a", runtime))
    with pytest.raises(ServiceError, match="no daemon called 'c' runs; running: a"):
        address.find("c", runtime)


def test_what_a_dead_daemon_left_is_no_daemon(runtime: dict[str, str], tmp_path: Path) -> None:
    control = running("room", runtime)
    path = control.path
    copy = path.with_name("ghost.sock")
    path.rename(copy)
    control.close()
    assert copy.is_socket()
    with pytest.raises(ServiceError, match="no daemon runs"):
        address.find("", runtime)


def test_a_daemon_in_a_folder_of_somebody_else_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    folder = tmp_path / f"slidetap-{os.getuid()}"
    folder.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "hall-of-a-stranger.sock"))
        listening.listen()
        assert address.find("hall-of-a-stranger", {}).parent == folder
        folder.chmod(0o755)  # as whoever made it first left it
        with pytest.raises(ServiceError, match="hall-of-a-stranger"):
            address.find("hall-of-a-stranger", {})
