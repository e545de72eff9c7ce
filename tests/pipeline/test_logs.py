"""Lines of a log."""

from __future__ import annotations

import json

import pytest

from pipeline.config import PipelineConfig, StageConfig
from pipeline.logs import LogForm, LogLines
from pipeline.messages import BusMessage, Down, Element, Failure, Heartbeat, StateChanged, Up, Warn
from pipeline.states import State
from pipeline.tally import Tally

WALL_NS = 1_795_520_096_123_456_789
BEAT = Heartbeat("a", "working", {})


class Log:
    """A log with a clock of its own."""

    def __init__(self, form: LogForm) -> None:
        self.lines: list[str] = []
        self.now = 0.0
        self._tally = Tally(PipelineConfig((StageConfig("a", "x:X", "a"),), ()))
        self.reporter = LogLines(form, self.lines.append, lambda: self.now, lambda: WALL_NS)

    def hear(self, *messages: BusMessage) -> None:
        for message in messages:
            self.reporter.message(message, self._tally)


@pytest.fixture
def log() -> Log:
    return Log(LogForm.TEXT)


def test_a_line_of_json_has_time_level_stage_event_and_text() -> None:
    log = Log(LogForm.JSON)
    log.hear(Warn("a", "3 packets\nare corrupt"))
    assert json.loads(log.lines[0]) == {
        "time": "2026-11-24T11:34:56.123Z",
        "level": "warning",
        "stage": "a",
        "event": "warning",
        "text": "3 packets are corrupt",
    }


def test_what_a_stage_tells_with_an_event_is_data() -> None:
    log = Log(LogForm.JSON)
    log.hear(Element("a", "source", {"state": "lost", "wall_ns": 5, "streams": b"\0" * 99}))
    found = json.loads(log.lines[0])
    assert found["event"] == "source"
    assert found["data"] == {"state": "lost", "wall_ns": 5, "streams": "99 bytes"}


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (StateChanged("a", State.NULL, State.READY), "info    a: state: null -> ready"),
        (StateChanged("a", State.BACKOFF, State.FAILED), "error   a: state: backoff -> failed"),
        (Failure("a", "SourceError", "gone"), "error   a: failure: SourceError: gone"),
        (Down("p", ("a", "b"), "hung", 0.5), "error   a+b: down: process p: hung; started again in 0.5 s"),
        (Down("p", ("a",), "hung", None), "error   a: down: process p: hung; it is given up"),
        (Up("p", ("a",), 2, 1.25), "info    a: up: process p plays again after 1.2 s, incarnation 2"),
        (Element("a", "slide", {"number": 3}), "info    a: slide: number=3"),
    ],
)
def test_a_line_of_text_says_the_same(log: Log, message: BusMessage, line: str) -> None:
    log.hear(message)
    assert log.lines == [f"2026-11-24T11:34:56.123Z {line}"]


def test_what_grows_in_the_same_state_is_told_once(log: Log) -> None:
    for size in range(3):
        log.hear(Element("a", "segment", {"file": "x.mp4", "state": "open", "bytes": size}))
    log.hear(Element("a", "segment", {"file": "x.mp4", "state": "complete", "bytes": 3}))
    log.hear(Element("a", "segment", {"file": "y.mp4", "state": "open", "bytes": 0}))
    assert [line.partition("state=")[2] for line in log.lines] == ["open bytes=0", "complete bytes=3", "open bytes=0"]


@pytest.mark.parametrize(
    "message", [BEAT, Element("a", "figures", {"x": 1}), Element("a", "result"), Element("a", "frame", {"seq": 1})]
)
def test_figures_and_what_comes_with_every_frame_are_no_lines(log: Log, message: BusMessage) -> None:
    log.hear(message)
    assert log.lines == []


def test_the_same_warning_comes_once_a_minute_with_the_number_of_those_left_out(log: Log) -> None:
    for second in range(125):
        log.now = float(second)
        log.hear(Warn("a", f"{second} packets are corrupt"), BEAT)
    texts = [line.partition("warning: ")[2] for line in log.lines]
    assert texts == [
        "0 packets are corrupt",
        "60 packets are corrupt (the last of 60 more like it)",
        "120 packets are corrupt (the last of 60 more like it)",
    ]


def test_another_warning_and_another_stage_are_told_at_once(log: Log) -> None:
    log.hear(Warn("a", "disk full"), Warn("b", "disk full"), Warn("a", "no signal"))
    assert len(log.lines) == 3


def test_after_a_quiet_minute_a_warning_is_told_at_once_again(log: Log) -> None:
    log.hear(Warn("a", "disk full"))
    log.now = 61.0
    log.hear(BEAT, Warn("a", "disk full"))
    assert len(log.lines) == 2


def test_at_the_end_nothing_stays_untold(log: Log) -> None:
    log.hear(*[Warn("a", "disk full")] * 3)
    log.reporter.end()
    assert log.lines[1].endswith("disk full (the last of 2 more like it)")


def test_warnings_without_end_are_not_remembered_without_end(log: Log) -> None:
    log.hear(*(Warn("a", "x" * length) for length in range(1500)))
    assert len(log.lines) == 1500
    assert len(log.reporter._said) <= 1000


def test_nothing_can_move_the_cursor(log: Log) -> None:
    log.hear(Element("a", "lecture", {"title": "\x1b[2J"}), Warn("a", "\x1b[2J"))
    assert all(line.isprintable() for line in log.lines)


def test_it_writes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    reporter = LogLines(LogForm.TEXT)
    reporter.message(Warn("a", "disk full"), Tally(PipelineConfig((StageConfig("a", "x:X", "a"),), ())))
    assert capsys.readouterr().err.endswith("warning a: warning: disk full\n")
