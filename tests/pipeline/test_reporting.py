"""What is said while a pipeline runs."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import threading

import pytest

from pipeline.config import LinkConfig, PipelineConfig, StageConfig
from pipeline.logs import LogForm, LogLines
from pipeline.messages import BusMessage, Element, Heartbeat, Ledger, StateChanged, Warn
from pipeline.reporting import Bar, JsonLines, Quiet, Reporter, choose, since_start_s
from pipeline.states import State
from pipeline.tally import Tally

STREAM = Element("a", "stream", {"duration_ns": 60_000_000_000})
SOURCE = Heartbeat("a", "working", {"a": Ledger(received=40, last_pts_ns=20_000_000_000)})
SINK = Heartbeat("b", "working", {"b": Ledger(received=1)})
SLIDE = Element("b", "slide", {"number": 1, "file": "x.png"})
WARNING = Warn("a", "3 packets are corrupt")
MOVE = StateChanged("a", State.NULL, State.READY)


def tell(reporter: Reporter, *messages: BusMessage) -> None:
    stages = (StageConfig("a", "x:X", "a"), StageConfig("b", "x:X", "b"))
    tally = Tally(PipelineConfig(stages, (LinkConfig("a", "b"),)))
    for message in messages:
        tally.hear(message)
        reporter.message(message, tally)
    reporter.end()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_json_lines_tell_stream_slides_warnings_and_progress(capsys: pytest.CaptureFixture[str]) -> None:
    tell(JsonLines(), STREAM, SINK, SOURCE, SLIDE, WARNING, MOVE, SOURCE)
    told = lines(capsys)
    assert [line["event"] for line in told] == ["stream", "progress", "progress", "slide", "warning", "progress"]
    assert told[3] == {"event": "slide", "stage": "b", "number": 1, "file": "x.png"}
    assert told[4] == {"event": "warning", "stage": "a", "text": "3 packets are corrupt"}
    assert told[5]["found"] == {"slide": 1}


def test_the_first_frame_is_told_at_once_and_once(capsys: pytest.CaptureFixture[str]) -> None:
    tell(JsonLines(), SOURCE, SINK, SOURCE, SINK, SOURCE)
    told = lines(capsys)
    assert [line["first"] for line in told] == [True, False, False]
    assert told[1]["frames"] == 40
    assert told[1]["pts_s"] == 20.0


def test_the_result_is_left_to_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    tell(JsonLines(), Element("b", "result", {"slides": 1}))
    assert lines(capsys) == []


def test_without_a_terminal_only_warnings_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    tell(Quiet(), STREAM, SOURCE, SLIDE, WARNING, MOVE)
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "slidetap: warning: a: 3 packets are corrupt\n")


def test_verbose_tells_states_and_what_stages_say(capsys: pytest.CaptureFixture[str]) -> None:
    tell(Quiet(verbose=True), SLIDE, MOVE)
    assert capsys.readouterr().err == "b: slide number=1 file='x.png'\na: null -> ready\n"


def read_to_the_end(terminal: int, seen: list[bytes]) -> None:
    """What is written to the other side of a terminal, in as many pieces as it comes, until it is closed."""
    with contextlib.suppress(OSError):  # EIO: the other side is closed
        while piece := os.read(terminal, 65536):
            seen.append(piece)


def test_a_terminal_gets_a_bar_with_frames_speed_slides_and_time_to_go(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    seen: list[bytes] = []
    reading = threading.Thread(target=read_to_the_end, args=(ours, seen))
    reading.start()
    with open(theirs, "w") as terminal:
        monkeypatch.setattr("sys.stderr", terminal)
        reporter = choose(as_json=False, verbose=False)
        assert isinstance(reporter, Bar)
        tell(reporter, STREAM, SOURCE, SLIDE, WARNING)
        reporter.end()
    reading.join()
    os.close(ours)
    shown = b"".join(seen).decode()
    for words in ("40 frames", "x,", "1 slide,", "to go", "33%", "slidetap: warning: a: 3 packets are corrupt"):
        assert words in shown


def test_machines_get_json_and_files_get_silence() -> None:
    assert isinstance(choose(as_json=True, verbose=False), JsonLines)
    assert isinstance(choose(as_json=False, verbose=False), Quiet)


def test_time_counts_from_the_start_of_the_process() -> None:
    first = since_start_s()
    assert 0 < first <= since_start_s()


def test_a_log_goes_to_standard_error_and_json_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert isinstance(choose(as_json=False, verbose=False, log=LogForm.TEXT), LogLines)
    tell(choose(as_json=True, verbose=False, log=LogForm.JSON), WARNING)
    told = capsys.readouterr()
    assert json.loads(told.out) == {"event": "warning", "stage": "a", "text": "3 packets are corrupt"}
    assert json.loads(told.err)["level"] == "warning"
