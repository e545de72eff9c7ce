"""The desk beside the loop: commands, the service manager, SIGHUP, the keeper."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from controls import FakeControl

from pipeline.config import Limits, LinkConfig, PipelineConfig, Restart, Service, StageConfig
from pipeline.daemon.desk import ServiceDesk, Surroundings
from pipeline.daemon.keeper import News
from pipeline.daemon.notify import Notifier
from pipeline.errors import ConfigError, ServiceError, WriteError
from pipeline.frame import Meta
from pipeline.messages import BusMessage, Down, Element, Heartbeat, Ledger, StateChanged, Warn
from pipeline.states import State
from pipeline.supervisor.desk import Control

STAGES = (StageConfig("a", "x:X", "a"), StageConfig("b", "x:X", "b"))
PLAYING = {"a": State.PLAYING, "b": State.PLAYING}


@dataclass
class FakeKeeper:
    """It remembers what it was asked, and fails on request."""

    calls: list[str] = field(default_factory=list)
    failure: Exception | None = None
    tables: Mapping[str, Mapping[str, object]] | None = None
    news: list[News] = field(default_factory=list)

    def begin(self, control: Control) -> None:
        self._called("begin")

    def hear(self, message: BusMessage) -> None:
        self._called(f"hear {type(message).__name__}")

    def turn(self) -> list[News]:
        self._called("turn")
        told, self.news = self.news, []
        return told

    def command(self, name: str, arguments: Meta) -> Meta:
        self._called(name)
        return {"text": f"{name}: {arguments.get('title')}"}

    def status(self) -> Meta:
        return {"lecture": {"title": "Analysis", "state": "open"}, "pipeline": "not mine to tell"}

    def reload(self, application: Mapping[str, Mapping[str, object]]) -> None:
        self._called("reload")
        self.tables = application

    def end(self) -> None:
        self._called("end")

    def _called(self, what: str) -> None:
        self.calls.append(what)
        if self.failure is not None and what != "begin":
            raise self.failure


class Room:
    """A desk with all that surrounds it."""

    def __init__(self, folder: Path, http: str = "", keeper: FakeKeeper | None = None) -> None:
        self.config = PipelineConfig(
            STAGES, (LinkConfig("a", "b"),), "room", service=Service(str(folder / "room.sock"), http)
        )
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(str(folder / "notify"))
        self.manager.setblocking(False)
        self.notifier = Notifier({"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "20000000"})
        self.notifications: list[str] = []
        self.said: list[BusMessage] = []
        self.hangups: list[int] = []
        self.now = 100.0
        self.read: PipelineConfig | Exception = self.config
        self.control: FakeControl = FakeControl({"a": State.NULL, "b": State.NULL}, {"a": Ledger(9, 9)})
        self.keeper = keeper
        around = Surroundings(self.said.append, self.hangups, self._reread, self.notifier, lambda: self.now)
        self.desk = ServiceDesk(self.config, keeper, around)

    def ask(self, command: str, **arguments: str) -> dict[str, object]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(5)
            client.connect(str(self.desk.socket))
            client.sendall(json.dumps({"command": command, "arguments": arguments}).encode() + b"\n")
            self.desk.turn()
            answer = json.loads(client.recv(1 << 20))
        assert isinstance(answer, dict)
        return answer

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.desk.turn()
        self._take_notifications()

    def notified(self) -> list[str]:
        """What the service manager was told since this was asked last."""
        self._take_notifications()
        found, self.notifications = self.notifications, []
        return found

    def _take_notifications(self) -> None:
        """At once: a socket nobody reads holds ten datagrams, and the next ones are lost."""
        try:
            while True:
                self.notifications += self.manager.recv(4096).decode().split("\n")
        except BlockingIOError:
            return

    def warnings(self) -> list[str]:
        return [message.text for message in self.said if isinstance(message, Warn)]

    def beat(self) -> None:
        for process in ("a", "b"):
            self.desk.hear(Heartbeat(process, "working", {}))

    def play(self) -> None:
        self.control.known_states = dict(PLAYING)
        self.beat()
        self.pass_time(1.0)

    def _reread(self) -> PipelineConfig:
        if isinstance(self.read, Exception):
            raise self.read
        return self.read


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[Callable[..., Room]]:
    made: list[Room] = []

    def make(http: str = "", keeper: FakeKeeper | None = None) -> Room:
        room = Room(tmp_path, http, keeper)
        made.append(room)
        room.desk.begin(room.control)
        return room

    yield make
    for room in made:
        if room.keeper is not None:
            room.keeper.failure = None
        room.desk.end()
        room.notifier.close()
        room.manager.close()


def test_status_tells_the_stages_and_what_the_keeper_adds(rooms: Callable[..., Room]) -> None:
    room = rooms(keeper=FakeKeeper())
    room.play()
    answer = room.ask("status")
    assert (answer["ok"], answer["pipeline"], answer["ready"]) == (True, "room", True)
    assert answer["lecture"] == {"title": "Analysis", "state": "open"}
    assert [stage["state"] for stage in answer["stages"]] == ["playing", "playing"]  # type: ignore[attr-defined]


def test_commands_of_the_application_reach_the_keeper(rooms: Callable[..., Room]) -> None:
    keeper = FakeKeeper()
    assert rooms(keeper=keeper).ask("start", title="Analysis") == {"ok": True, "text": "start: Analysis"}
    assert "start" in keeper.calls


def test_what_the_keeper_refuses_is_the_answer(rooms: Callable[..., Room]) -> None:
    room = rooms(keeper=FakeKeeper(failure=ServiceError("no lecture is open")))
    assert room.ask("stop") == {"ok": False, "error": "no lecture is open", "exit_code": 69}


def test_a_mistake_in_a_command_ends_nothing(rooms: Callable[..., Room]) -> None:
    room = rooms(keeper=FakeKeeper())
    assert room.keeper is not None
    room.keeper.command = {}.__getitem__  # type: ignore[method-assign, assignment]
    answer = room.ask("start")
    assert answer["exit_code"] == 70
    assert "TypeError" in str(answer["error"])
    assert len(room.warnings()) == 1
    assert room.ask("status")["ok"]


def test_a_full_disk_in_the_keeper_is_a_warning_and_no_end(rooms: Callable[..., Room]) -> None:
    room = rooms(keeper=FakeKeeper(failure=WriteError("no space left on device")))
    room.desk.hear(Heartbeat("a", "working", {}))
    room.pass_time(1.0)
    assert room.warnings() == ["no space left on device"] * 2


def test_what_the_keeper_tells_is_news_and_what_troubles_it_a_warning(rooms: Callable[..., Room]) -> None:
    room = rooms(keeper=FakeKeeper(news=[News("a lecture has begun"), News("no calendar", trouble=True)]))
    room.pass_time(1.0)
    assert room.warnings() == ["no calendar"]
    told = [message.data for message in room.said if isinstance(message, Element) and message.name == "news"]
    assert told == [{"text": "a lecture has begun"}]


def test_without_a_keeper_its_commands_are_refused_with_those_there_are(rooms: Callable[..., Room]) -> None:
    answer = rooms().ask("start")
    assert answer["exit_code"] == 78
    assert "it has: status" in str(answer["error"]).replace("which has", "it has")


def test_nonsense_is_refused_and_the_conversation_goes_on(rooms: Callable[..., Room]) -> None:
    assert rooms().ask("../x")["exit_code"] == 76


def test_shutdown_drains_and_revive_revives(rooms: Callable[..., Room]) -> None:
    room = rooms()
    assert room.ask("revive")["ok"]
    assert room.control.revived
    assert room.ask("shutdown")["ok"]
    assert room.control.drained
    assert "STOPPING=1" in room.notified()


def test_the_service_manager_is_told_once_when_all_stages_play(rooms: Callable[..., Room]) -> None:
    room = rooms()
    room.pass_time(1.0)
    assert "READY=1" not in room.notified()
    room.play()
    told = room.notified()
    assert "READY=1" in told
    assert "STATUS=all stages are playing" in told
    room.pass_time(5.0)
    assert "READY=1" not in room.notified()


def test_the_watchdog_is_fed_in_half_its_time(rooms: Callable[..., Room]) -> None:
    room = rooms()
    for _ in range(21):
        room.beat()
        room.pass_time(1.0)
    assert room.notified().count("WATCHDOG=1") == 3


def test_a_stage_that_was_given_up_does_not_stop_the_watchdog(rooms: Callable[..., Room]) -> None:
    room = rooms()
    room.play()
    room.desk.hear(Down("b", ("b",), "crashed", None))
    room.desk.hear(StateChanged("b", State.BACKOFF, State.FAILED))
    room.notified()
    for _ in range(300):
        room.desk.hear(Heartbeat("a", "working", {}))
        room.pass_time(1.0)
    assert room.notified().count("WATCHDOG=1") == 30


def test_a_heartbeat_that_nobody_acts_on_stops_the_watchdog_and_is_said_once(rooms: Callable[..., Room]) -> None:
    room = rooms()
    room.play()
    room.notified()
    for _ in range(300):
        room.desk.hear(Heartbeat("a", "working", {}))
        room.pass_time(1.0)
    assert room.notified().count("WATCHDOG=1") in (1, 2)
    assert room.warnings() == ["process 'b' should have been heard of or restarted long ago"]


def test_after_a_pause_of_its_own_the_daemon_hears_the_others_first(rooms: Callable[..., Room]) -> None:
    room = rooms()
    room.play()
    room.pass_time(3600.0)
    room.beat()
    room.notified()
    room.pass_time(0.1)
    assert room.warnings() == []
    assert "WATCHDOG=1" in room.notified()


def test_the_end_is_announced_and_given_time_while_it_shows_life(rooms: Callable[..., Room]) -> None:
    room = rooms()
    room.play()
    room.notified()
    room.desk.hear(Heartbeat("b", "draining", {}))
    room.pass_time(1.0)
    told = room.notified()
    assert "STOPPING=1" in told
    assert "EXTEND_TIMEOUT_USEC=15000000" in told


def test_sighup_reads_the_file_again_and_tells_the_service_manager(rooms: Callable[..., Room]) -> None:
    room = rooms(keeper=FakeKeeper())
    room.play()
    room.notified()
    room.read = replace(room.config, application={"lectures": {"root": "/x"}}, limits=Limits(working_s=3))
    room.hangups.append(1)
    room.pass_time(0.1)
    told = room.notified()
    assert told[0] == "RELOADING=1"
    assert told[1].startswith("MONOTONIC_USEC=")
    assert told[2] == "READY=1"
    assert room.keeper is not None
    assert room.keeper.tables == {"lectures": {"root": "/x"}}
    (line,) = room.warnings()
    assert line.endswith("in force now: [lectures], [limits] working_s")


def test_limits_and_numbers_of_restarts_go_to_the_run(rooms: Callable[..., Room]) -> None:
    room = rooms()
    room.read = replace(room.config, limits=Limits(working_s=3), restart=Restart(crashes=9))
    assert room.ask("reload") == {
        "ok": True,
        "text": "the file was read again; in force now: [limits] working_s, [restart] crashes",
    }
    assert room.control.amended == (Limits(working_s=3), Restart(crashes=9))
    assert room.ask("reload")["text"] == "the file was read again: nothing in it has changed"


def test_a_broken_file_is_one_line_and_changes_nothing(rooms: Callable[..., Room]) -> None:
    room = rooms(keeper=FakeKeeper())
    room.read = ConfigError("room.toml, line 3: unknown key 'lecturs'")
    room.hangups += [1, 1]
    room.pass_time(0.1)
    room.pass_time(0.1)
    assert room.warnings() == ["nothing is changed: room.toml, line 3: unknown key 'lecturs'"]
    assert room.keeper is not None
    assert "reload" not in room.keeper.calls


def test_tables_that_the_keeper_refuses_change_nothing_else(rooms: Callable[..., Room]) -> None:
    room = rooms(keeper=FakeKeeper(failure=ConfigError("root must be a folder")))
    room.read = replace(room.config, application={"lectures": {}}, limits=Limits(working_s=3))
    assert room.ask("reload")["error"] == "nothing is changed: root must be a folder"
    assert room.control.amended is None


def test_metrics_and_health_are_served_from_what_was_published(rooms: Callable[..., Room]) -> None:
    room = rooms(http=":0")
    room.play()
    room.desk.hear(Element("a", "figures", {"capture_lag_seconds": 0.5}))
    room.pass_time(1.0)
    connection = http.client.HTTPConnection(str(room.ask("status")["http"]), timeout=10)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    assert 'slidetap_capture_lag_seconds{pipeline="room",stage="a"} 0.5' in text
    assert room.warnings() == []


def test_metrics_for_all_the_world_are_warned_of(rooms: Callable[..., Room]) -> None:
    (line,) = rooms(http="0.0.0.0:0").warnings()
    assert "0.0.0.0:0" in line
    assert "no password" in line


def test_a_second_daemon_does_not_start_and_does_not_harm_the_first(rooms: Callable[..., Room], tmp_path: Path) -> None:
    first = rooms()
    around = Surroundings(first.said.append, [])
    keeper = FakeKeeper()
    second = ServiceDesk(first.config, keeper, around)
    with pytest.raises(ServiceError, match="already running"):
        second.begin(FakeControl())
    second.end()
    assert keeper.calls == []
    assert first.ask("status")["ok"]


def test_after_the_end_nothing_is_left(rooms: Callable[..., Room], tmp_path: Path) -> None:
    room = rooms(http=":0", keeper=FakeKeeper())
    room.desk.end()
    assert room.control.watched == set()
    assert not (tmp_path / "room.sock").exists()
    assert room.keeper is not None
    assert room.keeper.calls[-1] == "end"
    assert "STOPPING=1" in room.notified()
